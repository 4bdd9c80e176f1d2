"""The exceptions that a check raises to report its outcome.

A check that returns has found its promise kept. Anything else is said by raising one of these; whatever
else escapes is our own failure, and makes the promise unknown.
"""

from __future__ import annotations


class Answer(Exception):
    """Base of what a check can say."""


class Broken(Answer):
    """The promise is broken, and the text says how."""


class NotApplicable(Answer):
    """The SDK lacks the capability that the promise is about."""


class CannotTell(Answer):
    """Something that the check stands on failed first, so it can say nothing about its own promise."""


def require(condition: bool, reason: str) -> None:
    """Say that the promise is broken, unless the condition holds."""
    if not condition:
        raise Broken(reason)


def describe(error: BaseException) -> str:
    """An error in one line, by its class and text.

    >>> describe(ValueError("no\\nway"))
    'ValueError: no way'
    """
    words = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {words[:300]}" if words else name
