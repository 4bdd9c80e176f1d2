"""The flaky-tests metric: tests that passed and failed while nothing changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low

from atalaya.core.settings import Thresholds
from atalaya.core.words import Record, Text, text
from atalaya.metrics.broken_tests import broken_tests
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.repeats import parameters
from atalaya.metrics.stats.flakiness import ACCEPTABLE, POWER, detectable, mixed_by_chance
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Metric, State

ATTEMPTS = 5  # of the median test on one commit and variant: with fewer, a rate below 34 % is mostly not seen


class FlakyCounts(Record, frozen=True, kw_only=True):
    """What the state of the metric follows from.

    ``critical`` and ``other`` are tests with a pass and a failure in one key, and ``broken`` those whose last attempts
    all failed, which are none of them. ``tests`` had an attempt that passed or failed, ``repeated`` of them two or more
    in one key. ``attempts`` is the median, over the tests, of the attempts of their longest key: the most that more
    than half of them had at least. 0 where there is no test. ``by_chance`` is how many tests that are not critical one
    would expect to see mixed if every attempt failed with 1 %.
    """

    critical: int = 0
    other: int = 0
    broken: int = 0
    tests: int = 0
    repeated: int = 0
    attempts: int = 0
    by_chance: float = 0.0


class Apart(Record, frozen=True, kw_only=True):
    """Attempts that passed or failed and do not count, by why."""

    outside_window: int = 0
    of_other_commits: int = 0
    not_counted: int = 0


def flaky_tests(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The tests that passed and failed while nothing changed."""
    asked = parameters(engine, span)
    rows = engine.ask(it.question, asked)
    limits = span.settings.thresholds
    broken = {one.test for one in broken_tests(engine, span)}
    apart = [Apart(**row) for row in engine.ask("flaky_apart", asked)]
    mixed = [row for row in rows if row["mixed_keys"] and row["test"] not in broken]
    critical = [row["test"] for row in mixed if row["critical"]]
    other = [row["test"] for row in mixed if not row["critical"]]
    counts = counted(rows, critical=len(critical), other=len(other), broken=len(broken))
    keys = sum(row["repeated_keys"] for row in rows)
    visible = detectable(counts.attempts)
    state, reason = judge_flaky(counts, limits)
    return Metric(
        id=it.id,
        value=float(len(mixed)) if keys else None,
        low=None,
        high=None,
        n=keys,
        k=len(mixed) if keys else None,
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
            "A test is flaky where the same commit and variant gave at least one pass and at least one failure, unless "
            "its last attempts all failed: then it is broken. Only what was run twice or more can show it, so the "
            "median test must have been run {attempts} times. A count, without an interval.",
            attempts=ATTEMPTS,
        ),
        text=(
            text(
                "Flaky: {critical} critical and {other} other tests, of {tests} tests that were run again with nothing "
                "changed.",
                critical=counts.critical,
                other=counts.other,
                tests=counts.repeated,
            )
            if keys
            else text("No test was run twice with nothing changed.")
        ),
        reason=reason,
        critical=it.critical,
        acts=it.acts,
        inputs={
            "tests": counts.tests,
            "repeated_tests": counts.repeated,
            "repeated_keys": keys,
            "attempts": sum(row["attempts"] for row in rows),
            "failures": sum(row["failures"] for row in rows),
            "median_attempts": counts.attempts,
            "detectable_rate": None if visible is None else round(visible, 4),
            "expected_by_chance": round(counts.by_chance, 4),
            "attempts_outside_window": sum(one.outside_window for one in apart),
            "attempts_of_other_commits": sum(one.of_other_commits for one in apart),
            "attempts_not_counted": sum(one.not_counted for one in apart),
            "flaky_critical": critical,
            "flaky_other": other,
            "broken": sorted(broken),
        },
        settles=_settles(counts, state),
        derivation=tuple(_derived(rows, mixed, counts, apart, limits)),
    )


def counted(rows: Iterable[Row], *, critical: int, other: int, broken: int) -> FlakyCounts:
    """The counts behind the state, from a row for each test that had an attempt.

    >>> tests = [{"critical": 0, "repeated_keys": 1, "attempts": n, "most_attempts": n} for n in (2, 5, 5, 60)]
    >>> found = counted(tests, critical=0, other=1, broken=0)
    >>> found.tests, found.attempts, f"{found.by_chance:.3f}"
    (4, 5, '0.571')
    """
    seen = list(rows)
    return FlakyCounts(
        critical=critical,
        other=other,
        broken=broken,
        tests=len(seen),
        repeated=sum(row["repeated_keys"] > 0 for row in seen),
        attempts=median_low(row["most_attempts"] for row in seen) if seen else 0,
        # The keys of one test are taken to be equally long.
        by_chance=math.fsum(
            mixed_by_chance(ACCEPTABLE, row["attempts"] / row["repeated_keys"], row["repeated_keys"])
            for row in seen
            if row["repeated_keys"] and not row["critical"]
        ),
    )


