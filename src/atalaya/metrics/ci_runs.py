"""Lists the runs of CI whose jobs are decided."""

from __future__ import annotations

from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CiRun


def ci_runs(engine: Engine, span: MetricQuery) -> list[CiRun]:
    """The runs of CI that count: when each ended, and how many of its jobs ended well.

    :raises EvidenceError: a segment cannot be read.
    """
    runs: dict[tuple[str, str], CiRun] = {}
    for row in engine.ask("decided_jobs", span.parameters()):
        key = row["workflow"], row["run_id"]
        before = runs.get(key, CiRun(row["ended_at"], 0, 0))
        ended = max(before.ended_at, row["ended_at"])
        runs[key] = CiRun(ended, before.succeeded + row["succeeded"], before.decided + 1)
    return list(runs.values())
