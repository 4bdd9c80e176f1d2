"""Which evidence belongs to a watch.

Pure functions of the release and an instant: nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime

from atalaya.core.window import ends_at
from atalaya.records.stored import Environment, Evidence, Release


def is_recorded(record: Evidence, release: Release, as_of: datetime) -> bool:
    """Whether a record was made where it may count, and written down by ``as_of``: whenever it happened.

    A rehearsal is made of rehearsed evidence only, and never enters a real watch; a real service is kept apart.
    """
    environments = (Environment.REHEARSAL,) if release.rehearsal else (Environment.LOOPBACK, Environment.CI)
    return record.environment in environments and record.recorded_at <= as_of


def in_window(record: Evidence, release: Release, as_of: datetime) -> bool:
    """Whether a record counts: known, and of something that happened inside the window."""
    return is_recorded(record, release, as_of) and (
        release.opened_at <= record.occurred_at <= min(as_of, ends_at(release))
    )
