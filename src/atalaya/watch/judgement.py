"""Computes everything that the pages of a release show, as of one instant.

Pure in time: the same evidence, settings and instant give the same judgement, whenever it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import replace

from atalaya.core.engines import DUCKDB
from atalaya.core.settings import Settings
from atalaya.core.window import LOOKS_H, due_at, ends_at
from atalaya.core.words import Text, text
from atalaya.evidence import apart
from atalaya.evidence.commits import same_tree
from atalaya.evidence.ledger import holdings, ledger, manifest
from atalaya.evidence.ledger.opening import Segment
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.harness.pack import Pack
from atalaya.metrics.broken_tests import broken_tests
from atalaya.metrics.burn_rate import pace
from atalaya.metrics.ci_cells import ci_cells
from atalaya.metrics.ci_runs import ci_runs
from atalaya.metrics.coverage import coverage
from atalaya.metrics.definitions import counting_events
from atalaya.metrics.detector_power import detectors
from atalaya.metrics.engine.engine import Engine, opened
from atalaya.metrics.environments import environments
from atalaya.metrics.event_list import unexpected_events
from atalaya.metrics.failed_tests import failed_tests
from atalaya.metrics.flaky_list import clean_tests, flaky
from atalaya.metrics.health.judge import health
from atalaya.metrics.measure import measure
from atalaya.metrics.own_runs import own_runs
from atalaya.metrics.timeseries import course
from atalaya.metrics.window_query import OUR_WORKFLOWS, DetectorPower, MetricQuery, iso
from atalaya.records.judged import (
    ArtefactFinding,
    BacklogItem,
    BurnRate,
    Checkpoint,
    CheckpointVerdict,
    CiRun,
    Compared,
    Coverage,
    EnvironmentTotals,
    FailedTest,
    Figure,
    FlakyTest,
    HealthSign,
    HealthState,
    IncidentFollowUp,
    Judgement,
    Metric,
    OwnRuns,
    PromiseStatus,
    State,
    TimeSeries,
    Trace,
    Verdict,
)
from atalaya.records.results import SegmentInfo, UnreadableFile
from atalaya.records.stored import (
    Artefact,
    Built,
    CaseOutcome,
    CommitTree,
    Compatibility,
    Decision,
    Dispatch,
    Environment,
    Event,
    Evidence,
    Finding,
    IncidentNote,
    IncidentStep,
    JobAttempt,
    Notice,
    Observation,
    Outcome,
    Proof,
    PublicApi,
    Reading,
    Redaction,
    Release,
    RunContext,
    TestAttempt,
    VerdictRecord,
    WatchTransition,
)
from atalaya.selftest import last_run
from atalaya.verdict.rules import judge
from atalaya.verdict.situation import Situation
from atalaya.watch import as_installed, package_findings, promise_status
from atalaya.watch.backlog import BacklogInputs, backlog
from atalaya.watch.baseline import Accepted, Recall, accepted_before, anew, cache_of
from atalaya.watch.checkpoints import STEP, checkpoints
from atalaya.watch.close_checks import questions
from atalaya.watch.dispatch import asked
from atalaya.watch.drift import moves
from atalaya.watch.folder import find, steps_taken
from atalaya.watch.incidents.fingerprint import cause_of_attempt
from atalaya.watch.incidents.fix_verification import follow, not_shown
from atalaya.watch.incidents.incidents import read_pages
from atalaya.watch.seal import followers_of, is_sealed, state_of
from atalaya.watch.state_at import NOT_EVIDENCE, Standing, evidence_recorded_at, in_order, incident_steps, standing
from atalaya.watch.states import CLOSED, INVALID, MONITORING
from atalaya.watch.window import in_window, is_recorded
from atalaya.watch.wordings import worded

NOT_PASSED = (CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.UNKNOWN)
Kind = TypeVar("Kind", bound=Evidence)


def judge_release(
    folder: Path,
    release: Release,
    *,
    as_of: datetime | None,
    settings: Settings,
    pack: Pack,
    baseline: bool = True,
    now: datetime | None = None,
    engine: str = DUCKDB,
    recall: Recall = anew,
    read: Path | None = None,
) -> Judgement:
    """Everything that the pages of a release are made from.

    :param as_of: the instant to judge as of; None means :func:`instant_of`.
    :param pack: the checks that were run, and what they promise.
    :param baseline: whether the last accepted release is looked for, to compare with.
    :param now: what a clock says, read once by who asks: records from a clock that is ahead of it are named. A replay
        gives none.
    :param engine: what counts the evidence; each gives the same answers.
    :param recall: what is kept of the releases that are tried as the baseline; by default nothing.
    :param read: the folder for what was read of large files, by release; without one, each is read whole.
    """
    evidence = folder / "evidence"
    now = now if as_of is None else None
    cache = cache_of(folder, read, now)
    found = surveyed(evidence, now, cache)
    everything = [record for segment in found.segments for record in segment.records]
    recorded_at = evidence_recorded_at(found.segments)
    known_by = as_of or now or datetime.max.replace(tzinfo=UTC)
    as_of = as_of or instant_of(everything, release, now, recorded_at)
    seal = state_of(folder, followers_of(folder.parent, release.version))
    with ExitStack() as stack:
        database = stack.enter_context(opened(evidence, damaged=found.damaged, engine=engine, cache=cache))
        basis = accepted_before(folder.parent, release, settings, pack, engine, recall, read) if baseline else None
        case = Case(
            release=release,
            pack=pack,
            settings=settings,
            segments=found.segments,
            records=everything,
            recorded_at=recorded_at,
            engine=database,
            problems=(
                *(text("{problem}", problem=problem) for problem in found.problems),
                *manifest.differs(found),
                *seal.differs,
            ),
            basis=stack.enter_context(basis.opened(engine, read)) if basis else None,
            superseded=is_superseded(folder, release, find(folder.parent)),
            detectors=detectors(pack),
            now=now,
            unreadable=holdings.unreadable(evidence, found),
        )
        measured = _measured(case, as_of)
    if cache:
        cache.sweep()
    known = [one for one in everything if is_recorded(one, release, known_by)]
    judgement = replace(
        _judgement(case, measured, as_of),
        seal=seal,
        said=tuple(_of(known, VerdictRecord)),
        decisions=tuple(_of(known, Decision)),
        notices=tuple(_of(known, Notice)),
        redactions=tuple(_of(known, Redaction)),
        notes=tuple({one.comment: one for one in _of(known, IncidentNote)}.values()),
        steps=tuple(_of(known, WatchTransition)),
        # Pages are those of now, so they are compared with all that is recorded.
        pages=read_pages(folder / "incidents", incident_steps(in_order(everything, IncidentStep))[0]),
    )
    return replace(judgement, questions=tuple(questions(judgement)))


def surveyed(evidence: Path, now: datetime | None = None, cache: ReadCache | None = None) -> ledger.Survey:
    """What a ledger holds, with the records in memory that a judgement looks at itself.

    :param now: what a clock says: records that are ahead of it are looked at too.
    :param cache: what is kept of large files with this sieve.
    """
    return ledger.survey(evidence, sieve=lambda _: partial(_looked_at, now=now), cache=cache)


def _looked_at(records: Sequence[Evidence], now: datetime | None) -> list[int]:
    """The records that a judgement looks at itself. Most of a ledger are tests that passed, and SQL counts those."""
    if not isinstance(records[0], TestAttempt):
        return [*range(len(records))]
    return [
        place
        for place, one in enumerate(cast("Sequence[TestAttempt]", records))
        if one.outcome in NOT_PASSED
        or one.test.startswith(STEP)
        or (now is not None and (one.recorded_at > now or one.occurred_at > now))
    ]


def instant_of(
    records: Sequence[Evidence], release: Release, now: datetime | None, recorded_at: Collection[datetime] = ()
) -> datetime:
    """The instant to judge as of: that of the newest evidence, or now where a clock that is ahead wrote it.

    Once the window is over, at least its end: what nobody observed by then is not waited for any more. A watch that was
    closed stays judged as of its last record, and so does a rehearsal, whose calendar is made up. Without a clock, it
    is that of the newest evidence; T+0 where there is none.

    :param recorded_at: when the evidence that is not among the records was written down.
    """
    written = (record.recorded_at for record in records if not isinstance(record, NOT_EVIDENCE))
    newest = max(chain(recorded_at, written), default=release.opened_at)
    closed = any(isinstance(one, WatchTransition) and one.state in (CLOSED, INVALID) for one in records)
    if now is None or closed or release.rehearsal:
        return newest
    known = [record for record in in_order(records, WatchTransition) if is_recorded(record, release, now)]
    end = ends_at(release, steps_taken(known, release)[1])
    newest = min(newest, now)
    return max(newest, end) if now >= end else newest


def _ahead(records: Sequence[Evidence], now: datetime | None) -> tuple[Text, ...]:
    """The runs that a clock which is ahead of ours wrote of, and by how much."""
    if now is None:
        return ()
    times: dict[str, datetime] = {}
    for record in records:
        at = max(record.recorded_at, record.occurred_at)
        if at > now and not isinstance(record, NOT_EVIDENCE):
            times[record.run_id] = max(at, times.get(record.run_id, at))
    return tuple(
        text(
            "The run {run} was recorded by a clock that is {ahead:.1f} h ahead of this one: it waits until {at}.",
            run=run,
            ahead=(at - now).total_seconds() / 3600,
            at=at,
        )
        for run, at in sorted(times.items(), key=lambda one: (one[1], one[0]))
    )


def digest_of(verdict: Verdict, metrics: Sequence[Metric]) -> str:
    """The name of a verdict: over its words, its instant, and the five figures that it rests on."""
    return hashlib.sha256(msgspec.json.encode((verdict, metrics), order="deterministic")).hexdigest()


def is_superseded(folder: Path, release: Release, releases: Iterable[Release]) -> bool:
    """Whether the settings of now are another release's: one that was opened since."""
    return (
        release.rehearsal
        or is_sealed(folder)
        or any(other.opened_at > release.opened_at and not other.rehearsal for other in releases)
    )


