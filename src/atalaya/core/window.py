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
