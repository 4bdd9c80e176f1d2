"""How would a watch of 72 hours go, if this happened to the release?

A rehearsal really runs the smoke each simulated hour and the checks at each checkpoint, against the bundled SDK. Where
a scenario says so, a defect is really seeded in it, and the network really fails. Only the calendar is made up, and
the people: what they do stands in the scenario as well.

The same scenario, seed and T+0 give the same runs to the byte. So what a run says of this machine is left out.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from checks.contracts.run import run_checks, run_smoke
from checks.contracts.weather import Gust, Weather
from checks.proving.defects import BY_ID, plant
from checks.proving.prove import REFERENCE, make_quick_to_start
from checks.records import CheckResult, CheckRun, Host, Record, Severity, SmokeRun
from checks.subject.capabilities import PACKAGE
from checks.subject.digest import package_digest
from checks.subject.environment import Prepared
from checks.window import DAY_H, EXTENSION_H, T24, T72, WINDOW_H

LATE_S = 600  # how late the schedule fires, at the most
FAULTS = ("close", "truncated-body")  # whose errors are worded alike on every system
NOWHERE = Host(python="", implementation="", os="", freeze=())

# What differs from run to run in a sentence of the SDK or of a check: ports, ids, and what memory was measured.
VOLATILE = re.compile(
    r"(?<=127\.0\.0\.1:)\d+|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b\d{4,}(?= kB\b)"
)


# ── what can happen ──────────────────────────────────────────────────────────


class Build(NamedTuple):
    """From this hour on, the runs of every ``every``-th hour meet a build with this defect; with none, all are well."""

    at_h: int
    defect: str = ""
    every: int = 1


class Network(NamedTuple):
    """From this hour on, the network takes so many requests of a smoke, on average: each of them once."""

    at_h: int
    faults: float


class Schedule(NamedTuple):
    """From this hour on, the schedule fires, or does not."""

    at_h: int
    fires: bool


class Report(NamedTuple):
    """Somebody writes down how an incident stands. What is left empty stays as it was.

    With ``once_proven`` it is done as soon as enough clean trials have come after the fix, and not before ``at_h``.
    """

    at_h: float
    incident: str
    state: str
    why: str
    severity: Severity = Severity.MAJOR
    metric: str = ""
    impact: str = ""
    root_cause: str = ""
    fix: str = ""
    once_proven: bool = False


class Sign(NamedTuple):
    """Somebody signs a duty."""

    at_h: float
    checkpoint_h: int
    duty: str
    note: str


class Extend(NamedTuple):
    """Somebody makes the window longer."""

    at_h: float
    window_h: int
    why: str


Happening = Build | Network | Schedule | Report | Sign | Extend


class Scenario(NamedTuple):
    """What happens to the release, by the hour. ``window_h`` is how long the watch lasts as it begins."""

    says: str
    happenings: tuple[Happening, ...] = ()
    window_h: int = WINDOW_H

    @property
    def ends_h(self) -> int:
        """The end of the window, as it is in the end."""
        return max([self.window_h, *(one.window_h for one in self.happenings if isinstance(one, Extend))])

    @property
    def acts(self) -> tuple[Report | Sign | Extend, ...]:
        """What people do, in order."""
        acts = [one for one in self.happenings if isinstance(one, Report | Sign | Extend)]
        return tuple(sorted(acts, key=lambda act: act.at_h))

    def build(self, hour: int) -> str:
        """The defect in the build that the runs of this hour meet; empty for none."""
        builds = [one for one in self.happenings if isinstance(one, Build) and one.at_h <= hour]
        latest = max(builds, key=lambda one: one.at_h, default=Build(0))
        return latest.defect if (hour - latest.at_h) % latest.every == 0 else ""

    def faults(self, hour: int) -> float:
        """How many requests of a smoke the network takes, on average."""
        spells = [one for one in self.happenings if isinstance(one, Network) and one.at_h <= hour]
        return max(spells, key=lambda one: one.at_h, default=Network(0, 0.0)).faults

    def fires(self, hour: int) -> bool:
        """Whether the schedule fires."""
        told = [one for one in self.happenings if isinstance(one, Schedule) and one.at_h <= hour]
        return max(told, key=lambda one: one.at_h, default=Schedule(0, True)).fires


# ── what a team can train with ───────────────────────────────────────────────

SIGNED_ON_THE_WAY = (
    Sign(T24 + 0.5, T24, "review-pass-rate", "Read the day's jobs; none that failed."),
    Sign(T24 + 0.5, T24, "review-network", "Read the network's errors one by one; none that stopped a run."),
)
SIGNED_AT_THE_END = (
    Sign(T72 + 0.5, T72, "incidents-updated", "No incident is open."),
    Sign(T72 + 0.5, T72, "backlog-published", "The backlog is handed over in this order."),
)

SCENARIOS: Mapping[str, Scenario] = {
    "healthy": Scenario(
        "Nothing happens: the SDK keeps its promises for 72 hours, and people sign what they have read.",
        (*SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "stale-cache": Scenario(
        "From T+30 the polls of every eighth hour's smoke read the cache, as if one worker in eight had a sick build. "
        "The network gets worse at the same time, is worst around T+44, and is mended at T+58. Two incidents are "
        "opened; the fix of the critical one lands at T+55. What came in four smokes of 55 takes 40 clean ones to be "
        "rejected, so the fix is not proven by T+72. The watch is extended to T+96, the fix proves itself, and the "
        "watch closes.",
        (
            *SIGNED_ON_THE_WAY,
            Network(8, 0.15),
            Network(30, 1.0),
            Network(36, 1.6),
            Network(42, 2.2),
            Network(48, 0.3),
            Network(58, 0.0),
            Build(30, "polls-read-the-cache", every=8),
            Build(55),
            Report(
                31,
                "INC-1",
                "open",
                "The smoke of T+30 saw polls answered from the cache.",
                severity=Severity.CRITICAL,
                metric="stale-cache",
                impact="Some exports show as unfinished up to three seconds after they are ready.",
            ),
            Report(31.5, "INC-1", "acknowledged", "On-call has it: one smoke in eight meets it."),
            Report(
                34,
                "INC-2",
                "open",
                "Every smoke since T+30 has lost requests to the network.",
                metric="network-errors",
                impact="Waits for an export need a second try.",
            ),
            Report(34.5, "INC-2", "acknowledged", "Handed to those who run the proxy."),
            Report(
                58,
                "INC-2",
                "monitoring",
                "The proxy is mended.",
                root_cause="A proxy in front of the service closed connections under load.",
                fix="The proxy keeps connections open for as long as the service does.",
            ),
            Report(59, "INC-2", "resolved", "Enough requests without an error since the fix.", once_proven=True),
            Report(
                55,
                "INC-1",
                "monitoring",
                "The fix is on every worker.",
                root_cause="One worker in eight ran a build whose polls went through the cache of GETs.",
                fix="The build was withdrawn; every worker polls with use_get_cache=False.",
            ),
            Report(56, "INC-1", "resolved", "Enough smokes without a stale read since the fix.", once_proven=True),
            Extend(T72 + 0.5, T72 + EXTENSION_H, "The fix of INC-1 is not proven yet: it takes more clean smokes."),
            Sign(T72 + 0.5, T72, "incidents-updated", "INC-2 is resolved; INC-1 is watched for another day."),
            Sign(T72 + EXTENSION_H + 0.5, T72, "backlog-published", "The backlog is handed over in this order."),
        ),
    ),
    "slept": Scenario(
        "The schedule does not fire from T+20 to T+34, and nothing else happens: what was not seen is not known.",
        (Schedule(20, False), Schedule(34, True), *SIGNED_AT_THE_END),
    ),
    "rare-stale": Scenario(
        "From T+11 the first poll of a wait reads the cache in one hour of thirty, and nobody opens an incident.",
        (Build(11, "first-poll-reads-the-cache", every=30), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
    "worse-network": Scenario(
        "The network gets worse each day, though it stops no run, and nobody opens an incident.",
        (Network(0, 0.1), Network(24, 0.4), Network(48, 1.0), *SIGNED_ON_THE_WAY, *SIGNED_AT_THE_END),
    ),
}


def told(scenarios: Mapping[str, Scenario]) -> str:
    """The scenarios as the command's help tells them: what happens in each, hour by hour."""
    lines = [
        "The same scenario, seed and T+0 give the same release, to the byte. Nothing is kept before its end.",
        "",
        "scenarios:",
    ]
    for name, scenario in scenarios.items():
        lines += [f"  {name}", *textwrap.wrap(scenario.says, 92, initial_indent="    ", subsequent_indent="    ")]
        happenings = sorted(scenario.happenings, key=lambda one: one.at_h)
        lines += [f"      T+{one.at_h:g}  {_in_words(one)}" for one in happenings if not isinstance(one, Sign)]
    return "\n".join(lines)


