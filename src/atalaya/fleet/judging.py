"""Judges a release of a fleet, as its own repository would."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.engines import DUCKDB
from atalaya.core.errors import NetworkError, interrupted
from atalaya.core.kept_text import to_keep
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import ledger
from atalaya.fleet.incidents import incident, most
from atalaya.fleet.last_verdict import REASONS, StatedVerdict
from atalaya.fleet.release_records import Records, RecordsByNow
from atalaya.fleet.row import Made, earliest, end_of_window, failed
from atalaya.fleet.sources import TOML, ReleasePlace
from atalaya.fleet.strangers import told
from atalaya.harness.pack import Pack
from atalaya.records.fleet import Basis, FleetIncident, FleetMetric, FleetWord, NotJudged, ReleaseRow
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release
from atalaya.watch.judgement import judge_release


class Judging(NamedTuple):
    """What releases are judged by, and when.

    ``own`` are the settings of their repository, where it has any; ``not_judged`` is why none of them is judged;
    ``engine`` counts their evidence. Where nobody asks for ``rehearsals``, none of those is judged.
    """

    pack: Pack
    now: datetime
    own: Settings | None = None
    not_judged: NotJudged | None = None
    engine: str = DUCKDB
    rehearsals: bool = True

    @property
    def promises(self) -> frozenset[str]:
        """Those of the check pack."""
        return frozenset(self.pack.promise)

    def why_not(self, release: Release | ReleaseRow) -> NotJudged | None:
        """Why a release is not judged, whatever is in it."""
        is_asked = self.rehearsals or not release.rehearsal
        return self.not_judged if is_asked or self.not_judged is not None else NotJudged.ASKED


def judge(made: Made, release: Release, place: ReleasePlace, beside: Sequence[Path], judging: Judging) -> Made:
    """The row with the verdict of now.

    It is judged in a folder of links to it and to what it is compared with: one release that cannot be read keeps no
    other from being judged.

    :param beside: the folders of other releases of the same subject that it is compared with.
    :raises NetworkError: the engine is on another machine, and does not answer any more.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-fleet-") as scratch:
        try:
            folder = _linked(Path(scratch), release, place, beside)
            judged = _judged(made.row, release, folder, judging)
            return judged._replace(until=earliest(made.until, judged.until))
        except NetworkError:  # which says nothing of the release
            raise
        except Exception as why:
            if interrupted(why):
                raise
            return failed(made.row, "it cannot be judged", why, judging.now, Path(scratch))


def _linked(scratch: Path, release: Release, place: ReleasePlace, beside: Sequence[Path]) -> Path:
    """A folder with the release in it, whatever its own layout is."""
    for other in beside:
        (scratch / other.name).symlink_to(other, target_is_directory=True)
    folder = scratch / release.version
    if (place.folder / TOML).exists():
        folder.symlink_to(place.folder, target_is_directory=True)
    else:
        folder.mkdir()
        (folder / "evidence").symlink_to(place.evidence, target_is_directory=True)
    return folder


def _judged(row: ReleaseRow, release: Release, folder: Path, judging: Judging) -> Made:
    clock = None if release.rehearsal or row.closed else max(judging.now, release.opened_at)
    # Where nobody says what watch.toml holds there, it holds what was recorded.
    recorded = RecordsByNow(Records(folder / "evidence", ledger.readable), release, judging.now)
    settings = judging.own or recorded.settings(Settings())
    judgement = judge_release(
        folder, release, as_of=None, now=clock, settings=settings, pack=judging.pack, engine=judging.engine
    )
    verdict = judgement.verdict
    said = StatedVerdict(
        basis=Basis.JUDGED,
        word=FleetWord(verdict.word.value),
        as_of=verdict.as_of,
        rule=verdict.rule,
        digest=judgement.digest,
        because=tuple(told(one, folder.parent) for one in verdict.because[:REASONS]),
        reason=next((to_keep(one, lambda words: told(words, folder.parent)) for one in verdict.because), None),
        valid_until=verdict.valid_until,
        metrics=tuple(
            FleetMetric(id=one.id, state=one.state, value=one.value, low=one.low, high=one.high, n=one.n, unit=one.unit)
            for one in judgement.metrics
        ),
    )
    incidents = most(_judged_incidents(row, judgement))
    return Made(said.over(replace(row, incidents=incidents)), until=_until(row, judgement, judging.now))


def _until(row: ReleaseRow, judgement: Judgement, now: datetime) -> datetime | None:
    """Until when the same folder is judged as of the same instant; None is for ever."""
    is_ahead = judgement.as_of >= now and not (row.rehearsal or row.closed)
    return now if is_ahead else end_of_window(row, now)  # the time of a record ahead of the clock is still to come


def _judged_incidents(row: ReleaseRow, judgement: Judgement) -> Iterator[FleetIncident]:
    """As the judgement has them: one whose fix is not shown is not over, whatever its last record says."""
    recorded = {one.id: one for one in row.incidents}
    for one in judgement.incidents:
        made = incident(one, one.id, one.at)
        before = recorded.get(made.id, made)
        yield replace(made, rule=before.rule, causes=before.causes)
