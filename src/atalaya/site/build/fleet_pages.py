"""Writes the page of a fleet, the lists below it, and what machines read of it."""

from __future__ import annotations

import json
from pathlib import Path

from atalaya.records.fleet import Fleet
from atalaya.site.build.atomic_write import write_if_changed, write_pages
from atalaya.site.fragments import fleet
from atalaya.site.fragments.reference import FOLDER
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer

NAME = "fleet"
TITLE = "Fleet"
TITLES = "fleet-titles.json"
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
        written += write_pages(folder / code / NAME, dict(fleet.list_pages(found, voice, reasons)), ".html")
    return (*written, *(file for file, text in texts.items() if write_if_changed(file, text)))
