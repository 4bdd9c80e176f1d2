"""Tests that the charts are drawn from the same evidence as the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from atalaya.evidence.from_runs import CHECKS_WORKFLOW, SMOKE_WORKFLOW
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.measure import measure
from atalaya.metrics.timeseries import course
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import TimeSeries
from atalaya.records.stored import Conclusion, EventKind
from tests.metrics.conftest import T0, Watch


def courses(watch: Watch, hours: float = 72, **release: Any) -> tuple[TimeSeries, dict[str, Any]]:
    """The course as of so many hours, and the metrics of the same instant."""
    span = MetricQuery(
        release=replace(watch.release, **release), as_of=T0 + timedelta(hours=hours), settings=watch.settings
    )
    with opened(watch.folder) as engine:
        metrics = measure(engine, span)
        return course(engine, span, metrics), {metric.id: metric for metric in metrics}


def test_the_last_rate_so_far_is_the_metric(watch: Watch) -> None:
    ends = [Conclusion.SUCCESS, Conclusion.FAILURE, Conclusion.SUCCESS, Conclusion.TIMED_OUT, Conclusion.SUCCESS]
    watch.keep(*(watch.job(f"r{n}", end, hours=16 * n) for n, end in enumerate(ends)))
    found, metrics = courses(watch)
    last, rate = found.so_far[-1], metrics["pass-rate"]
    assert (rate.value, rate.low, rate.high, rate.n) == (last.value, last.low, last.high, last.trials)


def test_the_rates_weigh_jobs_that_fail_together_as_the_metric_does(watch: Watch) -> None:
    for run, ends in enumerate((5 * [Conclusion.SUCCESS], 5 * [Conclusion.FAILURE], 5 * [Conclusion.SUCCESS])):
        watch.keep(*(watch.job(f"r{run}", end, variant=f"v{n}", hours=run * 10) for n, end in enumerate(ends)))
    found, metrics = courses(watch)
    last, rate = found.so_far[-1], metrics["pass-rate"]
    assert (rate.inputs["n_effective"], rate.low, rate.high) == (3.0, last.low, last.high)


def test_a_job_counts_in_the_six_hours_in_which_its_last_attempt_ended(watch: Watch) -> None:
    watch.keep(watch.job("r", Conclusion.FAILURE, hours=5), watch.job("r", attempt=2, hours=7), watch.job("s", hours=6))
    found, _ = courses(watch, hours=13)
    assert [(part.events, part.trials) for part in found.jobs] == [(0, 0), (2, 2), (0, 0)]


def test_a_stretch_in_which_nothing_was_decided_has_no_rate(watch: Watch) -> None:
    watch.keep(watch.job("r", hours=1), watch.job("s", hours=13))
    found, _ = courses(watch, hours=18)
    assert [part.value for part in found.jobs] == [1.0, None, 1.0]


def test_a_stretch_that_is_not_over_ends_now_and_the_windows_end_belongs_to_the_last(watch: Watch) -> None:
    watch.keep(watch.job("r", hours=72))
    assert [(part.begins_h, part.ends_h) for part in courses(watch, hours=7.5)[0].jobs] == [(0, 6), (6, 7.5)]
    found, _ = courses(watch, hours=80)
    assert (len(found.jobs), found.jobs[-1].trials, found.jobs[-1].ends_h) == (12, 1, 72)


def test_errors_stand_beside_the_requests_of_their_day(watch: Watch) -> None:
    watch.keep(watch.job("run", hours=1, requests=400), watch.job("later", hours=30, requests=300))
    watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=1))
    found, metrics = courses(watch, hours=40)
    assert [(part.events, part.trials) for part in found.errors] == [(1, 400), (0, 300)]
    assert metrics["network-errors"].inputs["errors_by_24h"] == [1, 0]


def test_the_smokes_durations_are_in_the_middle_and_at_the_ends_and_nobody_elses_count(watch: Watch) -> None:
    took = [3.0, 1.0, 8.0]
    watch.keep(
        *(watch.job(f"s{n}", workflow=SMOKE_WORKFLOW, duration_s=one, hours=n + 1) for n, one in enumerate(took))
    )
    watch.keep(watch.job("ci", duration_s=900.0), watch.job("silent", workflow=SMOKE_WORKFLOW))
    watch.keep(watch.job("checks", workflow=CHECKS_WORKFLOW, duration_s=90.0))
    (part,) = courses(watch)[0].smoke
    assert (part.n, part.median_s, part.least_s, part.most_s) == (3, 3.0, 1.0, 8.0)


def test_the_rate_so_far_grows_by_six_hours_and_ends_now(watch: Watch) -> None:
    watch.keep(watch.job("r", hours=1), watch.job("s", Conclusion.FAILURE, hours=7))
    found, _ = courses(watch, hours=8)
    assert [(part.begins_h, part.ends_h, part.events, part.trials) for part in found.so_far] == [
        (0, 6, 1, 1),
        (0, 8, 1, 2),
    ]


def test_the_smokes_of_each_six_hours_are_taken_together_and_those_at_the_end_with_the_last(watch: Watch) -> None:
    hours = (1, 2, 7, 72)
    watch.keep(*(watch.job(f"s{at}", workflow=SMOKE_WORKFLOW, duration_s=float(at), hours=at) for at in hours))
    found, _ = courses(watch, hours=72)
    assert [(part.begins_h, part.ends_h, part.n, part.median_s) for part in found.smoke] == [
        (0, 6, 2, 1.5),
        (6, 12, 1, 7.0),
        (66, 72, 1, 72.0),
    ]
    assert courses(watch, hours=7.5)[0].smoke[-1].ends_h == 7.5


def test_before_the_window_there_is_no_course(watch: Watch) -> None:
    watch.keep(watch.job("r", hours=0))
    found, _ = courses(watch, hours=0)
    assert (found.jobs, found.so_far) == ((), ())


def test_the_events_of_each_six_hours_are_all_that_the_metric_counted(watch: Watch) -> None:
    watch.keep(
        *(watch.job(f"s{n}", hours=n, workflow=SMOKE_WORKFLOW, stale_trials=6) for n in (1, 5, 7, 13)),
        *(watch.event(EventKind.STALE_READ, hours=n, run_id=f"s{int(n)}") for n in (5, 7, 7.1)),
    )
    found, metrics = courses(watch, hours=13)
    assert [(part.events, part.trials) for part in found.events["stale-cache"]] == [(1, 12), (2, 6), (0, 6)]
    assert metrics["stale-cache"].value == 3


def test_more_events_than_trials_have_no_rate(watch: Watch) -> None:
    watch.keep(
        watch.job("s1", hours=1, workflow=SMOKE_WORKFLOW, stale_trials=1),
        *(watch.event(EventKind.STALE_READ, hours=1, run_id=f"log{n}") for n in range(3)),
    )
    (part,) = courses(watch, hours=3)[0].events["stale-cache"]
    assert (part.events, part.trials, part.value) == (3, 1, None)
