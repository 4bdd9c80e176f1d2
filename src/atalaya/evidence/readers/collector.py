"""Collects evidence from report files and folders, and accounts for every file.

Files and folders in; readings, job attempts, test attempts and events out. Every file is accounted for: read,
or not and why. A piece of evidence is its run, its place and its bytes: taken in again it is one, but equal bytes
of another run or in another place are another, since many producers write no times.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import UsageError
from atalaya.core.words import Record
from atalaya.evidence.readers import attempts, smoke
from atalaya.evidence.readers.causes import told_by
from atalaya.evidence.readers.model import (
    MESSAGE_CHARS,
    Ends,
    Problem,
    Report,
    Timestamp,
    cut_name,
    not_read,
    printable,
)
from atalaya.evidence.readers.packed import Packed, Place, Source, Store, pack, read_all, unpack
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

# What a report alone shows of the job that wrote it: that it failed, never that it did well. A run that was stopped
# half-way, and one whose last step failed, leave a green report behind.
CONCLUSIONS: dict[FileVerdict, Conclusion] = {
    FileVerdict.PASSED: Conclusion.UNKNOWN,
    FileVerdict.FAILED: Conclusion.FAILURE,
    FileVerdict.NOTHING_RAN: Conclusion.NOTHING_RAN,
    FileVerdict.NO_EVIDENCE: Conclusion.NOTHING_RAN,
    FileVerdict.UNKNOWN: Conclusion.UNKNOWN,
}
# A file that says itself how its job ended stands for the exit code where none is known.
ENDS = {Ends.SUCCEEDED: Conclusion.SUCCESS, Ends.FAILED: Conclusion.FAILURE, Ends.UNKNOWN: Conclusion.UNKNOWN}
SCRUBBED_TOGETHER = 30  # names: of more, one would have them all looked at
OLD_RUNS = ("reports-", "log-")  # runs whose readings tell no place: these name a file as the folder given had it
LOST = (CaseOutcome.FAILED, CaseOutcome.ERRORED)

# A folder that is called `attempt-2`, or whose name ends so: how CI keeps attempts apart. Nothing shorter: `shard-a2`
# and `retry-2.xml` are names of other things as often.
ATTEMPT = re.compile(r"(?:(?<=/)|^)(?P<before>[^/]*?)(?:(?<=/)|^|[-_.])attempt-(?P<attempt>[1-9][0-9]{0,3})/")
# How one job ended that left several reports: by the first of these that one of them, or its exit code, says.
WORST = (Conclusion.FAILURE, Conclusion.TIMED_OUT, Conclusion.UNKNOWN)


class Found(NamedTuple):
    """One file to be read. ``trouble`` is why it will not be, where that is known before it is opened."""

    name: str
    path: Path
    trouble: tuple[ReadStatus, str] | None = None


class Job(NamedTuple):
    """What is known of the job that wrote some reports, beside them.

    ``conclusion`` is that of its last attempt here, its own or what its exit code says; None where neither is known.
    ``event`` is what started it.
    ``name`` is its name where it is recorded beside the files, and empty where that cannot be told; None where
    each file stands for a job of its own. ``attempt`` is which attempt of the job it is; 0 where a file's folder tells.
    ``whole`` where all the files are of this one job; without a name, it has that of its only file, or its workflow's.
    ``part_of`` tells a file's job and attempt where more than its name is known; else :func:`job_and_attempt` does.
    A file from before ``since`` is never of the same job as one after it: old reports linger in folders.
    """

    workflow: str
    commit: str
    event: str = ""
    conclusion: Conclusion | None = None
    name: str | None = None
    attempt: int = 0
    whole: bool = False
    since: datetime | None = None
    part_of: Callable[[str], tuple[str, int]] | None = None

    def attempt_of(self, file: str) -> tuple[str, int]:
        """A file's name without the mark of an attempt, and which attempt it is of."""
        name, attempt = (self.part_of or job_and_attempt)(file)
        return name, self.attempt or attempt


