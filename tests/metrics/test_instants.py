"""Do instants show a trend exactly where there is one?"""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.metrics.instants import Laplace, by_exposure, irwin_hall, kendall, laplace, last_against_first
from tests.tables import each_row

EARLY = [1, 2, 3, 5, 8, 9, 14, 20, 31, 47]
HOURS = st.lists(st.floats(0, 72), min_size=1, max_size=15)


def test_ten_events_are_compared_with_the_normal_distribution() -> None:
    found = laplace(EARLY, 72)
    assert sum(EARLY) / len(EARLY) == 14.0
    assert (pytest.approx(-3.3472, abs=5e-5), pytest.approx(0.000408, abs=5e-7), False, 10) == (
        found.u,
        found.p_decreasing,
        found.exact,
        found.events,
    )


def test_the_exact_probability_of_the_same_ten_is_half_as_much() -> None:
    assert pytest.approx(0.000211, abs=5e-7) == irwin_hall(sum(EARLY) / 72, 10)


def test_four_events_are_compared_with_the_exact_distribution() -> None:
    found = laplace([5, 30, 40, 60], 72)
    assert (pytest.approx(-0.2165, abs=5e-5), pytest.approx(0.4173, abs=5e-5), True) == (
        found.u,
        found.p_decreasing,
        found.exact,
    )


def test_nine_events_are_exact_and_ten_are_not() -> None:
    assert [laplace([1.0] * n, 72).exact for n in (9, 10)] == [True, False]


def test_without_an_event_there_is_no_trend() -> None:
    assert Laplace(events=0, exact=True, u=None, p_decreasing=None, p_increasing=None) == laplace([], 72)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 12), share=st.floats(0, 1))
def test_the_sum_of_uniform_instants_has_the_distribution_of_irwin_and_hall(n: int, share: float) -> None:
    total = Fraction(share) * n
    exact = sum((-1) ** k * comb(n, k) * (total - k) ** n for k in range(floor(total) + 1))
    assert pytest.approx(float(exact / factorial(n)), abs=1e-9) == irwin_hall(float(total), n)


@settings(max_examples=50, deadline=None)
@given(instants=HOURS)
def test_a_watch_seen_backwards_has_the_opposite_trend(instants: list[float]) -> None:
    forwards, backwards = laplace(instants, 72), laplace([72 - instant for instant in instants], 72)
    assert pytest.approx([forwards.u, forwards.p_decreasing], abs=1e-9) == [-(backwards.u or 0), backwards.p_increasing]
    assert pytest.approx(1) == (forwards.p_decreasing or 0) + (forwards.p_increasing or 0)


@settings(max_examples=50, deadline=None)
@given(instants=HOURS)
def test_exposure_that_is_constant_changes_nothing(instants: list[float]) -> None:
    clock = by_exposure(instants, [24, 48, 72], [500, 500, 500])
    assert pytest.approx(laplace(instants, 72).u, abs=1e-9) == laplace(clock, 1500).u


def test_fewer_errors_among_fewer_polls_are_no_fall() -> None:
    ends, polls = [24, 48, 72], [8000, 6000, 1500]
    in_proportion = [1.5 + 3 * i for i in range(16)][:8] + [24 + 4 * i for i in range(6)] + [60]
    assert (laplace(in_proportion, 72).p_decreasing or 1) < 0.05
    assert (laplace(by_exposure(in_proportion, ends, polls), sum(polls)).p_decreasing or 0) > 0.05


def test_the_clock_of_exposure_runs_as_the_exposure_does() -> None:
    assert by_exposure([0, 12, 24, 36, 72], [24, 48, 72], [8000, 6000, 1500]) == [0, 4000, 8000, 11000, 15500]


def test_the_last_day_against_the_first_two_is_as_was_worked_out() -> None:
    assert pytest.approx(0.0351, abs=5e-5) == last_against_first(3, 19, last_exposure=24, first_exposure=48)


@pytest.mark.parametrize(
    ("last", "first", "last_exposure", "first_exposure"), [(0, 0, 24, 48), (0, 3, 0, 48), (3, 0, 24, 0)]
)
def test_days_without_event_or_exposure_are_not_compared(
    last: int, first: int, last_exposure: float, first_exposure: float
) -> None:
    assert last_against_first(last, first, last_exposure=last_exposure, first_exposure=first_exposure) is None


def test_kendalls_tau_is_as_was_worked_out() -> None:
    fall = kendall([9, 7, 4, 5, 2, 1])
    assert (pytest.approx(-0.8667, abs=5e-5), pytest.approx(0.01667, abs=5e-6), 6) == (fall.tau, fall.p, fall.n)


@pytest.mark.parametrize("values", [[], [3], [2, 2, 2]])
def test_values_that_do_not_differ_have_no_order(values: list[float]) -> None:
    assert (kendall(values).tau, kendall(values).p) == (None, None)


@pytest.mark.parametrize(("instants", "window"), [([-1], 72), ([73], 72), ([float("nan")], 72), ([], 0)])
def test_instants_that_cannot_be_are_refused(instants: list[float], window: float) -> None:
    with pytest.raises(ValueError, match="window"):
        laplace(instants, window)


@each_row(
    ("instants", "ends", "exposures"),
    [([1], [24], [5, 5]), ([1], [24], [-5]), ([1], [24, 24], [5, 5]), ([25], [24], [5]), ([-1], [24], [5])],
)
def test_exposure_that_does_not_fit_the_instants_is_refused(
    instants: list[float], ends: list[float], exposures: list[float]
) -> None:
    with pytest.raises(ValueError):
        by_exposure(instants, ends, exposures)


def test_sums_and_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="no sum"):
        irwin_hall(1, 0)
    with pytest.raises(ValueError, match="cannot be negative"):
        last_against_first(-1, 3, last_exposure=24, first_exposure=48)
