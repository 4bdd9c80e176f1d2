"""Judges the SDK's health: READY's latency, retries, FAILED ends, and its import by Python version.

These stand beside the five metrics and enter none of them. What is over its limit is so by a test at the level of its
look; a figure that only looks bad is too few to tell. A run that says nothing of them is not well: it is not there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from atalaya.core.settings import HealthSettings
from atalaya.core.words import Text, text
from atalaya.metrics.engine import Engine, Row
from atalaya.metrics.health_signs import FAILED_ENDS, READY_LATENCY, RETRIES, SIGNS, START_FAILURES
from atalaya.metrics.stats import comparison
from atalaya.metrics.stats.burn import FEWEST
from atalaya.metrics.stats.clustering import clopper_pearson
from atalaya.metrics.stats.comparison import FEWEST_TIMES, Shift
from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.intervals import ALPHA, Estimate
from atalaya.metrics.stats.rounding import rates, shares, threshold_share
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import Baseline, HealthTotals, MetricQuery
from atalaya.records.judged import Compared, HealthSign, HealthState, SeenRun
from atalaya.records.stored import Environment

READY, FAILED = "READY", "FAILED"

NOTHING = text("Nothing was recorded.")
NO_BASIS = text("No accepted release before this one has recorded it: there is nothing to compare with.")


class Told(NamedTuple):
    """What one run tells: see the record of kind ``health``. ``ends`` are the waits that ended."""

    at: datetime
    service: bool
    python: str
    start_error: str | None
    clock: str
    requests: int | None
    retries: int | None
    ends: tuple[tuple[str, float], ...]

    @property
    def ready_ms(self) -> tuple[float, ...]:
        """The times of the waits that became READY."""
        return tuple(took_ms for state, took_ms in self.ends if state == READY)

    @property
    def failed(self) -> int:
        """How many waits ended FAILED."""
        return sum(state == FAILED for state, _ in self.ends)


class Window(NamedTuple):
    """The waits that ended in some hours: those that ended FAILED, and all."""

    ends: datetime
    failed: int
    n: int


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
        *_of_a_service([one for one in everything if one.service]),
    )


def told(engine: Engine, span: MetricQuery) -> tuple[Told, ...]:
    """What each run in the window tells, oldest first. A figure that cannot be is not told.

    :raises EvidenceError: a segment cannot be read.
    """
    return tuple(map(_told, engine.ask("health", span.parameters())))


def _told(row: Row) -> Told:
    requests, again = row["requests"], row["retries"]
    can_be = requests is not None and again is not None and 0 <= again <= requests
    return Told(
        at=row["occurred_at"],
        service=row["environment"] == Environment.SERVICE.value,
        python=row["python"],
        start_error=row["start_error"],
        clock=row["clock"] or "",
        requests=requests if can_be else None,
        retries=again if can_be else None,
        ends=tuple(
            (state, took_ms)
            for state, took_ms in zip(row["states"] or (), row["took_ms"] or (), strict=False)
            if took_ms is not None and 0 <= took_ms < math.inf
        ),
    )


def totals(runs: Sequence[Told]) -> HealthTotals:
    """What another release is held against: not what a real service showed."""
    ours = [one for one in runs if not one.service]
    return HealthTotals(
        ready_ms=tuple(took_ms for one in ours for took_ms in one.ready_ms),
        requests=sum(one.requests or 0 for one in ours),
        retries=sum(one.retries or 0 for one in ours),
    )


def _sign(id: str, state: HealthState, said: Text, allowed: Text, reason: Text, **more: Any) -> HealthSign:
    title = Text(template=SIGNS[id].title)
    return HealthSign(id=id, title=title, state=state, text=said, limit=allowed, reason=reason, **more)


# ── READY's latency ──────────────────────────────────────────────────────────


def ready_latency(runs: Sequence[Told], basis: Baseline | None, most: float, limits: HealthSettings) -> HealthSign:
    """Whether waits surely take longer to be READY than in the basis, and by more than the limit at p95.

    :param most: the probability below which this look is significant.
    """
    new = totals(runs).ready_ms
    allowed = text("p95 at most {ratio:g} times that of the last accepted release", ratio=limits.ready_p95_ratio)
    if not new:
        return _sign(READY_LATENCY, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    figures = _percentiles(runs)
    base = basis.health.ready_ms if basis is not None else ()
    if basis is None or not base:
        return _sign(READY_LATENCY, HealthState.NO_BASIS, figures.pop("said"), allowed, NO_BASIS, **figures)
    before_ms = float(np.percentile(base, 95))
    cut_ms = limits.ready_p95_ratio * before_ms
    found, how = _shift(base, new, before_ms, cut_ms)
    against = text(
        "p95 was {before:.0f} ms, of {n} waits of {version}", before=before_ms, n=len(base), version=basis.version
    )
    state, reason = _latency_state(found, most, limits.ready_p95_ratio, against, how)
    well = tuple(SeenRun(one.at, max(one.ready_ms) <= cut_ms) for one in runs if one.ready_ms)
    return _sign(READY_LATENCY, state, figures.pop("said"), allowed, reason, p=found.p, runs=well, **figures)


def _latency_state(found: Shift, most: float, ratio: float, against: Text, how: Text) -> tuple[HealthState, Text]:
    if found.p is None or found.p95_ratio is None:
        return HealthState.TOO_FEW, text(
            "{against}: below {least} times on a side, hardly any order of them is unlikely enough.",
            against=against,
            least=FEWEST_TIMES,
        )
    p, limit_said = rates(found.p, most)
    tested = text("{against}; {how}: p = {p}, limit {limit}.", against=against, how=how, p=p, limit=limit_said)
    if comparison.slower(found, limit=most, ratio=ratio) is Compared.REGRESSED:
        return HealthState.OVER, text("Surely longer, by more than the limit: {tested}", tested=tested)
    if found.p95_ratio > ratio:
        return HealthState.TOO_FEW, text("Above the limit, which may be chance: {tested}", tested=tested)
    if found.p < most:
        return HealthState.WITHIN, text("Longer, by less than the limit: {tested}", tested=tested)
    return HealthState.WITHIN, text("No difference seen: {tested}", tested=tested)


def _shift(base: Sequence[float], new: Sequence[float], before_ms: float, cut_ms: float) -> tuple[Shift, Text]:
    """By how much the times are longer, and the test that says so.

    Where most times are the same, as on a virtual clock, ranks cannot tell them apart: then the waits that took
    longer than the limit are counted on both sides.
    """
    found = comparison.latency(base, new)
    if found.p95_ratio is not None or min(len(base), len(new)) < FEWEST_TIMES:
        return found, text("rank test of Mann and Whitney")
    over, base_over = (sum(took_ms > cut_ms for took_ms in side) for side in (new, base))
    how = text(
        "most times are the same, and {over} of {n} waits took longer than the limit against {base_over} of "
        "{base_n}, by Fisher's exact test",
        over=over,
        n=len(new),
        base_over=base_over,
        base_n=len(base),
    )
    now_ms = float(np.percentile(new, 95))
    ratio = now_ms / before_ms if before_ms else 1.0 if not now_ms else math.inf
    return replace(found, p=comparison.fails_more(over, len(new), base_over, len(base)), p95_ratio=ratio), how


def _percentiles(runs: Sequence[Told]) -> dict[str, Any]:
    times = [took_ms for one in runs for took_ms in one.ready_ms]
    p50_ms, p95_ms, p99_ms = map(float, np.percentile(times, (50, 95, 99)))
    said = text(
        "p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, of {n} waits",
        p50=p50_ms,
        p95=p95_ms,
        p99=p99_ms,
        n=len(times),
    )
    clock = next(one.clock for one in runs if one.ready_ms)
    return {"said": said, "n": len(times), "p50_ms": p50_ms, "p95_ms": p95_ms, "p99_ms": p99_ms, "clock": clock}


def _of_a_service(runs: Sequence[Told]) -> Iterator[HealthSign]:
    """What a real service showed, in real time: it decides nothing."""
    allowed, reason = text("none"), text("A real service is shown beside, and decides nothing.")
    about = Environment.SERVICE.value
    if any(one.ready_ms for one in runs):
        figures = _percentiles(runs)
        yield _sign(READY_LATENCY, HealthState.SHOWN, figures.pop("said"), allowed, reason, about=about, **figures)
    if n := sum(len(one.ends) for one in runs):
        failed = sum(one.failed for one in runs)
        share = clopper_pearson(failed, n)
        said = _share_said(failed, n, share)
        yield _sign(FAILED_ENDS, HealthState.SHOWN, said, allowed, reason, about=about, **_share(share, failed))


# ── retries ──────────────────────────────────────────────────────────────────


def retries(runs: Sequence[Told], basis: Baseline | None, most: float) -> HealthSign:
    """Whether requests are surely sent again more often than in the basis: the exact conditional Poisson test.

    :param most: the probability below which this look is significant.
    """
    now = totals(runs)
    allowed = text("no more often than in the last accepted release")
    if not now.requests:
        return _sign(RETRIES, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    said = text("{retries} in {requests} requests", retries=now.retries, requests=now.requests)
    figures: dict[str, Any] = {"n": now.requests, "k": now.retries, "value": now.retries / now.requests}
    if basis is None or not basis.health.requests:
        return _sign(RETRIES, HealthState.NO_BASIS, said, allowed, NO_BASIS, **figures)
    base = basis.health
    found = comparison.counts(now.retries, now.requests, base.retries, base.requests)
    p, shown_limit = rates(found.p or 0.0, most)
    reason = text(
        "{retries} in {requests} requests of {version}: p = {p}, limit {limit}; a rise counts from {least} retries on.",
        retries=base.retries,
        requests=base.requests,
        version=basis.version,
        p=p,
        limit=shown_limit,
        least=FEWEST,
    )
    states = {
        Compared.REGRESSED: HealthState.OVER,
        Compared.NOT_SHOWN: HealthState.WITHIN,
        Compared.TOO_FEW: HealthState.TOO_FEW,
    }
    state = states[comparison.risen(found, limit=most)]
    well = tuple(SeenRun(one.at, one.retries == 0) for one in runs if one.retries is not None)
    return _sign(RETRIES, state, said, allowed, reason, p=found.p, runs=well, **figures)


# ── FAILED ends ──────────────────────────────────────────────────────────────


def failed_ends(runs: Sequence[Told], most: float, limits: HealthSettings) -> HealthSign:
    """Whether surely more waits end FAILED than the limit allows, in any of its hours.

    Each run ends such a stretch of hours. The worst of them is tested, by the exact binomial test against the limit,
    and its level is divided among all of them (C. E. Bonferroni, 1936).

    :param most: the probability below which this look is significant.
    """
    tested = [one for one in runs if one.ends]
    allowed = text(
        "at most {share} in any {hours:g} h", share=threshold_share(limits.failed_ends), hours=limits.failed_ends_h
    )
    if not tested:
        return _sign(FAILED_ENDS, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    windows = windows_of(tested, timedelta(hours=limits.failed_ends_h))
    worst = min(windows, key=lambda of: (binomial_at_least(of.failed, of.n, limits.failed_ends), of.ends))
    p = binomial_at_least(worst.failed, worst.n, limits.failed_ends)
    failed, n = sum(one.failed for one in tested), sum(len(one.ends) for one in tested)
    share = clopper_pearson(failed, n)
    most_seen = max(of.failed / of.n for of in windows)
    state = _share_state(share, p, most / len(windows), limits.failed_ends, most_seen)
    shown, level = rates(p, most / len(windows))
    reason = text(
        "{failed} of {n} waits in the {hours:g} h before {at}: p = {p}, limit {limit} for each of {windows} such "
        "stretches.",
        failed=worst.failed,
        n=worst.n,
        hours=limits.failed_ends_h,
        at=worst.ends,
        p=shown,
        limit=level,
        windows=len(windows),
    )
    reason = reason if failed else _none(state, limits.failed_ends)
    well = tuple(SeenRun(one.at, one.failed == 0) for one in tested)
    return _sign(
        FAILED_ENDS, state, _share_said(failed, n, share), allowed, reason, p=p, runs=well, **_share(share, failed)
    )


def windows_of(runs: Sequence[Told], length: timedelta) -> tuple[Window, ...]:
    """For each run the waits that ended in the hours before it, itself included, oldest first."""
    found = []
    for last in runs:
        within = [one for one in runs if last.at - length < one.at <= last.at]
        found.append(Window(last.at, sum(one.failed for one in within), sum(len(one.ends) for one in within)))
    return tuple(found)


# ── import and first client ──────────────────────────────────────────────────


def start_failures(runs: Sequence[Told], most: float, limits: HealthSettings) -> Iterator[HealthSign]:
    """For each Python version, whether the SDK surely fails to start in more runs than the limit allows.

    The level is divided among the versions (C. E. Bonferroni, 1936).

    :param most: the probability below which this look is significant.
    """
    allowed = text("at most {share} on each Python version", share=threshold_share(limits.start_failures))
    of_python: dict[str, list[Told]] = {}
    for one in runs:
        if one.start_error is not None:
            of_python.setdefault(minor_version(one.python), []).append(one)
    if not of_python:
        yield _sign(START_FAILURES, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    for python, started in sorted(of_python.items(), key=lambda item: _as_numbers(item[0])):
        errors = [one.start_error for one in started if one.start_error]
        share, p = (
            clopper_pearson(len(errors), len(started)),
            binomial_at_least(len(errors), len(started), limits.start_failures),
        )
        level = most / len(of_python)
        shown, shown_level = rates(p, level)
        state = _share_state(share, p, level, limits.start_failures, len(errors) / len(started))
        reason = _none(state, limits.start_failures)
        if errors:
            last = errors[-1]
            reason = text("The last failure: {error}. p = {p}, limit {limit}.", error=last, p=shown, limit=shown_level)
        yield _sign(
            START_FAILURES,
            state,
            _start_said(len(errors), len(started), share),
            allowed,
            reason,
            about=python,
            p=p,
            runs=tuple(SeenRun(one.at, not one.start_error) for one in started),
            **_share(share, len(errors)),
        )


def minor_version(python: str) -> str:
    """The version of Python that an SDK supports or not.

    >>> minor_version("3.11.7"), minor_version("3.13.0rc1")
    ('3.11', '3.13')
    """
    return ".".join(python.split(".")[:2])


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


# ── shares ───────────────────────────────────────────────────────────────────


def _share_state(share: Estimate, p: float, level: float, allowed: float, most_seen: float) -> HealthState:
    """Over where the exact test says so, within where the whole interval is and nothing that was seen is above it."""
    if p < level and most_seen > allowed:
        return HealthState.OVER
    surely_below = share.high is not None and share.high <= allowed and most_seen <= allowed
    return HealthState.WITHIN if surely_below else HealthState.TOO_FEW


def _none(state: HealthState, allowed: float) -> Text:
    """What is said where nothing failed: with so many trials the upper end of the exact interval is the limit."""
    if state is HealthState.WITHIN:
        return text("None failed.")
    enough = math.ceil(math.log(ALPHA / 2) / math.log1p(-allowed))
    return text("None failed. It takes {n} trials without a failure to be surely within the limit.", n=enough)


def _share(share: Estimate, k: int) -> dict[str, Any]:
    return {"k": k, "n": int(share.n), "value": share.value, "low": share.low, "high": share.high}


def _share_said(failed: int, n: int, share: Estimate) -> Text:
    value, low, high = shares(share.value or 0.0, share.low or 0.0, share.high or 0.0)
    return text("{failed} of {n} waits, {share} ({low} to {high})", failed=failed, n=n, share=value, low=low, high=high)


def _start_said(failed: int, n: int, share: Estimate) -> Text:
    value, low, high = shares(share.value or 0.0, share.low or 0.0, share.high or 0.0)
    return text("{failed} of {n} runs, {share} ({low} to {high})", failed=failed, n=n, share=value, low=low, high=high)
