"""Finds transport errors, polling timeouts and stale reads in logs of a smoke or of tests, in one pass.

A log may be large and say little, so what cannot tell of anything is passed over in blocks; the rest is taken apart
line by line. What a later line shows to be cured did happen, and blocked nothing. A cause and the errors that it led
to, a message and the traceback below it, a failure and its line in a summary are one event. A log that is missing
says nothing, and one with words of an error that nobody could classify lets no zero rest on it.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from atalaya.core.words import Record
from atalaya.evidence.readers import layouts
from atalaya.evidence.readers.alike import Seen, SeenLines, Targets
from atalaya.evidence.readers.classifier import (
    OTHER_ERROR,
    POLLED,
    RETRIED,
    SUCCEEDED,
    Told,
    is_doubtful,
    is_expected,
    target_of,
    tell,
)
from atalaya.evidence.readers.collector import Job, job_and_attempt
from atalaya.evidence.readers.model import cut_message
from atalaya.evidence.readers.sniff import UTF16
from atalaya.evidence.readers.words import Line, Words, lines_at, lines_in
from atalaya.records.stored import Event, EventKind, FileVerdict, Metadata, Reading, ReadStatus, happened_at, origin_of

MOST_BYTES = 4 * 1024**3
PIECE_BYTES = 256 * 1024
LINE_BYTES = 64 * 1024  # of a line that are looked at
MOST_EVENTS = 10_000
MOST_QUOTED = 10  # of the lines that nobody could classify
QUOTE_CHARS = 500
DOUBT_CHARS = 160
CURED_WITHIN = 5  # lines: how far a "retrying … ok" may be from its error
TARGET_WITHIN = 100_000  # lines: how far the request may be that was answered at last
CHAINED_WITHIN = 10  # lines from an error to the words that chain it to the next
STACK_LINES = 400  # the longest stack between two errors of one chain
EXPLAINED_WITHIN = 12  # lines after an event that say more of it
BEFORE_WITHIN = 3  # and lines before it

NO_PLACE = "log"  # of an event that names no target

# A line in which none of these stands tells of nothing. What the classifier asks for has one of them in it.
_TELLING = Words(
    word.encode()
    for word in (
        # errors, in any language, and what chains them
        *("error", "exception", "fatal", "critical", "severe", "panic", "traceback", "caused by", "gaierror", "errno"),
        # the network
        *("timeout", "time-out", "timed out", "refused", "reset", "aborted", "econn", "timedout", "enotfound", "epipe"),
        *(
            "eai_again",
            "und_err_",
            "unreach",
            "broken",
            "hang up",
            "no such host",
            "handshake",
            "disconnect",
            "no route",
        ),
        *("connection closed", "connection lost", "connection dropped", "connection terminated", "connection failed"),
        *("closed connection", "connectionfailed", "incompleteread", "not resolve", "not known", "temporary failure"),
        *(
            "name resolution",
            "network is",
            "max retries",
            "::err_",
            "to connect",
            "not connect",
            "connect to ",
            "to resolve",
            "to reach",
            "to handle",
            "prematurely",
            "dial tcp",
            "dial udp",
        ),
        *(
            "fetch failed",
            "unavailable",
            "deadline",
            "curl: (",
            "curl error",
            "; curl ",
            "gateway",
            "upstream",
            "connect() ",
            "recv() ",
            "send() ",
        ),
        *("while awaiting", "certificate verify", "[ssl: ", ": eof", "unexpected eof", "write tcp", "write udp"),
        # its answers
        *(f"{before}{status}" for before in " =:[('" for status in (502, 503, 504, 520, 521, 522, 523, 524)),
        # waits, stale reads, and what is tried again
        *("gave up", "giving up", "polling ", "poll ", "polled ", "still ", "never bec", "never reach", "never got"),
        *(
            "did not bec",
            "did not reach",
            "did not finish",
            "did not get",
            "didn't ",
            "not ready",
            "not done",
            "time limit",
        ),
        *("not finish", "not complete", "not yet ", "stale", "from the cache", "last one served", "retry", "reconnect"),
        # in Spanish, as it is and as JSON escapes it
        *(
            "conexi",
            "agot",
            "expir",
            "obsolet",
            "la cach",
            "ltimo servido",
            "segu\u00eda",
            "segu\\u00ed",
            "sigue",
            "rechazad",
        ),
        *(
            "reintent",
            "reconect",
            "no se pud",
            "no se pued",
            "inaccesible",
            "inalcanzable",
            "sin ruta",
            "hay ruta",
            "tuber",
        ),
        *("nombre o ", "fallo temporal", "tiempo de espera", "tiempo de conex", "no estuvo", "no lleg", "no termin"),
    )
)
_CURING = Words(
    f"{before}{status}".encode() for before in ("> ", ">", '" ', ": ", "- ") for status in (200, 201, 202, 204, 304)
)
_COLOUR = re.compile(layouts.COLOUR.pattern.encode())

_CHAIN = re.compile(r"\s*(?:During handling of the above exception|The above exception was the direct cause)")
_TRACEBACK = re.compile(r"\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\)")
_CAUSE = re.compile(
    r"\s*[\[{]?['\"]?(?:caused by|cause|suppressed|code|errno|syscall|type|name)['\"]?\]?\s*:\s", re.IGNORECASE
)
_TRY = re.compile(r"\s*\((?:(?:attempt|try)\s+)?\d{1,4}(?:/\d{1,4})?\)|,? (?:attempt|try) \d{1,4}(?:/\d{1,4})?$")
_PACKAGE = re.compile(r"^\s*(?:error: |exception: )?(?:[\w$]+(?:\.|::|\\))*", re.IGNORECASE)
_CUT = re.compile(r"(?:\.\.\.|…)\s*$")


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
    """What became of one log, and what it tells of. ``lines`` and the timestamps are None unless it was read.

    ``unclassified`` counts the lines with words of an error that nobody could classify.
    """

    status: ReadStatus
    notes: tuple[str, ...]
    sha256: str
    size_bytes: int
    events: tuple[LogEvent, ...] = ()
    unclassified: int | None = None
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
    if size_bytes > MOST_BYTES:
        reason = f"declined: larger than {MOST_BYTES:,} bytes."
        return Log(status=ReadStatus.DECLINED, notes=(reason,), sha256="", size_bytes=size_bytes)
    source = _Source(file)
    found = _Search(scrub)
    for piece in source.whole_lines():
        found.take(piece)
    if source.trouble:
        return Log(status=ReadStatus.UNREADABLE, notes=(source.trouble,), sha256=source.sha256, size_bytes=size_bytes)
    return Log(
        status=ReadStatus.READ,
        notes=tuple(found.notes()),
        sha256=source.sha256,
        size_bytes=size_bytes,
        events=tuple(found.events()),
        unclassified=found.unclassified,
        lines=found.lines,
        first_at=found.first_at,
        last_at=found.last_at,
    )


class _Source:
    """A file in pieces of whole lines, as UTF-8 whatever it was, with its digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha = hashlib.sha256()
        self.trouble = ""

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()

    def whole_lines(self) -> Iterator[bytes]:
        """Lines longer than what is looked at are cut: memory does not grow with them."""
        rest = b""
        skipping = False  # the rest of such a line
        for piece in self._pieces():
            if skipping:
                end = piece.find(b"\n")
                if end < 0:
                    continue
                piece, skipping = piece[end:], False
            piece = rest + piece if rest else piece
            end = piece.rfind(b"\n") + 1
            rest = piece[end:]
            if end:
                yield piece[:end]
            if len(rest) > LINE_BYTES:
                rest, skipping = rest[:LINE_BYTES], True
        if rest:
            yield rest

    def _pieces(self) -> Iterator[bytes]:
        piece = self._file.read(PIECE_BYTES)
        decoder = codecs.getincrementaldecoder("utf-16")("replace") if piece.startswith(UTF16) else None
        if not piece:
            self.trouble = "empty: 0 bytes."
        elif decoder is None and b"\0" in piece:
            self.trouble = "not a text: there is a NUL in it."
        while piece:
            self._sha.update(piece)
            if not self.trouble:
                yield piece if decoder is None else decoder.decode(piece).encode()
            piece = self._file.read(PIECE_BYTES)


