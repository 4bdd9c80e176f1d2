"""Simulates many watches whose truth is fixed in advance, and counts the wrong verdicts.

What is drawn are counts; all that follows is what judges a real watch: each metric is made by the function that
makes it from SQL's answers, each checkpoint by the runbook's duties, and each verdict by the table of rules. Many
watches have the same counts, so what follows from counts is computed once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, repeat, zip_longest
from pathlib import Path
from statistics import median_low
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from atalaya.core.errors import UsageError
from atalaya.core.settings import Settings, Thresholds
from atalaya.core.window import DAY_H, LOOKS_H
from atalaya.evidence.from_runs import CHECKS_WORKFLOW, SMOKE_WORKFLOW
from atalaya.harness.duties import PackDuty, PromisesKept
from atalaya.metrics.baseline_delta import compared
from atalaya.metrics.coverage import covered
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.engine import Engine, Row
from atalaya.metrics.pass_rate import cluster_correction, judge_rate
from atalaya.metrics.stats.intervals import Z, wilson
from atalaya.metrics.stats.sequential import boundary
from atalaya.metrics.window_query import Baseline, DetectorPower, MetricQuery
from atalaya.records.judged import Compared, Coverage, Metric, State
from atalaya.records.stored import (
    Conclusion,
    Environment,
    JobAttempt,
    Metadata,
    Observation,
    Outcome,
    Release,
    Severity,
    VerdictStatus,
    record_metadata,
)
from atalaya.verdict.rules import judge
from atalaya.verdict.situation import Situation
from atalaya.watch.calibration_record import (
    STRICTER_RULE_TEXTS,
    Beside,
    Calibration,
    Found,
    Scenario,
    Simple,
    Wanting,
    World,
)
from atalaya.watch.checkpoints import checkpoints
from tools.calibration import analytic, baseline_rules
from tools.calibration.scenarios import SCENARIOS, Drawn, Sees, draw

ENOUGH = 10_000  # watches of a scenario; what is published rests on no fewer

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
RELEASE = Release(version="simulated", commit="", opened_at=T0)
AFTER = timedelta(minutes=5)  # into its hour, when what runs in it ends
ALARMS = (VerdictStatus.OFF_TRACK, VerdictStatus.NO_GO, VerdictStatus.EXTEND, VerdictStatus.INVALID)


class Seen(NamedTuple):
    """What the self-test says of the checks: how each metric's see, and how many defects were seeded and caught.

    ``duties`` are those of the check pack, which its promises meet.
    """

    detectors: Mapping[str, DetectorPower]
    seeded: int
    caught: int
    duties: tuple[PackDuty, ...] = ()


def calibrate(
    *,
    watches: int,
    seed: int,
    settings: Settings,
    seen: Seen,
    made_by: str,
    world: World | None = None,
    scenarios: Sequence[Scenario] = SCENARIOS,
    hear: Callable[[Found], None] = lambda found: None,
) -> Calibration:
    """Draw and judge so many watches of each scenario. ``hear`` is told of each scenario when it is done."""
    world = world or World()
    every = []
    for scenario in scenarios:
        every.append(_found(scenario, world, watches=watches, seed=seed, settings=settings, seen=seen))
        hear(every[-1])
    return Calibration(
        made_by=made_by,
        seed=seed,
        watches=watches,
        world=world,
        thresholds=settings.thresholds,
        detectors=dict(seen.detectors),
        found=tuple(every),
    )


def _found(scenario: Scenario, world: World, *, watches: int, seed: int, settings: Settings, seen: Seen) -> Found:
    limits, sees = settings.thresholds, sees_of(seen.detectors)
    drawn = draw(scenario, world, watches=watches, seed=seed, sees=sees)
    bench = Bench(drawn, world, settings, seen)
    words: dict[str, Counter[str]] = {str(hours): Counter() for hours in LOOKS_H}
    happened: Counter[str] = Counter()
    more_jobs: list[int | None] = []
    before = _accepted_before(scenario, world, watches=watches, seed=seed, settings=settings, seen=seen)
    watched = zip(counted(drawn, world), duties_of(drawn, world), before, strict=False)
    for looks, duties, basis in watched:
        judged = bench.words(looks, duties.met(), basis)
        for hours, word in zip(LOOKS_H, judged, strict=True):
            words[str(hours)][str(word)] += 1
        happened["off-track"] += VerdictStatus.OFF_TRACK in judged
        happened["alarmed"] += _alarmed(judged)
        happened["alarmed-by-any"] += _alarmed(bench.words(looks, duties, basis))
        happened.update(happened_in(bench, looks, limits))
        rate = bench.metric("pass-rate", looks[-1])
        if judged[-1] is VerdictStatus.INCONCLUSIVE and rate.state is State.INCONCLUSIVE:
            more_jobs.append(None if rate.settles is None else rate.settles.values["k"])
    needed = [more for more in more_jobs if more is not None]
    return Found(
        scenario=scenario,
        words={hours: dict(sorted(of_look.items())) for hours, of_look in words.items()},
        off_track=happened["off-track"],
        alarmed=happened["alarmed"],
        alarmed_by_any=happened["alarmed-by-any"],
        alarmed_by_rate=happened["rate-ever-fails"],
        mended={id: happened[id] for id in STRICTER_RULE_TEXTS},
        theory=tuple(
            Beside(id=id, expected=chance, seen=happened[id])
            for id, chance in analytic.expected(scenario, world, limits, sees).items()
        ),
        naive=tuple(_naive(drawn, world, limits)),
        wanting=Wanting(
            watches=len(more_jobs),
            more_jobs=median_low(needed) if needed else None,
            settle=analytic.jobs_that_settle(scenario.job_pass_rate, limits),
        ),
    )


def _accepted_before(
    scenario: Scenario, world: World, *, watches: int, seed: int, settings: Settings, seen: Seen
) -> Iterator[Looks | None]:
    """For each watch, that of the release before as it stood at its looks: of those that ended in GO, in turn."""
    if scenario.before is None:
        return repeat(None)
    drawn = draw(scenario.before, world, watches=watches, seed=seed, sees=sees_of(seen.detectors))
    bench = Bench(drawn, world, settings, seen)
    both = zip(counted(drawn, world), duties_of(drawn, world), strict=True)
    accepted = [looks for looks, duties in both if bench.words(looks, duties.met())[-1] is VerdictStatus.GO]
    if not accepted and METRICS.keys() - SIMULATED.keys():
        return repeat(None)  # a metric of which nothing is known is in the way of every GO
    if not accepted:
        raise UsageError(
            f"{scenario.id}: no watch of the release before ended in GO, so there is nothing to compare with. "
            f"Draw more with --watches."
        )
    return cycle(accepted)


def happened_in(bench: Bench, looks: Looks, limits: Thresholds) -> Iterator[str]:
    """The names of what happened in one watch, of that which theory speaks of, and of what a mended rule would say."""
    # Of the rate of all jobs: theory knows nothing of CI's own beside it.
    rates = [judge_rate(at.jobs_well, wilson(at.jobs_well, at.jobs), limits)[0] for at in looks]
    last = {id: bench.metric(id, looks[-1]).state for id in METRICS} | {"pass-rate": rates[-1]}
    yield from (simulated.fails for id, simulated in SIMULATED.items() if last[id] is State.FAIL)
    if last["network-errors"] is State.MEETS and any(looks[-1].errors):
        yield "errors-fall"
    if rates[-1] in analytic.MET:
        yield "rate-met"
    if State.FAIL in rates:
        yield "rate-ever-fails"
        failing = [counts for counts, state in zip(looks, rates, strict=True) if state is State.FAIL]
        yield from {id for counts in failing for id in fails_when_mended(counts, limits)}


def _alarmed(judged: Sequence[VerdictStatus]) -> bool:
    return any(word in ALARMS for word in judged)


def _naive(drawn: Drawn, world: World, limits: Thresholds) -> Iterator[Simple]:
    for id, rule in baseline_rules.RULES.items():
        looks = [rule(drawn, world, limits, hours) for hours in LOOKS_H]
        ever = looks[0] | looks[1] | looks[2]
        yield Simple(id=id, alarmed=int(ever.sum()), go=int((~looks[-1]).sum()))


def sees_of(detectors: Mapping[str, DetectorPower]) -> Sees:
    """The share of what happens that is seen: that of seeded defects that were caught. The rules credit less."""

    def share(metric: str) -> float:
        detector = detectors[metric]
        return detector.caught / detector.shown if detector.shown else 1.0

    return Sees(**{simulated.sees: share(id) for id, simulated in SIMULATED.items() if simulated.sees})


# ── from draws to counts ─────────────────────────────────────────────────────


class Counts(NamedTuple):
    """What one watch has counted by one look. Its exposure is that of all watches of its scenario.

    ``well`` are jobs of the watch's own, and ``runs`` those that ended well in each run of CI. ``flaky`` has the
    attempts of the test that may be flaky, and the failures among them.
    """

    hours: int
    well: int
    runs: tuple[int, ...]
    flaky: tuple[int, int]
    errors: tuple[int, ...]
    timeouts: int
    stale: int
    exposure: Exposure

    @property
    def jobs_well(self) -> int:
        return self.well + sum(self.runs)

    @property
    def jobs(self) -> int:
        return self.exposure.own + self.exposure.per_run * len(self.runs)


class Exposure(NamedTuple):
    """What had run by one look: jobs of its own, jobs in each run of CI, smokes and requests by day, and waits."""

    own: int
    per_run: int
    smokes: tuple[int, ...]
    requests: tuple[int, ...]
    waits: int


Looks = Sequence[Counts]


def counted(drawn: Drawn, world: World) -> Iterator[Looks]:
    """Each watch as it stood at its three looks."""
    return zip(*(_counted_by(drawn, world, hours) for hours in LOOKS_H), strict=True)


def _counted_by(drawn: Drawn, world: World, hours: int) -> Iterator[Counts]:
    came = [run for run in range(world.ci_runs) if world.ci_hour(run) < hours and drawn.delivered[run]]
    awake = int(drawn.awake[:hours].sum())
    days = [slice(begins, begins + DAY_H) for begins in range(0, hours, DAY_H)]
    exposure = Exposure(
        own=2 * awake,
        per_run=world.jobs_per_ci_run,
        smokes=tuple(int(drawn.awake[day].sum()) for day in days),
        requests=tuple(world.requests_per_smoke * int(drawn.awake[day].sum()) for day in days),
        waits=world.waits_per_smoke * awake,
    )
    own = drawn.checks[:, :hours].sum(axis=1) + drawn.smokes[:, :hours].sum(axis=1)
    first, again = drawn.flaky[:, came], drawn.flaky[:, came] & drawn.again[:, came]
    failures = first.sum(axis=1)
    columns = zip(
        own.tolist(),
        drawn.ci[:, came].tolist(),
        (len(came) + failures).tolist(),
        (failures + again.sum(axis=1)).tolist(),
        zip(*(drawn.errors[:, day].sum(axis=1).tolist() for day in days), strict=True),
        drawn.timeouts[:, :hours].sum(axis=1).tolist(),
        drawn.stale[:, :hours].sum(axis=1).tolist(),
        strict=True,
    )
    for well, runs, attempts, failed, errors, timeouts, stale in columns:
        yield Counts(hours, well, tuple(runs), (attempts, failed), errors, timeouts, stale, exposure)


class Duties(NamedTuple):
    """How the runs ended that three duties look at, each at one of them.

    The pipeline is CI's last run by T+24; the smokes are the last one by T+24, and by T+48. What failed there is met
    by what ends well later, so the last runs of the window are among them.
    """

    pipeline: Conclusion
    smoke: Conclusion
    smoke_again: Conclusion
    pipeline_last: Conclusion
    smoke_last: Conclusion

    def met(self) -> Duties:
        """The same, had what ran ended well."""
        return Duties(*(one if one is Conclusion.NOTHING_RAN else Conclusion.SUCCESS for one in self))


def duties_of(drawn: Drawn, world: World) -> Iterator[Duties]:
    """How each watch did with the duties that look at one run."""
    none = [Conclusion.NOTHING_RAN] * drawn.checks.shape[0]

    def ended(well: NDArray[np.bool_]) -> list[Conclusion]:
        return [Conclusion.SUCCESS if one else Conclusion.FAILURE for one in well.tolist()]

    def pipeline(begins: int, ends: int) -> list[Conclusion]:
        came = [run for run in range(world.ci_runs) if begins <= world.ci_hour(run) < ends and drawn.delivered[run]]
        return ended(drawn.ci[:, came[-1]] == world.jobs_per_ci_run) if came else none

    def smoke(begins: int, ends: int) -> list[Conclusion]:
        awake = [hour for hour in range(begins, ends) if drawn.awake[hour]]
        return ended(drawn.smokes[:, awake[-1]]) if awake else none

    return map(
        Duties,
        pipeline(0, DAY_H),
        smoke(0, DAY_H),
        smoke(DAY_H, 2 * DAY_H),
        pipeline(DAY_H, world.hours),
        smoke(2 * DAY_H, world.hours),
    )


# ── from counts to words ─────────────────────────────────────────────────────


class Answers(Engine):
    """The answers that SQL would give, from counts."""

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self._rows = rows

    def ask(self, question: str | Path, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of one question; none of a metric that nothing is drawn for."""
        return self._rows.get(Path(question).stem, [])


