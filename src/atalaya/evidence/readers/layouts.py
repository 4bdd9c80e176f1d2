"""Takes a line of a log apart: what stands before its message, its level, and the texts in which an error may stand.

A line is written by one tool and carried by others, and each puts something in front: a time, a level, a logger, a
container, a worker, a machine. What can stand there is one table, and is taken off from the left until nothing of
it is left, so that two layouts one inside the other need no row of their own. JSON and ``key=value`` are opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

MOST_PREFIXES = 24  # of a line: hostile ones repeat them without end
MOST_DEPTH = 4  # of JSON in JSON
MOST_TEXTS = 40  # of one line
TEXT_CHARS = 4_096  # of one text that are looked at

_TIME = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_STAMP = rf"\d{{4}}[-/.]\d\d[-/.]\d\d[T_ ,-]{{1,3}}{_TIME}(?: ?(?:Z\b|UTC|GMT|[+-]\d\d:?\d\d))?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_RED = r"ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|PANIC|DPANIC|ALERT|EMERG|EXCEPTION|FAIL|FAILED|CR[IÍ]TICO|FALLO"
_CALM = r"TRACE|DEBUG|VERBOSE|INFO|INF|INFORMATION|NOTICE|SUCCESS|DBG|DEBG|LOG"
_AMBER = r"WARN|WARNING|WRN|AVISO|ADVERTENCIA"
_LEVEL = rf"{_RED}|{_CALM}|{_AMBER}"
# Brackets hold a level, a thread, a worker, a container: but "[Errno 111]" and "[503]" begin what is said.
_IN_BRACKETS = r"\[(?!cause\]|(?:Errno|WinError|Error |SSL|5\d\d\b|TRANSPORT)[^\]]*\])[^\[\]\n]{1,120}\]"

# What may stand before a message, and who writes it. Each row takes the space after it as well.
PREFIXES: tuple[tuple[str, str], ...] = (
    ("a time with its date: logging, loguru, structlog, GitHub, CRI", rf"[\[(]?{_STAMP}[\])]?(?=[\s|:\]Z-]|$):?\s*"),
    ("a time alone", rf"[\[(]?{_TIME}[\])]?(?=[\s|])\s*"),
    ("syslog by RFC 5424", r"<\d{1,3}>\d{1,2} \S{1,40} \S{1,255} \S{1,48} \S{1,128} \S{1,32} "),
    ("its structured data, or none", r"(?:\[[\w.@-]{1,64}(?: [\w.@-]{1,64}=\"[^\"\]]{0,500}\"){1,20}\]){1,5}\s|-\s+"),
    ("a byte order mark", "\ufeff"),
    (
        "syslog by RFC 3164",
        (
            rf"(?:<\d{{1,3}}>)?(?:\w{{3}} )?{_MONTH} {{1,2}}\d{{1,2}} {_TIME}(?: \d{{4}})?\s"
            rf"(?:[\w.:-]{{1,255}} [\w./@()-]{{1,64}}(?:\[\d{{1,9}}\])?:\s)?"
        ),
    ),
    ("a priority", r"<\d{1,3}>"),
    ("a machine, a program and its process", r"[\w.-]{1,255} [\w./@-]{1,64}\[\d{1,9}\]:\s"),
    ("a program and its process", r"[\w./@-]{1,64}\[\d{1,9}\]:\s"),
    ("klog, of Kubernetes", rf"[IWEF]\d{{4}} {_TIME}\s+\d+\s+[\w./-]{{1,100}}:\d+\]\s"),
    ("CRI, of containerd", r"std(?:out|err) [FP]\s"),
    ("GitLab's stream", r"\d\d[OE][+ ]"),
    ("a command of GitHub or Azure", r"##\[\w{1,20}\]|::\w{1,20}[^:\n]{0,300}::|##vso\[task\.\w+[^\]\n]{0,300}\]"),
    ("nginx, its process and connection", r"\d{1,9}#\d{1,9}:\s(?:\*\d+\s)?"),
    (
        "pytest's short summary",
        r"(?:FAILED|ERROR|SUBFAILED\S*|XFAIL)\s+(?=\S{0,300}(?:::|\.py))\S{1,300}?(?:\[[^\]\n]{0,200}\])?\s+-\s",
    ),
    (
        "a level, a logger and a place: live logs of pytest",
        rf"(?:{_LEVEL})\s{{1,5}}[\w.$-]{{1,100}}:[\w./-]{{1,100}}:\d{{1,6}}\s",
    ),
    (
        "a level or a failed check, and its logger or its name",
        (
            rf"(?:(?:{_LEVEL}):?|\[(?:FAIL|PASS)\])\s{{1,5}}(?!(?:curl|code|errno|syscall|cause|reason|type|name):|"
            rf"\S*(?:Error|Exception|Timeout|Failure|gaierror):)"
            r"[a-z_][\w.-]{0,100}:\s"
        ),
    ),
    (
        "a level and a logger with dots",
        (
            rf"(?:{_LEVEL})\s{{1,5}}(?!\S*(?:Error|Exception|Timeout|Failure|"
            rf"gaierror)\b)[a-z_]\w{{0,60}}(?:\.[\w-]{{1,60}}){{1,9}}\s"
        ),
    ),
    ("a level and an application: Flask", rf"(?:{_LEVEL}) in [\w.-]{{1,100}}:\s"),
    ("a level and a logger: basicConfig", rf"(?:{_LEVEL}):[\w.$-]{{1,200}}:\s*"),
    ("a level", rf"(?:{_LEVEL})(?=[\s\]|:/>])[\]:>]?(?:\s+|$)"),
    ("a level in small letters", rf"(?i:{_LEVEL})(?::\s|\t|\s{{2,}}|\s(?=\[))\s*|(?i:{_LEVEL})\s-\s"),
    ("something in brackets", rf"{_IN_BRACKETS}:?\s*"),
    ("a thread or a logger in parentheses", r"\([\w ./:#-]{1,60}\)\s+"),
    ("a file in braces: Airflow", r"\{[\w./-]{1,100}:\d+\}\s"),
    ("a process, of Spring", r"\d{1,7} --- "),
    ("a logger of Spring", r"[\w.$]{1,100}\s+:\s"),
    ("a module, a function and a line: loguru", r"[\w.$<>/-]{1,100}:[\w.<>$]{1,100}:\d{1,6}(?:\s-)?\s"),
    ("a module of Rust", r"[a-z_]\w{0,60}(?:::[a-z_]\w{0,60}){1,9}(?::\s|(?=\]))"),
    ("the end of brackets", r"[\w.$-]{0,100}\]\s+"),
    ("a pod and its container", r"[a-z0-9.-]{1,100}-[a-z0-9]{5,10}-[a-z0-9]{5} [\w.-]{1,63} (?:[>›] )?"),
    ("a class and a line", r"[\w.$]{1,100}:\d{1,6} - "),
    (
        "a file and a line",
        r"[\w./@-]{1,100}\.(?:go|py|js|ts|rs|cc|cpp|java|kt|rb|cs):\d{1,6}(?::\d{1,6})?:?\s(?![\w.]+\s*$)",
    ),
    ("a logger", r"[A-Za-z_][\w.$-]{0,100} - "),
    ("a container of compose", r"[A-Za-z][\w.@/-]{0,100}\s*\|(?=\s|$)\s*"),
    ("rails, bullets and separators", r"[|│┃+*•●▶❯✗✘✕❌×⨯·]+\s+|-\s+|>\s(?=\S)"),
    ("npm and its like", r"(?:npm|yarn|pnpm) (?:ERR!|error|err!)\s"),
    ("pytest's mark of an error", r"E(?=\s{2,}|\s*$)\s+"),
    ("a test that failed", r"not ok \d+ - (?=\S+ E[A-Z]+\b)"),
)
_PREFIX = re.compile(r"\s+|" + "|".join(f"(?:{pattern})" for _, pattern in PREFIXES))
_LEVELS = re.compile(
    rf"(?i)(?<![\w-])(?:(?P<red>{_RED})|(?P<calm>{_CALM})|(?P<amber>{_AMBER}))(?![\w-])|ERR!|(?P<k>[IWEF])\d{{4}} "
)
_PRIORITY = re.compile(r"<(\d{1,3})>")
COLOUR = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_FIRST_STAMP = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T_ ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z|[+-]\d\d:?\d\d)?")
_WELL = re.compile(r"^\s*(?:✓|✔|√)|(?<![\w-])(?:PASS|PASSED|OK)(?![\w-])")
_XFAIL = re.compile(r"(?:^|\s)XFAIL\s")
RED, AMBER, CALM = "red", "amber", "calm"

# The names under which loggers keep what is said, an error, a level and a time.
_MESSAGES = ("message", "msg", "event", "log", "text", "body", "@m", "@mt", "short_message", "textPayload", "MESSAGE")
_NESTED = ("jsonPayload", "fields", "data", "record", "attributes", "extra")
_ERRORS = (
    *("exception", "exc_info", "exc_text", "exc", "traceback", "stack_trace", "stacktrace", "stack", "error", "err"),
    *("error.stack_trace", "error.message", "error_message", "errorMessage", "errorDetails", "cause", "reason", "@x"),
    *("detail", "details", "exception.message", "exception.stacktrace", "thrown", "throwable", "failure"),
)
_LEVEL_KEYS = ("level", "lvl", "severity", "levelname", "log.level", "loglevel", "@l", "severityText", "status")
_TIMES = ("time", "timestamp", "@timestamp", "ts", "t", "asctime", "@t", "datetime", "date")
_CLASSES = ("type", "exc_type", "name", "class", "kind", "code", "error.type", "exception.type")
_VALUES = ("message", "exc_value", "value", "msg", "detail", "description", "reason")
_STACKS = ("stack", "stack_trace", "stacktrace", "traceback", "extendedStackTrace", "cause", "exceptions")
_PATHS = ("path", "url", "uri", "request_uri", "requestUrl", "target", "route", "http.url", "url.path", "http.target")
_STATUSES = (
    "status",
    "status_code",
    "statusCode",
    "code",
    "http.status_code",
    "http.response.status_code",
    "resp_status",
)
_METHODS = ("method", "request_method", "requestMethod", "http.method", "http.request.method", "verb")
_PAIR = re.compile(
    r"(?:^|(?<=\s))([A-Za-z_@][\w.@-]{0,40})=(\"(?:[^\"\\]|\\.){0,4000}\"|'[^']{0,4000}'|[^\s\"']\S{0,2000})"
)
_TAIL = re.compile(r"\s{2,}(?=[A-Za-z_][\w.]{0,40}=)")  # structlog puts its pairs after what is said
_TEAMCITY = re.compile(r"##teamcity\[(?P<what>\w+)(?P<pairs>.*)\]\s*$", re.DOTALL)
_TEAMCITY_PAIR = re.compile(r"(\w{1,40})='((?:[^'|]|\|.){0,4000})'")
_TEAMCITY_ESCAPES = {"n": "\n", "r": "\r", "x": "\n", "l": "\n", "p": "\n"}


class Line(NamedTuple):
    """A line taken apart. ``level`` is red, amber, calm, or empty where none is told.

    ``texts`` are what is said and the errors beside it, in the order in which they are to be asked; ``well`` where
    the line tells of something that passed; ``xfail`` where it was expected to fail.
    """

    texts: tuple[str, ...]
    level: str
    at: datetime | None
    well: bool
    xfail: bool

    @property
    def says(self) -> str:
        """What is said first."""
        return self.texts[0] if self.texts else ""


def read(line: str) -> Line:
    """Take a line apart.

    >>> read("2026-01-01T00:00:01Z web-1  | 2026-01-01 00:00:01,250 - acme - ERROR - TimeoutError: gone").says
    'TimeoutError: gone'
    >>> read('{"level": "error", "msg": "failed", "err": {"type": "Error", "message": "connect ECONNREFUSED"}}').texts
    ('Error: connect ECONNREFUSED', 'failed')
    """
    return _read(line, MOST_DEPTH)


def _read(line: str, depth: int) -> Line:
    line = COLOUR.sub("", line) if "\x1b" in line else line
    end = _prefixed(line)
    before, says = line[:end], line[end:].rstrip()
    level, at = _level_of(before), instant(before)
    opened = _opened(says, depth) if depth else None
    if opened is not None:
        return Line(opened.texts, opened.level or level, opened.at or at, opened.well, opened.xfail)
    says = says[:TEXT_CHARS]
    texts = _with_pairs(says) if "=" in says else (says,)
    return Line(texts, level, at, _WELL.search(before) is not None, _XFAIL.search(before) is not None)


def _prefixed(line: str) -> int:
    """Where what is said begins."""
    end = 0
    for _ in range(MOST_PREFIXES):
        found = _PREFIX.match(line, end)
        if found is None or found.end() == end:
            break
        end = found.end()
    return end


def _level_of(before: str) -> str:
    """The last level that is named before a message."""
    level = ""
    for found in _LEVELS.finditer(before):
        kind = found.lastgroup or RED
        level = {"I": CALM, "W": AMBER}.get(found["k"], RED) if kind == "k" else kind
    if not level and (priority := _PRIORITY.search(before)):
        severity = int(priority[1]) % 8  # RFC 5424, 6.2.1
        level = RED if severity < 4 else AMBER if severity == 4 else CALM
    return level


def instant(text: str) -> datetime | None:
    """The first time with a date in a text; without a zone it is taken as UTC."""
    found = _FIRST_STAMP.search(text)
    if found is None:
        return None
    year, month, day, time, fraction, zone = found.groups()
    try:  # GitHub writes seven digits
        at = datetime.fromisoformat(f"{year}-{month}-{day}T{time}.{(fraction or '0')[:6]:0<6}{zone or '+00:00'}")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# ── structured lines ─────────────────────────────────────────────────────────


def _opened(says: str, depth: int) -> Line | None:
    """What stands in JSON, in TeamCity's messages or in pairs of keys and values; None where it is a plain text."""
    if says.startswith("{") and says.endswith("}"):
        document = _json(says)
        return None if document is None else _of_members(document, depth - 1)
    if teamcity := _TEAMCITY.match(says):
        pairs = {key: _unescaped(value) for key, value in _TEAMCITY_PAIR.findall(teamcity["pairs"])}
        level = RED if teamcity["what"] == "testFailed" else pairs.pop("status", "")
        pairs.pop("name", None)
        return _of_members({**pairs, "level": level, "message": pairs.get("message", pairs.get("text", ""))}, depth - 1)
    if (first := _PAIR.match(says)) and ("msg" in says or "message" in says or "err" in says or "event" in says):
        pairs = {key: _unquoted(value) for key, value in _PAIR.findall(says)}
        return _of_members(pairs, depth - 1) if first[1] in pairs and len(pairs) > 1 else None
    return None


