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
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import stat
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from io import BufferedReader
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, TypeVar, overload

import msgspec

from atalaya.core import plain_file
from atalaya.core.errors import EngineError, EvidenceError, HarnessError, UsageError, passes
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.readers.model import printable
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import FORMAT, STORED, Evidence

SUFFIX = ".jsonl"
PACKED = ".gz"  # follows the suffix of a segment that is compressed
PACK_ABOVE_BYTES = 64 * 1024
AT_ONCE = 200  # records that are encoded together
PACK_LEVEL = 6  # 9 takes more than twice as long, for a file that is a tenth smaller
LARGEST_BYTES = 512 * 1024 * 1024  # unpacked
FULL_BYTES = LARGEST_BYTES // 2  # then the next segment begins
LONGEST_LINE_BYTES = 16 * 1024 * 1024  # a record of ours is never near it either
BLOCK_BYTES = 256 * 1024  # of lines that are decoded together
LISTINGS = 100  # a compaction beside a reader takes away what was listed: then it looks again, so often
DIGEST_CHARS = 32
# A temporary file must not look like a segment: a writer that is killed leaves it behind.
TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".segment-", ".tmp"
SWEEP_AFTER_S = 3600.0

IDENTITY = rf"(?P<kind>[a-z]+(?:-[a-z]+)*)-(?P<digest>[0-9a-f]{{{DIGEST_CHARS}}})"
# Segments of the first versions do not name their time.
NAME = re.compile(rf"{IDENTITY}(?:-(?P<at>[0-9]{{8}}T[0-9]{{12}}Z))?\.jsonl(?:\.gz)?")
AT = "%Y%m%dT%H%M%S%fZ"
TIMES = ("occurred_at", "recorded_at")
RECORDED = b',"recorded_at":"'
RECORDED_AT = re.compile(RECORDED + b'[^"]*"')
ENCODER = msgspec.json.Encoder(order="sorted")

E = TypeVar("E", bound=Evidence)
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


class Source(NamedTuple):
    """A file that holds segments of one kind, and those in it that another file holds too."""

    path: Path
    passed_over: tuple[str, ...]


class Cache(Protocol):
    """Keeps what was read of files, which never change."""

    def segments(self, path: Path) -> tuple[Segment, ...] | None:
        """What was found in a file; None where that is to be found out."""

    def keep(self, path: Path, found: Sequence[Segment]) -> None:
        """Keep what was found in a file."""


class Gone(EvidenceError):
    """A file that was listed is there no longer."""


class Survey(NamedTuple):
    """A whole ledger: the segments that are what their names say, and what is wrong with the others."""

    segments: tuple[Segment, ...]
    problems: tuple[str, ...]
    damaged: frozenset[str]


# ── writing ──────────────────────────────────────────────────────────────────


def write(folder: Path, records: Iterable[Evidence]) -> tuple[Path, ...]:
    """Add records to a ledger: one segment for each kind, safe on disk when this returns.

    The records are taken one at a time, so there may be more than memory holds. None is in the ledger before the last
    of them is on disk. A segment that is there already and whole is left alone, and its path is returned all the same.
    One that is damaged is written anew, in its place where it was recorded at the same instant: else it stays beside
    it, and is told of, since it alone says when that was. Only what no reader would open for its size is parted into
    several segments.

    :raises UsageError: the folder cannot be written.
    :raises HarnessError: a record is not what its type says.
    """
    drafts: dict[str, list[_Draft]] = {}
    with contextlib.ExitStack() as half:
        for record in records:
            try:
                if not drafts:
                    folder.mkdir(parents=True, exist_ok=True)
                    _sweep(folder)
                of_kind = drafts.setdefault(record.kind, [])
                if not of_kind or of_kind[-1].is_full:
                    of_kind.append(_Draft(record.kind, half.enter_context(_half(folder))))
                of_kind[-1].add(record)
            except OSError as why:
                raise _not_written(folder, why) from why
        try:
            finished = [draft for of_kind in drafts.values() for draft in of_kind]
            for draft in finished:
                draft.finish()
            written, failures = _settled(finished, folder)
            if written:
                _sync_folder(folder)
        except OSError as why:
            raise _not_written(folder, why) from why
        for failure in failures:
            raise _not_written(folder, failure) from failure
    return written