class Case(NamedTuple):
    """All that the judgements of one release, as of any instant, are made from."""

    release: Release
    pack: Pack
    settings: Settings
    segments: Sequence[Segment]
    records: Sequence[Evidence]  # of all segments, but for the tests that passed
    recorded_at: frozenset[datetime]  # of all evidence, kept or not
    engine: Engine
    problems: tuple[Text, ...]
    basis: Accepted | None
    superseded: bool
    detectors: Mapping[str, DetectorPower]
    now: datetime | None = None
    unreadable: tuple[UnreadableFile, ...] = ()


class View(NamedTuple):
    """What was known at one instant, and what the rules look at."""

    release: Release
    span: MetricQuery
    records: list[Evidence]
    statuses: tuple[PromiseStatus, ...]
    coverage: Coverage
    standing: Standing
    situation: Situation
    published: tuple[ArtefactFinding, ...]
    health: tuple[HealthSign, ...]


class CheckpointVerdictInputs(NamedTuple):
    """What one checkpoint showed, as it was then."""

    hours: int
    metrics: tuple[Metric, ...]
    verdict: Verdict
    health: tuple[HealthSign, ...]


class Measured(NamedTuple):
    """What the evidence answers as of one instant: all that needs the engine open."""

    view: View
    looks: list[CheckpointVerdictInputs]
    environments: tuple[EnvironmentTotals, ...]
    pace: BurnRate
    course: TimeSeries
    flaky: tuple[FlakyTest, ...]
    failed_tests: tuple[FailedTest, ...]
    clean_tests: dict[str, int]
    ci_runs: tuple[CiRun, ...]
    own_runs: tuple[OwnRuns, ...]
    late: Mapping[int, int]
    apart: tuple[Text, ...]