class KnownFiles:
    """The files that were recorded before.

    :param run_id: of one run; without it, files are looked for in all of them.
    """

    def __init__(self, readings: Iterable[Reading], run_id: str = "") -> None:
        self._by_sha256: dict[str, list[Reading]] = {}
        for reading in readings:
            if reading.sha256 and (not run_id or reading.run_id == run_id):
                self._by_sha256.setdefault(reading.sha256, []).append(reading)

    def find(self, name: str, place: str, sha256: str) -> Reading | None:
        """The reading of the same bytes in the same place."""
        for reading in self._by_sha256.get(sha256, ()):
            old = not reading.place and reading.run_id.startswith(OLD_RUNS)
            if (reading.place or reading.file) == place or (old and reading.file == name):
                return reading
        return None


def no_file(name: str, place: str, sha256: str) -> Reading | None:
    """What is known where nothing was recorded before."""
    return None


def concluded(verdict: FileVerdict, known: Conclusion | None) -> Conclusion:
    """How a job ended that wrote a report, with its own conclusion where that is known.

    A red report makes a failed job whatever else is said, and one in which nothing ran no successful one.

    >>> [str(concluded(FileVerdict.PASSED, known)) for known in (None, Conclusion.SUCCESS, Conclusion.CANCELLED)]
    ['unknown', 'success', 'cancelled']
    >>> [str(concluded(FileVerdict.FAILED, known)) for known in (None, Conclusion.SUCCESS, Conclusion.TIMED_OUT)]
    ['failure', 'failure', 'timed_out']
    """
    if verdict is FileVerdict.FAILED:
        return Conclusion.TIMED_OUT if known is Conclusion.TIMED_OUT else Conclusion.FAILURE
    if known is None or (known is Conclusion.SUCCESS and verdict is not FileVerdict.PASSED):
        return CONCLUSIONS[verdict]
    return known


class Gathered(Record, frozen=True, kw_only=True):
    """All that was found: iterated over, it is what belongs in the ledger and is not there already.

    ``readings`` has one for each file, those that were recorded before included. What the files tell of is made anew
    by each call of ``told``, one record at a time: it may be more than memory holds.
    """

    readings: tuple[Reading, ...]
    jobs: tuple[JobAttempt, ...]
    known: tuple[str, ...]
    told: Callable[[], Iterator[TestAttempt | Event]]

    def __iter__(self) -> Iterator[Evidence]:
        """Readings come last: a file is known by its reading, so a writer that is stopped half-way must not have
        written that and nothing else.
        """
        yield from self.jobs
        yield from self.told()
        yield from (reading for reading in self.readings if reading.file not in self.known)


class Collected(Record, frozen=True, kw_only=True):
    """What :class:`Gathered` tells of, all of it in memory."""

    readings: tuple[Reading, ...]
    jobs: tuple[JobAttempt, ...]
    tests: tuple[TestAttempt, ...]
    events: tuple[Event, ...]
    known: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What belongs in the ledger and is not there already."""
        new = (reading for reading in self.readings if reading.file not in self.known)
        return (*self.jobs, *self.tests, *self.events, *new)


class _Source(NamedTuple):
    """One file, what it holds, and the reading of it that was recorded before: then it is listed only.

    ``told_in`` is the file beside it that tells of the same run, and tells it better.
    """

    file: str
    place: str
    report: Report
    cases: int
    tests: Place
    failing: Place
    notes: tuple[str, ...]
    before: Reading | None
    told_in: str = ""

    def told_by(self, other: _Source) -> _Source:
        note = f"The run that {other.file} tells of: it is counted once."
        return self._replace(told_in=other.file, notes=(note, *self.notes))

    @property
    def is_read(self) -> bool:
        return self.report.status is ReadStatus.READ

    @property
    def counts(self) -> bool:
        """Whether what it tells is told by no better file."""
        return self.is_read and not self.told_in

    @property
    def origin(self) -> str:
        return origin_of(self.file, self.report.sha256)


@contextmanager
def _no_cycles() -> Iterator[None]:
    """What is read has no reference to itself, and looking for some among so many records takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_cycles()
