"""Computes what of the window should have been observed, and lists what was not.

What should be observed are the checkpoints, whoever or whatever runs then; and from one checkpoint to the next, at
least one run of CI: Atalaya's own runs do not stand for it. Where a schedule is set, it promises one observation in
each slot of so many hours as well. What passed with none is missed, however well the others went: what happened in
it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from atalaya.core.settings import WatchSettings
from atalaya.core.window import DAY_H, HOUR, due_at, ends_at
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CheckpointWatch, CiGap, Coverage, Gap
from atalaya.records.stored import Release

ABOUT_H = 3  # hours about a checkpoint in which it may be observed


def coverage(engine: Engine, span: MetricQuery) -> Coverage:
    """What should have been observed until the instant asked about, and what was.

    :raises EvidenceError: a segment cannot be read.
    """
    rows = engine.ask("coverage", span.parameters())
    return covered(
        [row["occurred_at"] for row in rows],
        release=span.release,
        as_of=span.as_of,
        schedule=span.settings.watch,
        ci=[row["occurred_at"] for row in rows if row["of_ci"]],
    )


def covered(
    seen: Sequence[datetime], *, release: Release, as_of: datetime, schedule: WatchSettings, ci: Sequence[datetime]
) -> Coverage:
    """Checkpoints, stretches of CI and slots that are over, and those that were observed.

    A checkpoint counts as soon as the time about it is over, and so does a slot: until then it may be observed yet.

    :param seen: the instants of all observations, in order, those of CI among them.
    :param ci: the instants at which a run of CI ended, in order.

    >>> from datetime import UTC
    >>> t0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> release = Release(version="1.1.0", commit="", opened_at=t0)
    >>> by_hand = [t0 + hours * HOUR for hours in (1, 25, 71)]
    >>> it = covered(by_hand, release=release, as_of=t0 + 72 * HOUR, schedule=WatchSettings(), ci=by_hand[:1])
    >>> [point.hours for point in it.missed], [(gap.from_h, gap.to_h) for gap in it.ci_gaps], it.enough
    ([48], [(24, 48), (48, 72)], False)
    """
    until = min(as_of, ends_at(release))
    points = [
        CheckpointWatch(hours=hours, begins=begins, ends=ends, seen=_any_in(seen, begins, ends))
        for hours in checkpoints_of(release)
        for begins, ends in [about(release, hours, hours)]
        if ends <= until
    ]
    gaps = [
        CiGap(from_h=earlier, to_h=later, begins=begins, ends=ends)
        for earlier, later in pairwise(checkpoints_of(release))
        for begins, ends in [about(release, earlier, later)]
        if ends <= until and not _any_in(ci, begins, ends)
    ]
    edges = [release.opened_at, *seen, until]
    silent = [Gap(begins=earlier, ends=later, hours=(later - earlier) / HOUR) for earlier, later in pairwise(edges)]
    whole = Coverage(points=tuple(points), ci_gaps=tuple(gaps), largest=max(silent, key=lambda gap: gap.hours))
    return _scheduled(whole, seen, silent, release, until, schedule) if schedule.every_h else whole


def checkpoints_of(release: Release) -> tuple[int, ...]:
    """Hours of the checkpoints of a window, those that an extension added among them; the last is its end.

    >>> checkpoints_of(Release(version="1.1.0", commit="", opened_at=datetime.max, window_h=96))
    (0, 24, 48, 72, 96)
    """
    return (*range(0, release.window_h, DAY_H), release.window_h)


def about(release: Release, from_h: int, to_h: int) -> tuple[datetime, datetime]:
    """From shortly before one checkpoint to shortly after another, as far as that lies in the window."""
    begins, ends = due_at(release, max(0, from_h - ABOUT_H)), due_at(release, to_h + ABOUT_H)
    return begins, min(ends, ends_at(release))


def _any_in(instants: Sequence[datetime], begins: datetime, ends: datetime) -> bool:
    return any(begins <= at <= ends for at in instants)


def _scheduled(
    whole: Coverage,
    seen: Sequence[datetime],
    silent: Sequence[Gap],
    release: Release,
    until: datetime,
    schedule: WatchSettings,
) -> Coverage:
    """The slots of a schedule beside it. A slot is met by an observation up to half a slot early or late.

    An observation meets one slot: seen every second hour, half of the slots of an hour are met.
    """
    slot = schedule.every_h * HOUR
    begins, over = release.opened_at, until >= ends_at(release)
    slots = max(0, (until - begins) // slot if over else (until - begins - slot / 2) // slot)
    late: list[timedelta] = []
    free = iter(seen)
    at = next(free, None)
    for number in range(slots):
        begin = begins + number * slot
        while at is not None and at < begin - slot / 2:
            at = next(free, None)
        if at is not None and at <= begin + slot * 1.5:
            late.append(max(timedelta(), at - begin))
            at = next(free, None)
    return Coverage(
        points=whole.points,
        ci_gaps=whole.ci_gaps,
        largest=whole.largest,
        every_h=schedule.every_h,
        slots=slots,
        seen=len(late),
        least=schedule.coverage,
        most_gap_h=schedule.gap_h,
        gaps=tuple(gap for gap in silent if gap.hours > schedule.gap_h),
        latest_h=max(late, default=timedelta()) / HOUR,
    )
