"""Simpler verdict rules, for comparison on the same simulated watches.

Three that are in use: a plain percentage of CI's jobs, a rank test on hourly counts of errors, and "no failures were
seen". Each looks at T+24, T+48 and T+72, takes what is missing for good, and says True where it is alarmed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H
from atalaya.metrics.stats.intervals import ALPHA
from atalaya.watch.outlook import Bools
from tools.calibration.scenarios import Drawn

Rule = Callable[[Drawn, Thresholds, int], Bools]


def _ended_by(drawn: Drawn, hours: int) -> Bools:
    return drawn.ended[:, : sum(hour <= hours for hour in drawn.plan.hours)]


def percentage(drawn: Drawn, limits: Thresholds, hours: int) -> Bools:
    """The share of CI's jobs that ended well is below the threshold. Without a job there is none that failed."""
    ended = _ended_by(drawn, hours)
    alarmed: Bools = ended.sum(axis=(1, 2)) < limits.pass_rate * ended[0].size
    return alarmed


def rank_test(drawn: Drawn, limits: Thresholds, hours: int) -> Bools:
    """The hours of the last day have more errors than those of the first, by their ranks, at 5 %, one-sided."""
    alarmed = np.zeros(drawn.errors.shape[0], dtype=np.bool_)
    first, last = drawn.errors[:, :DAY_H], drawn.errors[:, hours - DAY_H : hours]
    some = (first != first[:, :1]).any(axis=1) | (last != first[:, :1]).any(axis=1)
    if hours > DAY_H and some.any():
        p: NDArray[np.float64] = stats.mannwhitneyu(
            last[some], first[some], alternative="greater", axis=1, method="asymptotic"
        ).pvalue
        alarmed[some] = p < ALPHA
    return alarmed


def no_failures(drawn: Drawn, limits: Thresholds, hours: int) -> Bools:
    """Any job of CI failed, or any network error or stale read was seen."""
    events = (drawn.errors[:, :hours] + drawn.stale[:, :hours]).sum(axis=1)
    alarmed: Bools = (events > 0) | ~_ended_by(drawn, hours).all(axis=(1, 2))
    return alarmed


RULES: dict[str, Rule] = {"percentage": percentage, "rank-test": rank_test, "no-failures": no_failures}
