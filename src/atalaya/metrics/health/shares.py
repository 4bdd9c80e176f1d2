"""Tells a share of trials, and holds it against the most that is allowed."""

from __future__ import annotations

import math
from typing import Any

from atalaya.core.words import Text, text
from atalaya.metrics.stats.intervals import ALPHA, Estimate
from atalaya.metrics.stats.rounding import shares
from atalaya.records.judged import HealthState


def share_state(share: Estimate, p: float, level: float, allowed: float, most_seen: float) -> HealthState:
    """Over where the exact test says so, within where the whole interval is and nothing that was seen is above it."""
    if p < level and most_seen > allowed:
        return HealthState.OVER
    surely_below = share.high is not None and share.high <= allowed and most_seen <= allowed
    return HealthState.WITHIN if surely_below else HealthState.TOO_FEW


def none(state: HealthState, allowed: float) -> Text:
    """What is said where nothing failed: with so many trials the upper end of the exact interval is the limit."""
    if state is HealthState.WITHIN:
        return text("None failed.")
    enough = math.ceil(math.log(ALPHA / 2) / math.log1p(-allowed))
    return text("None failed. It takes {n} trials without a failure to be surely within the limit.", n=enough)


def share_figures(share: Estimate, k: int) -> dict[str, Any]:
    """The fields of a sign that a share fills."""
    return {"k": k, "n": int(share.n), "value": share.value, "low": share.low, "high": share.high}


def share_said(failed: int, n: int, share: Estimate) -> Text:
    """A share of waits, with its interval."""
    value, low, high = shares(share.value or 0.0, share.low or 0.0, share.high or 0.0)
    return text("{failed} of {n} waits, {share} ({low} to {high})", failed=failed, n=n, share=value, low=low, high=high)
