"""Collects every CI run of a release from GitHub, and records what could not be read.

Each run that belongs to the release is read as a whole, every attempt of it, and written down at once, its readings
last: a collection that is cut off goes on where it stopped. Whatever could not be read is named: a run that is
missing makes the period unread, and a part of one, a log or a report, lets no zero count as proven.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import NetworkError
from atalaya.core.scrub import scrub
from atalaya.core.words import Record
from atalaya.evidence.from_runs import PERIOD
from atalaya.evidence.github import jobs, listing
from atalaya.evidence.github.artifacts import REPORTS, Unpacked, Unread, fetch, names_one_of, unpack
from atalaya.evidence.github.client import Absent, Client, Garbled, Refused, Spent
from atalaya.evidence.github.listing import Gathered
from atalaya.evidence.github.payloads import Artifact, Artifacts, Job, Jobs, Run
from atalaya.evidence.readers import collector as reports
from atalaya.evidence.readers import logs
from atalaya.evidence.readers.archives import Member, files_in
from atalaya.evidence.readers.model import MESSAGE_CHARS
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Event,
    Evidence,
    FileVerdict,
    JobAttempt,
    Metadata,
    Reading,
    ReadStatus,
    Release,
    TestAttempt,
    happened_at,
    record_metadata,
)

BEFORE = timedelta(days=1)  # what was released was built before
ZIP = b"PK\x03\x04"
LOG_BYTES = 64 * 1024 * 1024
OUTAGES = 3  # runs in a row that cannot be read: then it is not the runs
SAYS_EVERY = 25
MOST_ATTEMPTS = 200  # GitHub runs one again 50 times at most

NO_ATTEMPT = (
    "Which attempt of the run wrote it is not known: put the number of the attempt in the artifact's name, "
    "as in junit-attempt-2."
)
OTHER_WORKFLOW = "of other workflows"
OTHER_COMMIT = "of other commits, with no report that names this SDK"
NO_COMMIT = "of some commit, and the release names none: give `commit` in [subject] of watch.toml"


class CollectedIds:
    """What the ledger knows already."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._by_file: dict[str, list[Reading]] = {}
        for reading in readings:
            self._by_file.setdefault(reading.file, []).append(reading)
        self.digests = frozenset(
            reading.sha256 for group in self._by_file.values() for reading in group if reading.sha256
        )

    def has(self, reading: Reading) -> bool:
        """Whether the same was said of the same file before."""
        return any(_said(before) == _said(reading) for before in self._by_file.get(reading.file, ()))

    def said_last(self, reading: Reading) -> bool:
        """Whether that is the last that was said of a file: for one that is read anew each time."""
        before = max(self._by_file.get(reading.file, ()), key=lambda reading: reading.recorded_at, default=None)
        return before is not None and _said(before) == _said(reading)

    def settled(self, file: str) -> bool:
        """Whether a document was read and will not change any more."""
        return any(
            before.status is ReadStatus.READ and before.verdict is not FileVerdict.UNKNOWN
            for before in self._by_file.get(file, ())
        )


def _said(reading: Reading) -> tuple[Any, ...]:
    return reading.sha256, reading.status, reading.verdict, reading.reason


class Summary(Record, frozen=True, kw_only=True):
    """What became of a collection. ``trouble`` is why the period is not wholly read; empty where it is."""

    runs: int
    taken: int
    before: int
    left_out: dict[str, int]
    attempts: int
    jobs: int
    files: int
    logs: int
    unread: int
    passed_over: int
    trouble: str


class _Attempt(NamedTuple):
    """One attempt of a run, and the list of its jobs."""

    told: Run
    sha256: str
    size_bytes: int
    jobs: Gathered[Job]


class _LeftOut(Exception):
    """A run that says nothing of this release."""


