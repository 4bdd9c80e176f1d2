"""Computes how often a release with a given CI pass rate would reach each verdict, for a cadence of CI's runs.

Runs of CI are drawn at random, and judged by the rules that judge real ones: the pass rate, the state of each job,
the duty of the pipeline, the coverage, and the table of the verdict. All else is taken as clean. What follows from
the same counts is computed once, so that thousands of watches are judged in a moment.

Nothing here depends on a clock or on chance: the seed is fixed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atalaya.core.settings import Settings, Thresholds
from atalaya.core.window import CHECKPOINTS_H, DAY_H, HOUR, LOOKS_H, T0, WINDOW_H, due_at, elapsed_h
from atalaya.core.words import Record, Text, text
from atalaya.metrics.ci_cells import JobEnd, cells
from atalaya.metrics.coverage import ABOUT_H, checkpoints_of, covered
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.pass_rate import judge_ci
from atalaya.metrics.stats.clustering import Runs, clustered
from atalaya.records.judged import (
    Acts,
    CellState,
    Checkpoint,
    CiCell,
    CiRun,
    Coverage,
    Duty,
    DutyState,
    Incident,
    Judgement,
    Metric,
    State,
    Verdict,
)
from atalaya.records.stored import (
    Conclusion,
    Environment,
    JobAttempt,
    Release,
    Severity,
    VerdictStatus,
    record_metadata,
)
from atalaya.verdict.rules import judge
from atalaya.verdict.situation import Situation
from atalaya.watch.checkpoints import checkpoints
from atalaya.watch.dispatch import JOBS_A_RUN, RUNS_AT_T0, asked
from atalaya.watch.dispatch import MOST_JOBS as MOST_JOBS_AT_ONCE

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CI_RATE = "pass-rate"  # the metric that CI's runs decide
PIPELINE = "pipeline-green"  # the duty that they meet
AFTER_H = 1 / 12  # into its hour, when a run ends
OPENED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)

ALARMS = (VerdictStatus.OFF_TRACK, VerdictStatus.NO_GO)


# ── what is drawn ────────────────────────────────────────────────────────────


class Plan(NamedTuple):
    """When CI's runs end, in hours since T+0 and in order, and how many jobs each of them has."""

    hours: tuple[float, ...]
    jobs: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Runs, and the most jobs that one of them has."""
        return len(self.hours), max(self.jobs, default=0)

    @property
    def is_even(self) -> bool:
        """Whether each run has the same jobs."""
        return len(set(self.jobs)) == 1


def every(step_h: float, jobs: int, until_h: float = WINDOW_H) -> Plan:
    """A run of so many jobs just after T+0, and each ``step_h`` hours until the end.

    >>> f"{every(6, 5).hours[-1]:.2f}", every(6, 5).shape
    ('66.08', (12, 5))
    """
    hours = tuple(float(hour) + AFTER_H for hour in np.arange(0, until_h, step_h))
    return Plan(hours, (jobs,) * len(hours))


def draw_runs(random: np.random.Generator, chances: Floats, *, watches: int, correlation: float = 0.0) -> Bools:
    """Which jobs of each run end well, in so many watches: an array of watches, runs and jobs.

    A share ``correlation`` of runs passes or fails as one, with the mean chance of its jobs; in the others each job is
    alone. Two jobs of one run are then correlated by that share, and each ends well with its chance.

    :param chances: of each job of each run, of shape (runs, jobs) or (watches, runs, jobs).
    """
    shape = (watches, *chances.shape[-2:])
    ended: Bools = random.random(shape) < chances
    if correlation > 0:
        together = random.random(shape[:2]) < chances.mean(axis=-1)
        as_one = random.random(shape[:2]) < correlation
        ended = np.where(as_one[..., None], together[..., None], ended)
    return ended


class Asked(NamedTuple):
    """The runs of CI that the advice may ask for, and how many jobs each has: when those of each checkpoint end."""

    points: tuple[tuple[int, tuple[float, ...]], ...]  # hours of the checkpoint, and of the runs
    jobs: int

    @property
    def shape(self) -> tuple[int, int]:
        """The most runs that can be asked for, and the jobs of each."""
        return len(self.hours), self.jobs

    @property
    def hours(self) -> tuple[float, ...]:
        """When each of them ends."""
        return tuple(hour for _, hours in self.points for hour in hours)


def asked_from(elapsed_h: float = 0.0) -> Asked:
    """What the advice may ask for from an instant on. Runs of T+72 end before it, those of the others after.

    >>> asked_from().shape, asked_from(30).shape
    ((14, 4), (8, 4))
    """
    most = MOST_JOBS_AT_ONCE // JOBS_A_RUN
    points = []
    for at in CHECKPOINTS_H:
        begins = at - ABOUT_H if at == WINDOW_H else at
        if elapsed_h < begins + ABOUT_H:
            runs = RUNS_AT_T0 if at == T0 else most
            points.append((at, tuple(begins + 0.5 * (number + 1) for number in range(runs))))
    return Asked(tuple(points), JOBS_A_RUN)


def by_plan(ended: Bools, it: Asked, limits: Thresholds) -> Iterator[tuple[Plan, Bools]]:
    """Watches that have no run but those that the advice asks for, those alike together.

    How many it asks for at a checkpoint depends on how the ones before ended.

    :param ended: how all would end that could be asked for, of shape (watches, runs, jobs).
    """
    watches_of: dict[tuple[int, ...], list[int]] = {}
    for number, well in enumerate(ended.sum(axis=2).tolist()):
        watches_of.setdefault(_asked_for(well, it, limits), []).append(number)
    for runs, watches in sorted(watches_of.items()):
        plan = Plan(tuple(it.hours[run] for run in runs), (it.jobs,) * len(runs))
        yield plan, ended[np.ix_(watches, runs)]


def _asked_for(well: Sequence[int], it: Asked, limits: Thresholds) -> tuple[int, ...]:
    """The numbers of the runs that are asked for, one checkpoint after the other."""
    taken: list[int] = []
    first = 0
    for at, hours in it.points:
        n = _runs_asked(tuple((it.hours[run], well[run], it.jobs) for run in taken), at, limits)
        taken += range(first, first + min(n, len(hours)))
        first += len(hours)
    return tuple(taken)


@cache
def _runs_asked(so_far: tuple[tuple[float, int, int], ...], at: int, limits: Thresholds) -> int:
    """How many runs the advice asks for at a checkpoint, as soon as its number is fixed."""
    release = simulated()
    runs = [CiRun(due_at(release, hour), well, jobs) for hour, well, jobs in so_far]
    plan = asked(runs, release=release, as_of=due_at(release, max(T0, at - ABOUT_H)), limits=limits)
    return plan.runs if plan else 0


# ── from runs to what CI shows ───────────────────────────────────────────────


class CiShows(NamedTuple):
    """What CI shows at one look: the state of its rate, those of its jobs that are not green, and the rest of it.

    ``sick`` says that one variant is found to fail more than it may, which opens an incident.
    """

    rate: State
    cells: frozenset[CellState]
    sick: bool
    pipeline: DutyState
    coverage: Coverage


class CiJudge:
    """Judges drawn runs of one plan. What it has judged once, it remembers."""

    def __init__(self, plan: Plan, settings: Settings, release: Release) -> None:
        self.plan, self._settings, self._release = plan, settings, release
        self.looks_h = looks_of(release)
        self._ends_at = [due_at(release, hour) for hour in plan.hours]
        self._came = [sum(hour <= look for hour in plan.hours) for look in self.looks_h]
        self._coverage = [
            _coverage(release, look, self._ends_at[:came], settings)
            for look, came in zip(self.looks_h, self._came, strict=True)
        ]
        self._ends = [[_job_ends(at, run, job) for job in range(n)] for run, (at, n) in enumerate(self._timed())]
        self._watches: dict[object, tuple[CiShows, ...]] = {}
        self._rates: dict[tuple[int, Runs], State] = {}
        self._cells: dict[object, tuple[frozenset[CellState], bool]] = {}

    def _timed(self) -> Iterator[tuple[datetime, int]]:
        return zip(self._ends_at, self.plan.jobs, strict=True)

    def shows(self, ended: Bools) -> Iterator[tuple[CiShows, ...]]:
        """What CI shows at each look, watch by watch.

        :param ended: which jobs ended well, of shape (watches, runs, jobs).
        """
        packed = np.packbits(ended, axis=1).transpose(0, 2, 1)  # a row of bits for each job: its runs, in order
        for number, columns in enumerate(packed):
            key = self._key(columns)
            if key not in self._watches:
                self._watches[key] = tuple(self._look(ended[number], look) for look in range(len(self.looks_h)))
            yield self._watches[key]

    def _key(self, columns: NDArray[np.uint8]) -> object:
        """What stands for all watches that are judged alike: where each run has the same jobs, in any order of them."""
        rows = [column.tobytes() for column in columns]
        return tuple(sorted(rows) if self.plan.is_even else rows)

    def _look(self, ended: Bools, look: int) -> CiShows:
        came = self._came[look]
        so_far = ended[:came]
        jobs = self.plan.jobs[:came]
        runs = tuple((int(row[:n].sum()), n) for row, n in zip(so_far, jobs, strict=True))
        states, sick = self._cells_of(so_far, look)
        return CiShows(self._rate(runs, look), states, sick, self._pipeline(runs, look), self._coverage[look])

    def _rate(self, runs: Runs, look: int) -> State:
        key = (look, runs)
        if key not in self._rates:
            self._rates[key] = judge_ci(runs, min(look + 1, len(LOOKS_H)), self._settings.thresholds)[0]
        return self._rates[key]

    def _cells_of(self, so_far: Bools, look: int) -> tuple[frozenset[CellState], bool]:
        key = (look, self._key(np.packbits(so_far, axis=0).T))
        if key not in self._cells:
            ends = [
                pair[well]
                for pairs, row in zip(self._ends, so_far.tolist(), strict=False)
                for pair, well in zip(pairs, row, strict=False)
            ]
            found = cells(ends, release=self._release, as_of=due_at(self._release, self.looks_h[look]))
            red = frozenset(one.state for one in found if one.state is not CellState.GREEN)
            self._cells[key] = red, any(map(opens_incident, found))
        return self._cells[key]

    def _pipeline(self, runs: Runs, look: int) -> DutyState:
        """The duty of T+0: of all runs, the first and the first green one of each part of the watch tell."""
        early = [well == n for at, (well, n) in zip(self.plan.hours, runs, strict=False) if at <= DAY_H]
        late = [well == n for well, n in runs[len(early) :]]
        told = tuple(max(green) if green else None for green in (early, late))
        return _duty_of_pipeline(told, self.looks_h[look], self._settings.ci.workflows)


def looks_of(release: Release) -> tuple[int, ...]:
    """The hours at which a watch is judged: its checkpoints, and the end of a window that was extended."""
    return tuple(sorted({*LOOKS_H, *range(WINDOW_H, release.window_h + 1, DAY_H)}))


def opens_incident(cell: CiCell) -> bool:
    """Whether a job of CI is found sick by a test, which opens an incident."""
    return cell.state in (CellState.BROKEN, CellState.WORSE)


def _job_ends(at: datetime, run: int, job: int) -> tuple[JobEnd, JobEnd]:
    """The end of one job: a failure, and a success."""
    failed, well = (JobEnd("ci", "tests", f"{job:03}", f"{run:03}", at, succeeded) for succeeded in (False, True))
    return failed, well


def _coverage(release: Release, look_h: int, ci: Sequence[datetime], settings: Settings) -> Coverage:
    """CI's runs, and beside them what the watch itself observes."""
    as_of = due_at(release, look_h)
    seen = sorted([*ci, *(at for at in own_runs(release, settings) if at <= as_of)])
    return covered(seen, release=release, as_of=as_of, schedule=settings.watch, ci=ci)


