"""Lists the jobs of CI by variant, and says how each is now: green, red, broken, or worse than the others."""

from __future__ import annotations

from atalaya.metrics.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CiCell


def ci_cells(engine: Engine, span: MetricQuery) -> tuple[CiCell, ...]:
    """Each (workflow, job, variant) of CI that has a decided run, as of the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    return ()
