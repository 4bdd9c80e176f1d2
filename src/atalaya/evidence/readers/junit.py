"""Reads JUnit XML into cases and attempts, in bounded memory.

Read by expat, which streams, and nothing is fetched: no DTD, no entity, no include.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from xml.parsers import expat

from atalaya.evidence.readers import causes, sniff
from atalaya.evidence.readers.model import (
    LIMITS,
    MESSAGE_CHARS,
    NAME_CHARS,
    PIECE_BYTES,
    Case,
    Contents,
    Declined,
    Pieces,
    Problem,
    SuiteFinding,
    Timestamp,
    beyond,
    cut_message,
    cut_name,
    seconds,
    timestamp_of,
)
from atalaya.records.stored import CaseOutcome, ReadStatus

# The property by which a test says that it covers something critical; pytest's `record_property` writes it.
CRITICAL = {"name": "severity", "value": "critical"}

FAILURES = {"error": CaseOutcome.ERRORED, "failure": CaseOutcome.FAILED}
# Attempts that were lost. They never change how the case itself is counted.
LOST = {
    "flakyError": CaseOutcome.ERRORED,
    "flakyFailure": CaseOutcome.FAILED,
    "rerunError": CaseOutcome.ERRORED,
    "rerunFailure": CaseOutcome.FAILED,
}
PROBLEMS = FAILURES | LOST
# Words of a case's `status` and `result`, in any capitals. Any other one is a doubt, whether it is known to mean red
# or not: the elements say what is counted, and no word makes a file green that they leave open.
NOT_RUN = frozenset({"notrun", "skipped", "disabled", "ignored", "pending", "suppressed"})
DONE = frozenset(
    {"", "0", "run", "ran", "executed", "pass", "passed", "ok", "success", "successful", "succeeded"}
    | {"complete", "completed", "done", "finished"}
)
RED = frozenset(
    {"fail", "failed", "failure", "error", "errored", "broken", "timeout", "timedout", "aborted", "crash", "crashed"}
    | {"cancelled", "canceled", "interrupted", "killed", "terminated", "unexpected", "xpassstrict"}
)
# Names of elements, in small letters, that nearly are a failure's, or that some tools write in its place; and those of
# attributes by which tools say the same. Elsewhere than in a case or a suite, a failure's own name is one of them.
NEARLY = frozenset(
    {"failure", "failed", "fail", "error", "errored", "warning", "exception"}
    | {"timeout", "timedout", "crash", "crashed", "aborted", "broken"}
)
SAYS_RED = ("failure", "failures", "failed", "error", "errors", "errored", "warning")
SAYS_GREEN = ("success", "passed")
DECLARED_ERRORS = ("errors", "errored")
DECLARED = ("failures", "errors", "failed", "errored", "warnings")
# What most cases have, and nothing has to be looked for in it.
PLAIN = frozenset({"name", "classname", "time", "file", "line", "timestamp", "id", "assertions", "class", "lineno"})
SUITES = sniff.JUNIT_ROOTS
PASSED = CaseOutcome.PASSED
NOTHING: tuple[tuple[Problem, ...], tuple[Problem, ...], bool] = ((), (), False)  # inside a case

# What things take in memory besides their texts; and how wide a character may be, if but one in the text is.
BYTES_A_PROBLEM = 200
BYTES_A_NAME = 8
WIDEST = 4
COUNT = re.compile(r"[0-9]{1,9}")
MOST_DIGITS = 20
MOST_SIGNS = 10  # that are named
TEXT_CHARS = 16_000  # of the beginning and of the end of a failure's text, in which an error is looked for

# Unicode as XML asks for, and the character sets that report writers are seen to declare.
ENCODINGS = re.compile(
    r"(?i)utf[-_]?(?:8|16(?:-?[bl]e)?)|us[-_]ascii|ascii|ansi_x3\.4-1968|ibm-?\d{3,5}|macintosh|tis-620"
    r"|iso[-_]?8859[-_]\d{1,2}|latin-?[1-9]|windows-\d{3,5}|cp\d{3,5}"
    r"|koi8-[ru]|macroman|big5|gb2312|gbk|gb18030|shift[-_]jis|euc-(?:jp|kr)"
)


class _Encoding(Exception):
    """The file declares an encoding that is not tried."""


def parse(head: bytes, pieces: Pieces) -> Contents | sniff.Other:
    """What a file of XML holds, or why that is not taken.

    :raises Declined: it goes beyond a limit, or asks for something unsafe.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate(None, "}", intern=names)
    reader = _Reader(parser, names)
    try:
        piece = head
        while piece:
            parser.Parse(piece, False)
            piece = pieces.next(reader.after_a_piece(pieces.size_bytes))
        parser.Parse(b"", True)
    except expat.ExpatError as why:
        hint = " It looks like an HTML page, saved in place of the report." if sniff.looks_like_html(head) else ""
        at_byte = parser.ErrorByteIndex
        return sniff.Other(
            ReadStatus.UNREADABLE,
            f"not well formed at byte {at_byte}: {expat.ErrorString(why.code)} (line {why.lineno}).{hint}",
            at_byte if at_byte >= 0 else None,
        )
    except (_Encoding, ValueError, LookupError) as why:
        # Expat has no table for encodings of several bytes a character (GBK, Shift-JIS), and says ValueError.
        # What comes out of one of our handlers has frames below this one, and is our own mistake.
        ours = why.__traceback__ is not None and why.__traceback__.tb_next is not None
        if ours and not isinstance(why, _Encoding):
            raise
        at_byte = parser.CurrentByteIndex
        return sniff.Other(
            ReadStatus.UNREADABLE, f"its encoding cannot be read: {why}.", at_byte if at_byte >= 0 else None
        )
    finally:
        reader.let_go()
    return reader.contents() if reader.is_junit else sniff.by_root(reader.root)


