"""The common model of a file of test results, whatever its format.

Counts are of the cases that are there, never of declared totals. A file that breaks gives nothing, not even what
stood before the break; a file that asks for something unsafe is declined; another dialect is unsupported. None
of the three is ever "no failures". What is read of a file is bounded, and each bound has its message.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any, NamedTuple

from atalaya.core.words import Record, StrictEnum
from atalaya.records.stored import CaseOutcome, EventKind, FileVerdict, ReadStatus

PIECE_BYTES = 64 * 1024


class Limit(NamedTuple):
    """How much of something is read, and what is said beyond it."""

    most: int
    says: str


# Together they keep a process that reads a file below 200 MB, whatever is in it: see tests/evidence/test_limits.py.
LIMITS: dict[str, Limit] = {
    "bytes": Limit(256 * 1024 * 1024, "larger than {most} bytes"),
    "json bytes": Limit(8 * 1024 * 1024, "JSON, and larger than {most} bytes"),
    "json values": Limit(300_000, "JSON with more than {most} values or lines"),
    "cases": Limit(200_000, "more than {most} test cases"),
    "depth": Limit(256, "elements nested deeper than {most}"),
    "attributes": Limit(256, "more than {most} attributes on one element"),
    "tag bytes": Limit(1536 * 1024, "a tag or a comment longer than {most} bytes"),
    "prologue bytes": Limit(1024 * 1024, "more than {most} bytes before the first element"),
    "tag characters": Limit(1_000, "an element or attribute whose name is longer than {most} characters"),
    "tags": Limit(10_000, "more than {most} different names of elements and attributes"),
    "kept bytes": Limit(32 * 1024 * 1024, "names and messages that take more than {most} bytes"),
    "attempts": Limit(1_000, "more than {most} attempts or failures in one test case"),
    "suite findings": Limit(10_000, "more than {most} errors or failures of suites"),
}

# What is kept of a text: the rest is cut, and the reason says so.
NAME_CHARS = 1_000
MESSAGE_CHARS = 2_000

LOST_IN_SILENCE = "an earlier attempt, lost: the report does not say why"


_SECONDS = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# How locales write thousands and decimals: a pattern, and what its marks become. A comma before three digits may be
# either, unless only a zero stands before it: of "1,234" the duration is not known.
_WRITTEN = (
    (re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*|[0-9]{1,3}(?:,[0-9]{3}){2,}"), str.maketrans("", "", ",")),
    (re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"), str.maketrans(",", ".", ".")),
    (re.compile(r"(?![1-9][0-9]{0,2},[0-9]{3}$)[0-9]+,[0-9]+"), str.maketrans(",", ".")),
)
LONGEST_S = 1e9
EARLIEST_YEAR = 2000  # .NET writes the year 1 where it knows no time
_EPOCH = re.compile(r"[0-9]{9,13}(?:[.,][0-9]{1,9})?")
_UTC = re.compile(r" ?(?:UTC|GMT)$")
_WORDY_ZONE = re.compile(r"(?:GMT|UTC)(?=[+-][0-9])| \(.*\)$")  # as JavaScript writes it
EARLIEST_S, LATEST_S = 946_684_800, 4e9  # of an epoch in seconds: one beyond it is counted in milliseconds


class Ends(StrictEnum):
    """How the job ended that wrote a file, where the file says so itself: as an exit code would."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it contradicts itself, or was cut short


class Problem(Record, frozen=True, kw_only=True, gc=False, array_like=True):
    """An error or a failure: of a case, of a lost attempt, or of a suite itself.

    ``text`` is the beginning of the element's text, kept to be shown where there is no message. ``causes`` are the
    errors that the text states, where type and message leave open what happened.
    """

    element: str
    outcome: CaseOutcome
    type: str
    message: str
    text: str = ""
    duration_s: float | None = None
    causes: tuple[str, ...] = ()


class Timestamp(Record, frozen=True, kw_only=True, gc=False, array_like=True):
    """When something began. ``zoned`` is false where the report names no zone and UTC was supposed."""

    at: datetime
    zoned: bool


class Case(Record, frozen=True, gc=False):
    """One ``testcase`` element. ``suite`` numbers the suite that it stands in, ``lost`` its lost attempts.

    ``line`` is where the element begins. The fields may be given by position: there are many cases, and names cost.
    """

    suite: int
    suites: tuple[str, ...]
    classname: str
    name: str
    file: str
    hostname: str
    outcome: CaseOutcome
    duration_s: float | None
    timestamp: Timestamp | None
    line: int | None = None
    problems: tuple[Problem, ...] = ()
    lost: tuple[Problem, ...] = ()
    critical: bool = False


class SuiteFinding(Record, frozen=True, kw_only=True):
    """An error or a failure directly below a suite, with the suites that it stands in."""

    suites: tuple[str, ...]
    problem: Problem


