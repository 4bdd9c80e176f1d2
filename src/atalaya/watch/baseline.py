"""Finds the release that a watch is compared with, and its results.

The last one before it that was accepted: whose watch ended in GO. Never one that failed, never one that is still
watched, and a rehearsal only for a rehearsal. It is judged without a baseline of its own, so that one release's
verdict does not hang on a chain of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from atalaya.core.engines import DUCKDB
from atalaya.core.errors import EvidenceError, ReleaseError
from atalaya.core.settings import Settings
from atalaya.core.window import ends_at
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
    def opened(self, engine: str = DUCKDB) -> Iterator[Accepted]:
        """The same with its evidence at hand."""
        with opened(self.folder / "evidence", damaged=self.damaged, engine=engine) as asked:
            yield self._replace(engine=asked)

    def over(self, elapsed: timedelta, settings: Settings) -> Baseline | None:
        """What it showed over as much of its window as has passed of the other's, by the other's settings."""
        if self.engine is None:
            return None
        as_of = self.release.opened_at + elapsed
        span = MetricQuery(release=self.release, as_of=as_of, settings=settings, fixed_at=self.fixed_at)
        return basis_of(self.engine, span)


def accepted_before(
    releases: Path, release: Release, settings: Settings, pack: Pack, engine: str = DUCKDB
) -> Accepted | None:
    """The last accepted release before this one; None where there is none."""
    from atalaya.watch.judgement import judge_release

    for other in candidates(folder.find(releases), release):
        place = releases / other.version
        # What is said of it later, or asked of it now, does not change what it was then.
        try:
            judged = judge_release(
                place, other, as_of=release.opened_at, settings=settings, pack=pack, baseline=False, engine=engine
            )
        except (ReleaseError, EvidenceError):
            continue  # what cannot be judged was not accepted; its own pages say why
        if judged.verdict.word is VerdictStatus.GO:
            damaged = frozenset(one.name for one in judged.unreadable)
            return Accepted(judged.release, place, judged.fixed_at, _before(judged), _result(judged), damaged)
    return None


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
