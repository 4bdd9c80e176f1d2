"""Writes the pages of the history over releases: one a family of promises, and a few of the tests that ever failed.

A page only includes its fragment, which is written in each language; its title comes from a file beside the
fragments, since Sphinx translates what people wrote and not what is generated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from atalaya.records.judged import Judgement
from atalaya.site.build.atomic_write import HISTORY_TITLES, write_if_changed, write_pages
from atalaya.site.fragments import history
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer

FOLDER = "history"
FRONT = "history.md"
# A project whose table of contents is older does not name them: they are there all the same.
PAGE = """---
orphan: true
---

# `{name}`

```{{live}} history-{name}
```
"""


def publish_history(
    docs: Path, fragments: Path, judgements: Sequence[Judgement], last_red: Mapping[str, datetime]
) -> tuple[Path, ...]:
    """Write every page, and what they include; returns the files that had to be written.

    :param fragments: the folder that has one for each language.
    :param judgements: of all releases, the newest first.
    :param last_red: when the self-test last saw each promise red.
    """
    texts: dict[Path, str] = {}
    names: list[str] = []
    for code in LANGUAGES:
        voice, folder = Renderer(Language(code)), fragments / code
        pages = history.pages(judgements, last_red, voice)
        names = list(pages)
        titles = {name: page.title for name, page in pages.items()}
        texts[folder / HISTORY_TITLES] = json.dumps(titles, ensure_ascii=False, indent=2) + "\n"
        texts[folder / "history.md"] = history.overview(judgements, last_red, voice).rstrip("\n") + "\n"
        texts |= {folder / f"history-{name}.md": page.body.rstrip("\n") + "\n" for name, page in pages.items()}
        for old in set(folder.glob("history-*.md")) - set(texts):
            old.unlink()
    written = [file for file, text in texts.items() if write_if_changed(file, text)]
    return (*written, *write_pages(docs / FOLDER, {name: PAGE.format(name=name) for name in names}))


def prune(docs: Path, out: Path) -> None:
    """Take away the built pages of the history that are gone from the tree, in each language."""
    there = {file.stem for file in (docs / FOLDER).glob("*.md")}
    for folder in (out, *(out / code for code in LANGUAGES)):
        for page in (folder / FOLDER).glob("*.html"):
            if page.stem not in there:
                page.unlink()
