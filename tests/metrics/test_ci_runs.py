"""Tests that each run of CI is counted once, with its decided jobs and its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from atalaya.metrics.ci_runs import ci_runs
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CiRun
from atalaya.records.stored import Conclusion


def test_a_run_ends_with_the_last_of_its_decided_jobs(watch: Any) -> None:
    def at(hours: int) -> Any:
        return watch.release.opened_at + timedelta(hours=hours)

    watch.keep(
        watch.job("a", job="lint", hours=3),
        watch.job("a", Conclusion.FAILURE, job="tests", hours=1),
        watch.job("a", Conclusion.CANCELLED, job="docs", hours=5),
        watch.job("a", workflow="not listed", hours=4),
        watch.job("b", hours=2),
        watch.job("c", Conclusion.CANCELLED, hours=6),
        watch.job("own", workflow="atalaya-smoke", hours=7),
    )
    with opened(watch.folder) as engine:
        found = ci_runs(engine, MetricQuery(release=watch.release, as_of=at(72), settings=watch.settings))
    assert sorted(found) == [CiRun(at(2), 1, 1), CiRun(at(3), 1, 2)]
