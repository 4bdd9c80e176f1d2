"""Counts the work of a command: which files of a ledger are opened, and how many records are decoded."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from atalaya.evidence.ledger import opening
from atalaya.records.stored import Evidence


class Work:
    """What has been done since the count began."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()  # the files of ledgers, by their names, whose records were decoded
        self.decoded: Counter[str] = Counter()  # records, by their kinds

    def of(self, kind: str) -> dict[str, int]:
        """How often each file of a kind was opened."""
        return {name: times for name, times in self.opened.items() if name.startswith(f"{kind}-")}


@contextlib.contextmanager
def counted() -> Iterator[Work]:
    """Count what is read of ledgers."""
    work = Work()
    open_file, add = opening.open_file, opening._Tally.add

    def counting(path: Path, sieve: opening.Sieve | None = None) -> tuple[opening.Segment, ...]:
        work.opened[path.name] += 1
        return open_file(path, sieve)

    def adding(self: opening._Tally, records: Sequence[Evidence]) -> None:
        work.decoded.update(record.kind for record in records)
        add(self, records)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_file", counting)
        patch.setattr(opening._Tally, "add", adding)
        yield work
