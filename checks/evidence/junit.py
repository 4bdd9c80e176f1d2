"""What does this JUnit report really hold, case by case?

Read by expat, which streams, and nothing is fetched: no DTD, no entity, no include.
"""

from __future__ import annotations

import re
from itertools import islice
from xml.parsers import expat

from checks.evidence import dialects
from checks.evidence.report import (
    LIMITS,
    MESSAGE_CHARS,
    NAME_CHARS,
    Case,
    Contents,
    Declined,
    Pieces,
    Problem,
    Stamp,
    SuiteFinding,
    beyond,
    cut_message,
    cut_name,
    seconds,
    stamp_of,
)
from checks.records import CaseOutcome, ReadStatus

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
NOT_RUN = frozenset({"notrun", "skipped", "disabled", "ignored", "pending", "suppressed"})
SUITES = dialects.JUNIT_ROOTS
PASSED = CaseOutcome.PASSED

# Unicode as XML asks for, and the character sets that report writers are seen to declare.
ENCODINGS = re.compile(
    r"(?i)utf-?(?:8|16(?:-?[bl]e)?)|us-ascii|ascii|iso[-_]?8859[-_]\d{1,2}|latin-?[1-9]|windows-\d{3,5}|cp\d{3,5}"
    r"|koi8-[ru]|macroman|big5|gb2312|gbk|gb18030|shift[-_]jis|euc-(?:jp|kr)"
)


class _Encoding(Exception):
    """The file declares an encoding that is not tried."""


def parse(head: bytes, pieces: Pieces) -> Contents | dialects.Other:
    """What a file of XML holds, or why that is not taken.

    :raises Declined: it goes beyond a limit, or asks for something unsafe.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate(intern=names)
    reader = _Reader(parser, names)
    try:
        piece = head
        while piece:
            parser.Parse(piece, False)
            reader.after_a_piece()
            piece = pieces.next()
        parser.Parse(b"", True)
        reader.after_a_piece()
    except expat.ExpatError as why:
        hint = (
            " It looks like an HTML page, saved in place of the report."
            if dialects.looks_like_html(head)
            else ""
        )
        at_byte = parser.ErrorByteIndex
        return dialects.Other(
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
        return dialects.Other(
            ReadStatus.UNREADABLE, f"its encoding cannot be read: {why}.", at_byte if at_byte >= 0 else None
        )
    if not reader.is_junit:
        return dialects.by_root(reader.root)
    return reader.contents()


# ── the reader: elements in, cases out ───────────────────────────────────────


class _OpenSuite:
    """A suite whose end has not come yet."""

    def __init__(
        self, number: int, name: str, names: tuple[str, ...], stamp: Stamp | None, hostname: str
    ) -> None:
        self.number = number
        self.name = name
        self.names = names
        self.stamp = stamp
        self.hostname = hostname
        self.has_case = False
        self.problems: list[Problem] = []


class _Inside:
    """What stands inside a test case whose end has not come yet. Most cases have nothing, and so none of this."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lost: list[Problem] = []
        self.skipped = False
        self.critical = False


class _Pending:
    """A failure without a message: the beginning of its text is on its way."""

    def __init__(self, into: list[Problem], element: str, attributes: dict[str, str], depth: int) -> None:
        self.into = into
        self.element = element
        self.attributes = attributes
        self.depth = depth
        self.text = ""


