"""Writes generated files atomically, and only when their content changed, to keep builds incremental.

Sphinx compares times of modification: a file with the same content must keep its time, and one with new
content must get a fresh one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from atalaya.core.whole_file import write_whole

# What a build reads beside the fragments: these names stand here, where it needs nothing that judges a release.
CARD = "card.json"  # what the front page of a release is shown as, where a link leads to it
HISTORY_TITLES = "history.json"  # the titles of the pages of the history
NEWEST = "latest"  # what a page calls the newest release that was no rehearsal


def write_if_changed(file: Path, content: str) -> bool:
    """Put the content there, whole or not at all; says whether anything had to be written."""
    try:
        if file.read_text(encoding="utf-8") == content:
            return False
    except (OSError, UnicodeDecodeError):
        pass
    write_whole(file, content.encode())
    return True


def write_pages(folder: Path, texts: Mapping[str, str], suffix: str = ".md") -> tuple[Path, ...]:
    """Write generated pages by name, and take away those of a name that is gone; returns what had to be written."""
    pages = {folder / f"{name}{suffix}": text for name, text in texts.items()}
    for old in set(folder.glob(f"*{suffix}")) - set(pages):
        old.unlink()
    return tuple(file for file, text in pages.items() if write_if_changed(file, text))


def fragment_file(docs: Path, release: str, code: str, name: str) -> Path | None:
    """Where a fragment of a release lies, if it has been published; ``latest`` is the newest that was no rehearsal."""
    if release == NEWEST:
        try:
            listed = json.loads((docs / "_generated" / "switcher.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        real = [entry for entry in listed if not entry.get("rehearsal")]
        release = str((real or listed)[0]["version"]) if listed else ""
    file = docs / "_generated" / release / code / f"{name}.md"
    return file if release and file.is_file() else None