def gather(
    paths: Sequence[Path],
    *,
    job: Job,
    recorded_at: datetime,
    run_id: str = "",
    environment: Environment = Environment.CI,
    known: Callable[[str, str, str], Reading | None] = no_file,
    place_of: Callable[[Path], str] = lambda path: "",
    written_at: Callable[[Path], datetime | None] = lambda path: None,
    beside: Sequence[Found] = (),
    scrub: Callable[[str], str] = str,
) -> Gathered:
    """Read all reports in files and folders, and hold of each what came of it.

    :param job: what is known of the job that wrote them.
    :param run_id: the run that wrote them. Without one it is made from their contents and places, so that the same
        reports collected twice are the same run.
    :param known: the reading that was recorded of a file before, by its name, place and digest. Such a file is
        listed, and gives no evidence but the conclusion of its job, where only now that is known.
    :param place_of: the path below the project's folder; empty where a file's name has to do.
    :param written_at: when a file was written, or its run ended, where that is known: times without a zone are placed
        by it.
    :param beside: files that are listed, and are not at a path.
    :param scrub: applied to each message and each test's name before it is kept.
    :raises UsageError: a path does not exist, or holds no file.
    """
    files = (*(find(paths) if paths or not beside else ()), *beside)
    store = Store()
    sources: list[_Source] = []
    read = read_all([Source(found.path, written_at(found.path)) for found in files if found.trouble is None])
    for found in files:
        packed = next(read) if found.trouble is None else pack(not_read(*found.trouble))
        sources.append(_source(found, packed, store, place_of(found.path), known))
    for again, better in smoke.told_again([(str(f.path), s.report) for f, s in zip(files, sources, strict=True)]):
        sources[again] = sources[again].told_by(sources[better])
    metadata = record_metadata(run_id or _run_id(job, sources), environment, recorded_at)
    readings = tuple(_reading(source, metadata) for source in sources)
    job = _named(job, sources)
    jobs = [
        _job(source, name, attempt, job._replace(conclusion=conclusion), metadata)
        for source, name, attempt, conclusion in _endings(sources, job)
    ]
    return Gathered(
        readings=readings,
        jobs=tuple(_one_job(jobs, job) if job.whole else jobs),
        known=tuple(source.file for source in sources if source.before is not None),
        told=lambda: _told(store, sources, job, metadata, scrub),
    )


@wraps(gather)
def collect(*args: Any, **options: Any) -> Collected:
    """As :func:`gather`, with all that the files tell of in memory."""
    found = gather(*args, **options)
    told = tuple(found.told())
    return Collected(
        readings=found.readings,
        jobs=found.jobs,
        tests=tuple(one for one in told if isinstance(one, TestAttempt)),
        events=tuple(one for one in told if isinstance(one, Event)),
        known=found.known,
    )


def report(collected: Collected | Gathered) -> dict[str, dict[str, Any]]:
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
        yield from _walk(path)
    else:
        raise UsageError(f"{path}: neither a file nor a folder. Give a file, or a folder of files.")


def _walk(top: Path) -> Iterator[Found]:
    """Every file below a folder, in order. Folders lie in each other more deeply than calls may."""
    root = top.resolve()
    waiting = [("", top, True)]
    while waiting:
        name, path, is_folder = waiting.pop()
        if not is_folder:
            yield from _entry(name, path, root)
            continue
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name, reverse=True)
        except OSError as why:
            trouble = (ReadStatus.UNREADABLE, f"this folder cannot be opened: {why.strerror or why}.")
            yield Found(name or ".", path, trouble)
            continue
        before = f"{name}/" if name else ""
        for entry in entries:
            inside = entry.is_dir(follow_symlinks=False)
            waiting.append((f"{before}{printable(entry.name)}", path / entry.name, inside))


