"""Simulates a watch of 72 hours in which a scenario happens to the release.

A rehearsal really runs the smoke each simulated hour and the checks at each checkpoint, against the bundled SDK, or
where its people come by; and a job of its CI really runs the SDK's own tests. Where a scenario says so, a defect is
really seeded in it, and the network really fails. Only the calendar is made up, the names of CI's jobs and commits, and
the people: what they do stands in the scenario as well.

The same scenario, seed and T+0 give the same runs to the byte. So what a run says of this machine is left out.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from atalaya.core.settings import Settings
from atalaya.core.window import DAY_H
from atalaya.core.words import Record
from atalaya.harness.fault_plan import FaultInjection, FaultPlan
from atalaya.harness.runner import run_checks, run_smoke
from atalaya.harness.scenarios import CiHappening, PullRequest, Scenario, Visit
from atalaya.records.results import CheckResult, CheckRun, Host, SmokeRun
from atalaya.sdk.prepare import Prepared
from atalaya.sdk.source import folder_of
from atalaya.sdk.source_hash import package_digest
from atalaya.selftest.seeded_faults import inject
from atalaya.watch.rehearsed_ci import CiRun, happened

LATE_S = 600  # how late the schedule fires, at the most
FAULTS = ("close", "truncated-body")  # whose errors are worded alike on every system
NOWHERE = Host(python="", implementation="", os="", freeze=())

# What differs from run to run in a sentence of the SDK or of a check: ports, ids, and what memory was measured.
VOLATILE = re.compile(
    r"(?<=127\.0\.0\.1:)\d+|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b\d{4,}(?= kB\b)"
)


# ── the runs ─────────────────────────────────────────────────────────────────


Run = CheckRun | SmokeRun | CiRun


class Slot(Record, frozen=True, kw_only=True):
    """One instant of the rehearsed watch: its hour, when the calendar says that it was, and what ran."""

    hour: float
    at: datetime
    runs: tuple[Run, ...]

    @property
    def smoked(self) -> bool:
        """Whether a smoke ran: what people wait for is told by those."""
        return any(isinstance(run, SmokeRun) for run in self.runs)


def rehearse(prepared: Prepared, scenario: Scenario, *, name: str, seed: int, opened_at: datetime) -> Iterator[Slot]:
    """What ran in each hour of the watch, in order. The seed sets how late the schedule fires, and where the network
    fails.

    :param prepared: an environment that has what the bundled SDK needs.
    :param name: what the scenario is called: a part of each run's id.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-rehearsal-") as folder:
        watch = _Watch(
            scenario, name=name, seed=seed, opened_at=opened_at, builds=_builds(prepared, scenario, Path(folder))
        )
        with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            try:
                for slots in pool.map(watch.hour, range(scenario.ends_h + 1)):
                    yield from slots
            finally:
                pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C waits for what runs, and for no more


def _builds(prepared: Prepared, scenario: Scenario, folder: Path) -> Mapping[str, Prepared]:
    """The SDK by the defect that is seeded in it; the healthy one by none."""
    builds = {"": prepared}
    for defect in scenario.defects:
        source = inject(prepared.pack, prepared.pack.defect[defect], folder)
        sick = replace(prepared.subject, digest=package_digest(source / folder_of(prepared.pack.package)))
        builds[defect] = replace(prepared, paths=(source,), subject=sick)
    return builds


