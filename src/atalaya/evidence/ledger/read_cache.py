"""Keeps what was read of large files of evidence, so that the next judgement reads only what is new.

A file of evidence never changes: its name and the SHA-256 of its bytes say what was found in it. That is kept twice:
its segments, each verified and decoded, and its rows as columns for the queries. Both lie outside the ledger, in
``docs/_build/read``, which git ignores. Whoever removes that folder loses time and nothing else, and
``evidence verify`` never looks into it.

What is kept is named after the file's place and bytes and after the program that read it, and carries the digest of its
own bytes. What another version made, or what was changed or cut off since, is made again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from atalaya.core.errors import EvidenceError
from atalaya.core.source_digest import program
from atalaya.core.whole_file import HALF, write_whole
from atalaya.evidence.ledger.ledger import ENCODER, Segment, regular
from atalaya.evidence.ledger.parquet import sha256_of
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import STORED

LARGE_BYTES = 100_000  # of a file as it lies: some thousand records. To keep less takes longer than to read it again.
FOLDER = Path("_build", "read")  # in the Sphinx project
SEGMENTS, COLUMNS = ".segments", ".parquet"
DIGEST_BYTES = hashlib.sha256().digest_size
SWEEP_AFTER_S = 3600.0  # another command may still be reading it


class KeptSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment, and the records of it that a judgement looks at itself, as the lines that they stand on."""

    info: SegmentInfo
    records: bytes
    lines: tuple[int, ...]
    recorded_at: tuple[datetime, ...]


class ReadCache:
    """What was read of the large files of one ledger.

    :param now: what the clock says: a file with a record from a clock that is ahead of it is read anew each time.
    """

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self._folder = folder
        self._now = now
        self._names: dict[Path, str] = {}  # of the files that were asked for: what they are kept under

    def segments(self, path: Path) -> tuple[Segment, ...] | None:
        """What was found in a file; None where that is to be found out."""
        name = self._name(path)
        if name is None:
            return None
        try:
            content = (self._folder / f"{name}{SEGMENTS}").read_bytes()
            digest, content = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
            if hashlib.sha256(content).digest() != digest:
                return None
            found = tuple(map(_as_found, msgspec.msgpack.decode(content, type=tuple[KeptSegment, ...])))
        except (OSError, msgspec.MsgspecError, LookupError):
            return None
        return None if self._is_ahead(found) else found

    def keep(self, path: Path, found: Sequence[Segment]) -> None:
        """Keep what was found in a file. One that cannot be written is none the worse for it."""
        name = self._name(path)
        if name is None or self._is_ahead(found):
            return
        content = msgspec.msgpack.encode([*map(_as_kept, found)])
        with suppress(OSError):
            write_whole(self._folder / f"{name}{SEGMENTS}", hashlib.sha256(content).digest() + content)

    def columns(self, path: Path, make: Callable[[Path], None]) -> Path | None:
        """A Parquet file with the rows of a file; None where there is none, and the file itself is to be read.

        :param make: writes it, where it is not kept yet.
        """
        name = self._name(path)
        if name is None:
            return None
        for kept in self._folder.glob(f"{name}-*{COLUMNS}"):
            with suppress(OSError):
                if kept.stem.endswith(sha256_of(kept)):
                    kept.touch()  # it is read for as long as the questions go on: nobody sweeps it away
                    return kept
        half = self._folder / f".{name}.{os.getpid()}{HALF}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            make(half)
            kept = self._folder / f"{name}-{sha256_of(half)}{COLUMNS}"
            half.replace(kept)
        except OSError:
            return None
        finally:
            half.unlink(missing_ok=True)
        return kept

    def sweep(self) -> None:
        """Take away what is kept of files that nobody asked for, once it is old enough to be no other command's."""
        known = tuple(self._names.values())
        for kept in self._folder.glob("*"):
            with suppress(OSError):  # another command swept it first
                if not kept.name.startswith(known) and time.time() - kept.stat().st_mtime > SWEEP_AFTER_S:
                    kept.unlink()

    def _name(self, path: Path) -> str | None:
        """The name that a file is kept under; None where it is not large."""
        if path not in self._names:
            with suppress(EvidenceError, OSError), regular(path) as file:
                if os.fstat(file.fileno()).st_size < LARGE_BYTES:
                    return None
                read = (hashlib.file_digest(file, "sha256").hexdigest(), str(path), program())
                self._names[path] = hashlib.sha256("\0".join(read).encode()).hexdigest()
        return self._names.get(path)

    def _is_ahead(self, found: Sequence[Segment]) -> bool:
        return self._now is not None and any(
            max(segment.info.last_at, *segment.recorded_at) > self._now for segment in found
        )


def _as_kept(segment: Segment) -> KeptSegment:
    return KeptSegment(
        info=segment.info,
        records=ENCODER.encode_lines(segment.records),
        lines=tuple(segment.lines),
        recorded_at=segment.recorded_at,
    )


def _as_found(kept: KeptSegment) -> Segment:
    records = msgspec.json.Decoder(STORED[kept.info.kind]).decode_lines(kept.records)
    return Segment(kept.info, tuple(records), kept.lines, kept.recorded_at)
