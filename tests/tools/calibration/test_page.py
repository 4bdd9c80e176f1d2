"""Tests that the calibration page shows each process in one sentence, with goals, intervals and naive rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.settings import Settings
from atalaya.site.fragments.calibration import FRAGMENTS, about_the_verdict
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.calibration_record import BASELINE_RULE_NAMES, Calibration, Truth
from tests.tools.calibration.detectors import DETECTORS
from tools.calibration.calibrate import Inputs, calibrate
from tools.calibration.scenarios import BY_ID

DOCS = Path(__file__).parents[3] / "docs"
EN = Renderer(Language("en"))
IDS = ("healthy-99-1-0", "healthy-99-4-0", "sick-80", "dead-5-54", "network-one", "asked-90", "ci-once")


@pytest.fixture(scope="module")
def made() -> Calibration:
    inputs = Inputs(20, 1, Settings(), DETECTORS)
    return calibrate(inputs, made_by="a test", scenarios=[BY_ID[id] for id in IDS], processes=1)


def fragment(name: str, it: Calibration | None, voice: Renderer = EN) -> str:
    return about_the_verdict(it)[f"calibration-{name}"](voice).replace("\\", "")


def changed(it: Calibration, id: str, **changes: object) -> Calibration:
    """The same calibration, had something else become of one scenario."""
    of_10_000 = replace(it, watches=10_000)
    return replace(
        of_10_000, found=tuple(replace(one, **changes) if one.scenario.id == id else one for one in it.found)
    )


def row_of(said: str, sentence: str) -> str:
    (row,) = [row for row in said.split("\n* - ") if sentence in row]
    return row


def test_without_a_calibration_each_fragment_says_how_to_make_one():
    assert all("nox -s calibrate" in fragment(name, None) for name in FRAGMENTS)


def test_the_page_includes_each_fragment():
    page = (DOCS / "reference" / "calibration.md").read_text(encoding="utf-8")
    assert [name for name in FRAGMENTS if f"```{{live}} calibration-{name}\n" not in page] == []


def test_a_share_stands_with_its_interval(made: Calibration):
    said = fragment("healthy", changed(made, "healthy-99-4-0", alarmed=500))
    assert "5.00% (4.59% to 5.44%)" in row_of(said, "jobs a run: 4")


@pytest.mark.parametrize(("alarmed", "says"), [(499, "met"), (501, "not met")])
def test_a_goal_stands_beside_its_share_as_met_or_not(made: Calibration, alarmed: int, says: str):
    row = row_of(fragment("goals", changed(made, "healthy-99-1-0", alarmed=alarmed)), "jobs a run: 1")
    assert "alarm at most 5%" in row
    assert (f"✖ {says}" if says == "not met" else f"● {says}") in row


def test_a_goal_for_go_is_one_too(made: Calibration):
    row = row_of(fragment("goals", changed(made, "dead-5-54", ended={"GO": 1, "EXTEND": 9_999})), "fails in every run")
    assert "GO at most 0%" in row
    assert "not met" in row


def test_each_truth_has_its_table_and_each_process_its_sentence(made: Calibration):
    for truth in Truth:
        said = fragment(str(truth), made)
        of_it = {one.scenario.id for one in made.found if str(one.scenario.says) in said}
        assert of_it == {one.scenario.id for one in made.found if one.scenario.truth is truth}


def test_each_row_has_the_naive_rules_beside_it(made: Calibration):
    said = fragment("naive", made)
    assert [name for name in BASELINE_RULE_NAMES.values() if f"- {name}" not in said] == []
    assert row_of(said, "then silence").count("GO 100.0%") == 3


def test_the_floor_shows_how_many_jobs_may_be_lost(made: Calibration):
    said = fragment("floor", made).split("\n* - ")
    assert [row for row in said if row.startswith("48\n  - 1\n  - 91.7%")]
    assert [row for row in said if row.startswith("60\n  - 2\n  - 97.8%") and "5.3%" in row]


def test_what_theory_says_stands_beside_what_was_simulated(made: Calibration):
    said = fragment("theory", made)
    rows = [row for row in said.split("\n* - ") if "A job of the last run failed" in row]
    assert ["1.00%" in row for row in rows if "jobs a run: 1" in row] == [True]
    assert said.startswith("Of ")
