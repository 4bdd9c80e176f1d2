"""The exceptions that a check raises to report its outcome.

A check that returns has found its promise kept. Anything else is said by raising one of these. What else escapes
is the SDK's, and breaks the promise, where it was raised in the SDK; else it is our own failure, and makes the
promise unknown.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from atalaya.core.errors import HarnessError

OURS = __name__.partition(".")[0]  # the package of the checks too
CLOCK = "atalaya.harness.virtual_clock"  # what raises in it was given something wrong


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


def answer_to(error: BaseException, package: str) -> Answer:
    """What an error that came out of a check says of its promise.

    :param package: what the SDK is imported by.
    """
    if isinstance(error, Answer):
        return error
    if isinstance(error, HarnessError):
        return CannotTell(f"the check could not be made: {error}")
    if raised_in(error, package):
        return Broken(f"the SDK raised {describe(error)}")
    where = traceback.extract_tb(error.__traceback__)[-1]
    return CannotTell(f"the check itself failed at {Path(where.filename).name}:{where.lineno}: {describe(error)}")


def raised_in(error: BaseException, package: str) -> bool:
    """Whether an error was raised in a package, or in a library that it had called; not in a hook of a check's own."""
    inside = False
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = f"{frame.f_globals.get('__name__', '')}."
        if name.startswith(f"{package}."):
            inside = True
        elif name.startswith(f"{OURS}.") and name != f"{CLOCK}.":
            inside = False
    return inside