def own_runs(release: Release, settings: Settings) -> Iterator[datetime]:
    """When the watch's own checks and smoke run, all of them clean: at each checkpoint, and as its schedule says."""
    for hour in checkpoints_of(release):
        yield due_at(release, min(hour + AFTER_H, release.window_h - AFTER_H))
    every_h = settings.watch.every_h
    if every_h:
        first = due_at(release, min(AFTER_H, every_h / 4))
        for run in range(math.ceil(release.window_h / every_h)):
            yield first + run * every_h * HOUR


@cache
def _duty_of_pipeline(green: tuple[bool | None, ...], look_h: int, workflows: tuple[str, ...]) -> DutyState:
    """How the duty stands, where the runs of the first 24 hours, and those after it, had a green one, or none ran."""
    release = simulated()
    jobs = [
        JobAttempt(
            **record_metadata(f"{hour}", Environment.CI, due_at(release, hour)),
            workflow=next(iter(workflows), "ci"),
            job="tests",
            variant="",
            attempt=1,
            commit="",
            conclusion=Conclusion.SUCCESS if well else Conclusion.FAILURE,
            origin="",
            event="push",
        )
        for hour, well in zip((1, DAY_H + 1), green, strict=True)
        if well is not None
    ]
    points = checkpoints(
        release, as_of=due_at(release, look_h), observations=(), jobs=jobs, metrics=(), workflows=workflows or ("ci",)
    )
    return next(duty.state for point in points for duty in point.duties if duty.id == PIPELINE)


