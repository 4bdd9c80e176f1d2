"""Writes a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

HALF = ".half"  # what a writer that was killed leaves ends so


def write_whole(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """Put the content there at once: a reader sees the old file or the new one, never a part.

    Folders on the way are made. What is no file (a terminal, a pipe, ``/dev/null``) is written to as it is.

    :param lasting: whether the bytes have to lie on the disk when this returns.
    :raises OSError: it cannot be written. Nothing of it is left then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        with path.open("wb") as there:
            there.write(content)
        return
    half = path.with_name(f".{path.name}.{os.getpid()}{HALF}")  # two may write it at once
    try:
        with half.open("wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
