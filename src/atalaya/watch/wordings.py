"""Finds the sentence of a check pack that a recorded finding was worded by, so that it can be translated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from string import Formatter

from atalaya.core.words import Text

_NUMBER = re.compile(r"0|[1-9]\d{0,8}|\d{1,9}\.\d{1,3}")


def worded(said: str, wordings: Iterable[str]) -> Text | None:
    """What was said as the sentence that fits best, with its values; None where none fits.

    Of several that fit, the one with the most words of its own is taken.

    :param said: what a probe saw, in English, as it was recorded.
    :param wordings: sentences with names in braces.

    >>> worded("an hour of 3 s", ("{what} of {n} s", "an hour of {n} s")).values
    {'n': 3}
    """
    for wording in sorted(wordings, key=_own_words, reverse=True):
        found = _pattern(wording).fullmatch(said)
        if found is not None:
            return Text(template=wording, values={name: _value(said) for name, said in found.groupdict().items()})
    return None


def _value(said: str) -> str | int | float:
    """A number as one, so that each language writes it in its own way."""
    if _NUMBER.fullmatch(said) is None:
        return said
    return float(said) if "." in said else int(said)


def _own_words(wording: str) -> int:
    return sum(len(words) for words, *_ in Formatter().parse(wording))


@lru_cache(maxsize=512)
def _pattern(wording: str) -> re.Pattern[str]:
    parts = (
        re.escape(words) + (f"(?P<{name}>.+?)" if name is not None else "")
        for words, name, *_ in Formatter().parse(wording)
    )
    return re.compile("".join(parts), re.DOTALL)
