"""Opens plain files alone, and reads no more of them than they should hold.

A folder may be somebody else's: what is called ``release.toml`` there can be a pipe, which is waited for without end, a
link, which leads anywhere, or a file of any size.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A plain file, for reading.

    :raises OSError: it is a link or no file, or cannot be opened.
    """
    _require_plain(path.lstat().st_mode)
    with os.fdopen(os.open(path, FLAGS), "rb") as file:
        _require_plain(os.fstat(file.fileno()).st_mode)  # it may have become something else in between
        yield file


def is_link(path: Path) -> bool:
    """Whether a link lies there; no where nobody may look, which :meth:`Path.is_symlink` raises an error for."""
    return os.path.islink(path)  # noqa: PTH114


def _require_plain(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError("a link: links are not followed" if stat.S_ISLNK(mode) else "not a file")


def content(path: Path, most: int) -> bytes:
    """The bytes of a plain file that has at most so many.

    :raises OSError: it has more, is a link or no file, or cannot be read.
    """
    with opened(path) as file:
        read = file.read(most + 1)
    if len(read) > most:
        raise OSError(f"it has more than {most} bytes")
    return read
