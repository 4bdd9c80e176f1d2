"""Puts the old segments of a ledger into one file for each kind."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

from atalaya.core.errors import EvidenceError, UsageError
from atalaya.evidence.ledger import opening
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.atomic_write import half, settle, sweep, sync_folder
from atalaya.evidence.ledger.file_lines import Gone, all_lines
from atalaya.evidence.ledger.listing import compacted_files, paths
from atalaya.evidence.ledger.naming import DIGEST_CHARS, preferred
from atalaya.evidence.ledger.opening import Segment, none
from atalaya.evidence.ledger.writing import FULL_BYTES
from atalaya.records.stored import Evidence


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
            alone[path] = opening.open_segment(path, _newest_of_each_run)
    if not alone:
        return ()
    current = max((record.recorded_at, record.run_id) for found in alone.values() for record in found.records)[1]
    proven = _proven(folder, {segment.info.digest for segment in alone.values()})
    old: dict[str, dict[Path, Segment]] = {}
    taken = set(proven)
    for path in sorted(alone, key=preferred):
        segment = alone[path]
        if segment.info.digest not in taken and all(r.run_id != current for r in segment.records):
            taken.add(segment.info.digest)
            old.setdefault(segment.info.kind, {})[path] = segment
    try:
        sweep(folder)
        written = tuple(path for kind, lot in old.items() for path in _compact(folder, kind, lot))
        proven |= {entry.digest for path in written for entry in compacted.manifest(path).segments}
        for path, segment in alone.items():
            if segment.info.digest in proven:
                path.unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as why:
        raise UsageError(
            f"{folder}: evidence cannot be compacted: {why}. Make the folder writable, or make room, and run again."
        ) from why
    return written


def _newest_of_each_run(segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
    """The sieve of who asks which runs a segment is of, and which of them is the newest."""

    def newest(records: Sequence[Evidence]) -> Iterable[int]:
        runs = [record.run_id for record in records]
        at = [record.recorded_at for record in records]
        if runs.count(runs[0]) == len(runs):  # mostly
            return (at.index(max(at)),)
        # Of one run the last in order of time stays.
        return {runs[place]: place for place in sorted(range(len(records)), key=at.__getitem__)}.values()

    return newest


def _proven(folder: Path, digests: Container[str]) -> set[str]:
    """Those digests of which the segments stand in compacted files too. Only such a file is decoded: a manifest says
    what is in it, and proves nothing."""
    found: set[str] = set()
    for path in compacted_files(folder):
        with contextlib.suppress(EvidenceError):
            if any(entry.digest in digests for entry in compacted.manifest(path).segments):
                found.update(segment.info.digest for segment in opening.open_file(path, none))
    return found


def _compact(folder: Path, kind: str, lot: dict[Path, Segment]) -> Iterator[Path]:
    """Write compacted files, one where all fits into it. None, where another compaction was faster."""
    waiting = deque(lot.items())
    while waiting:
        with half(folder) as temporary:
            if not compacted.pack(temporary, kind, _until_full(waiting)).segments:
                return
            opening.unpack(temporary, kind, none)  # read back before anything rests on it
            digest = compacted.sha256_of(temporary)[:DIGEST_CHARS]
            path = folder / f"{kind}-{digest}{compacted.SUFFIX}"
            settle(temporary, path)
        sync_folder(folder)
        yield path


def _until_full(waiting: deque[tuple[Path, Segment]]) -> Iterator[tuple[compacted.Entry, list[bytes]]]:
    """The next segments with their lines, until they are as many as one file takes."""
    size = 0
    while waiting and size < FULL_BYTES:
        path, segment = waiting.popleft()
        info = segment.info
        entry = compacted.Entry(name=info.name, digest=info.digest, records=info.records, size_bytes=info.size_bytes)
        try:
            lines = all_lines(path)
        except Gone:
            continue
        size += sum(map(len, lines))
        yield entry, lines
