"""Tests that each attempt of each job is reported as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.evidence.github.jobs import NO_JOB, attempts_of, conclusion_of, ended_as
from atalaya.evidence.github.payloads import Job, Jobs, Repository, Run, Runs, decoded
from atalaya.records.stored import Conclusion, Environment, JobAttempt, record_metadata
from tests.tables import each_row

MADE = Path(__file__).parent / "samples/made"
RECORDED = Path(__file__).parent / "samples/hub4j+github-api/GHWorkflowRunTest/wiremock"
METADATA = record_metadata("1001", Environment.CI, datetime(2026, 1, 2, tzinfo=UTC))
ENDED = "2026-01-01T00:05:00Z"


def jobs_in(path: Path) -> tuple[Job, ...]:
    return decoded(path.read_bytes(), Jobs).jobs


def told(*attempts: tuple[Job, ...], run: Run | None = None) -> list[JobAttempt]:
    of = run or Run(id=1001, status="completed", conclusion="success", updated_at=ENDED)
    numbered = [
        (Run(id=1001, run_attempt=n, status=of.status, conclusion=of.conclusion, updated_at=ENDED), jobs)
        for n, jobs in enumerate(attempts, start=1)
    ]
    return [record for _, _, record in attempts_of(of, numbered, workflow="CI", commit="c", metadata=METADATA)]


def one(**fields: Any) -> JobAttempt:
    job = {
        "id": 1,
        "name": "unit",
        "status": "completed",
        "conclusion": "success",
        "started_at": ENDED,
        "completed_at": ENDED,
        "runner_name": "r",
        "steps": [{"name": "Test"}],
    } | fields
    (record,) = told((msgspec.convert(job, Job),))
    return record


def test_a_first_failure_is_not_hidden_by_its_second_attempt() -> None:
    records = told(*(jobs_in(MADE / f"jobs-1001-attempt-{n}.json") for n in (1, 2)))
    expected = [
        ("test (3.11)", 1, "success"),
        ("test (3.12)", 1, "failure"),
        ("e2e", 1, "timed_out"),
        ("deploy", 1, "skipped"),
        ("test (3.12)", 2, "success"),
        ("e2e", 2, "success"),
        ("deploy", 2, "success"),
    ]
    assert expected == [(record.job, record.attempt, str(record.conclusion)) for record in records]


def test_a_job_that_was_copied_over_is_no_new_attempt() -> None:
    jobs = jobs_in(MADE / "jobs-1001-attempt-1.json")
    assert len(jobs) == len(told(jobs, jobs))


def test_a_job_that_says_it_is_of_an_earlier_attempt_is_believed() -> None:
    records = told((), jobs_in(MADE / "jobs-1001-attempt-1.json")[:1])
    assert [(record.job, record.attempt) for record in records] == [(NO_JOB, 1), ("test (3.11)", 1)]


def test_every_conclusion_is_in_the_table_and_one_that_is_not_is_unknown() -> None:
    runs = decoded((MADE / "runs-every-conclusion.json").read_bytes(), Runs).workflow_runs
    expected = [
        "success",
        "failure",
        "cancelled",
        "skipped",
        "neutral",
        "timed_out",
        "action_required",
        "stale",
        "startup_failure",
        "unknown",
        "pending",
        "pending",
        "pending",
    ]
    assert expected == [str(conclusion_of(run)) for run in runs]


def test_a_conclusion_of_what_has_not_ended_is_not_believed() -> None:
    assert Conclusion.PENDING is one(status="in_progress").conclusion


def test_what_has_ended_without_a_conclusion_has_not_ended() -> None:
    assert one(conclusion=None).conclusion is Conclusion.PENDING


@each_row(
    ("minutes", "fields", "conclusion"),
    [
        (360.0, {}, Conclusion.TIMED_OUT),
        (359.92, {}, Conclusion.TIMED_OUT),  # 4.8 s before the limit
        (359.9, {}, Conclusion.CANCELLED),
        (3.0, {}, Conclusion.CANCELLED),
        (400.0, {"runner_name": "", "steps": []}, Conclusion.CANCELLED),  # it waited for a runner
        (400.0, {"conclusion": "success"}, Conclusion.SUCCESS),
        (400.0, {"completed_at": None}, Conclusion.CANCELLED),
    ],
)
def test_a_job_that_was_cancelled_when_its_time_was_up_is_timed_out(
    minutes: float, fields: dict[str, Any], conclusion: Conclusion
) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    times = {"started_at": began.isoformat(), "completed_at": (began + timedelta(minutes=minutes)).isoformat()}
    assert one(**{"conclusion": "cancelled", **times, **fields}).conclusion is conclusion


def test_the_limit_of_a_job_may_be_another() -> None:
    job = Job(id=1, status="completed", conclusion="cancelled", started_at="2026-01-01T00:00:00Z", completed_at=ENDED)
    assert (ended_as(job, 5), ended_as(job, 6)) == (Conclusion.TIMED_OUT, Conclusion.CANCELLED)


FORKED = {"repository": Repository(id=1), "head_repository": Repository(id=2)}


@each_row(
    ("run", "event"),
    [
        (Run(id=1, event="workflow_dispatch"), "workflow_dispatch"),
        (Run(id=1, event=None), ""),
        (Run(id=1, event="push", repository=Repository(id=1), head_repository=Repository(id=1)), "push"),
        (Run(id=1, event="push", repository=Repository(id=1)), "push"),
        (Run(id=1, event="push", **FORKED), "fork"),
        (Run(id=1, event="pull_request", **FORKED), "pull_request"),
    ],
)
def test_a_job_says_what_started_its_run(run: Run, event: str) -> None:
    job = Job(id=1, status="completed", conclusion="success", completed_at=ENDED)
    assert [record.event for record in (*told((job,), run=run), *told((), run=run))] == [event] * 2


def test_a_failure_before_the_first_step_or_without_a_runner_is_no_failure_of_the_product() -> None:
    records = told(jobs_in(MADE / "jobs-setup-failure.json"))
    assert [record.conclusion for record in records] == [Conclusion.STARTUP_FAILURE] * 2


def test_a_failure_of_which_no_steps_were_told_is_a_failure() -> None:
    (record,) = told((Job(id=1, name="a", status="completed", conclusion="failure", completed_at=ENDED),))
    assert Conclusion.FAILURE is record.conclusion


def test_a_run_that_could_not_start_is_told_though_it_has_no_jobs() -> None:
    path = RECORDED / "testStartupFailureConclusion/__files/3-r_h_g_actions_workflows_75497789_runs.json"
    run = decoded(path.read_bytes(), Runs).workflow_runs[0]
    assert [(record.job, record.conclusion) for record in told((), run=run)] == [(NO_JOB, Conclusion.STARTUP_FAILURE)]


@pytest.mark.parametrize(
    ("conclusion", "expected"), [("success", Conclusion.NOTHING_RAN), ("failure", Conclusion.STARTUP_FAILURE)]
)
def test_a_run_without_jobs_is_never_a_success(conclusion: str, expected: Conclusion) -> None:
    (record,) = told((), run=Run(id=1, status="completed", conclusion=conclusion))
    assert expected is record.conclusion


def test_two_jobs_of_one_name_are_two_jobs() -> None:
    jobs = tuple(Job(id=n, name="unit", status="completed", conclusion="success", completed_at=ENDED) for n in (1, 2))
    assert [record.job for record in told(jobs)] == ["unit", "unit #2"]


def test_the_values_of_a_matrix_are_the_variant() -> None:
    record = one(name="build / test (3.12, windows-latest)")
    assert (record.job, record.variant) == ("build / test (3.12, windows-latest)", "3.12, windows-latest")


def test_a_job_that_ended_before_it_began_has_no_duration() -> None:
    assert one(started_at="2026-01-01T00:06:00Z").duration_s is None


def test_steps_with_an_offset_tell_when_a_job_ended_that_does_not() -> None:
    path = RECORDED / "testJobs/__files/11-r_h_g_actions_runs_719643947_jobs.json"
    jobs = jobs_in(path)
    silent = tuple(msgspec.structs.replace(job, completed_at=None) for job in jobs)
    assert [record.occurred_at for record in told(jobs)] == [record.occurred_at for record in told(silent)]


def test_a_secret_in_a_name_is_not_kept() -> None:
    assert one(name=f"test (ghp_{'x' * 36})").job == "test ([token])"


def test_a_job_says_where_it_comes_from() -> None:
    assert one().origin == "github:runs/1001/attempts/1/jobs/1"


def test_a_job_without_any_time_is_told_all_the_same() -> None:
    assert datetime(2026, 1, 1, 0, 5, tzinfo=UTC) == one(started_at=None, completed_at="never").occurred_at


SET_UP = {"name": "Set up job", "conclusion": "success"}
NOT_RUN = {"name": "Test", "conclusion": "skipped"}


@each_row(
    ("fields", "conclusion"),
    [
        ({"runner_name": "", "steps": [SET_UP, {"name": "Test", "conclusion": "failure"}]}, Conclusion.FAILURE),
        ({"runner_name": None, "steps": [SET_UP, {"name": "Test", "conclusion": "failure"}]}, Conclusion.FAILURE),
        ({"steps": [SET_UP, {"name": "Test"}]}, Conclusion.FAILURE),  # it was cut off, and has no conclusion
        ({"runner_name": "", "steps": [SET_UP, {"name": "Test"}]}, Conclusion.STARTUP_FAILURE),
        ({"steps": [{"name": "Set up job", "conclusion": "failure"}, NOT_RUN]}, Conclusion.STARTUP_FAILURE),
        (
            {"steps": [SET_UP, {"name": "Initialize containers", "conclusion": "failure"}, NOT_RUN]},
            Conclusion.STARTUP_FAILURE,
        ),
        (
            {"steps": [SET_UP, {"name": "Pull ghcr.io/a/b:1", "conclusion": "failure"}, NOT_RUN]},
            Conclusion.STARTUP_FAILURE,
        ),
        ({"steps": [SET_UP, {"name": "Pull images", "conclusion": "failure"}, NOT_RUN]}, Conclusion.FAILURE),
        ({"steps": [SET_UP, NOT_RUN, {"name": "Post Test", "conclusion": "failure"}]}, Conclusion.STARTUP_FAILURE),
    ],
)
def test_a_job_counts_where_its_own_steps_ran_whatever_its_runners_name(
    fields: dict[str, Any], conclusion: Conclusion
) -> None:
    assert one(**{"conclusion": "failure", **fields}).conclusion is conclusion


def unit(job_id: int, conclusion: str, minute: int, *labels: str) -> Job:
    at = f"2026-01-01T00:{minute:02}:00Z"
    return Job(
        id=job_id,
        name="unit",
        status="completed",
        conclusion=conclusion,
        started_at=at,
        completed_at=at,
        labels=labels or None,
    )


@each_row(
    ("first", "second", "expected"),
    [
        # The second alone was run again, and the first is copied over, or is not listed at all.
        ([(1, "success", 1), (2, "failure", 2)], [(3, "success", 1), (4, "success", 9)], "unit #2"),
        ([(1, "success", 1), (2, "failure", 2)], [(4, "success", 9)], "unit #2"),
        ([(1, "failure", 1), (2, "success", 2)], [(4, "success", 9)], "unit"),
        ([(1, "success", 1, "linux"), (2, "success", 2, "windows")], [(4, "failure", 9, "windows")], "unit #2"),
        ([(1, "failure", 1, "linux"), (2, "failure", 2, "windows")], [(4, "success", 9, "windows")], "unit #2"),
        ([(1, "success", 1), (2, "failure", 1)], [(3, "success", 1), (4, "success", 9)], "unit #2"),
    ],
)
def test_of_two_jobs_of_one_name_the_one_that_was_run_again_keeps_its_name(
    first: list[Any], second: list[Any], expected: str
) -> None:
    records = told(*(tuple(unit(*each) for each in attempt) for attempt in (first, second)))
    assert [record.job for record in records] == ["unit", "unit #2", expected]


@each_row(
    ("name", "variant"),
    [
        ("unit", ""),
        ("ubuntu-latest / py3.11 / full", ""),
        ("gate / unit (3.12)", "3.12"),
        ("gate (3.11) / unit", "3.11"),
        ("gate (3.11) / unit (linux, a (b))", "3.11, linux, a (b)"),
        ("unit (fast) and slow", ""),
        ("unit (", ""),
        ("unit )(", ""),
    ],
)
def test_the_variant_of_a_job_that_another_workflow_calls_is_that_of_both(name: str, variant: str) -> None:
    assert one(name=name).variant == variant
