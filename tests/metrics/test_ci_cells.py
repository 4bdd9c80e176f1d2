"""Tests that each variant of CI's jobs is judged as it is now, and beside the others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from atalaya.metrics.ci_cells import JobEnd, cells, ci_cells
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CellState, CiCell
from atalaya.records.stored import Conclusion, Release

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY_6_H = range(0, 72, 6)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def runs(hours: Iterable[float], *, red: Iterable[float] = (), variant: str = "3.12") -> list[JobEnd]:
    """A job of a variant that ended at these hours, in some of them badly."""
    lost = set(red)
    return [JobEnd("ci", "tests", variant, f"run-{hour}", at(hour), hour not in lost) for hour in hours]


def seen(ends: Iterable[JobEnd], *, hours: float = 72, window_h: int = 72) -> dict[str, CiCell]:
    release = Release(version="1", commit="", opened_at=T0, window_h=window_h)
    return {cell.variant: cell for cell in cells(list(ends), release=release, as_of=at(hours))}


def state(ends: Iterable[JobEnd], **of: Any) -> CellState:
    return seen(ends, **of)["3.12"].state


def test_a_variant_whose_latest_run_is_green_is_green() -> None:
    cell = seen(runs(EVERY_6_H, red=[6, 60]))["3.12"]
    assert (cell.state, cell.runs, cell.succeeded, cell.failures, cell.since) == (CellState.GREEN, 12, 10, 0, None)
    assert str(cell.reason) == "Its latest run ended well; 10 of 12 runs ended well."


def test_one_red_run_is_red_now_until_a_later_one_is_green() -> None:
    ends = runs([0, 6, 12], red=[6])
    assert [state(ends, hours=hours) for hours in (6, 11.9, 12)] == [
        CellState.RED_NOW,
        CellState.RED_NOW,
        CellState.GREEN,
    ]
    cell = seen(ends, hours=6)["3.12"]
    assert (cell.failures, cell.since) == (1, at(6))
    assert str(cell.reason) == "Red since 2026-03-02 15:00 UTC: its latest run failed; 1 of 2 runs ended well."


def test_three_red_runs_at_the_end_are_broken_since_the_first() -> None:
    ends = runs(EVERY_6_H, red=[12, 54, 60, 66])
    assert [state(ends, hours=hours) for hours in (60, 65, 66)] == [
        CellState.RED_NOW,
        CellState.RED_NOW,
        CellState.BROKEN,
    ]
    cell = seen(ends)["3.12"]
    assert (cell.failures, cell.since, cell.last_at) == (3, at(54), at(66))
    assert str(cell.reason) == "Broken since 2026-03-04 15:00 UTC: its last 3 runs failed; 8 of 12 runs ended well."


def test_a_green_run_mends_a_broken_variant() -> None:
    assert state(runs([0, 6, 12, 18], red=[0, 6, 12]), hours=18) is CellState.GREEN


def test_runs_that_end_at_one_instant_are_read_with_the_failure_last() -> None:
    ends = [JobEnd("ci", "tests", "3.12", run, at(1), run == "b") for run in ("a", "b")]
    assert state(ends, hours=1) is state(ends[::-1], hours=1) is CellState.RED_NOW


def test_what_ended_later_or_after_the_window_is_not_known() -> None:
    ends = runs([1, 70, 80], red=[70, 80])
    assert [state(ends, hours=2), seen(ends, hours=90)["3.12"].runs] == [CellState.GREEN, 2]
    assert seen(ends, hours=90, window_h=96)["3.12"].runs == 3


@pytest.mark.parametrize(
    ("expected", "hours", "ran"),
    [
        (CellState.GREEN, 24, [1]),  # at T+0 there was nothing before
        (CellState.TOO_OLD, 48, [1]),
        (CellState.TOO_OLD, 50, [1]),
        (CellState.GREEN, 50, [1, 49]),  # it ran since
        (CellState.GREEN, 47.9, [1]),  # it is asked at checkpoints
        (CellState.TOO_OLD, 48, [20.9]),
        (CellState.GREEN, 48, [21]),  # 27 h
        (CellState.TOO_OLD, 72, [1, 44.9]),
        (CellState.GREEN, 72, [1, 45]),
        (CellState.TOO_OLD, 72, [22]),  # well at T+48, and not out of sight at T+72
        (CellState.GREEN, 72, [1]),  # it ran once, long ago: nobody waits for it
        (CellState.GREEN, 72, [0, 24, 48, 71]),
        (CellState.TOO_OLD, 96, [0, 24, 48, 68]),
    ],
)
def test_a_variant_that_has_not_run_lately_is_too_old_at_a_checkpoint(
    expected: CellState, hours: float, ran: list[float]
) -> None:
    assert state(runs(ran), hours=hours, window_h=96) is expected


def test_how_old_the_latest_run_is_is_said() -> None:
    said = "It has not run since 2026-03-02 10:00 UTC: at T+48 its latest run was 47 h old, and at most 27 h may pass."
    assert str(seen(runs([1]), hours=48)["3.12"].reason) == said


def of_five(red: Iterable[float], hours: Iterable[float] = EVERY_6_H) -> list[JobEnd]:
    """Five variants, one of which fails."""
    others = [end for number in range(4) for end in runs(hours, variant=f"3.{number}")]
    return others + runs(hours, red=red)


def test_a_variant_that_fails_more_than_the_others_is_worse() -> None:
    # 4 of 12 against 0 of 48: hypergeometric, 495 / 487635 = 0.00102, at or below 0.0451 / 10 = 0.00451
    ends = of_five(red=[12, 24, 36, 48])
    found = {variant: cell.state for variant, cell in seen(ends).items()}
    assert found == {"3.12": CellState.WORSE, **{f"3.{number}": CellState.GREEN for number in range(4)}}
    reason = str(seen(ends)["3.12"].reason)
    assert "since 2026-03-02 21:00 UTC: 4 of 12 runs against 0 of 48 in the other jobs and variants" in reason
    assert "p = 0.0010, at or below 0.0045, the limit at T+72 for each of 10 tests" in reason


def test_it_is_looked_at_by_checkpoints_with_what_had_ended_by_then() -> None:
    ends = of_five(red=[12, 24, 36, 54])  # at T+48, 3 of 9 against 0 of 36: 0.0059 is above 0.0014
    assert [state(ends, hours=hours) for hours in (50, 71, 72, 80)] == [
        CellState.GREEN,
        CellState.GREEN,
        CellState.WORSE,
        CellState.WORSE,
    ]


def test_three_failures_of_five_variants_are_chance_and_so_are_two_at_any_rate() -> None:
    assert state(of_five(red=[12, 24, 36])) is CellState.GREEN  # 0.0064 is above 0.0045
    two = of_five(red=[12, 24], hours=[6, 12, 24, 30]) + [
        end for number in range(200) for end in runs(EVERY_6_H, variant=f"4.{number}")
    ]
    assert state(two) is not CellState.WORSE


def test_a_variant_is_held_against_its_own_past() -> None:
    lately = [50, 54, 58, 62, 66]
    alone = runs([*range(0, 48, 2), *lately, 70], red=lately)  # 5 of 6 against 0 of 24
    cell = seen(alone)["3.12"]
    assert cell.state is CellState.WORSE
    assert "5 of 6 runs against 0 of 24 in its own runs before T+48" in str(cell.reason)


@pytest.mark.parametrize(
    ("expected", "red", "hours"),
    [
        (CellState.BROKEN, [48, 54, 60, 66], EVERY_6_H),
        (CellState.WORSE, [12, 24, 36, 66], EVERY_6_H),
        (CellState.RED_NOW, [66], EVERY_6_H),
        (CellState.RED_NOW, [24, 36], [0, 24, 36]),  # too old as well
    ],
)
def test_what_hinders_most_is_said_of_a_variant(expected: CellState, red: list[float], hours: Iterable[float]) -> None:
    assert state(of_five(red=red, hours=hours)) is expected


def test_cells_come_in_the_order_of_their_names() -> None:
    ends = [JobEnd(*key, "run", at(1), succeeded=True) for key in (("b", "a", "1"), ("a", "b", "2"), ("a", "b", "1"))]
    found = cells(ends, release=Release(version="1", commit="", opened_at=T0), as_of=at(2))
    assert [(cell.workflow, cell.job, cell.variant) for cell in found] == [
        ("a", "b", "1"),
        ("a", "b", "2"),
        ("b", "a", "1"),
    ]


def test_no_run_of_ci_is_no_cell() -> None:
    assert seen([]) == {}


def test_a_cell_is_of_ci_alone_and_a_re_run_is_its_end(watch: Any) -> None:
    watch.release = Release(version="1", commit="abc", opened_at=T0)
    watch.keep(
        watch.job("run", Conclusion.FAILURE),
        watch.job("run", Conclusion.SUCCESS, attempt=2, hours=3),
        watch.job("run", Conclusion.SUCCESS, attempt=2, hours=3, origin="a second report"),
        watch.job("cancelled", Conclusion.CANCELLED, hours=4),
        watch.job("pr", Conclusion.FAILURE, hours=5, event="pull_request"),
        watch.job("other commit", Conclusion.FAILURE, hours=5, commit="fff"),
        watch.job("own", Conclusion.FAILURE, hours=5, workflow="atalaya-smoke"),
    )
    span = MetricQuery(release=watch.release, as_of=at(6), settings=watch.settings)
    with opened(watch.folder) as engine:
        found = ci_cells(engine, span)
    assert [(cell.workflow, cell.state, cell.runs, cell.last_at) for cell in found] == [
        ("clients-python-sdk", CellState.GREEN, 1, at(3))
    ]