def _json(text: str) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        try:
            document = json.loads(text)  # which takes NaN
        except (ValueError, RecursionError):
            return None
    return document if isinstance(document, dict) else None


def _unescaped(value: str) -> str:
    return re.sub(r"\|(.)", lambda found: _TEAMCITY_ESCAPES.get(found[1], found[1]), value)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), value[1:-1])
    return value


def _of_members(members: Mapping[str, Any], depth: int) -> Line:
    """The texts in the members of a record, errors first: they name the class that a report names as well."""
    level, at = _told_level(members), _told_time(members)
    texts: list[str] = []
    well = False
    errors = [text for key in _ERRORS if key in members for text in _error(members, key, depth)]
    for key in _MESSAGES:
        said = members.get(key)
        if isinstance(said, str) and said.strip():
            for line in lines_of(said):
                inner = _read(line, depth)
                texts += inner.texts
                level, at, well = level or inner.level, at or inner.at, well or inner.well
        elif isinstance(said, dict) and depth:
            inner = _of_members(said, depth - 1)
            texts += inner.texts
            level = level or inner.level
    for key in _NESTED:
        if depth and isinstance(members.get(key), dict):
            inner = _of_members(members[key], depth - 1)
            texts += inner.texts
            level = level or inner.level
    if access := _access(members):
        texts.append(access)
    whole = (*errors, *texts)[:MOST_TEXTS]
    return Line(tuple(text[:TEXT_CHARS] for text in whole), level, at, well, xfail=False)


