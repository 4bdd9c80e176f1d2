"""Tests that the five metrics report what the evidence shows, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from atalaya.core.settings import CiSettings, Settings, Thresholds
from atalaya.metrics.burn_rate import pace
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Acts, Burning, State
from atalaya.records.stored import CaseOutcome, Conclusion, Environment, EventKind, Outcome, ReadStatus
from tests.metrics.conftest import T0

PASSED, FAILED, ERRORED, SKIPPED = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.SKIPPED)
ALL = ["pass-rate", "flaky-tests", "network-errors", "polling-timeouts", "stale-cache"]


def jobs(watch: Any, n: int, *, lost: int = 0, **changes: Any) -> list[Any]:
    """So many jobs with one attempt each, the first of them lost."""
    return [
        watch.job(f"run-{number}", Conclusion.FAILURE if number < lost else Conclusion.SUCCESS, **changes)
        for number in range(n)
    ]


# ── all five ─────────────────────────────────────────────────────────────────


def test_the_metrics_come_in_the_runbooks_order(watch: Any) -> None:
    assert [metric.id for metric in watch.metrics(hours=0)] == ALL


def test_without_evidence_everything_is_unknown_and_no_value_is_zero(watch: Any) -> None:
    assert [(metric.state, metric.value, metric.low, metric.high, metric.n) for metric in map(watch.metric, ALL)] == [
        (State.UNKNOWN, None, None, None, 0)
    ] * 5


def test_evidence_outside_the_window_or_written_down_later_does_not_count(watch: Any) -> None:
    inside = watch.job("inside", hours=72, requests=7)
    late = msgspec.structs.replace(
        watch.job("late", hours=2, requests=100), recorded_at=watch.release.opened_at + timedelta(hours=80)
    )
    watch.keep(
        inside, late, watch.job("before", hours=-0.001, requests=100), watch.job("after", hours=72.001, requests=100)
    )
    assert [watch.metric("pass-rate").n, watch.metric("network-errors").n] == [1, 7]


def test_what_had_not_happened_yet_does_not_count(watch: Any) -> None:
    watch.keep(watch.job("one", hours=1), watch.job("two", hours=30))
    assert [watch.metric("pass-rate", hours=24).n, watch.metric("pass-rate", hours=30).n] == [1, 2]


def everywhere(watch: Any) -> None:
    """One piece of evidence of each kind from each environment, with as many trials as its place in the list."""
    for number, environment in enumerate(Environment, start=1):
        run = f"run-{environment}"
        where = {"environment": environment}
        watch.keep(
            *(watch.job(f"{run}-{i}", requests=1, waits=1, stale_trials=1, **where) for i in range(number)),
            *(watch.test(run, PASSED, attempt=i, test=f"t{environment}", **where) for i in (1, 2)),
            *(watch.event(kind, **where) for kind in EventKind),
            watch.checked("polling.fresh-status", Outcome.BROKEN, run_id=run, **where),
        )


def test_a_real_service_and_a_rehearsal_never_enter_a_real_watch(watch: Any) -> None:
    everywhere(watch)  # loopback has one trial, ci two, the service three, the rehearsal four
    assert [watch.metric(id).n for id in ALL] == [3, 2, 3, 3, 3]
    assert [watch.metric(id).value for id in ALL[2:]] == [2, 2, 4]


def test_a_rehearsal_is_made_of_rehearsed_evidence_only(watch: Any) -> None:
    everywhere(watch)
    watch.release = msgspec.structs.replace(watch.release, rehearsal=True)
    assert [watch.metric(id).n for id in ALL] == [4, 1, 4, 4, 4]
    assert [watch.metric(id).value for id in ALL[2:]] == [1, 1, 2]


def test_the_metrics_of_a_checkpoint_are_those_of_that_instant(watch: Any) -> None:
    watch.keep(watch.job("one", hours=1), watch.job("two", hours=30), watch.job("three", hours=50))
    assert [watch.metric("pass-rate", hours=hours).n for hours in (24, 48, 72)] == [1, 2, 3]


@pytest.mark.parametrize("id", ALL)
def test_a_metric_explains_itself(id: str, watch: Any) -> None:
    everywhere(watch)
    metric = watch.metric(id)
    assert all(map(str, (metric.exposure, metric.source, metric.threshold, metric.method, metric.text, metric.reason)))
    assert msgspec.json.encode(metric.inputs)
    assert len([str(step) for step in metric.derivation]) >= 2


# ── pass rate ────────────────────────────────────────────────────────────────


def test_a_re_run_is_seen_in_the_rates_beside_the_eventual_one(watch: Any) -> None:
    rescued = [watch.job(f"run-{number}", Conclusion.SUCCESS, attempt=2, hours=2) for number in range(3)]
    cancelled = [watch.job(f"cancelled-{number}", Conclusion.CANCELLED) for number in range(2)]
    watch.keep(*jobs(watch, 60, lost=6), *rescued, *cancelled)
    rate = watch.metric("pass-rate")
    assert (
        rate.value,
        rate.n,
        rate.inputs["excluded"],
        rate.inputs["first_attempt_rate"],
        rate.inputs["rescue_rate"],
    ) == (0.95, 60, 2, 0.9, 0.5)
    assert (
        pytest.approx(rate.inputs["rescue_rate_low"], abs=5e-5),
        pytest.approx(rate.inputs["rescue_rate_high"], abs=5e-5),
    ) == (0.1876, 0.8124)
    assert "57 of 60 decided CI jobs ended well: 95.0% (86.3% to 98.3%)" in str(rate.text)


@pytest.mark.parametrize(
    ("state", "n", "lost"),
    [
        (State.PROVEN, 73, 0),
        (State.MEETS, 72, 0),
        (State.MEETS, 48, 1),
        (State.INCONCLUSIVE, 48, 2),
        (State.MEETS, 30, 0),
        (State.INCONCLUSIVE, 29, 0),
        (State.MEETS, 200, 10),
        (State.INCONCLUSIVE, 60, 3),
        (State.INCONCLUSIVE, 5, 0),
        (State.INCONCLUSIVE, 60, 6),  # six or more of 60 at 0.95: 0.079
        (State.FAIL, 60, 7),  # seven or more: 0.030
        (State.FAIL, 60, 60),
        (State.INCONCLUSIVE, 2, 2),  # failures in two runs
        (State.INCONCLUSIVE, 1, 1),
    ],
)
def test_the_rate_is_judged_by_its_interval(state: State, n: int, lost: int, watch: Any) -> None:
    watch.keep(*jobs(watch, n, lost=lost))
    assert state is watch.metric("pass-rate").state


def own(watch: Any, n: int, **changes: Any) -> list[Any]:
    """So many runs of Atalaya's own smoke."""
    return [watch.job(f"own-{number}", workflow="atalaya-smoke", **changes) for number in range(n)]