def simulated(window_h: int = WINDOW_H) -> Release:
    """The release that every simulated watch is of."""
    return Release(version="simulated", commit="", opened_at=OPENED_AT, window_h=window_h)


# ── from what CI shows to words ──────────────────────────────────────────────


class MetricShows(NamedTuple):
    """The state of one metric at one look, when it acts, and whether a failure of it is a NO-GO."""

    state: State
    acts: Acts
    critical: bool


class Shows(NamedTuple):
    """All that one look rests on: CI, and the other metrics in the order of the table. ``critical`` was an event."""

    ci: CiShows
    others: tuple[MetricShows, ...]
    critical: bool = False


class Ended(NamedTuple):
    """The verdict at each look, the rule of the last one, and whether any was an alarm or had a critical incident."""

    words: tuple[VerdictStatus, ...]
    rule: str
    alarmed: bool

    @property
    def word(self) -> VerdictStatus:
        """The verdict in the end."""
        return self.words[-1]


def clean() -> tuple[MetricShows, ...]:
    """The metrics beside CI's rate, as they are where nothing is wrong."""
    return tuple(MetricShows(State.PROVEN, it.acts, it.critical) for it in METRICS.values() if it.id != CI_RATE)


class WatchJudge:
    """Judges watches of one window by the table of rules. What it has judged once, it remembers."""

    def __init__(self, settings: Settings, release: Release) -> None:
        self._settings, self._release = settings, release
        self._looks_h = looks_of(release)
        self._ended: dict[tuple[Shows, ...], Ended] = {}

    def ended(self, looks: tuple[Shows, ...]) -> Ended:
        """What became of a watch that showed this at its looks. Nobody acts: an incident that opens stays open."""
        if looks not in self._ended:
            self._ended[looks] = self._judged(looks)
        return self._ended[looks]

    def _judged(self, looks: Sequence[Shows]) -> Ended:
        verdicts: list[Verdict] = []
        metrics_at: dict[int, tuple[Metric, ...]] = {}
        incidents: dict[str, Incident] = {}
        for hours, shows in zip(self._looks_h, looks, strict=True):
            metrics_at[hours] = tuple(_metrics(shows))
            incidents |= {
                one.id: one for one in _opened(shows, due_at(self._release, hours)) if one.id not in incidents
            }
            verdicts.append(judge(self._situation(hours, shows, metrics_at, incidents.values())))
        critical = any(one.severity is Severity.CRITICAL for one in incidents.values())
        words = tuple(verdict.word for verdict in verdicts)
        return Ended(words, verdicts[-1].rule, critical or any(word in ALARMS for word in words))

    def _situation(
        self, hours: int, shows: Shows, metrics_at: Mapping[int, tuple[Metric, ...]], incidents: Iterable[Incident]
    ) -> Situation:
        as_of = due_at(self._release, hours)
        return Situation(
            release=self._release,
            as_of=as_of,
            settings=self._settings,
            metrics=metrics_at[hours],
            metrics_at=dict(metrics_at),
            checkpoints=(_checkpoint(self._release, shows.ci.pipeline),),
            coverage=shows.ci.coverage,
            cells=tuple(_cell(state, as_of) for state in sorted(shows.ci.cells, key=str)),
            incidents=tuple(incidents),
            defects_seeded=1,
            defects_caught=1,
        )