def _settled(drafts: Iterable[_Draft], folder: Path) -> tuple[tuple[Path, ...], list[OSError]]:
    """The segments that these have become, and why others could not: one that cannot keeps no other from it."""
    written, failures = [], []
    for draft in drafts:
        try:
            written.append(draft.settle(folder))
        except OSError as why:
            failures.append(why)
    return tuple(written), failures


def _not_written(folder: Path, why: OSError) -> UsageError:
    return UsageError(
        f"{folder}: evidence cannot be written: {why}. Make the folder writable, or make room, and run again."
    )


class _Draft:
    """A segment that is being written: what does not fit into its buffer is packed and on disk."""

    def __init__(self, kind: str, temporary: Path) -> None:
        self._kind, self._temporary = kind, temporary
        self._packed = False
        self._waiting: list[Evidence] = []
        self._buffer: list[bytes] = []
        self._buffered_bytes = self._size_bytes = 0
        self._sha = hashlib.sha256()
        self._recorded_at: datetime | None = None
        # No time in the header: the same content is the same bytes, whoever packs it.
        self._packer = zlib.compressobj(PACK_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    @property
    def is_full(self) -> bool:
        return self._size_bytes >= FULL_BYTES

    def add(self, record: Evidence) -> None:
        self._waiting.append(record)
        if len(self._waiting) >= AT_ONCE:
            self._encode()

    def _encode(self) -> None:
        if not self._waiting:
            return
        records = [_in_utc(record) for record in self._waiting]
        lines = _lines(records)
        self._sha.update(_without_times(lines, len(records)))
        at = min(record.recorded_at for record in records)
        self._recorded_at = at if self._recorded_at is None else min(at, self._recorded_at)
        self._buffer.append(lines)
        self._buffered_bytes += len(lines)
        self._waiting = []
        if self._buffered_bytes > PACK_ABOVE_BYTES:
            self._pack()

    def _pack(self) -> None:
        with self._temporary.open("ab") as file:
            file.write(self._packer.compress(b"".join(self._buffer)))
        self._size_bytes += self._buffered_bytes
        self._buffer, self._buffered_bytes, self._packed = [], 0, True

    def finish(self) -> None:
        """Put what is left on disk."""
        self._encode()
        rest = b"".join(self._buffer)
        with self._temporary.open("ab") as file:
            file.write(self._packer.compress(rest) + self._packer.flush() if self._packed else rest)

    def settle(self, folder: Path) -> Path:
        """Become a segment, unless it is there already and whole."""
        assert self._recorded_at is not None
        name = f"{self._kind}-{self._sha.hexdigest()[:DIGEST_CHARS]}"
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(name)]
        there = sorted((folder / one for one in names if NAME.fullmatch(one)), key=_preferred)
        whole = next(filter(_is_whole, there), None)
        if whole is not None:
            return whole
        path = folder / f"{name}-{self._recorded_at.strftime(AT)}{SUFFIX}{PACKED if self._packed else ''}"
        _settle(self._temporary, path)
        return path


def _is_whole(path: Path) -> bool:
    """Whether a segment is what its name says, as far as anybody can see now."""
    try:
        open_segment(path, none)
    except (EvidenceError, EngineError):
        return False
    return True


def _recorded_at(rows: Iterable[dict[str, Any]]) -> str:
    """When the first of some rows was recorded, as a segment's name has it."""
    try:
        return min(msgspec.convert(row["recorded_at"], datetime) for row in rows).astimezone(UTC).strftime(AT)
    except (OverflowError, ValueError):
        return "a time that cannot be"


