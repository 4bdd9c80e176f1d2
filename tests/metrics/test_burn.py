"""Tests that an alarm needs a fast burn that continues and is not chance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atalaya.metrics.stats.burn import ALERTS, Events, budget, budget_used, burn_rate, burning, chance, guard
from atalaya.records.judged import Burning

FAST, SLOW = ALERTS[0], ALERTS[2]


def test_the_alerts_are_those_of_the_window() -> None:
    assert [tuple(alert) for alert in ALERTS] == [(1, 5 / 60, 7.2), (6, 0.5, 3), (24, 2, 1.5)]


def test_each_rate_spends_a_share_of_the_windows_budget_in_its_long_hours() -> None:
    assert pytest.approx([0.10, 0.25, 0.50]) == [alert.rate * alert.long_h / 72 for alert in ALERTS]


@pytest.mark.parametrize(
    ("rate", "tail", "unit", "real", "bad", "total", "slo"),
    [(5.0, 0.000108, 5e-7, True, 9, 1800, 0.999), (5.0, 0.182, 5e-4, False, 1, 20, 0.99)],
)
def test_of_two_equal_rates_the_guard_keeps_the_one_that_is_no_chance(
    rate: float, tail: float, unit: float, real: bool, bad: int, total: int, slo: float
) -> None:
    assert (pytest.approx(rate), pytest.approx(tail, abs=unit), real) == (
        burn_rate(bad, total, slo),
        chance(bad, total, slo),
        guard(bad, total, slo),
    )


def test_the_budget_is_as_was_worked_out() -> None:
    assert pytest.approx(43.2) == budget(43_200, 0.999)
    assert pytest.approx(0.208, abs=5e-4) == budget_used(9, 43_200, 0.999)


def test_two_bad_events_raise_no_alarm_however_unlikely_they_are() -> None:
    assert [guard(2, 20, 0.9999), guard(3, 20, 0.9999)] == [False, True]


def test_three_bad_events_are_no_chance_where_they_happen_in_less_than_one_of_a_hundred_windows() -> None:
    assert [guard(3, total, 0.99) for total in (44, 45)] == [True, False]


def test_an_alarm_needs_the_long_hours_and_the_short() -> None:
    burns, calm = Events(20, 1800), Events(0, 1800)
    now, over = Events(2, 150), Events(0, 150)
    assert [
        burning(long, short, slo=0.999, rate=FAST.rate) for long, short in ((burns, now), (burns, over), (calm, now))
    ] == [Burning.YES, Burning.NO, Burning.NO]


def test_an_alarm_needs_the_guard() -> None:
    assert [burning(events, events, slo=0.99, rate=SLOW.rate) for events in (Events(1, 20), Events(10, 200))] == [
        Burning.NO,
        Burning.YES,
    ]


def test_a_rate_that_is_only_reached_is_not_exceeded() -> None:
    events = Events(500, 1000)
    assert [burning(events, events, slo=0.75, rate=rate) for rate in (2.0, 1.9999)] == [Burning.NO, Burning.YES]


@pytest.mark.parametrize(("long", "short"), [((0, 0), (0, 0)), ((0, 100), (0, 0)), ((0, 0), (5, 5))])
def test_where_nothing_happened_it_is_unknown_whether_it_burns(long: tuple[int, int], short: tuple[int, int]) -> None:
    assert burning(Events(*long), Events(*short), slo=0.99, rate=1.5) is Burning.UNKNOWN


def test_without_a_budget_the_rate_is_left_to_the_rule_for_zero_events() -> None:
    assert [burn_rate(1, 20, 1), budget_used(0, 20, 1), burning(Events(5, 20), Events(5, 20), slo=1, rate=1.5)] == [
        None,
        None,
        Burning.UNKNOWN,
    ]


@settings(max_examples=50, deadline=None)
@given(total=st.integers(1, 500), slo=st.floats(0.5, 0.9999), data=st.data())
def test_one_more_bad_event_burns_faster_and_is_less_likely(total: int, slo: float, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, total - 1))
    assert (burn_rate(bad + 1, total, slo) or 0) > (burn_rate(bad, total, slo) or 0)
    assert chance(bad + 1, total, slo) <= chance(bad, total, slo) <= 1


@pytest.mark.parametrize(("bad", "total"), [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(bad: int, total: int) -> None:
    for function in (burn_rate, chance, guard):
        with pytest.raises(ValueError, match="counts cannot be negative"):
            function(bad, total, 0.99)


@pytest.mark.parametrize("slo", [-0.1, 1.1, 99.9])
def test_an_objective_that_is_no_share_is_refused(slo: float) -> None:
    with pytest.raises(ValueError, match="an objective is a share"):
        budget(100, slo)


def test_expectations_and_hours_below_zero_are_refused() -> None:
    for refuses in (lambda: budget(-1, 0.9), lambda: budget_used(-1, 10, 0.9)):
        with pytest.raises(ValueError):
            refuses()
