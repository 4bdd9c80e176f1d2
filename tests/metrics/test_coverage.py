"""Tests that missed observations are detected."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atalaya.core.settings import Settings, WatchSettings
from atalaya.metrics.coverage import coverage, covered
from atalaya.metrics.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Coverage
from atalaya.records.stored import Conclusion
from tests.metrics.conftest import T0, Watch


def of(*hours: float, until: float = 72, **schedule: float) -> Coverage:
    seen = [T0 + timedelta(hours=hour) for hour in sorted(hours)]
    return covered(seen, begins=T0, until=T0 + timedelta(hours=until), schedule=WatchSettings(**schedule))


def test_a_watch_that_looked_each_hour_is_whole() -> None:
    whole = of(*range(73))
    assert (whole.seen, whole.slots, whole.enough) == (72, 72, True)


def test_a_watch_without_an_observation_saw_nothing_and_is_one_gap() -> None:
    slept = of()
    assert (slept.seen, slept.slots, slept.largest_gap_h, slept.enough) == (0, 72, 72.0, False)


def test_a_gap_that_is_too_long_is_not_made_good_by_the_share() -> None:
    slept = of(*(hour for hour in range(72) if not 20 <= hour < 27))
    assert slept.share > 0.9
    assert [
        ((gap.begins - T0) / timedelta(hours=1), (gap.ends - T0) / timedelta(hours=1), gap.hours) for gap in slept.gaps
    ] == [(19, 27, 8.0)]
    assert slept.enough is False


def test_a_gap_as_long_as_may_be_is_none() -> None:
    allowed = of(*(hour for hour in range(72) if not 20 < hour < 26))
    assert (allowed.largest_gap_h, allowed.gaps, allowed.enough) == (6.0, (), True)


def test_many_short_gaps_are_too_few_observations() -> None:
    thin = of(*range(0, 72, 2))
    assert (thin.gaps, thin.share, thin.enough) == ((), 0.5, False)


def test_a_gap_at_the_end_counts_as_one_at_the_beginning_does() -> None:
    assert of(*range(60)).largest_gap_h == 13.0
    assert of(*range(12, 72)).largest_gap_h == 12.0


def test_at_the_opening_nothing_is_expected_yet() -> None:
    fresh = of(until=0.5)
    assert (fresh.slots, fresh.share, fresh.enough) == (0, 1.0, True)


def test_how_late_an_observation_came_is_said_and_two_in_a_slot_are_one() -> None:
    late = of(0.75, 0.9, 1.5, until=2)
    assert (late.seen, late.latest_h) == (2, 0.75)


def test_another_schedule_has_other_slots() -> None:
    assert of(0, 6.2, 12.4, until=18, every_h=6, gap_h=7).enough is True


@pytest.mark.parametrize("conclusion", [Conclusion.FAILURE, Conclusion.TIMED_OUT, Conclusion.SUCCESS])
def test_what_ended_was_an_observation_whatever_it_said(watch: Watch, conclusion: Conclusion) -> None:
    watch.keep(watch.job("r1", conclusion, hours=0.5))
    assert seen(watch) == 1


@pytest.mark.parametrize(
    "conclusion", [Conclusion.CANCELLED, Conclusion.STARTUP_FAILURE, Conclusion.NOTHING_RAN, Conclusion.UNKNOWN]
)
def test_what_told_nothing_was_no_observation(watch: Watch, conclusion: Conclusion) -> None:
    watch.keep(watch.job("r1", conclusion, hours=0.5))
    assert seen(watch) == 0


def test_evidence_that_came_later_does_not_change_what_was_known(watch: Watch) -> None:
    watch.keep(watch.job("r1", hours=0.5, recorded_at=T0 + timedelta(hours=9)))
    assert seen(watch) == 0


def seen(watch: Watch) -> int:
    as_of = T0 + timedelta(hours=2)
    with opened(watch.folder) as engine:
        return coverage(engine, MetricQuery(release=watch.release, as_of=as_of, settings=Settings())).seen


@pytest.mark.parametrize("dropped", [None, 23, 53])
def test_a_schedule_of_two_minutes_an_hour_meets_each_slot_with_either_of_them(dropped: int | None) -> None:
    # T+0 is on the hour here; the slots are counted from it.
    minutes = [minute for minute in (23, 53) if minute != dropped]
    kept = of(*(hour + minute / 60 for hour in range(72) for minute in minutes))
    assert (kept.seen, kept.slots, kept.enough) == (72, 72, True)


def test_where_both_minutes_of_some_hours_are_dropped_that_is_a_gap() -> None:
    dropped = of(*(hour + minute / 60 for hour in range(72) if not 20 <= hour < 27 for minute in (23, 53)))
    assert (dropped.seen, [round(gap.hours, 1) for gap in dropped.gaps]) == (65, [7.5])
