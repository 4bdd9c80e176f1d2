"""The fingerprint of an incident's cause, so that the same cause does not open a second incident.

A cause is told by its fingerprint, made of what broke, the type of the error and the place: never of a message,
which holds numbers and names.
"""

from __future__ import annotations

import hashlib
import re

from atalaya.records.judged import ArtefactFinding, BrokenTest, CiCell, HealthSign
from atalaya.records.stored import Event, Observation

_VARIES = re.compile(
    r"\([^()]*\)"
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{8,}\b"
    r"|(?<=[-/#=:])[0-9]+\b"
)
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Timeout|Warning)\b")


def fingerprint(rule: str, what: str, error: str, place: str) -> str:
    """The name of a cause.

    >>> fingerprint("stale-read", "stale-read", "", "smoke") == fingerprint("stale-read", "stale-read", "", "smoke")
    True
    """
    return hashlib.sha256("\0".join((rule, what, error, place)).encode("utf-8", "replace")).hexdigest()[:16]


def error_type(message: str) -> str:
    """The type of the first error that a message names; empty where it names none.

    >>> error_type("expected ConfigError, got ValueError: could not convert 'x7'")
    'ConfigError'
    """
    found = _ERROR.search(message[:2000])
    return found[0] if found else ""


def cause_of(observation: Observation) -> str:
    """The fingerprint of a broken promise: the family of its check is the place."""
    family = observation.promise.partition(".")[0]
    return fingerprint("promise-broken", observation.promise, error_type(observation.reason), family)


def cause_of_test(broken: BrokenTest) -> str:
    """The fingerprint of a broken test. Its variants are one cause: the place is none of them."""
    return cause_of_failing(broken.test)


def cause_of_failing(test: str) -> str:
    """The same by the name of the test, broken or not."""
    return fingerprint("test-broken", test, "", "")


def cause_of_finding(found: ArtefactFinding) -> str:
    """The fingerprint of something that is wrong with a published file: the file is the place."""
    return fingerprint(found.rule, "artefact", "", found.file)


def cause_of_cell(cell: CiCell) -> str:
    """The fingerprint of a variant of a job of CI that fails: the variant is the place."""
    return fingerprint("variant-failing", cell.workflow, cell.job, cell.variant)


def cause_of_sign(sign: HealthSign) -> str:
    """The fingerprint of a sign of health that is over its limit: the Python version is the place, where it has one."""
    return fingerprint(sign.id, "health", "", sign.about)


def cause_of_event(event: Event, rule: str) -> str:
    """The fingerprint of an event, by the rule that opens an incident for it."""
    return fingerprint(rule, event.event.value, error_type(event.message), place_of(event.place))


def formerly_of_event(event: Event, rule: str) -> str:
    """The fingerprint that earlier versions gave an event: one for each job that was waited for."""
    return fingerprint(rule, event.event.value, error_type(event.message), event.place)


def place_of(place: str) -> str:
    """A place without what differs from one event to the next there: arguments, ids, numbers of lines.

    >>> place_of("wait_until_done(smoke-0004)"), place_of("client.py:57"), place_of("/jobs/8f3a11c2/status")
    ('wait_until_done', 'client.py:', '/jobs//status')
    """
    return _VARIES.sub("", place).strip()
