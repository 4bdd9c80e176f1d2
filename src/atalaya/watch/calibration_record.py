"""The stored result of a calibration: its records, the sentences for what is in them, and the file that holds it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from atalaya.core.kept_record import kept_in
from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, WINDOW_H
from atalaya.core.words import N_, Record, StrictEnum, Text
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.stored import VerdictStatus

SCHEMA = "atalaya.calibration/2"
FILE = Path("reference") / "calibration.json"  # below docs/


# ── what was simulated ───────────────────────────────────────────────────────


class Truth(StrictEnum):
    """What is true of a watch, and so which table of the page it stands in."""

    HEALTHY = "healthy"  # an alarm is false
    SICK = "sick"  # GO is a miss
    NETWORK = "network"  # CI is clean; the network errors are what differs
    ASKED = "asked"  # few runs of CI: those that a team dispatches by hand, or that the advice asks for
    UNSEEN = "unseen"  # CI did not run, so GO is a claim without evidence


class World(Record, frozen=True, kw_only=True):
    """What every simulated watch has in common: its own smokes, one an hour, and all of them clean."""

    hours: int = WINDOW_H
    requests_per_smoke: int = 61
    waits_per_smoke: int = 20
    repeats: int = 5  # of each test, at T+0

    @property
    def requests_a_day(self) -> int:
        return DAY_H * self.requests_per_smoke


class Scenario(Record, frozen=True, kw_only=True):
    """One kind of watch.

    ``process`` names the process that generates it, of :data:`PROCESS_TEXTS`, and ``values`` are its figures.
    """

    id: str
    truth: Truth
    process: str
    values: dict[str, float] = msgspec.field(default_factory=dict)

    @property
    def says(self) -> Text:
        """The process in one sentence."""
        return Text(template=PROCESS_TEXTS[self.process], values=dict(self.values))

    def value(self, name: str, default: float = 0.0) -> float:
        """One of its figures."""
        return self.values.get(name, default)


# ── what was found ───────────────────────────────────────────────────────────


class Beside(Record, frozen=True, kw_only=True):
    """In how many watches something happened, beside the probability that theory gives it."""

    id: str
    expected: float
    seen: int

    def p(self, watches: int) -> float:
        """How likely a count at least as far off would be: the exact binomial test, two-sided."""
        return _as_far_off(self.seen, watches, min(1.0, max(0.0, self.expected)))  # sums of floats are beyond by a hair


@cache
def _as_far_off(seen: int, watches: int, chance: float) -> float:
    """Once for the pages of all languages: one takes a millisecond."""
    from scipy import stats  # here, since it takes long to import and few judgements need it

    return float(stats.binomtest(seen, watches, chance).pvalue)


class Simple(Record, frozen=True, kw_only=True):
    """How a naive rule did: the watches that it alarmed at any look, and those that it was content with at T+72."""

    id: str
    alarmed: int
    go: int


class Found(Record, frozen=True, kw_only=True):
    """What became of all watches of one scenario, each a count of watches.

    ``ended`` has the verdicts at T+72, and ``decided_by`` the rules that gave them. ``off_track`` were so at T+24 or
    T+48; ``alarmed`` were, or ended in NO-GO, or had a critical incident.
    """

    scenario: Scenario
    ended: dict[str, int]
    decided_by: dict[str, int]
    off_track: int
    alarmed: int
    naive: tuple[Simple, ...]
    theory: tuple[Beside, ...]

    def ended_in(self, word: VerdictStatus) -> int:
        """The watches that had this verdict at T+72."""
        return self.ended.get(str(word), 0)


class FloorRow(Record, frozen=True, kw_only=True):
    """Of so many clean or lost jobs that fail on their own: the most that may be lost, and how often that is GO."""

    jobs: int
    most_lost: int | None
    go: dict[str, float]  # by the true rate


class Calibration(Record, frozen=True, kw_only=True):
    """One whole calibration: what was simulated, and what came of it."""

    made_by: str
    seed: int
    watches: int
    world: World
    thresholds: Thresholds
    detectors: dict[str, DetectorPower]
    found: tuple[Found, ...]
    floor: tuple[FloorRow, ...]
    schema: str = SCHEMA


def read(docs: Path) -> Calibration | None:
    """The calibration that lies in the tree; None where there is none yet.

    :raises UsageError: the file is there, and is not what ``calibrate`` writes.
    """
    return kept_in(docs / FILE, Calibration, what="calibration", again="Make it again: nox -s calibrate")


# ── what is asked of the figures ─────────────────────────────────────────────


class Measure(StrictEnum):
    """The share that a goal is about."""

    ALARM = "alarm"
    GO = "GO"


class Goal(Record, frozen=True, kw_only=True):
    """The least or the most of watches that a share may be."""

    measure: Measure
    least: float = 0.0
    most: float = 1.0

    def is_met(self, found: Found, watches: int) -> bool:
        """Whether the share that was found is within it."""
        count = found.alarmed if self.measure is Measure.ALARM else found.ended_in(VerdictStatus.GO)
        return self.least <= count / watches <= self.most


ALARM_AT_MOST = Goal(measure=Measure.ALARM, most=0.05)  # of any healthy release, at all looks together

GOALS: dict[str, Goal] = {
    "bursts": Goal(measure=Measure.ALARM, most=0.08),
    "healthy-99-4-0": Goal(measure=Measure.GO, least=0.88),
    "sick-90": Goal(measure=Measure.GO, most=0.06),
    "step": Goal(measure=Measure.GO, most=0.06),
    **{f"dead-{of}-{at}": Goal(measure=Measure.GO, most=0.0) for of in (5, 20) for at in (40, 54)},
    "asked-90": Goal(measure=Measure.GO, most=0.06),
    "network-steady-0.0005": Goal(measure=Measure.GO, least=0.95),
    **{f"network-steady-{rate}": Goal(measure=Measure.GO, most=0.01) for rate in (0.01, 0.05, 0.1, 0.3)},
    "network-one": Goal(measure=Measure.GO, least=1.0),
    "ci-silent": Goal(measure=Measure.GO, most=0.0),
    "ci-once": Goal(measure=Measure.GO, most=0.0),
}


def goals_of(scenario: Scenario) -> tuple[Goal, ...]:
    """What is asked of a scenario's figures: of some, nothing."""
    of_its_own = (GOALS[scenario.id],) if scenario.id in GOALS else ()
    alarms = any(goal.measure is Measure.ALARM for goal in of_its_own)
    return of_its_own if alarms or scenario.truth is not Truth.HEALTHY else (ALARM_AT_MOST, *of_its_own)