def _metrics(shows: Shows) -> Iterator[Metric]:
    others = iter(shows.others)
    for it in METRICS.values():
        shown = MetricShows(shows.ci.rate, it.acts, it.critical) if it.id == CI_RATE else next(others)
        yield Metric(
            id=it.id,
            value=None,
            low=None,
            high=None,
            n=0,
            unit="",
            exposure=NOTHING,
            source=NOTHING,
            state=shown.state,
            threshold=NOTHING,
            method=NOTHING,
            text=NOTHING,
            reason=NOTHING,
            critical=shown.critical,
            acts=shown.acts,
        )


NOTHING = text("simulated")


def _opened(shows: Shows, at: datetime) -> Iterator[Incident]:
    """The incidents that the rules open: of a metric that fails, of an event, of a variant that is sick."""
    for metric in _metrics(shows):
        if metric.state is State.FAIL and METRICS[metric.id].opens_by_figure:
            yield _incident(metric.id, Severity.CRITICAL if metric.critical else Severity.MAJOR, at)
    if shows.critical:
        yield _incident("event", Severity.CRITICAL, at)
    if shows.ci.sick:
        yield _incident("variant", Severity.MAJOR, at)


def _incident(id: str, severity: Severity, at: datetime) -> Incident:
    return Incident(id=id, at=at, impact="", root_cause="", fix="", state="open", severity=severity)


