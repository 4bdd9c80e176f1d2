"""The duties of each checkpoint in the runbook, and whether there is evidence for them.

:data:`DUTIES` are those of every SDK; a check pack adds its own. A duty is judged on what happened by its checkpoint,
so that one which has passed does not change; where nothing had happened by then, on what came later, and the words
say so. The duties of T+0 are judged on the first 24 hours in this way, since nothing can have happened at T+0 itself.
"Review" is for a person: the figure is shown, and the person signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import NamedTuple, TypeVar

from atalaya.core.settings import CiSettings
from atalaya.core.window import CHECKPOINTS_H, DAY_H, T0, T24, T48, T72, due_at
from atalaya.core.words import N_, Text, text
from atalaya.evidence.from_runs import CHECKS_WORKFLOW, SMOKE_WORKFLOW
from atalaya.harness.duties import NoneSeen, PackDuty, PromisesKept
from atalaya.metrics.definitions import evidence_of
from atalaya.records.judged import Checkpoint, Duty, DutyState, Metric, State
from atalaya.records.stored import Conclusion, Evidence, JobAttempt, Observation, Outcome, Release, Signature
from atalaya.watch.window import in_window

LOST = (Conclusion.FAILURE, Conclusion.TIMED_OUT)
DECIDED = (Conclusion.SUCCESS, *LOST)
FIRST_H = DAY_H  # the duties of T+0 are judged on so many hours

Found = tuple[DutyState, Text]
Made = TypeVar("Made", bound=Evidence)


class DutyInputs(NamedTuple):
    """What a duty may look at: only what belongs to the watch."""

    release: Release
    observations: Sequence[Observation]
    jobs: Sequence[JobAttempt]
    metrics: Mapping[str, Metric]
    metrics_then: Mapping[str, Metric]  # as they were at the duty's checkpoint
    about: Sequence[str]  # the metrics that the duty is about
    workflows: Sequence[str]


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
) -> tuple[Checkpoint, ...]:
    """The four checkpoints, each duty with its state and its evidence as of one instant.

    :param metrics_at: the metrics as they were at each checkpoint that has passed. Where they are not known,
        those of now stand for them.
    :param duties: those of the check pack, beside those of every SDK.
    :param signatures: what people signed, by checkpoint and duty.
    :param workflows: the workflows of CI that are the main pipeline; the settings' default where left out.
    """
    metrics_at = metrics_at or {}
    now = {metric.id: metric for metric in metrics}
    known = DutyInputs(
        release=release,
        observations=[seen for seen in observations if in_window(seen, release, as_of)],
        jobs=[job for job in jobs if in_window(job, release, as_of)],
        metrics=now,
        metrics_then=now,
        about=(),
        workflows=tuple(CiSettings().workflows if workflows is None else workflows),
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
            )
            for asked in duties_of(duties)
            if asked.hours == hours
        ]
        points.append(Checkpoint(hours=hours, title=TITLES[hours], due_at=at, duties=tuple(of_point)))
    return tuple(points)


def _duty(asked: DutySpec, known: DutyInputs, *, is_due: bool, signed: Signature | None) -> Duty:
    state, evidence = asked.look(known)
    if signed is not None and state is DutyState.PERSON_SIGNS:
        state = DutyState.SIGNED
        evidence = text(
            "{by} signed it on {at}. {note} {evidence}",
            by=signed.by,
            at=signed.occurred_at,
            note=signed.note,
            evidence=evidence,
        )
    if not is_due and state is not DutyState.NOT_APPLICABLE:
        state, evidence = DutyState.NOT_YET_DUE, text("So far: {evidence}", evidence=evidence)
    blocked_by = (*known.about, *asked.blocked_by)
    return Duty(id=asked.id, says=Text(template=asked.says), state=state, evidence=evidence, blocked_by=blocked_by)


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


def _mended(at: datetime, after: Sequence[Made], well: Callable[[Made], bool]) -> Found | None:
    """What failed at its checkpoint and ended well after it, which meets the duty: it can be done late."""
    later = [record for record in after if record.occurred_at > at]
    if not later or not well(later[-1]):
        return None
    return DutyState.MET, text("It failed on {at}, and ended well on {later}.", at=at, later=later[-1].occurred_at)


def _late(found: Found, late: bool) -> Found:
    state, evidence = found
    return (state, text("{evidence} It came after the checkpoint.", evidence=evidence)) if late else found


# ── duties met by evidence ───────────────────────────────────────────────────


def _pipeline(known: DutyInputs) -> Found:
    """The latest decided attempt of each job of the pipeline. In a rehearsal, the checks stand for it."""
    workflows = (CHECKS_WORKFLOW,) if known.release.rehearsal else known.workflows
    decided = [
        job
        for job in known.jobs
        if job.workflow in workflows and job.conclusion in DECIDED and _of_release(job, known.release)
    ]
    jobs, late = _timely(decided, known.release, by_h=FIRST_H)
    if not jobs:
        return DutyState.MISSING, text(
            "No job of {workflows} has been taken in since T+0.", workflows=", ".join(workflows)
        )
    latest = _ends(jobs)
    lost = [job for job in latest.values() if job.conclusion in LOST]
    now = _ends(decided)
    since = [job for job in lost if now[job.workflow, job.job, job.variant].conclusion not in LOST]
    if lost and len(since) == len(lost):
        found = (
            DutyState.MET,
            text(
                "Jobs that did not end well at first: {lost} of {n}. Each has ended well since; the first is {job}.",
                lost=len(lost),
                n=len(latest),
                job=lost[0].job,
            ),
        )
    elif lost:
        found = (
            DutyState.FAILED,
            text(
                "Jobs that did not end well in their latest run: {lost} of {n}; the first is {job}.",
                lost=len(lost),
                n=len(latest),
                job=lost[0].job,
            ),
        )
    else:
        found = DutyState.MET, text("Jobs that ended well in their latest run: all {n}.", n=len(latest))
    return _late(found, late)


def _ends(jobs: Sequence[JobAttempt]) -> dict[tuple[str, str, str], JobAttempt]:
    """The latest attempt of each job and variant."""
    ordered = sorted(jobs, key=lambda job: (job.occurred_at, job.attempt))
    return {(job.workflow, job.job, job.variant): job for job in ordered}


def _of_release(job: JobAttempt, release: Release) -> bool:
    ours = job.workflow in (CHECKS_WORKFLOW, SMOKE_WORKFLOW)
    # Either may be cut short, as people write them.
    theirs, released = job.commit.lower(), release.commit.lower()
    alike = theirs.startswith(released) or released.startswith(theirs)
    return ours or not release.commit or not job.commit or alike


def _smoke(known: DutyInputs, *, by_h: int, after_h: int = 0) -> Found:
    smokes = [
        job
        for job in known.jobs
        if job.conclusion in DECIDED
        and (job.workflow == SMOKE_WORKFLOW or (job.workflow in known.workflows and "smoke" in job.workflow))
    ]
    runs, late = _timely(smokes, known.release, by_h=by_h, after_h=after_h)
    if not runs:
        return DutyState.MISSING, text("No smoke has run since T+{hours}.", hours=after_h)
    last = runs[-1]
    if last.conclusion in LOST:
        ordered = sorted(smokes, key=lambda job: job.occurred_at)
        mended = _mended(last.occurred_at, ordered, lambda job: job.conclusion is Conclusion.SUCCESS)
        return mended or _late((DutyState.FAILED, text("The smoke of {at} failed.", at=last.occurred_at)), late)
    return _late((DutyState.MET, text("The smoke of {at} ended well.", at=last.occurred_at)), late)


def _first_smoke(known: DutyInputs) -> Found:
    return _smoke(known, by_h=FIRST_H)


def _second_smoke(known: DutyInputs) -> Found:
    return _smoke(known, by_h=T48, after_h=T24)


def _promise(known: DutyInputs, promise: str, *, by_h: int) -> Found:
    seen, late = _timely([seen for seen in known.observations if seen.promise == promise], known.release, by_h=by_h)
    if not seen:
        return DutyState.MISSING, text("{promise} has not been checked.", promise=promise)
    last = seen[-1]
    match last.outcome:
        case Outcome.KEPT:
            found = DutyState.MET, text("{promise} was kept on {at}.", promise=promise, at=last.occurred_at)
        case Outcome.BROKEN:
            ordered = sorted(
                (one for one in known.observations if one.promise == promise), key=lambda one: one.occurred_at
            )
            mended = _mended(last.occurred_at, ordered, lambda one: one.outcome is Outcome.KEPT)
            found = mended or (
                DutyState.FAILED,
                text("{promise} was broken on {at}.", promise=promise, at=last.occurred_at),
            )
        case Outcome.NOT_APPLICABLE:
            found = (DutyState.MET, text("{promise} does not apply: this SDK lacks what it is about.", promise=promise))
        case _:
            found = (
                DutyState.MISSING,
                text("The check of {promise} could not tell on {at}.", promise=promise, at=last.occurred_at),
            )
    return _late(found, late)


def _promises(known: DutyInputs, asked: PromisesKept) -> Found:
    """All promises of a duty."""
    return _all_of(_promise(known, promise, by_h=asked.by_h) for promise in asked.promises)


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
    if metric.state is not State.FAIL:
        return DutyState.MET, figure
    now = known.metrics.get(asked.metric)
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
