"""Collects evidence from report files and folders, and accounts for every file.

Files and folders in; readings, job attempts, test attempts and events out. Every file is accounted for: read,
or not and why. The same bytes twice are one piece of evidence, within a run and across runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.core.errors import UsageError
from atalaya.core.words import Record
from atalaya.evidence.readers import attempts, reports
from atalaya.evidence.readers.classifier import classify
from atalaya.evidence.readers.model import MESSAGE_CHARS, Problem, Report, Timestamp, cut_name, not_read, printable
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    Evidence,
    FileVerdict,
    JobAttempt,
    Metadata,
    Reading,
    ReadStatus,
    TestAttempt,
    happened_at,
    origin_of,
    record_metadata,
)

# What a report shows of the job that wrote it. A job's own conclusion, where it is known, says more.
CONCLUSIONS: dict[FileVerdict, Conclusion] = {
    FileVerdict.PASSED: Conclusion.SUCCESS,
    FileVerdict.FAILED: Conclusion.FAILURE,
    FileVerdict.NOTHING_RAN: Conclusion.NOTHING_RAN,
    FileVerdict.NO_EVIDENCE: Conclusion.NOTHING_RAN,
    FileVerdict.UNKNOWN: Conclusion.UNKNOWN,
}
LOST = (CaseOutcome.FAILED, CaseOutcome.ERRORED)

# `attempt-2` or `attempt_2` as a word of a path, or `-a2` at the end of one: how CI keeps attempts apart.
ATTEMPT = re.compile(r"(?:^|[-_./])attempt[-_]?([1-9][0-9]{0,3})(?![0-9A-Za-z])|-a([1-9][0-9]{0,3})(?![0-9A-Za-z])")


class Found(NamedTuple):
    """One file to be read. ``trouble`` is why it will not be, where that is known before it is opened."""

    name: str
    path: Path
    trouble: tuple[ReadStatus, str] | None = None


class Collected(Record, frozen=True, kw_only=True):
    """All that was found. ``readings`` has one for each file, those that were recorded before included."""

    readings: tuple[Reading, ...]
    jobs: tuple[JobAttempt, ...]
    tests: tuple[TestAttempt, ...]
    events: tuple[Event, ...]
    known: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What belongs in the ledger and is not there already.

        Readings come last: a file is known by its reading, so a writer that is stopped half-way must not have
        written that and nothing else.
        """
        new = (reading for reading in self.readings if reading.file not in self.known)
        return (*self.jobs, *self.tests, *self.events, *new)


class _Source(NamedTuple):
    """One file, what it holds, and whether it counts: what was there before is listed only."""

    file: str
    report: Report
    tests: attempts.Tests
    notes: tuple[str, ...]
    counts: bool

    @property
    def origin(self) -> str:
        return origin_of(self.file, self.report.sha256)


def collect(
    paths: Sequence[Path],
    *,
    workflow: str,
    commit: str,
    recorded_at: datetime,
    run_id: str = "",
    environment: Environment = Environment.CI,
    known: Collection[str] = (),
    beside: Sequence[Found] = (),
    scrub: Callable[[str], str] = str,
) -> Collected:
    """Read all reports in files and folders.

    :param run_id: the run that wrote them. Without one it is made from their contents, so that the same
        reports collected twice are the same run.
    :param known: digests of files that the ledger has readings of: those are listed, and give no evidence.
    :param beside: files that are listed, and are not at a path.
    :param scrub: applied to each message and each test's name before it is kept.
    :raises UsageError: a path does not exist, or holds no file.
    """
    sources: list[_Source] = []
    first: dict[str, str] = {}
    listed: list[str] = []
    files = (*(find(paths) if paths or not beside else ()), *beside)
    read = reports.read_all([found.path for found in files if found.trouble is None])
    for found in files:
        report = next(read) if found.trouble is None else not_read(*found.trouble)
        source = _source(found, report, first, known)
        sources.append(source)
        if source.report.sha256:
            first.setdefault(source.report.sha256, found.name)
            if source.report.sha256 in known:
                listed.append(found.name)
    metadata = record_metadata(run_id or _run_id(workflow, commit, sources), environment, recorded_at)
    readings = tuple(_reading(source, metadata) for source in sources)
    jobs: list[JobAttempt] = []
    tests: list[TestAttempt] = []
    events: list[Event] = []
    last: dict[tuple[str, str], int] = {}
    for source, job, attempt in _jobs([source for source in sources if source.counts]):
        jobs.append(_job(source, job, attempt, workflow, commit, metadata))
        tests += _test_attempts(source, job, attempt, commit, metadata, last, scrub)
        events += _events(source, metadata, scrub)
    return Collected(readings=readings, jobs=tuple(jobs), tests=tuple(tests), events=tuple(events), known=tuple(listed))