def test_our_own_jobs_are_in_no_rate_of_ci(watch: Any) -> None:
    watch.keep(*jobs(watch, 60, lost=9))
    alone = watch.metric("pass-rate")
    watch.keep(*own(watch, 150))
    assert watch.metric("pass-rate") == alone
    assert (alone.state, alone.k, alone.n) == (State.FAIL, 51, 60)


def test_our_own_jobs_are_no_ci_even_where_their_workflow_is_listed(watch: Any) -> None:
    watch.settings = Settings(ci=CiSettings(workflows=("clients-python-sdk", "atalaya-smoke")))
    watch.keep(*own(watch, 40, event="schedule"))
    assert (watch.metric("pass-rate").state, watch.metric("pass-rate").n) == (State.UNKNOWN, 0)


def test_without_a_job_of_ci_the_rate_is_unknown_and_says_so(watch: Any) -> None:
    watch.keep(*own(watch, 73), *jobs(watch, 3, event="pull_request"))
    rate = watch.metric("pass-rate")
    assert (rate.state, rate.value, str(rate.settles)) == (State.UNKNOWN, None, "30 more clean CI jobs would do.")
    assert "No CI job was taken in." in str(rate.text)
    assert "3 of pull requests and other events" in str(rate.text)


def test_cancelled_jobs_beside_a_green_one_are_as_if_they_were_not_there(watch: Any) -> None:
    watch.keep(watch.job("green"))
    alone = watch.metric("pass-rate")
    watch.keep(*(watch.job(f"cancelled-{number}", Conclusion.CANCELLED) for number in range(40)))
    beside = watch.metric("pass-rate")
    assert [(one.state, one.value, one.low, one.n, one.reason) for one in (alone, beside)] == [
        (State.INCONCLUSIVE, 1.0, alone.low, 1, alone.reason)
    ] * 2
    assert (beside.counts["excluded"], str(beside.settles)) == (40, "29 more clean CI jobs would do.")


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "merge_group", "repository_dispatch"])
def test_a_run_that_tests_another_tree_counts_in_no_metric(event: str, watch: Any) -> None:
    watch.keep(
        *jobs(watch, 30),
        watch.job("pr", Conclusion.FAILURE, event=event, requests=9, waits=9, stale_trials=9),
        watch.job("pr", Conclusion.FAILURE, job="from a report"),  # which does not tell the event
        *mixed(watch, "flaky", run="pr"),
        *(msgspec.structs.replace(watch.event(kind), run_id="pr") for kind in EventKind),
    )
    metrics = {metric.id: metric for metric in watch.metrics()}
    assert (metrics["pass-rate"].k, metrics["pass-rate"].n) == (30, 30)
    assert metrics["pass-rate"].counts["of_other_events"] == 2
    assert [metrics[id].n for id in ALL[1:]] == [0, 0, 0, 0]
    assert not [metrics[id].value for id in ALL[1:] if metrics[id].value]


@pytest.mark.parametrize(
    ("event", "not_told"), [("push", 0), ("schedule", 0), ("workflow_dispatch", 0), ("release", 0), ("", 1)]
)
def test_a_run_of_the_released_tree_counts_whatever_started_it(event: str, not_told: int, watch: Any) -> None:
    watch.keep(watch.job("run", event=event))
    rate = watch.metric("pass-rate")
    assert (rate.n, rate.counts["event_not_told"]) == (1, not_told)
    assert ("does not say which event started it" in str(rate.text)) is bool(not_told)


