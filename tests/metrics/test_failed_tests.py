"""Tests that of each test that failed all attempts that count are told, by variant, and the latest in their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.metrics.engine.engine import opened
from atalaya.metrics.failed_tests import failed_tests
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import FailedTest
from atalaya.records.stored import CaseOutcome
from tests.metrics.conftest import T0

OUTCOMES = {"P": CaseOutcome.PASSED, "F": CaseOutcome.FAILED, "E": CaseOutcome.ERRORED, "-": CaseOutcome.SKIPPED}
LETTERS = {CaseOutcome.PASSED: "P", CaseOutcome.FAILED: "F", CaseOutcome.SKIPPED: "-"}
TEST = "exports::test_ready"


def runs(watch: Any, letters: str, **changes: Any) -> list[Any]:
    """A run for each letter, an hour apart."""
    return [
        watch.test(f"run-{number}", OUTCOMES[letter], hours=number + 1, **changes)
        for number, letter in enumerate(letters)
    ]


def found(watch: Any, hours: float = 72) -> tuple[FailedTest, ...]:
    span = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=hours), settings=watch.settings)
    with opened(watch.folder) as engine:
        return failed_tests(engine, span)


def strips(watch: Any, **asked: Any) -> list[str]:
    return ["".join(LETTERS[one] for one in each.latest) for test in found(watch, **asked) for each in test.variants]


@pytest.mark.parametrize(
    ("shown", "letters"), [(["PFP"], "PFP"), (["P-F-"], "P-F-"), (["FP"], "EP"), ([], "PP"), ([], "-")]
)
def test_the_attempts_of_a_test_that_failed_are_in_their_order_and_of_no_other(
    shown: list[str], letters: str, watch: Any
) -> None:
    watch.keep(*runs(watch, letters))
    assert shown == strips(watch)


def test_only_the_latest_forty_are_told_one_by_one_and_all_are_counted(watch: Any) -> None:
    watch.keep(*runs(watch, "F" + 44 * "P" + "-"))
    (variant,) = found(watch)[0].variants
    assert (*strips(watch), variant.passed, variant.failed, variant.skipped) == (39 * "P" + "-", 44, 1, 1)


def test_each_variant_is_told_apart_with_when_it_failed_first_and_last(watch: Any) -> None:
    watch.keep(*runs(watch, "PFFP", variant="py3.11"), *runs(watch, "PP", variant="py3.12"))
    (test,) = found(watch)
    assert [(one.variant, one.passed, one.failed) for one in test.variants] == [("py3.11", 2, 2), ("py3.12", 2, 0)]
    assert (T0 + timedelta(hours=2), T0 + timedelta(hours=3)) == (test.first_failed_at, test.last_failed_at)
    assert test.variants[1].last_failed_at is None


def test_an_attempt_that_was_taken_in_twice_is_one(watch: Any) -> None:
    told = runs(watch, "FP")
    watch.keep(*told)
    watch.keep(*(replace(one, occurred_at=one.occurred_at + timedelta(minutes=1)) for one in told))
    assert strips(watch) == ["FP"]


def test_what_was_not_known_by_then_is_not_told(watch: Any) -> None:
    watch.keep(*runs(watch, "FPPF"))
    assert strips(watch, hours=2.5) == ["FP"]
