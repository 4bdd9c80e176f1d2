"""Simpler verdict rules, for comparison on the same simulated watches.

Three that are in use: a plain percentage, a rank test on hourly counts of errors, and "no failures were seen". Each
looks at T+24, T+48 and T+72, takes what is missing for good, and says True where it is alarmed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H
from atalaya.metrics.stats.intervals import ALPHA
from atalaya.watch.calibration_record import World
from tools.calibration.scenarios import Bools, Drawn, Ints

Rule = Callable[[Drawn, World, Thresholds, int], Bools]


def jobs_by(drawn: Drawn, world: World, hours: int) -> tuple[Ints, int]:
    """How many jobs of each watch had ended well by T+hours, and how many had been decided."""
    came = [run for run in range(world.ci_runs) if world.ci_hour(run) < hours]
    own = drawn.checks[:, :hours].sum(axis=1) + drawn.smokes[:, :hours].sum(axis=1)
    n = 2 * int(drawn.awake[:hours].sum()) + world.jobs_per_ci_run * int(drawn.delivered[came].sum())
    return own + drawn.ci[:, came].sum(axis=1), n


def percentage(drawn: Drawn, world: World, limits: Thresholds, hours: int) -> Bools:
    """The share of jobs that ended well is below the threshold. Without a job there is none that failed."""
    well, n = jobs_by(drawn, world, hours)
    alarmed: Bools = well < limits.pass_rate * n
    return alarmed


def rank_test(drawn: Drawn, world: World, limits: Thresholds, hours: int) -> Bools:
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


def no_failures(drawn: Drawn, world: World, limits: Thresholds, hours: int) -> Bools:
    """Any network error, timeout or stale read was seen."""
    seen = drawn.errors[:, :hours] + drawn.timeouts[:, :hours] + drawn.stale[:, :hours]
    alarmed: Bools = seen.sum(axis=1) > 0
    return alarmed


RULES: dict[str, Rule] = {"percentage": percentage, "rank-test": rank_test, "no-failures": no_failures}