def put(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Make a file appear whole, or not at all."""
    with _half(path.parent) as temporary:
        temporary.write_bytes(content)
        _settle(temporary, path, mode)


@contextlib.contextmanager
def _half(folder: Path) -> Iterator[Path]:
    """A file that does not look like a segment, for as long as it is not one."""
    handle, name = tempfile.mkstemp(TEMPORARY_SUFFIX, TEMPORARY_PREFIX, folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def _settle(temporary: Path, path: Path, mode: int = 0o644) -> None:
    """Give a finished file its name, once all of it is on disk."""
    temporary.chmod(mode)  # it was made with 0600, and the ledger is read by others
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        temporary.replace(path)
    except PermissionError:
        # Windows refuses where a reader has the file open: another writer was first with the same content.
        if not path.exists():
            raise


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # there, a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Take away what killed writers left, once it is too old to be another writer's work."""
    for left in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):  # another writer swept it first
            if time.time() - left.stat().st_mtime > SWEEP_AFTER_S:
                left.unlink()


# ── compacting ───────────────────────────────────────────────────────────────


def compact(folder: Path) -> tuple[Path, ...]:
    """Put the segments that are older than the current run into one file for each kind; the files are returned.

    The current run is that of the newest record that is not compacted yet. Damaged segments stay as they are. Only what
    no reader would unpack for its size is parted into several files. It may be killed at any moment, and run beside
    writers, readers and itself.

    :raises UsageError: the folder cannot be written.
    :raises EngineError: there is too little memory, or no room on the disk.
    """
    alone: dict[Path, Segment] = {}
    for path in paths(folder):
        with contextlib.suppress(EvidenceError):
            alone[path] = open_segment(path, _newest_of_each_run)
    if not alone:
        return ()
    current = max((record.recorded_at, record.run_id) for found in alone.values() for record in found.records)[1]
    proven = _proven(folder, {segment.info.digest for segment in alone.values()})
    old: dict[str, dict[Path, Segment]] = {}
    taken = set(proven)
    for path in sorted(alone, key=_preferred):
        segment = alone[path]
        if segment.info.digest not in taken and all(r.run_id != current for r in segment.records):
            taken.add(segment.info.digest)
            old.setdefault(segment.info.kind, {})[path] = segment
    try:
        _sweep(folder)
        written = tuple(path for kind, lot in old.items() for path in _compact(folder, kind, lot))
        proven |= {entry.digest for path in written for entry in compacted.manifest(path).segments}
        for path, segment in alone.items():
            if segment.info.digest in proven:
                path.unlink(missing_ok=True)
        _sync_folder(folder)
    except OSError as why:
        raise UsageError(
            f"{folder}: evidence cannot be compacted: {why}. Make the folder writable, or make room, and run again."
        ) from why
    return written


