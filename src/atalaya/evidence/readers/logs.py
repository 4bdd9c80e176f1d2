"""Finds transport errors, polling timeouts and stale reads in logs of a smoke or of tests.

A line is looked at without its timestamp, colours and level, and only its head counts: a line that speaks of an
error is not one. What a later line shows to be cured did happen, and blocked nothing. A log that is missing says
nothing; one that tells of no error says no more than that.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from atalaya.core.words import Record
from atalaya.evidence.readers.classifier import EXPECTED, POLLED, RETRIED, SUCCEEDED, classify_line, target_of
from atalaya.evidence.readers.collector import Job, job_and_attempt
from atalaya.evidence.readers.model import LIMITS, Declined, Pieces, beyond, cut_message
from atalaya.evidence.readers.sniff import UTF16
from atalaya.records.stored import Event, EventKind, FileVerdict, Metadata, Reading, ReadStatus, happened_at, origin_of

LINE_CHARS = 4_096  # of a line that are looked at
MOST_EVENTS = 10_000
QUOTE_CHARS = 500
CURED_WITHIN = 5  # lines: how far a "retrying … ok" may be from its error

_TIMESTAMP = re.compile(r"\ufeff?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\s?")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# What may stand before what a line says: GitHub's commands, a level, pytest's marks.
_BEFORE = re.compile(
    r"\s*(?:##\[\w+\]|::\w+[^:]{0,200}::|\[?(?:ERROR|WARN|WARNING|CRITICAL|FATAL|INFO|DEBUG)\]?:?(?=\s)"
    r"|E(?=\s{2})|(?:FAILED|ERROR)\s+\S{1,300}\s+-(?=\s))",
    re.IGNORECASE,
)
_TRY = re.compile(r"\s*\((?:(?:attempt|try)\s+)?\d{1,4}(?:/\d{1,4})?\)|,? (?:attempt|try) \d{1,4}(?:/\d{1,4})?$")


class LogEvent(Record, frozen=True, kw_only=True):
    """One event that a log tells of. ``line`` counts from 1; ``quote`` is the line itself, scrubbed and bounded.

    ``expected`` where the line says so itself, ``cured`` where a later one does; ``times`` is how often it stands
    there.
    """

    kind: EventKind
    line: int
    quote: str
    at: datetime | None
    expected: bool
    cured: bool
    place: str
    message: str
    times: int


class Log(Record, frozen=True, kw_only=True):
    """What became of one log, and what it tells of. ``lines`` and the timestamps are None unless it was read."""

    status: ReadStatus
    notes: tuple[str, ...]
    sha256: str
    size_bytes: int
    events: tuple[LogEvent, ...] = ()
    lines: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None


def read(source: Path | bytes, *, scrub: Callable[[str], str]) -> Log:
    """Read one log. Nothing that it can hold raises: what is wrong with it is in the notes."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            return _read(file, scrub)
    except OSError as why:
        reason = f"cannot be opened: {why.strerror or why}."
        return Log(status=ReadStatus.UNREADABLE, notes=(reason,), sha256="", size_bytes=0)


