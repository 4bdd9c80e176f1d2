"""What can happen to a release that is rehearsed, hour by hour: data, run by :mod:`atalaya.watch.rehearsal`."""

from __future__ import annotations

from typing import NamedTuple

from atalaya.core.window import WINDOW_H
from atalaya.records.stored import Severity


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