def _newest_of_each_run(segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
    """The sieve of who asks which runs a segment is of, and which of them is the newest."""

    def newest(records: Sequence[Evidence]) -> Iterable[int]:
        runs = [record.run_id for record in records]
        at = list(map(_RECORDED_AT, records))
        if runs.count(runs[0]) == len(runs):  # mostly
            return (at.index(max(at)),)
        # Of one run the last in order of time stays.
        return {runs[place]: place for place in sorted(range(len(records)), key=at.__getitem__)}.values()

    return newest


def _proven(folder: Path, digests: Container[str]) -> set[str]:
    """Those digests of which the segments stand in compacted files too. Only such a file is decoded: a manifest says
    what is in it, and proves nothing."""
    found: set[str] = set()
    for path in _compacted(folder):
        with contextlib.suppress(EvidenceError):
            if any(entry.digest in digests for entry in compacted.manifest(path).segments):
                found.update(segment.info.digest for segment in open_file(path, none))
    return found


def _compact(folder: Path, kind: str, lot: dict[Path, Segment]) -> Iterator[Path]:
    """Write compacted files, one where all fits into it. None, where another compaction was faster."""
    waiting = deque(lot.items())
    while waiting:
        with _half(folder) as temporary:
            if not compacted.pack(temporary, kind, _until_full(waiting)).segments:
                return
            _unpack(temporary, kind, none)  # read back before anything rests on it
            digest = compacted.sha256_of(temporary)[:DIGEST_CHARS]
            path = folder / f"{kind}-{digest}{compacted.SUFFIX}"
            _settle(temporary, path)
        _sync_folder(folder)
        yield path


def _until_full(waiting: deque[tuple[Path, Segment]]) -> Iterator[tuple[compacted.Entry, list[bytes]]]:
    """The next segments with their lines, until they are as many as one file takes."""
    size = 0
    while waiting and size < FULL_BYTES:
        path, segment = waiting.popleft()
        info = segment.info
        entry = compacted.Entry(name=info.name, digest=info.digest, records=info.records, size_bytes=info.size_bytes)
        try:
            lines = _content(path)
        except Gone:
            continue
        size += sum(map(len, lines))
        yield entry, lines


# ── content and digest ───────────────────────────────────────────────────────


def _in_utc(record: E) -> E:
    if record.occurred_at.tzinfo is UTC and record.recorded_at.tzinfo is UTC:
        return record
    for name in TIMES:
        if getattr(record, name).tzinfo is None:
            raise HarnessError(
                f"{record.kind}: {name} has no zone. Times in records are aware and in UTC: mend the writer."
            )
    return msgspec.structs.replace(record, **{name: getattr(record, name).astimezone(UTC) for name in TIMES})


def _lines(records: list[Evidence]) -> bytes:
    """Records of one kind as they are stored, a line each, proven to come back equal.

    A struct does not check its types, so this does.
    """
    kind = type(records[0])
    try:
        lines = ENCODER.encode_lines(records)
        same = _decoder(kind).decode_lines(lines) == records
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError) as why:
        raise HarnessError(f"{kind.kind}: a record cannot be stored: {why}. Mend the writer.") from why
    if not same:
        raise HarnessError(f"{kind.kind}: a record does not come back as it was (a NaN in it?). Mend the writer.")
    return lines


@lru_cache
def _decoder(kind: type[E]) -> msgspec.json.Decoder[E]:
    return msgspec.json.Decoder(kind)


def _without_times(lines: bytes, number: int) -> bytes:
    """Lines with their keys in order, each without its ``recorded_at``: what the digest is taken over.

    In a text a quotation mark is escaped, so no text looks like the member. A record inside may have one like it.
    """
    if first := RECORDED_AT.search(lines):
        parts = lines.split(first[0])
        left = b"".join(parts)
        if len(parts) == number + 1 and RECORDED not in left:  # all at one instant, as one call records them
            return left
    if lines.count(RECORDED) != number:
        return b"".join(_encode_without_time(msgspec.json.decode(line)) for line in lines.splitlines())
    return RECORDED_AT.sub(b"", lines)


