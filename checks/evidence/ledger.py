"""What was recorded, and is it still what was recorded?

A ledger is a folder of segments: files that are written once and never changed. A segment holds records of
one kind, one JSON object a line, and its name holds that kind and the digest of what it says. The time of
recording takes no part in the digest, so the same evidence recorded twice is one segment, and any number of
writers can work side by side without a lock.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, overload

import msgspec

from checks.errors import EvidenceError, HarnessError, UsageError
from checks.records import FORMAT, STORED, Evidence, SegmentInfo

SUFFIX = ".jsonl"
PACKED = ".gz"  # follows the suffix of a segment that is compressed
PACK_ABOVE_BYTES = 64 * 1024
LARGEST_BYTES = 512 * 1024 * 1024  # unpacked: a segment of ours is never near it
DIGEST_CHARS = 32
# A temporary file must not look like a segment: a writer that is killed leaves it behind.
TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".segment-", ".tmp"
SWEEP_AFTER_S = 3600.0

NAME = re.compile(rf"(?P<kind>[a-z]+(?:-[a-z]+)*)-(?P<digest>[0-9a-f]{{{DIGEST_CHARS}}})\.jsonl(?:\.gz)?")
TIMES = ("occurred_at", "recorded_at")

E = TypeVar("E", bound=Evidence)


class Segment(NamedTuple):
    """One segment, checked and decoded."""

    info: SegmentInfo
    records: tuple[Evidence, ...]


class Survey(NamedTuple):
    """A whole ledger: the segments that are what their names say, and what is wrong with the others."""

    segments: tuple[Segment, ...]
    problems: tuple[str, ...]
    damaged: frozenset[str]


# ── writing ──────────────────────────────────────────────────────────────────


def write(folder: Path, records: Sequence[Evidence]) -> tuple[Path, ...]:
    """Add records to a ledger: one segment for each kind, safe on disk when this returns.

    A segment that is there already is left alone, and its path is returned all the same.

    :raises UsageError: the folder cannot be written.
    :raises HarnessError: a record is not what its type says.
    """
    by_kind: dict[str, list[Evidence]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    if not by_kind:
        return ()
    encoded = {kind: [_row(record) for record in group] for kind, group in by_kind.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        return tuple(_write_segment(folder, kind, rows) for kind, rows in encoded.items())
    except OSError as why:
        raise UsageError(
            f"{folder}: evidence cannot be written: {why}. Make the folder writable, or make room, and run again."
        ) from why


def _write_segment(folder: Path, kind: str, rows: Sequence[dict[str, Any]]) -> Path:
    plain = folder / f"{kind}-{_digest(rows)[:DIGEST_CHARS]}{SUFFIX}"
    packed = plain.with_name(plain.name + PACKED)
    path = next((there for there in (plain, packed) if there.exists()), None)
    if path is None:
        content = b"".join(_encode(row) + b"\n" for row in rows)
        large = len(content) > PACK_ABOVE_BYTES
        path = packed if large else plain
        # No time in the header: the same content is the same bytes, whoever packs it.
        _put(path, gzip.compress(content, mtime=0) if large else content)
    _sync_folder(folder)
    return path


def _put(path: Path, content: bytes) -> None:
    """Make the file appear whole, or not at all."""
    handle, name = tempfile.mkstemp(TEMPORARY_SUFFIX, TEMPORARY_PREFIX, path.parent)
    temporary = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - it is a descriptor, not a path
            file.write(content)
            file.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o644)  # mkstemp gives 0600, and the ledger is read by others
            os.fsync(file.fileno())
        try:
            temporary.replace(path)
        except PermissionError:
            # Windows refuses where a reader has the file open: another writer was first with the same content.
            if not path.exists():
                raise
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


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


# ── content and digest ───────────────────────────────────────────────────────


def _row(record: Evidence) -> dict[str, Any]:
    """A record as it is stored, proven to come back equal. A struct does not check its types, so this does."""
    for name in TIMES:
        if getattr(record, name).tzinfo is None:
            raise HarnessError(
                f"{record.kind}: {name} has no zone. Times in records are aware and in UTC: mend the writer."
            )
    record = msgspec.structs.replace(
        record, **{name: getattr(record, name).astimezone(UTC) for name in TIMES}
    )
    try:
        row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
        same = msgspec.convert(row, type(record)) == record
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError) as why:
        raise HarnessError(f"{record.kind}: a record cannot be stored: {why}. Mend the writer.") from why
    if not same:
        raise HarnessError(
            f"{record.kind}: a record does not come back as it was (a NaN in it?). Mend the writer."
        )
    return row


def _encode(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row, order="deterministic")


def _digest(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 of the canonical content: each record with its keys in order and without ``recorded_at``.

    It is taken over what stands in the file, not over what this version makes of it: a field that a later
    version adds does not change the digest of the segments that were there before.
    """
    sha = hashlib.sha256()
    for row in rows:
        sha.update(_encode({key: value for key, value in row.items() if key != "recorded_at"}) + b"\n")
    return sha.hexdigest()


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
    # Every name is looked at before any file is opened: what a newer version wrote must not be passed over.
    named = [(path, _named(path)["kind"]) for path in paths(folder)]
    return [record for path, of in named if of == name for record in open_segment(path).records]


