"""The results that the simulation should give, computed exactly instead of from the draws.

The states are the rules' own; the probabilities are sums over every outcome, from :mod:`scipy.stats` and NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, LOOKS_H
from atalaya.metrics.pass_rate import judge_ci
from atalaya.records.judged import State
from atalaya.watch.calibration_record import FloorRow, Scenario, World
from tools.calibration.scenarios import Sees, plan_of

Floats = NDArray[np.float64]
MET = (State.MEETS, State.PROVEN)
PROCESSES = ("alike", "together", "stale", "flaky")  # those of which something can be computed
LAST_LOOK = len(LOOKS_H)
MOST_OUTCOMES = 10_000  # of all runs of a watch; where there are more, they are not summed over
FLOOR_JOBS = (30, 32, 48, 60, 120, 240)
FLOOR_RATES = (0.99, 0.95, 0.90)


def expected(scenario: Scenario, world: World, limits: Thresholds, sees: Sees) -> dict[str, float]:
    """The probability of each thing that can be computed for a scenario, by its name."""
    match scenario.process:
        case "alike" | "together":
            return _of_runs(scenario, limits)
        case "stale":
            return {
                "stale-seen": 1 - (1 - sees.stale / scenario.value("in_n")) ** (world.waits_per_smoke * world.hours)
            }
        case "flaky":
            return {"flaky-seen": _flaky_seen(1 / scenario.value("in_n"), world.repeats, len(plan_of(scenario).hours))}
        case _:
            return {}


def _of_runs(scenario: Scenario, limits: Thresholds) -> dict[str, float]:
    """What follows from runs that are alike, and independent of each other."""
    hours, jobs = plan_of(scenario).hours, int(scenario.value("jobs"))
    run = run_of(jobs, scenario.value("rate"), scenario.value("correlation"))
    early = sum(hour < DAY_H for hour in hours)
    found = {"last-red": 1 - float(run[-1]), "none-green": (1 - float(run[-1])) ** early}
    if _outcomes(len(hours), jobs) <= MOST_OUTCOMES:
        states = states_of_rate(len(hours), jobs, limits)
        chances = np.array([_chance(runs, run) for runs in states])
        met = np.array([state in MET for state in states.values()])
        fails = np.array([state is State.FAIL for state in states.values()])
        found |= {"rate-met": float(chances[met].sum()), "rate-fails": float(chances[fails].sum())}
    return found


def run_of(jobs: int, p: float, correlation: float) -> Floats:
    """The probability of each number of jobs that end well in one run, some runs of which share their fate.

    >>> run_of(2, 0.9, 0.0).round(2).tolist(), run_of(2, 0.9, 1.0).round(2).tolist()
    ([0.01, 0.18, 0.81], [0.1, 0.0, 0.9])
    """
    run: Floats = (1 - correlation) * stats.binom.pmf(np.arange(jobs + 1), jobs, p)
    run[0] += correlation * (1 - p)
    run[-1] += correlation * p
    return run


def _outcomes(runs: int, jobs: int) -> int:
    return factorial(runs + jobs) // factorial(runs) // factorial(jobs)


@cache
def states_of_rate(runs: int, jobs: int, limits: Thresholds) -> dict[tuple[int, ...], State]:
    """The state of the rate at the last look, for each way in which the runs can end, whatever their order."""
    return {
        well: judge_ci(tuple((one, jobs) for one in well), LAST_LOOK, limits)[0]
        for well in combinations_with_replacement(range(jobs + 1), runs)
    }


def _chance(well: tuple[int, ...], run: Floats) -> float:
    """How likely the runs end so, in any order: the multinomial probability."""
    times = [well.count(one) for one in set(well)]
    ways = factorial(len(well)) // prod(map(factorial, times))
    return ways * float(np.prod(run[list(well)]))


def _flaky_seen(fails: float, repeats: int, runs: int) -> float:
    """That a test both passes and fails in one variant: tried so often at T+0, and in each run once, or twice."""
    never = (1 - fails) ** (repeats + runs)
    always = fails ** (repeats + 2 * runs)
    return 1 - never - always


def floor(limits: Thresholds) -> Iterator[FloorRow]:
    """For some numbers of jobs that fail on their own: how many may be lost, and how often so few are."""
    for jobs in FLOOR_JOBS:
        lost = most_lost(jobs, limits)
        go = {
            f"{rate:g}": 0.0 if lost is None else float(stats.binom.cdf(lost, jobs, 1 - rate)) for rate in FLOOR_RATES
        }
        yield FloorRow(jobs=jobs, most_lost=lost, go=go)


def most_lost(jobs: int, limits: Thresholds) -> int | None:
    """The most of so many jobs, each a run of its own, that may be lost while the rate meets its threshold."""
    found = None
    for lost in range(jobs + 1):
        runs = ((1, 1),) * (jobs - lost) + ((0, 1),) * lost
        if judge_ci(runs, LAST_LOOK, limits)[0] not in MET:
            break
        found = lost
    return found
