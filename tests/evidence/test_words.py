"""Tests that the lines that hold one of many words are found, and no other."""

from __future__ import annotations

import random

import pytest

from atalaya.evidence.readers.words import Words, lines_in

WORDS = [b"error", b"timed out", b" 503", b"conexi", b"segu\xc3\xad", b"reset", b"::err_", b"econn"]


def found(text: bytes, words: list[bytes] = WORDS) -> list[int]:
    return [line.number for line in Words(words).lines(text)]


def naive(text: bytes) -> list[int]:
    lines = text.removesuffix(b"\n").split(b"\n") if text else []
    return [number for number, line in enumerate(lines) if any(word in line.lower() for word in WORDS)]


@pytest.mark.parametrize("ends", [b"", b"\n"])
def test_the_lines_are_those_that_a_search_line_by_line_finds(ends: bytes) -> None:
    chance = random.Random(7)
    pieces = [
        *WORDS,
        *(word.upper() for word in WORDS),
        b"\n",
        b"\n",
        b"x",
        b" ",
        b"timed",
        b"5",
        b"e",
        b"\xff",
        b"conn",
    ]
    for _ in range(300):
        text = b"".join(chance.choices(pieces, k=chance.randrange(40))) + ends
        assert naive(text) == found(text), text


def test_words_at_both_ends_of_a_text_are_found_and_a_short_text_holds_none() -> None:
    assert found(b"error\nwell\nreset") == [0, 2]
    assert [found(text) for text in (b"", b"e", b"\n", b"err")] == [[], [], [], []]


def test_lines_are_counted_and_bounded_with_and_without_a_last_end() -> None:
    for text in (b"error\nreset\n", b"error\nreset"):
        assert lines_in(text) == 2
        assert [text[line.begin : line.end] for line in Words(WORDS).lines(text)] == [b"error", b"reset"]
