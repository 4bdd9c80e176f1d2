"""Digests files, and the program itself: a result that is kept is known again by what it was made from."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
GENERATED = ("__pycache__", ".mo")  # what Python and Babel put beside what people write


@cache
def versions(tools: tuple[str, ...]) -> tuple[str, ...]:
    """The versions of Python and of the tools that something is made with; to look one up reads its files.

    >>> versions(())[0] == sys.version
    True
    """
    return (sys.version, *(f"{tool} {installed_version(tool)}" for tool in tools))


def digest(place: Path, leave_out: Collection[str] = ()) -> str:
    """The SHA-256 of a file, or of all that a folder holds, but for files and folders of these names or endings."""
    found = hashlib.sha256()
    for file in files(place, leave_out):
        content = file.read_bytes()
        found.update(
            f"{file.relative_to(place.parent).as_posix()}\0{len(content)}\0".encode("utf-8", "surrogateescape")
            + content
        )
    return found.hexdigest()


def files(place: Path, leave_out: Collection[str] = ()) -> list[Path]:
    """A file itself, or every file of a folder, in order."""
    if place.is_file():
        return [place]
    return sorted(
        file
        for file in place.rglob("*")
        if file.is_file() and file.suffix not in leave_out and not set(leave_out) & set(file.relative_to(place).parts)
    )


def program() -> str:
    """The digest of this package, with its questions and its translations."""
    return code(PACKAGE)


@cache
def code(folder: Path) -> str:
    """The digest of a folder of code, read once: what is generated beside it says nothing."""
    return digest(folder, leave_out=GENERATED)
