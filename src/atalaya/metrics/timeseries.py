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
from atalaya.metrics.definitions import METRICS, counting, counting_events
from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.event_counts import by_part
from atalaya.metrics.pass_rate import by_run
from atalaya.metrics.stats.clustering import clustered
from atalaya.metrics.stats.intervals import Estimate, garwood
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import DurationStats, Metric, RateInBin, TimeSeries
from atalaya.records.stored import EventKind

PART_H = 6


def course(engine: Engine, span: MetricQuery, metrics: Sequence[Metric]) -> TimeSeries:
    """The jobs, the network errors and the smoke's durations, in order of time until the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    until_h = elapsed_h(span.release, span.until)
    jobs = _jobs(engine, span, until_h)
    return TimeSeries(
        target=span.settings.thresholds.pass_rate,
        jobs=tuple(_rate(number * PART_H, PART_H, until_h, rows) for number, rows in enumerate(jobs)),
        so_far=tuple(_so_far(jobs, until_h)),
        errors=tuple(_errors(metrics, until_h)),
        smoke=tuple(_smoke(engine, span, until_h)),
        events={it.id: tuple(_events(engine, span, it.id, until_h)) for it, _ in counting_events()},
    )


def _jobs(engine: Engine, span: MetricQuery, until_h: float) -> list[list[Row]]:
    """CI's decided jobs by the 6 h that they ended in. The end of the window belongs to its last."""
    parts: list[list[Row]] = [[] for _ in range(max(0, math.ceil(until_h / PART_H)))]
    for row in engine.ask("decided_jobs", span.parameters()) if parts else ():
        parts[min(int(elapsed_h(span.release, row["ended_at"]) // PART_H), len(parts) - 1)].append(row)
    return parts


def _so_far(parts: Sequence[Sequence[Row]], until_h: float) -> Iterator[RateInBin]:
    rows: list[Row] = []
    for number, more in enumerate(parts):
        rows += more
        yield _rate(0, (number + 1) * PART_H, until_h, rows)


def _rate(begins_h: float, lasts_h: float, until_h: float, rows: Sequence[Row]) -> RateInBin:
    """The rate of some jobs, by the interval of the metric itself."""
    of = clustered(by_run(rows))
    return _part(begins_h, lasts_h, until_h, of.succeeded, of.n, of.rate)


def _errors(metrics: Sequence[Metric], until_h: float) -> Iterator[RateInBin]:
    """The errors for each request in 24 h, as the metric counted them."""
    it, _ = counting(EventKind.NETWORK_ERROR)
    counted = next((metric.by_day for metric in metrics if metric.id == it.id), ())
    for number, (seen, sent) in enumerate((day.events, day.trials) for day in counted):
        yield _part(number * DAY_H, DAY_H, until_h, seen, sent, garwood(seen, float(sent)))


def _events(engine: Engine, span: MetricQuery, metric: str, until_h: float) -> Iterator[RateInBin]:
    """What a metric counts in each 6 h, of all that it counted, before a fix and since."""
    rows = engine.ask(METRICS[metric].question, span.parameters(metric))
    for number, part in enumerate(by_part(rows, max(0, math.ceil(until_h / PART_H)))):
        # Where more happened than was tried, runs that do not say how often they tried have events too.
        exposure = float(part.trials) if part.events <= part.trials else 0.0
        yield _part(number * PART_H, PART_H, until_h, part.events, part.trials, garwood(part.events, exposure))


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
