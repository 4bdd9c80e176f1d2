"""Lists the tests that failed in the window, with the outcomes of their latest attempts in each variant."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import FailedTest, VariantAttempts
from atalaya.records.stored import CaseOutcome


def failed_tests(engine: Engine, span: MetricQuery) -> tuple[FailedTest, ...]:
    """Every test of CI that failed at least once, by name; its variants by theirs.

    :raises EvidenceError: a segment cannot be read.
    """
    rows = engine.ask("failed_tests", parameters(engine, span))
    return tuple(_failed_test(test, list(of_test)) for test, of_test in groupby(rows, key=itemgetter("test")))


def _failed_test(test: str, rows: list[Row]) -> FailedTest:
    return FailedTest(
        test=test,
        critical=any(row["critical"] == 1 for row in rows),
        variants=tuple(_variant(name, list(of_one)) for name, of_one in groupby(rows, key=itemgetter("variant"))),
    )


def _variant(name: str, rows: list[Row]) -> VariantAttempts:
    totals = rows[0]  # the same in each
    return VariantAttempts(
        variant=name,
        passed=totals["passed"],
        failed=totals["failed"],
        skipped=totals["skipped"],
        latest=tuple(CaseOutcome(row["outcome"]) for row in rows),
        first_failed_at=_utc(totals["first_failed_at"]),
        last_failed_at=_utc(totals["last_failed_at"]),
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at is not None else None
