"""Which evidence belongs to a watch.

Pure functions of the release and an instant: nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime

from checks.records import Environment, Evidence, Release
from checks.window import ends_at


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