def test_what_does_not_count_is_counted_apart_and_once(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(
        watch.job("in", commit="abc123"),
        watch.job("before", hours=-1),
        watch.job("before", hours=-1, attempt=2, commit="fff000", event="pull_request"),
        watch.job("other commit", commit="fff000"),
        watch.job("other commit", commit="fff000", origin="a second report"),
        watch.job("other event", commit="fff000", event="merge_group"),
        watch.job("other workflow", workflow="website"),
    )
    rate = watch.metric("pass-rate")
    names = ("decided", "outside_window", "of_other_commits", "of_other_events", "of_other_workflows")
    assert [rate.counts[name] for name in names] == [1, 2, 1, 1, 1]
    said = "1 of other commits, 1 of pull requests and other events, 2 outside the window"
    assert said in str(rate.text)


def test_a_commit_that_holds_the_same_sdk_counts_and_is_named(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(watch.job("a", commit="abc123"), watch.job("b", commit="fedcba9876543210"), watch.job("c", commit="fff"))
    rate = watch.metric("pass-rate", same_tree=frozenset({"abc123", "fedcba9876543210"}))
    assert (rate.n, rate.counts["of_other_commits"]) == (2, 1)
    assert any("count as it: fedcba987654." in str(step) for step in rate.derivation)


def matrix(watch: Any, run: str, well: int, n: int, **changes: Any) -> list[Any]:
    """One run of so many jobs, the last of which are lost."""
    return [
        watch.job(run, Conclusion.SUCCESS if number < well else Conclusion.FAILURE, variant=f"3.{number}", **changes)
        for number in range(n)
    ]


def test_one_red_run_of_a_matrix_is_one_failure_and_not_twenty(watch: Any) -> None:
    watch.keep(*matrix(watch, "red", 0, 20), *(one for i in range(11) for one in matrix(watch, f"run-{i}", 20, 20)))
    rate = watch.metric("pass-rate")
    assert (rate.state, rate.k, rate.n, rate.inputs["n_effective"]) == (State.INCONCLUSIVE, 220, 240, 12.0)
    assert str(rate.settles) == "160 more clean CI jobs would do."
    assert (rate.counts["runs"], rate.counts["runs_failed"]) == (12, 1)


def test_jobs_that_fail_together_weigh_less_in_the_interval_that_decides(watch: Any) -> None:
    watch.keep(*(one for i, well in enumerate((5, 5, 2, 4)) for one in matrix(watch, f"run-{i}", well, 5)))
    rate = watch.metric("pass-rate")
    assert (rate.value, pytest.approx(rate.low, abs=5e-5), pytest.approx(rate.high, abs=5e-5)) == (0.8, 0.4738, 0.9467)


def test_a_failure_of_three_runs_is_shown_at_the_first_look_already(watch: Any) -> None:
    watch.keep(*jobs(watch, 3, lost=3))
    assert watch.metric("pass-rate", hours=24).state is State.FAIL
    assert "p = 0.0001, at or below 0.0005, the limit of look 1" in str(watch.metric("pass-rate", hours=24).reason)


@pytest.mark.parametrize(("state", "hours"), [(State.INCONCLUSIVE, 24), (State.INCONCLUSIVE, 48), (State.FAIL, 72)])
def test_a_rate_fails_at_the_limit_of_its_look(state: State, hours: int, watch: Any) -> None:
    watch.keep(*jobs(watch, 60, lost=7))  # seven or more of 60 at 0.95: 0.0297
    assert watch.metric("pass-rate", hours=hours).state is state


@pytest.mark.parametrize(
    ("sentence", "n", "lost"),
    [
        ("57/60 (95.0%, 86.3% to 98.3%) is not proven: the rate reaches the threshold, 95.0%, but", 60, 3),
        ("13 more clean CI jobs would do.", 60, 3),
        ("54/60 (90.0%, 79.9% to 95.3%) is not proven: the rate is below the threshold, 95.0%, but", 60, 6),
        ("60 more clean CI jobs would do.", 60, 6),
        ("2/3 (66.7%, 20.8% to 93.9%) is not proven: the rate is below the threshold, 95.0%, but jobs failed", 3, 1),
        ("14 more clean CI jobs would do.", 16, 0),
        ("83.3% of 60 CI jobs ended well, below the threshold, 95.0%: p = 0.0007, at or below 0.0451", 60, 10),
        ("0.0% of 60 CI jobs ended well, below the threshold, 95.0%: p < 0.0001, at or below 0.0451", 60, 60),
        # 0.94935, which one decimal would print as 94.9 % and none as the threshold itself
        ("the lower end of the interval, 94.9%, reaches 88.5%", 72, 0),
    ],
)
def test_the_reason_says_what_is_missing(sentence: str, n: int, lost: int, watch: Any) -> None:
    watch.keep(*jobs(watch, n, lost=lost))
    assert sentence in str(watch.metric("pass-rate").reason)


def test_a_number_of_jobs_that_no_window_holds_is_not_said(watch: Any) -> None:
    watch.keep(*matrix(watch, "red", 0, 30))  # it takes 570 to come to 95 %
    rate = watch.metric("pass-rate")
    assert (rate.state, rate.settles) == (State.INCONCLUSIVE, None)
    assert "It would take more than 500 clean CI jobs: look first for what fails." in str(rate.reason)


def test_where_the_interval_is_wide_enough_the_rate_itself_sets_what_is_missing(watch: Any) -> None:
    watch.settings = Settings(thresholds=Thresholds(pass_rate=0.95, pass_rate_tolerance=0.5))
    watch.keep(*jobs(watch, 60, lost=6))  # 114 of 120 is the first share that reaches 95 %
    assert "60 more clean CI jobs would do." in str(watch.metric("pass-rate").reason)


def test_a_comparison_is_printed_with_the_digits_that_make_it_true(watch: Any) -> None:
    watch.settings = Settings(thresholds=Thresholds(pass_rate=0.9501, pass_rate_tolerance=0.05))
    watch.keep(*jobs(watch, 60, lost=3))
    assert "57/60 (95.00%, 86.30% to 98.29%) is not proven: the rate is below the threshold, 95.01%" in str(
        watch.metric("pass-rate").reason
    )


def test_a_threshold_of_all_jobs_can_be_out_of_reach(watch: Any) -> None:
    watch.settings = Settings(thresholds=Thresholds(pass_rate=1.0, pass_rate_tolerance=0.05))
    assert watch.metric("pass-rate").state is State.UNKNOWN
    watch.keep(*jobs(watch, 40))
    assert "33 more clean CI jobs would do." in str(watch.metric("pass-rate").reason)
    watch.settings = Settings(thresholds=Thresholds(pass_rate=1.0, pass_rate_tolerance=0.0))
    assert "No number of further jobs can change that." in str(watch.metric("pass-rate").reason)


def test_a_re_run_that_was_cancelled_hides_no_failure(watch: Any) -> None:
    watch.keep(watch.job("run", Conclusion.FAILURE), watch.job("run", Conclusion.CANCELLED, attempt=2))
    rate = watch.metric("pass-rate")
    assert (rate.value, rate.n, rate.inputs["excluded"]) == (0.0, 1, 0)


def test_where_two_sources_tell_of_one_attempt_the_failure_stands(watch: Any) -> None:
    watch.keep(
        watch.job("run", Conclusion.FAILURE, origin="z"),
        watch.job("run", Conclusion.SUCCESS, origin="a", hours=3),
        watch.job("run", Conclusion.PENDING, origin="b", hours=4),
    )
    assert (watch.metric("pass-rate").value, watch.metric("pass-rate").n) == (0.0, 1)


@pytest.mark.parametrize(
    ("counted", "conclusion"),
    [
        ("excluded", Conclusion.SKIPPED),
        ("excluded", Conclusion.NEUTRAL),
        ("excluded", Conclusion.STALE),
        ("excluded", Conclusion.ACTION_REQUIRED),
        ("not_started", Conclusion.STARTUP_FAILURE),
        ("pending", Conclusion.PENDING),
        ("nothing_ran", Conclusion.NOTHING_RAN),
        ("not_told", Conclusion.UNKNOWN),
    ],
)
def test_a_job_that_nothing_decided_is_counted_and_is_in_no_rate(
    counted: str, conclusion: Conclusion, watch: Any
) -> None:
    watch.keep(watch.job("run", conclusion))
    rate = watch.metric("pass-rate")
    assert (rate.state, rate.value, rate.inputs[counted]) == (State.UNKNOWN, None, 1)
    assert "in no rate: 1" in str(rate.text)


def test_only_the_listed_workflows_count(watch: Any) -> None:
    watch.keep(
        watch.job("a", workflow="clients-python-sdk"),
        watch.job("b", workflow="sdk-post-release-smoke"),
        watch.job("c", workflow="atalaya-checks", environment=Environment.LOOPBACK),
        watch.job("d", workflow="atalaya-smoke", environment=Environment.LOOPBACK),
        watch.job("e", workflow="website"),
    )
    assert watch.metric("pass-rate").n == 2


def test_another_commits_jobs_are_kept_apart(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(
        watch.job("a", commit="abc123def"),
        watch.job("b", commit=""),
        watch.job("c", Conclusion.FAILURE, commit="fff000"),
        watch.job("d", workflow="atalaya-checks", commit="digest", environment=Environment.LOOPBACK),
    )
    rate = watch.metric("pass-rate")
    assert (rate.n, rate.value, rate.counts["of_other_commits"]) == (2, 1.0, 1)


def test_jobs_of_one_run_share_its_fate_in_the_rate_of_runs(watch: Any) -> None:
    watch.keep(watch.job("one", job="a"), watch.job("one", Conclusion.FAILURE, job="b"), watch.job("two", job="a"))
    assert (watch.metric("pass-rate").value, watch.metric("pass-rate").inputs["run_rate"]) == (2 / 3, 0.5)


# ── flaky tests ──────────────────────────────────────────────────────────────


def mixed(watch: Any, name: str, run: str = "run", **changes: Any) -> list[Any]:
    return [watch.test(run, FAILED, test=name, **changes), watch.test(run, PASSED, test=name, attempt=2, **changes)]


@pytest.mark.parametrize(
    ("state", "critical", "other"), [(State.MEETS, 0, 0), (State.MEETS, 0, 2), (State.FAIL, 0, 3), (State.FAIL, 1, 0)]
)
def test_flaky_tests_are_held_against_both_limits(state: State, critical: int, other: int, watch: Any) -> None:
    steady = [
        watch.test("run", PASSED, test=f"steady-{number}", attempt=attempt)
        for number in range(9)
        for attempt in range(1, 6)
    ]
    flaky = [
        one for number in range(critical + other) for one in mixed(watch, f"test-{number}", critical=number < critical)
    ]
    watch.keep(*steady, *flaky)
    metric = watch.metric("flaky-tests")
    assert (state, critical + other, 9 + critical + other) == (metric.state, metric.value, metric.n)


@pytest.mark.parametrize(
    "change",
    [{"commit": "another"}, {"variant": "3.13"}, {"outcome": SKIPPED}, {"test": "another"}],
    ids=["commit", "variant", "skipped", "test"],
)
def test_what_changed_between_two_attempts_makes_nothing_flaky(change: dict[str, Any], watch: Any) -> None:
    other = msgspec.structs.replace(watch.test("run", PASSED, attempt=2), **change)
    watch.keep(watch.test("run", FAILED), other)
    assert (watch.metric("flaky-tests").state, watch.metric("flaky-tests").n) == (State.UNKNOWN, 0)


def test_without_a_commit_two_runs_may_be_of_two_versions(watch: Any) -> None:
    watch.keep(watch.test("one", FAILED, commit=""), watch.test("two", PASSED, commit=""))
    assert watch.metric("flaky-tests").n == 0
    watch.keep(watch.test("two", ERRORED, commit="", attempt=2))
    assert (watch.metric("flaky-tests").n, watch.metric("flaky-tests").value) == (1, 1.0)


def test_the_same_attempt_taken_in_twice_is_one(watch: Any) -> None:
    watch.keep(watch.test("run", PASSED), watch.test("run", PASSED))
    assert watch.metric("flaky-tests").n == 0


def test_a_job_that_never_started_tried_no_test(watch: Any) -> None:
    watch.keep(
        watch.job("run", Conclusion.STARTUP_FAILURE),
        watch.test("run", ERRORED),
        watch.test("run", PASSED, attempt=2),
        watch.test("run", PASSED, attempt=3),
    )
    assert (watch.metric("flaky-tests").value, watch.metric("flaky-tests").n) == (0.0, 1)


def test_another_commits_tests_and_our_own_are_kept_apart(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(
        *mixed(watch, "theirs", commit="fff000"),
        *mixed(watch, "early", hours=-1),
        *mixed(watch, "a service's", environment=Environment.SERVICE),
        watch.job("smoke", workflow="atalaya-smoke", commit="abc123"),
        watch.test("smoke", PASSED, test="smoke.strict-config", commit="digest"),
        watch.test("smoke", FAILED, test="smoke.strict-config", commit="digest", attempt=2),
        *mixed(watch, "ours too", workflow="atalaya-smoke"),
        watch.test("theirs", PASSED),
        watch.test("theirs", PASSED, attempt=2),
    )
    metric = watch.metric("flaky-tests")
    assert (metric.value, metric.n) == (0.0, 1)
    assert [metric.inputs[f"attempts_{why}"] for why in ("outside_window", "of_other_commits", "not_counted")] == [
        2,
        2,
        2,
    ]
    assert "Not counted: 2 attempts outside the window, 2 of another commit, 2 that" in " ".join(
        map(str, metric.derivation)
    )


def test_a_promise_that_is_kept_and_then_broken_is_no_test(watch: Any) -> None:
    watch.keep(
        watch.checked("cache.only-gets", Outcome.KEPT, hours=1),
        watch.checked("cache.only-gets", Outcome.BROKEN, hours=2),
    )
    metric = watch.metric("flaky-tests")
    assert (metric.value, metric.n, metric.inputs["flaky_critical"], metric.state) == (None, 0, [], State.UNKNOWN)


# ── network errors ───────────────────────────────────────────────────────────


def errors(watch: Any, counts: list[int], requests: list[int], **changes: Any) -> None:
    """So many errors and requests in each 24 hours."""
    for number, (seen, sent) in enumerate(zip(counts, requests, strict=True)):
        hours = 24 * number + 1
        watch.keep(
            watch.job(f"run-{number}", hours=hours, requests=sent or None),
            *(
                watch.event(EventKind.NETWORK_ERROR, hours=hours + i / 100, run_id=f"run-{number}", **changes)
                for i in range(seen)
            ),
        )


@pytest.mark.parametrize(
    ("state", "said", "counts", "requests"),
    [
        (State.FAIL, "above the level, 0.0050", [100, 94, 88], [200, 200, 200]),
        (State.FAIL, "are decreasing: p = 0.0", [100, 60, 30], [200, 200, 200]),
        (
            State.MEETS,
            "lies within the interval. The errors for each request are decreasing: p = 0.0126",
            [12, 7, 3],
            [1000, 1000, 1000],
        ),
        (State.PROVEN, "(0.0009 to 0.0021): the interval does not pass the level", [12, 7, 3], [8000, 6000, 1500]),
        (State.FAIL, "increasing", [3, 7, 12], [1000, 1000, 1000]),
        (
            State.MEETS,
            "does not pass the level, 0.0050. The errors for each request are increasing",
            [0, 0, 5],
            [3000, 3000, 3000],
        ),
        (State.PROVEN, "0.000228 errors for each request (0.000006 to 0.001269)", [0, 1, 0], [1464, 1464, 1464]),
        (State.INCONCLUSIVE, "2417 more requests without an error", [9, 0, 0], [1000, 0, 0]),
        (
            State.INCONCLUSIVE,
            "do not say how many requests they sent, as the log of a job: 1.",
            [4, 1, 0],
            [1000, 0, 1000],
        ),
        (State.INCONCLUSIVE, "so few say nothing", [0, 0, 0], [5, 0, 0]),
        (
            State.INCONCLUSIVE,
            "allow up to 0.0599 for each, more than 0.0500, ten times the level. It takes 60 requests",
            [0, 0, 0],
            [50, 0, 0],
        ),
        (State.MEETS, "No error in 598 requests", [0, 0, 0], [199, 199, 200]),
        (State.PROVEN, "No error in 600 requests", [0, 0, 0], [200, 200, 200]),
        (State.UNKNOWN, "No request was counted", [3, 0, 0], [0, 0, 0]),
    ],
)
def test_errors_are_compared_with_the_requests_among_which_they_happened(
    state: State, said: str, counts: list[int], requests: list[int], watch: Any
) -> None:
    errors(watch, counts, requests)
    metric = watch.metric("network-errors")
    assert (state, sum(counts), sum(requests)) == (metric.state, metric.value, metric.n)
    assert said in str(metric.reason)


def test_an_error_that_stopped_a_run_fails_whatever_the_trend(watch: Any) -> None:
    errors(watch, [4, 0, 0], [1000, 1000, 1000])
    metric = watch.metric("network-errors")
    assert (metric.state, metric.acts, metric.critical) == (State.PROVEN, Acts.AT_CHECKPOINTS, False)
    watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=2, blocking=True))
    metric = watch.metric("network-errors")
    assert (metric.state, metric.acts, metric.critical) == (State.FAIL, Acts.AT_ONCE, True)


def test_a_level_that_is_passed_is_critical_and_acts_at_a_checkpoint_though_the_errors_fall(watch: Any) -> None:
    errors(watch, [100, 94, 88], [200, 200, 200])
    metric = watch.metric("network-errors")
    assert (metric.state, metric.critical, metric.acts) == (State.FAIL, True, Acts.AT_CHECKPOINTS)


def test_errors_that_rise_around_the_level_fail_and_are_not_critical(watch: Any) -> None:
    errors(watch, [3, 7, 12], [1000, 1000, 1000])
    metric = watch.metric("network-errors")
    assert (metric.state, metric.critical) == (State.FAIL, False)


def test_expected_errors_are_shown_and_not_counted(watch: Any) -> None:
    errors(watch, [2, 2, 2], [1000, 1000, 1000], expected=True, blocking=True)
    metric = watch.metric("network-errors")
    assert (metric.value, metric.inputs["expected"], metric.inputs["blocking"]) == (0.0, 6, 0)


def test_the_instant_that_ends_the_window_belongs_to_its_last_day(watch: Any) -> None:
    watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=72), watch.event(EventKind.NETWORK_ERROR, hours=23.999999))
    assert watch.metric("network-errors").inputs["errors_by_24h"] == [1, 0, 1]


