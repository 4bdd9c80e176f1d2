"""Simulates many watches whose truth is fixed in advance, and counts the wrong verdicts.

What is drawn are the ends of CI's jobs, and counts. All that follows is what judges a real watch: the functions that
give each metric its state, those that look at CI's jobs one by one, and the table of rules. Many watches have the same
counts, so what follows from counts is computed once.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from atalaya.core.settings import Settings
from atalaya.core.window import DAY_H, LOOKS_H
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower
from atalaya.records.judged import DutyState, State
from atalaya.records.stored import VerdictStatus
from atalaya.watch.calibration_record import Beside, Calibration, Found, Scenario, Simple, World
from atalaya.watch.outlook import (
    CI_RATE,
    CiJudge,
    CiShows,
    Ended,
    MetricShows,
    Shows,
    WatchJudge,
    asked_from,
    by_plan,
    draw_runs,
    simulated,
)
from tools.calibration import analytic, baseline_rules, rules
from tools.calibration.scenarios import SCENARIOS, Drawn, Sees, draw, random_of
from tools.calibration.work import Work

ENOUGH = 10_000  # watches of a scenario; what is published rests on no fewer
PROCESSES = 2


class Inputs(NamedTuple):
    """All that a calibration depends on, beside the code: the same give the same bytes."""

    watches: int
    seed: int
    settings: Settings
    detectors: Mapping[str, DetectorPower]
    world: World = World()

    @property
    def sees(self) -> Sees:
        """The share of what happens that is seen: that of seeded defects that were caught."""

        def share(metric: str) -> float:
            detector = self.detectors.get(metric, NEVER_SHOWN)
            return detector.caught / detector.shown if detector.shown else 1.0

        return Sees(errors=share("network-errors"), stale=share("stale-cache"))


def calibrate(
    inputs: Inputs,
    *,
    made_by: str,
    scenarios: Sequence[Scenario] = SCENARIOS,
    work: Path | None = None,
    processes: int = PROCESSES,
    hear: Callable[[Found], None] = lambda found: None,
) -> Calibration:
    """Draw and judge so many watches of each scenario.

    :param work: the file that keeps the result of each scenario, so that a calibration that was stopped goes on.
    :param hear: is told of each scenario when it is done, also of those that were done before.
    """
    kept = Work(work, inputs)
    found = {one.scenario.id: one for one in kept.read() if one.scenario in scenarios}
    for one in found.values():
        hear(one)
    left = [scenario for scenario in scenarios if scenario.id not in found]
    for one in _each(left, inputs, processes):
        kept.add(one)
        found[one.scenario.id] = one
        hear(one)
    return Calibration(
        made_by=made_by,
        seed=inputs.seed,
        watches=inputs.watches,
        world=inputs.world,
        thresholds=inputs.settings.thresholds,
        detectors=dict(inputs.detectors),
        found=tuple(found[scenario.id] for scenario in scenarios),
        floor=tuple(analytic.floor(inputs.settings.thresholds)),
    )


def _each(scenarios: Sequence[Scenario], inputs: Inputs, processes: int) -> Iterator[Found]:
    """What became of each scenario, as it is done; those that take longest begin first."""
    longest_first = sorted(scenarios, key=lambda one: -one.value("jobs"))
    tasks = [(scenario, inputs) for scenario in longest_first]
    if processes == 1 or len(tasks) < 2:
        yield from map(_task, tasks)
        return
    # Ctrl-C reaches the whole group of processes: the workers leave it to this one, which ends them.
    with multiprocessing.Pool(processes, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.imap_unordered(_task, tasks)
        # They end by themselves: one that is told to end as it begins may not hear it, and be waited for without end.
        pool.close()
        pool.join()


def _task(task: tuple[Scenario, Inputs]) -> Found:
    return found_in(*task)


def found_in(scenario: Scenario, inputs: Inputs) -> Found:
    """What became of all watches of one scenario."""
    ended: Counter[str] = Counter()
    decided_by: Counter[str] = Counter()
    happened: Counter[str] = Counter()
    naive: dict[str, list[int]] = {id: [0, 0] for id in baseline_rules.RULES}
    bench = Bench(inputs)
    for drawn in drawn_of(scenario, inputs):
        for shows, judged in bench.judged(drawn):
            ended[str(judged.word)] += 1
            decided_by[judged.rule] += 1
            happened["off-track"] += VerdictStatus.OFF_TRACK in judged.words
            happened["alarmed"] += judged.alarmed
            happened.update(happened_in(shows))
        happened["last-red"] += last_red(drawn)
        for id, alarmed, go in _naive(drawn, inputs):
            naive[id] = [naive[id][0] + alarmed, naive[id][1] + go]
    return Found(
        scenario=scenario,
        ended=dict(sorted(ended.items())),
        decided_by=dict(sorted(decided_by.items())),
        off_track=happened["off-track"],
        alarmed=happened["alarmed"],
        naive=tuple(Simple(id=id, alarmed=alarmed, go=go) for id, (alarmed, go) in naive.items()),
        theory=tuple(
            Beside(id=id, expected=chance, seen=happened[id])
            for id, chance in analytic.expected(scenario, inputs.world, inputs.settings.thresholds, inputs.sees).items()
        ),
    )


def drawn_of(scenario: Scenario, inputs: Inputs) -> Iterator[Drawn]:
    """The watches of a scenario, those together in which CI ran at the same times."""
    drawn = draw(scenario, inputs.world, watches=inputs.watches, seed=inputs.seed, sees=inputs.sees)
    if scenario.process != "asked":
        yield drawn
        return
    asked = asked_from()
    chances = np.full(asked.shape, scenario.value("rate"))
    every = draw_runs(random_of(scenario, inputs.seed), chances, watches=inputs.watches)
    for plan, ended in by_plan(every, asked, inputs.settings.thresholds):
        n = slice(0, len(ended))  # nothing else is drawn in these watches, so any of them do
        yield Drawn(plan, ended, drawn.errors[n], drawn.stale[n], np.zeros(ended.shape, np.int64), drawn.repeats[n])


def _naive(drawn: Drawn, inputs: Inputs) -> Iterator[tuple[str, int, int]]:
    for id, rule in baseline_rules.RULES.items():
        looks = [rule(drawn, inputs.settings.thresholds, hours) for hours in LOOKS_H]
        ever = looks[0] | looks[1] | looks[2]
        yield id, int(ever.sum()), int((~looks[-1]).sum())


# ── what theory speaks of ────────────────────────────────────────────────────


def happened_in(looks: Sequence[Shows]) -> Iterator[str]:
    """The names of what happened in one watch, of that which theory speaks of."""
    last = looks[-1]
    others = dict(zip((id for id in METRICS if id != CI_RATE), last.others, strict=True))
    if last.ci.rate is State.FAIL:
        yield "rate-fails"
    if last.ci.rate in analytic.MET:
        yield "rate-met"
    if looks[0].ci.pipeline is DutyState.FAILED:
        yield "none-green"
    if others["stale-cache"].state is State.FAIL:
        yield "stale-seen"
    if others["flaky-tests"].state is State.FAIL:
        yield "flaky-seen"


def last_red(drawn: Drawn) -> int:
    """The watches in which a job of CI's last run failed."""
    return int((~drawn.ended[:, -1].all(axis=1)).sum()) if drawn.plan.hours else 0


