"""Sentences as they are kept in a file: each value as JSON can hold it, so that every language can say them later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from atalaya.core.words import Prose, Record, Text, placeholders, sentence


class KeptInstant(Record, frozen=True, kw_only=True, tag="instant"):
    """An instant as a value: each language writes it in its own way."""

    at: datetime


class KeptProse(Record, frozen=True, kw_only=True, tag="prose"):
    """What a person wrote, as a value."""

    words: str


class KeptItems(Record, frozen=True, kw_only=True, tag="items"):
    """Several values in place of one."""

    items: tuple[KeptValue, ...]


class KeptText(Record, frozen=True, kw_only=True, tag="text"):
    """One sentence: its template, and its values.

    Our own sentences among the values stay sentences, and so does the word of a closed set, which is translated too.

    :raises ValueError: a value is missing, as in a file that somebody changed.
    """

    template: str
    values: dict[str, KeptValue] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if missing := sorted(placeholders(self.template) - self.values.keys()):
            raise ValueError(f"the sentence {self.template!r} was kept without {', '.join(missing)}.")

    @property
    def text(self) -> Text:
        """The sentence, as it can be shown."""
        return Text(template=self.template, values={name: _shown(value) for name, value in self.values.items()})


KeptValue: TypeAlias = KeptText | KeptInstant | KeptProse | KeptItems | str | int | float | bool | None


def to_keep(text: Text, clean: Callable[[str], str]) -> KeptText:
    """A sentence as it is kept.

    :param clean: what is done to each text in it that is not the template of a sentence with values.

    >>> from atalaya.core.words import text
    >>> kept = to_keep(text("{n} of {word}", n=2, word=text("not known")), str.upper)
    >>> str(kept.text), kept.values["n"]
    ('2 of NOT KNOWN', 2)
    """
    if not text.values:
        return KeptText(template=sentence(clean(str(text))).template)
    return KeptText(template=text.template, values={name: _kept(value, clean) for name, value in text.values.items()})


def _kept(value: Any, clean: Callable[[str], str]) -> KeptValue:
    match value:
        case None | bool() | int() | float():
            return value
        case Text():
            return to_keep(value, clean)
        case Prose():
            return KeptProse(words=clean(value.words))
        case datetime():
            return KeptInstant(at=value)
        case Enum():
            return KeptText(template=sentence(str(value.value)).template)
        case str():
            return clean(value)
        case Iterable():
            return KeptItems(items=tuple(_kept(one, clean) for one in value))
        case _:
            return clean(str(value))


def _shown(value: KeptValue) -> Any:
    match value:
        case KeptText():
            return value.text
        case KeptInstant():
            return value.at
        case KeptProse():
            return Prose(words=value.words)
        case KeptItems():
            return tuple(map(_shown, value.items))
        case _:
            return value