def rows_of(counts: Counts) -> dict[str, list[Row]]:
    """What the questions of the five metrics are answered with.

    The rates that stand beside the pass rate, and decide nothing, are those of jobs that nobody runs again.
    """
    exposure, decided, well = counts.exposure, counts.jobs, counts.jobs_well
    no_jobs = dict.fromkeys(("excluded", "not_started", "pending", "nothing_ran", "not_told"), 0)
    no_fix = dict.fromkeys(("events_before_fix", "trials_before_fix", "runs_before_fix", "bad_runs_before_fix"), 0)
    nothing = no_fix | {"runs": exposure.own // 2, "expected": 0, "jobs_without_count": 0, "broken_checks": 0}
    return {
        "pass_rate": [
            {
                "decided": decided,
                "succeeded": well,
                "first_decided": decided,
                "first_succeeded": well,
                "failed_first": decided - well,
                "rescued": 0,
                "runs": 0,
                "runs_succeeded": 0,
                **no_jobs,
                "attempts_of_other_commits": 0,
            }
        ],
        "decided_jobs": list(_of_ci(counts)),
        "flaky_tests": list(_tests(counts)),
        "network_errors": [
            no_fix
            | {
                "bin": day,
                "errors": errors,
                "requests": requests,
                "blocking": 0,
                "blocking_before_fix": 0,
                "expected": 0,
                "jobs_without_count": 0,
                "errors_without_count": 0,
                "runs": smokes,
            }
            for day, (errors, requests, smokes) in enumerate(
                zip(counts.errors, exposure.requests, exposure.smokes, strict=True)
            )
        ],
        "polling_timeouts": [nothing | {"events": counts.timeouts, "trials": exposure.waits}],
        "stale_cache": [nothing | {"events": counts.stale, "trials": exposure.waits}],
    }


def _of_ci(counts: Counts) -> Iterator[Row]:
    """CI's decided jobs, run by run."""
    for run, well in enumerate(counts.runs):
        for number in range(counts.exposure.per_run):
            yield {
                "workflow": "clients-python-sdk",
                "job": "tests",
                "variant": "",
                "run_id": str(run),
                "succeeded": int(number < well),
            }


def _tests(counts: Counts) -> Iterator[Row]:
    """Two tests, each run again with nothing changed: a check that is always kept, and the one that may be flaky."""
    checked, (attempts, failures) = counts.exposure.own // 2, counts.flaky
    for test, tried, failed in (("kept", checked, 0), ("may-be-flaky", attempts, failures)):
        if tried >= 2:
            yield {
                "test": test,
                "critical": 1,
                "repeated_keys": 1,
                "mixed_keys": int(0 < failed < tried),
                "attempts": tried,
                "failures": failed,
            }


class Simulated(NamedTuple):
    """What a simulation knows of a metric.

    ``fails`` is the name of what theory says of a watch in which it fails. ``part`` is what of the counts it is made
    from: where that is the same, so is the metric. ``sees`` is the field of :class:`Sees` for a metric of events.
    """

    fails: str
    part: Callable[[Counts], object]
    sees: str = ""


SIMULATED: dict[str, Simulated] = {
    "pass-rate": Simulated("rate-fails", lambda counts: (counts.well, tuple(sorted(counts.runs)))),
    "flaky-tests": Simulated("flaky-seen", lambda counts: counts.flaky),
    "network-errors": Simulated("errors-rise", lambda counts: counts.errors, sees="errors"),
    "polling-timeouts": Simulated("timeout-seen", lambda counts: counts.timeouts, sees="timeouts"),
    "stale-cache": Simulated("stale-seen", lambda counts: counts.stale, sees="stale"),
}


def part_of(id: str, counts: Counts) -> object:
    """What of the counts a metric is made from: nothing, where nothing is drawn for it and it stays unknown."""
    return SIMULATED[id].part(counts) if id in SIMULATED else None


class Bench:
    """Judges the watches of one scenario. What it has judged once, it remembers."""

    def __init__(self, drawn: Drawn, world: World, settings: Settings, seen: Seen) -> None:
        self._settings = settings
        self._seen = seen
        self._metrics: dict[object, Metric] = {}
        self._words: dict[object, VerdictStatus] = {}
        self._coverage = {hours: _coverage(drawn, hours, settings) for hours in LOOKS_H}
        self._ran = int(drawn.awake[:DAY_H].sum()) > 0

    def metric(self, id: str, counts: Counts) -> Metric:
        """One metric of a watch as it stood at a look."""
        key = (id, counts.hours, part_of(id, counts))
        if key not in self._metrics:
            self._metrics[key] = METRICS[id].measure(Answers(rows_of(counts)), self._span(counts.hours))
        return self._metrics[key]

    def words(self, looks: Looks, duties: Duties, basis: Looks | None = None) -> tuple[VerdictStatus, ...]:
        """The verdict at each look, with what each look before had shown. ``basis`` is the release before."""
        return tuple(
            self._word(looks[:number], duties, basis[:number] if basis else ()) for number in range(1, len(looks) + 1)
        )

    def _word(self, looks: Looks, duties: Duties, basis: Looks) -> VerdictStatus:
        key = (duties, *(tuple(part_of(id, counts) for id in METRICS) for counts in (*looks, *basis)))
        if key not in self._words:
            self._words[key] = judge(self._situation(looks, duties, basis)).word
        return self._words[key]

    def _situation(self, looks: Looks, duties: Duties, basis: Looks) -> Situation:
        metrics_at = self._metrics_at(looks, basis)
        now = looks[-1].hours
        as_of = _at(now)
        due = checkpoints(
            RELEASE,
            as_of=as_of,
            observations=list(_observations(self._seen.duties)) if self._ran else (),
            jobs=list(_jobs(duties, self._settings)),
            metrics=metrics_at[now],
            metrics_at=metrics_at,
            duties=self._seen.duties,
            workflows=self._settings.ci.workflows,
        )
        return Situation(
            release=RELEASE,
            as_of=as_of,
            settings=self._settings,
            metrics=metrics_at[now],
            metrics_at=metrics_at,
            checkpoints=due,
            coverage=self._coverage[now],
            defects_seeded=self._seen.seeded,
            defects_caught=self._seen.caught,
        )

    def _metrics_at(self, looks: Looks, basis: Looks) -> dict[int, tuple[Metric, ...]]:
        """The metrics at each look, beside the release before where there is one."""
        metrics_at: dict[int, tuple[Metric, ...]] = {}
        regressed: frozenset[str] = frozenset()
        for counts, base in zip_longest(looks, basis):
            metrics = tuple(self.metric(id, counts) for id in METRICS)
            if base is not None:
                metrics = tuple(self._compared(id, counts, base, id in regressed) for id in METRICS)
                regressed = frozenset(one.id for one in metrics if one.compared is Compared.REGRESSED)
            metrics_at[counts.hours] = metrics
        return metrics_at

    def _compared(self, id: str, counts: Counts, base: Counts, regressed_before: bool) -> Metric:
        key = (id, counts.hours, part_of(id, counts), part_of(id, base), regressed_before)
        if key not in self._metrics:
            before = {id: self.metric(id, base) for id in METRICS}
            span = replace(
                self._span(counts.hours),
                basis=Baseline(version="before", metrics=before, jobs=_as_jobs(base)),
                regressed_before=frozenset((id,) if regressed_before else ()),
            )
            self._metrics[key] = compared(METRICS[id], self.metric(id, counts), _as_jobs(counts), span)
        return self._metrics[key]

    def _span(self, hours: int) -> MetricQuery:
        return MetricQuery(release=RELEASE, as_of=_at(hours), settings=self._settings, detectors=self._seen.detectors)


def _as_jobs(counts: Counts) -> dict[tuple[str, str, str], tuple[int, int]]:
    """All jobs as those of one name: each release has the same, and they are compared as a whole."""
    return {("", "", ""): (counts.jobs_well, counts.jobs)}


def _at(hours: int) -> datetime:
    return T0 + timedelta(hours=hours)


def _coverage(drawn: Drawn, hours: int, settings: Settings) -> Coverage:
    seen = [_at(hour) + AFTER for hour in range(hours) if drawn.awake[hour]]
    return covered(seen, begins=T0, until=_at(hours), schedule=settings.watch)


def _observations(duties: Iterable[PackDuty]) -> Iterator[Observation]:
    """The checks that a duty asks for, kept in the first hour."""
    for promise in [id for one in duties if isinstance(one.met_by, PromisesKept) for id in one.met_by.promises]:
        yield Observation(
            **_metadata(AFTER, Environment.LOOPBACK),
            promise=promise,
            severity=Severity.CRITICAL,
            outcome=Outcome.KEPT,
            reason="",
            duration_s=0.0,
            trials=1,
            subject_digest="",
        )


def _jobs(duties: Duties, settings: Settings) -> Iterator[JobAttempt]:
    """The jobs that a duty looks at. Nothing is said of when in its day each was: the last one counts."""
    pipeline = next(iter(settings.ci.workflows), CHECKS_WORKFLOW)
    for workflow, environment, hours, ended in (
        (pipeline, Environment.CI, 0, duties.pipeline),
        (SMOKE_WORKFLOW, Environment.LOOPBACK, 0, duties.smoke),
        (SMOKE_WORKFLOW, Environment.LOOPBACK, DAY_H, duties.smoke_again),
        (pipeline, Environment.CI, 2 * DAY_H, duties.pipeline_last),
        (SMOKE_WORKFLOW, Environment.LOOPBACK, 2 * DAY_H, duties.smoke_last),
    ):
        if ended is not Conclusion.NOTHING_RAN:
            yield JobAttempt(
                **_metadata(timedelta(hours=hours) + AFTER, environment),
                workflow=workflow,
                job="job",
                variant="",
                attempt=1,
                commit="",
                conclusion=ended,
                origin="",
            )


def _metadata(after: timedelta, environment: Environment) -> Metadata:
    at = T0 + after
    return record_metadata(f"{at:%H%M%d}", environment, at)


# ── stricter rules ───────────────────────────────────────────────────────────


def fails_when_mended(counts: Counts, limits: Thresholds) -> Iterator[str]:
    """By which mended rules a rate that fails would fail still; each asks for more than the rule as it is.

    The upper end of Wilson's interval is below the threshold where the score, the distance from it in standard
    deviations, is below -z. Only runs of CI have more than one job.
    """
    n, target = counts.jobs, limits.pass_rate
    score = (counts.jobs_well - n * target) / math.sqrt(n * target * (1 - target)) if target < 1 else -math.inf
    of_ci = [(well, counts.exposure.per_run) for well in counts.runs]
    own = [(1, 1)] * counts.well + [(0, 1)] * (counts.exposure.own - counts.well)
    shared = cluster_correction(of_ci + own)
    clustered = score / math.sqrt(shared.design_effect or 1.0)
    at_this_look = boundary(len(LOOKS_H))[LOOKS_H.index(counts.hours)]
    found = {"clustered": clustered < -Z, "spent": score < -at_this_look, "both": clustered < -at_this_look}
    return (id for id, fails in found.items() if fails)