def _entry(name: str, path: Path, root: Path) -> Iterator[Found]:
    """What is no folder: a file, a link, or something that is not opened."""
    if path.is_symlink():
        yield from _link(name, path, root)
    elif path.is_file():
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

    >>> job_and_attempt("py311-attempt-2/report.xml"), job_and_attempt("attempt-2/report.xml")
    (('py311/report.xml', 2), ('report.xml', 2))
    >>> job_and_attempt("shard-a2/unit-a3.xml"), job_and_attempt("attempt-2.xml")
    (('shard-a2/unit-a3.xml', 1), ('attempt-2.xml', 1))
    """
    match = ATTEMPT.search(name)
    if match is None:
        return name, 1
    kept = f"{match['before']}/" if match["before"] else ""
    return f"{name[: match.start()]}{kept}{name[match.end() :]}", int(match["attempt"])


# ── records ──────────────────────────────────────────────────────────────────


def _source(
    found: Found, packed: Packed, store: Store, place: str, known: Callable[[str, str, str], Reading | None]
) -> _Source:
    report, notes = packed.report, [*packed.report.notes, *packed.notes]
    place = place or found.name
    before = known(found.name, place, report.sha256) if report.sha256 else None
    if before is not None:
        notes.insert(0, "Recorded before: it is counted once.")
    tests, failing = store.put(packed.tests), store.put(packed.failing)
    return _Source(found.name, place, report, packed.cases, tests, failing, tuple(notes), before)


def _reading(source: _Source, metadata: Metadata) -> Reading:
    report = source.report
    read = report.status is ReadStatus.READ
    occurred_at, note = _occurred_at(report.timestamp, metadata["recorded_at"])
    notes = (*source.notes, note) if read and source.cases and note else source.notes
    return Reading(
        **happened_at(metadata, occurred_at),
        file=source.file,
        sha256=report.sha256,
        size_bytes=report.size_bytes,
        status=report.status,
        verdict=report.verdict,
        reason=" ".join(notes),
        cases=source.cases if read else None,
        passed=report.passed,
        failed=report.failed,
        errored=report.errored,
        skipped=report.skipped,
        suite_failures=report.suite_failures,
        at_byte=report.at_byte,
        place="" if source.place == source.file else source.place,
    )


def _occurred_at(reported: Timestamp | None, recorded_at: datetime) -> tuple[datetime, str]:
    """When it happened, and what must be said about how that is known. A file's own time is the time of a copy."""
    if reported is None:
        return recorded_at, "It has no time of its own: the time of recording stands for it."
    if reported.at > recorded_at:  # a clock that is fast, or a local time east of Greenwich
        return recorded_at, "Its time lies after the recording: the time of recording stands for it."
    return reported.at, "" if reported.zoned else "Its times name no zone: they are taken as UTC."


def _run_id(job: Job, sources: Sequence[_Source]) -> str:
    new = (source for source in sources if source.before is None)
    parts = [job.workflow, job.commit, *sorted(f"{source.report.sha256} {source.place}" for source in new)]
    return f"files-{hashlib.sha256(chr(10).join(parts).encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"


def _named(job: Job, sources: Sequence[_Source]) -> Job:
    """The job with its name, where it is one: that of its only file, but for attempts of it, else its workflow's."""
    if not job.whole or job.name:
        return job
    names = {job.attempt_of(source.file)[0] for source in sources}
    return job._replace(name=names.pop() if len(names) == 1 else job.workflow)


def _endings(sources: Sequence[_Source], job: Job) -> Iterator[tuple[_Source, str, int, Conclusion | None]]:
    """The files that tell how a job ended, each with the job, the attempt and what is known of that beside it.

    What is known is of the last attempt. Files that were recorded before are told of again only where they came alone:
    beside new ones it is of the job of those. Where none can be read, one stands for the job all the same.
    """
    new = [source for source in sources if source.before is None]
    told = new or (sources if job.conclusion is not None else ())
    ended = _jobs([source for source in told if source.counts], job)
    if not ended and job.whole and job.conclusion is not None:
        ended = _jobs(told[:1], job)
    newest: dict[str, int] = {}
    for _, name, attempt in ended:
        of = "" if job.whole else name
        newest[of] = max(attempt, newest.get(of, 0))
    for source, name, attempt in ended:
        yield source, name, attempt, job.conclusion if attempt == newest["" if job.whole else name] else None