def _error(members: Mapping[str, Any], key: str, depth: int) -> Iterator[str]:
    said = members[key]
    if isinstance(said, str):
        kind = next((members[name] for name in ("exc_type", "error.type", "exception.type") if name in members), "")
        if isinstance(kind, str) and kind and key in ("error.message", "exception.message"):
            yield f"{kind}: {said}"
        yield from lines_of(said)
    elif isinstance(said, dict) and depth:
        yield from _error_record(said, depth - 1)
    elif isinstance(said, list) and depth:
        for one in said[:MOST_TEXTS]:
            if isinstance(one, str):
                yield from lines_of(one)
            elif isinstance(one, dict):
                yield from _error_record(one, depth - 1)


def _error_record(record: Mapping[str, Any], depth: int) -> Iterator[str]:
    kind = next((record[key] for key in _CLASSES if isinstance(record.get(key), str) and record[key]), "")
    value = next((record[key] for key in _VALUES if isinstance(record.get(key), str) and record[key]), "")
    if kind or value:
        yield ": ".join(part for part in (kind, *value.splitlines()[:1]) if part)
    for key in _STACKS:
        if key in record:
            yield from _error(record, key, depth)


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text that may name an error; of a traceback of Python the last first, which is the outermost."""
    lines = [line for line in text.splitlines() if line.strip()][:1_000]
    if len(lines) > 1 and "Traceback (most recent call last)" in text:
        heads = [line for line in lines if not line.startswith((" ", "\t"))]
        yield from reversed(heads or lines)
    else:
        yield from lines


def _told_level(members: Mapping[str, Any]) -> str:
    for key in _LEVEL_KEYS:
        said = members.get(key)
        if isinstance(said, bool) or said is None:
            continue
        if isinstance(said, int) and key == "level":  # pino and bunyan
            return RED if said >= 50 else AMBER if said >= 40 else CALM
        if isinstance(said, str) and (found := _LEVELS.search(said)) and found.lastgroup in (RED, AMBER, CALM):
            return str(found.lastgroup)
    return ""


def _told_time(members: Mapping[str, Any]) -> datetime | None:
    for key in _TIMES:
        said = members.get(key)
        if isinstance(said, str) and (at := instant(said)) is not None:
            return at
        if isinstance(said, int | float) and not isinstance(said, bool):
            seconds = said / 1000 if said > 1e11 else said
            if 9e8 < seconds < 4e9:
                return datetime.fromtimestamp(seconds, UTC)
    return None


def _access(members: Mapping[str, Any]) -> str:
    """A record of an access log as a line of one."""
    http = members.get("request") if isinstance(members.get("request"), dict) else members
    http = members["httpRequest"] if isinstance(members.get("httpRequest"), dict) else http
    assert isinstance(http, Mapping)
    status = next(
        (str(one[key]) for one in (members, http) for key in _STATUSES if str(one.get(key, "")).isdigit()), ""
    )
    method = next((http[key] for key in _METHODS if isinstance(http.get(key), str)), "")
    path = next((http[key] for key in _PATHS if isinstance(http.get(key), str)), "")
    return f'"{method} {path} HTTP" {status}' if status and method and path else ""


def _with_pairs(says: str) -> tuple[str, ...]:
    """A message, and the errors that stand behind it as ``error=...``: those first, since they name the class."""
    errors = [value for key, value in _PAIR.findall(says) if key in _ERRORS]
    if errors:
        says = _PAIR.sub(lambda pair: "" if pair[1] in _ERRORS else pair[0], says)
    lines = [line for value in errors for line in lines_of(_unquoted(value))]
    return (*lines[:MOST_TEXTS], _TAIL.split(says, 1)[0])