# ── the reader: elements in, cases out ───────────────────────────────────────


class _OpenSuite:
    """A suite whose end has not come yet."""

    def __init__(
        self,
        number: int,
        names: tuple[str, ...],
        timestamp: Timestamp | None,
        hostname: str,
        cases_before: int,
        red_before: int,
        declares_red: int,
    ) -> None:
        self.number = number
        self.names = names
        self.timestamp = timestamp
        self.hostname = hostname
        self.cases_before = cases_before
        self.red_before = red_before
        self.declares_red = declares_red
        self.declares_red_inside = 0  # in elements
        self.problems: list[Problem] = []


class _Inside:
    """What stands inside a test case whose end has not come yet. Most cases have nothing, and so none of this."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lost: list[Problem] = []
        self.skipped = False
        self.critical = False

    def gathered(self) -> tuple[tuple[Problem, ...], tuple[Problem, ...], bool]:
        return tuple(self.problems), tuple(self.lost), self.critical


class _Pending:
    """A failure whose message leaves open what happened: its text is on its way, and its beginning and end are kept."""

    def __init__(self, into: list[Problem], element: str, attributes: dict[str, str], depth: int) -> None:
        self.into = into
        self.element = element
        self.attributes = attributes
        self.depth = depth
        self._begins = self._ends = ""

    def take(self, text: str) -> None:
        if len(self._begins) < TEXT_CHARS:
            self._begins = (self._begins + text).lstrip()
        else:
            self._ends = (self._ends + text)[-TEXT_CHARS:]

    @property
    def text(self) -> str:
        return self._begins + self._ends


class _LocalNames(dict[str, str]):
    """Names of elements without their prefixes, each cut once."""

    def __missing__(self, tag: str) -> str:
        local = self[tag] = tag.rpartition("}")[2]
        return local


class _Durations(dict[str, float | None]):
    """Durations by how they are written: most reports write milliseconds, so that the same ones return."""

    def __missing__(self, text: str) -> float | None:
        duration_s = seconds(text)
        if len(text) < 20 and len(self) < 10_000:
            self[text] = duration_s
        return duration_s


class _Reader:
    """The handlers that expat calls, and what they have gathered.

    ``_start`` and ``_end`` are called for every element there is, and nearly all of them are test cases with nothing
    inside: what such a case needs stands there in one place, and all else is left to others.
    """

    def __init__(self, parser: expat.XMLParserType, names: dict[str, str]) -> None:
        self.parser = parser
        self._names = names  # of elements and attributes: expat puts each here once
        self._names_checked = 0
        self._reached = 0  # where the last token begins that expat has seen
        self._kept_bytes = 0
        self._local = _LocalNames()
        self._durations = _Durations()
        self._deepest = LIMITS["depth"].most
        self._most_attributes = LIMITS["attributes"].most
        self.root = ""
        self.is_junit = False
        self.by_pytest = False
        self.cases: list[Case] = []
        self.findings: list[SuiteFinding] = []
        self.suite_failures = 0
        self.timestamps: list[Timestamp] = []
        self.notices: dict[str, int] = {}
        self.doubts: dict[str, int] = {}
        self._red = 0  # elements of failures so far
        self._declares_errors = False
        self._missing = 0  # the most failures that a suite declares and does not show
        self._declared: list[int | None] = [None, None]
        self._path: list[str] = []
        self._suites: list[_OpenSuite] = []
        self._suite: _OpenSuite | None = None  # the innermost; none in a document that is not JUnit
        self._suites_seen = 0
        # The test case whose end has not come yet: its attributes, its line, and what stands inside.
        self._case: dict[str, str] | None = None
        self._line = 0
        self._inside: _Inside | None = None
        self._outer_cases: list[tuple[dict[str, str], int, _Inside | None]] = []
        self._pending: _Pending | None = None
        self._total: str | None = None  # a count of failures that stands in an element, as far as it was read
        parser.buffer_text = True
        parser.specified_attributes = True  # a default from a DOCTYPE is not in the report
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped_entity

    def let_go(self) -> None:
        """Know the parser no longer, which knows this: together they would stay in memory for a while."""
        del self.parser

    # Python would try any codec of that name, and some are no character sets.
    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and not ENCODINGS.fullmatch(encoding):
            raise _Encoding(f"{encoding[:50]!r} is not read here")

    # Any declaration at all: no producer needs one, and each attack does.
    def _entity(self, name: str, *_: object) -> None:
        raise Declined(f"it declares an entity ({name[:100]!r}), which no report needs and attacks are made of")

    def _skipped_entity(self, name: str, *_: object) -> None:
        raise Declined(f"it uses an entity ({name[:100]!r}) that is declared elsewhere, and nothing is fetched")

    def after_a_piece(self, fed_bytes: int) -> int:
        """What is checked for all the elements of a piece at once, since for each of them it would be felt.

        :return: how many bytes the next piece should have. Expat reads a tag that goes on there again from its start,
            so twice as many as there are of it; but not more than it may have.
        """
        for name in islice(self._names, self._names_checked, None):
            if len(name) > LIMITS["tag characters"].most:
                raise beyond("tag characters")
        self._names_checked = len(self._names)
        if self._names_checked > LIMITS["tags"].most:
            raise beyond("tags")
        if len(self.cases) > LIMITS["cases"].most:
            raise beyond("cases")
        if self._kept_bytes > LIMITS["kept bytes"].most:
            raise beyond("kept bytes")
        if not self.root and fed_bytes > LIMITS["prologue bytes"].most:
            raise beyond("prologue bytes")
        self._reached = max(self._reached, self.parser.CurrentByteIndex)
        unfinished = fed_bytes - self._reached
        if unfinished > LIMITS["tag bytes"].most:
            raise beyond("tag bytes")
        return max(PIECE_BYTES, min(unfinished, LIMITS["tag bytes"].most - unfinished))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        if len(path) >= self._deepest:
            raise beyond("depth")
        if len(attributes) > self._most_attributes:
            raise beyond("attributes")
        local = self._local[tag]
        path.append(local)
        if local != "testcase" or self._suite is None:
            self._start_other(local, attributes)
            return
        if self._case is not None:
            self._start_nested(self._case)
        self._case = attributes
        self._line = self.parser.CurrentLineNumber

    def _start_other(self, local: str, attributes: dict[str, str]) -> None:
        path = self._path
        if len(path) == 1:
            self.root = local
            self.is_junit = local in SUITES
        if not self.is_junit:
            return
        parent = path[-2] if len(path) > 1 else ""
        if local in SUITES:
            self._start_suite(attributes)
        elif parent == "testcase":
            self._start_in_case(local, attributes)
        elif parent in SUITES and local in FAILURES:
            self._start_problem(self._suites[-1].problems, local, attributes)
        elif parent in SUITES and local in DECLARED and self._pending is None:
            self._total = ""
            self.parser.CharacterDataHandler = self._characters
        elif local.lower() in NEARLY and self._pending is None:
            self._doubt(f"<{parent}><{local[:50]}>")
        elif local == "property" and path[-3:-1] == ["testcase", "properties"]:
            self._in_case().critical |= CRITICAL.items() <= attributes.items()

    def _start_nested(self, outer: dict[str, str]) -> None:
        """A test case inside another: what the outer one holds waits for its end."""
        self._notice("nested")
        self._keep("".join(outer.values()))
        self._outer_cases.append((outer, self._line, self._inside))
        self._inside = None

    def _start_suite(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        self.by_pytest = self.by_pytest or name in ("pytest", "pytest tests")
        outer = self._suites[-1] if self._suites else None
        timestamp = timestamp_of(attributes.get("timestamp", "")) or (outer.timestamp if outer else None)
        if timestamp is not None and (outer is None or timestamp is not outer.timestamp) and not self.timestamps:
            self.timestamps.append(timestamp)
        hostname = attributes.get("hostname", outer.hostname if outer else "")
        name = self._cut_name(name)
        names = (*(outer.names if outer else ()), *([name] if name else []))
        hostname = self._cut_name(hostname)
        self._keep(name + hostname)
        self._kept_bytes += BYTES_A_NAME * len(names)
        told = {each: int(attributes[each]) for each in DECLARED if COUNT.fullmatch(attributes.get(each, ""))}
        red = sum(told.values())
        self._declares_errors |= any(told.get(each, 0) > 0 for each in DECLARED_ERRORS)
        self._suite = _OpenSuite(self._suites_seen, names, timestamp, hostname, len(self.cases), self._red, red)
        self._suites.append(self._suite)
        self._suites_seen += 1
        self._declare(attributes.get("tests", ""))

    def _declare(self, tests: str) -> None:
        """Keep what the root declares, or else its suites together: deeper totals repeat what is above them."""
        depth = len(self._suites)
        if depth <= 2 and COUNT.fullmatch(tests):
            self._declared[depth - 1] = (self._declared[depth - 1] or 0) + int(tests)

    def _in_case(self) -> _Inside:
        """What stands inside the innermost test case that is open."""
        if self._inside is None:
            self._inside = _Inside()
        return self._inside

    def _start_in_case(self, local: str, attributes: dict[str, str]) -> None:
        if local in FAILURES:
            self._start_problem(self._in_case().problems, local, attributes)
        elif local in LOST:
            self._start_problem(self._in_case().lost, local, attributes)
        elif local == "skipped":
            self._in_case().skipped = True
        elif local.lower().removesuffix("s") in NEARLY:  # below a suite, the plural holds a number
            self._doubt(f"<{local[:50]}>")

    def _start_problem(self, into: list[Problem], local: str, attributes: dict[str, str]) -> None:
        if len(into) >= LIMITS["attempts"].most:
            raise beyond("attempts")
        self._red += 1
        told = "message" in attributes and not causes.are_needed(attributes.get("type", ""), attributes["message"])
        if told or self._pending is not None:
            into.append(self._problem(local, attributes, ""))
        else:
            self._pending = _Pending(into, local, attributes, len(self._path))
            self.parser.CharacterDataHandler = self._characters

    def _characters(self, text: str) -> None:
        if self._pending is not None:
            self._pending.take(text)
        elif self._total is not None and len(self._total) < MOST_DIGITS:
            self._total += text.strip()[:MOST_DIGITS]

    def _end(self, _tag: str) -> None:
        local = self._path.pop()
        attributes, suite = self._case, self._suite
        if local != "testcase" or attributes is None or suite is None:
            self._end_other(local)
            return
        inside, outcome, get = self._inside, PASSED, attributes.get
        if inside is not None or not attributes.keys() <= PLAIN:
            outcome = self._outcome(attributes, inside)
        time, duration_s = get("time"), None
        if time is not None:
            duration_s = self._durations[time]
            if duration_s is None:
                self._notice("time")
        classname, name, file = get("classname", ""), get("name", ""), get("file", "")
        if not name or name.isspace():
            self._doubt("a case without a name")
        kept = classname + name + file
        if len(kept) > NAME_CHARS:
            classname, name, file = map(self._cut_name, (classname, name, file))
            kept = classname + name + file
        self._kept_bytes += len(kept) if kept.isascii() else WIDEST * len(kept)
        stamp, timestamp = get("timestamp"), suite.timestamp
        if stamp:
            timestamp = timestamp_of(stamp) or timestamp
        problems, lost, critical = NOTHING if inside is None else inside.gathered()
        self.cases.append(
            Case(
                suite.number,
                suite.names,
                classname,
                name,
                file,
                suite.hostname,
                outcome,
                duration_s,
                timestamp,
                self._line,
                problems,
                lost,
                critical,
            )
        )
        self._case = self._inside = None
        if self._outer_cases:
            self._case, self._line, self._inside = self._outer_cases.pop()

    def _end_other(self, local: str) -> None:
        pending = self._pending
        if pending is not None and pending.depth == len(self._path) + 1:
            pending.into.append(self._problem(pending.element, pending.attributes, pending.text))
            self._pending, self.parser.CharacterDataHandler = None, None
        if self._total is not None and local in DECLARED and self._suite is not None:
            if COUNT.fullmatch(self._total):
                self._suite.declares_red_inside += int(self._total)
                self._declares_errors |= local in DECLARED_ERRORS and int(self._total) > 0
            self._total, self.parser.CharacterDataHandler = None, None
        if self._suites and local in SUITES:
            self._end_suite(self._suites.pop())
            self._suite = self._suites[-1] if self._suites else None

    def _outcome(self, attributes: dict[str, str], inside: _Inside | None) -> CaseOutcome:
        """The class of a case: the first that applies."""
        if inside is not None and inside.problems:
            elements = [problem.element for problem in inside.problems]
            return CaseOutcome.ERRORED if "error" in elements else CaseOutcome.FAILED
        for problem in () if inside is None else inside.lost:
            if problem.element.startswith("rerun"):
                self._doubt(f"<{problem.element}> alone")
        words = [attributes.get(name, "").strip().lower() for name in ("status", "result")]
        skipped = (inside is not None and inside.skipped) or not NOT_RUN.isdisjoint(words)
        self._doubt_words(attributes, words, skipped)
        return CaseOutcome.SKIPPED if skipped else CaseOutcome.PASSED

    def _doubt_words(self, attributes: dict[str, str], words: list[str], skipped: bool) -> None:
        """What the attributes of a case say against its want of a failure element."""
        for name, word in zip(("status", "result"), words, strict=True):
            is_red = re.sub(r"[\W_]", "", word) in RED
            if is_red or not (skipped or word in DONE):
                self._doubt(f'{name}="{attributes[name].strip()[:50]}"')
        if attributes.keys() <= PLAIN:
            return
        for name in SAYS_RED:
            if attributes.get(name, "").strip().lower() not in ("", "0", "false", "no", "none"):
                self._doubt(f'the attribute "{name}"')
        for name in SAYS_GREEN:
            if attributes.get(name, "").strip().lower() in ("0", "false", "no"):
                self._doubt(f'{name}="{attributes[name].strip()}"')

    def _end_suite(self, suite: _OpenSuite) -> None:
        self.findings += [SuiteFinding(suites=suite.names, problem=problem) for problem in suite.problems]
        if suite.problems and len(self.cases) == suite.cases_before:
            self.suite_failures += 1
        declared = max(suite.declares_red, suite.declares_red_inside)
        self._missing = max(self._missing, declared - (self._red - suite.red_before))
        if len(self.findings) > LIMITS["suite findings"].most:
            raise beyond("suite findings")

    def _problem(self, element: str, attributes: dict[str, str], text: str) -> Problem:
        get = attributes.get
        kind, message = get("type", ""), get("message", "")
        stated = causes.stated_in(text) if text else ()
        if "message" in attributes:
            text = ""
        if len(kind) + len(message) + len(text) > NAME_CHARS:
            kind, message, text = self._cut_name(kind), self._cut_message(message), self._cut_message(text)
        self._keep(kind + message + text + "".join(stated))
        self._kept_bytes += BYTES_A_PROBLEM
        return Problem(
            element=element,
            outcome=PROBLEMS[element],
            type=kind,
            message=message,
            text=text,
            duration_s=self._durations[get("time", "")],
            causes=stated,
        )

    def _keep(self, text: str) -> None:
        """Count what is kept of a text, as wide as Python may store it."""
        self._kept_bytes += len(text) if text.isascii() else WIDEST * len(text)

    def _cut_name(self, name: str) -> str:
        if len(name) > NAME_CHARS:
            self._notice("name")
        return cut_name(name)

    def _cut_message(self, message: str) -> str:
        if len(message) <= MESSAGE_CHARS:
            return message
        self._notice("message")
        return cut_message(message)

    def _notice(self, what: str) -> None:
        self.notices[what] = self.notices.get(what, 0) + 1

    def _doubt(self, sign: str) -> None:
        if sign in self.doubts or len(self.doubts) < MOST_SIGNS:
            self.doubts[sign] = self.doubts.get(sign, 0) + 1

    def _doubts(self) -> Iterator[str]:
        if self._missing:
            yield f"Failures, errors or warnings that it declares and no element shows: {self._missing}."
        if self.doubts:
            signs = ", ".join(sign if n == 1 else f"{sign} ({n} times)" for sign, n in self.doubts.items())
            yield f"Counted as passed or skipped for want of a failure element, with signs that say otherwise: {signs}."

    def contents(self) -> Contents:
        """What was gathered, once the whole file has proved to be well formed."""
        # Cases share that of their suite.
        timestamps = {
            id(at): at for at in [*(case.timestamp for case in self.cases), *self.timestamps] if at is not None
        }
        return Contents(
            cases=tuple(self.cases),
            findings=tuple(self.findings),
            suite_failures=self.suite_failures,
            by_pytest=self.by_pytest,
            declared=next((total for total in self._declared if total is not None), None),
            doubts=tuple(self._doubts()),
            declares_errors=self._declares_errors,
            notes=tuple(NOTICES[what].format(n=n) for what, n in sorted(self.notices.items())),
            timestamp=min(timestamps.values(), key=lambda timestamp: timestamp.at, default=None),
        )


NOTICES = {
    "message": f"Messages cut to {MESSAGE_CHARS:,} characters: {{n}}.",
    "name": f"Names cut to {NAME_CHARS:,} characters: {{n}}.",
    "nested": "Test cases inside test cases, each counted: {n}.",
    "time": "Durations that are no number of seconds, taken as unknown: {n}.",
}