def _one_job(jobs: Iterable[JobAttempt], job: Job) -> Iterator[JobAttempt]:
    """One job from those of its files, attempt by attempt. The file that shows how it ended stands for it."""
    by_attempt: dict[tuple[str, int, bool], list[JobAttempt]] = {}
    for each in jobs:
        is_old = job.since is not None and each.occurred_at < job.since
        by_attempt.setdefault((each.run_id, each.attempt, is_old), []).append(each)
    for several in by_attempt.values():
        shows, ended_at = min(several, key=_how_bad), max(each.occurred_at for each in several)
        yield replace(shows, job=job.name or job.workflow, occurred_at=ended_at)


def _how_bad(job: JobAttempt) -> int:
    if job.conclusion in WORST:
        return WORST.index(job.conclusion)
    return len(WORST) + (job.conclusion is Conclusion.NOTHING_RAN)


def _jobs(sources: Sequence[_Source], job: Job) -> list[tuple[_Source, str, int]]:
    """Each file's job and attempt, attempt by attempt. Two files that claim the same one are two jobs."""
    named = [(source, *job.attempt_of(source.file)) for source in sources]
    taken: set[tuple[str, int]] = set()
    jobs = []
    for source, name, attempt in sorted(named, key=lambda item: (item[1], item[2], item[0].file != item[1])):
        free = next(one for one in (name, source.file, source.origin) if (one, attempt) not in taken)
        taken.add((free, attempt))
        jobs.append((source, free, attempt))
    return jobs


def _job(source: _Source, name: str, attempt: int, job: Job, metadata: Metadata) -> JobAttempt:
    """The job of a report; of one that was recorded before, in the run and at the time that it had then."""
    at = _occurred_at(source.report.timestamp, metadata["recorded_at"])[0]
    if source.before is not None:
        metadata, at = {**metadata, "run_id": source.before.run_id}, source.before.occurred_at
    return JobAttempt(
        **happened_at(metadata, at),
        workflow=job.workflow,
        job=name,
        variant="",
        attempt=attempt,
        commit=job.commit,
        conclusion=concluded(source.report.verdict, _known_end(job, source.report)),
        origin=source.origin,
        event=job.event,
    )


def _known_end(job: Job, report: Report) -> Conclusion | None:
    if job.conclusion is not None or report.tells_end is None:
        return job.conclusion
    return ENDS[report.tells_end]


def _told(
    store: Store, sources: Sequence[_Source], job: Job, metadata: Metadata, scrub: Callable[[str], str]
) -> Iterator[TestAttempt | Event]:
    """What the files tell of that were not recorded before, file by file."""
    named = _jobs([source for source in sources if source.counts], job)
    to_come = Counter(name for _, name, _ in named)
    last: dict[str, dict[str, int]] = {}
    for source, name, attempt in named:
        if source.before is None:
            tests, failing = (unpack(store.get(place)) for place in (source.tests, source.failing))
            yield from _test_attempts(source, tests, name, attempt, job, metadata, last.setdefault(name, {}), scrub)
            yield from _events(source, failing, name, attempt, job, metadata, scrub)
        to_come[name] -= 1
        if not to_come[name]:
            last.pop(name, None)


