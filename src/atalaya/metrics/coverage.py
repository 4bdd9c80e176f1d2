"""Computes how much of the window was observed, and lists the gaps.

The schedule promises one observation in each slot of so many hours. A slot that has passed with none is missed,
however well the others went: what happened in it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from atalaya.core.settings import WatchSettings
from atalaya.core.window import HOUR
from atalaya.metrics.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Coverage, Gap


def coverage(engine: Engine, span: MetricQuery) -> Coverage:
    """How much of the window until the instant asked about was watched.

    :raises EvidenceError: a segment cannot be read.
    """
    seen = [row["occurred_at"] for row in engine.ask("coverage", span.parameters())]
    return covered(seen, begins=span.release.opened_at, until=span.until, schedule=span.settings.watch)


def covered(seen: Sequence[datetime], *, begins: datetime, until: datetime, schedule: WatchSettings) -> Coverage:
    """Slots with an observation, gaps and lateness, from the instants of the observations in order.

    A slot counts as soon as it is over. An observation late in its slot leaves the slot covered; how late is said.

    >>> from datetime import UTC
    >>> t0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> slept = [t0 + i * HOUR for i in range(72) if not 20 <= i < 34]
    >>> it = covered(slept, begins=t0, until=t0 + 72 * HOUR, schedule=WatchSettings())
    >>> it.seen, it.slots, round(it.share, 4), it.largest_gap_h, it.enough
    (58, 72, 0.8056, 15.0, False)
    """
    slot = schedule.every_h * HOUR
    slots = max(0, (until - begins) // slot)
    late: dict[int, timedelta] = {}
    for at in seen:
        number = (at - begins) // slot
        if number < slots:
            late.setdefault(number, at - begins - number * slot)
    edges = [begins, *seen, until]
    gaps = [Gap(begins=earlier, ends=later, hours=(later - earlier) / HOUR) for earlier, later in pairwise(edges)]
    largest = max(gaps, key=lambda gap: gap.hours)
    return Coverage(
        every_h=schedule.every_h,
        slots=slots,
        seen=len(late),
        least=schedule.coverage,
        most_gap_h=schedule.gap_h,
        largest=largest,
        gaps=tuple(gap for gap in gaps if gap.hours > schedule.gap_h),
        latest_h=max(late.values(), default=timedelta()) / HOUR,
    )