def report(collected: Collected) -> dict[str, dict[str, Any]]:
    """The outcome file by file, as ``collect --report`` writes it. Counts are None unless a file was read."""
    return {
        reading.file: {
            "status": str(reading.status),
            "cases": reading.cases,
            "passed": reading.passed,
            "failed": reading.failed,
            "errored": reading.errored,
            "skipped": reading.skipped,
            "suite_failures": reading.suite_failures,
            "verdict": str(reading.verdict),
            "reason": reading.reason,
        }
        for reading in collected.readings
    }


# ── finding files ────────────────────────────────────────────────────────────


def find(paths: Sequence[Path]) -> tuple[Found, ...]:
    """Every file to be read, in order, under a name relative to the folder that was given.

    :raises UsageError: a path does not exist, or holds no file.
    """
    if not paths:
        raise UsageError("No report was named. Give files, or folders that hold some.")
    found: dict[str, Found] = {}
    seen: set[str] = set()
    for path in paths:
        inside = list(_inside(path))
        if not inside:
            raise UsageError(f"{path}: no file in this folder. Give the folder that the test run wrote its reports to.")
        for each in inside:
            place = os.path.abspath(each.path)  # noqa: PTH100 - links must stay links
            if place in seen:  # the paths given overlap
                continue
            seen.add(place)
            name = _free_name(each.name, path, found)
            found[name] = each._replace(name=name)
    return tuple(found.values())


def _inside(path: Path) -> Iterator[Found]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as why:
        raise UsageError(
            f"{path}: no such report: {getattr(why, 'strerror', None) or why}. "
            f"Give a file, or a folder of files, that exists."
        ) from None
    if stat.S_ISREG(mode):
        yield Found(printable(path.name), path)
    elif stat.S_ISDIR(mode):
        yield from _walk(path, path.resolve(), "")
    else:
        raise UsageError(f"{path}: neither a file nor a folder. Give a file, or a folder of files.")


def _walk(folder: Path, root: Path, before: str) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as why:
        trouble = (ReadStatus.UNREADABLE, f"this folder cannot be opened: {why.strerror or why}.")
        yield Found(before or ".", folder, trouble)
        return
    for entry in entries:
        name = f"{before}{printable(entry.name)}"
        path = folder / entry.name
        if entry.is_symlink():
            yield from _link(name, path, root)
        elif entry.is_dir():
            yield from _walk(path, root, f"{name}/")
        elif entry.is_file():
            yield Found(name, path)
        else:
            yield Found(name, path, (ReadStatus.DECLINED, "neither a file nor a folder: not opened."))


def _link(name: str, path: Path, root: Path) -> Iterator[Found]:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop is a RuntimeError before Python 3.13
        yield Found(name, path, (ReadStatus.UNREADABLE, "a link that leads nowhere."))
        return
    if not target.is_relative_to(root):
        yield Found(name, path, (ReadStatus.DECLINED, "a link that leads out of the folder: not followed."))
    elif target.is_file():
        yield Found(name, path)
    # A link to a folder inside: what is there is found at its own place.


