"""Where in its window is a watch, and which evidence belongs to it?

Pure functions of the release and an instant: nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.records import Environment, Evidence, Release
from checks.release.folder import ends_at

CHECKPOINTS_H = (0, 24, 48, 72)


def elapsed_h(release: Release, as_of: datetime) -> float:
    """Hours since T+0; negative before it."""
    return (as_of - release.opened_at) / timedelta(hours=1)


def due_at(release: Release, hours: int) -> datetime:
    """The instant of T+``hours``."""
    return release.opened_at + timedelta(hours=hours)


def is_known(record: Evidence, release: Release, as_of: datetime) -> bool:
    """Whether a record was made where it may count, and written down by ``as_of``: whenever it happened.

    A rehearsal is made of rehearsed evidence only, and never enters a real watch; a real service is kept apart.
    """
    environments = (Environment.REHEARSAL,) if release.rehearsal else (Environment.LOOPBACK, Environment.CI)
    return record.environment in environments and record.recorded_at <= as_of


def belongs(record: Evidence, release: Release, as_of: datetime) -> bool:
    """Whether a record counts: known, and of something that happened inside the window."""
    return is_known(record, release, as_of) and (
        release.opened_at <= record.occurred_at <= min(as_of, ends_at(release))
    )
