"""The flaky-tests metric: tests that passed and failed while nothing changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atalaya.core.settings import Thresholds
from atalaya.core.words import Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Metric, State


def flaky_tests(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The tests that passed and failed while nothing changed."""
    rows = engine.ask(it.question, span.parameters())
    limits = span.settings.thresholds
    critical = [row["test"] for row in rows if row["mixed_keys"] and row["critical"]]
    other = [row["test"] for row in rows if row["mixed_keys"] and not row["critical"]]
    keys = sum(row["repeated_keys"] for row in rows)
    counts = {
        "repeated_keys": keys,
        "repeated_tests": len(rows),
        "attempts": sum(row["attempts"] for row in rows),
        "failures": sum(row["failures"] for row in rows),
    }
    state, reason = _judge_flaky(len(critical), len(other), keys, limits)
    return Metric(
        id=it.id,
        value=float(len(critical) + len(other)) if keys else None,
        low=None,
        high=None,
        n=keys,
        k=len(critical) + len(other) if keys else None,
        unit="tests",
        exposure=text("tests run again with nothing changed"),
        source=Text(template=it.source),
        state=state,
        threshold=text(
            "at most {critical} critical and {other} other tests",
            critical=limits.flaky_critical,
            other=limits.flaky_other,
        ),
        method=text(
            "A test is flaky where the same commit and variant gave at least one pass and at least one failure. Only "
            "what was run twice or more can show it. A count, without an interval."
        ),
        text=(
            text(
                "Flaky: {critical} critical and {other} other tests, of {tests} tests that were run again with nothing "
                "changed.",
                critical=len(critical),
                other=len(other),
                tests=len(rows),
            )
            if keys
            else text("No test was run twice with nothing changed.")
        ),
        reason=reason,
        critical=it.critical,
        acts=it.acts,
        inputs={**counts, "flaky_critical": critical, "flaky_other": other},
        settles=text("It takes tests that are run again with nothing changed.") if keys == 0 else None,
        derivation=tuple(_derived(counts, sum(row["mixed_keys"] for row in rows), len(critical), len(other), limits)),
    )


def _derived(counts: Mapping[str, int], mixed: int, critical: int, other: int, limits: Thresholds) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    yield text(
        "Counted: {tests} tests were run again with nothing changed, in {keys} keys of test, commit and "
        "variant, with {attempts} attempts, {failures} of which failed.",
        tests=counts["repeated_tests"],
        keys=counts["repeated_keys"],
        attempts=counts["attempts"],
        failures=counts["failures"],
    )
    yield text(
        "Mixed, with a pass and a failure in one key: {mixed} keys of {tests} tests, {critical} of them "
        "critical. A test that failed at each attempt is broken, and is not counted here.",
        mixed=mixed,
        tests=critical + other,
        critical=critical,
    )
    yield text(
        "Held against {critical} critical and {other} other tests.",
        critical=limits.flaky_critical,
        other=limits.flaky_other,
    )


def _judge_flaky(critical: int, other: int, keys: int, limits: Thresholds) -> tuple[State, Text]:
    if keys == 0:
        return State.UNKNOWN, text(
            "No test was run twice with nothing changed, so none can have shown that it is flaky."
        )
    if critical > limits.flaky_critical:
        return State.FAIL, text(
            "Flaky critical tests: {n}. Allowed: {allowed}.", n=critical, allowed=limits.flaky_critical
        )
    if other > limits.flaky_other:
        return State.FAIL, text(
            "Flaky tests that are not critical: {n}. Allowed: {allowed}.", n=other, allowed=limits.flaky_other
        )
    return State.MEETS, text(
        "Flaky tests, critical and other: {critical} and {other}. Allowed: {allowed_critical} and {allowed_other}.",
        critical=critical,
        other=other,
        allowed_critical=limits.flaky_critical,
        allowed_other=limits.flaky_other,
    )
