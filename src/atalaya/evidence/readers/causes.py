"""Finds the lines in a failure's text that state an error, for those reports whose message says nothing.

Runners for Go, Node and unittest write "Failed" or "test failure" as the message, and leave the error to the text; a
chain of exceptions has its cause there too. A line counts only where an error is stated: code, names and what was
printed are none of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from atalaya.evidence.readers.classifier import Pattern, classify
from atalaya.evidence.readers.model import Problem
from atalaya.records.stored import EventKind

MOST = 10
CAUSE_CHARS = 300


class Told(NamedTuple):
    """An event, and the statement in a failure's text that tells of it; empty where its message does."""

    event: EventKind
    cause: str


_NAMED = (
    r"(?:[\w$]+[.\\]|[\w$]+::)*[\w$]*"
    r"(?:Error|Exception|Timeout|Failure|Failed|Refused|Disconnected|IncompleteRead|gaierror|herror|timeout)"
)
# What stands before a statement, a tool a line; without it, a line has to open with the name of an error.
_STATED = re.compile(
    rf"""^(?:
      [ |+-]*\|[ ](?={_NAMED})                                 # a member of an exception group
    | E[ ]{{2,}}(?=\S)                                         # pytest
    | [^\s:]+:\d+:[ ](?={_NAMED}$)                             # pytest: where it was raised
    | [ \t]*[\w./\\-]+\.go:\d+:[ ]                             # go test
    | [ \t]*(?:Error:[ \t]*)?Received[ ]unexpected[ ]error:\s+ # testify
    | [ \t]*(?:\[?cause\]?:[ ]|Caused[ ]by:[ ])                # Node, Java
    | [ \t]*-+>[ ]                                             # .NET
    | \[(?={_NAMED})                                           # Node
    | (?={_NAMED}(?:[ ]\[\w+\])?(?:[ ]?:[ ]|\(|$))
    )(?P<says>[^\n]+)""",
    re.MULTILINE | re.VERBOSE,
)
# JavaScript's and Go's word for any error: what follows it is the statement.
_ANY = re.compile(r"^(?:Uncaught )?Error(?: \[\w+\])?: ")
_ASSERTS = re.compile(r"\s*assert\b")
# Robot Framework gives each failure this type, and may put a keyword's words before the error.
ROBOTS_TYPE = "AssertionError"
_ROBOT = re.compile(
    r"(?:Evaluating expression '.{1,1000}' failed: |Keyword '.{1,200}' failed after .{1,100} error was: )?"
    rf"(?={_NAMED}:)",
    re.DOTALL,
)
# What runners write where they have no message.
_SAYS_NOTHING = re.compile(r"(?i)\s*(?:tests? )?(?:failed|failure|error(?:ed)?)[.!]?\s*")


def are_needed(kind: str, message: str) -> bool:
    """Whether the type and the message of a failure leave open what happened."""
    return not _ASSERTS.match(message) and _decided(kind, message) is None


def _decided(kind: str, message: str) -> Pattern | None:
    if _SAYS_NOTHING.fullmatch(message):
        message = ""
    if kind == ROBOTS_TYPE and (stated := _ROBOT.match(message)):
        kind, message = "", message[stated.end() :]
    return classify(kind, message)


def stated_in(text: str) -> tuple[str, ...]:
    """The first line of a text and its statements of errors, each once, without what a tool puts before them.

    >>> stated_in("Traceback (most recent call last):\\n  raise TransportError('reset')\\nut.TransportError: reset")[1:]
    ('ut.TransportError: reset',)
    >>> stated_in("=== RUN TestDial\\n    x_test.go:9: dial tcp 10.0.0.1:443: connect: connection refused\\n")[1:]
    ('dial tcp 10.0.0.1:443: connect: connection refused',)
    """
    first, _, _ = text.lstrip().partition("\n")
    found = {_ANY.sub("", first, count=1).strip()[:CAUSE_CHARS]: None} if first else {}
    for stated in _STATED.finditer(text):
        says = _ANY.sub("", stated["says"], count=1)
        found[says.strip().rstrip("]")[:CAUSE_CHARS]] = None
    causes = tuple(found)
    return causes if len(causes) <= MOST else (*causes[: MOST // 2], *causes[-MOST // 2 :])


def told_by(problem: Problem) -> Told | None:
    """The event that a failure tells of: by its type and message, else by the first error that its text states.

    A test whose last error is an assertion met what it met on purpose.
    """
    pattern = _decided(problem.type, problem.message)
    if pattern is not None or _ASSERTS.match(problem.message):
        return None if pattern is None or pattern.event is None else Told(pattern.event, "")
    found = [(cause, classify("", cause)) for cause in problem.causes]
    if found and (_ASSERTS.match(found[-1][0]) or (found[-1][1] is not None and found[-1][1].event is None)):
        return None
    events = (Told(each.event, cause) for cause, each in found if each is not None and each.event is not None)
    return next(events, None)
