"""Converts runs of the checks, the smoke and the self-test into evidence records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atalaya.records.results import CheckRun, Host, SmokeRun, Subject
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    Evidence,
    Finding,
    Health,
    JobAttempt,
    Metadata,
    Observation,
    Outcome,
    Proof,
    RunContext,
    TestAttempt,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.selftest.prove import Proven

PERIOD = "github/runs.json"  # the file of the reading that says whether a whole period was read
CHECKS_WORKFLOW = "atalaya-checks"
SMOKE_WORKFLOW = "atalaya-smoke"
SMOKE_JOB = "smoke"

# An outcome that is not here is no outcome of a test: nothing was decided.
AS_CASE = {Outcome.KEPT: CaseOutcome.PASSED, Outcome.BROKEN: CaseOutcome.FAILED}


def conclude(outcomes: Sequence[Outcome]) -> Conclusion:
    """How a run ended, from the outcomes in it: one broken fails it, and nothing kept is no success.

    >>> conclude([Outcome.KEPT, Outcome.UNKNOWN])
    <Conclusion.UNKNOWN: 'unknown'>
    >>> conclude([])
    <Conclusion.NOTHING_RAN: 'nothing-ran'>
    """
    if any(outcome is Outcome.BROKEN for outcome in outcomes):
        return Conclusion.FAILURE
    if any(outcome is Outcome.UNKNOWN for outcome in outcomes):
        return Conclusion.UNKNOWN
    if any(outcome is Outcome.KEPT for outcome in outcomes):
        return Conclusion.SUCCESS
    return Conclusion.NOTHING_RAN


def from_checks(
    run: CheckRun, *, environment: Environment, commit: str, recorded_at: datetime, occurred_at: datetime | None = None
) -> tuple[Evidence, ...]:
    """The evidence of one run of the checks. ``occurred_at`` is given where the time is a rehearsal's."""
    metadata = record_metadata(run.run_id, environment, recorded_at, occurred_at or run.started_at)
    observations = [
        Observation(
            **metadata,
            promise=check.id,
            severity=check.severity,
            outcome=check.outcome,
            reason=check.reason,
            duration_s=check.duration_s,
            trials=check.trials,
            subject_digest=run.subject.digest,
            request_log_digest=check.request_log_digest,
            log=check.log,
            script=check.script,
        )
        for check in run.checks
    ]
    findings = [
        Finding(**metadata, weakness=found.id, stored_seen=found.seen.stored, reason=found.reason)
        for found in run.findings
    ]
    job = JobAttempt(
        **metadata,
        workflow=CHECKS_WORKFLOW,
        job="contracts",
        variant=run.host.python,
        attempt=1,
        commit=commit or run.subject.digest,
        conclusion=conclude([check.outcome for check in run.checks]),
        origin=run.run_id,
        duration_s=run.duration_s,
    )
    canaries = [
        Proof(**metadata, defect=c.defect, expected=c.expected, caught_by=c.caught_by, canary=True)
        for c in run.canaries
    ]
    health = Health(**metadata, producer="checks", python=run.host.python, start_error=run.start_error)
    return (_context(run.subject, run.host, "checks", metadata), job, health, *observations, *findings, *canaries)


def from_smoke(
    run: SmokeRun,
    *,
    environment: Environment,
    commit: str,
    recorded_at: datetime,
    occurred_at: datetime | None = None,
    attempt: int = 1,
    job_run_id: str = "",
) -> tuple[Evidence, ...]:
    """The evidence of one smoke. A second attempt carries the first one's ``job_run_id``."""
    metadata = record_metadata(job_run_id or run.run_id, environment, recorded_at, occurred_at or run.started_at)
    tests = [
        TestAttempt(
            **metadata,
            test=f"smoke.{step.id}",
            variant="smoke",
            attempt=attempt,
            commit=run.subject.digest,
            outcome=AS_CASE[step.outcome],
            critical=True,
            origin=run.run_id,
            duration_s=step.duration_s,
            message=step.reason,
            workflow=SMOKE_WORKFLOW,
            job=SMOKE_JOB,
        )
        for step in run.steps
        if step.outcome in AS_CASE
    ]
    job = JobAttempt(
        **metadata,
        workflow=SMOKE_WORKFLOW,
        job=SMOKE_JOB,
        variant=run.host.python,
        attempt=attempt,
        commit=commit or run.subject.digest,
        conclusion=conclude([step.outcome for step in run.steps]),
        origin=run.run_id,
        duration_s=run.duration_s,
        requests=run.requests,
        polls=run.polls,
        waits=run.waits,
        stale_trials=run.trials,
    )
    health = Health(
        **metadata,
        producer="smoke",
        python=run.host.python,
        attempt=attempt,
        start_error=run.start_error,
        clock=run.clock,
        requests=None if run.retries is None else run.requests,
        retries=run.retries,
        states=tuple(export.state for export in run.exports),
        took_ms=tuple(export.took_ms for export in run.exports),
        polls=tuple(export.polls for export in run.exports),
    )
    return (_context(run.subject, run.host, "smoke", metadata), job, health, *tests, *_events(run, job, metadata))


def _events(run: SmokeRun, job: JobAttempt, metadata: Metadata) -> Iterator[Event]:
    """What the smoke saw, as events of its job."""
    for seen in run.events:
        yield Event(
            **metadata,
            event=seen.kind,
            expected=False,
            blocking=seen.blocking,
            place=seen.place,
            message=seen.message,
            origin=run.run_id,
            commit=job.commit,
            workflow=job.workflow,
            job=job.job,
            attempt=job.attempt,
        )


def from_proof(
    proven: Proven, *, run_id: str, environment: Environment, recorded_at: datetime, occurred_at: datetime
) -> tuple[Evidence, ...]:
    """The evidence of one whole ``prove``: each defect, the promises that should catch it, and those that did."""
    metadata = record_metadata(run_id, environment, recorded_at, occurred_at)
    return tuple(
        Proof(**metadata, defect=caught.id, expected=caught.expected, caught_by=caught.caught_by)
        for caught in proven.defects
    )


def _context(subject: Subject, host: Host, producer: str, metadata: Metadata) -> RunContext:
    return RunContext(
        **metadata,
        producer=producer,
        subject_name=subject.name,
        subject_version=subject.version,
        subject_digest=subject.digest,
        subject_source=subject.source,
        python=host.python,
        implementation=host.implementation,
        os=host.os,
        freeze=host.freeze,
    )
