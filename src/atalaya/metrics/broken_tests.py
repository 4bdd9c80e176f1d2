"""Lists the tests whose last attempts all failed."""

from __future__ import annotations

from atalaya.metrics.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import BrokenTest


def broken_tests(engine: Engine, span: MetricQuery) -> tuple[BrokenTest, ...]:
    """The tests of CI that are broken as of the instant asked about, the critical ones first.

    :raises EvidenceError: a segment cannot be read.
    """
    return ()
