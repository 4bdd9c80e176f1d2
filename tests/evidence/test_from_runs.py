"""Tests that what Atalaya's own runs tell says which job it is of."""

from __future__ import annotations

from datetime import UTC, datetime

from atalaya.evidence.from_runs import SMOKE_JOB, SMOKE_WORKFLOW, from_smoke
from atalaya.records.results import Host, SmokeEvent, SmokeRun, SmokeStep, Subject
from atalaya.records.stored import Environment, Event, EventKind, JobAttempt, Outcome, TestAttempt
from tests.tables import each_row

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RUN = SmokeRun(
    run_id="smoke-1",
    subject=Subject(name="sdk", version="1.0.0", digest="sha256:d", source="bundled"),
    host=Host(python="3.12", implementation="CPython", os="Linux", freeze=()),
    base_url="",
    started_at=NOW,
    duration_s=1.0,
    steps=(SmokeStep(id="ready", outcome=Outcome.BROKEN, reason="it broke", duration_s=1.0),),
    events=(SmokeEvent(kind=EventKind.NETWORK_ERROR, place="GET", message="reset", blocking=True),),
    requests=1,
    polls=1,
    waits=1,
    trials=1,
)


@each_row(("commit", "expected"), [("c0ffee", "c0ffee"), ("", "sha256:d")])
def test_tests_and_events_of_a_smoke_are_of_its_job_and_attempt(commit: str, expected: str) -> None:
    found = from_smoke(RUN, environment=Environment.LOOPBACK, commit=commit, recorded_at=NOW, attempt=2)
    (job,) = (record for record in found if isinstance(record, JobAttempt))
    (test,) = (record for record in found if isinstance(record, TestAttempt))
    (event,) = (record for record in found if isinstance(record, Event))
    assert (test.workflow, test.job) == (SMOKE_WORKFLOW, SMOKE_JOB)
    assert (event.commit, event.workflow, event.job, event.attempt) == (expected, SMOKE_WORKFLOW, SMOKE_JOB, 2)
    assert (job.commit, job.workflow, job.job, job.event) == (expected, SMOKE_WORKFLOW, SMOKE_JOB, "")