def _digest(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 of the canonical content: each record with its keys in order and without ``recorded_at``.

    It is taken over what stands in the file, not over what this version makes of it: a field that a later
    version adds does not change the digest of the segments that were there before.
    """
    sha = hashlib.sha256()
    for row in rows:
        sha.update(_encode_without_time(row))
    return sha.hexdigest()


def _encode_without_time(row: dict[str, Any]) -> bytes:
    told = {key: value for key, value in row.items() if key != "recorded_at"}
    return msgspec.json.encode(told, order="deterministic") + b"\n"


# ── reading ──────────────────────────────────────────────────────────────────


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


def none(segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
    """The sieve of who asks what there is, and whether it is whole, and looks at no record."""
    return lambda records: ()


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
                kind = _kind_of(path)
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
        return open_file(path, sieve)
    found = cache.segments(path)
    if found is None:
        found = open_file(path, sieve)
        cache.keep(path, found)
    return found


def _once(opened: dict[Path, tuple[Segment, ...]]) -> tuple[Segment, ...]:
    """Each segment once, in the order of their names; a compacted file had it before one that stands alone."""
    ranked = sorted(opened, key=lambda path: (path.suffix != compacted.SUFFIX, _preferred(path)))
    found: dict[str, Segment] = {}
    for path in ranked:
        for segment in opened[path]:
            found.setdefault(segment.info.digest, segment)
    return tuple(sorted(found.values(), key=lambda segment: identity(segment.info.name)))


def identity(name: str) -> str:
    """What a segment is, whenever it was recorded and however it is packed: its kind and its digest.

    >>> identity("job-0123456789abcdef0123456789abcdef-20261125T120000000000Z.jsonl.gz")
    'job-0123456789abcdef0123456789abcdef'
    """
    match = re.match(rf"{IDENTITY}(?![^-.])", name)
    return match[0] if match else name


def _preferred(path: Path) -> tuple[str, str, str]:
    """Sorts files by what they are; of one segment the earliest comes first, and one that is not packed."""
    match = NAME.fullmatch(path.name)
    return identity(path.name), (match["at"] or "") if match else "", path.name


def sources(folder: Path, kind: str, damaged: Container[str] = ()) -> tuple[list[Source], list[Path]]:
    """The files that hold the segments of one kind, but for the damaged: compacted ones, and those alone.

    :raises EvidenceError: a compacted file has no manifest, or a newer Atalaya wrote it.
    """
    # In this order: what a compaction takes away in between stands in its file by then.
    whole = (path for path in paths(folder, f"{kind}-*") if path.name not in damaged)
    alone = {identity(path.name): path for path in sorted(whole, key=_preferred, reverse=True)}  # the first stays
    taken: set[str] = set()
    packed = []
    for path in _compacted(folder):
        if path.name in damaged or _kind_of(path) != kind:
            continue
        names = names_in(path)
        packed.append(Source(path, tuple(name for name in names if identity(name) in taken)))
        taken.update(identity(name) for name in names)
    return packed, sorted(path for name, path in alone.items() if name not in taken)


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the segments that one file holds, as it says itself.

    :raises EvidenceError: a compacted file has no manifest, or a newer Atalaya wrote it.
    """
    if path.suffix != compacted.SUFFIX:
        return (path.name,)
    return tuple(entry.name for entry in compacted.manifest(path).segments)


def verify(folder: Path) -> list[str]:
    """What is wrong with a ledger, one sentence a segment; nothing, if all is well."""
    return list(survey(folder, sieve=none).problems)


def open_file(path: Path, sieve: Sieve | None = None) -> tuple[Segment, ...]:
    """The segments that one file holds: one, unless it is compacted.

    :raises EvidenceError: as for :func:`read`.
    """
    return _open_compacted(path, sieve) if path.suffix == compacted.SUFFIX else (open_segment(path, sieve),)


def open_segment(path: Path, sieve: Sieve | None = None) -> Segment:
    """One segment: its digest checked against its name, its records strictly decoded.

    :raises EvidenceError: as for :func:`read`.
    """
    named = _named(path)
    with _opened(path) as (blocks, size_bytes):
        found = _as_written(path.name, named, blocks, size_bytes, sieve)
    if found is not None:
        return found
    with _opened(path) as (blocks, size_bytes):  # it says what is wrong, or was written by other means
        content = list(blocks)
    sha256 = hashlib.sha256(b"".join(content)).hexdigest()
    return _segment(path, path.name, size_bytes, _lines_of(content), sha256, sieve)


def _as_written(
    name: str, named: re.Match[str], blocks: Iterable[bytes], size_bytes: int, sieve: Sieve | None
) -> Segment | None:
    """A segment from its lines, where each is as :func:`write` writes it; None where one is not, or one is wrong.

    :param blocks: the lines, some of them at a time, each with its end.
    """
    sha, sha_of_all = hashlib.sha256(), hashlib.sha256()
    decoder = _decoder(STORED[named["kind"]])
    tally = _Tally(sieve and sieve(name))
    try:
        for block in blocks:
            sha_of_all.update(block)
            found = decoder.decode_lines(block)
            sha.update(_without_times(block, len(found)))
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


def _open_compacted(path: Path, sieve: Sieve | None) -> tuple[Segment, ...]:
    _kind_of(path)
    with regular(path):
        pass
    return _unpack(path, compacted.check_name(path, compacted.sha256_of(path)), sieve)


def _unpack(path: Path, kind: str, sieve: Sieve | None = None) -> tuple[Segment, ...]:
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
                where, lines = path / entry.name, _lines_of(content)
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


def lines_in(path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of each segment that one file holds, without their ends, by the segment's name. No digest is checked.

    :raises EvidenceError: the file cannot be read.
    """
    if path.suffix == compacted.SUFFIX:
        for entry, blocks in compacted.unpack(path):
            yield entry.name, _lines_of(blocks)
    else:
        yield path.name, _content(path)


@contextlib.contextmanager
def blocks_in(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file that is one segment, with their ends, some at a time. No digest is checked.

    :raises EvidenceError: the file cannot be read.
    """
    with _opened(path) as (blocks, _):
        yield blocks


def _segment(
    where: Path, name: str, size_bytes: int, lines: Sequence[bytes], sha256: str, sieve: Sieve | None
) -> Segment:
    named = _named(where)
    rows = _rows(where, lines)
    digest = _digest(rows)
    if digest[:DIGEST_CHARS] != named["digest"]:
        raise EvidenceError(
            f"{where}: its name says {named['digest']}, its content is {digest[:DIGEST_CHARS]}: it was changed after "
            f"it was written. Restore it from version control; to correct evidence, record it anew."
        )
    records = _records(where, named["kind"], rows)
    if named["at"] not in (None, at := _recorded_at(rows)):
        raise EvidenceError(
            f"{where}: by its name it was recorded at {named['at']}, by its content at {at}: it was changed after "
            f"it was written. Restore it from version control."
        )
    tally = _Tally(sieve and sieve(name))
    tally.add(records)
    return tally.segment(name, named["kind"], size_bytes, digest, sha256)


def _content(path: Path) -> list[bytes]:
    """The lines of a segment's file, without their ends."""
    with _opened(path) as (blocks, _):
        return _lines_of(blocks)


def _lines_of(blocks: Iterable[bytes]) -> list[bytes]:
    return [line for block in blocks for line in block.removesuffix(b"\n").split(b"\n")]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[bytes], int]]:
    """The lines of a segment's file, unpacked some at a time, and how large the file is."""
    try:
        with regular(path) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > LARGEST_BYTES:
                raise OSError(f"it has more than {LARGEST_BYTES} bytes")
            yield (_unpacked(file) if path.suffix == PACKED else _blocks(file)), size_bytes
    except (OSError, EOFError, zlib.error) as why:
        raise _unreadable(path, why) from why


