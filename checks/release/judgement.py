"""What can be said of a release, as of one instant?

Pure in time: the same evidence, settings and instant give the same judgement, whenever it is asked for.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from checks.evidence import ledger
from checks.records import (
    Release,
)


def newest(evidence: Path, release: Release) -> datetime:
    """The instant that a page is made as of: the newest record's, or T+0 where there is none."""
    times = [
        record.recorded_at
        for segment in ledger.segments(evidence)
        for record in ledger.read_segment(evidence / segment.name)
    ]
    return max(times, default=release.opened_at)