class _Found:
    """An event that later lines may still fold into, or cure."""

    __slots__ = ("at", "cause", "cured", "expected", "kind", "line", "message", "place", "quote", "times")

    def __init__(self, told: Told, line: int, at: datetime | None) -> None:
        assert told.kind is not None
        self.kind, self.line, self.at = told.kind, line, at
        says = _PACKAGE.sub("", _TRY.sub("", told.says)).strip()
        self.cause = (told.kind, says if _CUT.search(says) else says.strip(" .'\"})],;"))
        self.expected = self.cured = False
        self.message = self.place = self.quote = ""
        self.times = 1

    def becomes(self, outer: _Found) -> None:
        """Take the words of the error that this one led to: they are what a report tells of it."""
        place = self.place if outer.place == NO_PLACE else outer.place
        for name in ("kind", "cause", "line", "at", "message", "quote", "expected"):
            setattr(self, name, getattr(outer, name))
        self.place = place


class _Stack(NamedTuple):
    """An event whose traceback, or the error that it led to, is still to come."""

    event: _Found
    line: int


class _Search:
    """Goes through a log: from one line that may tell of something to the next."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.lines = 0
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.unclassified = 0
        self._scrub = scrub
        self._found: list[_Found] = []
        self._open: dict[tuple[EventKind, str], _Found] = {}  # what is not cured, by its cause
        self._last: tuple[_Found, int] | None = None  # the event told of last, and in which line
        self._stack: _Stack | None = None
        self._in_traceback = self._last_had_one = False
        self._doubts: list[tuple[int, str]] = []
        self._polls: dict[str, tuple[int, str]] = {}
        self._target_line = -TARGET_WITHIN
        self._targets = Targets()
        self._seen = SeenLines()
        self.taken_apart = 0  # lines: the rest cost next to nothing
        self._left_out = self._garbled = 0

    def take(self, piece: bytes) -> None:
        """Some whole lines of UTF-8."""
        if not piece.isascii():
            self._garbled += _garbled(piece)
        self._note_times(piece)
        if b"\x1b" in piece:
            piece = _COLOUR.sub(b"", piece)
        before, awaited = self.lines, self._awaits_an_answer
        telling, targets = set(_TELLING.lines(piece)), self._targets.version
        todo = deque(sorted(telling.union(self._answers_in(piece) if awaited else ())))
        while todo:
            line = todo.popleft()
            self.lines = before + line.number + 1
            content = piece[line.begin : min(line.end, line.begin + LINE_BYTES)]
            if line in telling or self._targets.may_be_in(content):
                self._take_line(content)
            if self._awaits_an_answer and not (awaited and targets == self._targets.version):  # from here on
                awaited, targets = True, self._targets.version
                todo = deque(sorted({*todo, *(other for other in self._answers_in(piece) if other > line)}))
        self.lines = before + lines_in(piece)

    def _answers_in(self, piece: bytes) -> list[Line]:
        """The lines that may tell of an answer to what is awaited."""
        places = self._targets.places_in(piece)
        if places is None:
            return _CURING.lines(piece)
        return [line for line in lines_at(piece, places) if _CURING.lines(piece[line.begin : line.end])]

    @property
    def _awaits_an_answer(self) -> bool:
        """Whether a request was not answered a while ago, and may be yet."""
        return self.lines - self._target_line < TARGET_WITHIN

    def _note_times(self, piece: bytes) -> None:
        """The times of the first and the last line of a piece stand for those between."""
        last = piece.rfind(b"\n", 0, -1) + 1
        for line in (piece[:300], piece[last : last + 300]):
            at = layouts.instant(line.decode("utf-8", "replace"))
            if at is not None:
                self.first_at = min(at, self.first_at or at)
                self.last_at = max(at, self.last_at or at)

    def _take_line(self, content: bytes) -> None:
        shape = self._seen.shape_of(content)
        seen = self._seen.get(shape)
        if seen is None or (seen is Seen.ANSWER and self._targets.may_be_in(content)):
            seen = self._take_apart(content.decode("utf-8", "replace"))
            if seen is not None:
                self._seen.keep(shape, seen)
        elif seen is Seen.ANOTHER_ERROR:
            self._end_cause()

    def _take_apart(self, text: str) -> Seen | None:
        """Take a line in; what it told of where that was no event and no doubt, nor a part of one."""
        self.taken_apart += 1
        bare = text.strip("\ufeff\r\n").rsplit("\r", 1)[-1]
        line = layouts.read(bare)
        says = line.says
        if self._chains(says):
            return None
        if polled := POLLED.match(says):
            target, state = polled["target"], polled["state"]
            self._polls[target] = (self._polls.get(target, (0, ""))[0] + 1, state)
            return None
        for one in line.texts:
            if done := SUCCEEDED.match(one):
                self._answer(done["target"] or done["path"])
                return Seen.ANSWER
            if RETRIED.match(one):
                self._recover()
                return None
        return self._hear(line, bare)

    def _chains(self, says: str) -> bool:
        """Whether a line joins the event before it to the one that comes."""
        if _CHAIN.match(says):
            near = self._last is not None and self.lines - self._last[1] <= CHAINED_WITHIN
            self._stack = _Stack(self._last[0], self.lines) if near and self._last else None
        elif _TRACEBACK.match(says):
            if self._stack is None and self._last and self._last[1] == self.lines - 1 and not self._last_had_one:
                self._stack = _Stack(self._last[0], self.lines)
            self._in_traceback = True
        else:
            return False
        return True

    def _hear(self, line: layouts.Line, bare: str) -> Seen | None:
        told = [tell(one, after_a_level=line.level in (layouts.RED, layouts.AMBER)) for one in line.texts]
        event = next((one for one in told if one is not None and one.kind is not None), None)
        if event is not None and not line.well:
            self._add(event, line, bare)
            return None
        another = any(OTHER_ERROR.match(one) for one in line.texts)
        if another:
            self._end_cause()
        known = line.well or any(one is not None for one in told)
        if not known and any(
            is_doubtful(one, red=line.level == layouts.RED, calm=line.level == layouts.CALM) for one in line.texts
        ):
            self._doubt(bare)
            return None
        return Seen.ANOTHER_ERROR if another else Seen.NOTHING

    def _end_cause(self) -> None:
        """What comes now has another cause."""
        self._stack = self._last = None
        self._in_traceback = False

    def _doubt(self, bare: str) -> None:
        if self._last is not None and self.lines - self._last[1] <= EXPLAINED_WITHIN:
            return
        self.unclassified += 1
        if len(self._doubts) < MOST_QUOTED:
            self._doubts.append((self.lines, self._scrub(bare)[:DOUBT_CHARS].strip()))

    def _answer(self, target: str) -> None:
        """A request was answered: what went wrong with it before was got over."""
        self._cure([found for found in self._open.values() if found.place == target])
        self._targets.discard(target)

    def _recover(self) -> None:
        """What was tried again did well: so the last error of the network near it was got over."""
        near = self.lines - CURED_WITHIN
        late = [found for found in self._open.values() if found.line >= near]
        self._cure([found for found in late if found.kind is EventKind.NETWORK_ERROR][-1:])

    def _cure(self, cured: list[_Found]) -> None:
        for found in cured:
            found.cured = True
            self._open.pop(found.cause)

    def _add(self, told: Told, line: layouts.Line, bare: str) -> None:
        new = _Found(told, self.lines, line.at)
        stack, self._stack = self._stack, None
        last, self._last_had_one = self._last, self._in_traceback
        self._in_traceback = False
        while (
            self._doubts
            and self.unclassified == len(self._doubts)
            and self._doubts[-1][0] >= self.lines - BEFORE_WITHIN
        ):
            self._doubts.pop()  # it says what they were about
            self.unclassified -= 1
        if last and self.lines - last[1] <= STACK_LINES and any(_CAUSE.match(one) for one in line.texts[:1]):
            self._last = (last[0], self.lines)
            return
        # Scrubbed before it is cut: half a secret would not be known for one.
        new.quote, new.message = self._scrub(bare)[:QUOTE_CHARS], cut_message(self._scrub(self._with_polls(told)))
        new.expected = line.xfail or is_expected(told.says)
        new.place = next((target for one in line.texts if (target := target_of(one))), NO_PLACE)
        known = self._known(new.cause)
        if stack is not None and self.lines - stack.line <= STACK_LINES:
            self._fold(stack.event, new, known)
        elif known is not None:
            known.times += 1
            self._last = (known, self.lines)
        else:
            self._keep(new)
        if new.place != NO_PLACE:
            self._target_line = self.lines
            self._targets.add(new.place)

    def _known(self, cause: tuple[EventKind, str]) -> _Found | None:
        """The event of a cause, also where a summary cuts its words short."""
        if cause in self._open or not _CUT.search(cause[1]):
            return self._open.get(cause)
        kind, begins = cause[0], _CUT.sub("", cause[1])
        late = islice(reversed(self._open.values()), 1_000)
        return next((one for one in late if one.kind is kind and one.cause[1].startswith(begins)), None)

    def _fold(self, inner: _Found, outer: _Found, known: _Found | None) -> None:
        """An error and the one that it led to are one event, told in the words of the latter."""
        if known is not None and known is not inner:  # and so it went before
            if self._found and self._found[-1] is inner and inner.times == 1:
                self._found.pop()
                self._open.pop(inner.cause, None)
            known.times += 1
            inner = known
        else:
            self._open.pop(inner.cause, None)
            inner.becomes(outer)
            self._open[inner.cause] = inner
        self._last = (inner, self.lines)

    def _keep(self, new: _Found) -> None:
        if len(self._found) >= MOST_EVENTS:
            self._left_out += 1
            return
        self._found.append(new)
        self._open[new.cause] = new
        self._last = (new, self.lines)

    def _with_polls(self, told: Told) -> str:
        """What the line says, with the polls that lines before it told of."""
        if told.kind is EventKind.POLLING_TIMEOUT:
            for target, (polls, state) in self._polls.items():
                if re.search(rf"(?<!\w){re.escape(target)}(?!\w)", told.says):
                    return f"{told.says}; {polls} polls before it, the last saw {state}"
        return told.says

    def events(self) -> Iterator[LogEvent]:
        for one in self._found:
            yield LogEvent(
                kind=one.kind,
                line=one.line,
                quote=one.quote,
                at=one.at,
                expected=one.expected,
                cured=one.cured,
                place=self._scrub(one.place),
                message=one.message,
                times=one.times,
            )

    def notes(self) -> Iterator[str]:
        yield f"A log of {self.lines} lines, in which {len(self._found)} events were found."
        if self._left_out:
            yield f"More than {MOST_EVENTS} events: {self._left_out} lines that tell of others are not kept."
        if self.unclassified:
            shown = "; ".join(f"line {line}: {quote}" for line, quote in self._doubts)
            more = (
                f"; and {self.unclassified - len(self._doubts)} more" if self.unclassified > len(self._doubts) else ""
            )
            yield f"Lines with words of an error that could not be classified: {self.unclassified} ({shown}{more})."
        if self._garbled:
            yield f"Lines with bytes that are not in its encoding: {self._garbled}."
        if self.first_at is None:
            yield "It has no times of its own: the time of recording stands for them."


def _garbled(piece: bytes) -> int:
    """How many lines hold bytes that are no UTF-8, or what stands for such."""
    if b"\xef\xbf\xbd" not in piece:
        try:
            piece.decode()
        except UnicodeDecodeError:
            pass
        else:
            return 0
    return sum("\ufffd" in line.decode("utf-8", "replace") for line in piece.split(b"\n"))


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
        unclassified=log.unclassified or 0,
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
