"""The results that the simulation should give, computed exactly instead of from the draws.

The limits are the rules' own; the probabilities are sums over every outcome, from :mod:`scipy.stats` and NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.metrics.pass_rate import judge_rate
from atalaya.metrics.stats.intervals import EXACT_UP_TO, TOO_FEW, wilson
from atalaya.metrics.stats.sequential import limit
from atalaya.records.judged import State
from atalaya.watch.calibration_record import MOST_JOBS, Scenario, World
from tools.calibration.scenarios import Sees

Floats = NDArray[np.float64]
MET = (State.MEETS, State.PROVEN)
TAIL = 1e-12  # of a Poisson distribution, left out


def expected(scenario: Scenario, world: World, limits: Thresholds, sees: Sees) -> dict[str, float]:
    """The probability of each thing that can be computed for a scenario, by its name."""
    found: dict[str, float] = {}
    if scenario.whole and scenario.without_events:
        found |= _of_the_rate(scenario, world, limits)
    if any(scenario.errors_per_request):
        means = [rate * sees.errors * world.requests_a_day for rate in scenario.errors_per_request]
        found["errors-rise"], found["errors-fall"] = trend_power(means)
    if scenario.flaky_failure:
        fails, runs = scenario.flaky_failure, world.ci_runs
        found["flaky-seen"] = 1 - (1 - fails) ** runs - fails ** (2 * runs)
    if scenario.stale_per_wait:
        found["stale-seen"] = 1 - (1 - scenario.stale_per_wait * sees.stale) ** world.waits
    if scenario.timeouts_per_wait:
        found["timeout-seen"] = 1 - (1 - scenario.timeouts_per_wait * sees.timeouts) ** world.waits
    return found


# ── the pass rate ────────────────────────────────────────────────────────────


def _of_the_rate(scenario: Scenario, world: World, limits: Thresholds) -> dict[str, float]:
    day = day_of_jobs(scenario.job_pass_rate, scenario.icc, world)
    whole = day
    for _ in range(world.days - 1):
        whole = np.convolve(whole, day)
    return {
        "rate-fails": float(whole[: most_failing(world.jobs, limits) + 1].sum()),
        "rate-ever-fails": ever_fails(day, world, limits),
        "rate-met": float(whole[least_met(world.jobs, limits) :].sum()),
    }


def day_of_jobs(p: float, icc: float, world: World) -> Floats:
    """The probability of each number of jobs that end well in one day, those of CI in runs that share their fate."""
    jobs = world.jobs_per_ci_run
    run = (1 - icc) * stats.binom.pmf(np.arange(jobs + 1), jobs, p)
    run[0] += icc * (1 - p)
    run[-1] += icc * p
    day: Floats = stats.binom.pmf(np.arange(world.own_jobs_a_day + 1), world.own_jobs_a_day, p)
    for _ in range(world.ci_runs_a_day):
        day = np.convolve(day, run)
    return day


def ever_fails(day: Floats, world: World, limits: Thresholds) -> float:
    """The probability that the rate fails at any of the daily looks: what has not failed yet is carried on."""
    still = np.ones(1)
    for number in range(1, world.days + 1):
        still = np.convolve(still, day)
        still[: most_failing(number * world.jobs_a_day, limits) + 1] = 0
    return float(1 - still.sum())


def most_failing(n: int, limits: Thresholds) -> int:
    """The most of n jobs that may end well while the rate still fails; -1 where none is few enough.

    >>> most_failing(60, Thresholds()), most_failing(204, Thresholds())
    (53, 187)
    """
    return _first(lambda x: _state(x, n, limits) is not State.FAIL, n) - 1


@cache
def least_met(n: int, limits: Thresholds) -> int:
    """The fewest of n jobs that must end well for the rate to meet its threshold; n + 1 where not even all do.

    >>> least_met(204, Thresholds()), least_met(34, Thresholds())
    (194, 35)
    """
    return _first(lambda x: _state(x, n, limits) in MET, n)


def jobs_that_settle(p: float, limits: Thresholds, power: float = 0.8) -> int | None:
    """From how many jobs on a rate that is truly p meets its threshold in so many of all watches, at the least.

    The probability goes up and down by steps, so it is the number from which on it stays there. None where that is
    not before :data:`MOST_JOBS`. Jobs are drawn one by one.
    """
    n = np.arange(1, MOST_JOBS + 1)
    least = np.array([least_met(jobs, limits) for jobs in n.tolist()])
    short = n[stats.binom.sf(least - 1, n, p) < power]
    last = int(short[-1]) if short.size else 0
    return last + 1 if last < MOST_JOBS else None


def _state(x: int, n: int, limits: Thresholds) -> State:
    return judge_rate(x, wilson(x, n), limits)[0]


def _first(holds: Callable[[int], bool], n: int) -> int:
    """The first of 0 to n from which on it holds; n + 1 where it never does."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


# ── the trend of the errors ──────────────────────────────────────────────────


def trend_power(means: list[float], look: int = 3) -> tuple[float, float]:
    """With what probability a rise is shown, and a fall, if each day has so many errors on average.

    The days have equal exposure. Given the number of errors, the days that they fall on are independent draws: the
    score's distribution is that of a sum of them, without a change and with it.
    """
    days, total = len(means), sum(means)
    most = int(stats.poisson.isf(TAIL, total)) + 1
    unchanged, changed = np.full(days, 1 / days), np.array(means) / total
    chances, true = np.ones(1), np.ones(1)
    rise = fall = 0.0
    for events in range(1, most + 1):
        chances, true = np.convolve(chances, unchanged), np.convolve(true, changed)
        if events < TOO_FEW:
            continue
        weight = float(stats.poisson.pmf(events, total))
        low, high = _tails(chances, events, days)
        rise += weight * float(true[high <= limit(look)].sum())
        fall += weight * float(true[low <= limit(look)].sum())
    return rise, fall


def _tails(chances: Floats, events: int, days: int) -> tuple[Floats, Floats]:
    """The probability of each score or less, and of each or more: exact, and normal where the rule's is."""
    if events <= EXACT_UP_TO:
        low, high = np.cumsum(chances), np.cumsum(chances[::-1])[::-1]
        return low, high
    scores = np.arange(chances.size)
    mean, variance = (days - 1) / 2, (days**2 - 1) / 12
    z = (scores - events * mean) / np.sqrt(events * variance)
    return stats.norm.cdf(z), stats.norm.sf(z)
