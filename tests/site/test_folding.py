"""Tests that pages begin with what is not fine, and that what is folded away is all there."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import BacklogItem, Judgement, Tally
from atalaya.records.stored import Outcome
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments.figures import figure, metrics
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import BEGUN
from tests.site import example

EN = Renderer(Language("en"))
ROW = re.compile(r"^\* - ", re.MULTILINE)
FOLD = re.compile(r"^(:+)\{dropdown\}[^\n]*\n(?:.*?)^\1$", re.MULTILINE | re.DOTALL)


def with_outcomes(*outcomes: Outcome) -> Judgement:
    """So many promises of one family, with these outcomes."""
    judgement = example.judgement()
    one = judgement.promises[0]
    promises = tuple(
        replace(one, promise=replace(one.promise, id=f"cache.p{number}"), outcome=outcome)
        for number, outcome in enumerate(outcomes)
    )
    return replace(judgement, promises=promises)


def page(name: str, judgement: Judgement) -> str:
    return FRAGMENTS[name](judgement, EN).replace("\\", "")


def open_part(shown: str) -> str:
    return FOLD.sub("", shown)


def rows_of(shown: str) -> int:
    """The rows of all tables, but for their headers."""
    return len(ROW.findall(shown)) - shown.count("{list-table}")


def test_what_is_broken_comes_first_then_what_is_unknown_and_what_is_kept_is_folded():
    shown = page("contracts", with_outcomes(Outcome.KEPT, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE, Outcome.BROKEN))
    stands_open = open_part(shown)
    assert re.findall(r"\{promise\}`cache\.p(\d)`", stands_open) == ["3", "1"]
    assert sorted(re.findall(r"\{promise\}`cache\.p(\d)`", shown)) == ["0", "1", "2", "3"]
    assert "Broken or unknown: 2" in stands_open


def test_where_all_is_kept_that_is_said_and_no_table_stands_open():
    shown = page("contracts", with_outcomes(Outcome.KEPT, Outcome.KEPT))
    assert "No promise is broken, and none is unknown." in shown
    assert rows_of(open_part(shown)) == 0


@pytest.mark.parametrize("n", [BEGUN, BEGUN + 1, 200])
def test_only_the_first_rows_of_what_is_not_fine_stand_open_and_all_are_there(n: int):
    shown = page("contracts", with_outcomes(*[Outcome.UNKNOWN] * n))
    assert (rows_of(open_part(shown)), rows_of(shown)) == (BEGUN, n)
    assert (f"And {n - BEGUN} more" in shown) == (n > BEGUN)


def test_a_long_backlog_stands_open_with_the_most_pressing_items_only():
    judgement = example.judgement()
    item: BacklogItem = judgement.backlog[0]
    shown = page("backlog", replace(judgement, backlog=(item,) * 30))
    assert (rows_of(open_part(shown)), rows_of(shown)) == (BEGUN, 30)


def test_the_table_of_the_five_metrics_is_folded_and_whole():
    shown = str(metrics(example.judgement(), EN))
    assert rows_of(open_part(shown)) == 0
    assert rows_of(shown) >= len(example.judgement().metrics)


# ── the row of a metric ──────────────────────────────────────────────────────


def counted(**changes):
    """The stale reads since a fix."""
    stale = next(one for one in example.judgement().metrics if one.unit == "events")
    said = {"value": 0.0, "k": 0, "n": 210, "low": 0.0, "high": 3.0, "before_fix": Tally(events=24, trials=282)}
    return replace(stale, **(said | changes))


def told(**changes) -> str:
    return " ".join(figure(counted(**changes), EN)).replace("\\", "")


def test_a_count_says_of_how_many_since_the_fix_its_rate_and_what_was_before():
    assert told() == "[0]{.figure} of 210 since the fix [rate 0 … 0.014]{.interval} [before it 24 of 282]{.interval}"


def test_without_a_fix_nothing_is_said_of_one():
    assert told(before_fix=Tally()) == "[0]{.figure} of 210 [rate 0 … 0.014]{.interval}"


def test_events_that_are_in_no_rate_are_said_to_be_of_no_trials():
    assert told(value=3.0, k=2, before_fix=Tally()) == "[3]{.figure}"


def test_the_small_chart_of_a_falling_rate_falls():
    days = (Tally(events=18, trials=126), Tally(events=6, trials=119), Tally(events=0, trials=126))
    metric = counted(by_day=days, threshold=text("at most {n}", n=0))
    shown = str(metrics(replace(example.judgement(), metrics=(metric,)), EN))
    heights = [float(y) for y in re.findall(r'<circle class="[^"]*" cx="[\d.]+" cy="([\d.]+)"', shown)]
    assert (len(heights), heights) == (3, sorted(heights))
    assert "18 / 126" in shown
    assert "6 of 119" in shown.replace("\\", "")