def _in_words(happening: Happening) -> str:
    match happening:
        case Build(defect="") | Network(faults=0.0):
            return "the defect is gone" if isinstance(happening, Build) else "the network is well again"
        case Build():
            often = f"every {happening.every} hours " if happening.every > 1 else ""
            return f"{often}the SDK has the seeded defect {happening.defect}"
        case Network():
            return f"the network takes {happening.faults:g} requests of a smoke, on average"
        case Schedule():
            return "the schedule fires again" if happening.fires else "the schedule stops firing"
        case Report():
            return f"{happening.incident}: {happening.state}{', once the fix is proven' * happening.once_proven}"
        case Extend():
            return f"the window is extended to {happening.window_h} h"
        case Sign():
            return f"{happening.duty} is signed"


# ── the runs ─────────────────────────────────────────────────────────────────


class Slot(Record, frozen=True, kw_only=True):
    """One hour of the rehearsed watch: when the calendar says that the schedule fired, and what ran."""

    hour: int
    at: datetime
    runs: tuple[CheckRun | SmokeRun, ...]


def rehearse(prepared: Prepared, scenario: Scenario, *, name: str, seed: int, opened_at: datetime) -> Iterator[Slot]:
    """Each hour of the watch in order. The seed sets how late the schedule fires, and where the network fails.

    :param prepared: an environment that has what the bundled SDK needs.
    :param name: what the scenario is called: a part of each run's id.
    """
    make_quick_to_start(prepared)
    builds = {"": prepared} | {
        one.defect: prepared for one in scenario.happenings if isinstance(one, Build) and one.defect
    }
    with tempfile.TemporaryDirectory(prefix="atalaya-rehearsal-") as folder:
        for defect in filter(None, builds):
            source = plant(BY_ID[defect], REFERENCE, Path(folder))
            sick = replace(prepared.subject, digest=package_digest(source / PACKAGE))
            builds[defect] = replace(prepared, paths=(source,), subject=sick)

        def fired(hour: int) -> Slot:
            drawn = random.Random(f"{name} {seed} {hour}")
            on_time = hour in (scenario.window_h, scenario.ends_h)
            late_s = 0 if on_time else drawn.randrange(0, LATE_S)
            return Slot(
                hour=hour,
                at=opened_at + timedelta(hours=hour, seconds=late_s),
                runs=_runs(builds[scenario.build(hour)], scenario, hour, f"{name}-{seed}", drawn, seed)
                if scenario.fires(hour)
                else (),
            )

        with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            try:
                yield from pool.map(fired, range(scenario.ends_h + 1))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C waits for what runs, and for no more


