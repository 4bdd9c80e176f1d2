"""The duties of each checkpoint in the runbook, and whether there is evidence for them.

:data:`DUTIES` are those of every SDK; a check pack adds its own. A duty is judged on what happened by its checkpoint,
so that one which has passed does not change; where nothing had happened by then, on what came later, and the words
say so. The duties of T+0 are judged on the first 24 hours in this way, since nothing can have happened at T+0 itself.
"Review" is for a person: the figure is shown, and the person signs.

A duty is not met by what was last seen broken, by a promise that does not apply, or while an incident that stands in
its way is not shown to be mended. Where the proof alone is missing, it is missing, and how much is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import NamedTuple, TypeVar

from atalaya.core.settings import CiSettings
from atalaya.core.window import CHECKPOINTS_H, DAY_H, T0, T24, T48, T72, due_at
from atalaya.core.words import N_, Prose, Text, text
from atalaya.evidence.apart import is_of
from atalaya.evidence.from_runs import SMOKE_WORKFLOW
from atalaya.harness.duties import NoneSeen, PackDuty, PromisesKept
from atalaya.metrics.definitions import evidence_of
from atalaya.metrics.stats.flakiness import clean_runs_to_prove
from atalaya.metrics.window_query import OUR_WORKFLOWS, may_be_ci
from atalaya.records.judged import Checkpoint, Duty, DutyState, IncidentFollowUp, Metric, State
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Evidence,
    JobAttempt,
    Observation,
    Outcome,
    Release,
    Signature,
    TestAttempt,
)
from atalaya.watch.window import in_window

LOST = (Conclusion.FAILURE, Conclusion.TIMED_OUT)
DECIDED = (Conclusion.SUCCESS, *LOST)
NOT_RUN = (Conclusion.SKIPPED, Conclusion.NEUTRAL)  # a job that its workflow left out makes no run red
FIRST_H = DAY_H  # the duties of T+0 are judged on so many hours
STEP = "smoke."  # what the attempts of a smoke's steps are called by

Found = tuple[DutyState, Text]
Made = TypeVar("Made", bound=Evidence)


class DutyInputs(NamedTuple):
    """What a duty may look at: only what belongs to the watch."""

    release: Release
    as_of: datetime
    observations: Sequence[Observation]
    jobs: Sequence[JobAttempt]
    steps: Sequence[TestAttempt]  # of smokes
    metrics: Mapping[str, Metric]
    metrics_then: Mapping[str, Metric]  # as they were at the duty's checkpoint
    about: Sequence[str]  # the metrics that the duty is about
    workflows: Sequence[str]
    same_tree: frozenset[str]  # the commits that hold the released SDK


class DutySpec(NamedTuple):
    """One line of the runbook."""

    id: str
    hours: int
    says: str
    look: Callable[[DutyInputs], Found]
    blocked_by: tuple[str, ...] = ()  # beside the metrics that it is about: see :mod:`atalaya.metrics.definitions`


def checkpoints(
    release: Release,
    *,
    as_of: datetime,
    observations: Sequence[Observation],
    jobs: Sequence[JobAttempt],
    metrics: Sequence[Metric],
    metrics_at: Mapping[int, Sequence[Metric]] | None = None,
    duties: Sequence[PackDuty] = (),
    workflows: Sequence[str] | None = None,
    signatures: Mapping[tuple[int, str], Signature] | None = None,
    tests: Sequence[TestAttempt] = (),
    same_tree: frozenset[str] = frozenset(),
    followed: Sequence[IncidentFollowUp] = (),
) -> tuple[Checkpoint, ...]:
    """The four checkpoints, each duty with its state and its evidence as of one instant.

    :param metrics_at: the metrics as they were at each checkpoint that has passed. Where they are not known,
        those of now stand for them.
    :param duties: those of the check pack, beside those of every SDK.
    :param signatures: what people signed, by checkpoint and duty.
    :param workflows: the workflows of CI, the first of which is the main pipeline; the settings' default where left
        out.
    :param tests: the attempts of tests, those of the smoke's steps among them.
    :param same_tree: the commits that hold the same SDK as the released one.
    :param followed: the incidents that are not over, and what shows that their fixes hold.
    """
    metrics_at = metrics_at or {}
    now = {metric.id: metric for metric in metrics}
    known = DutyInputs(
        release=release,
        as_of=as_of,
        observations=[seen for seen in observations if in_window(seen, release, as_of)],
        jobs=[job for job in jobs if in_window(job, release, as_of)],
        steps=[one for one in tests if one.test.startswith(STEP) and in_window(one, release, as_of)],
        metrics=now,
        metrics_then=now,
        about=(),
        workflows=tuple(CiSettings().workflows if workflows is None else workflows),
        same_tree=same_tree,
    )
    points = []
    for hours in CHECKPOINTS_H:
        then = {metric.id: metric for metric in metrics_at.get(hours, metrics)}
        at = due_at(release, hours)
        of_point = [
            _duty(
                asked,
                known._replace(metrics_then=then, about=evidence_of(asked.id)),
                is_due=at <= as_of,
                signed=(signatures or {}).get((hours, asked.id)),
                hindered=[one for one in followed if asked.id in one.blocks and not one.shown],
            )
            for asked in duties_of(duties)
            if asked.hours == hours
        ]
        points.append(Checkpoint(hours=hours, title=TITLES[hours], due_at=at, duties=tuple(of_point)))
    return tuple(points)


def _duty(
    asked: DutySpec, known: DutyInputs, *, is_due: bool, signed: Signature | None, hindered: Sequence[IncidentFollowUp]
) -> Duty:
    state, evidence = asked.look(known)
    if hindered and state is DutyState.MET:
        first = max(hindered, key=lambda one: one.fails_still)
        state = DutyState.FAILED if first.fails_still else DutyState.MISSING
        evidence = _unproven(first, evidence)
    if signed is not None and state is DutyState.PERSON_SIGNS:
        state = DutyState.SIGNED
        evidence = text(
            "{by} signed it on {at}. {note} {evidence}",
            by=Prose(words=signed.by),
            at=signed.occurred_at,
            note=Prose(words=signed.note),
            evidence=evidence,
        )
    if not is_due and state is not DutyState.NOT_APPLICABLE:
        state, evidence = DutyState.NOT_YET_DUE, text("So far: {evidence}", evidence=evidence)
    blocked_by = (*known.about, *asked.blocked_by)
    return Duty(id=asked.id, says=Text(template=asked.says), state=state, evidence=evidence, blocked_by=blocked_by)


def _unproven(one: IncidentFollowUp, evidence: Text) -> Text:
    """Why a duty that would be met is not: an incident stands in its way until its fix is shown."""
    if one.runs_needed is None:
        return text(
            "{incident} stands in its way until its fix is shown: {proof} Beside it: {evidence}",
            incident=one.incident,
            proof=one.proof,
            evidence=evidence,
        )
    return text(
        "{incident} stands in its way until its fix is shown. Further clean runs that it takes: {n}. {proof} Beside "
        "it: {evidence}",
        incident=one.incident,
        n=one.runs_needed,
        proof=one.proof,
        evidence=evidence,
    )


# ── which evidence ───────────────────────────────────────────────────────────


def _timely(records: Sequence[Made], release: Release, *, by_h: int, after_h: int = 0) -> tuple[list[Made], bool]:
    """What happened by T+``by_h``, or where nothing had, what came later; oldest first.

    The second value says that it came late. At ``after_h`` itself nothing counts yet, but for T+0.
    """
    ordered = sorted(records, key=lambda record: (record.occurred_at, record.recorded_at, record.run_id))
    start, end = due_at(release, after_h), due_at(release, by_h)
    fresh = [record for record in ordered if record.occurred_at > start or after_h == 0]
    in_time = [record for record in fresh if record.occurred_at <= end]
    return (in_time, False) if in_time else (fresh, bool(fresh))


def _mended(ordered: Sequence[Made], well: Callable[[Made], bool]) -> Found | None:
    """What failed and has ended well since, which meets a duty late; None where its latest run failed.

    As many clean runs are needed as reject, at 95 %, that it fails as often as before: of one that failed each time,
    one; of one that failed once in twenty, 59.

    :param ordered: its decided runs, oldest first, with one at the least that failed.
    """
    last_bad = max(number for number, one in enumerate(ordered) if not well(one))
    before, since = ordered[: last_bad + 1], ordered[last_bad + 1 :]
    if not since:
        return None
    bad = sum(not well(one) for one in before)
    needed = clean_runs_to_prove(bad / len(before)) or 1
    at, later = before[-1].occurred_at, since[-1].occurred_at
    if len(since) >= needed:
        return DutyState.MET, text("It failed on {at}, and ended well on {later}.", at=at, later=later)
    return DutyState.MISSING, text(
        "It failed on {at}, in {bad} of {n} runs until then, and has ended well since. Further clean runs that it "
        "takes to show that it is mended: {needed}.",
        at=at,
        bad=bad,
        n=len(before),
        needed=needed - len(since),
    )


def _late(found: Found, late: bool) -> Found:
    state, evidence = found
    return (state, text("{evidence} It came after the checkpoint.", evidence=evidence)) if late else found


# ── duties met by evidence ───────────────────────────────────────────────────


def _pipeline(known: DutyInputs) -> Found:
    """One run of the main pipeline in which each job ended well at its last attempt; open until T+24."""
    pipeline = [name for name in known.workflows if name not in OUR_WORKFLOWS][:1]
    runs: dict[str, list[JobAttempt]] = {}
    for job in known.jobs:
        if _is_ci(job, known) and (job.workflow in pipeline or not pipeline) and job.conclusion not in NOT_RUN:
            runs.setdefault(f"{job.workflow} {job.run_id}", []).append(job)
    ends = sorted((_Ended.of(jobs) for jobs in runs.values()), key=lambda run: (run.at, run.run_id))
    open_until = due_at(known.release, FIRST_H)
    green = next((run for run in ends if not run.red and not run.undecided), None)
    if green is not None:
        met = text("Every job of the run {run} ended well: all {n}.", run=green.run_id, n=green.jobs)
        return _late((DutyState.MET, met), green.at > open_until)
    decided = [run for run in ends if run.red or run.well]
    if not decided:
        name = ", ".join(pipeline) or text("CI")
        return DutyState.MISSING, text("No job of {workflows} has been taken in since T+0.", workflows=name)
    last = decided[-1]
    found = text(
        "No run of it ended well in every job. In the latest, {run}, {well} of {n} did; the first that did not is "
        "{job}.",
        run=last.run_id,
        well=last.well,
        n=last.jobs,
        job=(last.red or last.undecided)[0],
    )
    if known.as_of < open_until:
        return DutyState.MISSING, text("{found} It is open until {at}.", found=found, at=open_until)
    # What was cancelled has not failed, and is no green run either.
    return (DutyState.FAILED if any(run.red for run in decided) else DutyState.MISSING), found


class _Ended(NamedTuple):
    """How the jobs of one run ended, each at its last attempt; the names of those that did not end well."""

    run_id: str
    at: datetime
    jobs: int
    well: int
    red: list[str]
    undecided: list[str]

    @classmethod
    def of(cls, jobs: Sequence[JobAttempt]) -> _Ended:
        # Where two sources tell of one attempt, a failure stands over a success, and a job's own files over CI.
        ordered = sorted(
            jobs, key=lambda job: (job.attempt, job.conclusion in LOST, job.reported is not None, job.occurred_at)
        )
        last = list({(job.job, job.variant): job for job in ordered}.values())
        red = [_name(job) for job in last if job.conclusion in LOST]
        undecided = [_name(job) for job in last if job.conclusion not in DECIDED]
        at = max(job.occurred_at for job in last)
        return cls(last[0].run_id, at, len(last), len(last) - len(red) - len(undecided), red, undecided)


def _name(job: JobAttempt) -> str:
    return ", ".join(part for part in (job.job, job.variant) if part)


def _is_ci(job: JobAttempt, known: DutyInputs) -> bool:
    """Whether a job is one of CI's that tested the released SDK."""
    listed = not known.workflows or job.workflow in known.workflows
    return listed and may_be_ci(job) and is_of(job.commit, known.release, known.same_tree)


