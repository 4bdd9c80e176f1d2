"""The append-only ledger of evidence: writes segments, and verifies them when it reads them.

A ledger is a folder of segments: files that are written once and never changed. A segment holds records of
one kind, one JSON object a line, and its name holds that kind, the digest of what it says and when it was recorded.
The time of recording takes no part in the digest, so the same evidence recorded twice is one segment, and any number
of writers can work side by side without a lock. Two that recorded it at once, on one machine or on two branches, have
left two files: a reader takes the earlier one. Of one name, two files never differ, so branches merge.

Many old segments may stand in one compacted file (:mod:`atalaya.evidence.ledger.parquet`). That is whole, on disk and
read back before the first of them is removed, and nobody ever rewrites it. So a segment stands in one place or in both
at any moment, and a reader takes it once: from the compacted file, which had it first. A redaction alone takes such a
file away, once all that it leaves as it was stands alone again (:mod:`atalaya.evidence.ledger.redaction`). And a
segment that is damaged gives way to the same evidence, recorded at the same instant.

What stands behind these functions: names (``naming``), the list of the files (``listing``), their lines
(``file_lines``), the records in them and their digest (``segment_format``), a file opened and checked (``opening``), a
segment written (``writing``, ``atomic_write``), and many put into one file (``compaction``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, overload

from atalaya.core.errors import EvidenceError, HarnessError
from atalaya.evidence.ledger import opening
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.compaction import compact
from atalaya.evidence.ledger.file_lines import Gone
from atalaya.evidence.ledger.listing import LISTINGS, files
from atalaya.evidence.ledger.naming import identity, kind_of, preferred
from atalaya.evidence.ledger.opening import Segment, Sieve, none
from atalaya.evidence.ledger.segment_format import E
from atalaya.evidence.ledger.writing import write
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import STORED, Evidence

__all__ = ["Cache", "Survey", "compact", "of_kinds", "read", "readable", "segments", "survey", "verify", "write"]


class Cache(Protocol):
    """Keeps what was read of files, which never change."""

    def segments(self, path: Path) -> tuple[Segment, ...] | None:
        """What was found in a file; None where that is to be found out."""

    def keep(self, path: Path, found: Sequence[Segment]) -> None:
        """Keep what was found in a file."""


class Survey(NamedTuple):
    """A whole ledger: the segments that are what their names say, and what is wrong with the others."""

    segments: tuple[Segment, ...]
    problems: tuple[str, ...]
    damaged: frozenset[str]


@overload
def read(folder: Path, kind: type[E]) -> list[E]: ...
@overload
def read(folder: Path, kind: str) -> list[Evidence]: ...
def read(folder: Path, kind: type[Evidence] | str) -> list[Any]:
    """All records of one kind, given by its name or its type, segment by segment in the order of their names.

    No folder means no records.

    :raises EvidenceError: a segment is not what its name says, or was written by a newer Atalaya.
    """
    name = kind if isinstance(kind, str) else kind.kind
    if name not in STORED:
        raise HarnessError(f"'{name}' is no kind of evidence. Known: {', '.join(STORED)}. Mend the caller.")
    # Every name is looked at: what a newer version wrote must not be passed over.
    return [record for segment in _whole(folder, {name}) for record in segment.records]


def readable(folder: Path, kind: type[E]) -> list[E]:
    """As :func:`read`, but for what cannot be read: a verdict tells of that, and it must not end a watch."""
    found = survey(folder, {kind.kind}).segments
    return [record for segment in found for record in segment.records if isinstance(record, kind)]


def of_kinds(folder: Path, *kinds: type[Evidence]) -> list[Evidence]:
    """As :func:`readable`, of several kinds: the files of no other are opened."""
    found = survey(folder, {kind.kind for kind in kinds}).segments
    return [record for segment in found for record in segment.records]


def segments(folder: Path) -> tuple[SegmentInfo, ...]:
    """Each segment of a ledger, checked, in the order of their names.

    :raises EvidenceError: as for :func:`read`.
    """
    return tuple(segment.info for segment in _whole(folder, sieve=none))


def survey(
    folder: Path, kinds: Collection[str] | None = None, sieve: Sieve | None = None, cache: Cache | None = None
) -> Survey:
    """Read all that can be read, or that of some kinds, and say what cannot: one that was changed hides no other.

    :param sieve: which records are held in memory; all are decoded and checked, whether they are held or not.
    :param cache: what is kept of files that were read with this sieve before: those are not decoded again.
    """
    opened, wrong = _open_all(folder, kinds, sieve, cache)
    return Survey(_once(opened), tuple(str(why) for why in wrong.values()), frozenset(wrong))


def verify(folder: Path) -> list[str]:
    """What is wrong with a ledger, one sentence a segment; nothing, if all is well."""
    return list(survey(folder, sieve=none).problems)


def _whole(folder: Path, kinds: Collection[str] | None = None, sieve: Sieve | None = None) -> tuple[Segment, ...]:
    opened, wrong = _open_all(folder, kinds, sieve)
    for why in wrong.values():
        raise why
    return _once(opened)


def _open_all(
    folder: Path, kinds: Collection[str] | None = None, sieve: Sieve | None = None, cache: Cache | None = None
) -> tuple[dict[Path, tuple[Segment, ...]], dict[str, EvidenceError]]:
    """Every file of a ledger, or of some kinds in it, opened, and what is wrong with the others, by their names."""
    opened: dict[Path, tuple[Segment, ...]] = {}
    wrong: dict[str, EvidenceError] = {}
    for _ in range(LISTINGS):
        gone = False
        for path in files(folder):
            if path in opened or path.name in wrong:
                continue
            try:
                kind = kind_of(path)
                if kinds is None or kind in kinds:
                    opened[path] = _open(path, sieve, cache)
            except Gone:
                gone = True
            except EvidenceError as why:
                wrong[path.name] = why
        if not gone:
            return opened, dict(sorted(wrong.items()))
    raise EvidenceError(f"{folder}: files go away as fast as they are listed. Run again when it is at rest.")


def _open(path: Path, sieve: Sieve | None, cache: Cache | None) -> tuple[Segment, ...]:
    if cache is None:
        return opening.open_file(path, sieve)
    found = cache.segments(path)
    if found is None:
        found = opening.open_file(path, sieve)
        cache.keep(path, found)
    return found


def _once(opened: dict[Path, tuple[Segment, ...]]) -> tuple[Segment, ...]:
    """Each segment once, in the order of their names; a compacted file had it before one that stands alone."""
    ranked = sorted(opened, key=lambda path: (path.suffix != compacted.SUFFIX, preferred(path)))
    found: dict[str, Segment] = {}
    for path in ranked:
        for segment in opened[path]:
            found.setdefault(segment.info.digest, segment)
    return tuple(sorted(found.values(), key=lambda segment: identity(segment.info.name)))