def _unreadable(path: Path, why: Exception) -> EvidenceError | EngineError:
    says = f"{path}: cannot be read: {getattr(why, 'strerror', None) or why}."
    if passes(why):
        return EngineError(f"{says} Nothing is known of it: see to that, and run again.")
    return EvidenceError(f"{says} Give it back, or restore it from version control.")


@contextlib.contextmanager
def regular(path: Path) -> Iterator[BufferedReader]:
    """A file opened for reading. Nothing else is opened: a pipe waits for ever, a link may lead anywhere.

    :raises EvidenceError: it is no file, or cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(plain_file.opened(path))
        except FileNotFoundError as why:
            raise Gone(str(_unreadable(path, why))) from None
        except OSError as why:
            raise _unreadable(path, why) from None
        yield file


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Some lines at a time: what was made to unpack without end is found at its first one."""
    total = 0
    with gzip.open(file) as unpacked:
        for block in _blocks(unpacked, LONGEST_LINE_BYTES):
            total += len(block)
            if total > LARGEST_BYTES:
                raise OSError(f"it unpacks to more than {LARGEST_BYTES} bytes")
            yield block


def _blocks(file: IO[bytes] | gzip.GzipFile, longest_bytes: int | None = None) -> Iterator[bytes]:
    """Whole lines with their ends, as many at a time as a block holds; the last may have none."""
    begun: list[bytes] = []  # of a line that goes on in the next piece
    begun_bytes = 0
    while piece := file.read(BLOCK_BYTES):
        end = piece.find(b"\n")
        if longest_bytes is not None and begun_bytes + (len(piece) if end < 0 else end) > longest_bytes:
            raise OSError(f"a line in it has more than {longest_bytes} bytes")
        if cut := piece.rfind(b"\n") + 1:
            yield b"".join((*begun, piece[:cut]))
            begun, begun_bytes = [], 0
        begun.append(piece[cut:])
        begun_bytes += len(piece) - cut
    if begun_bytes:
        yield b"".join(begun)