def _smoke(known: DutyInputs, *, by_h: int, after_h: int = 0) -> Found:
    smokes = [
        job
        for job in known.jobs
        if job.conclusion in DECIDED
        and (job.workflow == SMOKE_WORKFLOW or (_is_ci(job, known) and "smoke" in job.workflow))
    ]
    runs, late = _timely(smokes, known.release, by_h=by_h, after_h=after_h)
    if not runs:
        return DutyState.MISSING, text("No smoke has run since T+{hours}.", hours=after_h)
    last = runs[-1]
    if last.conclusion in LOST:
        ordered = sorted(smokes, key=lambda job: (job.occurred_at, job.attempt))
        mended = _mended(ordered, lambda job: job.conclusion is Conclusion.SUCCESS)
        return mended or _late((DutyState.FAILED, text("The smoke of {at} failed.", at=last.occurred_at)), late)
    return _late((DutyState.MET, text("The smoke of {at} ended well.", at=last.occurred_at)), late)


def _first_smoke(known: DutyInputs) -> Found:
    return _smoke(known, by_h=FIRST_H)


def _second_smoke(known: DutyInputs) -> Found:
    return _smoke(known, by_h=T48, after_h=T24)


def _promise(known: DutyInputs, promise: str, *, by_h: int) -> Found:
    ordered = sorted((one for one in known.observations if one.promise == promise), key=lambda one: one.occurred_at)
    seen, late = _timely(ordered, known.release, by_h=by_h)
    if not seen:
        return DutyState.MISSING, text("{promise} has not been checked.", promise=promise)
    last = seen[-1]
    decided = [one for one in ordered if one.outcome in (Outcome.KEPT, Outcome.BROKEN)]
    if decided and decided[-1].outcome is Outcome.BROKEN:
        at = decided[-1].occurred_at
        return _late((DutyState.FAILED, text("{promise} was broken on {at}.", promise=promise, at=at)), late)
    match last.outcome:
        case Outcome.KEPT:
            found = DutyState.MET, text("{promise} was kept on {at}.", promise=promise, at=last.occurred_at)
        case Outcome.BROKEN:
            found = _mended(decided, lambda one: one.outcome is Outcome.KEPT) or (
                DutyState.FAILED,
                text("{promise} was broken on {at}.", promise=promise, at=last.occurred_at),
            )
        case Outcome.NOT_APPLICABLE:
            found = (
                DutyState.MISSING,
                text(
                    "{promise} does not apply: this SDK lacks what it is about, so nothing confirms it.",
                    promise=promise,
                ),
            )
        case _:
            found = (
                DutyState.MISSING,
                text("The check of {promise} could not tell on {at}.", promise=promise, at=last.occurred_at),
            )
    return _late(found, late)


