"""Closed sets of words without a truth value, the base of all records, and sentences that are translated later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from string import Formatter
from typing import Any

import msgspec


class StrictEnum(Enum):
    """A closed set of words that must never be read as true or false.

    ``if outcome:`` would make "unknown" look like a success, so it raises.

    >>> bool(StrictEnum("Light", "ON OFF").OFF)
    Traceback (most recent call last):
    ...
    TypeError: Light has no truth value: compare it by name, as in `is Light.ON`
    """

    def __bool__(self) -> bool:
        name = type(self).__name__
        first = next(iter(type(self))).name
        raise TypeError(f"{name} has no truth value: compare it by name, as in `is {name}.{first}`")

    def __str__(self) -> str:
        return str(self.value)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that crosses a stage."""


class Text(Record, frozen=True, kw_only=True):
    """A sentence that will be shown: an English template and the values that fill it.

    The template is what translators see; values are formatted for the reader's language at the very end.

    >>> str(Text(template="{passed} of {n} jobs, {share:.1%}", values={"passed": 57, "n": 60, "share": 0.95}))
    '57 of 60 jobs, 95.0%'

    :raises ValueError: a value is missing.
    """

    template: str
    values: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if missing := sorted(placeholders(self.template) - self.values.keys()):
            raise ValueError(f"the sentence {self.template!r} has no value for {', '.join(missing)}. Give it one.")

    def __str__(self) -> str:
        shown = {name: instant(value) if isinstance(value, datetime) else value for name, value in self.values.items()}
        return self.template.format(**shown)


class Prose(Record, frozen=True, kw_only=True):
    """What a person wrote or is called, as a value of a sentence: text for people to read, and no name of a thing.

    >>> str(text("{who} signed it.", who=Prose(words="Ana")))
    'Ana signed it.'
    """

    words: str

    def __str__(self) -> str:
        return self.words


def sentence(words: str) -> Text:
    """One of our sentences that is stored as it is, such as a promise: braces in it are braces.

    >>> str(sentence("It answers {}."))
    'It answers {}.'
    """
    return Text(template=with_braces(words))


def with_braces(words: str) -> str:
    """A template that says just these words."""
    return words.replace("{", "{{").replace("}", "}}")


@lru_cache(maxsize=4096)
def placeholders(template: str) -> frozenset[str]:
    """The names of the values that a sentence is filled with.

    >>> sorted(placeholders("{passed} of {n} jobs, {share:.1%}"))
    ['n', 'passed', 'share']
    """
    fields = (field for _, field, _, _ in Formatter().parse(template) if field is not None)
    return frozenset(re.split(r"[.\[]", field)[0] for field in fields)


def instant(at: datetime) -> str:
    """An instant to the minute, in UTC, the same in each language.

    >>> instant(datetime.fromisoformat("2026-03-02T10:05:07+01:00"))
    '2026-03-02 09:05 UTC'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def text(template: str, **values: Any) -> Text:
    """A sentence to be shown. The template must be a literal: the translators' tool reads the source."""
    return Text(template=template, values=values)


def N_(template: str) -> str:
    """Mark a sentence that is stored as it is and translated when it is shown: gettext's own name for it."""
    return template


def first_of(told: Sequence[str], most: int = 5, between: str = ", ") -> str:
    """The first of what there is to tell in one line, and how many more there are.

    >>> first_of(["a", "b", "c"], 2), first_of([], 2)
    ('a, b (and 1 more)', '')
    """
    more = f" (and {len(told) - most} more)" if len(told) > most else ""
    return between.join(told[:most]) + more