def _cell(state: CellState, as_of: datetime) -> CiCell:
    red = state in (CellState.RED_NOW, CellState.BROKEN)
    failures = {CellState.RED_NOW: 1, CellState.BROKEN: 3}.get(state, 0)
    return CiCell(
        workflow="ci",
        job="tests",
        variant=str(state),
        state=state,
        runs=3,
        succeeded=3 - failures,
        last_at=as_of - HOUR,
        failures=failures,
        since=as_of - 3 * HOUR if red else None,
        reason=NOTHING,
    )


def _checkpoint(release: Release, pipeline: DutyState) -> Checkpoint:
    duty = Duty(id=PIPELINE, says=NOTHING, state=pipeline, evidence=NOTHING)
    return Checkpoint(hours=T0, title=NOTHING, due_at=due_at(release, T0), duties=(duty,))


# ── the outlook of one watch ─────────────────────────────────────────────────

RATES = (0.99, 0.95, 0.90)  # the true rates that an outlook is given for
ENDS = (VerdictStatus.GO, VerdictStatus.INCONCLUSIVE, VerdictStatus.EXTEND, VerdictStatus.NO_GO)
SEED = 1
MOST_WATCHES, LEAST_WATCHES = 1000, 8  # drawn for each rate
MOST_WORK = 40_000  # jobs looked at for each rate, at each look those until then: it takes under a second of CPU time
FEW_RUNS = 3  # with fewer there is no cadence yet: they are taken for a day's
MOST_CORRELATION = 0.95


class OutlookRow(Record, frozen=True, kw_only=True):
    """Of all watches of a release with this true rate, how many end in each verdict."""

    rate: float
    ended: dict[str, int]


class Outlook(Record, frozen=True, kw_only=True):
    """How often a release of each rate would reach each verdict, with CI's runs as they are so far.

    ``runs`` and ``jobs`` are those of a whole watch at this cadence. Where there is no run yet, they are the most that
    the advice would ask for, and ``asked`` says so. ``correlation`` is that of two jobs of one run, where the runs so
    far tell.
    """

    watches: int
    asked: bool
    runs: int
    jobs: int
    correlation: float | None
    rows: tuple[OutlookRow, ...]

    @property
    def says(self) -> Text:
        """Which runs of CI it is about."""
        if not self.runs:
            return text("No run of CI was taken in, and the window is over: no further one can count.")
        if self.asked:
            return text(
                "No run of CI has been taken in, so these are the runs that Atalaya's advice would ask for: {runs} at "
                "the most, with {jobs} jobs.",
                runs=self.runs,
                jobs=self.jobs,
            )
        return text(
            "CI's runs so far, repeated until the end of the window: {runs} runs with {jobs} jobs.",
            runs=self.runs,
            jobs=self.jobs,
        )

    @property
    def rests_on(self) -> Text:
        """What the shares rest on."""
        if not self.correlation:
            return text(
                "{n} watches are drawn for each rate, from T+0 on, and judged by the rules. Jobs fail independently of "
                "each other, and all but CI is clean.",
                n=self.watches,
            )
        return text(
            "{n} watches are drawn for each rate, from T+0 on, and judged by the rules. Jobs of one run fail together "
            "as they did so far, with a correlation of {correlation:.2f}, and all but CI is clean.",
            n=self.watches,
            correlation=self.correlation,
        )