def _promises(known: DutyInputs, asked: PromisesKept) -> Found:
    """All promises of a duty, and what smokes saw that bears on it: they meet no duty, and may fail one."""
    found = _all_of(_promise(known, promise, by_h=asked.by_h) for promise in asked.promises)
    spoiled = [*_failed_steps(known, asked), *_failing_metrics(known, asked)]
    return _all_of((*spoiled, found)) if spoiled else found


def _failed_steps(known: DutyInputs, asked: PromisesKept) -> Iterator[Found]:
    """The steps of smokes that bear on a duty and failed when they were last tried."""
    for step in asked.smoke_steps:
        tried = [one for one in known.steps if one.test == f"{STEP}{step}"]
        last = max(tried, key=lambda one: (one.occurred_at, one.attempt), default=None)
        if last is not None and last.outcome in (CaseOutcome.FAILED, CaseOutcome.ERRORED):
            yield (
                DutyState.FAILED,
                text(
                    "The smoke's step {step} failed on {at}: {why}.", step=step, at=last.occurred_at, why=last.message
                ),
            )


def _failing_metrics(known: DutyInputs, asked: PromisesKept) -> Iterator[Found]:
    """The counts of events that bear on a duty and are over their limit, or not yet shown to be mended."""
    for id in asked.metrics:
        now = known.metrics.get(id)
        events = now.k or 0 if now is not None else 0
        if now is None or now.state in (State.MEETS, State.PROVEN, State.NOT_APPLICABLE):
            continue
        if now.state is State.FAIL:
            yield DutyState.FAILED, _figure_now(now)
        elif events or now.before_fix.events:
            yield DutyState.MISSING, _figure_now(now)


