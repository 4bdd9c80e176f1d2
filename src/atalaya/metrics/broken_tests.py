"""Lists the tests whose last attempts all failed.

Three failures in a row are no flake: the attempts of a test that fails one time in ten end so in one watch of a
thousand. They are of two runs at least, since the retries of one job share what ails it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import NamedTuple

from atalaya.core.words import text
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.repeats import parameters, step
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import BrokenTest

FAILURES = 3  # in a row, at the end
RUNS = 2  # in which they are


class AttemptEnd(NamedTuple):
    """One attempt of a test, as it ended. ``step`` is the number of a repeat within its report, 0 for none."""

    test: str
    variant: str
    critical: bool
    ended_at: datetime
    attempt: int
    run_id: str
    origin: str
    step: int
    passed: bool


def broken_tests(engine: Engine, span: MetricQuery) -> tuple[BrokenTest, ...]:
    """The tests of CI that are broken as of the instant asked about, the critical ones first.

    :raises EvidenceError: a segment cannot be read.
    """
    return broken(
        AttemptEnd(
            test=row["test"],
            variant=row["variant"],
            critical=row["critical"] == 1,
            ended_at=row["occurred_at"].astimezone(UTC),
            attempt=row["attempt"],
            run_id=row["run_id"],
            origin=row["origin"],
            step=step(row["told"]) if row["told"] != row["test"] else 0,
            passed=row["passed"] == 1,
        )
        for row in engine.ask("broken_tests", parameters(engine, span))
    )


def broken(ends: Iterable[AttemptEnd]) -> tuple[BrokenTest, ...]:
    """The tests that are broken, by the attempts of each (test, variant): critical ones first, then by name.

    Attempts are in the order of time; where that is one and the same, as for all of a report, in that of their
    numbers. A version has no part in it: what fails on three commits one after the other is broken too.
    """
    of_test = attrgetter("test", "variant")
    found = [
        one
        for _, attempts in groupby(sorted(ends, key=of_test), key=of_test)
        if (one := _broken(sorted(attempts, key=_order))) is not None
    ]
    return tuple(sorted(found, key=lambda one: (not one.critical, one.test, one.variant)))


def _order(end: AttemptEnd) -> tuple[object, ...]:
    """In time. Of what nothing else orders, a pass comes last: it is not known that the failure came after it."""
    return (end.ended_at, end.attempt, end.step, end.run_id, end.origin, end.passed)


def _broken(attempts: Sequence[AttemptEnd]) -> BrokenTest | None:
    last = list(takewhile(lambda end: not end.passed, reversed(attempts)))
    runs = len({end.run_id for end in last})
    if len(last) < FAILURES or runs < RUNS:
        return None
    since = last[-1]
    return BrokenTest(
        test=since.test,
        variant=since.variant,
        critical=any(end.critical for end in attempts),
        failures=len(last),
        runs=runs,
        since=since.ended_at,
        last_at=last[0].ended_at,
        reason=text(
            "Its last {failures} attempts, in {runs} runs, all failed: broken since {since}.",
            failures=len(last),
            runs=runs,
            since=since.ended_at,
        ),
    )
