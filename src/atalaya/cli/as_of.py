"""Judges a release as of an instant: the one given, or the one that its evidence and the clock give."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya.cli.context import Context
from atalaya.cli.instants import utc_now
from atalaya.core import places
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release

if TYPE_CHECKING:
    from atalaya.watch.baseline import Recall

SLACK = timedelta(milliseconds=1)  # what answers a record is a tick later, and is of the same moment of the clock


def judged(
    place: Context,
    release: Release,
    as_of: datetime | None,
    *,
    now: datetime | None = None,
    engine: str = "duckdb",
    recall: Recall | None = None,
) -> Judgement:
    """Judge a release as of an instant, or as of the one that its evidence and the clock give.

    :param now: what the clock says, where it was read before; the clock is read nowhere behind this.
    :param engine: what counts the evidence.
    :param recall: what is kept of the releases that are tried as the baseline.
    """
    from atalaya.watch.baseline import anew
    from atalaya.watch.judgement import judge_release

    folder = place.releases / release.version
    return judge_release(
        folder,
        release,
        as_of=as_of,
        now=None if as_of else clock_of(folder, release, now or utc_now()),
        settings=place.loaded.settings,
        pack=place.pack,
        engine=engine,
        recall=recall or anew,
        read=place.docs / places.READ,
    )


def clock_of(folder: Path, release: Release, now: datetime) -> datetime | None:
    """What the clock says to a watch; None where time has stopped.

    One that was closed stays judged as of its last record, and so does a rehearsal, whose calendar is made up. One that
    was opened for later has not begun: it is judged as of its T+0.
    """
    from atalaya.watch.seal import closing_step, is_sealed

    if release.rehearsal or is_sealed(folder) or closing_step(folder) is not None:
        return None
    return max(now + SLACK, release.opened_at)


def judge_now(place: Context, release: Release) -> Judgement:
    """As of this instant, whatever the newest record's is."""
    return judged(place, release, utc_now())


def judge_all(place: Context, release: Release) -> Judgement:
    """As of the newest record, though a clock ahead wrote it: what is answered may be a step of that record."""
    now = utc_now()
    return judged(place, release, ahead(place, release, now) or now)


def ahead(place: Context, release: Release, now: datetime) -> datetime | None:
    """When the last of the records that a clock ahead of ours has written is of now; None where there is none."""
    from atalaya.evidence.ledger import ledger, opening
    from atalaya.watch.state_at import evidence_recorded_at

    found = ledger.survey(place.releases / release.version / "evidence", sieve=opening.none).segments
    newest = max(evidence_recorded_at(found), default=now)
    return newest if newest > now else None