def outlook(judgement: Judgement) -> Outlook:
    """How often a release would reach each verdict with the runs of CI that it had so far, and more like them.

    Every run is drawn anew, those that were as well: it is about how often CI runs, not about how its runs ended.
    """
    release, runs, settings = judgement.release, judgement.ci_runs, judgement.settings
    over = min(elapsed_h(release, judgement.as_of), release.window_h)
    if not runs:
        return _outlook(asked_from(over), None, settings, release.window_h)
    hours = tuple(elapsed_h(release, run.ended_at) for run in runs)
    plan = _continued(Plan(hours, tuple(run.decided for run in runs)), over, release.window_h)
    icc = clustered([(run.succeeded, run.decided) for run in runs]).icc
    correlation = None if icc is None else round(min(MOST_CORRELATION, max(0.0, icc)), 2)
    return _outlook(plan, correlation, settings, release.window_h)


def _continued(so_far: Plan, over_h: float, until_h: float) -> Plan:
    """What ran so far, over and over until the end.

    >>> plan = _continued(Plan((1.0, 7.0, 13.0), (5, 5, 4)), 18.0, 36.0)
    >>> plan.hours, plan.jobs
    ((1.0, 7.0, 13.0, 19.0, 25.0, 31.0), (5, 5, 4, 5, 5, 4))
    """
    period = over_h if len(so_far.hours) >= FEW_RUNS else max(over_h, DAY_H)
    times = math.ceil(until_h / period) if period > 0 else 0
    runs = [
        (hour + number * period, jobs)
        for number in range(max(1, times))
        for hour, jobs in zip(so_far.hours, so_far.jobs, strict=True)
        if number == 0 or over_h < hour + number * period <= until_h
    ]
    hours, jobs = zip(*sorted(runs), strict=True)
    return Plan(hours, jobs)


def _watches(it: Plan | Asked, looks_h: Sequence[int]) -> int:
    """How many watches are drawn for each rate: the more jobs there are to look at, the fewer.

    >>> [_watches(every(step_h, jobs), LOOKS_H) for step_h, jobs in ((24, 1), (6, 5), (6, 20), (1, 20))]
    [1000, 333, 83, 13]
    """
    jobs = (it.jobs,) * len(it.hours) if isinstance(it, Asked) else it.jobs
    work = sum(n for look_h in looks_h for hour, n in zip(it.hours, jobs, strict=True) if hour <= look_h)
    return min(MOST_WATCHES, max(LEAST_WATCHES, MOST_WORK // max(1, work)))


@lru_cache(maxsize=64)
def _outlook(it: Plan | Asked, correlation: float | None, settings: Settings, window_h: int) -> Outlook:
    jobs = it.shape[0] * it.jobs if isinstance(it, Asked) else sum(it.jobs)
    release, others = simulated(window_h), clean()
    watches = _watches(it, looks_of(release))
    of_watches = WatchJudge(settings, release)
    of_ci: dict[Plan, CiJudge] = {}
    rows = []
    for rate in RATES:
        random = np.random.default_rng([SEED, round(1000 * rate)])
        ended = draw_runs(random, np.full(it.shape, rate), watches=watches, correlation=correlation or 0.0)
        words: Counter[str] = Counter()
        for plan, of_plan in by_plan(ended, it, settings.thresholds) if isinstance(it, Asked) else [(it, ended)]:
            ci = of_ci.setdefault(plan, CiJudge(plan, settings, release))
            for looks in ci.shows(of_plan):
                words[str(of_watches.ended(tuple(Shows(look, others) for look in looks)).word)] += 1
        rows.append(OutlookRow(rate=rate, ended={str(word): words[str(word)] for word in ENDS}))
    return Outlook(
        watches=watches,
        asked=isinstance(it, Asked),
        runs=it.shape[0],
        jobs=jobs,
        correlation=correlation,
        rows=tuple(rows),
    )
