"""Reads what each run tells of the SDK's health."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.window_query import HealthTotals, MetricQuery
from atalaya.records.stored import Environment

READY, FAILED = "READY", "FAILED"


class Told(NamedTuple):
    """What one run tells: see the record of kind ``health``. ``ends`` are the waits that ended."""

    at: datetime
    service: bool
    python: str
    start_error: str | None
    clock: str
    requests: int | None
    retries: int | None
    ends: tuple[tuple[str, float], ...]

    @property
    def ready_ms(self) -> tuple[float, ...]:
        """The times of the waits that became READY."""
        return tuple(took_ms for state, took_ms in self.ends if state == READY)

    @property
    def failed(self) -> int:
        """How many waits ended FAILED."""
        return sum(state == FAILED for state, _ in self.ends)


def told(engine: Engine, span: MetricQuery) -> tuple[Told, ...]:
    """What each run in the window tells, oldest first. A figure that cannot be is not told.

    :raises EvidenceError: a segment cannot be read.
    """
    return tuple(map(_told, engine.ask("health", span.parameters())))


def _told(row: Row) -> Told:
    requests, again = row["requests"], row["retries"]
    can_be = requests is not None and again is not None and 0 <= again <= requests
    return Told(
        at=row["occurred_at"],
        service=row["environment"] == Environment.SERVICE.value,
        python=row["python"],
        start_error=row["start_error"],
        clock=row["clock"] or "",
        requests=requests if can_be else None,
        retries=again if can_be else None,
        ends=tuple(
            (state, took_ms)
            for state, took_ms in zip(row["states"] or (), row["took_ms"] or (), strict=False)
            if took_ms is not None and 0 <= took_ms < math.inf
        ),
    )


def totals(runs: Sequence[Told]) -> HealthTotals:
    """What another release is held against: not what a real service showed."""
    ours = [one for one in runs if not one.service]
    return HealthTotals(
        ready_ms=tuple(took_ms for one in ours for took_ms in one.ready_ms),
        requests=sum(one.requests or 0 for one in ours),
        retries=sum(one.retries or 0 for one in ours),
    )
