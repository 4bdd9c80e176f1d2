"""Judges READY's latency: p50, p95 and p99 beside those of the last accepted release."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from atalaya.core.settings import HealthSettings
from atalaya.core.words import Text, text
from atalaya.metrics.health.runs import Told, totals
from atalaya.metrics.health.signs import NO_BASIS, NOTHING, READY_LATENCY, sign
from atalaya.metrics.stats import comparison
from atalaya.metrics.stats.comparison import FEWEST_TIMES, Shift
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.window_query import Baseline
from atalaya.records.judged import Compared, HealthSign, HealthState, SeenRun


def ready_latency(runs: Sequence[Told], basis: Baseline | None, most: float, limits: HealthSettings) -> HealthSign:
    """Whether waits surely take longer to be READY than in the basis, and by more than the limit at p95.

    :param most: the probability below which this look is significant.
    """
    new = totals(runs).ready_ms
    allowed = text("p95 at most {ratio:g} times that of the last accepted release", ratio=limits.ready_p95_ratio)
    if not new:
        return sign(READY_LATENCY, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    figures = percentiles(runs)
    base = basis.health.ready_ms if basis is not None else ()
    if basis is None or not base:
        return sign(READY_LATENCY, HealthState.NO_BASIS, figures.pop("said"), allowed, NO_BASIS, **figures)
    before_ms = float(np.percentile(base, 95))
    cut_ms = limits.ready_p95_ratio * before_ms
    found, how = _shift(base, new, before_ms, cut_ms)
    against = text(
        "p95 was {before:.0f} ms, of {n} waits of {version}", before=before_ms, n=len(base), version=basis.version
    )
    state, reason = _latency_state(found, most, limits.ready_p95_ratio, against, how)
    well = tuple(SeenRun(one.at, max(one.ready_ms) <= cut_ms) for one in runs if one.ready_ms)
    return sign(READY_LATENCY, state, figures.pop("said"), allowed, reason, p=found.p, runs=well, **figures)


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


def percentiles(runs: Sequence[Told]) -> dict[str, Any]:
    """The fields of a sign that times fill, and what is ``said`` of them."""
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
