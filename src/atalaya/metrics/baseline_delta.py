"""Compares a metric with the last accepted release, to find regressions.

Between two releases, chance alone makes one look worse than the other about half of the time. A regression is called
only where a test says so at the limit of its look, where the loss is large enough to matter, and where it is more than
a failure or two. One that was found before stays until it is clearly gone, so that it does not blink.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import Comparison, MetricDefinition
from atalaya.metrics.stats import comparison
from atalaya.metrics.stats.burn import FEWEST
from atalaya.metrics.stats.comparison import Arm
from atalaya.metrics.stats.rounding import rates, shares
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import Baseline, MetricQuery
from atalaya.records.judged import Compared, Metric

Jobs = Mapping[tuple[str, str, str], tuple[int, int]]

NO_BASIS = text("No release before this one was accepted: there is nothing to compare with.")


def compared(it: MetricDefinition, metric: Metric, jobs: Jobs, span: MetricQuery) -> Metric:
    """The metric, beside what the last accepted release showed over as much of its window."""
    basis = span.basis
    if basis is None:
        return replace(metric, compared=Compared.NO_BASIS, against=NO_BASIS)
    match it.compared:
        case Comparison.JOBS:
            found, said = _jobs(metric, jobs, basis, span)
        case Comparison.EVENTS:
            found, said = _events(metric, basis, span)
        case _:
            found, said = _value(metric, basis)
    return replace(metric, compared=found, against=said)


def _jobs(metric: Metric, jobs: Jobs, basis: Baseline, span: MetricQuery) -> tuple[Compared, Text]:
    """Jobs of the variants that both releases have: a variant that is new has no basis."""
    both = sorted(jobs.keys() & basis.jobs.keys())
    new_well, new_n = (sum(jobs[key][i] for key in both) for i in (0, 1))
    base_well, base_n = (sum(basis.jobs[key][i] for key in both) for i in (0, 1))
    if not new_n or not base_n:
        return Compared.NO_BASIS, text(
            "{version} has no decided job of the same workflow and variant: there is nothing to compare with.",
            version=basis.version,
        )
    drop = comparison.fisher(Arm(base_well, base_n), Arm(new_well, new_n))
    if drop.value is None or drop.low is None or drop.high is None or drop.p is None or drop.smallest is None:
        raise ValueError("both sides have jobs, so there is a comparison")
    most, already_open = limit(span.look), metric.id in span.regressed_before
    least = max(0.0, drop.smallest - comparison.OPEN_EFFECT) if already_open else drop.smallest
    loss, low, high, smallest = shares(drop.value, drop.low, drop.high, least)
    p, held_against = rates(drop.p, comparison.hysteresis_limit(most, already_open))
    needed = comparison.needed_per_arm(0.97, 0.92, alpha=most)
    weak = text("To show a fall from 97 % to 92 % with a power of 80 % it takes {n} jobs on each side.", n=needed)
    said = text(
        "{well} of {n} jobs against {base_well} of {base_n} in {version}: a loss of {loss} ({low} to {high}), p = {p}, "
        "limit {limit}; a loss counts from {smallest} on, with {failures} failures or more. {power}",
        well=new_well,
        n=new_n,
        base_well=base_well,
        base_n=base_n,
        version=basis.version,
        loss=loss,
        low=low,
        high=high,
        p=p,
        limit=held_against,
        smallest=smallest,
        failures=FEWEST,
        power=weak if min(new_n, base_n) < needed else "",
    )
    return comparison.regressed(drop, limit=most, already_open=already_open), said


def _events(metric: Metric, basis: Baseline, span: MetricQuery) -> tuple[Compared, Text]:
    """Events for each trial, given how many there were on both sides; after a fix, those since it."""
    before = basis.metrics[metric.id]
    (events, n), (base_events, base_n) = (metric.k or 0, metric.n), (before.k or 0, before.n)
    if metric.value is None or before.value is None or not n or not base_n:
        return Compared.NO_BASIS, text(
            "Trials were not counted on both sides, here and in {version}: there is nothing to compare with.",
            version=basis.version,
        )
    found = comparison.counts(events, n, base_events, base_n)
    most, already_open = limit(span.look), metric.id in span.regressed_before
    p, held_against = rates(found.p or 0.0, comparison.hysteresis_limit(most, already_open))
    said = text(
        "{events} in {n} against {base_events} in {base_n} in {version}: p = {p}, limit {limit}; a rise counts from "
        "{least} events on.",
        events=events,
        n=n,
        base_events=base_events,
        base_n=base_n,
        version=basis.version,
        p=p,
        limit=held_against,
        least=FEWEST,
    )
    fixed = span.fixed_at.get(metric.id)
    if fixed is not None:
        said = text("Since the fix of {at}: {said}", at=fixed, said=said)
    return comparison.risen(found, limit=most, already_open=already_open), said


def _value(metric: Metric, basis: Baseline) -> tuple[Compared, Text]:
    """A count without an interval: shown beside the other, and judged against its limit only."""
    before = basis.metrics[metric.id]
    if metric.value is None or before.value is None:
        return Compared.NO_BASIS, text("It is not known on both sides: there is nothing to compare with.")
    return Compared.NOT_SHOWN, text(
        "{value:g} against {before:g} in {version}. A count without an interval is held against its limit only.",
        value=metric.value,
        before=before.value,
        version=basis.version,
    )
