"""Tests that each duty of the runbook is judged on the evidence that it requires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from atalaya.core.words import text
from atalaya.records.judged import Duty, DutyState, Metric, State
from atalaya.records.stored import Conclusion, Environment, JobAttempt, Observation, Outcome, Release, Severity
from atalaya.watch.checkpoints import checkpoints as checkpoints_of
from atalaya.watch.checkpoints import duties_of
from tests.ours import PACK
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RELEASE = Release(version="1.1.0", commit="", opened_at=T0)
MET, FAILED, MISSING, NOT_YET_DUE, SIGNS = (
    DutyState.MET,
    DutyState.FAILED,
    DutyState.MISSING,
    DutyState.NOT_YET_DUE,
    DutyState.PERSON_SIGNS,
)
ALL = ("pass-rate", "flaky-tests", "network-errors", "polling-timeouts", "stale-cache")

checkpoints = partial(checkpoints_of, duties=PACK.duties)


def stamp(hours: float) -> dict[str, Any]:
    at = T0 + timedelta(hours=hours)
    return {"run_id": f"run-{hours}", "environment": Environment.CI, "occurred_at": at, "recorded_at": at}


def job(hours: float, conclusion: Conclusion = Conclusion.SUCCESS, **changes: Any) -> JobAttempt:
    values = {
        "workflow": "clients-python-sdk",
        "job": "tests",
        "variant": "3.12",
        "attempt": 1,
        "commit": "",
        "origin": "x",
    }
    return JobAttempt(**(stamp(hours) | values | {"conclusion": conclusion} | changes))


def smoke(hours: float, conclusion: Conclusion = Conclusion.SUCCESS) -> JobAttempt:
    return job(hours, conclusion, workflow="atalaya-smoke", job="smoke", environment=Environment.LOOPBACK)


def seen(promise: str, outcome: Outcome, hours: float) -> Observation:
    return Observation(
        **stamp(hours),
        promise=promise,
        severity=Severity.CRITICAL,
        outcome=outcome,
        reason="",
        duration_s=0.1,
        trials=1,
        subject_digest="d",
    )


def metric(id: str, state: State, figure: str = "a figure") -> Metric:
    nothing = text("")
    return Metric(
        id=id,
        value=None,
        low=None,
        high=None,
        n=0,
        unit="",
        exposure=nothing,
        source=nothing,
        state=state,
        threshold=nothing,
        method=nothing,
        text=text("{figure}", figure=figure),
        reason=nothing,
        critical=False,
    )


def metrics(**states: State) -> list[Metric]:
    return [metric(id, states.get(id.replace("-", "_"), State.MEETS)) for id in ALL]


def duty(id: str, hours: float, **evidence: Any) -> Duty:
    given: dict[str, Any] = {"observations": (), "jobs": (), "metrics": metrics()}
    release = evidence.pop("release", RELEASE)
    points = checkpoints(release, as_of=T0 + timedelta(hours=hours), **(given | evidence))
    return next(duty for point in points for duty in point.duties if duty.id == id)


def test_the_checkpoints_are_the_runbooks() -> None:
    points = checkpoints(RELEASE, as_of=T0, observations=(), jobs=(), metrics=())
    assert [(point.hours, len(point.duties)) for point in points] == [(0, 3), (24, 3), (48, 3), (72, 3)]
    assert points[2].due_at == T0 + timedelta(hours=48)
    assert len({asked.id for asked in duties_of(PACK.duties)}) == 12


def test_without_evidence_what_is_due_is_missing_and_the_rest_is_not_due() -> None:
    points = checkpoints(RELEASE, as_of=T0, observations=(), jobs=(), metrics=())
    assert [{duty.state for duty in point.duties} for point in points] == [{MISSING}, *[{NOT_YET_DUE}] * 3]


def test_at_the_end_only_what_a_person_signs_is_not_missing() -> None:
    points = checkpoints(RELEASE, as_of=T0 + timedelta(hours=72), observations=(), jobs=(), metrics=())
    unmet = {duty.id: duty.state for point in points for duty in point.duties}
    assert {id for id, state in unmet.items() if state is SIGNS} == {
        "review-pass-rate",
        "review-network",
        "incidents-updated",
        "backlog-published",
    }
    assert set(unmet.values()) == {SIGNS, MISSING}


# ── T+0 ──────────────────────────────────────────────────────────────────────


@each_row(
    ("state", "jobs"),
    [
        (MET, [job(1)]),
        (MISSING, [job(1, Conclusion.CANCELLED)]),
        (MISSING, [job(1, workflow="website")]),
        (MISSING, [job(1, workflow="atalaya-checks")]),
        (FAILED, [job(1), job(2, Conclusion.FAILURE, job="lint")]),
        (MET, [job(1, Conclusion.FAILURE), job(2)]),
        (FAILED, [job(1), job(2, Conclusion.TIMED_OUT)]),
        (MET, [job(1, Conclusion.FAILURE), job(1, attempt=2)]),
    ],
)
def test_the_pipeline_is_green_if_the_latest_run_of_each_job_is(state: DutyState, jobs: list[JobAttempt]) -> None:
    assert duty("pipeline-green", 3, jobs=jobs).state is state


def test_the_pipeline_is_that_of_the_released_commit() -> None:
    release = Release(version="1.1.0", commit="abc", opened_at=T0)
    jobs = [job(1, commit="abcdef"), job(2, Conclusion.FAILURE, commit="fff")]
    assert duty("pipeline-green", 3, jobs=jobs, release=release).state is MET


def test_the_pipeline_is_what_the_settings_say() -> None:
    jobs = [job(1, workflow="build")]
    assert duty("pipeline-green", 3, jobs=jobs, workflows=["build"]).state is MET


def test_in_a_rehearsal_the_checks_stand_for_the_pipeline() -> None:
    rehearsal = Release(version="r", commit="", opened_at=T0, rehearsal=True)
    jobs = [job(1, workflow="atalaya-checks", environment=Environment.REHEARSAL)]
    assert duty("pipeline-green", 3, jobs=jobs, release=rehearsal).state is MET


def test_the_first_day_decides_over_what_came_later() -> None:
    assert duty("smoke", 40, jobs=[smoke(1), smoke(30, Conclusion.FAILURE)]).state is MET
    late = duty("smoke", 40, jobs=[smoke(30, Conclusion.FAILURE)])
    assert late.state is FAILED
    assert str(late.evidence).endswith("It came after the checkpoint.")


def test_the_smoke_may_have_run_in_ci() -> None:
    assert duty("smoke", 2, jobs=[job(1, workflow="sdk-post-release-smoke")]).state is MET


@pytest.mark.parametrize(
    ("state", "outcome"),
    [(MET, Outcome.KEPT), (FAILED, Outcome.BROKEN), (MISSING, Outcome.UNKNOWN), (MET, Outcome.NOT_APPLICABLE)],
)
def test_strict_configuration_is_a_promise(state: DutyState, outcome: Outcome) -> None:
    assert duty("strict-config", 3, observations=[seen("config.no-fallback", outcome, 1)]).state is state


def test_evidence_from_elsewhere_or_of_later_is_none() -> None:
    jobs = [job(1, environment=Environment.SERVICE), job(1, environment=Environment.REHEARSAL), job(9), job(-1)]
    assert duty("pipeline-green", 3, jobs=jobs).state is MISSING


# ── T+24 ─────────────────────────────────────────────────────────────────────


def test_a_review_shows_the_figure_and_waits_for_a_signature() -> None:
    before, after = (duty("review-pass-rate", hours) for hours in (23, 24))
    assert [before.state, after.state] == [NOT_YET_DUE, SIGNS]
    assert str(after.evidence) == "pass-rate, MEETS: a figure"
    assert str(before.evidence) == "So far: pass-rate, MEETS: a figure"


@pytest.mark.parametrize(
    ("state", "metric_state"), [(MET, State.PROVEN), (MET, State.MEETS), (FAILED, State.FAIL), (MISSING, State.UNKNOWN)]
)
def test_no_stale_cache_is_what_the_metric_says(state: DutyState, metric_state: State) -> None:
    assert duty("no-stale-cache", 24, metrics=metrics(stale_cache=metric_state)).state is state


def test_a_checkpoint_that_has_passed_is_judged_by_the_figures_of_then() -> None:
    now = metrics(stale_cache=State.FAIL)
    assert duty("no-stale-cache", 40, metrics=now, metrics_at={24: metrics()}).state is MET


def test_where_nothing_was_known_then_what_is_known_now_counts_as_late() -> None:
    found = duty("no-stale-cache", 40, metrics_at={24: metrics(stale_cache=State.UNKNOWN)})
    assert found.state is MET
    assert "It came after the checkpoint." in str(found.evidence)


# ── T+48 and T+72 ────────────────────────────────────────────────────────────


@each_row(("state", "hours"), [(MISSING, [1]), (MISSING, [24]), (MET, [24.1]), (MET, [48]), (MET, [49])])
def test_the_smoke_is_repeated_in_the_second_day_or_late(state: DutyState, hours: list[float]) -> None:
    assert duty("smoke-repeated", 50, jobs=[smoke(at) for at in hours]).state is state


@each_row(
    ("state", "bypass", "flag"),
    [
        (MET, Outcome.KEPT, Outcome.KEPT),
        (FAILED, Outcome.KEPT, Outcome.BROKEN),
        (FAILED, Outcome.BROKEN, Outcome.UNKNOWN),
        (MISSING, Outcome.UNKNOWN, Outcome.KEPT),
        (MISSING, Outcome.KEPT, None),
    ],
)
def test_both_guardrails_must_hold(state: DutyState, bypass: Outcome, flag: Outcome | None) -> None:
    observations = [seen("cache.bypass-per-request", bypass, 40)]
    if flag is not None:
        observations.append(seen("polling.leaves-cache-flag-alone", flag, 40))
    found = duty("cache-guardrails", 48, observations=observations)
    assert found.state is state
    assert "cache.bypass-per-request" in str(found.evidence)


@pytest.mark.parametrize(("state", "flaky"), [(MET, State.MEETS), (MET, State.FAIL), (MISSING, State.UNKNOWN)])
def test_measuring_is_the_duty_whatever_the_figure(state: DutyState, flaky: State) -> None:
    assert duty("flaky-trend", 48, metrics=metrics(flaky_tests=flaky)).state is state


def test_metrics_are_consolidated_when_none_is_unknown() -> None:
    missing = duty("consolidate-metrics", 72, metrics=metrics(stale_cache=State.UNKNOWN))
    assert [duty("consolidate-metrics", 72).state, missing.state] == [MET, MISSING]
    assert "stale-cache" in str(missing.evidence)


NOT_FED = {"network_errors": State.NOT_APPLICABLE, "polling_timeouts": State.NOT_APPLICABLE}


def test_a_duty_about_nothing_that_the_pack_feeds_is_not_applicable_even_before_it_is_due() -> None:
    found = {hours: duty("review-network", hours, metrics=metrics(**NOT_FED)) for hours in (1, 24)}
    assert {one.state for one in found.values()} == {DutyState.NOT_APPLICABLE}
    none = duty("no-stale-cache", 24, metrics=metrics(stale_cache=State.NOT_APPLICABLE))
    assert none.state is DutyState.NOT_APPLICABLE


def test_one_metric_that_is_fed_is_reviewed() -> None:
    assert duty("review-network", 24, metrics=metrics(network_errors=State.NOT_APPLICABLE)).state is SIGNS


def test_what_is_not_fed_does_not_hold_back_the_consolidation() -> None:
    found = duty("consolidate-metrics", 72, metrics=metrics(**NOT_FED))
    assert (found.state, str(found.evidence)) == (MET, "Metrics that are known: all 3.")
