"""Judges how many waits end FAILED in the hours of the limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from atalaya.core.settings import HealthSettings
from atalaya.core.words import text
from atalaya.metrics.health.runs import Told
from atalaya.metrics.health.shares import none, share_figures, share_said, share_state
from atalaya.metrics.health.signs import FAILED_ENDS, NOTHING, sign
from atalaya.metrics.stats.clustering import clopper_pearson
from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.rounding import rates, threshold_share
from atalaya.records.judged import HealthSign, HealthState, SeenRun


class Window(NamedTuple):
    """The waits that ended in some hours: those that ended FAILED, and all."""

    ends: datetime
    failed: int
    n: int


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
        return sign(FAILED_ENDS, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    windows = windows_of(tested, timedelta(hours=limits.failed_ends_h))
    worst = min(windows, key=lambda of: (binomial_at_least(of.failed, of.n, limits.failed_ends), of.ends))
    p = binomial_at_least(worst.failed, worst.n, limits.failed_ends)
    failed, n = sum(one.failed for one in tested), sum(len(one.ends) for one in tested)
    share = clopper_pearson(failed, n)
    most_seen = max(of.failed / of.n for of in windows)
    state = share_state(share, p, most / len(windows), limits.failed_ends, most_seen)
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
    reason = reason if failed else none(state, limits.failed_ends)
    well = tuple(SeenRun(one.at, one.failed == 0) for one in tested)
    return sign(
        FAILED_ENDS,
        state,
        share_said(failed, n, share),
        allowed,
        reason,
        p=p,
        runs=well,
        **share_figures(share, failed),
    )


def windows_of(runs: Sequence[Told], length: timedelta) -> tuple[Window, ...]:
    """For each run the waits that ended in the hours before it, itself included, oldest first."""
    found = []
    for last in runs:
        within = [one for one in runs if last.at - length < one.at <= last.at]
        found.append(Window(last.at, sum(one.failed for one in within), sum(len(one.ends) for one in within)))
    return tuple(found)