def _read(file: IO[bytes], scrub: Callable[[str], str]) -> Log:
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size_bytes > LIMITS["bytes"].most:
        return Log(
            status=ReadStatus.DECLINED, notes=(f"declined: {beyond('bytes')}.",), sha256="", size_bytes=size_bytes
        )
    pieces = Pieces(file)
    try:
        head = pieces.next()
    except Declined as why:
        return Log(status=ReadStatus.DECLINED, notes=(f"declined: {why}.",), sha256="", size_bytes=size_bytes)
    sha256 = pieces.sha256()
    encoding = "utf-16" if head.startswith(UTF16) else "utf-8"
    trouble = "empty: 0 bytes." if not head else "not a text: there is a NUL in it."
    if not head or (encoding == "utf-8" and b"\0" in head):
        return Log(status=ReadStatus.UNREADABLE, notes=(trouble,), sha256=sha256, size_bytes=size_bytes)
    file.seek(0)
    with io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="\n") as text:
        found = _Search(scrub)
        for line in _lines(text):
            found.take(line)
    return Log(
        status=ReadStatus.READ,
        notes=tuple(found.notes()),
        sha256=sha256,
        size_bytes=size_bytes,
        events=tuple(found.events()),
        lines=found.lines,
        first_at=found.first_at,
        last_at=found.last_at,
    )


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Each line, or as much of it as is looked at."""
    while line := text.readline(LINE_CHARS):
        whole = line.endswith("\n")
        yield line
        while not whole and (rest := text.readline(LINE_CHARS)):
            whole = rest.endswith("\n")


class _Open(NamedTuple):
    """An event that a later line may still fold into, or cure."""

    kind: EventKind
    line: int
    quote: str
    at: datetime | None
    expected: bool
    place: str
    message: str


class _Search:
    """Goes through a log line by line."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.lines = 0
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self._scrub = scrub
        self._found: list[_Open] = []
        self._times: list[int] = []
        self._cured: set[int] = set()
        self._open: dict[tuple[EventKind, str], int] = {}  # what is not cured, by its cause
        self._polls: dict[str, tuple[int, str]] = {}
        self._left_out = self._garbled = 0

    def take(self, line: str) -> None:
        self.lines += 1
        if "\ufffd" in line:
            self._garbled += 1
        bare = _COLOUR.sub("", line).strip("\ufeff\r\n")
        timestamp = _TIMESTAMP.match(bare)
        at = _instant(timestamp[1]) if timestamp else None
        if at is not None:
            self.first_at = min(at, self.first_at or at)
            self.last_at = max(at, self.last_at or at)
        says = bare[timestamp.end() :] if timestamp else bare
        while before := _BEFORE.match(says):
            says = says[before.end() :]
        says = says.strip()
        if polled := POLLED.match(says):
            target, state = polled["target"], polled["state"]
            self._polls[target] = (self._polls.get(target, (0, ""))[0] + 1, state)
        elif self._cures(says):
            return
        elif (kind := classify_line(says)) is not None:
            self._add(kind, says, bare, at)

    def _cures(self, says: str) -> bool:
        """Whether a line shows that an error before it was got over."""
        if done := SUCCEEDED.match(says):
            cured = [key for key, index in self._open.items() if self._found[index].place == done["target"]]
        elif RETRIED.match(says):
            near = self.lines - CURED_WITHIN
            late = [key for key, index in self._open.items() if self._found[index].line >= near]
            cured = [key for key in late if key[0] is EventKind.NETWORK_ERROR][-1:]
        else:
            return False
        for key in cured:
            self._cured.add(self._open.pop(key))
        return True

    def _add(self, kind: EventKind, says: str, bare: str, at: datetime | None) -> None:
        cause = (kind, _TRY.sub("", says))
        if cause in self._open:
            self._times[self._open[cause]] += 1
            return
        if len(self._found) >= MOST_EVENTS:
            self._left_out += 1
            return
        self._open[cause] = len(self._found)
        self._times.append(1)
        # Scrubbed before it is cut: half a secret would not be known for one.
        quote, message = self._scrub(bare)[:QUOTE_CHARS], self._scrub(self._told(kind, says))
        expected = EXPECTED.search(says) is not None
        self._found.append(_Open(kind, self.lines, quote, at, expected, target_of(says) or "log", cut_message(message)))

    def _told(self, kind: EventKind, says: str) -> str:
        """What the line says, with the polls that lines before it told of."""
        if kind is not EventKind.POLLING_TIMEOUT:
            return says
        for target, (polls, state) in self._polls.items():
            if re.search(rf"(?<!\w){re.escape(target)}(?!\w)", says):
                return f"{says}; {polls} polls before it, the last saw {state}"
        return says

    def events(self) -> Iterator[LogEvent]:
        for index, found in enumerate(self._found):
            fields = found._asdict() | {"place": self._scrub(found.place)}
            yield LogEvent(**fields, cured=index in self._cured, times=self._times[index])

    def notes(self) -> Iterator[str]:
        yield f"A log of {self.lines} lines, in which {len(self._found)} events were found."
        if self._left_out:
            yield f"More than {MOST_EVENTS} events: {self._left_out} lines that tell of others are not kept."
        if self._garbled:
            yield f"Lines with bytes that are not in its encoding: {self._garbled}."
        if self.first_at is None:
            yield "It has no times of its own: the time of recording stands for them."


def _instant(text: str) -> datetime | None:
    text = re.sub(r"([.,]\d{6})\d+", r"\1", text).replace(",", ".")  # GitHub writes seven digits
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


# ── records ──────────────────────────────────────────────────────────────────


def reading(log: Log, *, file: str, metadata: Metadata, place: str = "") -> Reading:
    """What became of a log. It may show that something failed, and never that all went well."""
    failed = any(not event.cured and not event.expected for event in log.events)
    return Reading(
        **happened_at(metadata, _when(log.first_at, metadata["recorded_at"])),
        file=file,
        sha256=log.sha256,
        size_bytes=log.size_bytes,
        status=log.status,
        verdict=FileVerdict.FAILED if failed else FileVerdict.UNKNOWN,
        reason=" ".join(log.notes),
        place="" if place == file else place,
    )


def events(log: Log, *, file: str, metadata: Metadata, job: Job) -> tuple[Event, ...]:
    """The events of a log as they are stored: one a cause, however often it stands there.

    :param job: the job whose log it is. Without a name, the file's tells the job and its attempt.
    """
    name, attempt = job_and_attempt(file) if job.name is None else (job.name, job.attempt or 1)
    return tuple(
        Event(
            **happened_at(metadata, _when(event.at or log.last_at, metadata["recorded_at"])),
            event=event.kind,
            expected=event.expected,
            blocking=not event.cured and not event.expected,
            place=event.place,
            message=event.message if event.times == 1 else f"{event.message} ({event.times} times)",
            origin=origin_of(file, log.sha256),
            line=event.line,
            quote=event.quote,
            commit=job.commit,
            workflow=job.workflow,
            job=name,
            attempt=attempt,
        )
        for event in log.events
    )


def _when(at: datetime | None, recorded_at: datetime) -> datetime:
    return recorded_at if at is None else min(at, recorded_at)
