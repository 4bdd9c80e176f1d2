"""Tests whether the evidence since a fix shows that the fix works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from atalaya.core.words import Text, text
from atalaya.evidence.from_runs import SMOKE_WORKFLOW
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.event_counts import clean_runs_needed
from atalaya.records.judged import ArtefactFinding, BrokenTest, HealthSign, IncidentFollowUp, Metric, SeenRun, State
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Event,
    IncidentStep,
    JobAttempt,
    Observation,
    Outcome,
    TestAttempt,
)
from atalaya.watch.incidents.fingerprint import cause_of_finding, cause_of_sign, cause_of_test
from atalaya.watch.incidents.occurrences import DECIDED, LOST, Causes, Looked, causes_of, occurrences
from atalaya.watch.states import FIXED, RESOLVED

BEARS_WITHIN = timedelta(hours=24)  # how long before an incident was opened a smoke may have failed for its cause


class Proof(NamedTuple):
    """Whether a fix is shown, in words, and how many further clean runs it takes; None where runs do not tell.

    ``fails`` says that more than the proof is missing: what the fix was for is there still, or again. Where nothing is
    ``measured`` that could show it, it is a person's word.
    """

    shown: bool
    says: Text
    runs_needed: int | None = None
    fails: bool = False
    measured: bool = True


class Runs(NamedTuple):
    """The runs that something may have been sick in: of the checks, of the smoke, and of what tells of health."""

    observations: Sequence[Observation]
    smokes: Sequence[SeenRun]
    health: Sequence[HealthSign]

    def broken(self, one: IncidentStep) -> list[Observation]:
        """The observations of the promises that an incident broke."""
        causes = causes_of(one, ())
        return [seen for seen in self.observations if causes.has_broken(seen)]


def landed_at(incident: str, transitions: Sequence[IncidentStep]) -> datetime | None:
    """When the fix of an incident landed; None while there is none, or where it came back."""
    at: datetime | None = None
    for one in transitions:
        if one.incident == incident:
            at = (at or one.occurred_at) if one.state in FIXED else None
    return at


def follow(
    transitions: Sequence[IncidentStep],
    *,
    observations: Sequence[Observation],
    events: Sequence[Event],
    metrics: Sequence[Metric],
    published: Sequence[ArtefactFinding] = (),
    jobs: Sequence[JobAttempt] = (),
    broken_tests: Sequence[BrokenTest] = (),
    health: Sequence[HealthSign] = (),
    tests: Sequence[TestAttempt] = (),
    ended: Mapping[str, int] | None = None,
) -> tuple[IncidentFollowUp, ...]:
    """How often each incident was seen, and whether what came since its fix shows that it holds.

    :param observations: those that count, oldest first.
    :param events: those that count, unexpected ones only.
    :param published: what is, or was, wrong with what is served.
    :param jobs: those that count; the smokes among them show the fix of what a smoke saw.
    :param broken_tests: those that are broken now.
    :param health: the signs of health, with the runs that could have shown them.
    :param tests: the attempts of tests that failed.
    :param ended: how many attempts passed or failed, by the test.
    """
    runs = Runs(observations, _smokes(jobs), health)
    latest = {one.incident: one for one in transitions}
    by_id = {metric.id: metric for metric in metrics}
    looked = Looked(observations, events, tests, jobs, health, published, by_id, ended or {})
    return tuple(
        _followed(one, causes_of(one, transitions), landed_at(one.incident, transitions), runs, looked, broken_tests)
        for one in latest.values()
    )


def not_shown(
    transitions: Sequence[IncidentStep],
    observations: Sequence[Observation],
    jobs: Sequence[JobAttempt] = (),
    metrics: Sequence[Metric] = (),
    health: Sequence[HealthSign] = (),
) -> dict[str, Text]:
    """The incidents that somebody called resolved with too few clean runs, and what is missing.

    Neither what there was at that instant nor what there is now shows it. A metric's incidents are not here: where its
    fix is not shown, the metric itself says so; but where it had counted nothing before the fix, the smokes tell.
    """
    runs = Runs(observations, _smokes(jobs), health)
    told_by_metric = {metric.id for metric in metrics if metric.fix_runs_needed is not None}
    found = {}
    for one in {one.incident: one for one in transitions}.values():
        if one.state != RESOLVED or one.metric in told_by_metric:
            continue
        landed = landed_at(one.incident, transitions)
        sick = _sick(one, runs, landed)
        then = {what: [run for run in of_kind if run.at <= one.occurred_at] for what, of_kind in sick.items()}
        proof = _by_runs(sick, landed)
        if sick and not proof.shown and not _by_runs(then, landed).shown:
            found[one.incident] = proof.says
    return found


def _followed(
    one: IncidentStep,
    causes: Causes,
    landed: datetime | None,
    runs: Runs,
    looked: Looked,
    broken_tests: Sequence[BrokenTest],
) -> IncidentFollowUp:
    broken, seen = runs.broken(one), occurrences(causes, looked)
    hurt = [event for event in looked.events if causes.has_event(event)]
    sick = _sick(one, runs, landed)
    failing = [test for test in broken_tests if cause_of_test(test) in one.fingerprints]
    if failing:
        proof = Proof(False, failing[0].reason, fails=True)
    elif one.metric in looked.metrics:
        proof = _by_metric(looked.metrics[one.metric], sick, landed)
    elif sick:
        proof = _by_runs(sick, landed)
    elif one.rule.startswith("artefact-"):
        wrong = [
            found for found in looked.published if found.gone_at is None and cause_of_finding(found) in one.fingerprints
        ]
        served = wrong[0].says if wrong else text("What is served now is not wrong in this way any more.")
        proof = Proof(not wrong, served, fails=bool(wrong))
    elif one.rule == "test-broken":
        proof = Proof(True, text("It passed since: its last attempts did not all fail."))
    else:
        proof = Proof(True, text("Nothing that is measured can show it: it is a person's word."), measured=False)
    return IncidentFollowUp(
        incident=one.incident,
        rule=one.rule,
        fingerprints=one.fingerprints,
        blocks=one.blocks,
        shows=one.shows,
        seen=len(seen.times),
        seen_at=seen.times,
        first_at=seen.times[0] if seen.times else None,
        last_at=seen.times[-1] if seen.times else None,
        counts=seen.counts,
        landed_at=landed,
        promises=tuple(sorted({each.promise for each in broken})),
        shown=proof.shown and landed is not None and not any(each.occurred_at > landed for each in broken),
        measured=proof.measured,
        fails_still=landed is None or proof.fails or any(each.occurred_at > landed for each in (*broken, *hurt)),
        proof=proof.says,
        runs_needed=None if landed is None else proof.runs_needed,
    )


def _smokes(jobs: Sequence[JobAttempt]) -> list[SeenRun]:
    """The smokes that ended, each attempt once, oldest first."""
    ended: dict[tuple[str, int], SeenRun] = {}
    for job in jobs:
        if job.workflow != SMOKE_WORKFLOW or job.environment is Environment.SERVICE:
            continue  # a real service is shown beside, and decides nothing
        if job.conclusion in (Conclusion.SUCCESS, *LOST):
            before = ended.get((job.run_id, job.attempt), SeenRun(job.occurred_at, True))
            ended[job.run_id, job.attempt] = SeenRun(before.at, before.well and job.conclusion is Conclusion.SUCCESS)
    return sorted(ended.values())


def _sick(one: IncidentStep, runs: Runs, landed: datetime | None) -> dict[str, list[SeenRun]]:
    """The runs of each kind that an incident was sick in, by its name: promises that it broke, or else the smokes.

    Of a sign of health they are the runs that could have shown it.

    A smoke bears on an incident that no promise and no event stands for, if one failed while it was open or shortly
    before: it is all that saw it.
    """
    broken = sorted({seen.promise for seen in runs.broken(one)})
    if broken:
        return {
            promise: [
                SeenRun(seen.occurred_at, seen.outcome is Outcome.KEPT)
                for seen in runs.observations
                if seen.promise == promise and seen.outcome in DECIDED
            ]
            for promise in broken
        }
    if signs := [sign for sign in runs.health if cause_of_sign(sign) in one.fingerprints]:
        return {" ".join(filter(None, (sign.id, sign.about))): list(sign.runs) for sign in signs}
    it = METRICS.get(one.metric)
    of_another_metric = it is not None and it.events is None
    if one.fingerprints or one.rule or of_another_metric or landed is None:
        return {}
    bears = any(not run.well and one.opened_at - BEARS_WITHIN <= run.at <= landed for run in runs.smokes)
    return {"smoke": list(runs.smokes)} if bears else {}


def _by_metric(metric: Metric, sick: Mapping[str, Sequence[SeenRun]], landed: datetime | None) -> Proof:
    """The metric itself counts what came since the fix; where it had counted nothing before it, the smokes tell."""
    if metric.fix_runs_needed is None and sick:
        return _by_runs(sick, landed)
    shown = metric.state in (State.MEETS, State.PROVEN)
    says = text("{metric}, {state}: {reason}", metric=metric.id, state=metric.state, reason=metric.reason)
    return Proof(shown, says, metric.fix_runs_needed, fails=metric.state is State.FAIL)


def _by_runs(sick: Mapping[str, Sequence[SeenRun]], landed: datetime | None) -> Proof:
    """Clean runs of each kind that was sick, enough to reject that the rate from before the fix is there.

    What is counted before the fix and since is counted alike, so that a fix is never shown by runs that could not have
    seen what was to be fixed.
    """
    if landed is None:
        return Proof(False, text("No fix has landed yet."))
    proofs = [_by_kind(what, runs, landed) for what, runs in sick.items()]
    if not proofs:
        return Proof(False, text("No run has tested it since."))
    worst = next((proof for proof in proofs if not proof.shown), proofs[0])
    needed = [proof.runs_needed for proof in proofs if proof.runs_needed is not None]
    return worst._replace(runs_needed=max(needed) if len(needed) == len(proofs) else None)


def _by_kind(what: str, runs: Sequence[SeenRun], landed: datetime) -> Proof:
    before = [run.well for run in runs if run.at <= landed]
    since = [run.well for run in runs if run.at > landed]
    bad, broken = before.count(False), since.count(False)
    needed = max(1, clean_runs_needed(bad, len(before)))
    clean = since.count(True)
    says = text(
        "{promise}, since the fix of {at}: {clean} clean runs of {needed} that are needed to reject at 95 % what "
        "was there before it, in {bad} of {n} runs; broken since: {broken}.",
        promise=what,
        at=landed,
        clean=clean,
        needed=needed,
        bad=bad,
        n=len(before),
        broken=broken,
    )
    return Proof(broken == 0 and clean >= needed, says, None if broken else max(0, needed - clean), fails=broken > 0)
