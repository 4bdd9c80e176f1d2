"""Makes evidence of what a run's artifacts hold: reports, logs, and what a smoke says of itself.

The content decides what a file is. A file is matched with the job and the attempt that left it: CI's own conclusion
came with the job, so a report makes no job of its own. But where it is red and the job is not, it knows better: then
the job counts as failed, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.scrub import scrub
from atalaya.evidence.apart import FAILED
from atalaya.evidence.github import owners
from atalaya.evidence.github.artifacts import Unpacked
from atalaya.evidence.readers import collector, logs, reports
from atalaya.evidence.readers.model import Ends, timestamp_of
from atalaya.evidence.readers.sniff import looks_like_html
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Event,
    FileVerdict,
    JobAttempt,
    Reading,
    ReadStatus,
    TestAttempt,
    happened_at,
    record_metadata,
)

REPORTS = (".xml", ".json")  # a file of such a name that cannot be read may have been a report
LOGS = (".log", ".txt", ".out", ".err")
# What people write for others to read, and machines to run: it may speak of errors, and is no log of any.
WRITTEN = re.compile(
    r"(?i).*\.(?:c|cfg|css|csv|go|h|html?|ini|ipynb|java|m?js|lock|map|md|pyi?|rb|rs|rst|sh|sql|svg|toml|tsx?|ya?ml)"
)
SHOWN = 3

NO_ATTEMPT = (
    "Which attempt of the run wrote it is not known: put the number of the attempt in the artifact's name, "
    "as in junit-attempt-2."
)
BESIDE = "It is red, and no job that may have written it is: it counts as a failed job of its own."


class FromArtifacts(NamedTuple):
    """What was made of them. ``said`` are the jobs whose own files say otherwise than CI, a sentence each."""

    records: list[JobAttempt | TestAttempt | Event]
    readings: list[Reading]
    said: list[str]


class ArtifactEvidence:
    """The artifacts of one run.

    :param before: what stands before their names in the ledger.
    :param executed: each execution of each job of the run.
    :param ended_at: when the run ended: a record without a time of its own happened then.
    :param known: the reading that was recorded of the same bytes under a name before.
    """

    def __init__(
        self,
        unpacked: Unpacked,
        folder: Path,
        *,
        before: str,
        run_id: str,
        job: collector.Job,
        attempts: int,
        executed: Sequence[JobAttempt],
        recorded_at: datetime,
        ended_at: datetime,
        known: Callable[[str, str], Reading | None],
    ) -> None:
        self._unpacked, self._folder, self._before, self._run_id = unpacked, folder, before, run_id
        self._job, self._attempts, self._executed = job._replace(name=""), attempts, executed
        self._recorded_at, self._ended_at, self._known = recorded_at, ended_at, known
        self._metadata = record_metadata(run_id, Environment.CI, recorded_at)
        self._owners: dict[str, tuple[JobAttempt, ...]] = {}

    def read(self) -> FromArtifacts:
        """All that they tell."""
        if not self._unpacked.files:
            return FromArtifacts([], [], [])
        collected = collector.collect(
            [self._folder],
            job=self._job._replace(part_of=self._part_of),
            recorded_at=self._recorded_at,
            run_id=self._run_id,
            known=lambda name, place, sha256: self._known(scrub(self._before + name), sha256),
            scrub=scrub,
        )
        file_of = {reading.origin: reading.file for reading in collected.readings}
        found = FromArtifacts([], [], [])
        notes: dict[str, str] = {}
        for job in collected.jobs:
            file = file_of[job.origin]
            verdict = self._verdict_on(job, file)
            if verdict is not None:
                record, notes[file] = verdict
                found.records.append(self._placed(record))
                found.said.append(scrub(f"{self._run_id}: {file}: {notes[file]}"))
        for test in collected.tests:
            found.records.append(self._placed(replace(test, job=self._job_of(file_of[test.origin]))))
        for event in collected.events:
            found.records.append(self._placed(replace(event, job=self._job_of(file_of[event.origin]))))
        self._add_readings([r for r in collected.readings if r.file not in collected.known], notes, found)
        return found

    # ── whose it is ──────────────────────────────────────────────────────────

    def _owners_of(self, file: str) -> tuple[JobAttempt, ...]:
        if file not in self._owners:
            artifact = self._unpacked.artifact_of(file)
            made = timestamp_of(artifact.created_at or "") if artifact else None
            self._owners[file] = owners.owners(file, made.at if made else None, self._executed)
        return self._owners[file]

    def _attempt_of(self, file: str) -> int | None:
        """The attempt that left a file; None where that is not known."""
        marked = owners.attempt_marked(file)
        attempts = {owner.attempt for owner in self._owners_of(file)}
        if marked is not None:
            return marked
        return attempts.pop() if len(attempts) == 1 else 1 if self._attempts == 1 else None

    def _part_of(self, file: str) -> tuple[str, int]:
        return collector.job_and_attempt(file)[0], self._attempt_of(file) or 1

    def _job_of(self, file: str) -> str:
        names = {owner.job for owner in self._owners_of(file)}
        return names.pop() if len(names) == 1 else ""

    def _verdict_on(self, reported: JobAttempt, file: str) -> tuple[JobAttempt, str] | None:
        """The job that a file shows to have ended otherwise than CI says, and the sentence; None where none is."""
        doubtful = reported.conclusion is Conclusion.UNKNOWN and self._tells_no_end(file)
        if reported.conclusion is not Conclusion.FAILURE and not doubtful:
            return None
        of = self._owners_of(file)
        if any(owner.conclusion in FAILED for owner in of):
            return None
        if len(of) != 1:
            return None if doubtful else (reported, BESIDE)
        (owner,) = of
        says = (
            f"{owner.job}, attempt {owner.attempt}: GitHub says {owner.conclusion}, and what the job left behind says "
            f"{reported.conclusion}: that counts."
        )
        record = replace(owner, conclusion=reported.conclusion, reported=owner.conclusion, origin=reported.origin)
        return record, says

    def _tells_no_end(self, file: str) -> bool:
        """Whether a file should say how its job ended, and contradicts itself or was cut short."""
        return reports.read(self._folder / file).tells_end is Ends.UNKNOWN

    # ── records ──────────────────────────────────────────────────────────────

    def _placed(self, record: JobAttempt | TestAttempt | Event) -> JobAttempt | TestAttempt | Event:
        """The same, with its place in the ledger; one without a time of its own happened when the run did."""
        at = self._ended_at if record.occurred_at == self._recorded_at else record.occurred_at
        return replace(record, origin=scrub(self._before + record.origin), occurred_at=at)

    def _add_readings(self, readings: Sequence[Reading], notes: dict[str, str], found: FromArtifacts) -> None:
        others: dict[str, list[str]] = {}
        for reading in readings:
            is_checks = reading.file in self._unpacked.subjects
            if is_checks or reading.status in (ReadStatus.READ, ReadStatus.DECLINED):
                found.readings.append(self._report_reading(reading, is_checks, notes.get(reading.file, "")))
            elif (log := self._log(reading.file)) is not None:
                found.records.extend(self._placed(event) for event in self._events(log, reading.file))
                found.readings.append(self._named(logs.reading(log, file=reading.file, metadata=self._metadata)))
            elif PurePosixPath(reading.file).suffix.lower() in REPORTS:
                found.readings.append(self._named(reading))
            else:
                others.setdefault(reading.file.partition("/")[0], []).append(reading.file)
        found.readings.extend(self._others(others))

    def _report_reading(self, reading: Reading, is_checks: bool, note: str) -> Reading:
        if is_checks:
            reading = replace(
                reading,
                status=ReadStatus.READ,
                verdict=FileVerdict.NO_EVIDENCE,
                reason="A report of Atalaya's checks: it says which SDK the run was about.",
            )
        no_attempt = NO_ATTEMPT if self._attempt_of(reading.file) is None else ""
        reason = " ".join(filter(None, (reading.reason, note, no_attempt)))
        return self._named(replace(reading, reason=reason))

    def _named(self, reading: Reading) -> Reading:
        at = self._ended_at if reading.occurred_at == self._recorded_at else reading.occurred_at
        return replace(reading, file=scrub(self._before + reading.file), reason=scrub(reading.reason), occurred_at=at)

    def _log(self, file: str) -> logs.Log | None:
        """A file that is no report, as a log; None where it is none, or nobody calls it one and it tells nothing."""
        path, suffix = self._folder / file, PurePosixPath(file).suffix.lower()
        if suffix in REPORTS or WRITTEN.fullmatch(file):
            return None
        with path.open("rb") as content:
            if looks_like_html(content.read(1_000)):
                return None
        log = logs.read(path, scrub=scrub)
        if log.status is ReadStatus.UNREADABLE:
            return None
        return log if suffix in LOGS or log.events else None

    def _events(self, log: logs.Log, file: str) -> tuple[Event, ...]:
        job = self._job._replace(name=self._job_of(file), attempt=self._attempt_of(file) or 1)
        return logs.events(log, file=file, metadata=self._metadata, job=job)

    def _others(self, others: dict[str, list[str]]) -> Iterator[Reading]:
        """A reading for each artifact of what in it is neither a report nor a log."""
        for artifact, files in others.items():
            shown = ", ".join(files[:SHOWN]) + (", …" if len(files) > SHOWN else "")
            yield Reading(
                **happened_at(self._metadata, self._ended_at),
                file=scrub(f"{self._before}{artifact}.zip"),
                sha256="",
                size_bytes=0,
                status=ReadStatus.READ,
                verdict=FileVerdict.NO_EVIDENCE,
                reason=scrub(f"Files that are neither reports nor logs: {len(files)}, such as {shown}."),
            )
