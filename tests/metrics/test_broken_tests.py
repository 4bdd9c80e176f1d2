"""Tests that a test whose last attempts all failed is broken, and neither flaky nor hidden among those."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from atalaya.metrics.broken_tests import AttemptEnd, broken, broken_tests
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.flaky_list import flaky
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import BrokenTest, FlakyClass, State
from atalaya.records.stored import CaseOutcome, Conclusion
from tests.metrics.conftest import T0

PASSED, FAILED, ERRORED, SKIPPED = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.SKIPPED)
TEST = "exports::test_ready"
OUTCOMES = {"P": PASSED, "F": FAILED, "E": ERRORED, "-": SKIPPED}


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def runs(watch: Any, words: list[str], **changes: Any) -> list[Any]:
    """A run for each word, an hour apart; its letters are the attempts in it, all told by one report at one time."""
    return [
        watch.test(f"run-{number}", OUTCOMES[letter], **({"hours": number + 1, "attempt": attempt} | changes))
        for number, letters in enumerate(words)
        for attempt, letter in enumerate(letters, start=1)
    ]


def found(watch: Any, hours: float = 72) -> tuple[BrokenTest, ...]:
    with opened(watch.folder) as engine:
        return broken_tests(engine, MetricQuery(release=watch.release, as_of=at(hours), settings=watch.settings))


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (None, ["P", "F", "F"]),
        (2, ["P", "F", "F", "F"]),
        (1, ["F", "F", "F"]),  # from its first attempt on
        (2, ["P", "E", "-", "F", "-", "F"]),
        (1, ["PF", "F", "F"]),  # the first run passed before it failed
        (2, ["P", "FF", "F"]),
        (None, ["P", "FFF"]),  # all in one run
        (None, ["FFFF"]),
        (None, ["F", "F", "F", "P"]),  # mended
        (None, ["F", "F", "FP"]),  # a retry passed
        (4, ["F", "F", "FP", "F", "FF"]),
        (3, ["FF", "P", *8 * ["F"]]),
        (None, ["-", "-", "-"]),
    ],
)
def test_three_failures_in_a_row_over_two_runs_at_the_end_are_broken_since_the_first(
    since: int | None, words: list[str], watch: Any
) -> None:
    watch.keep(*runs(watch, words))
    assert ([] if since is None else [at(since)]) == [one.since for one in found(watch)]


@pytest.fixture
def broken_of_two(watch: Any) -> Any:
    """One test that is broken in two variants, and passes in a third; and a critical one that is broken in one."""
    watch.keep(
        *runs(watch, ["P", "F", "F", "FF"], variant="3.12", origin="a"),
        *runs(watch, ["P", "P", "F", "FF"], variant="3.14", origin="b"),
        *runs(watch, ["P", "P"], variant="3.13", origin="c", critical=True),
        *runs(watch, ["F", "F", "F"], test="z", origin="d", critical=True),
    )
    return watch


def test_each_variant_is_broken_by_itself_and_critical_ones_come_first(broken_of_two: Any) -> None:
    assert [
        (one.test, one.variant, one.critical, one.failures, one.runs, one.since, one.last_at)
        for one in found(broken_of_two)
    ] == [
        (TEST, "3.12", True, 4, 3, at(2), at(4)),
        (TEST, "3.14", True, 3, 2, at(3), at(4)),
        ("z", "3.12", True, 3, 3, at(1), at(3)),
    ]


def test_what_is_not_critical_comes_last_and_the_reason_says_since_when(watch: Any) -> None:
    watch.keep(*runs(watch, 3 * ["F"], test="a"), *runs(watch, 3 * ["F"], test="b", critical=True))
    assert [one.test for one in found(watch)] == ["b", "a"]
    assert "broken since 2026-03-02 10:00 UTC" in str(found(watch)[0].reason)


def test_it_is_asked_as_of_an_instant(watch: Any) -> None:
    watch.keep(*runs(watch, ["P", "F", "F", "F", "P"]))
    assert [len(found(watch, hours=hours)) for hours in (3.5, 4.5, 5.5)] == [0, 1, 0]


def test_an_attempt_taken_in_again_is_one_and_comes_no_later(watch: Any) -> None:
    watch.keep(*runs(watch, ["F", "F"]))
    watch.keep(*(msgspec.structs.replace(one, occurred_at=at(6), recorded_at=at(6)) for one in runs(watch, ["F", "F"])))
    assert found(watch) == ()
    watch.keep(*runs(watch, ["F", "F", "P"]), *runs(watch, ["-", "-", "-", "F"]))
    assert found(watch) == ()


def test_without_a_commit_the_attempts_of_runs_are_still_in_a_row(watch: Any) -> None:
    watch.keep(*runs(watch, ["P", "F", "F", "F"], commit=""))
    assert [at(2)] == [one.since for one in found(watch)]


def test_what_decides_nothing_breaks_nothing(watch: Any) -> None:
    watch.release = msgspec.structs.replace(watch.release, commit="abc123")
    watch.keep(
        *runs(watch, 3 * ["F"], test="another commit's", commit="fff000"),
        *runs(watch, 3 * ["F"], test="ours", workflow="atalaya-smoke"),
        *(watch.job(f"run-{number}", Conclusion.STARTUP_FAILURE, origin="never") for number in range(3)),
        *runs(watch, 3 * ["F"], test="never started", origin="never"),
        *runs(watch, 3 * ["F"], test="before", hours=-1),
        *(
            one
            for number in range(5)
            for one in runs(watch, 3 * ["F"], test=f"a runner without a network {number}", origin="runner")
        ),
    )
    assert found(watch) == ()


def test_a_broken_test_is_not_flaky_and_the_metric_says_so(watch: Any) -> None:
    watch.keep(
        *runs(watch, ["PPPF", "F", "F"], critical=True, test="broken"),
        *(one for number in range(3) for one in runs(watch, 5 * ["P"], test=f"steady-{number}")),
    )
    metric = watch.metric("flaky-tests")
    assert (metric.state, metric.value, metric.inputs["broken"]) == (State.MEETS, 0.0, ["broken"])
    assert "Broken tests are not counted here" in str(metric.reason)
    with opened(watch.folder) as engine:
        span = MetricQuery(release=watch.release, as_of=at(72), settings=watch.settings)
        (one,) = (test for test in flaky(engine, span) if test.failures)
    assert (one.kind, one.mixed_keys) == (FlakyClass.BROKEN, 1)
    assert "Broken since 2026-03-02 10:00 UTC" in str(one.reason)


def test_what_passes_again_is_flaky_again(watch: Any) -> None:
    watch.keep(*runs(watch, ["P", "F", "F", "F", "P"]))
    assert (watch.metric("flaky-tests").value, watch.metric("flaky-tests").inputs["broken"]) == (1.0, [])


def end(passed: bool, hours: float = 1, **changes: Any) -> AttemptEnd:
    values = {"attempt": 1, "run_id": "r", "origin": "o", "step": 0}
    return AttemptEnd(**(values | changes), test="t", variant="v", critical=False, ended_at=at(hours), passed=passed)


def test_equal_times_go_by_the_numbers_of_the_attempts_and_then_of_the_repeats() -> None:
    row = [
        end(True, step=9),
        end(False, step=10),
        end(False, step=11),
        end(False, attempt=2),
        end(False, 2, run_id="s"),
    ]
    for shuffled in permutations(row):
        assert [one.failures for one in broken(shuffled)] == [4]