def _runs(
    subject: Prepared, scenario: Scenario, hour: int, watch: str, drawn: random.Random, seed: int
) -> tuple[CheckRun | SmokeRun, ...]:
    waits = 4 + drawn.randrange(3)
    weather = weather_of(scenario.faults(hour), waits, drawn)
    runs: list[CheckRun | SmokeRun] = []
    if hour % DAY_H == 0:
        runs.append(settled_checks(run_checks(subject, seed=seed), f"{watch}-T{hour:02}-checks"))
    runs.append(settled_smoke(run_smoke(subject, waits=waits, weather=weather), f"{watch}-T{hour:02}-smoke"))
    return tuple(runs)


def weather_of(faults: float, waits: int, drawn: random.Random) -> Weather:
    """So many requests on average that the network takes, each once: any of a wait's three, and never one twice."""
    number = int(faults) + (drawn.random() < faults % 1)
    places = drawn.sample([(wait, request) for wait in range(waits) for request in range(3)], min(number, 3 * waits))
    return Weather(
        gusts=tuple(Gust(wait=wait, request=request, fault=drawn.choice(FAULTS)) for wait, request in places)
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
        run, run_id=run_id, host=NOWHERE, base_url="", duration_s=0.0, steps=tuple(steps), events=tuple(events)
    )


def _settled_all(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(settled(line) for line in lines)


def settled(said: str) -> str:
    """A sentence without its ports, ids and measured sizes.

    >>> settled("GET http://127.0.0.1:38289/aris3 trace_id=e9a2aee3-0887-4fb4-bfe4-d30e025bd76b, 2089 kB")
    'GET http://127.0.0.1:…/aris3 trace_id=…, … kB'
    """
    return VOLATILE.sub("…", said)
