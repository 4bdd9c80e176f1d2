"""Tells cheaply that a line of a log needs no closer look: its like told of nothing, or it answers nothing awaited.

A large log says the same few things again and again, with other numbers. So a line is known by its shape: what it is
but for the numbers that no rule asks for. Whether a line tells of something is the same for all lines of one shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

Shape = tuple[bytes, tuple[int, ...]]

MOST_BYTES = 1_000  # of a line whose shape is kept
MOST_SHAPES = 4_096

_ANY_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_NUMBER = re.compile(rb"(?<!\d)(?:(\d{3})(?!\d)|(?<!\.)(?<!\d[:-])\d)")
# The numbers that rules tell from others: answers of a gateway, answers that are well, what may open a bracket, and
# noughts.
_KINDS = {
    **{b"%03d" % number: 3 for number in (*range(500, 600),)},
    **{b"%03d" % number: 2 for number in (*range(200, 300), 304)},
    **{b"%03d" % number: 1 for number in (502, 503, 504, 520, 521, 522, 523, 524)},
    **{b"%03d" % number: 4 for number in range(100)},
    b"0": 4,
}
# An escape may stand for any sign, and the codes of curl, of a priority and of a level have a meaning each.
_NO_SHAPE = re.compile(rb"(?i)\\u|\\x|curl|<\d{1,3}>|level[\"']?\s*[:=]\s*[\"']?\d")


class Seen(Enum):
    """What a line told of that had no event in it."""

    NOTHING = auto()
    ANOTHER_ERROR = auto()  # which ends what came before it
    ANSWER = auto()  # to a request, which may have failed before


class SeenLines:
    """What lines of each shape told of. Of many shapes the last are kept.

    >>> seen = SeenLines()
    >>> seen.shape_of(b"POST /orders/17 in 94 ms") == seen.shape_of(b"POST /orders/61 in 20 ms")
    True
    >>> seen.shape_of(b"POST /orders/17 -> 200") == seen.shape_of(b"POST /orders/17 -> 503")
    False
    """

    def __init__(self) -> None:
        self._seen: dict[Shape, Seen] = {}
        self._slices: dict[bytes, tuple[slice, ...] | None] = {}  # where the numbers stand that may matter

    def shape_of(self, line: bytes) -> Shape | None:
        """The shape of a line; None where any of its numbers, or too much of it, may matter."""
        if len(line) > MOST_BYTES:
            return None
        form = line.translate(_ANY_DIGIT)
        if form not in self._slices:
            _bound(self._slices)
            self._slices[form] = None if _NO_SHAPE.search(form) else tuple(_slices(form))
        slices = self._slices[form]
        return None if slices is None else (form, tuple([_KINDS.get(line[each], 0) for each in slices]))

    def get(self, shape: Shape | None) -> Seen | None:
        return None if shape is None else self._seen.get(shape)

    def keep(self, shape: Shape | None, seen: Seen) -> None:
        if shape is not None:
            _bound(self._seen)
            self._seen[shape] = seen


def _slices(form: bytes) -> Iterator[slice]:
    for found in _NUMBER.finditer(form):
        yield slice(found.start(), found.end())


def _bound(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST_SHAPES:
        kept.clear()


FEW_TARGETS = 50
_SIGNS = rb"\s\"'=,(){}\[\]<>|"
_TOKEN = re.compile(rb"[^%b]{1,300}" % _SIGNS)
_ASKED = re.compile(rb"(?i)\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [%b]*([^%b]{1,300})" % (_SIGNS, _SIGNS))
_STRUCTURED = re.compile(rb"[{=]|##")


class Targets:
    """The requests that failed, and may be answered yet. ``version`` is another one after more were added.

    >>> targets = Targets()
    >>> targets.add("/orders/7")
    >>> list(targets.places_in(b"GET /orders/7 -> 200, GET /orders/71 -> 200"))
    [4]
    """

    def __init__(self) -> None:
        self.version = 0
        self._pattern: re.Pattern[bytes] | None = None
        self._begins: set[bytes] = set()
        self._lengths: set[int] = set()
        self._odd = False  # one cannot be looked for

    def add(self, target: str) -> None:
        begins = _begin(target)
        if not begins:
            self._odd, self.version = True, self.version + 1
        elif begins not in self._begins:
            self._pattern = None
            self.version += len(self._begins) <= FEW_TARGETS
            self._begins.add(begins)
            self._lengths.add(len(begins))

    def discard(self, target: str) -> None:
        self._pattern = None
        self._begins.discard(_begin(target))

    def places_in(self, text: bytes) -> Iterator[int] | None:
        """Where a text names one of them; None where they are too many to say, or where it may name them otherwise."""
        if self._odd or len(self._begins) > FEW_TARGETS or b"\\" in text:
            return None
        if not self._begins:
            return iter(())
        if self._pattern is None:
            self._pattern = re.compile(rb"(?:%b)(?![\w/])" % b"|".join(map(re.escape, sorted(self._begins))))
        return (found.start() for found in self._pattern.finditer(text))

    def may_be_in(self, line: bytes) -> bool:
        """Whether one of them may be the target that a line names."""
        if self._odd or b"\\" in line:
            return True
        if not self._begins:
            return False
        pattern = _TOKEN if _STRUCTURED.search(line) else _ASKED
        return any(
            token[:length] in self._begins
            for token in pattern.findall(line)
            for length in self._lengths
            if length <= len(token)
        )


def _begin(target: str) -> bytes:
    """What of a target stands in any line that names it: up to the first sign at which such a line is parted."""
    found = _TOKEN.search(target.encode("utf-8", "replace")) if target.isascii() else None
    return found[0] if found else b""
