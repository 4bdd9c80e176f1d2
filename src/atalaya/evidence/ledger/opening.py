"""Opens a file of a ledger as the segments that stand in it, each checked against its name and decoded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from atalaya.core.errors import EvidenceError
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.file_lines import lines_of, opened, regular
from atalaya.evidence.ledger.naming import AT, DIGEST_CHARS, NAME, kind_of, parts_of
from atalaya.evidence.ledger.segment_format import (
    TIMES,
    decoder_of,
    digest_of,
    recorded_at_of,
    records_of,
    rows_of,
    without_times,
)
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import FORMAT, STORED, Evidence

V = TypeVar("V")
# Of a segment's name, what says which of some of its records are to be held in memory, by their places among them.
Sieve = Callable[[str], Callable[[Sequence[Evidence]], Iterable[int]]]


class Segment(NamedTuple):
    """One segment, checked and decoded.

    ``records`` are those that a reader asked to keep, all where it did not say which, and ``lines`` the lines that they
    stand on, from 1. ``recorded_at`` are the instants at which any of its records was written down, in order.
    """

    info: SegmentInfo
    records: tuple[Evidence, ...]
    lines: Sequence[int]
    recorded_at: tuple[datetime, ...]


def none(segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
    """The sieve of who asks what there is, and whether it is whole, and looks at no record."""
    return lambda records: ()


def open_file(path: Path, sieve: Sieve | None = None) -> tuple[Segment, ...]:
    """The segments that one file holds: one, unless it is compacted.

    :raises EvidenceError: as for :func:`~atalaya.evidence.ledger.ledger.read`.
    """
    return _open_compacted(path, sieve) if path.suffix == compacted.SUFFIX else (open_segment(path, sieve),)


def open_segment(path: Path, sieve: Sieve | None = None) -> Segment:
    """One segment: its digest checked against its name, its records strictly decoded.

    :raises EvidenceError: as for :func:`~atalaya.evidence.ledger.ledger.read`.
    """
    named = parts_of(path)
    with opened(path) as (blocks, size_bytes):
        found = _as_written(path.name, named, blocks, size_bytes, sieve)
    if found is not None:
        return found
    with opened(path) as (blocks, size_bytes):  # it says what is wrong, or was written by other means
        content = list(blocks)
    sha256 = hashlib.sha256(b"".join(content)).hexdigest()
    return _segment(path, path.name, size_bytes, lines_of(content), sha256, sieve)


def _as_written(
    name: str, named: re.Match[str], blocks: Iterable[bytes], size_bytes: int, sieve: Sieve | None
) -> Segment | None:
    """A segment from its lines, where each is as a writer of ours writes it; None where one is not, or one is wrong.

    :param blocks: the lines, some of them at a time, each with its end.
    """
    sha, sha_of_all = hashlib.sha256(), hashlib.sha256()
    decoder = decoder_of(STORED[named["kind"]])
    tally = _Tally(sieve and sieve(name))
    try:
        for block in blocks:
            sha_of_all.update(block)
            found = decoder.decode_lines(block)
            sha.update(without_times(block, len(found)))
            if max(map(_FORMAT_OF, found), default=FORMAT) > FORMAT or not _have_zones(found):
                return None
            tally.add(found)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, AttributeError):
        return None
    digest = sha.hexdigest()
    if not tally.number or digest[:DIGEST_CHARS] != named["digest"]:
        return None
    try:
        if named["at"] not in (None, min(tally.recorded_at).astimezone(UTC).strftime(AT)):
            return None
    except OverflowError:
        return None
    return tally.segment(name, named["kind"], size_bytes, digest, sha_of_all.hexdigest())


def _segment(
    where: Path, name: str, size_bytes: int, lines: Sequence[bytes], sha256: str, sieve: Sieve | None
) -> Segment:
    named = parts_of(where)
    rows = rows_of(where, lines)
    digest = digest_of(rows)
    if digest[:DIGEST_CHARS] != named["digest"]:
        raise EvidenceError(
            f"{where}: its name says {named['digest']}, its content is {digest[:DIGEST_CHARS]}: it was changed after "
            f"it was written. Restore it from version control; to correct evidence, record it anew."
        )
    records = records_of(where, named["kind"], rows)
    if named["at"] not in (None, at := recorded_at_of(rows)):
        raise EvidenceError(
            f"{where}: by its name it was recorded at {named['at']}, by its content at {at}: it was changed after "
            f"it was written. Restore it from version control."
        )
    tally = _Tally(sieve and sieve(name))
    tally.add(records)
    return tally.segment(name, named["kind"], size_bytes, digest, sha256)


def _open_compacted(path: Path, sieve: Sieve | None) -> tuple[Segment, ...]:
    kind_of(path)
    with regular(path):
        pass
    return unpack(path, compacted.check_name(path, compacted.sha256_of(path)), sieve)


def unpack(path: Path, kind: str, sieve: Sieve | None = None) -> tuple[Segment, ...]:
    found: list[Segment | None] = []
    for entry, blocks in compacted.unpack(path):
        match = NAME.fullmatch(entry.name)
        if match is None or match["kind"] != kind:
            raise EvidenceError(
                f"{path}: its manifest tells of {entry.name!r}, which is no segment of the kind '{kind}'. "
                f"Restore it from version control."
            )
        found.append(_of_the_manifest(path, entry, _as_written(entry.name, match, blocks, entry.size_bytes, sieve)))
    if None in found:  # something is wrong in it, or it was written by other means
        for place, (entry, blocks) in enumerate(compacted.unpack(path)):
            if found[place] is None:
                content = list(blocks)
                sha256 = hashlib.sha256(b"".join(content)).hexdigest()
                where, lines = path / entry.name, lines_of(content)
                one = _segment(where, entry.name, entry.size_bytes, lines, sha256, sieve)
                found[place] = _of_the_manifest(path, entry, one)
    return tuple(one for one in found if one is not None)


def _of_the_manifest(path: Path, entry: compacted.Entry, segment: Segment | None) -> Segment | None:
    """The same segment.

    :raises EvidenceError: the manifest tells of another digest.
    """
    if segment is not None and segment.info.digest != entry.digest:
        raise EvidenceError(
            f"{path}: {entry.name} comes to {segment.info.digest}, and the manifest says {entry.digest}. "
            f"Restore it from version control."
        )
    return segment


# By these a million records are looked at without a line of Python for each.
_FORMAT_OF, _OCCURRED_AT, _RECORDED_AT = map(attrgetter, ("format", "occurred_at", "recorded_at"))
_ZONES_OF = tuple(attrgetter(f"{name}.tzinfo") for name in TIMES)


def _have_zones(records: Sequence[Evidence]) -> bool:
    return all(all(map(zone_of, records)) for zone_of in _ZONES_OF)


class _Tally:
    """What is said of a segment, as its records pass, and those of them that are kept."""

    def __init__(self, keep: Callable[[Sequence[Evidence]], Iterable[int]] | None) -> None:
        self._keep = keep
        self._records: list[Evidence] = []
        self._lines: list[int] = []
        self._environments: set[str] = set()
        self._occurred_at: list[datetime] = []  # the first and the last of each lot
        self.recorded_at: set[datetime] = set()
        self.number = 0

    def add(self, records: Sequence[Evidence]) -> None:
        """Count some records, at least one; all their times have a zone."""
        if not records:
            return
        keep, lines = self._keep, range(self.number + 1, self.number + len(records) + 1)
        self.number += len(records)
        occurred_at = list(map(_OCCURRED_AT, records))
        self._occurred_at += min(occurred_at), max(occurred_at)
        self.recorded_at |= _distinct(list(map(_RECORDED_AT, records)))
        self._environments |= {str(one) for one in _distinct([one.environment for one in records])}
        if keep is None:
            self._records += records
            return
        kept = list(keep(records))
        self._records += [records[place] for place in kept]
        self._lines += [lines[place] for place in kept]

    def segment(self, name: str, kind: str, size_bytes: int, digest: str, sha256: str) -> Segment:
        """The segment that these records are."""
        info = SegmentInfo(
            name=name,
            kind=kind,
            records=self.number,
            size_bytes=size_bytes,
            digest=digest,
            sha256=sha256,
            environments=tuple(sorted(self._environments)),
            first_at=min(self._occurred_at),
            last_at=max(self._occurred_at),
        )
        lines = range(1, self.number + 1) if self._keep is None else tuple(self._lines)
        return Segment(info, tuple(self._records), lines, tuple(sorted(self.recorded_at)))


def _distinct(values: list[V]) -> set[V]:
    """Mostly one: then no other is hashed, which takes a time ten times as long as to compare it."""
    return {values[0]} if values.count(values[0]) == len(values) else set(values)
