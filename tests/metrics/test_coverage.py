"""Tests that missed observations are detected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.core.settings import Settings, WatchSettings
from atalaya.metrics.coverage import coverage, covered
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Coverage
from atalaya.records.stored import Conclusion, Release
from tests.metrics.conftest import T0, Watch
from tests.tables import each_row

BY_HAND = (1, 24, 49, 70)


def at(*hours: float) -> list[Any]:
    return [T0 + timedelta(hours=hour) for hour in sorted(hours)]


def of(
    *hours: float, until: float = 72, ci: tuple[float, ...] = BY_HAND, window_h: int = 72, **schedule: float
) -> Coverage:
    release = Release(version="1.1.0", commit="", opened_at=T0, window_h=window_h)
    as_of = T0 + timedelta(hours=until)
    return covered(at(*hours), release=release, as_of=as_of, schedule=WatchSettings(**schedule), ci=at(*ci))


def hourly(*hours: float, until: float = 72, **schedule: float) -> Coverage:
    return of(*hours, until=until, **{"every_h": 1.0} | schedule)


def missed(it: Coverage) -> list[int]:
    return [point.hours for point in it.missed]


# ── the checkpoints ──────────────────────────────────────────────────────────


def test_a_team_that_observes_at_each_checkpoint_has_observed_enough() -> None:
    by_hand = of(*BY_HAND)
    assert ([point.hours for point in by_hand.points], by_hand.enough) == ([0, 24, 48, 72], True)
    assert (by_hand.scheduled, by_hand.slots, by_hand.gaps) == (False, 0, ())


@each_row(
    ("hours", "is_seen"), [(0, True), (3, True), (3.01, False), (-0.1, False), (20.9, False), (21, True), (27, True)]
)
def test_t0_is_observed_in_the_three_hours_after_it_and_t24_within_three_either_side(
    hours: float, is_seen: bool
) -> None:
    about = 0 if hours < 10 else 24
    point = next(point for point in of(hours).points if point.hours == about)
    assert point.seen is is_seen


@each_row(("hours", "is_seen"), [(68.9, False), (69, True), (72, True), (72.1, False)])
def test_the_end_is_observed_in_the_three_hours_before_it(hours: float, is_seen: bool) -> None:
    assert of(hours).points[-1].seen is is_seen


def test_in_an_extended_window_the_checkpoints_go_on_and_t72_is_like_t48() -> None:
    longer = of(1, 24, 48, 74, until=96, window_h=96)
    assert ([point.hours for point in longer.points], missed(longer)) == ([0, 24, 48, 72, 96], [96])
    twice = of(1, 24, 48, 74, 93, 119, until=120, window_h=120)
    assert ([point.hours for point in twice.points], missed(twice)) == ([0, 24, 48, 72, 96, 120], [])


@each_row(
    ("until", "points"), [(0, []), (2.9, []), (3, [0]), (26.9, [0]), (27, [0, 24]), (71.9, [0, 24, 48]), (80, [72])]
)
def test_a_checkpoint_counts_as_soon_as_the_time_about_it_is_over(until: float, points: list[int]) -> None:
    found = [point.hours for point in of(until=until).points]
    assert found == (points if until < 72 else [0, 24, 48, 72])


def test_each_checkpoint_that_nobody_observed_is_missed() -> None:
    assert (missed(of(1, 49)), of(1, 49).enough) == ([24, 72], False)


# ── CI between them ──────────────────────────────────────────────────────────


@each_row(
    ("ci", "gaps"),
    [
        (BY_HAND, []),
        ((), [(0, 24), (24, 48), (48, 72)]),
        ((1,), [(24, 48), (48, 72)]),
        ((27, 45), []),  # three hours on either side
        ((27.1, 44.9), [(0, 24), (48, 72)]),
        ((12, 36, 60), []),
    ],
)
def test_without_ci_from_one_checkpoint_to_the_next_there_is_a_gap_of_ci(
    ci: tuple[float, ...], gaps: list[tuple[int, int]]
) -> None:
    found = of(*range(73), ci=ci)
    assert [(gap.from_h, gap.to_h) for gap in found.ci_gaps] == gaps
    assert found.enough is not bool(gaps), "whatever our own runs filled"
    assert hourly(*range(73), ci=ci).enough is not bool(gaps), "with a schedule or without"


def test_a_gap_of_ci_counts_as_soon_as_it_can_not_be_filled_any_more() -> None:
    assert [len(of(until=until, ci=()).ci_gaps) for until in (26.9, 27, 51, 71.9, 72)] == [0, 1, 2, 2, 3]


# ── a schedule's slots ───────────────────────────────────────────────────────


def test_a_watch_that_looked_each_hour_is_whole() -> None:
    whole = hourly(*range(73))
    assert (whole.seen, whole.slots, whole.enough) == (72, 72, True)


def test_a_watch_without_an_observation_saw_nothing_and_is_one_gap() -> None:
    slept = hourly()
    assert (slept.seen, slept.slots, slept.largest_gap_h, slept.enough) == (0, 72, 72.0, False)


def test_a_gap_that_is_too_long_is_not_made_good_by_the_share() -> None:
    slept = hourly(*(hour for hour in range(72) if not 30 <= hour < 37))
    assert slept.share > 0.9
    assert [
        ((gap.begins - T0) / timedelta(hours=1), (gap.ends - T0) / timedelta(hours=1), gap.hours) for gap in slept.gaps
    ] == [(29, 37, 8.0)]
    assert (slept.missed, slept.enough) == ((), False)


def test_a_gap_as_long_as_may_be_is_none() -> None:
    allowed = hourly(*(hour for hour in range(72) if not 20 < hour < 26))
    assert (allowed.largest_gap_h, allowed.gaps, allowed.enough) == (6.0, (), True)


def test_many_short_gaps_are_too_few_observations() -> None:
    thin = hourly(*range(0, 72, 2))
    assert (thin.gaps, thin.share, thin.enough) == ((), 0.5, False)


def test_without_a_schedule_no_gap_is_too_long() -> None:
    assert (of(*BY_HAND).largest_gap_h, of(*BY_HAND).gaps) == (25.0, ())


def test_a_gap_at_the_end_counts_as_one_at_the_beginning_does() -> None:
    assert hourly(*range(60)).largest_gap_h == 13.0
    assert hourly(*range(12, 72)).largest_gap_h == 12.0


def test_at_the_opening_nothing_is_expected_yet() -> None:
    fresh = hourly(until=0.5)
    assert (fresh.slots, fresh.share, fresh.enough) == (0, 1.0, True)


@each_row(
    ("seen", "hours"),
    [
        (3, (0.9, 1.9, 2.9)),
        (3, (1.5, 2.5, 3.5)),  # half a slot late
        (2, (1.6, 2.6, 3.6)),  # later than that: the first slot is missed
        (3, (0, 0.5, 1.5)),  # half a slot early
        (1, (0.1, 0.2, 0.3)),  # an observation meets one slot
    ],
)
def test_a_slot_is_met_up_to_half_a_slot_early_or_late(seen: int, hours: tuple[float, ...]) -> None:
    assert (hourly(*hours, until=3.5).seen, hourly(*hours, until=3.5).slots) == (seen, 3)


def test_how_late_an_observation_came_is_said() -> None:
    assert hourly(0.75, 0.9, 1.5, until=2.5).latest_h == 0.75
    assert hourly(1.25, until=2.5).latest_h == 1.25


def test_another_schedule_has_other_slots() -> None:
    assert of(0, 6.2, 12.4, 15, until=18, every_h=6, gap_h=7).enough is True


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
    settings = Settings(watch=WatchSettings(every_h=1))
    with opened(watch.folder) as engine:
        return coverage(engine, MetricQuery(release=watch.release, as_of=as_of, settings=settings)).seen


@pytest.mark.parametrize("dropped", [None, 23, 53])
def test_a_schedule_of_two_minutes_an_hour_meets_each_slot_with_either_of_them(dropped: int | None) -> None:
    # T+0 is on the hour here; the slots are counted from it.
    minutes = [minute for minute in (23, 53) if minute != dropped]
    kept = hourly(*(hour + minute / 60 for hour in range(72) for minute in minutes))
    assert (kept.seen, kept.slots, kept.enough) == (72, 72, True)


def test_where_both_minutes_of_some_hours_are_dropped_that_is_a_gap() -> None:
    dropped = hourly(*(hour + minute / 60 for hour in range(72) if not 20 <= hour < 27 for minute in (23, 53)))
    assert (dropped.seen, [round(gap.hours, 1) for gap in dropped.gaps]) == (67, [7.5])


# ── what of the evidence is an observation, and of CI ────────────────────────


def asked(watch: Watch, settings: Settings | None = None) -> Coverage:
    query = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=72), settings=settings or Settings())
    with opened(watch.folder) as engine:
        return coverage(engine, query)


def test_our_own_runs_observe_a_checkpoint_and_are_no_ci(watch: Watch) -> None:
    watch.keep(
        watch.job("r1", hours=0.5, workflow="atalaya-smoke"), watch.job("r2", hours=23, workflow="atalaya-checks")
    )
    assert (missed(asked(watch)), len(asked(watch).ci_gaps)) == ([48, 72], 3)


@pytest.mark.parametrize(
    ("counts", "changes"),
    [
        (True, {}),
        (True, {"event": "workflow_dispatch"}),
        (True, {"event": "release"}),
        (False, {"event": "pull_request"}),
        (False, {"event": "merge_group"}),
        (False, {"workflow": "website"}),
        (False, {"commit": "fff"}),
    ],
)
def test_a_run_that_tests_something_else_observes_nothing(watch: Watch, counts: bool, changes: dict[str, str]) -> None:
    watch.release = replace(watch.release, commit="abc")
    watch.keep(watch.job("r1", hours=1, **changes))
    found = asked(watch)
    assert (0 not in missed(found), (0, 24) not in [(gap.from_h, gap.to_h) for gap in found.ci_gaps]) == (
        counts,
        counts,
    )