def read_segment(path: Path) -> tuple[Evidence, ...]:
    """The records of one segment, in the order in which they were given.

    :raises EvidenceError: as for :func:`read`.
    """
    return open_segment(path).records


def segments(folder: Path) -> tuple[SegmentInfo, ...]:
    """Each segment of a ledger, checked, in the order of their names.

    :raises EvidenceError: as for :func:`read`.
    """
    return tuple(open_segment(path).info for path in paths(folder))


def survey(folder: Path) -> Survey:
    """Read all that can be read, and say what cannot: one changed segment must not hide the rest."""
    whole: list[Segment] = []
    problems: dict[str, str] = {}
    for path in paths(folder):
        try:
            whole.append(open_segment(path))
        except EvidenceError as why:
            problems[path.name] = str(why)
    return Survey(tuple(whole), tuple(problems.values()), frozenset(problems))


def verify(folder: Path) -> list[str]:
    """What is wrong with a ledger, one sentence a segment; nothing, if all is well."""
    return list(survey(folder).problems)


def open_segment(path: Path) -> Segment:
    """One segment: its digest checked against its name, its records strictly decoded.

    :raises EvidenceError: as for :func:`read`.
    """
    name = _named(path)
    try:
        size_bytes = path.stat().st_size
        content = _unpacked(path) if path.suffix == PACKED else path.read_bytes()
    except (OSError, EOFError, zlib.error) as why:
        raise EvidenceError(
            f"{path}: cannot be read: {why}. Give it back, or restore it from version control."
        ) from why
    rows = _rows(path, content)
    digest = _digest(rows)
    if digest[:DIGEST_CHARS] != name["digest"]:
        raise EvidenceError(
            f"{path}: its name says {name['digest']}, its content is {digest[:DIGEST_CHARS]}: it was changed after it "
            f"was written. Restore it from version control; to correct evidence, record it anew."
        )
    records = _records(path, name["kind"], rows)
    return Segment(_info(path, name["kind"], size_bytes, digest, records), records)


def _info(path: Path, kind: str, size_bytes: int, digest: str, records: Sequence[Evidence]) -> SegmentInfo:
    times = [record.occurred_at for record in records]
    return SegmentInfo(
        name=path.name,
        kind=kind,
        records=len(records),
        size_bytes=size_bytes,
        digest=digest,
        environments=tuple(sorted({str(record.environment) for record in records})),
        first_at=min(times),
        last_at=max(times),
    )


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise OSError(f"it unpacks to more than {LARGEST_BYTES} bytes")
    return content


def paths(folder: Path, kind: str = "*") -> list[Path]:
    """The segments of a ledger, or of one kind in it, in the order of their names.

    One that stands there both packed and not, since two writers packed differently, counts once.
    """
    found = {path.name.removesuffix(PACKED): path for path in folder.glob(f"{kind}{SUFFIX}{PACKED}")}
    found |= {path.name: path for path in folder.glob(f"{kind}{SUFFIX}")}
    return [found[name] for name in sorted(found)]


def _named(path: Path) -> re.Match[str]:
    """The parts of a segment's name. A kind that is not known must stop the reader: a part is not the whole."""
    match = NAME.fullmatch(path.name)
    if match is None:
        raise EvidenceError(
            f"{path}: not a segment: the name is not <kind>-<{DIGEST_CHARS} hex digits>{SUFFIX}, or with {PACKED}. "
            f"Move it out of the ledger, or give it back its name."
        )
    if match["kind"] not in STORED:
        raise EvidenceError(
            f"{path}: evidence of the kind '{match['kind']}' is from a newer Atalaya. Install that version to read it."
        )
    return match


def _rows(path: Path, content: bytes) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as why:
            raise EvidenceError(
                f"{path}:{number}: not a record: {why}. It was changed after it was written: restore it from "
                f"version control."
            ) from why
    if not rows:
        raise EvidenceError(
            f"{path}: empty. A segment holds at least one record: restore it from version control."
        )
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
            raise EvidenceError(
                f"{path}:{number}: a time without a zone. Restore the file from version control."
            )
        records.append(record)
    return tuple(records)