class _Reader:
    """The handlers that expat calls, and what they have gathered."""

    def __init__(self, parser: expat.XMLParserType, names: dict[str, str]) -> None:
        self.parser = parser
        self._names = names  # of elements and attributes: expat puts each here once
        self._names_checked = 0
        self._heard = self._long_silence = False
        self._kept_chars = 0
        self._local: dict[str, str] = {}
        self._deepest = LIMITS["depth"].most
        self._most_attributes = LIMITS["attributes"].most
        self._most_cases = LIMITS["cases"].most
        self.root = ""
        self.is_junit = False
        self.by_pytest = False
        self.cases: list[Case] = []
        self.findings: list[SuiteFinding] = []
        self.suite_failures = 0
        self.stamps: list[Stamp] = []
        self.notices: dict[str, int] = {}
        self._declared: list[int | None] = [None, None]
        self._path: list[str] = []
        self._suites: list[_OpenSuite] = []
        self._suites_seen = 0
        self._open: list[dict[str, str]] = []  # the attributes of test cases whose end has not come yet
        self._inside: list[_Inside | None] = []  # and what stands inside each of them
        self._pending: _Pending | None = None
        parser.buffer_text = True
        parser.specified_attributes = True  # a default from a DOCTYPE is not in the report
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped_entity

    # Python would try any codec of that name, and some are no character sets.
    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and not ENCODINGS.fullmatch(encoding):
            raise _Encoding(f"{encoding[:50]!r} is not read here")

    # Any declaration at all: no producer needs one, and each attack does.
    def _entity(self, name: str, *_: object) -> None:
        raise Declined(
            f"it declares an entity ({name[:100]!r}), which no report needs and attacks are made of"
        )

    def _skipped_entity(self, name: str, *_: object) -> None:
        raise Declined(
            f"it uses an entity ({name[:100]!r}) that is declared elsewhere, and nothing is fetched"
        )

    def after_a_piece(self) -> None:
        """What is checked for all the elements of a piece at once, since for each of them it would be felt."""
        for name in islice(self._names, self._names_checked, None):
            if len(name) > LIMITS["tag characters"].most:
                raise beyond("tag characters")
        self._names_checked = len(self._names)
        if self._names_checked > LIMITS["tags"].most:
            raise beyond("tags")
        if self._kept_chars > LIMITS["kept characters"].most:
            raise beyond("kept characters")
        # An element with very long attributes is preceded by a piece in which no element begins.
        self._long_silence |= not self._heard
        self._heard = False

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._heard = True
        path = self._path
        if len(path) >= self._deepest:
            raise beyond("depth")
        if len(attributes) > self._most_attributes:
            raise beyond("attributes")
        if self._long_silence:
            _check(attributes)
            self._long_silence = False
        local = self._local.get(tag)
        if local is None:
            local = self._local[tag] = tag.rpartition(":")[2]
        if local == "testcase" and self.is_junit:
            path.append(local)
            self._start_case(attributes)
            return
        parent = path[-1] if path else ""
        path.append(local)
        if len(path) == 1:
            self.root = local
            self.is_junit = local in SUITES
        if not self.is_junit:
            return
        if local in SUITES:
            self._start_suite(attributes)
        elif parent == "testcase":
            self._start_in_case(local, attributes)
        elif parent in SUITES and local in FAILURES:
            self._start_problem(self._suites[-1].problems, local, attributes)
        elif local == "property" and self._path[-3:-1] == ["testcase", "properties"]:
            self._in_case().critical |= CRITICAL.items() <= attributes.items()

    def _start_suite(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        self.by_pytest = self.by_pytest or name in ("pytest", "pytest tests")
        outer = self._suites[-1] if self._suites else None
        stamp = stamp_of(attributes.get("timestamp", "")) or (outer.stamp if outer else None)
        if stamp is not None and (outer is None or stamp is not outer.stamp) and not self.stamps:
            self.stamps.append(stamp)
        hostname = attributes.get("hostname", outer.hostname if outer else "")
        name = self._cut_name(name)
        names = (*(outer.names if outer else ()), *([name] if name else []))
        self._suites.append(_OpenSuite(self._suites_seen, name, names, stamp, self._cut_name(hostname)))
        self._suites_seen += 1
        self._declare(attributes.get("tests", ""))

    def _declare(self, tests: str) -> None:
        """Keep what the root declares, or else its suites together: deeper totals repeat what is above them."""
        depth = len(self._suites)
        if depth <= 2 and re.fullmatch(r"[0-9]{1,9}", tests):
            self._declared[depth - 1] = (self._declared[depth - 1] or 0) + int(tests)

    def _start_case(self, attributes: dict[str, str]) -> None:
        if len(self.cases) + len(self._open) >= self._most_cases:
            raise beyond("cases")
        if self._open:
            self._notice("nested")
        if not self._suites[-1].has_case:
            for suite in self._suites:
                suite.has_case = True
        self._open.append(attributes)
        self._inside.append(None)

    def _in_case(self) -> _Inside:
        """What stands inside the innermost test case that is open."""
        inside = self._inside[-1]
        if inside is None:
            inside = self._inside[-1] = _Inside()
        return inside

    def _start_in_case(self, local: str, attributes: dict[str, str]) -> None:
        if local in FAILURES:
            self._start_problem(self._in_case().problems, local, attributes)
        elif local in LOST:
            self._start_problem(self._in_case().lost, local, attributes)
        elif local == "skipped":
            self._in_case().skipped = True

    def _start_problem(self, into: list[Problem], local: str, attributes: dict[str, str]) -> None:
        if len(into) >= LIMITS["attempts"].most:
            raise beyond("attempts")
        if "message" in attributes:
            into.append(self._problem(local, attributes, ""))
        elif self._pending is None:
            self._pending = _Pending(into, local, attributes, len(self._path))
            self.parser.CharacterDataHandler = self._characters

    def _characters(self, text: str) -> None:
        if self._pending is not None and len(self._pending.text) <= MESSAGE_CHARS:
            self._pending.text = (self._pending.text + text[: MESSAGE_CHARS + 1]).lstrip()

    def _end(self, _tag: str) -> None:
        local = self._path.pop()
        if not self.is_junit:
            return
        pending = self._pending
        if pending is not None and pending.depth == len(self._path) + 1:
            pending.into.append(self._problem(pending.element, pending.attributes, pending.text))
            self._pending, self.parser.CharacterDataHandler = None, None
        if local == "testcase":
            self._end_case(self._open.pop(), self._inside.pop())
        elif local in SUITES:
            self._end_suite(self._suites.pop())

    def _end_case(self, attributes: dict[str, str], inside: _Inside | None) -> None:
        get = attributes.get
        outcome = PASSED
        if inside is not None or "status" in attributes or "result" in attributes:
            outcome = _outcome(attributes, inside)
            if outcome is PASSED and get("status", "").lower() in ("failed", "error", "broken"):
                self._notice("status")
        suite = self._suites[-1]
        time = get("time")
        duration_s = None if time is None else seconds(time)
        if duration_s is None and time is not None:
            self._notice("time")
        classname, name, file = get("classname", ""), get("name", ""), get("file", "")
        chars = len(classname) + len(name) + len(file)
        if chars > NAME_CHARS:
            classname, name, file = map(self._cut_name, (classname, name, file))
            chars = len(classname) + len(name) + len(file)
        self._kept_chars += chars
        timestamp = get("timestamp")
        self.cases.append(
            Case(
                suite=suite.number,
                suites=suite.names,
                classname=classname,
                name=name,
                file=file,
                hostname=suite.hostname,
                outcome=outcome,
                duration_s=duration_s,
                stamp=suite.stamp if timestamp is None else stamp_of(timestamp) or suite.stamp,
                problems=tuple(inside.problems) if inside is not None else (),
                lost=tuple(inside.lost) if inside is not None else (),
                critical=inside is not None and inside.critical,
            )
        )

    def _end_suite(self, suite: _OpenSuite) -> None:
        self.findings += [SuiteFinding(suites=suite.names, problem=problem) for problem in suite.problems]
        if suite.problems and not suite.has_case:
            self.suite_failures += 1
        if len(self.findings) > LIMITS["suite findings"].most:
            raise beyond("suite findings")

    def _problem(self, element: str, attributes: dict[str, str], text: str) -> Problem:
        self._kept_chars += min(len(attributes.get("message", "")) + len(text), 2 * MESSAGE_CHARS)
        return Problem(
            element=element,
            outcome=PROBLEMS[element],
            type=self._cut_name(attributes.get("type", "")),
            message=self._cut_message(attributes.get("message", "")),
            text=self._cut_message(text),
            duration_s=seconds(attributes.get("time", "")),
        )

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

    def contents(self) -> Contents:
        """What was gathered, once the whole file has proved to be well formed."""
        stamps = [case.stamp for case in self.cases if case.stamp is not None] + self.stamps
        return Contents(
            cases=tuple(self.cases),
            findings=tuple(self.findings),
            suite_failures=self.suite_failures,
            by_pytest=self.by_pytest,
            declared=next((total for total in self._declared if total is not None), None),
            notes=tuple(NOTICES[what].format(n=n) for what, n in sorted(self.notices.items())),
            stamp=min(stamps, key=lambda stamp: stamp.at, default=None),
        )


NOTICES = {
    "message": f"Messages cut to {MESSAGE_CHARS:,} characters: {{n}}.",
    "name": f"Names cut to {NAME_CHARS:,} characters: {{n}}.",
    "nested": "Test cases inside test cases, each counted: {n}.",
    "status": "Counted as passed for want of a failure element, with a status that says otherwise: {n}.",
    "time": "Durations that are no number of seconds, taken as unknown: {n}.",
}


# ── single values ────────────────────────────────────────────────────────────


def _check(attributes: dict[str, str]) -> None:
    if sum(map(len, attributes.values())) > LIMITS["attribute characters"].most:
        raise beyond("attribute characters")


def _outcome(attributes: dict[str, str], inside: _Inside | None) -> CaseOutcome:
    """The class of a case: the first that applies."""
    elements = {problem.element for problem in inside.problems} if inside is not None else set()
    if "error" in elements:
        return CaseOutcome.ERRORED
    if "failure" in elements:
        return CaseOutcome.FAILED
    words = {attributes.get(name, "").strip().lower() for name in ("status", "result")}
    if (inside is not None and inside.skipped) or words & NOT_RUN:
        return CaseOutcome.SKIPPED
    return CaseOutcome.PASSED