def test_days_that_have_not_begun_are_not_shown(watch: Any) -> None:
    errors(watch, [1, 1, 1], [10, 10, 10])
    assert watch.metric("network-errors", hours=30).inputs["requests_by_24h"] == [10, 10]


# ── polling timeouts and stale reads ─────────────────────────────────────────


@pytest.mark.parametrize(
    ("id", "kind", "trials"),
    [("polling-timeouts", EventKind.POLLING_TIMEOUT, "waits"), ("stale-cache", EventKind.STALE_READ, "stale_trials")],
)
class TestZero:
    """What holds for both metrics that ask for a zero."""

    def test_a_zero_is_met_and_with_enough_trials_proven(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.keep(watch.job("one", **{trials: 299}))
        assert (watch.metric(id).state, str(watch.metric(id).settles)) == (
            State.MEETS,
            "1 more clean trials would prove it.",
        )
        watch.keep(watch.job("two", **{trials: 1}))
        metric = watch.metric(id)
        assert (metric.state, metric.value, metric.low, metric.n) == (State.PROVEN, 0.0, 0.0, 300)
        assert metric.high == pytest.approx(300 * metric.inputs["upper_per_trial"])
        assert "0 in 300 trials; at most 0.0100 for each" in str(metric.text)

    def test_a_zero_of_too_few_trials_is_not_met(self, id: str, kind: EventKind, trials: str, watch: Any) -> None:
        watch.keep(watch.job("one", **{trials: 5}))  # 2.9957 / 5 = 0.599
        metric = watch.metric(id)
        assert (metric.state, metric.high, str(metric.text)) == (State.INCONCLUSIVE, None, "0 in 5 trials.")
        watch.keep(watch.job("two", **{trials: 54}))
        metric = watch.metric(id)
        assert (metric.state, str(metric.settles)) == (State.INCONCLUSIVE, "1 more clean trials would meet it.")
        watch.keep(watch.job("three", **{trials: 1}))
        assert watch.metric(id).state is State.MEETS

    def test_without_a_self_test_no_number_of_trials_is_enough(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.keep(watch.job("one", **{trials: 90_000}))
        metric = watch.metric(id, detectors={})
        assert (metric.state, metric.high) == (State.INCONCLUSIVE, None)
        assert "`atalaya prove --detectors`" in str(metric.settles)

    def test_an_event_of_a_log_enters_no_rate_and_leaves_nothing_met(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.settings = Settings(thresholds=Thresholds(polling_timeouts=50, stale_reads=50))
        logged = [watch.event(kind, run_id="ci", message=str(number)) for number in range(41)]
        watch.keep(watch.job("one", **{trials: 40}), watch.job("ci"), *logged)
        metric = watch.metric(id)
        assert (metric.state, metric.value, metric.k, metric.n) == (State.INCONCLUSIVE, 41.0, 0, 40)
        assert "0 in 40 trials, and 41 in runs that do not say" in str(metric.text)

    def test_what_is_of_another_commit_workflow_or_time_is_said_and_not_counted(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.release = msgspec.structs.replace(watch.release, commit="abc123")
        watch.keep(
            watch.job("one", **{trials: 300}),
            watch.event(kind, commit="fff000", workflow="clients-python-sdk"),
            watch.event(kind, workflow="website", job="build"),
            watch.event(kind, hours=-1),
            watch.event(kind, hours=73),
        )
        metric = watch.metric(id, hours=74)
        assert (metric.state, metric.value) == (State.PROVEN, 0.0)
        said = str(metric.text)
        for what in ("1 of another commit", "1 of a workflow that is not listed", "2 outside the window"):
            assert f"Not counted: {what}" in said

    def test_no_run_tells_of_more_events_than_trials(self, id: str, kind: EventKind, trials: str, watch: Any) -> None:
        told = [watch.event(kind, run_id="one", message=str(number)) for number in range(41)]
        watch.keep(watch.job("one", **{trials: 40}), *told)
        metric = watch.metric(id)
        assert (metric.state, metric.value, metric.k, metric.n) == (State.FAIL, 41.0, 40, 40)

    def test_one_event_fails(self, id: str, kind: EventKind, trials: str, watch: Any) -> None:
        watch.keep(watch.job("one", **{trials: 500}), watch.event(kind))
        metric = watch.metric(id)
        assert (metric.state, metric.value, metric.n, metric.acts) == (State.FAIL, 1.0, 500, Acts.AT_ONCE)

    def test_one_event_fails_even_without_trials(self, id: str, kind: EventKind, trials: str, watch: Any) -> None:
        watch.keep(watch.event(kind))
        assert (watch.metric(id).state, watch.metric(id).n) == (State.FAIL, 0)

    def test_no_event_and_no_trial_is_unknown(self, id: str, kind: EventKind, trials: str, watch: Any) -> None:
        watch.keep(watch.job("one"), watch.event(kind, expected=True))
        metric = watch.metric(id)
        assert (metric.state, metric.value, metric.inputs["expected"]) == (State.UNKNOWN, None, 1)

    def test_an_event_that_is_allowed_meets_the_threshold(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.settings = Settings(thresholds=Thresholds(polling_timeouts=1, stale_reads=1))
        watch.keep(watch.event(kind))
        assert watch.metric(id).state is State.UNKNOWN
        watch.keep(watch.job("run", **{trials: 10}))
        assert watch.metric(id).state is State.MEETS

    def test_an_attempt_that_was_taken_in_twice_lends_its_trials_once(
        self, id: str, kind: EventKind, trials: str, watch: Any
    ) -> None:
        watch.keep(watch.job("one", origin="a", **{trials: 10}), watch.job("one", origin="b", **{trials: 10}))
        assert watch.metric(id).n == 10


def test_a_broken_promise_of_a_fresh_status_is_a_stale_read(watch: Any) -> None:
    watch.keep(
        watch.checked("polling.fresh-status", Outcome.BROKEN, hours=1),
        watch.checked("polling.fresh-status", Outcome.BROKEN, hours=2),
        watch.checked("polling.fresh-status", Outcome.KEPT, hours=3),
        watch.checked("polling.timeout-is-timeout-error", Outcome.BROKEN, hours=1),
    )
    assert [(metric.state, metric.value) for metric in map(watch.metric, ("stale-cache", "polling-timeouts"))] == [
        (State.FAIL, 2.0),
        (State.UNKNOWN, None),
    ]


def test_from_a_part_of_what_github_knows_no_rate_is_told(watch: Any) -> None:
    watch.keep(*(watch.job(f"r{number}") for number in range(200)), watch.collected(ReadStatus.UNREADABLE, hours=2))
    rate = watch.metric("pass-rate")
    assert (rate.state, str(rate.reason)) == (State.UNKNOWN, "Not all that GitHub knows could be read: it was cut off")


def test_a_later_collection_that_was_whole_makes_the_rate_known_again(watch: Any) -> None:
    watch.keep(
        *(watch.job(f"r{number}") for number in range(200)),
        watch.collected(ReadStatus.UNREADABLE, hours=2),
        watch.collected(ReadStatus.READ, hours=3),
    )
    assert watch.metric("pass-rate").state is State.PROVEN
    assert watch.metric("pass-rate", hours=2).state is State.UNKNOWN


def test_where_no_workflow_is_named_all_of_them_count(watch: Any) -> None:
    watch.keep(watch.job("r1", workflow="nightly"))
    assert watch.metric("pass-rate").n == 0
    watch.settings = Settings(ci=CiSettings(workflows=()))
    assert watch.metric("pass-rate").n == 1


def test_a_zero_is_none_while_not_all_that_github_knows_could_be_read(watch: Any) -> None:
    watch.keep(
        watch.job("r1", workflow="atalaya-smoke", requests=9000, polls=9000, waits=9000, stale_trials=9000),
        watch.collected(ReadStatus.READ, hours=2),
    )
    zeros = ("network-errors", "polling-timeouts", "stale-cache")
    assert State.UNKNOWN not in {watch.metric(id).state for id in zeros}
    watch.keep(watch.collected(ReadStatus.UNREADABLE, hours=3))
    assert {watch.metric(id).state for id in zeros} == {State.UNKNOWN}


def test_a_log_that_was_not_read_is_not_a_log_without_errors(watch: Any) -> None:
    watch.keep(
        watch.job("r1", workflow="atalaya-smoke", requests=9000, polls=9000, waits=9000, stale_trials=9000),
        watch.collected(ReadStatus.UNREADABLE, hours=2, file="github/runs/1/attempts/1/jobs/2/log"),
    )
    assert watch.metric("network-errors").state is State.UNKNOWN
    watch.keep(watch.collected(ReadStatus.READ, hours=3, file="github/runs/1/attempts/1/jobs/2/log"))
    assert watch.metric("network-errors").state is not State.UNKNOWN


def test_a_log_with_lines_that_nobody_could_classify_holds_the_zeros_back(watch: Any) -> None:
    zeros = ("network-errors", "polling-timeouts", "stale-cache")
    watch.keep(
        watch.job("r1", workflow="atalaya-smoke", requests=9000, polls=9000, waits=9000, stale_trials=9000),
        watch.log(0, hours=2),
    )
    assert State.UNKNOWN not in {watch.metric(id).state for id in zeros}
    watch.keep(watch.log(3, hours=3), watch.log(2, hours=3, file="github/runs/1/attempts/1/jobs/2/log.txt"))
    reason = "Lines of logs with words of an error that could not be classified: 5. One of the logs: line 7: ?!"
    assert {(watch.metric(id).state, str(watch.metric(id).reason)) for id in zeros} == {(State.UNKNOWN, reason)}


def test_a_log_from_outside_the_window_holds_nothing_back(watch: Any) -> None:
    watch.keep(
        watch.job("r1", workflow="atalaya-smoke", requests=9000, polls=9000, waits=9000, stale_trials=9000),
        msgspec.structs.replace(watch.log(3, hours=2), occurred_at=T0 - timedelta(hours=1)),
    )
    assert watch.metric("network-errors").state is not State.UNKNOWN


@pytest.mark.parametrize(
    ("released", "tested", "counts"),
    [("0123abcdef", "0123abc", 1), ("0123abc", "0123abcdef", 1), ("0123ABC", "0123abcdef", 1), ("0123abc", "0124", 0)],
)
def test_a_commit_may_be_written_short_on_either_side(watch: Any, released: str, tested: str, counts: int) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit=released)
    watch.keep(watch.job("r1", commit=tested))
    assert watch.metric("pass-rate").n == counts


# ── what has no exposure ─────────────────────────────────────────────────────


def test_errors_of_runs_that_count_no_request_make_no_trend(watch: Any) -> None:
    silent = [watch.job(f"ci-{hour}", hours=hour, requests=None) for hour in range(72)]
    smokes = [watch.job(f"smoke-{hour}", hours=hour, requests=40, workflow="atalaya-smoke") for hour in range(72)]
    seen = [(1, n) for n in range(12)] + [(30, n) for n in range(12, 18)] + [(60, 18)]
    events = [watch.event(EventKind.NETWORK_ERROR, hours=hour, run_id=f"ci-{hour}", message=str(n)) for hour, n in seen]
    watch.keep(*silent, *smokes, *events)
    assert watch.metric("network-errors").state is State.INCONCLUSIVE


def test_the_pace_of_a_log_that_counts_no_request_is_not_known(watch: Any) -> None:
    watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=24), watch.job("one", hours=24, requests=0))
    span = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=24), settings=watch.settings)
    with opened(watch.folder) as engine:
        spent = pace(engine, span)
    assert ({sign.burns for sign in spent.signs}, spent.used) == ({Burning.UNKNOWN}, None)


def test_the_pace_at_the_end_holds_what_happened_at_t0(watch: Any) -> None:
    watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=0), watch.job("one", hours=0, requests=40))
    span = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=72), settings=watch.settings)
    with opened(watch.folder) as engine:
        spent = pace(engine, span)
    assert (spent.bad, spent.total) == (1, 40)


def test_a_label_on_one_key_makes_the_whole_test_critical(watch: Any) -> None:
    watch.keep(
        watch.test("r1", PASSED, critical=True, variant="3.11"),
        watch.test("r2", FAILED, variant="3.12"),
        watch.test("r2", PASSED, attempt=2, variant="3.12"),
    )
    assert watch.metric("flaky-tests").state is State.FAIL


def test_a_commit_that_is_written_short_is_the_same_commit(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="0123abc")
    watch.keep(watch.test("r1", FAILED, commit="0123abcdef"), watch.test("r2", PASSED, commit="0123abc"))
    assert watch.metric("flaky-tests").n == 1
