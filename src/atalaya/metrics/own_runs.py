"""Counts the runs of Atalaya's own checks and smoke, which stand beside CI's pass rate and are not in it."""

from __future__ import annotations

from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.stats.intervals import wilson
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import OwnRuns


def own_runs(engine: Engine, span: MetricQuery) -> tuple[OwnRuns, ...]:
    """Each of Atalaya's own workflows that has run in the window.

    :raises EvidenceError: a segment cannot be read.
    """
    found = []
    for row in engine.ask("own_runs", span.parameters()):
        rate = wilson(row["succeeded"], row["decided"])
        found.append(OwnRuns(**row, value=rate.value, low=rate.low, high=rate.high))
    return tuple(found)
