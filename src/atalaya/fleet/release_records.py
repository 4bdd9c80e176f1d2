"""Reads the records of one release, each kind once, as a judgement of a given instant knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from atalaya.core.settings import Settings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Evidence, Release, SettingsSnapshot
from atalaya.watch.state_at import in_order, restored
from atalaya.watch.window import is_recorded

FOREVER = datetime.max.replace(tzinfo=UTC)

Kind = TypeVar("Kind", bound=Evidence)


class Records:
    """The records of one release, each kind read once.

    :param read: reads those of one kind: all, or an error; or only what can be read.
    """

    def __init__(self, folder: Path, read: Callable[[Path, type[Any]], Iterable[Any]] = ledger.read) -> None:
        self._folder, self._read = folder, read
        self._found: dict[str, list[Any]] = {}

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All of one kind, in the order in which they came into force.

        :raises EvidenceError: a segment of that kind cannot be read, or a newer Atalaya wrote one of any kind.
        """
        if kind.kind not in self._found:
            self._found[kind.kind] = in_order(list(self._read(self._folder, kind)), kind)
        return self._found[kind.kind]


class RecordsByNow:
    """The records of one release that a judgement knows at an instant: written down by then, and of a rehearsal where
    it is one and only there. The calendar of a rehearsal is made up, and all of it has come.

    ``ahead`` are the instants at which others come to be known, of the kinds that were asked for.
    """

    def __init__(self, records: Records, release: Release, now: datetime) -> None:
        self.release, self.now = release, now
        self.ahead: set[datetime] = set()
        self._records = records

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Those of one kind.

        :raises EvidenceError: as :meth:`Records.of`.
        """
        of_watch = [one for one in self._records.of(kind) if is_recorded(one, self.release, FOREVER)]
        if self.release.rehearsal:
            return of_watch
        self.ahead |= {one.recorded_at for one in of_watch if one.recorded_at > self.now}
        return [one for one in of_watch if one.recorded_at <= self.now]

    def settings(self, base: Settings) -> Settings:
        """The settings in force by the records, over those of ``watch.toml``."""
        snapshots = self.of(SettingsSnapshot)
        return restored(snapshots[-1], base) if snapshots else base
