"""Lists flaky and broken tests, ranked by cost.

The counts come from ``flaky_classes.sql`` and ``flaky_shapes.sql``; here they are given a name, a score and a place.
A test that fails at each attempt is not flaky, however often it fails; one that failed once and was never tried
again may be either, and is said to be undecided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache

from atalaya.core.words import Text, text
from atalaya.metrics.broken_tests import broken_tests
from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.repeats import parameters
from atalaya.metrics.stats.flakiness import Shape, clean_runs_to_prove, impact, rank, score
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import BrokenTest, FlakyClass, FlakyTest, Score

RUNS_AHEAD = 40  # for how many runs the impact is told
BROKEN_KEYS = 2  # one key that failed at each attempt can be a bad runner
TOGETHER = 4  # variants: that all of them are flaky at one commit by chance is not to be believed
DAY = timedelta(days=1)
UNTIMED_MIN = 1.0  # what a failure is taken to cost where no report says: CI bills by the begun minute


def clean_tests(engine: Engine, span: MetricQuery) -> dict[str, int]:
    """The attempts of each test that only passed, by its name.

    :raises EvidenceError: a segment cannot be read.
    """
    return {row["test"]: row["attempts"] for row in engine.ask("clean_tests", parameters(engine, span))}


def flaky(engine: Engine, span: MetricQuery, *, failed: bool = False) -> tuple[FlakyTest, ...]:
    """Every test that CI's reports name, the costliest first: lower end of the score, times runs a day, times
    minutes. Ties go by name.

    :param failed: only those that failed at least once.
    :raises EvidenceError: a segment cannot be read.
    """
    shapes = defaultdict(list)
    asked = {**parameters(engine, span), "only_failed": failed}
    broken = defaultdict(list)
    for one in broken_tests(engine, span):
        broken[one.test].append(one)
    for row in engine.ask("flaky_shapes", asked):
        shapes[row["test"]].append(Shape(row["failures"], row["passes"], row["keys"]))
    # A day that has not passed yet is not extrapolated to.
    days = max(span.until - span.release.opened_at, DAY) / DAY
    found = [
        _flaky_test(row, shapes.get(row["test"]), broken.get(row["test"], ()), days)
        for row in engine.ask("flaky_classes", asked)
    ]
    return in_order(found)


def in_order(tests: Iterable[FlakyTest]) -> tuple[FlakyTest, ...]:
    """The costliest first, by what is sure: never by the share of failed attempts, which is high for what is new."""
    return tuple(sorted(tests, key=lambda one: (-_daily_cost(one), one.test)))


def classify(row: Row, broken: Sequence[BrokenTest] = ()) -> tuple[FlakyClass, Text]:
    """The class of a test from its counts and from the variants in which it is broken, and why.

    A test that is broken is not flaky, whatever came before.
    """
    kind, reason = _by_counts(row)
    if broken:
        first = min(broken, key=lambda one: (one.since, one.variant))
        return kind if kind is FlakyClass.REGRESSION else FlakyClass.BROKEN, text(
            "Broken since {since}: the last {failures} attempts, in {runs} runs, all failed. Variants: {variants}.",
            since=first.since,
            failures=first.failures,
            runs=first.runs,
            variants=len(broken),
        )
    return kind, reason


def _by_counts(row: Row) -> tuple[FlakyClass, Text]:
    """The first that applies stands."""
    if row["keys"] == 0:
        return FlakyClass.UNOBSERVED, text("No attempt passed or failed, so nothing is known.")
    if row["mixed_keys"]:
        return FlakyClass.CONFIRMED, text(
            "Failed, and passed on the same commit: {mixed} of {keys} keys", mixed=row["mixed_keys"], keys=row["keys"]
        )
    if row["failures"] == 0:
        return FlakyClass.HEALTHY, text("Passed at every attempt: {attempts}", attempts=row["attempts"])
    if row["lost_variants"] >= TOGETHER:
        return FlakyClass.REGRESSION, text(
            "Failed on one commit at every attempt, in {variants} variants", variants=row["lost_variants"]
        )
    # Commits that failed one after the other, and were tried once each, are as many flakes as they are breakages.
    if row["standing_keys"] >= BROKEN_KEYS and row["standing_retried_keys"]:
        return _broken(row)
    if row["lone_keys"] == row["lost_keys"]:
        return FlakyClass.SUSPECT, text(
            "Failed, and was not tried again on that commit: {lone} of {keys} keys",
            lone=row["lone_keys"],
            keys=row["keys"],
        )
    return FlakyClass.SUSPECT, text(
        "Failed at every attempt on some commits, and passed on others: {lost} of {keys} keys",
        lost=row["lost_keys"],
        keys=row["keys"],
    )


def _broken(row: Row) -> tuple[FlakyClass, Text]:
    if row["begin_after_a_pass"] and row["begin_at_one_version"]:
        return FlakyClass.REGRESSION, text(
            "Passed, and from one commit on failed at every attempt: {standing} of {keys} keys",
            standing=row["standing_keys"],
            keys=row["keys"],
        )
    return FlakyClass.BROKEN, text(
        "Failed at every attempt, to the latest: {standing} of {keys} keys",
        standing=row["standing_keys"],
        keys=row["keys"],
    )


def _flaky_test(row: Row, shapes: Sequence[Shape] | None, broken: Sequence[BrokenTest], days: float) -> FlakyTest:
    kind, reason = classify(row, broken)
    found = _unfailing(row["keys"], row["attempts"]) if shapes is None else score(shapes)
    return FlakyTest(
        test=row["test"],
        critical=row["critical"] == 1,
        kind=kind,
        keys=row["keys"],
        mixed_keys=row["mixed_keys"],
        attempts=row["attempts"],
        failures=row["failures"],
        runs_per_day=row["attempts"] / days,
        cost_min=row["duration_us"] / row["timed"] / 60e6 if row["timed"] else None,
        score=found,
        impact=None if found.mean is None else impact(found.mean, RUNS_AHEAD),
        clean_runs=None if found.mean is None else clean_runs_to_prove(found.mean),
        reason=reason,
    )


def _daily_cost(one: FlakyTest) -> float:
    return rank(one.score.low, one.runs_per_day, UNTIMED_MIN if one.cost_min is None else one.cost_min)


@lru_cache(maxsize=1024)  # a suite's healthy tests mostly ran equally often
def _unfailing(keys: int, attempts: int) -> Score:
    """The score of a test that never failed: only the sums enter its likelihood, so its shapes need not be asked for.

    >>> f"{_unfailing(40, 40).mean:.4f}", _unfailing(0, 0).mean is None
    ('0.0167', True)
    """
    return score([Shape(0, 1, keys - 1), Shape(0, attempts - keys + 1, 1)] if keys else [])
