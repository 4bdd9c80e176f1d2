"""Lists the files of a ledger, and says which segments stand in which of them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Container
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.file_lines import unreadable
from atalaya.evidence.ledger.naming import PACKED, SUFFIX, identity, kind_of, preferred

LISTINGS = 100  # a compaction beside a reader takes away what was listed: then it looks again, so often


class Source(NamedTuple):
    """A file that holds segments of one kind, and those in it that another file holds too."""

    path: Path
    passed_over: tuple[str, ...]


def files(folder: Path) -> list[Path]:
    """Everything that looks like evidence. In this order: what a compaction takes away during the first listing
    stands in its file by the second."""
    alone = paths(folder)
    return [*alone, *compacted_files(folder)]


def paths(folder: Path, kind: str = "*") -> list[Path]:
    """The files of a ledger that are one segment each, or of one kind among them, by segment, the preferred first.

    A segment may stand there more than once: recorded by two at once, or packed and not. A name in another case is
    listed too: it is for :func:`~atalaya.evidence.ledger.opening.open_segment` to refuse it.
    """
    names = [name for name in _names(folder, (SUFFIX, SUFFIX + PACKED)) if fnmatchcase(name, f"{kind}*")]
    return sorted((folder / name for name in names), key=preferred)


def compacted_files(folder: Path) -> list[Path]:
    """The files of a ledger that hold many segments each."""
    return [folder / name for name in sorted(_names(folder, (compacted.SUFFIX,)))]


def _names(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.lower().endswith(suffixes)]  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as why:
        raise unreadable(folder, why) from None


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the segments that one file holds, as it says itself.

    :raises EvidenceError: a compacted file has no manifest, or a newer Atalaya wrote it.
    """
    if path.suffix != compacted.SUFFIX:
        return (path.name,)
    return tuple(entry.name for entry in compacted.manifest(path).segments)


def sources(folder: Path, kind: str, damaged: Container[str] = ()) -> tuple[list[Source], list[Path]]:
    """The files that hold the segments of one kind, but for the damaged: compacted ones, and those alone.

    :raises EvidenceError: a compacted file has no manifest, or a newer Atalaya wrote it.
    """
    # In this order: what a compaction takes away in between stands in its file by then.
    whole = (path for path in paths(folder, f"{kind}-*") if path.name not in damaged)
    alone = {identity(path.name): path for path in sorted(whole, key=preferred, reverse=True)}  # the first stays
    taken: set[str] = set()
    packed = []
    for path in compacted_files(folder):
        if path.name in damaged or kind_of(path) != kind:
            continue
        names = names_in(path)
        packed.append(Source(path, tuple(name for name in names if identity(name) in taken)))
        taken.update(identity(name) for name in names)
    return packed, sorted(path for name, path in alone.items() if name not in taken)


def size_bytes(folder: Path) -> int:
    """How large a ledger is as it lies. A link has no bytes, nor has what a compaction has just taken away."""
    size = 0
    for name in _names(folder, (SUFFIX, SUFFIX + PACKED, compacted.SUFFIX)):
        with contextlib.suppress(OSError):
            status = (folder / name).lstat()
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return size
