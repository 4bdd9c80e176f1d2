"""The simulated watches: the scenarios, the truth of each, and how each is drawn.

A watch is drawn as counts, hour by hour: nothing runs. What is true of it is known, since it was put there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from atalaya.core.window import DAY_H, WINDOW_H
from atalaya.core.words import N_, Record, StrictEnum

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Truth(StrictEnum):
    """What a verdict on a scenario ought to say."""

    HEALTHY = "healthy"  # an alarm is false
    SICK = "sick"  # GO is a miss
    UNSEEN = "unseen"  # nobody looked, so GO is a claim without evidence


class World(Record, frozen=True, kw_only=True):
    """What every simulated watch has in common.

    Each hour has one run of the checks and one smoke, which are two jobs. CI adds runs at equal distances; a job of
    theirs is decided once. Each wait of a smoke is a trial for a timeout, and one for a stale read.
    """

    hours: int = WINDOW_H
    requests_per_smoke: int = 16
    waits_per_smoke: int = 5
    ci_runs: int = 12
    jobs_per_ci_run: int = 5

    @property
    def days(self) -> int:
        return self.hours // DAY_H

    @property
    def own_jobs_a_day(self) -> int:
        return 2 * DAY_H

    @property
    def ci_runs_a_day(self) -> int:
        return self.ci_runs // self.days

    @property
    def jobs_a_day(self) -> int:
        return self.own_jobs_a_day + self.ci_runs_a_day * self.jobs_per_ci_run

    @property
    def jobs(self) -> int:
        return self.days * self.jobs_a_day

    @property
    def requests_a_day(self) -> int:
        return DAY_H * self.requests_per_smoke

    @property
    def waits(self) -> int:
        return self.hours * self.waits_per_smoke

    def ci_hour(self, run: int) -> int:
        """The hour in which a run of CI ends."""
        return self.hours * run // self.ci_runs


class Scenario(Record, frozen=True, kw_only=True):
    """One kind of watch, and what is true of it.

    ``icc`` is the correlation of two jobs of one run of CI. ``errors_per_request`` has a rate for each day.
    ``flaky_failure`` is how often one critical test fails in a run of CI; it is run once more when it does.
    From the first hour of ``asleep`` until the second nothing runs. ``rate_before`` is the job pass rate of the
    release that was accepted before, where there is one to compare with.
    """

    id: str
    truth: Truth
    says: str
    job_pass_rate: float = 0.99
    icc: float = 0.0
    errors_per_request: tuple[float, float, float] = (0.0, 0.0, 0.0)
    stale_per_wait: float = 0.0
    timeouts_per_wait: float = 0.0
    flaky_failure: float = 0.0
    asleep: tuple[int, int] = (0, 0)
    ci_delivers: bool = True
    rate_before: float | None = None

    @property
    def before(self) -> Scenario | None:
        """What the release before was; it was accepted, so of its watches those count that ended in GO."""
        if self.rate_before is None:
            return None
        return replace(self, id=f"{self.id}, before", job_pass_rate=self.rate_before, rate_before=None)

    @property
    def whole(self) -> bool:
        """Whether everything ran that should."""
        return self.ci_delivers and self.asleep[0] == self.asleep[1]

    @property
    def without_events(self) -> bool:
        """Whether nothing but jobs can go wrong."""
        events = (*self.errors_per_request, self.stale_per_wait, self.timeouts_per_wait, self.flaky_failure)
        return not any(events)


# Errors that double each day; the first day's rate is that at which the trend test has a power of 80 % at T+72.
FIRST_DAY = 0.0092

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        id="healthy-99",
        truth=Truth.HEALTHY,
        job_pass_rate=0.99,
        says=N_("Healthy: 99 of 100 jobs end well, and nothing else happens"),
    ),
    Scenario(
        id="healthy-97",
        truth=Truth.HEALTHY,
        job_pass_rate=0.97,
        says=N_("Healthy: 97 of 100 jobs end well, and nothing else happens"),
    ),
    Scenario(
        id="healthy-96",
        truth=Truth.HEALTHY,
        job_pass_rate=0.96,
        says=N_("Healthy: 96 of 100 jobs end well, and nothing else happens"),
    ),
    Scenario(
        id="healthy-95",
        truth=Truth.HEALTHY,
        job_pass_rate=0.95,
        says=N_("Just healthy: 95 of 100 jobs end well, which is the threshold itself"),
    ),
    Scenario(
        id="healthy-97-together",
        truth=Truth.HEALTHY,
        job_pass_rate=0.97,
        icc=0.3,
        says=N_("Healthy: 97 of 100 jobs end well, and jobs of one run of CI fail together (correlation 0.3)"),
    ),
    Scenario(
        id="healthy-96-together",
        truth=Truth.HEALTHY,
        job_pass_rate=0.96,
        icc=0.3,
        says=N_("Healthy: 96 of 100 jobs end well, and jobs of one run of CI fail together (correlation 0.3)"),
    ),
    Scenario(
        id="steady-errors",
        truth=Truth.HEALTHY,
        errors_per_request=(0.008, 0.008, 0.008),
        says=N_("Healthy: 8 of 1000 requests meet a network error, on each day alike"),
    ),
    Scenario(
        id="healthy-97-compared",
        truth=Truth.HEALTHY,
        job_pass_rate=0.97,
        rate_before=0.97,
        says=N_("Healthy: 97 of 100 jobs end well, as in the release that was accepted before"),
    ),
    Scenario(id="bad-90", truth=Truth.SICK, job_pass_rate=0.90, says=N_("Sick: 90 of 100 jobs end well")),
    Scenario(id="bad-85", truth=Truth.SICK, job_pass_rate=0.85, says=N_("Sick: 85 of 100 jobs end well")),
    Scenario(
        id="worse-90-compared",
        truth=Truth.SICK,
        job_pass_rate=0.90,
        rate_before=0.97,
        says=N_("Sick: 90 of 100 jobs end well, and 97 did in the release that was accepted before"),
    ),
    Scenario(
        id="flaky-test",
        truth=Truth.SICK,
        flaky_failure=0.1,
        says=N_("Sick: one critical test fails in 1 of 10 runs of CI, and is run once more when it does"),
    ),
    Scenario(
        id="rising-errors",
        truth=Truth.SICK,
        errors_per_request=(FIRST_DAY, 2 * FIRST_DAY, 4 * FIRST_DAY),
        says=N_("Sick: network errors double each day"),
    ),
    Scenario(
        id="stale-reads",
        truth=Truth.SICK,
        stale_per_wait=1 / 200,
        says=N_("Sick: 1 of 200 waits reads a stale status from the cache"),
    ),
    Scenario(
        id="polling-timeouts", truth=Truth.SICK, timeouts_per_wait=1 / 500, says=N_("Sick: 1 of 500 waits times out")
    ),
    Scenario(
        id="slept",
        truth=Truth.UNSEEN,
        asleep=(20, 34),
        says=N_("Not seen: the watch slept for 14 hours, from T+20 to T+34"),
    ),
    Scenario(
        id="ci-silent",
        truth=Truth.UNSEEN,
        ci_delivers=False,
        says=N_("Not seen: CI delivered nothing; the checks and the smoke ran"),
    ),
    Scenario(id="nothing-ran", truth=Truth.UNSEEN, asleep=(0, WINDOW_H), says=N_("Not seen: nothing ran at all")),
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