class ToldEvent(Record, frozen=True, kw_only=True):
    """An event that a file tells of by its kind, so that nobody has to find it in a message."""

    kind: EventKind
    place: str
    message: str
    blocking: bool


class Contents(Record, frozen=True, kw_only=True):
    """What a reader of one format took out of a file that proved to be whole.

    ``declared`` is the total that the file claims, where it claims one; it is only ever compared. ``doubts`` are the
    red signs that no case shows, a sentence each: with one of them the file is not green. ``declares_errors`` where a
    suite counts errors: those may be its own, and need no case; a failure is one of a case.
    """

    cases: tuple[Case, ...]
    findings: tuple[SuiteFinding, ...] = ()
    suite_failures: int = 0
    by_pytest: bool = False
    declared: int | None = None
    doubts: tuple[str, ...] = ()
    declares_errors: bool = False
    notes: tuple[str, ...] = ()
    timestamp: Timestamp | None = None
    events: tuple[ToldEvent, ...] = ()
    tells_end: Ends | None = None


class Report(Record, frozen=True, kw_only=True):
    """One file, read or not. All counts are None, and there are no cases, unless it was read.

    ``tells_end`` is how the job ended, where the file is one that says so; None of a report of tests, whose job may
    have failed after it was written.
    """

    status: ReadStatus
    verdict: FileVerdict
    notes: tuple[str, ...]
    sha256: str
    size_bytes: int
    at_byte: int | None = None
    cases: tuple[Case, ...] = ()
    findings: tuple[SuiteFinding, ...] = ()
    passed: int | None = None
    failed: int | None = None
    errored: int | None = None
    skipped: int | None = None
    suite_failures: int | None = None
    by_pytest: bool = False
    timestamp: Timestamp | None = None
    events: tuple[ToldEvent, ...] = ()
    tells_end: Ends | None = None

    @property
    def reason(self) -> str:
        """All that is to be said about the file, in sentences."""
        return " ".join(self.notes)


def not_read(
    status: ReadStatus, reason: str, *, sha256: str = "", size_bytes: int = 0, at_byte: int | None = None
) -> Report:
    """The report of a file from which nothing is taken."""
    return Report(
        status=status,
        verdict=FileVerdict.UNKNOWN,
        notes=(reason,),
        sha256=sha256,
        size_bytes=size_bytes,
        at_byte=at_byte,
    )


def of_contents(contents: Contents, *, sha256: str, size_bytes: int) -> Report:
    """The report of a file that was read, counted from its cases."""
    outcomes = [case.outcome for case in contents.cases]
    counts = {outcome: outcomes.count(outcome) for outcome in CaseOutcome}
    verdict = _verdict(contents, counts)
    return Report(
        status=ReadStatus.READ,
        verdict=verdict,
        notes=(*_notes(contents, verdict, counts), *contents.doubts, *contents.notes),
        sha256=sha256,
        size_bytes=size_bytes,
        cases=contents.cases,
        findings=contents.findings,
        passed=counts[CaseOutcome.PASSED],
        failed=counts[CaseOutcome.FAILED],
        errored=counts[CaseOutcome.ERRORED],
        skipped=counts[CaseOutcome.SKIPPED],
        suite_failures=contents.suite_failures,
        by_pytest=contents.by_pytest,
        timestamp=contents.timestamp,
        events=contents.events,
        tells_end=contents.tells_end,
    )


def _verdict(contents: Contents, counts: Mapping[CaseOutcome, int]) -> FileVerdict:
    if contents.findings or counts[CaseOutcome.FAILED] or counts[CaseOutcome.ERRORED]:
        return FileVerdict.FAILED
    if not contents.cases and not contents.declares_errors:
        return FileVerdict.NO_EVIDENCE
    if contents.doubts or counts[CaseOutcome.UNKNOWN]:
        return FileVerdict.UNKNOWN
    if counts[CaseOutcome.SKIPPED] == len(contents.cases):
        return FileVerdict.NOTHING_RAN
    return FileVerdict.PASSED


def _notes(contents: Contents, verdict: FileVerdict, counts: Mapping[CaseOutcome, int]) -> Iterator[str]:
    if verdict is FileVerdict.NO_EVIDENCE:
        yield "There is no test case in it: no evidence."
    if verdict is FileVerdict.NOTHING_RAN:
        yield "Every test case was skipped: nothing ran."
    if counts[CaseOutcome.UNKNOWN]:
        yield f"Test cases with an outcome that is neither passed, failed nor skipped: {counts[CaseOutcome.UNKNOWN]}."
    if contents.findings:
        yield f"Errors or failures of suites themselves: {len(contents.findings)}."
    if contents.declared is not None and contents.declared != len(contents.cases):
        yield f"It declares {contents.declared} tests; the test cases there are {len(contents.cases)}."


