"""Time series over the window, divided into bins.

What charts are drawn from. It decides nothing: each stretch holds little, and its interval says how little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from atalaya.core.window import DAY_H, elapsed_h
from atalaya.evidence.from_runs import SMOKE_WORKFLOW
from atalaya.metrics.definitions import counting
from atalaya.metrics.engine import Engine
from atalaya.metrics.stats.intervals import Estimate, garwood, wilson
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import DurationStats, Metric, RateInBin, TimeSeries
from atalaya.records.stored import EventKind

PART_H = 6  # what course.sql counts in


def course(engine: Engine, span: MetricQuery, metrics: Sequence[Metric]) -> TimeSeries:
    """The jobs, the network errors and the smoke's durations, in order of time until the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    until_h = elapsed_h(span.release, span.until)
    jobs = _jobs(engine, span, until_h)
    return TimeSeries(
        target=span.settings.thresholds.pass_rate,
        jobs=tuple(_part(n * PART_H, PART_H, until_h, *of, wilson(*of)) for n, of in enumerate(jobs)),
        so_far=tuple(_so_far(jobs, until_h)),
        errors=tuple(_errors(metrics, until_h)),
        smoke=tuple(_smoke(engine, span, until_h)),
    )


def _jobs(engine: Engine, span: MetricQuery, until_h: float) -> list[tuple[int, int]]:
    """Of each 6 h that have begun, the jobs that ended well, and all. The end of the window belongs to its last."""
    counts = [(0, 0)] * max(0, math.ceil(until_h / PART_H))
    for row in engine.ask("course", span.parameters()) if counts else ():
        number = min(row["part"], len(counts) - 1)
        well, n = counts[number]
        counts[number] = (well + row["succeeded"], n + row["decided"])
    return counts


def _so_far(jobs: Sequence[tuple[int, int]], until_h: float) -> Iterator[RateInBin]:
    well = n = 0
    for number, (more_well, more) in enumerate(jobs):
        well, n = well + more_well, n + more
        yield _part(0, (number + 1) * PART_H, until_h, well, n, wilson(well, n))


def _errors(metrics: Sequence[Metric], until_h: float) -> Iterator[RateInBin]:
    """The errors for each request in 24 h, as the metric counted them."""
    it, _ = counting(EventKind.NETWORK_ERROR)
    counted = next((metric.by_day for metric in metrics if metric.id == it.id), ())
    for number, (seen, sent) in enumerate((day.events, day.trials) for day in counted):
        yield _part(number * DAY_H, DAY_H, until_h, seen, sent, garwood(seen, float(sent)))


def _smoke(engine: Engine, span: MetricQuery, until_h: float) -> Iterator[DurationStats]:
    took = [
        (elapsed_h(span.release, row["occurred_at"]), row["duration_s"])
        for row in engine.ask("durations", span.parameters())
        if row["workflow"] == SMOKE_WORKFLOW
    ]
    last = max(0, math.ceil(until_h / PART_H) - 1)
    for number, runs in groupby(took, key=lambda one: min(last, int(one[0] // PART_H))):
        seconds = [duration_s for _, duration_s in runs]
        yield DurationStats(
            begins_h=number * PART_H,
            ends_h=min((number + 1) * PART_H, until_h),
            n=len(seconds),
            median_s=median(seconds),
            least_s=min(seconds),
            most_s=max(seconds),
        )


def _part(begins_h: float, lasts_h: float, until_h: float, events: int, trials: int, rate: Estimate) -> RateInBin:
    return RateInBin(
        begins_h=begins_h,
        ends_h=min(begins_h + lasts_h, until_h),
        events=events,
        trials=trials,
        value=rate.value,
        low=rate.low,
        high=rate.high,
    )
