"""Tests that Atalaya's own runs are counted beside CI's jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from atalaya.metrics.engine.engine import opened
from atalaya.metrics.own_runs import own_runs
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import OwnRuns
from atalaya.records.stored import Conclusion


def seen(watch: Any) -> dict[str, OwnRuns]:
    as_of = watch.release.opened_at + timedelta(hours=72)
    with opened(watch.folder) as engine:
        found = own_runs(engine, MetricQuery(release=watch.release, as_of=as_of, settings=watch.settings))
    return {one.workflow: one for one in found}


def test_each_workflow_of_ours_has_its_runs_by_their_last_decided_attempt(watch: Any) -> None:
    ours = {"workflow": "atalaya-smoke", "job": "smoke"}
    watch.keep(
        watch.job("a", **ours),
        watch.job("a", **ours, hours=2, origin="taken in twice"),
        watch.job("b", Conclusion.FAILURE, **ours),
        watch.job("c", Conclusion.FAILURE, **ours),
        watch.job("c", attempt=2, **ours, hours=3),
        watch.job("c", Conclusion.CANCELLED, attempt=3, **ours, hours=4),
        watch.job("d", Conclusion.UNKNOWN, **ours, hours=5),
        watch.job("e", workflow="atalaya-checks"),
        watch.job("of CI", Conclusion.FAILURE),
    )
    found = seen(watch)
    smoke = found["atalaya-smoke"]
    assert (smoke.decided, smoke.succeeded, smoke.undecided) == (3, 2, 1)
    assert smoke.last_at == watch.release.opened_at + timedelta(hours=5)
    assert [found["atalaya-checks"].value, list(found)] == [1.0, ["atalaya-checks", "atalaya-smoke"]]


def test_without_a_decided_run_there_is_no_share(watch: Any) -> None:
    watch.keep(watch.job("a", Conclusion.UNKNOWN, workflow="atalaya-smoke"))
    own = seen(watch)["atalaya-smoke"]
    assert (own.decided, own.value, own.low, own.high) == (0, None, None, None)
