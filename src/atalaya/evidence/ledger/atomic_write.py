"""Gives a finished file its name once all of it is on disk, so that no reader sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# A temporary file must not look like a segment: a writer that is killed leaves it behind.
TEMPORARY_PREFIX, TEMPORARY_SUFFIX = ".segment-", ".tmp"
SWEEP_AFTER_S = 3600.0


def put(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Make a file appear whole, or not at all."""
    with half(path.parent) as temporary:
        temporary.write_bytes(content)
        settle(temporary, path, mode)


@contextlib.contextmanager
def half(folder: Path) -> Iterator[Path]:
    """A file that does not look like a segment, for as long as it is not one."""
    handle, name = tempfile.mkstemp(TEMPORARY_SUFFIX, TEMPORARY_PREFIX, folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def settle(temporary: Path, path: Path, mode: int = 0o644) -> None:
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


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    if os.name == "nt":  # there, a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Take away what killed writers left, once it is too old to be another writer's work."""
    for left in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):  # another writer swept it first
            if time.time() - left.stat().st_mtime > SWEEP_AFTER_S:
                left.unlink()
