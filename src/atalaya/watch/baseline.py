"""Finds the release that a watch is compared with, and its results.

The last one before it that was accepted: whose watch ended in GO. Never one that failed, never one that is still
watched, and a rehearsal only for a rehearsal. It is judged without a baseline of its own, so that one release's
verdict does not hang on a chain of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from atalaya.core.engines import DUCKDB
from atalaya.core.errors import EvidenceError, ReleaseError
from atalaya.core.settings import Settings
from atalaya.core.window import ends_at
from atalaya.evidence.ledger import ledger
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.harness.pack import Pack
from atalaya.metrics.engine.engine import Engine, opened
from atalaya.metrics.measure import basis_of
from atalaya.metrics.window_query import Baseline, MetricQuery
from atalaya.records.judged import AcceptedBefore, FlakyClass, Judgement
from atalaya.records.stored import Release, VerdictStatus
from atalaya.watch import folder
from atalaya.watch.as_installed import Before, Installed

# The classes of tests that do not just pass; one that failed once and was never tried again may be any.
UNSTEADY = (FlakyClass.CONFIRMED, FlakyClass.REGRESSION, FlakyClass.BROKEN)
SIEVE = "judgement"  # what a judgement looks at itself, by the name that it is kept under


class Accepted(NamedTuple):
    """An accepted release as it stood when the one to compare was opened, and its evidence."""

    release: Release
    folder: Path
    fixed_at: Mapping[str, datetime]
    before: Before
    result: AcceptedBefore
    damaged: frozenset[str] = frozenset()  # the names of its files that cannot be read
    engine: Engine | None = None

    @contextmanager
    def opened(self, engine: str = DUCKDB, read: Path | None = None) -> Iterator[Accepted]:
        """The same with its evidence at hand.

        :param read: the folder for what was read of large files, by release.
        """
        cache = cache_of(self.folder, read)
        with opened(self.folder / "evidence", damaged=self.damaged, engine=engine, cache=cache) as asked:
            yield self._replace(engine=asked)

    def over(self, elapsed: timedelta, settings: Settings) -> Baseline | None:
        """What it showed over as much of its window as has passed of the other's, by the other's settings."""
        if self.engine is None:
            return None
        as_of = self.release.opened_at + elapsed
        span = MetricQuery(release=self.release, as_of=as_of, settings=settings, fixed_at=self.fixed_at)
        return basis_of(self.engine, span)


class Tried(NamedTuple):
    """What a release came to as a baseline: ``accepted`` is None where it is none.

    As of any instant from ``settled_at`` on it comes to the same, as long as its folder stays as it is.
    """

    accepted: Accepted | None
    settled_at: datetime


# Gives what a release came to as of an instant: what is kept of it, or what the function judges now.
Recall = Callable[[Release, datetime, Callable[[], Tried]], Tried]


def anew(release: Release, as_of: datetime, judge: Callable[[], Tried]) -> Tried:
    """Keep nothing."""
    return judge()


def accepted_before(
    releases: Path,
    release: Release,
    settings: Settings,
    pack: Pack,
    engine: str = DUCKDB,
    recall: Recall = anew,
    read: Path | None = None,
) -> Accepted | None:
    """The last accepted release before this one; None where there is none."""
    as_of = release.opened_at  # what is said of another later, or asked of it now, does not change what it was then
    for other in candidates(folder.find(releases), release):
        place = releases / other.version
        tried = recall(other, as_of, partial(_tried, place, other, as_of, settings, pack, engine, read))
        if tried.accepted is not None:
            return tried.accepted._replace(folder=place)
    return None


def _tried(
    place: Path, other: Release, as_of: datetime, settings: Settings, pack: Pack, engine: str, read: Path | None
) -> Tried:
    from atalaya.watch.judgement import judge_release, surveyed

    try:
        judged = judge_release(
            place, other, as_of=as_of, settings=settings, pack=pack, baseline=False, engine=engine, read=read
        )
    except (ReleaseError, EvidenceError):  # what cannot be judged was not accepted; its own pages say why
        return Tried(None, datetime.max.replace(tzinfo=UTC))
    damaged = frozenset(one.name for one in judged.unreadable)
    accepted = Accepted(judged.release, place, judged.fixed_at, _before(judged), _result(judged), damaged)
    return Tried(
        accepted if judged.verdict.word is VerdictStatus.GO else None,
        _settled_at(surveyed(place / "evidence", cache=cache_of(place, read)), judged.release),
    )


def cache_of(place: Path, read: Path | None, now: datetime | None = None) -> ReadCache | None:
    """What a judgement has read of the large files of a release.

    :param read: the folder for that, by release. :param now: what a clock says.
    """
    return ReadCache(read / place.name, SIEVE, now) if read else None


def _settled_at(found: ledger.Survey, release: Release) -> datetime:
    """When the window is over and the last record is written: nothing comes after that but what changes a file."""
    written = [at for segment in found.segments for at in segment.recorded_at]
    return max([ends_at(release), *written])


def candidates(releases: Sequence[Release], release: Release) -> list[Release]:
    """The releases that may be the baseline of this one, in the order in which they are tried: the newest first.

    :param releases: all of them, the newest first.
    """
    return [
        other
        for other in releases
        if ends_at(other) <= release.opened_at
        and other.rehearsal is release.rehearsal
        and (release.version.startswith(folder.LOCAL) or not other.version.startswith(folder.LOCAL))
    ]


def _before(judged: Judgement) -> Before:
    looks = tuple(one for one in judged.artefacts if not one.problem)
    return Before(judged.release.version, Installed(judged.rooms, judged.apis, looks))


def _result(judged: Judgement) -> AcceptedBefore:
    return AcceptedBefore(
        version=judged.release.version,
        outcomes={one.promise.id: one.outcome for one in judged.promises},
        unsteady={one.test: one.kind for one in judged.flaky if one.kind in UNSTEADY},
        incidents=judged.incidents,
    )