def _measured(case: Case, as_of: datetime) -> Measured:
    looks = _looks(case, as_of)
    view = _view(case, as_of, {look.hours: look.metrics for look in looks})
    return Measured(
        view=view,
        looks=looks,
        environments=environments(case.engine, view.span),
        pace=pace(case.engine, view.span),
        course=course(case.engine, view.span, view.situation.metrics),
        flaky=flaky(case.engine, view.span, failed=True),
        failed_tests=failed_tests(case.engine, view.span),
        clean_tests=clean_tests(case.engine, view.span),
        ci_runs=tuple(ci_runs(case.engine, view.span)),
        own_runs=own_runs(case.engine, view.span),
        late={look.hours: _late(case, view, look.hours, as_of) for look in looks},
        apart=_apart(case, view, as_of),
    )


def _judgement(case: Case, measured: Measured, as_of: datetime) -> Judgement:
    """The judgement without the seal, the pages, and what people and the machine wrote down of it."""
    view = measured.view
    situation = replace(view.situation, ahead=_ahead(case.records, case.now))
    verdict = judge(situation)
    followed = situation.followed
    findings = _newest_findings(case.pack, _of(view.records, Finding))
    return Judgement(
        release=view.release,
        as_of=as_of,
        verdict=verdict,
        metrics=situation.metrics,
        checkpoints=situation.checkpoints,
        coverage=view.coverage,
        promises=view.statuses,
        findings=findings,
        limitations=case.pack.limitations,
        worded=_worded(case.pack, findings),
        incidents=situation.incidents,
        backlog=_backlog(case, view, findings, followed, measured.flaky),
        segments=_segments(case.segments, as_of),
        # Every file that was taken in is listed, also one that tells of another time.
        readings=tuple(_of([one for one in case.records if is_recorded(one, case.release, as_of)], Reading)),
        contexts=tuple(_of(view.records, RunContext)),
        traces=tuple(_traces(case.segments, view.release, as_of)),
        unreadable=case.unreadable,
        looks=tuple(_checkpoint_verdict(look, measured.late[look.hours]) for look in measured.looks),
        course=measured.course,
        environments=measured.environments,
        changes=view.standing.changes,
        pace=measured.pace,
        flaky=measured.flaky,
        baseline=case.basis.release.version if case.basis else "",
        accepted=case.basis.result if case.basis else None,
        failed_tests=measured.failed_tests,
        clean_tests=measured.clean_tests,
        cells=situation.cells,
        own_runs=measured.own_runs,
        health=view.health,
        apart=measured.apart,
        broken_tests=situation.broken_tests,
        ci_runs=measured.ci_runs,
        settings=situation.settings,
        fixed_at=dict(view.span.fixed_at),
        defects_seeded=situation.defects_seeded,
        defects_caught=situation.defects_caught,
        sees=dict(case.pack.events),
        state=view.standing.state,
        transitions=view.standing.transitions,
        followed=followed,
        disputed=situation.disputed,
        artefacts=tuple(_of(view.records, Artefact)),
        rooms=tuple(_of(view.records, Compatibility)),
        apis=tuple(_of(view.records, PublicApi)),
        built=tuple(_of(view.records, Built)),
        published=view.published,
        moves=moves(_looked(view.records)),
        dispatch=situation.dispatch,
        dispatches=tuple(_of(view.records, Dispatch)),
        moved_defaults=view.standing.moved,
        # How far a clock is ahead changes while one looks at it, and is no part of what was said.
        digest=digest_of(judge(view.situation), situation.metrics),
    )