class _Watch:
    """A scenario on a calendar, with the builds that its runs meet."""

    def __init__(
        self, scenario: Scenario, *, name: str, seed: int, opened_at: datetime, builds: Mapping[str, Prepared]
    ) -> None:
        self.scenario, self.name, self.seed, self.opened_at, self.builds = scenario, name, seed, opened_at, builds
        self.id = f"{name}-{seed}"

    def hour(self, hour: int) -> tuple[Slot, ...]:
        """What happens from this hour on until the next, in order."""
        slots = [self._scheduled(hour)] if self.scenario.fires(hour) else []
        slots += [self._visit(visit, hour) for visit in self.scenario.visits(hour)]
        slots += [self._ci(one, hour) for one in self.scenario.ci(hour)]
        return tuple(sorted(slots, key=lambda slot: slot.at))

    def _scheduled(self, hour: int) -> Slot:
        drawn = random.Random(f"{self.name} {self.seed} {hour}")
        on_time = hour in (self.scenario.window_h, self.scenario.ends_h)
        late_s = 0 if on_time else drawn.randrange(0, LATE_S)
        waits = 4 + drawn.randrange(3)
        return Slot(
            hour=hour,
            at=self.opened_at + timedelta(hours=hour, seconds=late_s),
            runs=self._runs(hour, f"{hour:02}", waits, drawn, checks=hour % DAY_H == 0),
        )

    def _visit(self, visit: Visit, hour: int) -> Slot:
        drawn = random.Random(f"{self.name} {self.seed} visit {visit.at_h}")
        return Slot(
            hour=visit.at_h,
            at=self._at(visit.at_h),
            runs=self._runs(hour, f"{visit.at_h:04.1f}", Settings().smoke.waits, drawn, checks=True),
        )

    def _ci(self, one: CiHappening, hour: int) -> Slot:
        defect = one.defect if isinstance(one, PullRequest) else self.scenario.build(hour)
        at, released = self._at(one.at_h), self.builds[""].subject.digest
        run = happened(one, self.builds[defect], released=released, watch=self.id, at=at)
        return Slot(hour=one.at_h, at=at, runs=(run,))

    def _at(self, hour: float) -> datetime:
        return self.opened_at + timedelta(hours=hour)

    def _runs(self, hour: int, at: str, waits: int, drawn: random.Random, *, checks: bool) -> tuple[Run, ...]:
        subject = self.builds[self.scenario.build(hour)]
        weather = weather_of(self.scenario.faults(hour), waits, drawn)
        runs: list[Run] = []
        if checks:
            runs.append(settled_checks(run_checks(subject, seed=self.seed), f"{self.id}-T{at}-checks"))
        runs.append(settled_smoke(run_smoke(subject, waits=waits, weather=weather), f"{self.id}-T{at}-smoke"))
        return tuple(runs)


def weather_of(faults: float, waits: int, drawn: random.Random) -> FaultPlan:
    """So many requests on average that the network takes, each once: any of a wait's three, and never one twice."""
    number = int(faults) + (drawn.random() < faults % 1)
    places = drawn.sample([(wait, request) for wait in range(waits) for request in range(3)], min(number, 3 * waits))
    return FaultPlan(
        gusts=tuple(FaultInjection(wait=wait, request=request, fault=drawn.choice(FAULTS)) for wait, request in places)
    )


# ── what of a run does not differ between machines ───────────────────────────


def settled_checks(run: CheckRun, run_id: str) -> CheckRun:
    """A run of the checks without its durations, its machine, and what differs from run to run."""
    return replace(
        run,
        run_id=run_id,
        host=NOWHERE,
        duration_s=0.0,
        checks=tuple(_settled_check(check) for check in run.checks),
        findings=tuple(replace(found, reason=settled(found.reason)) for found in run.findings),
        start_error=run.start_error and settled(run.start_error),
    )


def _settled_check(check: CheckResult) -> CheckResult:
    return replace(
        check,
        reason=settled(check.reason),
        duration_s=0.0,
        request_log_digest="",
        log=(),
        script=_settled_all(check.script),
    )


def settled_smoke(run: SmokeRun, run_id: str) -> SmokeRun:
    """A smoke without its durations, its machine, and what differs from run to run."""
    steps = [replace(step, reason=settled(step.reason), duration_s=0.0) for step in run.steps]
    events = [replace(event, message=settled(event.message)) for event in run.events]
    return replace(
        run,
        run_id=run_id,
        host=NOWHERE,
        base_url="",
        duration_s=0.0,
        steps=tuple(steps),
        events=tuple(events),
        start_error=run.start_error and settled(run.start_error),
    )


def _settled_all(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(settled(line) for line in lines)


def settled(said: str) -> str:
    """A sentence without its ports, ids and measured sizes.

    >>> settled("GET http://127.0.0.1:38289/a trace_id=e9a2aee3-0887-4fb4-bfe4-d30e025bd76b, 2089 kB")
    'GET http://127.0.0.1:…/a trace_id=…, … kB'
    """
    return VOLATILE.sub("…", said)
