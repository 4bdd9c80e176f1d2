"""Tests of the screen that a watch ends with."""

from __future__ import annotations

import io
from pathlib import Path

from msgspec.structs import replace

from atalaya.cli.closing_screen import close_with
from atalaya.cli.console import Console
from atalaya.core.words import text
from atalaya.records.judged import Judgement
from atalaya.records.stored import Outcome
from tests.site import example

SCREEN = 24  # lines of a terminal that nobody made larger


def shown(judgement: Judgement) -> list[str]:
    stream = io.StringIO()
    close_with(Console(stream), judgement, Path("index.html"))
    return stream.getvalue().splitlines()


def test_it_is_the_word_five_lines_what_to_do_and_where_to_read(tmp_path: Path) -> None:
    judgement = example.judgement()
    told = shown(judgement)
    assert told[0].split()[0] == str(judgement.verdict.word).split()[0]
    words = ["because", "figures", "promises", "incidents", "not known"]
    assert [line.strip()[:15].strip() for line in told[1:6]] == words
    assert told[-1] == "  read it: index.html"


def test_limitations_are_counted_and_none_is_named() -> None:
    judgement = example.judgement()
    one = replace(judgement.findings[0], stored_seen=True)
    many = tuple(replace(one, weakness=f"limit-{number % 36}") for number in range(72))
    told = "\n".join(shown(replace(judgement, findings=many)))
    assert ("36 limitations beyond them" in told, "limit-3" in told) == (True, False)


def test_whatever_was_seen_it_fits_on_one_screen() -> None:
    judgement = example.judgement(incidents=True)
    long = tuple(text("{it}", it=f"{number} " + "long " * 100) for number in range(40))
    verdict = replace(judgement.verdict, because=long, unknowns=long, next_steps=long)
    broken = next(one for one in judgement.promises if one.outcome is Outcome.BROKEN)
    many = tuple(replace(broken, promise=replace(broken.promise, id=f"b.p{number}")) for number in range(30))
    told = shown(replace(judgement, verdict=verdict, promises=many))
    assert len(told) <= SCREEN
    assert sum(-(-len(line) // 80) for line in told) <= 2 * SCREEN  # lines of 80 columns
    assert "30 broken (b.p0, b.p1, b.p2 (and 27 more))" in "\n".join(told)
    assert "and 37 more, on the page" in "\n".join(told)
