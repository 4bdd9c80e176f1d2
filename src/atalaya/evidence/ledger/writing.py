"""Writes records into a ledger: a segment for each kind, packed where it is large."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from atalaya.core.errors import EngineError, EvidenceError, UsageError
from atalaya.evidence.ledger import opening
from atalaya.evidence.ledger.atomic_write import half, settle, sweep, sync_folder
from atalaya.evidence.ledger.file_lines import LARGEST_BYTES
from atalaya.evidence.ledger.naming import AT, DIGEST_CHARS, NAME, PACKED, SUFFIX, preferred
from atalaya.evidence.ledger.segment_format import encode, in_utc, without_times
from atalaya.records.stored import Evidence

PACK_ABOVE_BYTES = 64 * 1024
AT_ONCE = 200  # records that are encoded together
PACK_LEVEL = 6  # 9 takes more than twice as long, for a file that is a tenth smaller
FULL_BYTES = LARGEST_BYTES // 2  # then the next segment begins


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
    with contextlib.ExitStack() as halves:
        for record in records:
            try:
                if not drafts:
                    folder.mkdir(parents=True, exist_ok=True)
                    sweep(folder)
                of_kind = drafts.setdefault(record.kind, [])
                if not of_kind or of_kind[-1].is_full:
                    of_kind.append(_Draft(record.kind, halves.enter_context(half(folder))))
                of_kind[-1].add(record)
            except OSError as why:
                raise _not_written(folder, why) from why
        try:
            finished = [draft for of_kind in drafts.values() for draft in of_kind]
            for draft in finished:
                draft.finish()
            written, failures = _settled(finished, folder)
            if written:
                sync_folder(folder)
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
        records = [in_utc(record) for record in self._waiting]
        lines = encode(records)
        self._sha.update(without_times(lines, len(records)))
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
        there = sorted((folder / one for one in names if NAME.fullmatch(one)), key=preferred)
        whole = next(filter(_is_whole, there), None)
        if whole is not None:
            return whole
        path = folder / f"{name}-{self._recorded_at.strftime(AT)}{SUFFIX}{PACKED if self._packed else ''}"
        settle(self._temporary, path)
        return path


def _is_whole(path: Path) -> bool:
    """Whether a segment is what its name says, as far as anybody can see now."""
    try:
        opening.open_segment(path, opening.none)
    except (EvidenceError, EngineError):
        return False
    return True