def _apart(case: Case, view: View, as_of: datetime) -> tuple[Text, ...]:
    """What CI told of and counts in nothing. Our own runs are shown where they belong."""
    found = apart.Apart(view.release, view.span.same_tree)
    for one in case.records:
        is_told = isinstance(one, JobAttempt | Event) and one.workflow not in OUR_WORKFLOWS
        is_ci = one.environment in (Environment.CI, Environment.REHEARSAL)
        if is_told and is_ci and is_recorded(one, case.release, as_of):
            found.count(one)
    for row in case.engine.ask("tests_apart", view.span.parameters()):
        amount, failed = row["attempts"], row["failed"] == 1
        found.add(TestAttempt.kind, row["first_at"], row["commit"], failed=failed, records=amount)
    return found.lines()


def _looked(records: Sequence[Evidence]) -> list[Evidence]:
    """The records in the order in which things happened."""
    return sorted(records, key=lambda one: (one.occurred_at, one.recorded_at, one.run_id))


def _backlog(
    case: Case,
    view: View,
    findings: tuple[Finding, ...],
    followed: tuple[IncidentFollowUp, ...],
    flaky: tuple[FlakyTest, ...],
) -> tuple[BacklogItem, ...]:
    situation = view.situation
    return backlog(
        BacklogInputs(
            promises=view.statuses,
            metrics=situation.metrics,
            findings=findings,
            limitations=case.pack.limitations,
            incidents=situation.incidents,
            followed=followed,
            coverage=view.coverage,
            flaky=flaky,
            broken_tests=situation.broken_tests,
            cells=situation.cells,
            effort=case.settings.effort,
        )
    )


def _segments(segments: Sequence[Segment], as_of: datetime) -> tuple[SegmentInfo, ...]:
    """The segments of which a record was known by then."""
    return tuple(one.info for one in segments if one.recorded_at[0] <= as_of)


