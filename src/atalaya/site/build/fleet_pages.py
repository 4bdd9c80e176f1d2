"""Writes the page of a fleet, the lists below it, and what machines read of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from atalaya.records.fleet import Fleet
from atalaya.site.build.atomic_write import write_if_changed, write_pages
from atalaya.site.build.kept_pages import KeptPages
from atalaya.site.fragments import fleet
from atalaya.site.fragments.reference import FOLDER
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer

NAME = "fleet"
TITLE = "Fleet"
TITLES = "fleet-titles.json"
SUFFIX = ".html"
KEPT = Path("_build", "made-of-fleet")  # in the Sphinx project: what the lists were made from, in a file a language
# No project names it in its table of contents: the navigation leads to it where it is there.
PAGE = f"""---
orphan: true
---

# {TITLE}

```{{live}} {NAME}
```
"""


def publish_fleet(
    docs: Path, found: Fleet, document: bytes, reasons: fleet.Reasons = fleet.NONE_KEPT
) -> tuple[Path, ...]:
    """Write the page, what it includes in each language, and the lists; returns the files that had to be written.

    :param docs: the home of the pages.
    :param document: what ``fleet --json`` prints.
    :param reasons: the first reason of each verdict, by its digest, where every language can say it.
    """
    folder = docs / "_generated" / FOLDER
    texts = {docs / f"{NAME}.md": PAGE, folder / f"{NAME}.json": document.decode()}
    written: list[Path] = []
    for code in LANGUAGES:
        voice = Renderer(Language(code))
        texts[folder / code / f"{NAME}.md"] = fleet.fleet(found, voice, reasons).rstrip("\n") + "\n"
        texts[folder / code / TITLES] = json.dumps(fleet.titles(voice), ensure_ascii=False, indent=2) + "\n"
        written += _write_lists(found, voice, reasons, folder / code / NAME, KeptPages(docs / KEPT / f"{code}.json"))
    return (*written, *(file for file, text in texts.items() if write_if_changed(file, text)))


def _write_lists(found: Fleet, voice: Renderer, reasons: fleet.Reasons, out: Path, kept: KeptPages) -> tuple[Path, ...]:
    """Write the lists in one language, without making again those whose rows are as they were."""

    def keep(name: str, made_from: str, make: Callable[[], str]) -> str:
        return kept.text(out / f"{name}{SUFFIX}", made_from, make)

    written = write_pages(out, dict(fleet.list_pages(found, voice, reasons, keep)), SUFFIX)
    kept.save()
    return written
