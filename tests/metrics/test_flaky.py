"""Tests that tests are classified by their attempts alone, through the ledger and the ``.sql`` files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from atalaya.metrics.engine import questions
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.flaky_list import FlakyClass, FlakyTest, flaky, in_order
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import CaseOutcome, Conclusion, Environment, Outcome

PASSED, FAILED, ERRORED, SKIPPED = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.SKIPPED)
TEST = "exports::test_ready"
OUTCOMES = {"P": PASSED, "F": FAILED, "E": ERRORED, "-": SKIPPED}
CONFIRMED, REGRESSION, BROKEN = FlakyClass.CONFIRMED, FlakyClass.REGRESSION, FlakyClass.BROKEN
SUSPECT, HEALTHY, UNOBSERVED = FlakyClass.SUSPECT, FlakyClass.HEALTHY, FlakyClass.UNOBSERVED


def found(watch: Any, *, hours: float = 72) -> tuple[FlakyTest, ...]:
    as_of = watch.release.opened_at + timedelta(hours=hours)
    with opened(watch.folder) as engine:
        return flaky(engine, MetricQuery(release=watch.release, as_of=as_of, settings=watch.settings))


def one(watch: Any, name: str = TEST, **asked: Any) -> FlakyTest:
    return next(test for test in found(watch, **asked) if test.test == name)


def commits(watch: Any, keys: Iterable[str], **changes: Any) -> list[Any]:
    """One commit for each word, in the order of time; its letters are the attempts at it."""
    return [
        watch.test(
            f"run-{number}", OUTCOMES[letter], hours=1 + number / 10, commit=f"c{number:03}", attempt=attempt, **changes
        )
        for number, letters in enumerate(keys)
        for attempt, letter in enumerate(letters, start=1)
    ]


# ── cases with known truth ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "mean", "low", "high", "bad", "keys"),
    [
        (HEALTHY, 0.0167, 0.0013, 0.0613, 0.0200, 40 * ["P"]),
        (CONFIRMED, 0.0655, 0.0188, 0.1413, 0.0395, [*36 * ["P"], *3 * ["FP"], "FFF"]),
        (REGRESSION, 0.0180, 0.0013, 0.0663, 0.1000, [*36 * ["P"], *4 * ["FFF"]]),
        (SUSPECT, 0.0443, 0.0013, 0.1288, 0.0684, 4 * [*9 * ["P"], "F"]),
        (BROKEN, 0.0443, 0.0013, 0.1288, 0.0684, [*36 * ["P"], *4 * ["F"]]),
        (CONFIRMED, 0.0769, 0.0088, 0.2038, 0.0667, [*4 * ["P"], "FP"]),
        (UNOBSERVED, None, None, None, None, ["-", "-"]),
    ],
    ids=["A", "B", "C", "D", "D at the end", "E", "F"],
)
def test_a_case_with_known_truth_is_classed_and_scored(
    kind: FlakyClass, mean: float, low: float, high: float, bad: float, keys: list[str], watch: Any
) -> None:
    watch.keep(*commits(watch, keys))
    test = one(watch)
    score = test.score
    assert kind is test.kind
    assert tuple(value if value is None else pytest.approx(value, abs=5.1e-5) for value in (mean, low, high, bad)) == (
        score.mean,
        score.low,
        score.high,
        score.bad_mean,
    )


def test_what_a_case_costs_and_what_would_prove_it_mended_are_told(watch: Any) -> None:
    watch.keep(*commits(watch, [*36 * ["P"], *3 * ["FP"], "FFF"], duration_s=90))
    test = one(watch)
    assert (pytest.approx(test.impact, abs=5e-4), test.clean_runs, test.runs_per_day, test.cost_min) == (
        0.933,
        45,
        45 / 3,
        1.5,
    )
    assert str(test.reason) == "Failed, and passed on the same commit: 3 of 40 keys"


def test_of_what_nobody_saw_nothing_is_said(watch: Any) -> None:
    watch.keep(*commits(watch, ["-", "-"]))
    test = one(watch)
    assert (test.keys, test.attempts, test.cost_min, test.impact, test.clean_runs) == (0, 0, None, None, None)


# ── classes ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (BROKEN, ["FF", "FF"]),  # it was never seen to pass: nobody can say when it began
        (BROKEN, ["FF", "F"]),
        (SUSPECT, ["F", "F"]),  # never tried again
        (BROKEN, ["F", "F", "F"]),
        (BROKEN, ["PPF", "F", "F"]),  # a mixed key, and the end of it is no flake
        (CONFIRMED, ["PPF", "F"]),
        (CONFIRMED, ["PFFF"]),  # one run
        (REGRESSION, ["P", "FF", "FF"]),
        (REGRESSION, ["P", "F", "-", "EF"]),
        (SUSPECT, ["FF", "FF", "P"]),  # mended since
        (SUSPECT, ["P", "FFF"]),  # one commit
        (SUSPECT, ["P", "F", "P", "F", "P"]),
        (CONFIRMED, ["FF", "FF", "PF"]),
        (CONFIRMED, ["PE"]),
        (HEALTHY, ["PP", "-", "P"]),
    ],
)
def test_one_variant_is_classed_by_what_its_commits_show(kind: FlakyClass, keys: list[str], watch: Any) -> None:
    watch.keep(*commits(watch, keys))
    assert kind is one(watch).kind


@pytest.mark.parametrize(("kind", "variants"), [(SUSPECT, 1), (SUSPECT, 3), (REGRESSION, 4)])
def test_many_variants_that_fail_at_one_commit_are_no_chance(kind: FlakyClass, variants: int, watch: Any) -> None:
    watch.keep(*(watch.test("run", FAILED, variant=f"3.{number}") for number in range(variants)))
    assert kind is one(watch).kind


def test_one_variant_that_is_broken_is_not_hidden_by_the_others(watch: Any) -> None:
    watch.keep(
        *commits(watch, 4 * ["P"], variant="3.12", origin="a"), *commits(watch, 4 * ["FF"], variant="3.14", origin="b")
    )
    assert BROKEN is one(watch).kind


def test_what_began_at_two_commits_is_broken_and_no_one_commit_is_blamed(watch: Any) -> None:
    watch.keep(
        *commits(watch, ["P", "FF", "FF"], variant="3.12", origin="a"),
        *commits(watch, ["P", "P", "FF"], variant="3.14", origin="b"),
    )
    assert BROKEN is one(watch).kind


def test_promises_and_the_steps_of_our_smoke_are_no_tests(watch: Any) -> None:
    watch.keep(
        watch.checked("cache.only-gets", Outcome.KEPT, hours=1),
        watch.checked("cache.only-gets", Outcome.BROKEN, hours=2),
        watch.job("smoke", workflow="atalaya-smoke"),
        *report(watch, "smoke", 3, 6),
        watch.test("elsewhere", FAILED, workflow="atalaya-smoke"),
    )
    assert found(watch) == ()
    assert watch.metric("flaky-tests").inputs["tests"] == 0


# ── what decides nothing ─────────────────────────────────────────────────────


def report(watch: Any, run: str, failed: int, n: int, **changes: Any) -> list[Any]:
    return [
        watch.test(run, FAILED if number < failed else PASSED, test=f"test-{number}", **changes) for number in range(n)
    ]


@pytest.mark.parametrize(
    ("kind", "failed", "n"),
    [(HEALTHY, 5, 5), (CONFIRMED, 4, 5), (CONFIRMED, 4, 4), (HEALTHY, 9, 10), (CONFIRMED, 8, 10)],
)
def test_a_job_in_which_nearly_all_tests_failed_decides_nothing(
    kind: FlakyClass, failed: int, n: int, watch: Any
) -> None:
    watch.keep(*report(watch, "run", failed, n), *report(watch, "run", 0, n, attempt=2))
    assert kind is one(watch, "test-0").kind


def test_a_re_run_of_the_tests_that_failed_is_believed_and_one_of_all_tests_is_not(watch: Any) -> None:
    watch.keep(
        *report(watch, "part", 10, 100, variant="a"),
        *report(watch, "part", 10, 10, variant="a", attempt=2),
        *report(watch, "whole", 0, 100, variant="b"),
        *report(watch, "whole", 100, 100, variant="b", attempt=2),
    )
    test = one(watch, "test-0")
    assert (test.attempts, test.failures, test.mixed_keys) == (3, 2, 0)


def test_how_often_a_report_was_taken_in_does_not_make_its_job_fail(watch: Any) -> None:
    watch.keep(*report(watch, "run", 3, 3), *report(watch, "run", 0, 3, attempt=2))
    watch.keep(*report(watch, "run", 3, 3, hours=1.5))
    assert CONFIRMED is one(watch, "test-0").kind


def test_one_variant_without_a_network_says_nothing_of_the_other(watch: Any) -> None:
    watch.keep(*report(watch, "run", 5, 5, variant="3.12"), *report(watch, "run", 1, 5, variant="3.13", origin="other"))
    assert [(test.attempts, test.failures) for test in (one(watch, "test-0"), one(watch, "test-1"))] == [(1, 1), (1, 0)]


def test_a_job_that_never_started_decides_nothing(watch: Any) -> None:
    watch.keep(watch.job("run", Conclusion.STARTUP_FAILURE), watch.test("run", ERRORED))
    assert UNOBSERVED is one(watch).kind


# ── what counts ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("times", [2, 3, 5])
def test_an_attempt_taken_in_again_is_one(times: int, watch: Any) -> None:
    for number in range(times):
        watch.keep(
            *(
                msgspec.structs.replace(record, recorded_at=record.occurred_at + timedelta(minutes=number))
                for record in commits(watch, ["FPF"])
            )
        )
    assert (one(watch).keys, one(watch).attempts, one(watch).failures) == (1, 3, 2)


def test_two_runs_of_a_commit_are_two_attempts_though_both_are_numbered_one(watch: Any) -> None:
    watch.keep(watch.test("one", FAILED), watch.test("two", PASSED), watch.test("two", PASSED))
    assert (one(watch).kind, one(watch).keys, one(watch).attempts) == (CONFIRMED, 1, 2)


def test_evidence_that_came_late_changes_no_earlier_answer(watch: Any) -> None:
    late = msgspec.structs.replace(
        watch.test("run", PASSED, attempt=2), recorded_at=watch.release.opened_at + timedelta(hours=50)
    )
    watch.keep(watch.test("run", FAILED), late)
    assert [one(watch, hours=hours).kind for hours in (48, 72)] == [SUSPECT, CONFIRMED]


def test_an_attempt_that_was_taken_in_again_later_is_one_before_that_too(watch: Any) -> None:
    once = watch.test("run", PASSED)
    again = msgspec.structs.replace(once, recorded_at=watch.release.opened_at + timedelta(hours=50))
    watch.keep(once)
    watch.keep(again)
    assert [(one(watch, hours=hours).keys, one(watch, hours=hours).attempts) for hours in (48, 72)] == 2 * [(1, 1)]


def test_another_commits_tests_do_not_count(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(
        watch.test("theirs", FAILED, commit="fff000"),
        watch.test("theirs", PASSED, commit="abc123def", attempt=2),
        watch.test("unknown", PASSED, commit=""),
    )
    assert (one(watch).kind, one(watch).keys) == (HEALTHY, 2)


def test_a_rehearsal_and_a_real_service_stay_apart(watch: Any) -> None:
    for environment in (Environment.REHEARSAL, Environment.SERVICE):
        watch.keep(*commits(watch, ["FP"], environment=environment, test=str(environment)))
    watch.keep(*commits(watch, ["P"]))
    assert [test.test for test in found(watch)] == [TEST]
    watch.release = msgspec.structs.replace(watch.release, rehearsal=True)
    assert [(test.test, test.kind) for test in found(watch)] == [("rehearsal", CONFIRMED)]


@pytest.mark.parametrize("duration_s", [None, -1.0, 1e300])
def test_a_duration_that_cannot_be_is_none(duration_s: float | None, watch: Any) -> None:
    watch.keep(*commits(watch, ["P"], duration_s=duration_s))
    assert one(watch).cost_min is None


# ── order ────────────────────────────────────────────────────────────────────


def test_the_costliest_comes_first_and_the_share_of_failures_does_not_count(watch: Any) -> None:
    watch.keep(
        *commits(watch, [*4 * ["P"], "FP"], test="new and rarely run", duration_s=60),
        *commits(watch, [*180 * ["P"], *20 * ["FP"]], test="old and often run", duration_s=60),
        *commits(watch, [*180 * ["P"], *20 * ["FP"]], test="long", duration_s=600),
        *commits(watch, [*9 * ["P"], *4 * ["FFF"]], test="broken", duration_s=60),
        *commits(watch, ["-"], test="never run"),
    )
    assert [test.test for test in found(watch)] == [
        "long",
        "old and often run",
        "new and rarely run",
        "broken",
        "never run",
    ]


def test_equals_are_in_the_order_of_their_names(watch: Any) -> None:
    for name in ("b", "c", "a"):
        watch.keep(*commits(watch, ["FP"], test=name))
    assert [test.test for test in in_order(reversed(found(watch)))] == ["a", "b", "c"]


# ── how keys are found ───────────────────────────────────────────────────────

KEYS = ["P", "PP", "F", "FP", "PF", "P", "FFF", "-", "P"]
ON_KEYS = ("flaky_tests", "flaky_shapes", "flaky_classes", "clean_tests", "broken_tests")


def answers(watch: Any) -> dict[str, list[Any]]:
    span = MetricQuery(
        release=watch.release, as_of=watch.release.opened_at + timedelta(hours=72), settings=watch.settings
    )
    with opened(watch.folder) as engine:
        asked = {**parameters(engine, span), "only_failed": False}
        return {question: engine.ask(question, asked) for question in ON_KEYS}


def test_keys_whose_words_have_one_number_are_counted_apart(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.keep(
        *(
            one
            for test in ("a::test_x", "a::test_y")
            for variant in ("3.11", "3.12")
            for one in commits(watch, KEYS, test=test, variant=variant)
        ),
        *commits(watch, 3 * ["P"], test="a::test_clean"),
    )
    expected = answers(watch)
    written = questions._text
    monkeypatch.setattr(questions, "_text", lambda name: re.sub(r"HASH\([^)]*\)", "1", written(name)))
    questions.written.cache_clear()
    assert "1 AS number" in questions.written("flaky_keys").sql
    assert answers(watch) == expected
    monkeypatch.undo()
    questions.written.cache_clear()


def test_keys_tried_once_that_passed_are_one_row_of_their_test_and_variant(watch: Any) -> None:
    watch.keep(*commits(watch, ["P", "FP", "P", "P"]))
    answered = answers(watch)
    assert answered["flaky_shapes"] == [
        {"test": TEST, "failures": 0, "passes": 1, "keys": 3},
        {"test": TEST, "failures": 1, "passes": 1, "keys": 1},
    ]
    (row,) = answered["flaky_tests"]
    assert (row["repeated_keys"], row["mixed_keys"], row["attempts"], row["most_attempts"]) == (1, 1, 2, 2)