def _checkpoint_verdict(look: CheckpointVerdictInputs, late: int) -> CheckpointVerdict:
    return CheckpointVerdict(
        hours=look.hours,
        verdict=look.verdict,
        late=late,
        failing=tuple(metric.id for metric in look.metrics if metric.state is State.FAIL),
        unwell=tuple((sign.id, sign.about) for sign in look.health if sign.state is HealthState.OVER),
        figures=tuple(
            Figure(metric=of.id, value=of.value, low=of.low, high=of.high, state=of.state) for of in look.metrics
        ),
    )


def _looks(case: Case, as_of: datetime) -> list[CheckpointVerdictInputs]:
    """Each checkpoint that has passed, in order: what one found worse than the basis, the next looks at with care."""
    looks: list[CheckpointVerdictInputs] = []
    for hours in LOOKS_H:
        at = due_at(case.release, hours)
        if at > as_of:
            break
        view = _view(case, at, {look.hours: look.metrics for look in looks})
        looks.append(CheckpointVerdictInputs(hours, view.situation.metrics, judge(view.situation), view.health))
    return looks


def _view(case: Case, as_of: datetime, metrics_at: Mapping[int, tuple[Metric, ...]]) -> View:
    now = standing(
        case.records,
        case.release,
        as_of=as_of,
        settings=case.settings,
        superseded=case.superseded,
        now=case.now,
        recorded_at=case.recorded_at,
    )
    release = now.release
    records = [record for record in case.records if in_window(record, release, as_of)]
    observations, proofs, jobs = _of(records, Observation), _of(records, Proof), _of(records, JobAttempt)
    statuses = promise_status.statuses(case.pack.promises, observations, proofs)
    span = _query(case, now, as_of, metrics_at)
    looked = _looked(records)
    before = case.basis.before if case.basis else None
    metrics = measure(case.engine, span)
    signs = (*health(case.engine, span), *as_installed.signs(as_installed.installed(looked), before))
    unproven = not_shown(now.transitions, observations, jobs, metrics, signs)
    incidents = tuple(replace(one, state=MONITORING) if one.id in unproven else one for one in now.incidents)
    monitored = {one.id for one in incidents if one.state == MONITORING}
    published = package_findings.findings(looked)
    broken = broken_tests(case.engine, span)
    tests = _of(records, TestAttempt)
    followed = follow(
        now.transitions,
        observations=observations,
        events=unexpected_events(case.engine, span),
        metrics=metrics,
        published=published,
        jobs=jobs,
        broken_tests=broken,
        health=signs,
        tests=tests,
        ended=_ended(case.engine, span, tests, now.transitions),
    )
    # At a checkpoint itself, what is measured is what the checkpoint shows.
    at_this = {hours: metrics for hours in LOOKS_H if due_at(release, hours) == as_of}
    metrics_at = {**metrics_at, **at_this}
    due = _duties(case, now, records, span, metrics_at, metrics, followed)
    watched = coverage(case.engine, span)
    seeded, caught = promise_status.self_test(proofs) or last_run.counted(case.pack) or (0, 0)
    situation = Situation(
        release=release,
        as_of=as_of,
        settings=now.settings,
        metrics=metrics,
        metrics_at=dict(metrics_at),
        checkpoints=due,
        coverage=watched,
        cells=ci_cells(case.engine, span),
        broken_tests=broken,
        incidents=incidents,
        followed=followed,
        unproven=tuple(one.incident for one in followed if one.incident in monitored and not one.fails_still),
        disputed=(*now.disputed, *(_unproven(id, proof) for id, proof in unproven.items())),
        integrity_problems=(*case.problems, *now.tampered),
        broken_critical=promise_status.broken(statuses, critical=True),
        broken_others=promise_status.broken(statuses, critical=False),
        defects_seeded=seeded,
        defects_caught=caught,
        own_at=_newest(one for one in jobs if one.workflow in OUR_WORKFLOWS),
        collected_at=_newest(_of([one for one in case.records if is_recorded(one, release, as_of)], Reading)),
        dispatch=asked(
            ci_runs(case.engine, span),
            release=release,
            as_of=as_of,
            limits=now.settings.thresholds,
            dispatched=[one for one in _of(records, Dispatch) if not one.beside],
        ),
    )
    return View(release, span, records, statuses, watched, now, situation, published, signs)