def _free_name(name: str, path: Path, taken: Collection[str]) -> str:
    """The same relative name in two folders that were given: the folder's name tells them apart, or a number."""
    if name not in taken:
        return name
    name = f"{printable(path.resolve().name)}/{name}"
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def job_and_attempt(name: str) -> tuple[str, int]:
    """The job that a file belongs to, and which attempt of it: the mark of the attempt is no part of the job.

    >>> job_and_attempt("py311-attempt-2/report.xml"), job_and_attempt("unit-a3.xml"), job_and_attempt("a2.xml")
    (('py311/report.xml', 2), ('unit.xml', 3), ('a2.xml', 1))
    >>> job_and_attempt("attempt-2/report.xml")
    ('report.xml', 2)
    """
    match = ATTEMPT.search(name)
    if match is None:
        return name, 1
    job = f"{name[: match.start()]}{name[match.end() :]}".strip("/")
    # `attempt-2.xml`: nothing but the suffix is left of the name.
    return re.sub(r"(^|/)(?=\.[^/]*$)", r"\1report", job), int(match[1] or match[2])


# ── records ──────────────────────────────────────────────────────────────────


def _source(found: Found, report: Report, first: Mapping[str, str], known: Collection[str]) -> _Source:
    tests = attempts.of(report)
    notes = [*report.notes, *tests.notes]
    if before := report.sha256 in known:
        notes.insert(0, "Recorded before: it is counted once.")
    elif report.sha256 in first:
        notes.insert(0, f"A duplicate of {first[report.sha256]}: it is counted once.")
    counts = report.status is ReadStatus.READ and not before and report.sha256 not in first
    return _Source(found.name, report, tests, tuple(notes), counts)


def _reading(source: _Source, metadata: Metadata) -> Reading:
    report = source.report
    read = report.status is ReadStatus.READ
    occurred_at, note = _occurred_at(report.timestamp, metadata["recorded_at"])
    notes = (*source.notes, note) if read and report.cases and note else source.notes
    return Reading(
        **happened_at(metadata, occurred_at),
        file=source.file,
        sha256=report.sha256,
        size_bytes=report.size_bytes,
        status=report.status,
        verdict=report.verdict,
        reason=" ".join(notes),
        cases=len(report.cases) if read else None,
        passed=report.passed,
        failed=report.failed,
        errored=report.errored,
        skipped=report.skipped,
        suite_failures=report.suite_failures,
        at_byte=report.at_byte,
    )


def _occurred_at(reported: Timestamp | None, recorded_at: datetime) -> tuple[datetime, str]:
    """When it happened, and what must be said about how that is known. A file's own time is the time of a copy."""
    if reported is None:
        return recorded_at, "It has no time of its own: the time of recording stands for it."
    if reported.at > recorded_at:  # a clock that is fast, or a local time east of Greenwich
        return recorded_at, "Its time lies after the recording: the time of recording stands for it."
    return reported.at, "" if reported.zoned else "Its times name no zone: they are taken as UTC."


def _run_id(workflow: str, commit: str, sources: Sequence[_Source]) -> str:
    parts = [workflow, commit, *sorted(source.report.sha256 for source in sources if source.counts)]
    return f"reports-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}"


def _jobs(sources: Sequence[_Source]) -> list[tuple[_Source, str, int]]:
    """Each file's job and attempt, attempt by attempt. Two files that claim the same one are two jobs."""
    named = [(source, *job_and_attempt(source.file)) for source in sources]
    taken: set[tuple[str, int]] = set()
    jobs = []
    for source, job, attempt in sorted(named, key=lambda item: (item[1], item[2], item[0].file != item[1])):
        free = next(name for name in (job, source.file, source.origin) if (name, attempt) not in taken)
        taken.add((free, attempt))
        jobs.append((source, free, attempt))
    return jobs


