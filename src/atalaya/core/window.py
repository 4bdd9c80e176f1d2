"""The window of a watch: how long it lasts, where its checkpoints are, and how often it may be extended.

Only the standard library is imported: a schedule asks what is due before anything is installed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

HOUR = timedelta(hours=1)
DAY_H = 24
T0, T24, T48, T72 = CHECKPOINTS_H = (0, 24, 48, 72)  # hours since the release
LOOKS_H = CHECKPOINTS_H[1:]  # the checkpoints at which statistical rules may act
WINDOW_H = CHECKPOINTS_H[-1]
EXTENSION_H = 24
MOST_EXTENSIONS = 2
LONGEST_H = WINDOW_H + MOST_EXTENSIONS * EXTENSION_H


class Watched(Protocol):
    """What has a window: a release."""

    @property
    def opened_at(self) -> datetime: ...

    @property
    def window_h(self) -> int: ...


def elapsed_h(release: Watched, at: datetime) -> float:
    """Hours since T+0; negative before it."""
    return (at - release.opened_at) / HOUR


def due_at(release: Watched, hours: float) -> datetime:
    """The instant of T+``hours``."""
    return release.opened_at + timedelta(hours=hours)


def ends_at(release: Watched, window_h: int | None = None) -> datetime:
    """The end of the window, or of one that lasts so many hours."""
    return due_at(release, release.window_h if window_h is None else window_h)


def next_look(release: Watched, at: datetime, window_h: int | None = None) -> datetime:
    """The next instant after ``at`` at which the metrics are looked at: a checkpoint, or the end, which stays the next
    one once it is over."""
    ends = ends_at(release, window_h)
    due = (due_at(release, hours) for hours in CHECKPOINTS_H)
    return min((one for one in due if at < one < ends), default=ends)


def valid_until(release: Watched, at: datetime, valid_h: float, window_h: int | None = None) -> datetime:
    """Until when a verdict as of ``at`` may be believed: so many hours; before the end, no longer than to the next
    checkpoint."""
    until = at + timedelta(hours=valid_h)
    return until if at >= ends_at(release, window_h) else min(until, next_look(release, at, window_h))