def _duties(
    case: Case,
    now: Standing,
    records: Sequence[Evidence],
    span: MetricQuery,
    metrics_at: Mapping[int, tuple[Metric, ...]],
    metrics: tuple[Metric, ...],
    followed: tuple[IncidentFollowUp, ...],
) -> tuple[Checkpoint, ...]:
    return checkpoints(
        now.release,
        as_of=span.as_of,
        observations=_of(records, Observation),
        jobs=_of(records, JobAttempt),
        metrics=metrics,
        metrics_at=metrics_at,
        duties=case.pack.duties,
        workflows=now.settings.ci.workflows,
        signatures=now.signatures,
        tests=_of(records, TestAttempt),
        same_tree=span.same_tree,
        followed=followed,
    )


def _newest(records: Iterable[Evidence]) -> datetime | None:
    return max((record.recorded_at for record in records), default=None)


def _query(case: Case, now: Standing, as_of: datetime, metrics_at: Mapping[int, tuple[Metric, ...]]) -> MetricQuery:
    """What the metrics are asked, over the window up to an instant."""
    release = now.release
    span = MetricQuery(
        release=release,
        as_of=as_of,
        settings=now.settings,
        detectors=case.detectors,
        same_tree=same_tree(release.commit, (one for one in _of(case.records, CommitTree) if one.recorded_at <= as_of)),
        fixed_at=now.fixed_at,
        unfed=frozenset(it.id for it, _ in counting_events()) - case.pack.events.keys(),
        regressed_before=_regressed(
            {hours: then for hours, then in metrics_at.items() if due_at(release, hours) < as_of}
        ),
    )
    if case.basis is not None:
        span = replace(span, basis=case.basis.over(as_of - release.opened_at, now.settings))
    return span


def _unproven(id: str, proof: Text) -> Text:
    return text(
        "{incident} is resolved by its record, and counts as {state}: {proof} Reopen it, or watch on.",
        incident=id,
        state=MONITORING,
        proof=proof,
    )


def _regressed(metrics_at: Mapping[int, tuple[Metric, ...]]) -> frozenset[str]:
    """What the last checkpoint found worse than the last accepted release."""
    last = metrics_at[max(metrics_at)] if metrics_at else ()
    return frozenset(metric.id for metric in last if metric.compared is Compared.REGRESSED)


def _late(case: Case, view: View, hours: int, as_of: datetime) -> int:
    """How many records tell of before a checkpoint, and were written down after it."""
    at = due_at(case.release, hours)
    others = sum(
        record.occurred_at <= at < record.recorded_at
        for record in case.records
        if not isinstance(record, TestAttempt) and in_window(record, case.release, as_of)
    )
    (tests,) = case.engine.ask("late_tests", {**view.span.parameters(), "at": iso(at)})
    return others + int(tests["late"])


def _ended(
    engine: Engine, span: MetricQuery, tests: Sequence[TestAttempt], steps: Sequence[IncidentStep]
) -> dict[str, int]:
    """How many attempts ended of each test that an incident is about."""
    fingerprints = {name for step in steps for name in step.fingerprints}
    failed = {one.test for one in tests} if fingerprints else set()
    names = sorted(name for name in failed if cause_of_attempt(name) in fingerprints)
    rows = engine.ask("tests_ended", {**span.parameters(), "tests": names}) if names else ()
    return {row["test"]: row["attempts"] for row in rows}


def _traces(segments: Sequence[Segment], release: Release, as_of: datetime) -> Iterator[Trace]:
    """What the figures rest on: every attempt of a job, every event, and the tests and promises that failed."""
    for segment in segments:
        for line, record in zip(segment.lines, segment.records, strict=True):
            failed = (isinstance(record, TestAttempt) and record.outcome in NOT_PASSED) or (
                isinstance(record, Observation) and record.outcome is Outcome.BROKEN
            )
            if (failed or isinstance(record, JobAttempt | Event)) and in_window(record, release, as_of):
                yield Trace(record=record, segment=segment.info.name, line=line)


def _of(records: Sequence[Evidence], kind: type[Kind]) -> list[Kind]:
    """The records of one kind, the newest last."""
    of_kind = [record for record in records if isinstance(record, kind)]
    return sorted(of_kind, key=lambda record: (record.occurred_at, record.run_id))


def _worded(pack: Pack, findings: Iterable[Finding]) -> dict[str, Text]:
    found = {one.weakness: worded(one.reason, pack.wordings) for one in findings}
    return {id: says for id, says in found.items() if says is not None}


def _newest_findings(pack: Pack, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    newest = {finding.weakness: finding for finding in findings}
    return tuple(newest[one.id] for one in pack.limitations if one.id in newest)