def paths(folder: Path, kind: str = "*") -> list[Path]:
    """The files of a ledger that are one segment each, or of one kind among them, by segment, the preferred first.

    A segment may stand there more than once: recorded by two at once, or packed and not. A name in another case is
    listed too: it is for :func:`open_segment` to refuse it.
    """
    names = [name for name in _names(folder, (SUFFIX, SUFFIX + PACKED)) if fnmatchcase(name, f"{kind}*")]
    return sorted((folder / name for name in names), key=_preferred)


def _compacted(folder: Path) -> list[Path]:
    return [folder / name for name in sorted(_names(folder, (compacted.SUFFIX,)))]


def files(folder: Path) -> list[Path]:
    """Everything that looks like evidence. In this order: what a compaction takes away during the first listing
    stands in its file by the second."""
    alone = paths(folder)
    return [*alone, *_compacted(folder)]


def size_bytes(folder: Path) -> int:
    """How large a ledger is as it lies. A link has no bytes, nor has what a compaction has just taken away."""
    size = 0
    for name in _names(folder, (SUFFIX, SUFFIX + PACKED, compacted.SUFFIX)):
        with contextlib.suppress(OSError):
            status = (folder / name).lstat()
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return size


def _names(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.lower().endswith(suffixes)]  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as why:
        raise _unreadable(folder, why) from None


def _kind_of(path: Path) -> str:
    """The kind that a file's name says. One that is not known must stop the reader: a part is not the whole."""
    if path.suffix != compacted.SUFFIX:
        return _named(path)["kind"]
    match = compacted.NAME.fullmatch(path.name)
    kind = match["kind"] if match else compacted.check_name(path, "")
    return _known(path, kind)


def _named(path: Path) -> re.Match[str]:
    """The parts of a segment's name."""
    match = NAME.fullmatch(path.name)
    if match is None:
        raise EvidenceError(
            f"{path.parent}/{printable(path.name)}: not a segment: the name is not "
            f"<kind>-<{DIGEST_CHARS} hex digits>-<time>{SUFFIX}, or with {PACKED}. "
            f"Move it out of the ledger, or give it back its name."
        )
    _known(path, match["kind"])
    return match


def _known(path: Path, kind: str) -> str:
    if kind not in STORED:
        raise EvidenceError(
            f"{path}: evidence of the kind '{kind}' is from a newer Atalaya. Install that version to read it."
        )
    return kind


def _rows(path: Path, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as why:
            raise EvidenceError(
                f"{path}:{number}: not a record: {why}. It was changed after it was written: restore it from "
                f"version control."
            ) from why
    if not rows:
        raise EvidenceError(f"{path}: empty. A segment holds at least one record: restore it from version control.")
    return rows


def _records(path: Path, kind: str, rows: Sequence[dict[str, Any]]) -> tuple[Evidence, ...]:
    records = []
    for number, row in enumerate(rows, start=1):
        written_as = row.get("format", 1)
        if not isinstance(written_as, int) or written_as > FORMAT:
            raise EvidenceError(
                f"{path}:{number}: written in format {written_as!r}, and this Atalaya reads up to {FORMAT}. "
                f"Install the version that wrote it, or a newer one."
            )
        try:
            record = msgspec.convert(row, STORED[kind])
        except msgspec.MsgspecError as why:
            raise EvidenceError(
                f"{path}:{number}: {why}. Its digest is right, so it is from a newer Atalaya: install that version."
            ) from why
        if record.occurred_at.tzinfo is None or record.recorded_at.tzinfo is None:
            raise EvidenceError(f"{path}:{number}: a time without a zone. Restore the file from version control.")
        records.append(record)
    return tuple(records)
