"""Tests that the estimates give the numbers that were computed by hand."""

from __future__ import annotations

import math
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from atalaya.metrics.stats.distributions import normal_quantile
from atalaya.metrics.stats.intervals import (
    ALPHA,
    Z,
    clean_runs_needed,
    events_ruled_out,
    garwood,
    joint_upper,
    trend,
    trials_for,
    wilson,
)
from atalaya.selftest.prove import at_the_least
from tests.tables import each_row


def test_z_is_the_quantile_of_the_normal_that_it_stands_for() -> None:
    assert normal_quantile(1 - ALPHA / 2) == Z


@each_row(
    ("low", "high", "successes", "n"),
    [
        (0.8630, 0.9829, 57, 60),
        (0.7985, 0.9534, 54, 60),
        (0.7197, 0.9069, 50, 60),
        (0.9104, 0.9726, 190, 200),
        (0.9398, 1, 60, 60),
        (0.5655, 1, 5, 5),
        (0, 0.4345, 0, 5),
        (0.2065, 1, 1, 1),
        (0.1876, 0.8124, 3, 6),
    ],
)
def test_wilson_gives_the_worked_interval(low: float, high: float, successes: int, n: int) -> None:
    share = wilson(successes, n)
    assert (low, high) == (pytest.approx(share.low, abs=5e-5), pytest.approx(share.high, abs=5e-5))


def test_a_bound_at_the_end_is_exactly_the_end() -> None:
    assert [wilson(0, 7).low, wilson(7, 7).high] == [0.0, 1.0]


def test_without_trials_there_is_no_value_and_no_bound() -> None:
    nothing = wilson(0, 0)
    assert [nothing.value, nothing.low, nothing.high, at_the_least(0, 0)] == [None] * 4


@given(n=st.integers(1, 400), data=st.data())
def test_wilson_holds_the_share_inside_its_interval(n: int, data: st.DataObject) -> None:
    share = wilson(data.draw(st.integers(0, n)), n)
    assert share.value is not None
    assert share.low is not None
    assert share.high is not None
    assert 0 <= share.low <= share.value <= share.high <= 1


@each_row(
    ("needed", "successes", "n", "floor"),
    [(24, 57, 60, 0.90), (113, 57, 60, 0.95), (73, 0, 0, 0.95), (35, 0, 0, 0.90), (0, 60, 60, 0.90), (None, 5, 5, 1.0)],
)
def test_clean_runs_needed_is_the_smallest_number(needed: int | None, successes: int, n: int, floor: float) -> None:
    assert needed == clean_runs_needed(successes, n, floor)


def searched(n: int, shown: int, caught: int) -> float:
    """The joint bound by plain search: the r whose best sensitivity, of many, leaves 5 %."""
    s = np.linspace(1e-5, 1, 100_001)
    told = stats.binom.sf(caught - 1, shown, s)

    def left(r: float) -> float:
        return float((told * np.exp(-n * r * s)).max() - 0.05)

    return float(optimize.brentq(left, 1e-9, 1e4, xtol=1e-12))


@each_row(
    ("n", "shown", "caught"),
    [(1, 1, 1), (60, 2, 2), (60, 3, 3), (4320, 20, 20), (4320, 20, 19), (100, 5, 4), (7, 3, 1), (720, 40, 20)],
)
def test_the_joint_bound_is_that_of_a_plain_search(n: int, shown: int, caught: int) -> None:
    assert joint_upper(n, shown=shown, caught=caught) == pytest.approx(searched(n, shown, caught), rel=1e-6)


def test_from_three_seeded_events_on_all_caught_there_is_no_discount() -> None:
    whole = -math.log(0.05)
    ruled_out = [events_ruled_out(shown, shown) for shown in range(1, 200)]
    assert [shown for shown, events in enumerate(ruled_out, 1) if events != pytest.approx(whole)] == [1, 2]
    missed_one = [events_ruled_out(shown, shown - 1) or 0 for shown in range(2, 200)]
    assert min(missed_one) > whole


def test_what_more_seeded_events_catch_never_widens_the_bound() -> None:
    for shown in range(1, 25):
        for caught in range(1, shown + 1):
            events = events_ruled_out(shown, caught) or 0
            assert (events_ruled_out(shown + 1, caught + 1) or 0) <= events + 1e-9
            assert (events_ruled_out(shown + 1, caught) or 0) >= events


def test_a_detector_that_caught_nothing_bounds_nothing() -> None:
    assert [joint_upper(9_000, shown=shown, caught=0) for shown in (0, 20)] == [None, None]


