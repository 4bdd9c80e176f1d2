"""Tests that the pages report how the watch itself went."""

from __future__ import annotations

from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import BrokenTest, BurnRate
from atalaya.records.stored import Environment
from atalaya.site.build.pages import FRAGMENTS, checkpoint
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN = Renderer(Language("en"))


def test_what_no_real_service_has_shown_is_said_in_words() -> None:
    page = FRAGMENTS["environments"](example.judgement(), EN)
    assert "how the release does there is not known" in page


def test_runs_against_a_real_service_are_counted_apart() -> None:
    judged = example.judgement()
    real = replace(judged.environments[0], environment=Environment.SERVICE, decided=7)
    page = FRAGMENTS["environments"](replace(judged, environments=(*judged.environments, real)), EN)
    assert "against a real service\\: 7" in page


def test_each_checkpoint_shows_the_verdict_of_then_and_what_it_did_not_know() -> None:
    page = FRAGMENTS["looks"](example.judgement(), EN)
    assert ("T+24" in page, "3 records tell of before it" in page) == (True, True)


def test_before_the_first_checkpoint_there_is_no_verdict_of_then() -> None:
    assert "No checkpoint" in FRAGMENTS["looks"](replace(example.judgement(), looks=()), EN)


def test_a_checkpoints_own_page_shows_what_was_said_there() -> None:
    assert ["as it was then" in checkpoint(example.judgement(), hours, EN) for hours in (0, 24, 48, 72)] == [
        False,
        True,
        False,
        False,
    ]


def test_a_change_of_a_threshold_stands_with_its_name_and_its_reason() -> None:
    page = FRAGMENTS["settings"](example.judgement(), EN)
    assert [said for said in ("`thresholds.pass_rate = 0.9`", "ana", "we agreed on less") if said not in page] == []


def test_a_watch_without_recorded_settings_says_so() -> None:
    assert "It was not recorded by which thresholds" in FRAGMENTS["settings"](
        replace(example.judgement(), changes=()), EN
    )


def test_the_pace_is_called_an_early_sign_and_an_unknown_one_is_not_quiet() -> None:
    page = FRAGMENTS["pace"](example.judgement(), EN)
    assert ("decides nothing" in page, "not known" in page) == (True, True)
    unknown = replace(example.judgement(), pace=BurnRate(slo=0.999, bad=0, total=0, used=None, signs=()))
    assert "is not known" in FRAGMENTS["pace"](unknown, EN)


def test_each_figure_shows_its_derivation_and_the_command_that_prints_it() -> None:
    page = FRAGMENTS["figures"](example.judgement(), EN)
    assert ("1. Rate" in page, "judge --explain pass-rate" in page) == (True, True)


def test_a_test_that_failed_stands_with_its_class_and_its_score() -> None:
    page = FRAGMENTS["flaky"](example.judgement(), EN)
    assert [said for said in ("`exports::test_confirmed`", "regression suspect", "6\\.6") if said not in page] == []
    assert "No test has failed" in FRAGMENTS["flaky"](replace(example.judgement(), flaky=()), EN)


def test_where_no_test_failed_the_chart_above_the_table_does_not_say_the_same_again() -> None:
    calm = replace(example.judgement(), flaky=(), broken_tests=())
    chart, table = (FRAGMENTS[name](calm, EN) for name in ("chart-flaky", "flaky"))
    assert "No test has failed" in table
    assert chart.strip()
    assert chart.strip() not in table
    assert "No test has failed" not in chart


def test_a_sign_of_health_that_was_not_recorded_says_so_once_in_its_row() -> None:
    sign = replace(example.judgement().health[0], says=(), text=text("Not run."), reason=text("Not run."))
    page = FRAGMENTS["health"](replace(example.judgement(), health=(sign,)), EN)
    assert page.count("Not run") == 1


def test_a_broken_test_stands_with_since_when_and_what_could_have_been_seen_is_said() -> None:
    judgement = example.judgement()
    inputs = {"tests": 41, "median_attempts": 5, "detectable_rate": 0.2764, "expected_by_chance": 1.96}
    broken = BrokenTest(
        test="exports::test_<b>",
        variant="3.14",
        critical=True,
        failures=7,
        runs=4,
        since=judgement.release.opened_at,
        reason=text("broken"),
    )
    metrics = tuple(replace(one, inputs=inputs) if one.id == "flaky-tests" else one for one in judgement.metrics)
    page = FRAGMENTS["flaky"](replace(judgement, metrics=metrics, broken_tests=(broken,)), EN)
    said = ("Broken tests\\: 1", "`exports::test_<b>`", "3.14", "The median one was run 5 times", "27.6%", "expect 2.0")
    assert [words for words in said if words not in page] == []
    few = tuple(
        replace(one, inputs=inputs | {"detectable_rate": None, "median_attempts": 2})
        if one.id == "flaky-tests"
        else one
        for one in judgement.metrics
    )
    assert "no flake rate would have been seen" in FRAGMENTS["flaky"](replace(judgement, metrics=few), EN)
