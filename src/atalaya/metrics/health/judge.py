"""Judges the SDK's health: READY's latency, retries, FAILED ends, and its import by Python version.

These stand beside the five metrics and enter none of them. What is over its limit is so by a test at the level of its
look; a figure that only looks bad is too few to tell. A run that says nothing of them is not well: it is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atalaya.core.words import text
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.health.failed_ends import failed_ends
from atalaya.metrics.health.ready_latency import percentiles, ready_latency
from atalaya.metrics.health.retries import retries
from atalaya.metrics.health.runs import Told, told
from atalaya.metrics.health.shares import share_figures, share_said
from atalaya.metrics.health.signs import FAILED_ENDS, READY_LATENCY, sign
from atalaya.metrics.health.start_failures import start_failures
from atalaya.metrics.stats.clustering import clopper_pearson
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import HealthSign, HealthState
from atalaya.records.stored import Environment


def health(engine: Engine, span: MetricQuery) -> tuple[HealthSign, ...]:
    """Every sign as of the instant asked about; one without any record says so.

    :raises EvidenceError: a segment cannot be read.
    """
    everything = told(engine, span)
    ours = [one for one in everything if not one.service]
    limits, most = span.settings.health, limit(span.look)
    return (
        ready_latency(ours, span.basis, most, limits),
        retries(ours, span.basis, most),
        failed_ends(ours, most, limits),
        *start_failures(ours, most, limits),
        *of_a_service([one for one in everything if one.service]),
    )


def of_a_service(runs: Sequence[Told]) -> Iterator[HealthSign]:
    """What a real service showed, in real time: it decides nothing."""
    allowed, reason = text("none"), text("A real service is shown beside, and decides nothing.")
    about = Environment.SERVICE.value
    if any(one.ready_ms for one in runs):
        figures = percentiles(runs)
        yield sign(READY_LATENCY, HealthState.SHOWN, figures.pop("said"), allowed, reason, about=about, **figures)
    if n := sum(len(one.ends) for one in runs):
        failed = sum(one.failed for one in runs)
        share = clopper_pearson(failed, n)
        said = share_said(failed, n, share)
        yield sign(FAILED_ENDS, HealthState.SHOWN, said, allowed, reason, about=about, **share_figures(share, failed))