@each_row(("needed", "upper", "shown", "caught"), [(60, 0.05, 3, 3), (300, 0.01, 20, 20), (600, 0.005, 3, 3)])
def test_the_trials_for_a_bound_are_the_fewest(needed: int, upper: float, shown: int, caught: int) -> None:
    assert needed == trials_for(upper, shown=shown, caught=caught)
    assert (joint_upper(needed - 1, shown=shown, caught=caught) or 0) > upper


def test_a_rate_of_no_stated_exposure_is_the_count_itself() -> None:
    assert garwood(3) == garwood(3, 1.0)
    assert garwood(3).value == 3.0


def test_garwood_gives_the_worked_interval() -> None:
    rate = garwood(3, 24)
    assert (pytest.approx(rate.low, abs=5e-5), pytest.approx(rate.high, abs=5e-5)) == (0.0258, 0.3653)


@pytest.mark.parametrize(
    ("p", "counts", "exposures"),
    [
        (0.01258, [12, 7, 3], [24, 24, 24]),
        (0.6016, [12, 7, 3], [8000, 6000, 1500]),
        (0.1481, [2, 1, 0], [1, 1, 1]),
        (1 / 81, [4, 0, 0], [1, 1, 1]),
    ],
)
def test_a_fall_is_as_likely_as_was_worked_out(p: float, counts: list[int], exposures: list[float]) -> None:
    found = trend(counts, exposures)
    assert found.exact
    assert p == pytest.approx(found.p_decreasing, abs=5e-5)


def test_the_score_is_standardised_as_was_worked_out() -> None:
    assert pytest.approx([trend([12, 7, 3], [24, 24, 24]).z, trend([12, 7, 3], [8000, 6000, 1500]).z], abs=5e-4) == [
        -2.350,
        0.073,
    ]


def test_no_event_has_no_trend() -> None:
    assert trend([0, 0, 0], [24, 24, 24]).p_decreasing is None


def test_the_normal_approximation_takes_over_beyond_sixty_events() -> None:
    exact, approximate = trend([30, 20, 10], [1, 1, 1]), trend([31, 20, 10], [1, 1, 1])
    assert [exact.exact, approximate.exact] == [True, False]
    assert approximate.p_decreasing == pytest.approx(exact.p_decreasing, abs=5e-3)


def test_all_exposure_in_one_bin_shows_no_trend() -> None:
    found = trend([5, 0, 0], [10, 0, 0])
    assert (pytest.approx(found.p_decreasing), pytest.approx(found.p_increasing), found.z) == (1.0, 1.0, 0.0)


def test_events_without_exposure_have_no_rate() -> None:
    with pytest.raises(ValueError, match="no exposure"):
        trend([1, 2], [10, 0])


@given(counts=st.tuples(*[st.integers(0, 5)] * 3), exposures=st.tuples(*[st.floats(0.5, 50)] * 3))
def test_the_convolution_is_what_adding_up_all_outcomes_gives(
    counts: tuple[int, int, int], exposures: tuple[float, float, float]
) -> None:
    total, whole = sum(counts), sum(exposures)
    shares = [exposure / whole for exposure in exposures]
    score = counts[1] + 2 * counts[2]
    added = sum(
        comb(total, a) * comb(total - a, b) * shares[0] ** a * shares[1] ** b * shares[2] ** (total - a - b)
        for a, b in product(range(total + 1), repeat=2)
        if a + b <= total and b + 2 * (total - a - b) <= score
    )
    found = trend(counts, exposures)
    assert found.p_decreasing is None if total == 0 else added == pytest.approx(found.p_decreasing)


@pytest.mark.parametrize(("part", "whole"), [(-1, 5), (6, 5), (0, -1)])
def test_counts_that_cannot_be_are_refused(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="counts cannot be negative"):
        wilson(part, whole)


def test_the_bounds_of_the_rates_that_decide_are_as_published() -> None:
    assert pytest.approx(wilson(72, 72).low, abs=5e-6) == 0.94935
    assert [(wilson(x, 60).high or 1) < 0.95 for x in (53, 54)] == [True, False]


def test_the_normal_approximation_of_a_trend_is_too_small_for_few_events() -> None:
    falls, few = trend([12, 7, 3], [24, 24, 24]), trend([2, 1, 0], [1, 1, 1])
    assert pytest.approx(stats.norm.cdf(falls.z), abs=5e-6) == 0.00939
    assert (pytest.approx(stats.norm.cdf(few.z), abs=5e-5), pytest.approx(few.p_decreasing, abs=5e-5)) == (
        0.0786,
        0.1481,
    )
