"""Adds what a command found, or a person said, to the evidence of a release."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from atalaya.cli.context import Context
from atalaya.cli.instants import utc_now
from atalaya.cli.which_release import require_opened
from atalaya.records.stored import Environment, Evidence, Metadata, Release, SettingsSnapshot, record_metadata

TICK = timedelta(microseconds=1)


def append_evidence(place: Context, release: Release, records: Iterable[Evidence]) -> None:
    """Add to a release's ledger; the first time, with the settings that its verdicts rest on.

    :param records: settings are looked for in a sequence alone: what is made one record at a time has none.
    """
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.seal import require_unsealed
    from atalaya.watch.state_at import in_force_record

    require_opened(place, release)
    require_unsealed(place.releases / release.version)
    folder = place.releases / release.version / "evidence"
    known = ledger.survey(folder, {SettingsSnapshot.kind})
    # Settings that were altered are not made good by those of now: they stay what has to be restored.
    settled = isinstance(records, Sequence) and any(isinstance(one, SettingsSnapshot) for one in records)
    is_first = not (known.segments or known.damaged or settled)
    first = (
        []
        if not is_first
        else [
            in_force_record(
                place.loaded.settings,
                record_metadata(f"opening-{release.version}", Environment.LOOPBACK, max(release.opened_at, utc_now())),
                by="atalaya",
                why="the first record of this watch",
                set_here=place.loaded.origins,
            )
        ]
    )
    kept = 0

    def counted() -> Iterator[Evidence]:
        nonlocal kept
        for record in itertools.chain(first, records):
            kept += 1
            yield record

    written = ledger.write(folder, counted())
    place.console.line(f"  kept: {kept} records in {len(written)} segments of {release.version}")


def new_metadata(release: Release, at: datetime | None = None) -> Metadata:
    """The metadata of what a person says, or a rule: now, unless an instant is given."""
    return record_metadata(uuid.uuid4().hex, release.own_environment, at or utc_now())


def metadata_after(release: Release, last: Evidence | None) -> Metadata:
    """As :func:`new_metadata`, and later than what is answered, though the clock that wrote it was ahead of ours."""
    made = new_metadata(release)
    if last is None:
        return made
    at = max(made["occurred_at"], last.occurred_at + TICK)
    return record_metadata(made["run_id"], made["environment"], max(at, last.recorded_at + TICK), at)
