"""What can be said of a release, as of one instant?

Pure in time: the same evidence, settings and instant give the same judgement, whenever it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from checks.contracts.findings import WEAKNESSES
from checks.contracts.promises import PROMISES
from checks.evidence import ledger
from checks.evidence.ledger import Segment
from checks.metrics.coverage import coverage
from checks.metrics.measure import measure, measure_at_checkpoints
from checks.records import (
    CaseOutcome,
    Event,
    Evidence,
    Finding,
    JobAttempt,
    Judgement,
    Observation,
    Outcome,
    Promise,
    PromiseStatus,
    Proof,
    Reading,
    Release,
    RunContext,
    Severity,
    TestAttempt,
    Trace,
    text,
)
from checks.release.backlog import backlog
from checks.release.checkpoints import checkpoints
from checks.release.incidents import read_incidents
from checks.release.window import belongs, is_known
from checks.settings import Settings
from checks.verdict import Situation, judge

NOT_PASSED = (CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.UNKNOWN)
Kind = TypeVar("Kind", bound=Evidence)


def judge_release(folder: Path, release: Release, *, as_of: datetime | None, settings: Settings) -> Judgement:
    """Everything that the pages of a release are made from.

    :param as_of: the instant to judge as of; None means that of the newest record, or T+0 where there is none.
    :raises ReleaseError: a page that people edit is not what it should be.
    """
    evidence = folder / "evidence"
    found = ledger.survey(evidence)
    everything = [record for segment in found.segments for record in segment.records]
    as_of = as_of or max((record.recorded_at for record in everything), default=release.opened_at)
    records = [record for record in everything if belongs(record, release, as_of)]
    observations, jobs = _of(records, Observation), _of(records, JobAttempt)
    proofs = _of(records, Proof)
    statuses = tuple(_status(promise, observations, proofs) for promise in PROMISES)
    metrics = measure(evidence, release=release, as_of=as_of, settings=settings, damaged=found.damaged)
    metrics_at = measure_at_checkpoints(
        evidence, release=release, as_of=as_of, settings=settings, damaged=found.damaged
    )
    due = checkpoints(
        release, as_of=as_of, observations=observations, jobs=jobs, metrics=metrics, metrics_at=metrics_at,
        workflows=settings.ci.workflows,
    )  # fmt: skip
    watched = coverage(evidence, release=release, as_of=as_of, settings=settings, damaged=found.damaged)
    incidents = read_incidents(folder / "incidents")
    seeded, caught = _self_test(proofs)
    situation = Situation(
        release=release,
        as_of=as_of,
        settings=settings,
        metrics=metrics,
        metrics_at=metrics_at,
        checkpoints=due,
        coverage=watched,
        incidents=incidents,
        integrity_problems=tuple(text("{problem}", problem=problem) for problem in found.problems),
        broken_critical=tuple(
            status.promise.id
            for status in statuses
            if status.outcome is Outcome.BROKEN and status.promise.severity is Severity.CRITICAL
        ),
        defects_seeded=seeded,
        defects_caught=caught,
    )
    findings = _newest_findings(_of(records, Finding))
    return Judgement(
        release=release,
        as_of=as_of,
        verdict=judge(situation),
        metrics=metrics,
        checkpoints=due,
        coverage=watched,
        promises=statuses,
        findings=findings,
        incidents=incidents,
        backlog=backlog(statuses, metrics, findings, WEAKNESSES),
        segments=tuple(segment.info for segment in found.segments),
        # Every file that was taken in is listed, also one that tells of another time.
        readings=tuple(_of([one for one in everything if is_known(one, release, as_of)], Reading)),
        contexts=tuple(_of(records, RunContext)),
        traces=tuple(_traces(found.segments, release, as_of)),
        defects_seeded=seeded,
        defects_caught=caught,
    )


def _traces(segments: Sequence[Segment], release: Release, as_of: datetime) -> Iterator[Trace]:
    """What the figures rest on: every attempt of a job, every event, and the tests that did not pass."""
    for segment in segments:
        for record in segment.records:
            failed = isinstance(record, TestAttempt) and record.outcome in NOT_PASSED
            if (failed or isinstance(record, JobAttempt | Event)) and belongs(record, release, as_of):
                yield Trace(record=record, segment=segment.info.name)


def _of(records: Sequence[Evidence], kind: type[Kind]) -> list[Kind]:
    """The records of one kind, the newest last."""
    of_kind = [record for record in records if isinstance(record, kind)]
    return sorted(of_kind, key=lambda record: (record.occurred_at, record.run_id))


def _status(promise: Promise, observations: Sequence[Observation], proofs: Sequence[Proof]) -> PromiseStatus:
    seen = [observation for observation in observations if observation.promise == promise.id]
    counts = Counter(observation.outcome for observation in seen)
    last = seen[-1] if seen else None
    red_at = [proof.occurred_at for proof in proofs if promise.id in proof.caught_by]
    return PromiseStatus(
        promise=promise,
        outcome=last.outcome if last else Outcome.UNKNOWN,
        reason=last.reason if last else "",
        at=last.occurred_at if last else None,
        kept=counts[Outcome.KEPT],
        broken=counts[Outcome.BROKEN],
        unknown=counts[Outcome.UNKNOWN],
        last_seen_red_at=max(red_at, default=None),
        log=last.log if last else (),
        script=last.script if last else (),
    )


def _self_test(proofs: Sequence[Proof]) -> tuple[int, int]:
    """How many defects were seeded at the last self-test, and how many the promises that should caught."""
    newest = {proof.defect: proof for proof in proofs if not proof.canary}
    caught = [proof for proof in newest.values() if set(proof.expected) <= set(proof.caught_by)]
    return len(newest), len(caught)


def _newest_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    newest = {finding.weakness: finding for finding in findings}
    return tuple(newest[weakness.id] for weakness in WEAKNESSES if weakness.id in newest)
