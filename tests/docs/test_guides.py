"""Tests that the guides use the same words as the pages."""

from __future__ import annotations

import re
from pathlib import Path

from atalaya.core.words import StrictEnum
from atalaya.records.judged import State
from atalaya.records.stored import VerdictStatus
from atalaya.site.markup.renderer import SHAPES

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def first_cells(guide: str) -> list[str]:
    text = (GUIDES / guide).read_text(encoding="utf-8")
    return re.findall(r"^\| (\S+ [A-Z -]+) \|", text, re.MULTILINE)


def told(words: type[StrictEnum]) -> set[str]:
    return {f"{SHAPES[word][0]} {word.value}" for word in words}


def test_the_guide_to_a_verdict_tells_of_every_word_and_state_with_its_shape_once() -> None:
    assert sorted([*told(VerdictStatus), *told(State)]) == sorted(first_cells("read-a-verdict.md"))
