"""Judges how often requests are sent again, against the last accepted release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atalaya.core.words import text
from atalaya.metrics.health.runs import Told, totals
from atalaya.metrics.health.signs import NO_BASIS, NOTHING, RETRIES, sign
from atalaya.metrics.stats import comparison
from atalaya.metrics.stats.burn import FEWEST
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.window_query import Baseline
from atalaya.records.judged import Compared, HealthSign, HealthState, SeenRun


def retries(runs: Sequence[Told], basis: Baseline | None, most: float) -> HealthSign:
    """Whether requests are surely sent again more often than in the basis: the exact conditional Poisson test.

    :param most: the probability below which this look is significant.
    """
    now = totals(runs)
    allowed = text("no more often than in the last accepted release")
    if not now.requests:
        return sign(RETRIES, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    said = text("{retries} in {requests} requests", retries=now.retries, requests=now.requests)
    figures: dict[str, Any] = {"n": now.requests, "k": now.retries, "value": now.retries / now.requests}
    if basis is None or not basis.health.requests:
        return sign(RETRIES, HealthState.NO_BASIS, said, allowed, NO_BASIS, **figures)
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
    return sign(RETRIES, state, said, allowed, reason, p=found.p, runs=well, **figures)