# ── from counts to words ─────────────────────────────────────────────────────


class Counts(NamedTuple):
    """What one watch has counted by one look, beside CI's jobs: ``flaky`` are a test's failures and attempts."""

    look: int  # from 1
    errors: tuple[int, ...]
    stale: int
    flaky: tuple[int, int]


Simulated = Callable[[Counts, Inputs], MetricShows]

SIMULATED: dict[str, Simulated] = {
    "flaky-tests": lambda it, of: rules.flaky(*it.flaky, of.settings.thresholds),
    "network-errors": lambda it, of: rules.network(it.errors, it.look, of.world, of.settings, of.detectors),
    "polling-timeouts": lambda it, of: rules.zero("polling-timeouts", 0, it.look, of.world, of.settings, of.detectors),
    "stale-cache": lambda it, of: rules.zero("stale-cache", it.stale, it.look, of.world, of.settings, of.detectors),
}
NOT_SIMULATED = MetricShows(State.UNKNOWN, METRICS[CI_RATE].acts, METRICS[CI_RATE].critical)


class Bench:
    """Judges the watches of a scenario. What it has judged once, it remembers."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._judge = WatchJudge(inputs.settings, simulated())
        self._others: dict[Counts, tuple[MetricShows, ...]] = {}

    def judged(self, drawn: Drawn) -> Iterator[tuple[tuple[Shows, ...], Ended]]:
        """What each watch showed at its looks, and what became of it."""
        ci = CiJudge(drawn.plan, self._inputs.settings, simulated()).shows(drawn.ended)
        for of_ci, counts in zip(ci, counted(drawn, self._inputs.world), strict=True):
            looks = tuple(map(self._shows, of_ci, counts))
            yield looks, self._judge.ended(looks)

    def _shows(self, ci: CiShows, counts: Counts) -> Shows:
        if counts not in self._others:
            made = (self._metric(id, counts) for id in METRICS if id != CI_RATE)
            self._others[counts] = tuple(made)
        return Shows(ci, self._others[counts], critical=counts.stale > 0)

    def _metric(self, id: str, counts: Counts) -> MetricShows:
        """A metric that nothing is drawn for is unknown, and no simulated watch ends in GO."""
        return SIMULATED[id](counts, self._inputs) if id in SIMULATED else NOT_SIMULATED


def counted(drawn: Drawn, world: World) -> Iterable[tuple[Counts, ...]]:
    """Each watch as it stood at its three looks."""
    return zip(*(_counted_by(drawn, world, number, hours) for number, hours in enumerate(LOOKS_H, 1)), strict=True)


def _counted_by(drawn: Drawn, world: World, look: int, hours: int) -> Iterator[Counts]:
    """Attempts of the test that may be flaky: those repeated at T+0, and one in each run of CI for each variant."""
    came = sum(hour < hours for hour in drawn.plan.hours)
    variant = drawn.flaky[:, :came, 0] if drawn.flaky.size else drawn.flaky[:, :0].reshape(len(drawn.flaky), 0)
    failures = drawn.repeats + variant.sum(axis=1)
    attempts = world.repeats + came + (variant > 0).sum(axis=1)
    days = [drawn.errors[:, begins : begins + DAY_H].sum(axis=1).tolist() for begins in range(0, hours, DAY_H)]
    columns = zip(
        zip(*days, strict=True),
        drawn.stale[:, :hours].sum(axis=1).tolist(),
        failures.tolist(),
        attempts.tolist(),
        strict=True,
    )
    for errors, stale, failed, tried in columns:
        yield Counts(look, errors, stale, (failed, tried))
