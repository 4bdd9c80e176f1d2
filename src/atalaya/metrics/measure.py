"""Measures the metrics as of one instant.

The counts come from one ``.sql`` file a metric; the estimate, the state and the words are made in Python. Evidence
counts if it happened inside the window and had been written down by the instant asked about.
"""

from __future__ import annotations

from msgspec.structs import replace

from atalaya.core.words import Text, text
from atalaya.metrics.baseline_delta import compared
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.health.runs import told, totals
from atalaya.metrics.window_query import Baseline, MetricQuery
from atalaya.records.judged import Metric, State
from atalaya.records.stored import ReadStatus


def measure(engine: Engine, span: MetricQuery) -> tuple[Metric, ...]:
    """The metrics in the runbook's order, of what an engine holds.

    :raises EvidenceError: a segment cannot be read.
    """
    gap = _not_whole(engine, span)
    unread = gap or _unread_parts(engine, span)
    jobs = _decided(engine, span)
    return tuple(
        _not_applicable(row.measure(engine, span))
        if row.id in span.unfed
        else compared(row, _downgrade_if_partial(row.measure(engine, span), unread if row.events else gap), jobs, span)
        for row in METRICS.values()
    )


def _not_applicable(metric: Metric) -> Metric:
    """The metric of a check pack that feeds it nothing: a zero that nobody could have raised is no zero."""
    return replace(
        metric,
        value=None,
        low=None,
        high=None,
        n=0,
        state=State.NOT_APPLICABLE,
        text=text("not applicable"),
        reason=text("Nothing that this check pack runs could show it."),
        settles=None,
        derivation=(),
        critical=False,
    )


def basis_of(engine: Engine, span: MetricQuery) -> Baseline:
    """What another release's metrics are held against: this one's, over the same part of its window."""
    return Baseline(
        version=span.release.version,
        metrics={metric.id: metric for metric in measure(engine, span)},
        jobs=_decided(engine, span),
        health=totals(told(engine, span)),
    )


def _decided(engine: Engine, span: MetricQuery) -> dict[tuple[str, str, str], tuple[int, int]]:
    """The decided jobs, by workflow, job and variant: those that ended well, and all."""
    counts: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in engine.ask("decided_jobs", span.parameters()):
        key = (row["workflow"], row["job"], row["variant"])
        well, n = counts.get(key, (0, 0))
        counts[key] = (well + row["succeeded"], n + 1)
    return counts


def _downgrade_if_partial(metric: Metric, gap: tuple[State, Text] | None) -> Metric:
    """What was seen was seen; but a zero, or nearly, of a part of CI's runs is none of the whole.

    A rate of a part is no rate of the whole at all: what is missing may be what failed.
    """
    if gap is None or not (metric.unit == "share" or metric.state in (State.PROVEN, State.MEETS)):
        return metric
    return replace(metric, state=gap[0], reason=gap[1])


def _unread_parts(engine: Engine, span: MetricQuery) -> tuple[State, Text] | None:
    """A log that was not read, or not understood, is not a log without errors."""
    (row,) = engine.ask("unread", span.parameters())
    if row["parts"]:
        return State.UNKNOWN, text(
            "Reports and logs of CI's runs that could not be read: {n}. One of them: {reason}",
            n=row["parts"],
            reason=row["reason"],
        )
    if row["unclassified"]:
        return State.UNKNOWN, text(
            "Lines of logs with words of an error that could not be classified: {n}. One of the logs: {reason}",
            n=row["unclassified"],
            reason=row["unclassified_reason"],
        )
    return None


def _not_whole(engine: Engine, span: MetricQuery) -> tuple[State, Text] | None:
    """From a part of CI's runs no rate can be told: those that are missing may be the ones that failed."""
    for row in engine.ask("collection", span.parameters()):
        if row["status"] != ReadStatus.READ.value:
            return State.UNKNOWN, text("Not all that GitHub knows could be read: {reason}", reason=row["reason"])
    return None
