"""Says in the head of a page what it is about, for search engines and for cards that links to it are shown as.

What is here is plain text of any origin: the template that shows it escapes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from atalaya.site.build.atomic_write import CARD

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FRONT = "index"
BANNER = "rehearsal-banner"  # what it says is the same on every page
SHORTEST, LONGEST = 30, 200  # characters of a description
NEVER_WRITTEN = ("genindex", "modindex", "py-modindex")  # pages that Sphinx lists, and this site has not


def describe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the template the description of a page, and the verdict on the front page of a release."""
    file = fragments_folder(app) / CARD
    if page == FRONT and file.is_file():
        context["card"] = json.loads(file.read_text(encoding="utf-8"))
        context["description"] = context["card"]["description"]
    elif doctree is not None:
        context["description"] = description(doctree)


def description(doctree: nodes.document) -> str:
    """The first paragraph of a page that says something of its own, and nothing where there is none."""
    for paragraph in doctree.findall(nodes.paragraph):
        words = " ".join(paragraph.astext().split())
        is_own = not isinstance(paragraph.parent, nodes.entry) and BANNER not in paragraph.parent.get("classes", ())
        if len(words) >= SHORTEST and is_own:
            return words if len(words) <= LONGEST else words[: LONGEST - 1].rpartition(" ")[0] + "…"
    return ""


def fragments_folder(app: Sphinx) -> Path:
    """Where the fragments lie of what is being built, in its language."""
    config = app.config
    return Path(app.confdir) / "_generated" / str(config.live_release) / (config.language or "en")


def forget_never_written(app: Sphinx, env: Any) -> None:
    """Keep from the inventory the labels of pages that are never written: another project's links to them are dead."""
    labels = env.domains.standard_domain
    for name in NEVER_WRITTEN:
        labels.labels.pop(name, None)
        labels.anonlabels.pop(name, None)


def setup(app: Sphinx) -> None:
    """What the extension of the pages calls."""
    app.connect("html-page-context", describe)
    app.connect("env-updated", forget_never_written)
