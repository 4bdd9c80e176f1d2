"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

HALF = ".half"  # what a writer that was killed leaves ends so
LONGEST = 50  # characters of a name, of four bytes at the most


def write_whole(path: Path, content: bytes | IO[bytes], *, lasting: bool = False) -> None:
    """Put the content there at once: a reader sees the old file or the new one, never a part.

    The content is given as it is, or as a file to be read to its end, which may be larger than memory.

    Folders on the way are made. What is no file (a terminal, a pipe, ``/dev/null``) is written to as it is.

    :param lasting: whether the bytes have to lie on the disk when this returns.
    :raises OSError: it cannot be written. Nothing of it is left then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        with path.open("wb") as there:
            _write(there, content)
        return
    name = path.name if len(os.fsencode(path.name)) <= 200 else path.name[:LONGEST]  # a file system takes 255 bytes
    half = path.with_name(f".{name}.{os.getpid()}{HALF}")  # two may write it at once
    try:
        with half.open("wb") as file:
            _write(file, content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _write(file: IO[bytes], content: bytes | IO[bytes]) -> None:
    if isinstance(content, bytes):
        file.write(content)
    else:
        shutil.copyfileobj(content, file)