def _test_attempts(
    source: _Source,
    tests: Sequence[attempts.Test],
    name: str,
    attempt: int,
    job: Job,
    metadata: Metadata,
    last: dict[str, int],
    scrub: Callable[[str], str],
) -> Iterator[TestAttempt]:
    """Every execution of every test. The file is the variant: another one is another place to run, not a retry.

    Attempts within a file and across files are numbered in one row; ``last`` holds where each test of the job stands.
    """
    at_report = _occurred_at(source.report.timestamp, metadata["recorded_at"])[0]
    # What is the same in all of them is given once: there are many, and names cost.
    first = TestAttempt(
        **happened_at(metadata, at_report),
        test="",
        variant=name,
        attempt=attempt,
        commit=job.commit,
        outcome=CaseOutcome.UNKNOWN,
        critical=False,
        origin=source.origin,
        workflow=job.workflow,
        job=name if job.name is None else job.name,
    )
    for test, id in zip(tests, _scrubbed([test.id for test in tests], scrub), strict=True):
        at = _occurred_at(test.timestamp, metadata["recorded_at"])[0] if test.timestamp is not None else at_report
        for each in test.tries:
            last[test.id] = attempt_here = max(attempt, last.get(test.id, 0) + 1)
            message = _message(each) if each.problems or each.note else ""
            yield replace(
                first,
                occurred_at=at,
                test=id,
                attempt=attempt_here,
                outcome=each.outcome,
                critical=test.critical,
                duration_s=each.duration_s,
                message=scrub(message) if message else "",
                line=each.line,
            )


def _scrubbed(names: Sequence[str], scrub: Callable[[str], str]) -> Sequence[str]:
    """Each name scrubbed. What would be found in one is found in some of them together, a line each: mostly nothing."""
    scrubbed: list[str] = []
    for begin in range(0, len(names), SCRUBBED_TOGETHER):
        some = names[begin : begin + SCRUBBED_TOGETHER]
        together = "\n".join(some)
        scrubbed += some if scrub(together) == together else [scrub(name) for name in some]
    return scrubbed


def _message(each: attempts.Try) -> str:
    said = [_sentence(problem) for problem in each.problems]
    return " / ".join(line for line in (*said, each.note) if line)[:MESSAGE_CHARS]


def _sentence(problem: Problem) -> str:
    said = problem.message or problem.text
    return said if not problem.type or problem.type in said else f"{problem.type}: {said}".rstrip(": ")


def _events(
    source: _Source,
    tests: Sequence[attempts.Test],
    name: str,
    attempt: int,
    job: Job,
    metadata: Metadata,
    scrub: Callable[[str], str],
) -> Iterator[Event]:
    """The network errors and polling timeouts: one of a kind for each test, however often it met it.

    One that a retry cured is an event too, and not a blocking one.
    """
    where = _Where(job.commit, job.workflow, name if job.name is None else job.name, attempt)
    for test in tests:
        lines = [(problem, each.line) for each in test.tries for problem in each.problems]
        if not lines:
            continue
        at = _occurred_at(test.timestamp or source.report.timestamp, metadata["recorded_at"])[0]
        blocking = test.tries[-1].outcome in LOST
        for kind, (message, line) in _kinds(lines).items():
            yield _event(source, where, metadata, at, kind, blocking, scrub(test.id), scrub(message), line)
    at = _occurred_at(source.report.timestamp, metadata["recorded_at"])[0]
    for told in source.report.events:
        place, message = scrub(told.place), scrub(told.message)
        yield _event(source, where, metadata, at, told.kind, told.blocking, place, message)
    for finding in source.report.findings:
        place = cut_name(" > ".join(finding.suites)) or "(a suite without a name)"
        for kind, (message, _) in _kinds([(finding.problem, None)]).items():
            yield _event(source, where, metadata, at, kind, True, scrub(place), scrub(message))


def _kinds(problems: Sequence[tuple[Problem, int | None]]) -> dict[EventKind, tuple[str, int | None]]:
    """The kinds of events among some failures, each with what the first failure that shows it says, and its line."""
    kinds: dict[EventKind, tuple[str, int | None]] = {}
    for problem, line in problems:
        if (told := told_by(problem)) is not None:
            kinds.setdefault(told.event, (told.cause or _sentence(problem), line))
    return kinds


class _Where(NamedTuple):
    """The job that an event happened in."""

    commit: str
    workflow: str
    job: str
    attempt: int


def _event(
    source: _Source,
    where: _Where,
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
        **where._asdict(),
    )
