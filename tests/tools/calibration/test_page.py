"""Tests that the calibration page shows counts and intervals, and names what is out of order."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.records.judged import State
from atalaya.site.fragments.calibration import FRAGMENTS, about_the_verdict
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.calibration_record import Calibration, Truth, read
from tools.calibration.scenarios import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
EN, ES = Renderer(Language("en")), Renderer(Language("es"))


@pytest.fixture
def kept() -> Calibration:
    found = read(DOCS)
    assert found is not None
    return found


def fragment(name: str, it: Calibration | None, voice: Renderer = EN) -> str:
    return about_the_verdict(it)[f"calibration-{name}"](voice).replace("\\", "")


def alarmed(it: Calibration, id: str, n: int) -> Calibration:
    """The same calibration, had so many watches of one scenario been alarmed."""
    return replace(it, found=tuple(replace(one, alarmed=n) if one.scenario.id == id else one for one in it.found))


def test_without_a_calibration_each_fragment_says_how_to_make_one():
    assert all("nox -s calibrate" in fragment(name, None) for name in FRAGMENTS)


def test_the_page_includes_each_fragment():
    page = (DOCS / "reference" / "calibration.md").read_text(encoding="utf-8")
    assert [name for name in FRAGMENTS if f"```{{live}} calibration-{name}\n" not in page] == []


def test_a_share_stands_with_its_interval_and_its_counts(kept: Calibration):
    assert "5.00% (4.59% to 5.44%): 500 of 10,000" in fragment("healthy", alarmed(kept, "healthy-97", 500))


@pytest.mark.parametrize(("n", "state"), [(450, State.PROVEN), (500, State.INCONCLUSIVE), (560, State.FAIL)])
def test_an_alarm_is_held_against_5_percent_with_its_whole_interval(kept: Calibration, n: int, state: State):
    rows = fragment("healthy", alarmed(kept, "healthy-97", n)).partition("list-table")[2].split("\n* - ")
    (row,) = [row for row in rows if "97 of 100 jobs end well, and nothing else" in row]
    assert str(state.value) in row


def test_what_raises_too_many_false_alarms_is_named_before_the_table(kept: Calibration):
    said = fragment("healthy", alarmed(kept, "healthy-99", 9_000))
    assert "99 of 100 jobs end well" in said[: said.index("list-table")]
    calm = kept
    for scenario in SCENARIOS:
        calm = alarmed(calm, scenario.id, 0)
    assert fragment("healthy", calm).startswith("In none of ")


def test_every_scenario_has_its_row_where_all_are_shown(kept: Calibration):
    for name in ("words", "naive"):
        said = fragment(name, kept)
        assert [scenario.id for scenario in SCENARIOS if scenario.says not in said] == []


def test_each_truth_has_its_table(kept: Calibration):
    for name, truth in (("healthy", Truth.HEALTHY), ("sick", Truth.SICK), ("unseen", Truth.UNSEEN)):
        said = fragment(name, kept)
        assert {one.id for one in SCENARIOS if one.says in said} == {one.id for one in SCENARIOS if one.truth is truth}


def test_what_theory_says_stands_beside_what_was_simulated(kept: Calibration):
    said = fragment("theory", kept)
    assert "83.54%" in said
    assert "and 37 agree with it" in said


def test_jobs_that_fail_together_get_no_number_that_was_computed_for_jobs_that_do_not(kept: Calibration):
    rows = fragment("jobs", kept).split("\n* - ")
    assert {"–"} == {row.rstrip(":\n").split("- ")[-1] for row in rows if "fail together" in row}


def test_the_page_speaks_spanish(kept: Calibration):
    assert "Falsa alarma" in fragment("healthy", kept, ES)