def _figure_now(metric: Metric) -> Text:
    return text("{metric}, {state}: {reason}", metric=metric.id, state=metric.state, reason=metric.reason)


def _all_of(found: Iterable[Found]) -> Found:
    """Several as one: the worst gives the state, and all are shown."""
    worst_first = (DutyState.FAILED, DutyState.MISSING, DutyState.PERSON_SIGNS, DutyState.MET, DutyState.NOT_APPLICABLE)

    def both(one: Found, other: Found) -> Found:
        state = min(one[0], other[0], key=worst_first.index)
        return state, text("{first} {second}", first=one[1], second=other[1])

    return reduce(both, found)


# ── duties about metrics ─────────────────────────────────────────────────────


def _metric(known: DutyInputs, id: str) -> tuple[Metric | None, bool]:
    """The metric as it was at the checkpoint; where it was unknown then, as it is now. And whether it came late."""
    then, now = known.metrics_then.get(id), known.metrics.get(id)
    if then is not None and then.state is not State.UNKNOWN:
        return then, False
    late = now is not None and now.state is not State.UNKNOWN
    return now, late


def _is_fed(known: DutyInputs, id: str) -> bool:
    """Whether the check pack could show anything of a metric."""
    now = known.metrics.get(id)
    return now is None or now.state is not State.NOT_APPLICABLE