def judge_flaky(counts: FlakyCounts, limits: Thresholds) -> tuple[State, Text]:
    """The state, and why: too many fail at once, and that there are none is said when the tests ran often enough."""
    if counts.repeated == 0:
        return State.UNKNOWN, text(
            "No test was run twice with nothing changed, so none can have shown that it is flaky."
        )
    if counts.critical > limits.flaky_critical:
        return State.FAIL, text(
            "Flaky critical tests: {n}. Allowed: {allowed}.", n=counts.critical, allowed=limits.flaky_critical
        )
    if counts.other > limits.flaky_other:
        return State.FAIL, text(
            "Flaky tests that are not critical: {n}. Allowed: {allowed}. By chance, {expected} would be expected if "
            "every attempt failed with {rate:.0%}.",
            n=counts.other,
            allowed=limits.flaky_other,
            expected=_expected(counts),
            rate=ACCEPTABLE,
        )
    if counts.attempts < ATTEMPTS:
        return State.INCONCLUSIVE, text(
            "The median test was run {n} times on one commit and variant; {needed} are needed. Repeat your tests on "
            "the released commit: `atalaya repeat -n {needed} -- PYTEST_ARGS`.",
            n=counts.attempts,
            needed=ATTEMPTS,
        )
    flaky = text(
        "Flaky tests, critical and other: {critical} and {other}. Allowed: {allowed_critical} and {allowed_other}. "
        "The median test was run {n} times: a test that fails {rate:.0%} of its attempts would have been seen with "
        "{power:.0%} probability.",
        critical=counts.critical,
        other=counts.other,
        allowed_critical=limits.flaky_critical,
        allowed_other=limits.flaky_other,
        n=counts.attempts,
        rate=detectable(counts.attempts),
        power=POWER,
    )
    if not counts.broken:
        return State.MEETS, flaky
    return State.MEETS, text(
        "{flaky} Broken tests are not counted here, and are held against the release by themselves: {broken}.",
        flaky=flaky,
        broken=counts.broken,
    )


def _expected(counts: FlakyCounts) -> Text:
    return text("{n:.1f}", n=counts.by_chance)


def _settles(counts: FlakyCounts, state: State) -> Text | None:
    if state is State.UNKNOWN:
        return text("It takes tests that are run again with nothing changed.")
    if state is State.INCONCLUSIVE:
        return text(
            "It takes {missing} more runs of the tests on the released commit: `atalaya repeat -n {needed}`.",
            missing=ATTEMPTS - counts.attempts,
            needed=ATTEMPTS,
        )
    return None


def _derived(
    rows: Sequence[Row], mixed: Sequence[Row], counts: FlakyCounts, apart: Sequence[Apart], limits: Thresholds
) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    yield text(
        "Counted: {tests} tests were run again with nothing changed, in {keys} keys of test, commit and "
        "variant, with {attempts} attempts, {failures} of which failed.",
        tests=counts.repeated,
        keys=sum(row["repeated_keys"] for row in rows),
        attempts=sum(row["attempts"] for row in rows),
        failures=sum(row["failures"] for row in rows),
    )
    if any((one.outside_window, one.of_other_commits, one.not_counted) != (0, 0, 0) for one in apart):
        yield text(
            "Not counted: {outside} attempts outside the window, {others} of another commit, {rest} that do not count "
            "for the watch, as those of pull requests or of a real service.",
            outside=sum(one.outside_window for one in apart),
            others=sum(one.of_other_commits for one in apart),
            rest=sum(one.not_counted for one in apart),
        )
    if counts.tests:
        yield text(
            "Median: of {tests} tests, more than half were run {n} times or more on one commit and variant.",
            tests=counts.tests,
            n=counts.attempts,
        )
    yield text(
        "Mixed, with a pass and a failure in one key: {mixed} keys of {tests} tests, {critical} of them "
        "critical. Broken, and not among them: {broken} tests whose last attempts all failed.",
        mixed=sum(row["mixed_keys"] for row in mixed),
        tests=counts.critical + counts.other,
        critical=counts.critical,
        broken=counts.broken,
    )
    visible = detectable(counts.attempts)
    if visible is not None:
        yield text(
            "Seen with {power:.0%} probability: a test that fails {rate:.1%} of its attempts, since "
            "1 - (1 - {rate:.3f})^{n} - {rate:.3f}^{n} = {power}.",
            power=POWER,
            rate=visible,
            n=counts.attempts,
        )
    yield text(
        "Expected by chance: {expected} mixed tests that are not critical, if every attempt failed with {rate:.0%}.",
        expected=_expected(counts),
        rate=ACCEPTABLE,
    )
    yield text(
        "Held against {critical} critical and {other} other tests.",
        critical=limits.flaky_critical,
        other=limits.flaky_other,
    )
