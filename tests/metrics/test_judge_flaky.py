"""Tests that a suite is called steady only where it ran often enough to show the contrary."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from atalaya.core.settings import Thresholds
from atalaya.metrics.flaky_tests import FlakyCounts, judge_flaky
from atalaya.metrics.stats.flakiness import detectable, mixed_by_chance
from atalaya.records.judged import State
from atalaya.records.stored import CaseOutcome
from tests.tables import each_row

LIMITS = Thresholds()
ENOUGH: dict[str, Any] = {"tests": 9, "repeated": 9, "attempts": 5}


@each_row(
    ("state", "changes"),
    [
        (State.MEETS, {}),
        (State.MEETS, {"other": 2}),
        (State.MEETS, {"broken": 3}),
        (State.FAIL, {"other": 3}),
        (State.FAIL, {"critical": 1}),
        (State.FAIL, {"critical": 1, "attempts": 1}),  # what was seen was seen
        (State.INCONCLUSIVE, {"attempts": 4}),
        (State.INCONCLUSIVE, {"attempts": 1, "repeated": 1}),
        (State.UNKNOWN, {"attempts": 1, "repeated": 0}),
        (State.UNKNOWN, {"attempts": 0, "repeated": 0, "tests": 0}),
    ],
)
def test_the_state_follows_from_the_counts(state: State, changes: dict[str, int]) -> None:
    assert state is judge_flaky(FlakyCounts(**(ENOUGH | changes)), LIMITS)[0]


def test_too_few_attempts_are_said_with_how_many_it_takes_and_the_command() -> None:
    _, reason = judge_flaky(FlakyCounts(**(ENOUGH | {"attempts": 2})), LIMITS)
    assert [said for said in ("run 2 times", "5 are needed", "`atalaya repeat -n 5") if said not in str(reason)] == []


def test_steady_is_said_with_the_rate_that_would_have_been_seen() -> None:
    _, reason = judge_flaky(FlakyCounts(**ENOUGH), LIMITS)
    assert "fails 28% of its attempts would have been seen with 80% probability" in str(reason)


def test_too_many_are_said_beside_those_expected_by_chance() -> None:
    _, reason = judge_flaky(FlakyCounts(**(ENOUGH | {"other": 3, "by_chance": 2.16})), LIMITS)
    assert "2.2 would be expected if every attempt failed with 1%" in str(reason)


# ── the median ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "median", "attempts"),
    [
        (State.MEETS, 5, [5]),
        (State.INCONCLUSIVE, 4, [4]),
        (State.MEETS, 5, [1, 5, 5]),
        (State.INCONCLUSIVE, 1, [1, 1, 60]),
        (State.INCONCLUSIVE, 1, [1, 9]),  # half of the tests are not more than half
        (State.INCONCLUSIVE, 4, [4, 4, 5, 5]),
        (State.MEETS, 5, [4, 5, 5, 5]),
        (State.UNKNOWN, 1, [1, 1]),
    ],
)
def test_more_than_half_of_the_tests_must_have_run_five_times(
    state: State, median: int, attempts: list[int], watch: Any
) -> None:
    watch.keep(
        *(
            watch.test(f"run-{run}", CaseOutcome.PASSED, test=f"t{number}")
            for number, times in enumerate(attempts)
            for run in range(times)
        )
    )
    metric = watch.metric("flaky-tests")
    assert (state, median) == (metric.state, metric.inputs["median_attempts"])


def test_attempts_of_other_variants_do_not_add_up(watch: Any) -> None:
    watch.keep(
        *(
            watch.test(f"run-{run}", CaseOutcome.PASSED, variant=variant)
            for run in range(4)
            for variant in ("3.11", "3.12", "3.13")
        )
    )
    assert (watch.metric("flaky-tests").state, watch.metric("flaky-tests").n) == (State.INCONCLUSIVE, 3)


def test_the_settling_step_says_how_many_runs_are_missing(watch: Any) -> None:
    watch.keep(*(watch.test(f"run-{run}", CaseOutcome.PASSED) for run in range(2)))
    assert "It takes 3 more runs" in str(watch.metric("flaky-tests").settles)


# ── what chance does ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("attempts", [4, 5, 6, 10, 37, 400])
def test_the_visible_rate_is_the_root_of_its_equation(attempts: int) -> None:
    def power(q: float) -> float:
        return float(stats.binom.cdf(attempts - 1, attempts, q) - stats.binom.cdf(0, attempts, q))

    assert pytest.approx(brentq(lambda q: power(q) - 0.8, 1e-9, 0.5), abs=1e-9) == detectable(attempts)


@pytest.mark.parametrize("attempts", [0, 1, 2, 3])
def test_with_few_attempts_no_rate_is_visible(attempts: int) -> None:
    assert detectable(attempts) is None


@settings(max_examples=50, deadline=None)
@given(
    q=st.one_of(st.sampled_from((0.0, 1.0)), st.floats(1e-6, 1 - 1e-6)),
    attempts=st.integers(1, 50),
    keys=st.integers(0, 9),
)
def test_chance_mixes_as_the_binomial_says(q: float, attempts: int, keys: int) -> None:
    same = float(stats.binom.pmf(0, attempts, q) + stats.binom.pmf(attempts, attempts, q))
    one = 1.0 if attempts == 1 else same
    assert pytest.approx(1 - one**keys, abs=1e-9) == mixed_by_chance(q, attempts, keys)


def test_what_chance_cannot_be_asked_of_is_refused() -> None:
    for q, attempts, keys in ((-0.1, 5, 1), (0.1, 0, 1), (0.1, 5, -1), (math.nan, 5, 1)):
        with pytest.raises(ValueError, match=r"cannot be negative|from 0 to 1"):
            mixed_by_chance(q, attempts, keys)


def test_the_expected_number_counts_the_tests_that_are_not_critical(watch: Any) -> None:
    watch.keep(
        *(
            watch.test(f"run-{run}", CaseOutcome.PASSED, test=f"t{number}", critical=number == 0)
            for number in range(11)
            for run in range(5)
        )
    )
    metric = watch.metric("flaky-tests")
    assert pytest.approx(10 * 0.04901, abs=1e-4) == metric.inputs["expected_by_chance"]
    assert "Expected by chance: 0.5 mixed tests" in " ".join(map(str, metric.derivation))
