"""Opens the files of a ledger, and takes whole lines out of them in bounded memory."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO

from atalaya.core import plain_file
from atalaya.core.errors import EngineError, EvidenceError, passes, short_of_something
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.naming import PACKED

LARGEST_BYTES = 512 * 1024 * 1024  # unpacked
LONGEST_LINE_BYTES = 16 * 1024 * 1024  # a record of ours is never near it either
BLOCK_BYTES = 256 * 1024  # of lines that are decoded together


class Gone(EvidenceError):
    """A file that was listed is there no longer."""


@contextlib.contextmanager
def regular(path: Path) -> Iterator[BufferedReader]:
    """A file opened for reading. Nothing else is opened: a pipe waits for ever, a link may lead anywhere.

    :raises EvidenceError: it is no file, or cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(plain_file.opened(path))
        except FileNotFoundError as why:
            raise Gone(str(unreadable(path, why))) from None
        except OSError as why:
            raise unreadable(path, why) from None
        yield file


def unreadable(path: Path, why: Exception) -> EvidenceError | EngineError:
    """The error that says why a file or a folder cannot be read."""
    if passes(why):
        return short_of_something(path, why)
    says = getattr(why, "strerror", None) or why
    return EvidenceError(f"{path}: cannot be read: {says}. Give it back, or restore it from version control.")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Iterator[bytes], int]]:
    """The lines of a segment's file, unpacked some at a time, and how large the file is."""
    try:
        with regular(path) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > LARGEST_BYTES:
                raise OSError(f"it has more than {LARGEST_BYTES} bytes")
            yield (_unpacked(file) if path.suffix == PACKED else _blocks(file)), size_bytes
    except (OSError, EOFError, zlib.error) as why:
        raise unreadable(path, why) from why


@contextlib.contextmanager
def blocks_in(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file that is one segment, with their ends, some at a time. No digest is checked.

    :raises EvidenceError: the file cannot be read.
    """
    with opened(path) as (blocks, _):
        yield blocks


def lines_in(path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of each segment that one file holds, without their ends, by the segment's name. No digest is checked.

    :raises EvidenceError: the file cannot be read.
    """
    if path.suffix == compacted.SUFFIX:
        for entry, blocks in compacted.unpack(path):
            yield entry.name, lines_of(blocks)
    else:
        yield path.name, all_lines(path)


def all_lines(path: Path) -> list[bytes]:
    """The lines of a segment's file, without their ends."""
    with opened(path) as (blocks, _):
        return lines_of(blocks)


def lines_of(blocks: Iterable[bytes]) -> list[bytes]:
    """The lines of some blocks, without their ends."""
    return [line for block in blocks for line in block.removesuffix(b"\n").split(b"\n")]


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