def _job(source: _Source, job: str, attempt: int, workflow: str, commit: str, metadata: Metadata) -> JobAttempt:
    return JobAttempt(
        **happened_at(metadata, _occurred_at(source.report.timestamp, metadata["recorded_at"])[0]),
        workflow=workflow,
        job=job,
        variant="",
        attempt=attempt,
        commit=commit,
        conclusion=CONCLUSIONS[source.report.verdict],
        origin=source.origin,
    )


def _test_attempts(
    source: _Source,
    job: str,
    attempt: int,
    commit: str,
    metadata: Metadata,
    last: dict[tuple[str, str], int],
    scrub: Callable[[str], str],
) -> Iterator[TestAttempt]:
    """Every execution of every test. The job is the variant: another job is another place to run, not a retry.

    Attempts within a file and across files are numbered in one row; ``last`` holds where each test stands.
    """
    for test in source.tests.tests:
        at = _occurred_at(test.timestamp or source.report.timestamp, metadata["recorded_at"])[0]
        for each in test.tries:
            attempt_here = max(attempt, last.get((job, test.id), 0) + 1)
            last[job, test.id] = attempt_here
            yield TestAttempt(
                **happened_at(metadata, at),
                test=scrub(test.id),
                variant=job,
                attempt=attempt_here,
                commit=commit,
                outcome=each.outcome,
                critical=test.critical,
                origin=source.origin,
                duration_s=each.duration_s,
                message=scrub(_message(each)),
                line=each.line,
            )


def _message(each: attempts.Try) -> str:
    said = [_sentence(problem) for problem in each.problems]
    return " / ".join(line for line in (*said, each.note) if line)[:MESSAGE_CHARS]


def _sentence(problem: Problem) -> str:
    said = problem.message or problem.text
    return said if not problem.type or said.startswith(problem.type) else f"{problem.type}: {said}".rstrip(": ")


def _events(source: _Source, metadata: Metadata, scrub: Callable[[str], str]) -> Iterator[Event]:
    """The network errors and polling timeouts: one of a kind for each test, however often it met it.

    One that a retry cured is an event too, and not a blocking one.
    """
    for test in source.tests.tests:
        lines = [(problem, each.line) for each in test.tries for problem in each.problems]
        at = _occurred_at(test.timestamp or source.report.timestamp, metadata["recorded_at"])[0]
        blocking = test.tries[-1].outcome in LOST
        for kind, (problem, line) in _kinds(lines).items():
            yield _event(source, metadata, at, kind, blocking, scrub(test.id), scrub(_sentence(problem)), line)
    at = _occurred_at(source.report.timestamp, metadata["recorded_at"])[0]
    for finding in source.report.findings:
        place = cut_name(" > ".join(finding.suites)) or "(a suite without a name)"
        for kind, (problem, _) in _kinds([(finding.problem, None)]).items():
            yield _event(source, metadata, at, kind, True, scrub(place), scrub(_sentence(problem)))


def _kinds(problems: Sequence[tuple[Problem, int | None]]) -> dict[EventKind, tuple[Problem, int | None]]:
    """The kinds of events among some failures, each with the first failure that shows it, and its line."""
    kinds: dict[EventKind, tuple[Problem, int | None]] = {}
    for problem, line in problems:
        pattern = classify(problem.type, problem.message)
        if pattern is not None and pattern.event is not None:
            kinds.setdefault(pattern.event, (problem, line))
    return kinds


def _event(
    source: _Source,
    metadata: Metadata,
    at: datetime,
    kind: EventKind,
    blocking: bool,
    place: str,
    message: str,
    line: int | None = None,
) -> Event:
    return Event(
        **happened_at(metadata, at),
        event=kind,
        expected=False,
        blocking=blocking,
        place=place,
        message=message[:MESSAGE_CHARS],
        origin=source.origin,
        line=line,
    )
