"""The simulated watches: the scenarios, the truth of each, and how each is drawn.

A watch is drawn as counts, hour by hour: nothing runs. What is true of it is known, since it was put there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from atalaya.core.window import DAY_H, WINDOW_H
from atalaya.watch.calibration_record import SCENARIO_TEXTS, Scenario, Truth, World

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def _scenario(id: str, truth: Truth, **what: Any) -> Scenario:
    return Scenario(id=id, truth=truth, says=SCENARIO_TEXTS[id], **what)


# Errors that double each day; the first day's rate is that at which the trend test has a power of 80 % at T+72.
FIRST_DAY = 0.0092

SCENARIOS: tuple[Scenario, ...] = (
    _scenario("healthy-99", Truth.HEALTHY, job_pass_rate=0.99),
    _scenario("healthy-97", Truth.HEALTHY, job_pass_rate=0.97),
    _scenario("healthy-96", Truth.HEALTHY, job_pass_rate=0.96),
    _scenario("healthy-95", Truth.HEALTHY, job_pass_rate=0.95),
    _scenario("healthy-97-together", Truth.HEALTHY, job_pass_rate=0.97, icc=0.3),
    _scenario("healthy-96-together", Truth.HEALTHY, job_pass_rate=0.96, icc=0.3),
    _scenario("steady-errors", Truth.HEALTHY, errors_per_request=(0.008, 0.008, 0.008)),
    _scenario("healthy-97-compared", Truth.HEALTHY, job_pass_rate=0.97, rate_before=0.97),
    _scenario("bad-90", Truth.SICK, job_pass_rate=0.90),
    _scenario("bad-85", Truth.SICK, job_pass_rate=0.85),
    _scenario("worse-90-compared", Truth.SICK, job_pass_rate=0.90, rate_before=0.97),
    _scenario("flaky-test", Truth.SICK, flaky_failure=0.1),
    _scenario("rising-errors", Truth.SICK, errors_per_request=(FIRST_DAY, 2 * FIRST_DAY, 4 * FIRST_DAY)),
    _scenario("stale-reads", Truth.SICK, stale_per_wait=1 / 200),
    _scenario("polling-timeouts", Truth.SICK, timeouts_per_wait=1 / 500),
    _scenario("slept", Truth.UNSEEN, asleep=(20, 34)),
    _scenario("ci-silent", Truth.UNSEEN, ci_delivers=False),
    _scenario("nothing-ran", Truth.UNSEEN, asleep=(0, WINDOW_H)),
)
BY_ID = {scenario.id: scenario for scenario in SCENARIOS}


class Sees(NamedTuple):
    """How much of what happens the checks see: of errors, timeouts and stale reads."""

    errors: float = 1.0
    timeouts: float = 1.0
    stale: float = 1.0


class Drawn(NamedTuple):
    """Many watches of one scenario, a row each.

    Columns are hours, but for ``ci`` (how many jobs of a run of CI ended well), ``flaky`` (whether the test failed in
    a run) and ``again`` (and when it was run once more): those are runs. ``awake`` and ``delivered`` say which ran.
    """

    awake: Bools
    delivered: Bools
    checks: Bools
    smokes: Bools
    ci: Ints
    errors: Ints
    timeouts: Ints
    stale: Ints
    flaky: Bools
    again: Bools


def draw(scenario: Scenario, world: World, *, watches: int, seed: int, sees: Sees) -> Drawn:
    """So many watches of a scenario. A scenario's draws depend on its name and the seed, and on no other scenario."""
    random = np.random.default_rng([seed, *scenario.id.encode()])
    hours, runs, p = (watches, world.hours), (watches, world.ci_runs), scenario.job_pass_rate
    hour = np.arange(world.hours)
    awake = (hour < scenario.asleep[0]) | (hour >= scenario.asleep[1])
    delivered = scenario.ci_delivers & awake[[world.ci_hour(run) for run in range(world.ci_runs)]]
    rates = np.repeat(scenario.errors_per_request, DAY_H) * world.requests_per_smoke * sees.errors
    waits = world.waits_per_smoke
    return Drawn(
        awake=awake,
        delivered=delivered,
        checks=(random.random(hours) < p) & awake,
        smokes=(random.random(hours) < p) & awake,
        ci=_ci(random, runs, world.jobs_per_ci_run, p, scenario.icc) * delivered,
        errors=random.poisson(rates, hours) * awake,
        timeouts=random.binomial(waits, scenario.timeouts_per_wait * sees.timeouts, hours) * awake,
        stale=random.binomial(waits, scenario.stale_per_wait * sees.stale, hours) * awake,
        flaky=(random.random(runs) < scenario.flaky_failure) & delivered,
        again=(random.random(runs) < scenario.flaky_failure) & delivered,
    )


def _ci(random: np.random.Generator, shape: tuple[int, int], jobs: int, p: float, icc: float) -> Ints:
    """Jobs that ended well in each run. A share ``icc`` of runs passes or fails as one; in the others each is alone.

    Two jobs of a run are then correlated by ``icc``, and each of them ends well with probability p.
    """
    as_one = random.random(shape) < icc
    together = jobs * (random.random(shape) < p)
    return np.where(as_one, together, random.binomial(jobs, p, shape))
