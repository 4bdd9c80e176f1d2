"""The kinds of watches that are simulated, and the draws of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atalaya.core.window import DAY_H, WINDOW_H
from atalaya.watch.calibration_record import Scenario, Truth, World
from atalaya.watch.outlook import Bools, Floats, Plan, draw_runs, every

Ints = NDArray[np.int64]

EVERY_H = 6  # between two runs of CI, which makes twelve
NETWORK_RATES = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.3)
BY_HAND_H = (0.5, 1.0, 23.0, 23.5, 47.0, 47.5, 70.0, 71.0)


def _scenario(id: str, truth: Truth, process: str, **values: float) -> Scenario:
    return Scenario(id=id, truth=truth, process=process, values={name: float(of) for name, of in values.items()})


def _healthy() -> Iterator[Scenario]:
    for rate in (0.97, 0.99):
        for jobs in (1, 5, 20):
            for correlation in (0.0, 0.3, 0.6, 0.9):
                id = f"healthy-{100 * rate:.0f}-{jobs}-{10 * correlation:.0f}"
                if correlation:
                    yield _scenario(id, Truth.HEALTHY, "together", rate=rate, jobs=jobs, correlation=correlation)
                else:
                    yield _scenario(id, Truth.HEALTHY, "alike", rate=rate, jobs=jobs)
    yield _scenario("healthy-99-4-0", Truth.HEALTHY, "alike", rate=0.99, jobs=4)
    yield _scenario("bursts", Truth.HEALTHY, "bursts", rate=0.99, jobs=5, within=0.70, hours=6)
    yield _scenario("day-night", Truth.HEALTHY, "day-night", rate=0.99, jobs=5, night=0.95)
    yield _scenario("bad-runner", Truth.HEALTHY, "bad-runner", rate=0.99, jobs=5, bad=0.90)
    yield _scenario("bad-runner-any", Truth.HEALTHY, "bad-runner-any", rate=0.99, jobs=5, bad=0.90)


def _sick() -> Iterator[Scenario]:
    for rate in (0.95, 0.90, 0.80):
        yield _scenario(f"sick-{100 * rate:.0f}", Truth.SICK, "alike", rate=rate, jobs=5)
    yield _scenario("drift", Truth.SICK, "drift", rate=0.999, last=0.90, jobs=5)
    yield _scenario("step", Truth.SICK, "step", rate=0.99, last=0.80, jobs=5, from_h=40)
    for jobs in (5, 20):
        for hour in (40, 54):
            yield _scenario(f"dead-{jobs}-{hour}", Truth.SICK, "dead", rate=0.99, jobs=jobs, from_h=hour)
    for n in (20, 200):
        yield _scenario(f"stale-{n}", Truth.SICK, "stale", jobs=5, in_n=n)
    yield _scenario("flaky-20", Truth.SICK, "flaky", rate=0.99, jobs=5, in_n=20)


def _network() -> Iterator[Scenario]:
    clean = {"jobs": 5}
    for rate in NETWORK_RATES:
        yield _scenario(f"network-steady-{rate}", Truth.NETWORK, "steady", rate=rate, **clean)
    for rate in NETWORK_RATES:
        yield _scenario(f"network-rising-{rate}", Truth.NETWORK, "rising", first=rate / 2, last=2 * rate, **clean)
    for rate in NETWORK_RATES:
        yield _scenario(f"network-falling-{rate}", Truth.NETWORK, "falling", first=2 * rate, last=rate / 2, **clean)
    yield _scenario("network-one", Truth.NETWORK, "one", **clean)


SCENARIOS = (
    *_healthy(),
    *_sick(),
    *_network(),
    *(_scenario(f"by-hand-{100 * rate:.0f}", Truth.ASKED, "by-hand", rate=rate, jobs=4) for rate in (0.99, 0.95, 0.90)),
    *(_scenario(f"asked-{100 * rate:.0f}", Truth.ASKED, "asked", rate=rate, jobs=4) for rate in (0.99, 0.95, 0.90)),
    _scenario("ci-silent", Truth.UNSEEN, "silent", jobs=5),
    _scenario("ci-once", Truth.UNSEEN, "once", rate=1.0, jobs=1),
)
BY_ID = {scenario.id: scenario for scenario in SCENARIOS}


# ── draws ────────────────────────────────────────────────────────────────────


class Sees(NamedTuple):
    """How much of what happens the checks see: of network errors and stale reads."""

    errors: float = 1.0
    stale: float = 1.0


class Drawn(NamedTuple):
    """Many watches of one scenario, a row each.

    ``ended`` says which jobs of each run of CI ended well, where the runs are those of a plan. ``errors`` and ``stale``
    are counts by the hour; ``flaky`` are the failures of the test among its attempts in each run, and ``repeats`` those
    at T+0.
    """

    plan: Plan
    ended: Bools
    errors: Ints
    stale: Ints
    flaky: Ints
    repeats: Ints


def random_of(scenario: Scenario, seed: int) -> np.random.Generator:
    """What draws a scenario: it depends on its name and the seed, and on no other scenario."""
    return np.random.default_rng([seed, *scenario.id.encode()])


def plan_of(scenario: Scenario) -> Plan:
    """When CI runs. Those that the advice asks for are not known before: there are none in the plan."""
    jobs = int(scenario.value("jobs"))
    match scenario.process:
        case "silent" | "asked":
            return Plan((), ())
        case "once":
            return Plan((1.0,), (jobs,))
        case "by-hand":
            return Plan(BY_HAND_H, (jobs,) * len(BY_HAND_H))
        case _:
            return every(EVERY_H, jobs)


def draw(scenario: Scenario, world: World, *, watches: int, seed: int, sees: Sees) -> Drawn:
    """So many watches of a scenario."""
    random, plan = random_of(scenario, seed), plan_of(scenario)
    ended = draw_runs(
        random, _chances(scenario, plan, random, watches), watches=watches, correlation=scenario.value("correlation")
    )
    flaky = np.zeros(ended.shape, dtype=np.int64)
    repeats = np.zeros(watches, dtype=np.int64)
    if scenario.process == "flaky":
        fails = 1 / scenario.value("in_n")
        first = random.random(ended.shape) < fails
        again = (random.random(ended.shape) < fails) & first
        flaky, ended = first.astype(np.int64) + again, ended & ~again
        repeats = random.binomial(world.repeats, fails, watches)
    hours = (watches, world.hours)
    stale = 1 / scenario.value("in_n") * sees.stale if scenario.process == "stale" else 0.0
    return Drawn(
        plan,
        ended,
        _errors(scenario, world, random, watches, sees),
        random.binomial(world.waits_per_smoke, stale, hours),
        flaky,
        repeats,
    )


# ── how likely each job ends well ────────────────────────────────────────────


def _chances(scenario: Scenario, plan: Plan, random: np.random.Generator, watches: int) -> Floats:
    """How likely each job of each run ends well: of shape (runs, jobs), or (watches, runs, jobs)."""
    of = CHANCES.get(scenario.process)
    if of is None:
        rate = 1.0 if scenario.truth in (Truth.NETWORK, Truth.UNSEEN) else scenario.value("rate", 1.0)
        return np.full(plan.shape, rate)
    return of(scenario, np.array(plan.hours), random, watches)


Chances = Callable[[Scenario, Floats, np.random.Generator, int], Floats]


def _full(scenario: Scenario, hours: Floats) -> Floats:
    return np.full((hours.size, int(scenario.value("jobs"))), scenario.value("rate"))


def _bursts(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    begins = random.uniform(0, WINDOW_H, (watches, 1))
    within = (begins <= hours) & (hours < begins + scenario.value("hours"))
    return np.where(within[..., None], scenario.value("within"), _full(scenario, hours))


def _day_night(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    night = hours % DAY_H >= DAY_H / 2
    return np.where(night[:, None], scenario.value("night"), _full(scenario, hours))


def _bad_runner(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    chances = _full(scenario, hours)
    chances[:, 0] = scenario.value("bad")
    return chances


def _bad_runner_any(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    jobs = int(scenario.value("jobs"))
    on_it = random.integers(jobs, size=(watches, hours.size, 1)) == np.arange(jobs)
    return np.where(on_it, scenario.value("bad"), scenario.value("rate"))


def _drift(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    first, last = scenario.value("rate"), scenario.value("last")
    return np.repeat((first + (last - first) * hours / WINDOW_H)[:, None], int(scenario.value("jobs")), axis=1)


def _step(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    late = hours >= scenario.value("from_h")
    return np.where(late[:, None], scenario.value("last"), _full(scenario, hours))


def _dead(scenario: Scenario, hours: Floats, random: np.random.Generator, watches: int) -> Floats:
    chances = _full(scenario, hours)
    chances[hours >= scenario.value("from_h"), 0] = 0.0
    return chances


CHANCES: dict[str, Chances] = {
    "bursts": _bursts,
    "day-night": _day_night,
    "bad-runner": _bad_runner,
    "bad-runner-any": _bad_runner_any,
    "drift": _drift,
    "step": _step,
    "dead": _dead,
}


# ── network errors ───────────────────────────────────────────────────────────


def errors_by_day(scenario: Scenario) -> tuple[float, float, float]:
    """The network errors for each request, day by day."""
    match scenario.process:
        case "steady":
            rate = scenario.value("rate")
            return rate, rate, rate
        case "rising" | "falling":
            first, last = scenario.value("first"), scenario.value("last")
            return first, (first * last) ** 0.5, last
        case _:
            return 0.0, 0.0, 0.0


def _errors(scenario: Scenario, world: World, random: np.random.Generator, watches: int, sees: Sees) -> Ints:
    if scenario.process == "one":
        one = random.integers(world.hours, size=(watches, 1)) == np.arange(world.hours)
        return np.asarray(one, dtype=np.int64)
    rates = np.repeat(errors_by_day(scenario), DAY_H) * sees.errors
    drawn: Ints = random.binomial(world.requests_per_smoke, rates, (watches, world.hours))
    return drawn
