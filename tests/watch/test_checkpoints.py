"""Tests that each duty of the runbook is judged on the evidence that it requires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import Duty, DutyState, IncidentFollowUp, Metric, State, Tally
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    JobAttempt,
    Observation,
    Outcome,
    Release,
    Severity,
    TestAttempt,
)
from atalaya.watch.checkpoints import checkpoints as checkpoints_of
from atalaya.watch.checkpoints import duties_of
from tests import made_metric
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
    return made_metric.metric(id, state, text=text("{figure}", figure=figure))


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


RED, CANCELLED, SKIPPED = Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SKIPPED


def one_run(hours: float, *conclusions: Conclusion, **changes: Any) -> list[JobAttempt]:
    """A run of the main pipeline with one job for each conclusion."""
    return [job(hours, one, job=f"job-{number}", **changes) for number, one in enumerate(conclusions)]


# Whether the pipeline is green, before T+24 and at it.
PIPELINE: list[tuple[DutyState, DutyState, list[JobAttempt]]] = [
    (MET, MET, [job(1)]),
    (MISSING, MISSING, []),
    (MISSING, MISSING, [job(1, CANCELLED)]),
    (MISSING, MISSING, [job(1, workflow="website")]),
    (MISSING, MISSING, [job(1, workflow="atalaya-checks")]),
    (MISSING, MISSING, [job(1, workflow="sdk-post-release-smoke")]),  # listed, and not the main pipeline
    (MISSING, MISSING, [job(1, event="pull_request")]),
    (MET, MET, [job(1, event="workflow_dispatch")]),
    (MISSING, FAILED, [job(1, RED)]),
    (MISSING, FAILED, one_run(1, Conclusion.SUCCESS, RED)),
    (MISSING, FAILED, one_run(1, Conclusion.SUCCESS, Conclusion.TIMED_OUT)),
    (MET, MET, one_run(1, Conclusion.SUCCESS, SKIPPED)),
    (MISSING, MISSING, one_run(1, Conclusion.SUCCESS, *[CANCELLED] * 40)),  # no worse than red, and no green run
    (MET, MET, [job(1, RED), job(2)]),  # another run
    (MET, MET, [job(1), job(2, RED)]),  # one run that is green meets it
    (MET, MET, [job(1, RED), job(1, attempt=2)]),
    (MISSING, FAILED, [job(1), job(1, RED, attempt=2)]),
    (MISSING, FAILED, [job(1, RED, job="a"), job(2, RED, job="b")]),  # green in turn is no green run
]


@each_row(("before", "at_t24", "jobs"), PIPELINE)
def test_the_pipeline_is_green_if_one_run_of_it_is_in_every_job(
    before: DutyState, at_t24: DutyState, jobs: list[JobAttempt]
) -> None:
    assert [duty("pipeline-green", hours, jobs=jobs).state for hours in (3, 24)] == [before, at_t24]


def test_the_pipeline_is_open_until_t24_and_says_what_failed() -> None:
    jobs = one_run(1, Conclusion.SUCCESS, RED)
    said = (
        "No run of it ended well in every job. In the latest, run-1, 1 of 2 did; the first that did not is job-1, 3.12."
    )
    assert str(duty("pipeline-green", 3, jobs=jobs).evidence) == f"{said} It is open until 2026-03-03 09:00 UTC."
    assert str(duty("pipeline-green", 24, jobs=jobs).evidence) == said


def test_a_green_run_after_t24_meets_the_duty_late() -> None:
    late = duty("pipeline-green", 31, jobs=[job(1, RED), job(30)])
    assert (late.state, str(late.evidence)) == (
        MET,
        "Every job of the run run-30 ended well: all 1. It came after the checkpoint.",
    )


def test_the_pipeline_is_that_of_the_released_commit_or_of_one_with_the_same_tree() -> None:
    release = Release(version="1.1.0", commit="abc", opened_at=T0)
    jobs = [job(1, commit="abcdef"), job(2, RED, commit="fff")]
    assert duty("pipeline-green", 24, jobs=jobs, release=release).state is MET
    other = [job(2, commit="fff")]
    assert duty("pipeline-green", 24, jobs=other, release=release).state is MISSING
    assert duty("pipeline-green", 24, jobs=other, release=release, same_tree=frozenset({"fff"})).state is MET


def test_the_pipeline_is_the_first_of_the_workflows_that_the_settings_list() -> None:
    jobs = [job(1, workflow="build")]
    found = [duty("pipeline-green", 3, jobs=jobs, workflows=listed).state for listed in (["build"], ["a", "build"], [])]
    assert found == [MET, MISSING, MET]


def test_in_a_rehearsal_the_checks_do_not_stand_for_the_pipeline() -> None:
    rehearsal = Release(version="r", commit="", opened_at=T0, rehearsal=True)
    jobs = [job(1, workflow="atalaya-checks", environment=Environment.REHEARSAL)]
    assert duty("pipeline-green", 3, jobs=jobs, release=rehearsal).state is MISSING
    of_ci = [job(1, environment=Environment.REHEARSAL)]
    assert duty("pipeline-green", 3, jobs=of_ci, release=rehearsal).state is MET


def test_the_first_day_decides_over_what_came_later() -> None:
    assert duty("smoke", 40, jobs=[smoke(1), smoke(30, Conclusion.FAILURE)]).state is MET
    late = duty("smoke", 40, jobs=[smoke(30, Conclusion.FAILURE)])
    assert late.state is FAILED
    assert str(late.evidence).endswith("It came after the checkpoint.")


def test_the_smoke_may_have_run_in_ci() -> None:
    assert duty("smoke", 2, jobs=[job(1, workflow="sdk-post-release-smoke")]).state is MET
    elsewhere = job(1, workflow="sdk-post-release-smoke", event="pull_request")
    assert duty("smoke", 2, jobs=[elsewhere]).state is MISSING


@each_row(
    ("state", "failed", "said"),
    [
        (MET, [1], "It failed on 2026-03-02 10:00 UTC, and ended well on 2026-03-03 15:00 UTC."),
        (MISSING, [22], "Further clean runs that it takes to show that it is mended: 62."),  # 1 of 22: 65, and 3 were
    ],
)
def test_a_smoke_that_failed_is_mended_by_as_many_clean_ones_as_its_rate_asks_for(
    state: DutyState, failed: list[float], said: str
) -> None:
    last = failed[-1]
    before = [
        smoke(hours, Conclusion.FAILURE if hours in failed else Conclusion.SUCCESS) for hours in range(1, int(last) + 1)
    ]
    found = duty("smoke", 40, jobs=[*before, *(smoke(hours) for hours in (28, 29, 30))])
    assert (found.state, str(found.evidence).endswith(said)) == (state, True), found.evidence


@pytest.mark.parametrize(
    ("state", "outcome"),
    [(MET, Outcome.KEPT), (FAILED, Outcome.BROKEN), (MISSING, Outcome.UNKNOWN), (MISSING, Outcome.NOT_APPLICABLE)],
)
def test_strict_configuration_is_a_promise(state: DutyState, outcome: Outcome) -> None:
    assert duty("strict-config", 3, observations=[seen("config.no-fallback", outcome, 1)]).state is state


def test_a_promise_that_was_last_seen_broken_meets_no_duty_whenever_that_was() -> None:
    kept, later = seen("config.no-fallback", Outcome.KEPT, 1), seen("config.no-fallback", Outcome.BROKEN, 30)
    assert [duty("strict-config", hours, observations=[kept, later]).state for hours in (25, 31)] == [MET, FAILED]
    could_not_tell = seen("config.no-fallback", Outcome.UNKNOWN, 32)
    assert duty("strict-config", 33, observations=[kept, later, could_not_tell]).state is FAILED


def step(id: str, outcome: CaseOutcome, hours: float) -> TestAttempt:
    return TestAttempt(
        **stamp(hours),
        test=f"smoke.{id}",
        variant="smoke",
        attempt=1,
        commit="",
        outcome=outcome,
        critical=True,
        origin="x",
        message="without a URL, load_config answered https://fallback",
    )


def test_a_fallback_that_a_smoke_saw_is_not_called_unchecked() -> None:
    tests = [step("strict-config", CaseOutcome.FAILED, 1)]
    found = duty("strict-config", 3, tests=tests)
    assert found.state is FAILED
    assert str(found.evidence).startswith(
        "The smoke's step strict-config failed on 2026-03-02 10:00 UTC: without a URL"
    )
    kept = [seen("config.no-fallback", Outcome.KEPT, 1)]
    assert duty("strict-config", 3, tests=tests, observations=kept).state is FAILED


def test_a_smoke_that_saw_nothing_wrong_meets_no_duty_by_itself() -> None:
    well = [step("strict-config", CaseOutcome.FAILED, 1), step("strict-config", CaseOutcome.PASSED, 2)]
    assert duty("strict-config", 3, tests=well).state is MISSING
    assert duty("strict-config", 3, tests=well, observations=[seen("config.no-fallback", Outcome.KEPT, 1)]).state is MET


def guardrails(**evidence: Any) -> Duty:
    both = ("cache.bypass-per-request", "polling.leaves-cache-flag-alone")
    return duty("cache-guardrails", 48, observations=[seen(one, Outcome.KEPT, 40) for one in both], **evidence)


def test_a_stale_read_is_not_a_cache_that_kept_its_guardrails() -> None:
    mended = [replace(one, before_fix=Tally(events=2, trials=9)) for one in metrics(stale_cache=State.INCONCLUSIVE)]
    assert [
        guardrails().state,
        guardrails(metrics=metrics(stale_cache=State.FAIL)).state,
        guardrails(metrics=mended).state,
        guardrails(metrics=metrics(stale_cache=State.INCONCLUSIVE)).state,  # too few trials: none was seen
        guardrails(tests=[step("cache-outside-polling", CaseOutcome.FAILED, 40)]).state,
    ] == [MET, FAILED, MISSING, MET, FAILED]


def follow_up(*, shown: bool, runs_needed: int | None = 7, **changes: Any) -> IncidentFollowUp:
    one = IncidentFollowUp(
        incident="INC-1",
        rule="promise-broken",
        fingerprints=(),
        blocks=("strict-config",),
        shows=(),
        seen=1,
        first_at=T0,
        last_at=T0,
        landed_at=T0,
        shown=shown,
        proof=text("1 clean runs of 8."),
        runs_needed=runs_needed,
    )
    return replace(one, **changes)


def test_a_duty_is_missing_while_the_fix_of_an_incident_in_its_way_is_not_shown() -> None:
    kept = [seen("config.no-fallback", Outcome.KEPT, 1)]
    found = duty("strict-config", 3, observations=kept, followed=[follow_up(shown=False)])
    assert found.state is MISSING
    assert "INC-1 stands in its way until its fix is shown. Further clean runs that it takes: 7. 1 clean" in str(
        found.evidence
    )
    unknown = duty("strict-config", 3, observations=kept, followed=[follow_up(shown=False, runs_needed=None)])
    assert "INC-1 stands in its way until its fix is shown: 1 clean runs of 8." in str(unknown.evidence)
    assert duty("strict-config", 3, observations=kept, followed=[follow_up(shown=True)]).state is MET
    assert duty("smoke", 3, jobs=[smoke(1)], followed=[follow_up(shown=False)]).state is MET
    broken = [seen("config.no-fallback", Outcome.BROKEN, 1)]
    assert duty("strict-config", 3, observations=broken, followed=[follow_up(shown=False)]).state is FAILED


def test_a_duty_has_failed_where_more_than_the_proof_is_missing() -> None:
    kept = [seen("config.no-fallback", Outcome.KEPT, 1)]
    both = [follow_up(shown=False), follow_up(shown=False, fails_still=True)]
    assert duty("strict-config", 3, observations=kept, followed=both).state is FAILED


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


def test_a_stale_cache_whose_fix_is_not_shown_yet_is_missing_its_proof_and_has_not_failed() -> None:
    then = {24: metrics(stale_cache=State.FAIL)}
    found = duty("no-stale-cache", 40, metrics=metrics(stale_cache=State.INCONCLUSIVE), metrics_at=then)
    assert (found.state, "A fix is not shown yet" in str(found.evidence)) == (MISSING, True)
    at_once = [replace(one, k=1) for one in metrics(stale_cache=State.INCONCLUSIVE)]
    assert duty("no-stale-cache", 24, metrics=at_once).state is MISSING


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
