"""Keeps what was read of large files of evidence, so that the next judgement reads only what is new.

A file of evidence never changes: its name and the SHA-256 of its bytes say what was found in it. That is kept twice:
its segments, each verified and decoded, and its rows as columns for the queries. Both lie outside the ledger, in
``docs/_build/read``, which git ignores. Whoever removes that folder loses time and nothing else, and
``evidence verify`` never looks into it.

What is kept is named after the file's place and bytes, after this program and after the libraries that read it, and
carries the digest of its own bytes. What another version made, or what was changed or cut off since, is made again. A
file that did not hold still while it was read is not kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from atalaya.core.errors import EvidenceError
from atalaya.core.source_digest import program, versions
from atalaya.core.whole_file import HALF, write_whole
from atalaya.evidence.ledger.file_lines import regular
from atalaya.evidence.ledger.opening import Segment
from atalaya.evidence.ledger.parquet import sha256_of
from atalaya.evidence.ledger.segment_format import ENCODER
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import STORED

LARGE_BYTES = 100_000  # of a file as it lies: some thousand records. To keep less takes longer than to read it again.
READERS = ("duckdb", "msgspec")
SEGMENTS, COLUMNS = ".segments", ".parquet"
DIGEST_BYTES = hashlib.sha256().digest_size
SWEEP_AFTER_S = 3600.0  # another command may still be reading it


class KeptSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment, and the records of it that a judgement looks at itself, with the lines that they stand on.

    ``told`` and ``records`` are JSON, which keeps the zone of a time.
    """

    told: bytes  # a Told
    records: bytes  # a line each
    lines: tuple[int, ...]


Told = tuple[SegmentInfo, tuple[datetime, ...]]  # with the instants at which its records were written down


class ReadCache:
    """What was read of the large files of one ledger.

    :param sieve: the name of the one that says which records are kept in memory: each keeps its own.
    :param now: what the clock says: a file with a record from a clock that is ahead of it is read anew each time.
    """

    def __init__(self, folder: Path, sieve: str, now: datetime | None = None) -> None:
        self._folder = folder
        self._segments = f"-{sieve}{SEGMENTS}"
        self._now = now
        self._names: dict[Path, str] = {}  # of the files that were asked for: what they are kept under

    def segments(self, path: Path) -> tuple[Segment, ...] | None:
        """What was found in a file; None where that is to be found out."""
        name = self._name(path)
        if name is None:
            return None
        try:
            content = (self._folder / f"{name}{self._segments}").read_bytes()
            digest, content = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
            if hashlib.sha256(content).digest() != digest:
                return None
            found = tuple(map(_as_found, msgspec.msgpack.decode(content, type=tuple[KeptSegment, ...])))
        except (OSError, msgspec.MsgspecError, LookupError):
            return None
        return None if self._is_ahead(found) else found

    def keep(self, path: Path, found: Sequence[Segment]) -> None:
        """Keep what was found in a file. Where that cannot be written, nothing is kept."""
        name = self._name(path)
        if name is None or self._is_ahead(found) or name != _name_of(path):
            return
        content = msgspec.msgpack.encode([*map(_as_kept, found)])
        with suppress(OSError):
            write_whole(self._folder / f"{name}{self._segments}", hashlib.sha256(content).digest() + content)

    def columns(self, path: Path, make: Callable[[Path], None]) -> Path | None:
        """A Parquet file with the rows of a file; None where there is none, and the file itself is to be read.

        :param make: writes it, where it is not kept yet; an OSError says that it cannot.
        """
        name = self._name(path)
        return None if name is None else self._columns_kept(name) or self._keep_columns(name, path, make)

    def _columns_kept(self, name: str) -> Path | None:
        for kept in self._folder.glob(f"{name}-*{COLUMNS}"):
            with suppress(OSError):
                if kept.stem.endswith(sha256_of(kept)):
                    with suppress(OSError):
                        kept.touch()  # it is read for as long as the questions go on: nobody sweeps it away
                    return kept
        return None

    def _keep_columns(self, name: str, path: Path, make: Callable[[Path], None]) -> Path | None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            # Two may make it at once, also on machines that share the folder.
            with tempfile.TemporaryDirectory(prefix=".", suffix=HALF, dir=self._folder) as alone:
                half = Path(alone) / "columns"
                make(half)
                if name == _name_of(path):
                    return half.replace(self._folder / f"{name}-{sha256_of(half)}{COLUMNS}")
        return None

    def sweep(self) -> None:
        """Take away what is kept of files that nobody asked for, once it is old enough to be no other command's."""
        known = tuple(self._names.values())
        for kept in self._folder.glob("*"):
            with suppress(OSError):  # another command swept it first
                if not kept.name.startswith(known) and time.time() - kept.stat().st_mtime > SWEEP_AFTER_S:
                    shutil.rmtree(kept) if kept.is_dir() else kept.unlink()

    def _name(self, path: Path) -> str | None:
        """The name that a file is kept under, by what it holds when it is asked for first; None where it is small."""
        if path not in self._names and (name := _name_of(path)):
            self._names[path] = name
        return self._names.get(path)

    def _is_ahead(self, found: Sequence[Segment]) -> bool:
        return self._now is not None and any(
            max(segment.info.last_at, *segment.recorded_at) > self._now for segment in found
        )


def _name_of(path: Path) -> str | None:
    """The name that a file is kept under by what it holds now; None where it is not large, or not there."""
    with suppress(EvidenceError, OSError), regular(path) as file:
        if os.fstat(file.fileno()).st_size >= LARGE_BYTES:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            read = (digest, str(path), program(), *versions(READERS))
            return hashlib.sha256("\0".join(read).encode()).hexdigest()
    return None


def _as_kept(segment: Segment) -> KeptSegment:
    return KeptSegment(
        told=msgspec.json.encode((segment.info, segment.recorded_at)),
        records=ENCODER.encode_lines(segment.records),
        lines=tuple(segment.lines),
    )


def _as_found(kept: KeptSegment) -> Segment:
    info, recorded_at = msgspec.json.decode(kept.told, type=Told)
    records = msgspec.json.Decoder(STORED[info.kind]).decode_lines(kept.records)
    return Segment(info, tuple(records), kept.lines, recorded_at)