# ── sentences, by the ids that the file holds ────────────────────────────────
# They lie here and not beside the simulation: the site prints and translates them, and has no simulation.

PROCESS_TEXTS: dict[str, str] = {
    "alike": N_("Each job ends well with probability {rate:.2f}, whatever the others do; jobs a run: {jobs:g}"),
    "together": N_(
        "Each job ends well with probability {rate:.2f}, and a share {correlation:.1f} of runs passes or fails as "
        "one; jobs a run: {jobs:g}"
    ),
    "bursts": N_(
        "For {hours:g} h, starting at any time with equal chance, jobs end well with probability {within:.2f}; "
        "otherwise with {rate:.2f}; {jobs:g} jobs a run"
    ),
    "day-night": N_(
        "For 12 h in turn, jobs end well with probability {rate:.2f}, then {night:.2f}; {jobs:g} jobs a run"
    ),
    "bad-runner": N_(
        "One of {jobs:g} jobs always runs on a bad machine, where it ends well with probability {bad:.2f}; "
        "the others with {rate:.2f}"
    ),
    "bad-runner-any": N_(
        "One of {jobs:g} jobs of each run, any of them, runs on a bad machine, where it ends well with probability "
        "{bad:.2f}; the others with {rate:.2f}"
    ),
    "drift": N_("Jobs end well with probability {rate:.3f} at T+0, falling evenly to {last:.2f}; {jobs:g} jobs a run"),
    "step": N_(
        "Jobs end well with probability {rate:.2f}, and from T+{from_h:g} on with {last:.2f}; {jobs:g} jobs a run"
    ),
    "dead": N_(
        "One of {jobs:g} jobs fails in every run from T+{from_h:g} on; the others end well with probability {rate:.2f}"
    ),
    "stale": N_("1 of {in_n:g} waits reads a stale status from the cache; CI is clean"),
    "flaky": N_(
        "One critical test fails at 1 of {in_n:g} attempts, and its job is run again once when it does; jobs end well "
        "with probability {rate:.2f} otherwise; {jobs:g} jobs a run"
    ),
    "steady": N_("{rate:.4f} network errors for each request, on each day alike"),
    "rising": N_("Network errors double each day, from {first:.5f} for each request to {last:.4f}"),
    "falling": N_("Network errors halve each day, from {first:.4f} for each request to {last:.5f}"),
    "one": N_("One network error, in any smoke of the watch"),
    "by-hand": N_(
        "Eight runs of {jobs:g} jobs, two at each checkpoint, dispatched by hand; each job ends well with "
        "probability {rate:.2f}"
    ),
    "asked": N_(
        "No run of CI but those that Atalaya's advice asks for, of {jobs:g} jobs each; each job ends well with "
        "probability {rate:.2f}"
    ),
    "silent": N_("CI does not run at all"),
    "once": N_("One run of CI of one job at T+1, then silence"),
}

BASELINE_RULE_TEXTS: dict[str, str] = {
    "percentage": N_("Plain percentage: fewer of CI's jobs end well than the threshold asks for"),
    "rank-test": N_("Rank test: Mann and Whitney's on hourly counts of errors, the last day against the first"),
    "no-failures": N_("No failures seen: any job, request or wait that fails is bad, and none is good"),
}

BASELINE_RULE_NAMES: dict[str, str] = {
    "percentage": N_("plain percentage"),
    "rank-test": N_("rank test"),
    "no-failures": N_("no failures seen"),
}

COMPUTED_TEXTS: dict[str, str] = {
    "rate-fails": N_("CI's pass rate fails at T+72"),
    "rate-met": N_("CI's pass rate is met or proven at T+72"),
    "last-red": N_("A job of the last run failed"),
    "none-green": N_("No run of CI by T+24 is green"),
    "stale-seen": N_("A stale read happens by T+72"),
    "flaky-seen": N_("The flaky test both passes and fails by T+72"),
}
