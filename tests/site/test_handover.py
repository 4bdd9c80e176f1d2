"""Tests that what a team publishes at the end of a watch is whole, in each language, and can do nothing but be read."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.settings import Settings
from atalaya.core.words import text
from atalaya.records.judged import Judgement
from atalaya.records.stored import Environment, WatchTransition, record_metadata
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs.handover import backlog_csv, backlog_markdown, go_no_go, handover
from atalaya.watch.folder import find
from atalaya.watch.judgement import judge_release
from tests.ours import PACK
from tests.pages import strangers
from tests.site import example

RELEASES = Path(__file__).parents[2] / "docs" / "releases"
ENGLISH = Renderer(Language("en"))


@pytest.fixture(scope="module")
def rehearsed() -> Judgement:
    release = next(one for one in find(RELEASES) if one.version == "rehearsal-2")
    return judge_release(RELEASES / release.version, release, as_of=None, settings=Settings(), pack=PACK)


def rows(content: str) -> list[list[str]]:
    return list(csv.reader(StringIO(content)))


def table(page: str, first: str) -> list[list[str]]:
    """The cells of the table whose header begins with that cell."""
    lines = page[page.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_each_file_is_there_in_both_languages(rehearsed: Judgement) -> None:
    assert sorted(handover(rehearsed)) == sorted(
        f"{name}{code}.{suffix}"
        for name, suffix in (("backlog", "md"), ("backlog", "csv"), ("go-no-go", "md"))
        for code in ("", ".es")
    )


def test_the_backlog_of_a_rehearsal_is_a_page_of_rows_of_more_than_one_priority(rehearsed: Judgement) -> None:
    header, _, *top = table(backlog_markdown(rehearsed, ENGLISH), "#")
    assert header == ["#", "Item", "Impact", "Effort", "Priority", "Acceptance criterion"]
    assert [row[0] for row in top] == [str(n) for n in range(1, len(top) + 1)]
    assert len(top) in (9, 10)  # one for the promises that are newer than the rehearsal, where there are any
    assert [row[4] for row in top] == ["P1"] + ["P2"] * (len(top) - 1)
    assert all("`atalaya " in row[5] for row in top)
    assert {row[3] for row in top} == {"not estimated"}


def test_what_each_row_holds_stands_beneath_it(rehearsed: Judgement) -> None:
    page = backlog_markdown(rehearsed, ENGLISH)
    wishes = page.partition("wishes\n")[2].partition("###")[0]
    assert "`config.infinity-is-accepted`: Refuse numbers that are not finite." in wishes


def test_the_spreadsheet_has_a_header_and_a_row_for_each_item(rehearsed: Judgement) -> None:
    header, *items = rows(backlog_csv(rehearsed, ENGLISH.language))
    assert header == ["number", "priority", "item", "impact", "effort", "acceptance criterion", "why", "holds"]
    assert [row[0] for row in items] == [str(n + 1) for n in range(len(rehearsed.backlog))]
    assert {len(row) for row in items} == {len(header)}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "|", "%", "\uff1d", "\uff0b", "  ="])
def test_no_cell_of_the_spreadsheet_is_a_formula(sign: str) -> None:
    bad = f"{sign}cmd|' /C calc'!A0"
    item = replace(example.judgement().backlog[0], says=text("{bad}", bad=bad), why=text("{bad}", bad=bad))
    item = replace(item, parts=tuple(replace(part, id=bad) for part in item.parts))
    judgement = replace(example.judgement(), backlog=(item,))
    cells = [cell for row in rows(backlog_csv(judgement, ENGLISH.language)) for cell in row]
    assert [cell for cell in cells if cell.lstrip(" ").startswith(tuple("=+-@|%\t\r\n\uff1d\uff0b"))] == []
    assert len(rows(backlog_csv(judgement, ENGLISH.language))) == 2


def test_no_stranger_breaks_a_table_or_opens_markup() -> None:
    judgement = strangers.judgement()
    for page in (backlog_markdown(judgement, ENGLISH), go_no_go(judgement, ENGLISH)):
        tables = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
        assert {len({line.count("|") for line in one.splitlines()}) for one in tables} == {1}
        bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\\\[\\\\`]", "", page))
        assert re.search(r"(?<!\\)[<\[\]]", bare) is None, bare


def test_the_go_no_go_page_says_what_it_rests_on_and_who_decided() -> None:
    page = go_no_go(example.judgement(incidents=True), ENGLISH)
    parts = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert parts == [
        "What it rests on",
        "The five metrics",
        "Open incidents",
        "What is not known",
        "Decision",
        "What to do next",
    ]
    assert len(table(page, "Metric")) == 2 + 5


def test_the_go_no_go_page_says_what_is_not_known_and_asks_nothing_of_what_is_closed() -> None:
    judgement = replace(example.judgement(), decisions=())
    unsigned = text("T+24, Review CI: nobody has signed it.")
    unknown = replace(judgement, verdict=replace(judgement.verdict, unknowns=(unsigned,)))
    assert "T+24, Review CI: nobody has signed it." in go_no_go(unknown, ENGLISH).replace("\\", "")
    none = replace(judgement, verdict=replace(judgement.verdict, unknowns=()))
    assert "## What is not known\n\nNothing that is due." in go_no_go(none, ENGLISH).replace("\\", "")
    assert "release decide go-on" in go_no_go(judgement, ENGLISH)
    closed = WatchTransition(
        **record_metadata("x", Environment.LOOPBACK, judgement.as_of),
        state="closed",
        window_h=72,
        by="Ana",
        why="x",
        verdict="0" * 64,
    )
    assert "Nobody decided." in go_no_go(replace(judgement, steps=(closed,)), ENGLISH)
    assert "release decide" not in go_no_go(replace(judgement, steps=(closed,)), ENGLISH)


def test_a_person_can_read_the_file_itself(rehearsed: Judgement) -> None:
    for content in (backlog_markdown(rehearsed, ENGLISH), go_no_go(rehearsed, ENGLISH)):
        assert content.count("\\") < 10