def _figure(known: DutyInputs, id: str) -> Text:
    metric, late = _metric(known, id)
    if metric is None:
        return text("{metric}: not measured.", metric=id)
    said = text("{metric}, {state}: {figure}", metric=id, state=metric.state, figure=metric.text)
    return text("{evidence} It came after the checkpoint.", evidence=said) if late else said


def _none_seen(known: DutyInputs, asked: NoneSeen) -> Found:
    metric, _ = _metric(known, asked.metric)
    figure = _figure(known, asked.metric)
    if not _is_fed(known, asked.metric):
        return DutyState.NOT_APPLICABLE, figure
    if metric is None or metric.state is State.UNKNOWN:
        return DutyState.MISSING, figure
    unproven = metric.state is State.INCONCLUSIVE and bool(metric.k or metric.before_fix.events)
    if metric.state is not State.FAIL and not unproven:
        return DutyState.MET, figure
    now = known.metrics.get(asked.metric)
    if now is not None and now.state is State.INCONCLUSIVE:
        return DutyState.MISSING, text("{figure} A fix is not shown yet: {reason}", figure=figure, reason=now.reason)
    if now is None or now.state not in (State.MEETS, State.PROVEN):
        return DutyState.FAILED, figure
    return DutyState.MET, text("{figure} A fix has been shown since: {reason}", figure=figure, reason=now.reason)


def _measured(known: DutyInputs) -> Found:
    """Measuring is the duty; what the figure says is judged as a metric."""

    def found(id: str) -> Found:
        metric, _ = _metric(known, id)
        unknown = metric is None or metric.state is State.UNKNOWN
        return (DutyState.MISSING if unknown else DutyState.MET), _figure(known, id)

    return _all_of(map(found, known.about))


def _consolidated(known: DutyInputs) -> Found:
    unknown = [id for id, metric in known.metrics.items() if metric.state is State.UNKNOWN]
    if unknown or not known.metrics:
        return DutyState.MISSING, text("Metrics that are unknown: {metrics}.", metrics=", ".join(unknown) or "-")
    fed = [id for id in known.metrics if _is_fed(known, id)]
    return DutyState.MET, text("Metrics that are known: all {n}.", n=len(fed))


def _reviewed(known: DutyInputs) -> Found:
    def found(id: str) -> Found:
        return (DutyState.PERSON_SIGNS if _is_fed(known, id) else DutyState.NOT_APPLICABLE), _figure(known, id)

    return _all_of(map(found, known.about))


def _incidents(known: DutyInputs) -> Found:
    return DutyState.PERSON_SIGNS, text("The table of incidents is on this release's page.")


def _backlog(known: DutyInputs) -> Found:
    return DutyState.PERSON_SIGNS, text("The backlog is on this release's page, the most pressing item first.")


TITLES: dict[int, Text] = {
    T0: text("T+0: release and first validation"),
    T24: text("T+24: first productive cycle"),
    T48: text("T+48: stability half-way"),
    T72: text("T+72: end of the stabilisation"),
}

DUTIES: tuple[DutySpec, ...] = (
    DutySpec("pipeline-green", T0, N_("See that the SDK's main pipeline is green"), _pipeline),
    DutySpec("smoke", T0, N_("Run the smoke after the release"), _first_smoke),
    DutySpec("review-pass-rate", T24, N_("Review CI's pass rate so far"), _reviewed),
    DutySpec("review-network", T24, N_("Review network errors and the first polling timeouts"), _reviewed),
    DutySpec("flaky-trend", T48, N_("Measure how flaky the tests are"), _measured),
    DutySpec("smoke-repeated", T48, N_("Run the smoke again"), _second_smoke),
    DutySpec("consolidate-metrics", T72, N_("Consolidate the final metrics"), _consolidated),
    DutySpec("incidents-updated", T72, N_("Close or update the incidents"), _incidents),
    DutySpec("backlog-published", T72, N_("Publish the backlog in its order"), _backlog),
)


def duties_of(added: Sequence[PackDuty]) -> tuple[DutySpec, ...]:
    """The duties of every SDK with those of a check pack, in the order of their checkpoints."""
    ours = (DutySpec(one.id, one.hours, one.says, _met_by(one.met_by), one.blocked_by) for one in added)
    return tuple(sorted((*DUTIES, *ours), key=lambda asked: asked.hours))


def _met_by(asked: PromisesKept | NoneSeen) -> Callable[[DutyInputs], Found]:
    match asked:
        case PromisesKept():
            return lambda known: _promises(known, asked)
        case NoneSeen():
            return lambda known: _none_seen(known, asked)


# The duties that are a person's word.
SIGNABLE = tuple(asked.id for asked in DUTIES if asked.look in (_reviewed, _incidents, _backlog))
