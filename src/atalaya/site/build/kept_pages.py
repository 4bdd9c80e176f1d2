"""Knows which of the pages that were written are those that would be written again.

Beside the pages lies a seal for each: the digest of what it was made from and of its bytes. Where both are as they
were, it is not made again; a page that somebody changed, and a seal that is damaged, count for nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from atalaya.core.source_digest import program, versions
from atalaya.core.whole_file import write_whole

FOLDER = Path("_build", "made")  # in the Sphinx project: a folder for each release
TOOLS = ("babel", "jinja2", "msgspec")


class KeptPages:
    """The seals of the pages of a folder, which lie in a file; without a file, every page is made."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._there = _read(file) if file else {}
        self._seals: dict[str, str] = {}

    def text(self, page: Path, made_from: str, make: Callable[[], str]) -> str:
        """What a page says: as it lies there, if that was made from the same, else as ``make`` makes it."""
        if self._file is None:
            return make()
        try:
            there = page.read_bytes()
            if page.name in self._there and self._there[page.name] == _seal(made_from, there):
                self._seals[page.name] = self._there[page.name]
                return there.decode()
        except OSError:
            pass
        text = make()
        self._seals[page.name] = _seal(made_from, text.encode())
        return text

    def save(self) -> None:
        """Keep the seals of the pages that were asked for, and of no others; to be called once those are written."""
        if self._file is not None and self._seals != self._there:
            write_whole(self._file, json.dumps(self._seals, indent=1).encode())


def sweep(docs: Path, releases: Collection[str]) -> None:
    """Take away the seals of releases that are gone."""
    folder = docs / FOLDER
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.name not in releases:
            shutil.rmtree(one, ignore_errors=True)


def _seal(made_from: str, content: bytes) -> str:
    made_by = "\0".join((*versions(TOOLS), program(), made_from, ""))
    return hashlib.sha256(made_by.encode() + content).hexdigest()


def _read(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
