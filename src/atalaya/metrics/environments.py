"""Counts what was seen in each environment: on loopback, in CI, against a real service."""

from __future__ import annotations

import msgspec

from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import EnvironmentTotals


def environments(engine: Engine, span: MetricQuery) -> tuple[EnvironmentTotals, ...]:
    """The totals of each environment that was seen in the window.

    :raises EvidenceError: a segment cannot be read.
    """
    return tuple(msgspec.convert(row, EnvironmentTotals) for row in engine.ask("environments", span.parameters()))
