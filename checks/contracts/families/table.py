"""In which words is a promise written down?"""

from __future__ import annotations

from checks.records import Promise, Severity, Statement

CRITICAL, MAJOR, MINOR = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR


def promise(id: str, severity: Severity, checkpoint_h: int, says: str, why: str, how: str) -> Promise:
    """One row of a table of promises."""
    return Promise(id=id, severity=severity, checkpoint_h=checkpoint_h, says=says, why=why, how=how)


def tested(section: str, says: str, *promises: str) -> Statement:
    """A sentence of the contract that these promises test."""
    return Statement(section=section, says=says, promises=promises)


def untested(section: str, says: str, reason: str) -> Statement:
    """A sentence of the contract that no promise tests, and why."""
    return Statement(section=section, says=says, reason=reason)
