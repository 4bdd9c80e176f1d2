"""Finds the lines of a large text that hold one of many words, at a speed that hardly depends on how many there are.

Of each word four letters in a row stand for it, the rarest. A table for each of the four says which groups of words
have a letter there; where the four tables agree on a group, a word of it may stand, and is compared. This is the
filter of Hyperscan's "Teddy" (Wang et al., NSDI 2019), with tables of 256 in place of those of 16.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LETTERS = 4
GROUPS = 8  # as many as a byte has bits
NEWLINE = 10
# The bytes of logs, from the most frequent on (what is not here hardly ever stands there), and words of every log:
# their letters stand for no other word.
_RANKS = b"0 12t6e-3:s.o4/58r7n9pidagluc_mhfby=w>k[]v\"'()x|,qjz"
_COMMON = b"connection cache caches https time times tests second request session options info version"
_OFTEN = [0.1 * 0.92 ** (_RANKS.find(byte) % (2 * len(_RANKS))) for byte in range(256)]


class _Word(NamedTuple):
    """A word in small letters, and where in it the four letters begin."""

    word: bytes
    begin: int

    @property
    def letters(self) -> bytes:
        return self.word[self.begin : self.begin + LETTERS]


class Line(NamedTuple):
    """A line of a text: its number, from 0, and where it begins and ends."""

    number: int
    begin: int
    end: int


class Words:
    """A set of words, whatever their capitals. Each has four letters or more; only those of ASCII have capitals.

    >>> [line.number for line in Words([b"refused", b"timed out"]).lines(b"well\\nTimed Out\\nwell\\nREFUSED")]
    [1, 3]
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words: dict[bytes, list[_Word]] = {}
        for word in sorted({word.lower() for word in words}):
            rare = _rarest(word)
            self._words.setdefault(rare.letters, []).append(rare)
        self._tables = [bytes(table) for table in _tables(self._words)]
        self._codes = np.sort(np.array([int.from_bytes(letters, "little") for letters in self._words], np.uint32))

    def lines(self, text: bytes) -> list[Line]:
        """The lines in which one of the words stands, in order."""
        if len(text) < LETTERS:
            return []
        last = len(text) - LETTERS + 1
        groups = np.frombuffer(text.translate(self._tables[0]), np.uint8, count=last).copy()
        for place, table in enumerate(self._tables[1:], start=1):
            groups &= np.frombuffer(text.translate(table), np.uint8, count=last, offset=place)
        letters = np.frombuffer(text, np.uint8)
        found = self._with_letters(letters, np.flatnonzero(groups != 0))  # of booleans it is found four times as fast
        return list(lines_at(text, (place for place in found.tolist() if self._stands(text, place))))

    def _with_letters(self, text: npt.NDArray[np.uint8], places: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Those of the places at which the four letters of a word begin: groups agree on more than they hold."""
        codes = np.zeros(len(places), np.uint32)
        for place in range(LETTERS):
            codes |= _SMALL[text[places + place]] << np.uint32(8 * place)
        near = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        begin: npt.NDArray[np.intp] = places[self._codes[near] == codes]
        return begin

    def _stands(self, text: bytes, place: int) -> bool:
        for word, begin in self._words[text[place : place + LETTERS].lower()]:
            first = place - begin
            if first >= 0 and text[first : first + len(word)].lower() == word:
                return True
        return False


_SMALL = np.array([ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256)], np.uint32)


def _tables(all_letters: Iterable[bytes]) -> list[bytearray]:
    """The four tables. Letters go into the group in which they make the fewest places agree by chance."""
    tables = [bytearray(256) for _ in range(LETTERS)]
    groups: list[list[set[int]]] = [[set() for _ in range(LETTERS)] for _ in range(GROUPS)]
    for letters in sorted(all_letters, key=_often):
        cost = {
            number: _agree([held | {letter} for held, letter in zip(group, letters, strict=True)]) - _agree(group)
            for number, group in enumerate(groups)
        }
        number = min(cost, key=lambda number: cost[number])
        for held, table, letter in zip(groups[number], tables, letters, strict=True):
            held.add(letter)
            for same in {letter, ord(chr(letter).upper()) if letter < 128 else letter}:
                table[same] |= 1 << number
    return tables


def _agree(group: list[set[int]]) -> float:
    """How often the four tables agree on a group by chance."""
    return math.prod(sum(_OFTEN[letter] for letter in held) for held in group)


def _often(letters: bytes) -> float:
    return 1.0 if letters in _COMMON else math.prod(_OFTEN[letter] for letter in letters)


def _rarest(word: bytes) -> _Word:
    """The word, and where the four letters in a row begin that are rarest in logs."""
    begins = range(len(word) - LETTERS + 1)
    return _Word(word, min(begins, key=lambda begin: _often(word[begin : begin + LETTERS])))


def lines_at(text: bytes, places: Iterable[int]) -> Iterator[Line]:
    """The lines in which some places are, each once; the places are in order."""
    number = counted = 0
    end = -1
    for place in places:
        if place < end:
            continue
        begin, end = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place)
        end = len(text) if end < 0 else end
        number += _newlines(text[counted:begin])
        counted = begin
        yield Line(number, begin, end)


def _newlines(text: bytes) -> int:
    """How many there are. A long text is counted three times as fast in this way, a short one slower."""
    if len(text) < 4_096:
        return text.count(b"\n")
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == NEWLINE))


def lines_in(text: bytes) -> int:
    """How many lines a text has; the last may want its end.

    >>> lines_in(b"a\\nb\\n"), lines_in(b"a\\nb"), lines_in(b"")
    (2, 2, 0)
    """
    return _newlines(text) + (text != b"" and not text.endswith(b"\n"))