class Declined(Exception):
    """The file asks for more than is safe."""


def beyond(limit: str) -> Declined:
    most, says = LIMITS[limit]
    return Declined(says.format(most=f"{most:,}"))


class Pieces:
    """A file piece by piece, with its digest and size; it never gives more than the limit."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha = hashlib.sha256()
        self.size_bytes = 0

    def next(self, most_bytes: int = PIECE_BYTES) -> bytes:
        piece = self._file.read(most_bytes)
        self.size_bytes += len(piece)
        if self.size_bytes > LIMITS["bytes"].most:  # it grew while it was read
            raise beyond("bytes")
        self._sha.update(piece)
        return piece

    def sha256(self) -> str:
        """The digest of the whole file, also where reading stopped before its end; none of one too large."""
        try:
            while self.next():
                pass
        except Declined:
            return ""
        return self._sha.hexdigest()


def printable(name: str) -> str:
    """A file name that can be shown and stored: bytes that are no UTF-8 are written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def cut_name(name: str) -> str:
    """A name of bearable length. The digest keeps two long names apart that begin alike."""
    if len(name) <= NAME_CHARS:
        return name
    return f"{name[:NAME_CHARS]}… [{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}]"


def cut_message(message: str) -> str:
    """A message of bearable length."""
    return message if len(message) <= MESSAGE_CHARS else f"{message[:MESSAGE_CHARS]}…"


def text_in(members: Mapping[str, Any], name: str) -> str:
    """A member of a JSON object that should be text; empty where it is none."""
    value = members.get(name)
    return whole(value) if isinstance(value, str) else ""


def whole_in(members: Any, name: str) -> int | None:
    """A member of a JSON object that should be a whole number; None where it is none."""
    value = members.get(name) if isinstance(members, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def more_in_summary(
    summary: Any, cases: Sequence[Case], outcomes: Mapping[str, Sequence[CaseOutcome]], *totals: str
) -> Iterator[str]:
    """What a summary tells of that no case shows: more of some outcomes, and more cases than are there."""
    for name, ends in outcomes.items():
        counted, said = sum(case.outcome in ends for case in cases), whole_in(summary, name)
        if said is not None and said > counted:
            yield f"Its summary says {said} {name}; there are {counted}."
    if any((whole_in(summary, name) or 0) > len(cases) for name in totals):
        yield "It was cut short: its summary counts tests that are not there."


def whole(text: str) -> str:
    """A text that can be stored: JSON may hold half of a surrogate pair, where a producer cut through an emoji."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def seconds(value: str) -> float | None:
    """A duration, or None where it is no number of seconds.

    >>> seconds("0.25"), seconds("1,234.5"), seconds("0,16"), seconds("NaN"), seconds("-1"), seconds("")
    (0.25, 1234.5, 0.16, None, None, None)
    """
    # Digits and a point need no pattern: almost all are that, and there may be many.
    if not (value.isascii() and value.replace(".", "", 1).isdigit()) and not _SECONDS.fullmatch(value := value.strip()):
        marks = next((marks for pattern, marks in _WRITTEN if pattern.fullmatch(value)), None)
        if marks is None:
            return None
        value = value.translate(marks)
    seconds = float(value)
    return seconds if seconds < LONGEST_S else None


def timestamp_of(value: str) -> Timestamp | None:
    """A time as ISO 8601 or RFC 1123 has it, or as an epoch; None where it is none.

    Without a zone it is taken as UTC, and says so.
    """
    value = value.strip()
    if _EPOCH.fullmatch(value):
        return timestamp_of_epoch(float(value.replace(",", ".")))
    most = 40 if value[:4].isdigit() else 70  # in words it is longer
    if not 16 <= len(value) <= most or ":" not in value[8:]:  # a date alone is no time
        return None
    try:
        at = _instant(_WORDY_ZONE.sub("", value))
        zoned = at.tzinfo is not None
        at = at.astimezone(UTC) if zoned else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return Timestamp(at=at, zoned=zoned) if at.year >= EARLIEST_YEAR else None


def _instant(value: str) -> datetime:
    try:
        return datetime.fromisoformat(_UTC.sub("Z", value))
    except ValueError:
        return parsedate_to_datetime(value)


def timestamp_of_epoch(epoch: Any) -> Timestamp | None:
    """An instant that is counted in seconds or milliseconds; None where it is no number, or of no time at all.

    >>> timestamp_of_epoch(1_764_288_000).at == timestamp_of_epoch(1_764_288_000_000).at
    True
    """
    is_number = isinstance(epoch, int | float) and not isinstance(epoch, bool)
    if not is_number or not EARLIEST_S <= epoch < LATEST_S * 1000:
        return None
    return Timestamp(at=datetime.fromtimestamp(epoch if epoch < LATEST_S else epoch / 1000, UTC), zoned=True)