class Collection:
    """One collection from one repository.

    :param workflows: those that count; none means all.
    :param digests: of the SDKs that the release's own runs were about.
    :param keep: writes evidence down; called once for each run.
    """

    def __init__(
        self,
        client: Client,
        repo: str,
        release: Release,
        *,
        workflows: Sequence[str],
        digests: Iterable[str],
        known: CollectedIds,
        recorded_at: datetime,
        keep: Callable[[Sequence[Evidence]], object],
        echo: Callable[[str], None],
    ) -> None:
        self._client, self._repo, self._release = client, repo, release
        self._workflows, self._digests, self._known = workflows, sorted(filter(None, digests)), known
        self._recorded_at, self._write, self._echo = recorded_at, keep, echo
        self._n: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._gone: list[str] = []  # attempts of runs of which others could be read

    def take(self) -> Summary:
        """Read what is new, run by run. Nothing that GitHub does raises: what is missing is said."""
        try:
            listed = listing.runs(
                self._client, self._repo, since=self._release.opened_at - BEFORE, now=self._recorded_at
            )
        except NetworkError as why:
            return self._end(None, str(why), why)
        self._n["runs"] = len(listed.items)
        troubles: list[str] = []
        in_a_row = 0
        for run in listed.items:
            try:
                self._one(run)
                in_a_row = 0
            except _LeftOut as why:
                self._left_out[str(why)] += 1
            except Spent as why:
                troubles.append(str(why))
                break
            except NetworkError as why:
                troubles.append(str(why))
                self._keep([], [self._unread_run(run, why)])
                in_a_row += not isinstance(why, Refused)
                if in_a_row == OUTAGES:
                    troubles.append(f"{OUTAGES} runs in a row could not be read, so no other was tried.")
                    break
        if troubles or self._gone:
            missing = len(listed.items) - self._n["taken"] - self._n["before"] - self._left_out.total()
            return self._end(
                listed, f"Runs not read: {missing} of {len(listed.items)}. {_once_each([*troubles, *self._gone])}"
            )
        return self._end(listed, "")

    def _one(self, run: Run) -> None:
        workflow = self._workflow(run)
        if self._is_settled(run):
            self._n["before"] += 1
            return
        with tempfile.TemporaryDirectory(prefix="atalaya-") as folder:
            self._take(run, workflow, Path(folder))

    def _end(self, listed: Gathered[Run] | None, trouble: str, why: NetworkError | None = None) -> Summary:
        """Say of the period as a whole whether it was read: no rate is made from a part of it."""
        garbled = why if isinstance(why, Garbled) else None
        told = ", ".join(f"{n} {which}" for which, n in sorted(self._left_out.items()))
        period = Reading(
            **self._metadata(),
            file=PERIOD,
            sha256=listed.sha256 if listed else garbled.sha256 if garbled else "",
            size_bytes=listed.size_bytes if listed else garbled.size_bytes if garbled else 0,
            status=ReadStatus.UNREADABLE if trouble else ReadStatus.READ,
            verdict=FileVerdict.UNKNOWN if trouble else FileVerdict.NO_EVIDENCE,
            reason=trouble or f"Runs: {self._n['runs']}. " + (f"Left out: {told}." if told else "None was left out."),
        )
        if not self._known.said_last(period):
            self._write([period])
        n = self._n
        return Summary(
            runs=n["runs"],
            taken=n["taken"],
            before=n["before"],
            left_out=dict(self._left_out),
            attempts=n["attempts"],
            jobs=n["jobs"],
            files=n["files"],
            logs=n["logs"],
            unread=n["unread"],
            passed_over=n["passed over"],
            trouble=trouble,
        )

    # ── which runs ───────────────────────────────────────────────────────────

    def _workflow(self, run: Run) -> str:
        """The name under which a run's jobs count: as the settings have it, by its name or its file's."""
        path = PurePosixPath((run.path or "").partition("@")[0])
        names = [name for name in (run.name, path.stem, path.name, str(path)) if name and name != "."]
        if not self._workflows:
            return scrub(next(iter(names), "(no name)"))
        name = next((name for name in names if name in self._workflows), None)
        if name is None:
            raise _LeftOut(OTHER_WORKFLOW)
        return name

    def _is_settled(self, run: Run) -> bool:
        files = (f"{_folder(run)}/attempts/{n}/run.json" for n in range(1, run.run_attempt + 1))
        return all(map(self._known.settled, files))

    def _by_commit(self, run: Run) -> bool:
        commit = self._release.commit.lower()
        return bool(commit) and (run.head_sha or "").lower().startswith(commit)

    def _by_digest(self, run: Run, artifacts: Gathered[Artifact], folder: Path) -> Unpacked:
        """What a run of another commit left, if a report in it names the SDK under watch.

        :raises _LeftOut: none does.
        """
        other = OTHER_COMMIT if self._release.commit else NO_COMMIT
        note = f"other {self._repo} {run.id} {artifacts.sha256} {self._digests}"
        has_reports = any(REPORTS.search(each.name or "") for each in artifacts.items)
        if not has_reports or self._client.cache.noted(note):
            raise _LeftOut(other)
        unpacked = unpack(self._client, self._repo, artifacts.items, folder)
        if not names_one_of(unpacked.subjects.values(), self._digests):
            again = [unread.reason for unread in unpacked.unread if unread.again]
            if again and self._client.has_token:
                raise NetworkError(f"Run {run.id} may belong to this release: {again[0]}")
            if not again and run.status == "completed":
                self._client.cache.note(note)
            raise _LeftOut(other)
        return unpacked

    # ── one run ──────────────────────────────────────────────────────────────

    def _take(self, run: Run, workflow: str, folder: Path) -> None:
        """All that one run says, written down at once.

        :raises NetworkError: a document of it cannot be had; nothing was written.
        """
        ours = self._by_commit(run)
        if not ours and not self._digests:
            raise _LeftOut(OTHER_COMMIT if self._release.commit else NO_COMMIT)
        artifacts = self._artifacts(run) if not ours else None
        unpacked = self._by_digest(run, artifacts, folder) if artifacts else None
        attempts, readings = self._attempts(run)
        if artifacts is None:
            artifacts = self._artifacts(run)
        if unpacked is None:
            # Before its end, a red report cannot be told from the red job that wrote it.
            left = artifacts.items if run.status == "completed" else ()
            unpacked = unpack(self._client, self._repo, left, folder)
        # Where a report says what was tested, that stands over where the workflow's own file stood.
        commit = (run.head_sha or "") if ours else self._release.commit or (run.head_sha or "")
        metadata = self._metadata(run)
        payloads = [(each.told, each.jobs.items) for each in attempts]
        executed = list(jobs.attempts_of(run, payloads, workflow=workflow, commit=commit, metadata=metadata))
        told = {each.told.run_attempt: self._jobs_reading(run, each) for each in attempts}
        new = {n for n, reading in told.items() if not self._known.has(reading)}
        evidence: list[Evidence] = [record for n, _, record in executed if n in new]
        self._n["jobs"] += len(evidence)
        self._n["attempts"] += len(new)
        log_events, log_readings, again = self._logs(run, executed)
        found, report_readings = self._reports(run, unpacked, workflow, commit, executed, folder)
        # A test that failed stands in its report and in the log of its job: that is one event.
        reported = [event for event in found if isinstance(event, Event)]
        log_events = [
            event
            for event in log_events
            if not any(event.event is one.event and event.message.startswith(one.message) for one in reported)
        ]
        pending = again or any(unread.again for unread in unpacked.unread) or len(attempts) < run.run_attempt
        readings += [
            *told.values(),
            self._reading(
                run,
                "artifacts.json",
                artifacts.sha256,
                artifacts.size_bytes,
                FileVerdict.NO_EVIDENCE,
                f"Artifacts: {len(artifacts.items)}.",
            ),
            *log_readings,
            *report_readings,
            *(self._unread(run, f"artifacts/{unread.name}", unread) for unread in unpacked.unread),
            *(self._run_reading(run, each, pending) for each in attempts),
        ]
        self._n["taken"] += 1
        if self._n["taken"] % SAYS_EVERY == 0:
            self._echo(f"  GitHub: {self._n['taken']} runs taken in, {self._client.requests} requests")
        self._n["passed over"] += unpacked.passed_over
        self._keep([*evidence, *log_events, *found], readings)

    def _attempts(self, run: Run) -> tuple[list[_Attempt], list[Reading]]:
        """Each attempt that is there, and a reading for each that is not."""
        if not 1 <= run.run_attempt <= MOST_ATTEMPTS:
            raise Refused(f"Run {run.id} claims {run.run_attempt} attempts, which no run has.")
        attempts: list[_Attempt] = []
        gone: list[Reading] = []
        for n in range(1, run.run_attempt + 1):
            path = f"repos/{self._repo}/actions/runs/{run.id}/attempts/{n}"
            try:
                told = self._client.page(path, Run)
                listed: Gathered[Job] = listing.gather(self._client, f"{path}/jobs?per_page=100", Jobs)
            except Absent as why:
                gone.append(self._unread(run, f"attempts/{n}/run.json", Unread("", ReadStatus.UNREADABLE, str(why))))
                self._gone.append(f"Attempt {n} of run {run.id} is gone, or not for this token to see.")
                continue
            attempts.append(_Attempt(replace(told.value, run_attempt=n), told.sha256, told.size_bytes, listed))
        if not attempts:
            raise Absent(f"Run {run.id}: gone, or not for this token to see. What it said is not known.")
        return attempts, gone

    def _artifacts(self, run: Run) -> Gathered[Artifact]:
        path = f"repos/{self._repo}/actions/runs/{run.id}/artifacts?per_page=100"
        return listing.gather(self._client, path, Artifacts)

    def _logs(
        self, run: Run, executed: Iterable[tuple[int, Job | None, JobAttempt]]
    ) -> tuple[list[Event], list[Reading], bool]:
        """The events in the logs of failed jobs. A log that is gone is no clean log, and is said to be unread."""
        events: list[Event] = []
        readings: list[Reading] = []
        again = False
        for _, job, record in executed:
            if job is None or record.conclusion not in jobs.FAILED:
                continue
            file = f"attempts/{record.attempt}/jobs/{job.id}/log.txt"
            if self._known.settled(f"{_folder(run)}/{file}"):
                continue
            content = self._log(job)
            if isinstance(content, Unread):
                again = again or content.again
                readings.append(self._unread(run, file, content))
                continue
            self._n["logs"] += 1
            told, read = self._read_log(run, file, content)
            events += told
            readings += read
        return events, readings, again

    def _read_log(self, run: Run, file: str, content: bytes) -> tuple[list[Event], list[Reading]]:
        """What a log tells of. GitHub gives a job's log as text, and some servers as a zip of such texts."""
        events: list[Event] = []
        readings: list[Reading] = []
        texts: Iterable[Member] = [Member("", content)]
        if content.startswith(ZIP):
            texts = files_in(content)
            sha256 = hashlib.sha256(content).hexdigest()
            readings.append(self._reading(run, file, sha256, len(content), FileVerdict.NO_EVIDENCE, "A zip of logs."))
        for name, text, status, reason in texts:
            name = f"{file}/{name}" if name else file
            if text is None:
                readings.append(self._unread(run, name, Unread("", status, reason)))
                continue
            log = logs.read(text, scrub=scrub)
            read = log.status is ReadStatus.READ
            events += logs.events(log, file=f"{_folder(run)}/{name}", metadata=self._metadata(run))
            verdict = FileVerdict.NO_EVIDENCE if read else FileVerdict.UNKNOWN
            reason = " ".join(("The log of a failed job.", *log.notes))
            readings.append(self._reading(run, name, log.sha256, log.size_bytes, verdict, reason, log.status))
        return events, readings

    def _log(self, job: Job) -> bytes | Unread:
        content = io.BytesIO()
        unread = fetch(
            self._client,
            f"repos/{self._repo}/actions/jobs/{job.id}/logs",
            content,
            file="",
            most_bytes=LOG_BYTES,
            gone="gone: GitHub has this log no longer. What it held is not known.",
        )
        return content.getvalue() if unread is None else unread

    def _reports(
        self,
        run: Run,
        unpacked: Unpacked,
        workflow: str,
        commit: str,
        executed: Sequence[tuple[int, Job | None, JobAttempt]],
        folder: Path,
    ) -> tuple[list[Evidence], list[Reading]]:
        """What the reports in a run's artifacts say, under names that are the same in every run.

        A job's own conclusion came with it, so a report makes no job of its own; but one that is red, where no job
        of the run is, stays beside them.
        """
        if not unpacked.files:
            return [], []
        collected = reports.collect(
            [folder],
            workflow=workflow,
            commit=commit,
            recorded_at=self._recorded_at,
            run_id=str(run.id),
            known=self._known.digests,
            scrub=scrub,
        )
        red = any(record.conclusion in jobs.FAILED for _, _, record in executed)
        unexplained = [job for job in collected.jobs if job.conclusion is Conclusion.FAILURE and not red]
        before = f"{_folder(run)}/artifacts/"
        found: list[JobAttempt | TestAttempt | Event] = [*unexplained, *collected.tests, *collected.events]
        readings = [
            self._report_reading(run, reading, before, unpacked)
            for reading in collected.readings
            if reading.file not in collected.known
        ]
        self._n["files"] += len(readings)
        ended = min(jobs.when(run, self._recorded_at), self._recorded_at)
        return [
            replace(
                record,
                origin=scrub(before + record.origin),
                # One without a time of its own happened when the run did, whenever we came to read it.
                occurred_at=ended if record.occurred_at == self._recorded_at else record.occurred_at,
            )
            for record in found
        ], readings

    def _report_reading(self, run: Run, reading: Reading, before: str, unpacked: Unpacked) -> Reading:
        if reading.file in unpacked.subjects:
            reading = replace(
                reading,
                status=ReadStatus.READ,
                verdict=FileVerdict.NO_EVIDENCE,
                reason="A report of Atalaya's checks: it says which SDK the run was about.",
            )
        reason = reading.reason
        if run.run_attempt > 1 and not reports.ATTEMPT.search(reading.file):
            reason = f"{reason} {NO_ATTEMPT}".strip()
        return replace(reading, file=scrub(before + reading.file), reason=scrub(reason))

    # ── readings ─────────────────────────────────────────────────────────────

    def _keep(self, evidence: Sequence[Evidence], readings: Sequence[Reading]) -> None:
        new = [reading for reading in readings if not self._known.has(reading)]
        self._known.digests |= {reading.sha256 for reading in new if reading.sha256}
        self._n["unread"] += sum(reading.status is not ReadStatus.READ for reading in readings)
        self._write([*evidence, *new])

    def _metadata(self, run: Run | None = None) -> Metadata:
        run_id = f"github-{self._repo}" if run is None else str(run.id)
        return record_metadata(run_id, Environment.CI, self._recorded_at)

    def _reading(
        self,
        run: Run,
        file: str,
        sha256: str,
        size_bytes: int,
        verdict: FileVerdict,
        reason: str,
        status: ReadStatus = ReadStatus.READ,
    ) -> Reading:
        return Reading(
            **happened_at(self._metadata(run), jobs.when(run, self._recorded_at)),
            file=scrub(f"{_folder(run)}/{file}"),
            sha256=sha256,
            size_bytes=size_bytes,
            status=status,
            verdict=verdict,
            reason=scrub(reason),
        )

    def _jobs_reading(self, run: Run, attempt: _Attempt) -> Reading:
        ended = [jobs.ended_as(job) for job in attempt.jobs.items]
        pages = f" On {attempt.jobs.pages} pages." if attempt.jobs.pages > 1 else ""
        return self._reading(
            run,
            f"attempts/{attempt.told.run_attempt}/jobs.json",
            attempt.jobs.sha256,
            attempt.jobs.size_bytes,
            jobs.verdict_of(ended),
            f"Jobs: {len(ended)}.{pages}",
        )

    def _run_reading(self, run: Run, attempt: _Attempt, pending: bool) -> Reading:
        """What an attempt as a whole says. UNKNOWN while it, or what belongs to it, is still to be read again."""
        open_still = jobs.conclusion_of(attempt.told) is Conclusion.PENDING or any(
            jobs.conclusion_of(job) is Conclusion.PENDING for job in attempt.jobs.items
        )
        verdict = jobs.verdict_of([jobs.conclusion_of(attempt.told)])
        reason = "It has not ended." if open_still else "A part of it is still to be read." if pending else ""
        return self._reading(
            run,
            f"attempts/{attempt.told.run_attempt}/run.json",
            attempt.sha256,
            attempt.size_bytes,
            FileVerdict.UNKNOWN if reason else verdict,
            f"{reason} It is read again next time." if reason else "",
        )

    def _unread(self, run: Run, file: str, unread: Unread) -> Reading:
        return self._reading(run, file, "", 0, FileVerdict.UNKNOWN, unread.reason, unread.status)

    def _unread_run(self, run: Run, why: NetworkError) -> Reading:
        sha256, size_bytes = (why.sha256, why.size_bytes) if isinstance(why, Garbled) else ("", 0)
        return self._reading(run, "run.json", sha256, size_bytes, FileVerdict.UNKNOWN, str(why), ReadStatus.UNREADABLE)


def _folder(run: Run) -> str:
    return f"github/runs/{run.id}"


def _once_each(sentences: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(sentences))[:MESSAGE_CHARS]
