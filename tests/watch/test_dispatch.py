"""Tests that the number of jobs that is asked for is fixed at its checkpoint, whatever the figure looks like since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from atalaya.core.settings import Thresholds
from atalaya.metrics.pass_rate import judge_ci
from atalaya.records.judged import CiRun, DispatchPlan, State
from atalaya.records.stored import Release
from atalaya.watch.dispatch import asked
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMITS = Thresholds()


def run(hours: float, succeeded: int = 4, decided: int = 4) -> CiRun:
    return CiRun(T0 + timedelta(hours=hours), succeeded, decided)


def plan(hours: float, *runs: CiRun, window_h: int = 72) -> DispatchPlan:
    release = Release(version="1.1.0", commit="", opened_at=T0, window_h=window_h)
    found = asked(runs, release=release, as_of=T0 + timedelta(hours=hours), limits=LIMITS)
    assert found is not None
    return found


def test_who_follows_the_advice_and_sees_clean_runs_meets_the_threshold_with_eight_runs_of_four() -> None:
    runs: list[CiRun] = []
    asked_for = []
    for hours in (0.0, 24.0, 48.0, 71.0):
        number = plan(hours, *runs).runs_left
        asked_for.append(number)
        runs += [run(hours + 0.1 * (one + 1)) for one in range(number)]
        assert plan(hours + 0.5, *runs).runs_left == 0, "what was asked for has run"
    assert asked_for == [2, 2, 2, 2]
    assert judge_ci([(one.succeeded, one.decided) for one in runs], 3, LIMITS)[0] in (State.MEETS, State.PROVEN)


@each_row(
    ("hours", "checkpoint"),
    [(0, 0), (20.9, 0), (21, 24), (24, 24), (44.9, 24), (45, 48), (68.9, 48), (69, 72), (71.9, 72)],
)
def test_the_number_is_that_of_the_checkpoint_that_can_be_observed(hours: float, checkpoint: int) -> None:
    assert plan(hours).hours == checkpoint


def test_how_the_runs_of_a_checkpoint_end_does_not_change_how_many_it_asks_for() -> None:
    before = (run(1), run(1.1))
    clean, lost = (plan(25, *before, run(24, succeeded)) for succeeded in (4, 0))
    assert clean == lost
    assert (clean.jobs, clean.jobs_left, clean.runs_left) == (8, 4, 1)
    # At the next checkpoint it does: more is missing then.
    clean_then, lost_then = (plan(46, *before, run(24, succeeded)) for succeeded in (4, 0))
    assert lost_then.jobs > clean_then.jobs


def test_at_most_sixteen_jobs_are_asked_for_at_one_checkpoint() -> None:
    assert (plan(70, run(1)).jobs, plan(70, run(1)).runs) == (16, 4)
    of_five = plan(70, run(1, 5, 5))
    assert (of_five.jobs, of_five.runs) == (15, 3), "as whole runs"


def test_at_t0_two_runs_of_four_are_asked_for() -> None:
    assert (plan(0).runs, plan(0).jobs) == (2, 8)


def test_where_nothing_is_missing_one_run_is_asked_for_so_that_ci_has_no_gap() -> None:
    many = [run(hours / 10, 20, 20) for hours in range(1, 11)]
    assert (plan(24, *many).runs, plan(24, *many).jobs) == (1, 20)


def test_where_no_number_of_jobs_would_do_one_run_is_asked_for() -> None:
    strict = Thresholds(pass_rate=1.0)
    release = Release(version="1.1.0", commit="", opened_at=T0)
    found = asked([run(1, 3, 4)], release=release, as_of=T0 + timedelta(hours=24), limits=strict)
    assert found is not None
    assert found.runs == 1


def test_after_the_last_dispatch_no_further_one_is_asked_for_in_that_window() -> None:
    release = Release(version="1.1.0", commit="", opened_at=T0)
    done = [run(1), *(run(69.5 + one / 10) for one in range(4))]
    assert plan(71.9, *done).runs_left == 0
    for hours in (-1, 72, 80):
        assert asked(done, release=release, as_of=T0 + timedelta(hours=hours), limits=LIMITS) is None, hours
    longer = plan(80, *done, window_h=96)
    assert (longer.hours, longer.jobs_left) == (72, 0), "what T+72 asked for does not change when the window does"
    assert (plan(93, *done, window_h=96).hours, plan(93, *done, window_h=96).runs) == (96, 3)
