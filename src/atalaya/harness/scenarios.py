"""What can happen to a release that is rehearsed, hour by hour: data, run by :mod:`atalaya.watch.rehearsal`."""

from __future__ import annotations

from collections.abc import Iterator
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


class Visit(NamedTuple):
    """Somebody runs the watch by hand: the checks, and a smoke of as many waits as the settings have by default."""

    at_h: float


class Dispatch(NamedTuple):
    """A run of CI ends at this hour: its jobs really run the SDK's own tests.

    With ``every_h`` there is one so often from then on. One that the schedule starts runs only where that fires.
    ``commit`` is the branch whose head it is of; empty for the released commit. With ``again_of`` it is the second
    attempt of the run that ended at that hour.
    """

    at_h: float
    jobs: tuple[str, ...]
    event: str = "workflow_dispatch"
    commit: str = ""
    every_h: int = 0
    again_of: float | None = None


class PullRequest(NamedTuple):
    """A run of a pull request ends at this hour: of ``merge``, a commit of its own, which may have a defect."""

    at_h: float
    jobs: tuple[str, ...]
    merge: str
    defect: str = ""


class Squash(NamedTuple):
    """Git is asked about the branch that the released commit was squashed from: both hold the same SDK."""

    at_h: float
    branch: str


class Repeat(NamedTuple):
    """Somebody runs each of the SDK's own tests so many times, and takes in the report."""

    at_h: float
    times: int


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


CiHappening = Dispatch | PullRequest | Squash | Repeat
Happening = Build | Network | Schedule | Visit | CiHappening | Report | Sign | Extend


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

    @property
    def defects(self) -> tuple[str, ...]:
        """The seeded defects of all builds that are made, each once."""
        built = (one.defect for one in self.happenings if isinstance(one, Build | PullRequest) and one.defect)
        return tuple(dict.fromkeys(built))

    def visits(self, hour: int) -> tuple[Visit, ...]:
        """When somebody comes by in this hour."""
        return tuple(one for one in self.happenings if isinstance(one, Visit) and hour <= one.at_h < hour + 1)

    def ci(self, hour: int) -> tuple[CiHappening, ...]:
        """What CI does in this hour, in order, each at the time of its own."""
        told = (each for one in self.happenings if isinstance(one, CiHappening) for each in self._times(one))
        return tuple(sorted((one for one in told if hour <= one.at_h < hour + 1), key=lambda one: one.at_h))

    def _times(self, one: CiHappening) -> Iterator[CiHappening]:
        if not isinstance(one, Dispatch):
            yield one
            return
        at_h = one.at_h
        while at_h <= self.ends_h:
            if one.event != "schedule" or self.fires(int(at_h)):
                yield one._replace(at_h=at_h)
            if not one.every_h:
                return
            at_h += one.every_h

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
