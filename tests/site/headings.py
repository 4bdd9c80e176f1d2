"""Counts the headings of a page, so that a calm page can be held against one full of strangers' text."""

from __future__ import annotations

from typing import Any

from atalaya.site.i18n.language import Language

# Those of what is told of an incident, which a page has once for each incident without a page of its own.
OF_AN_INCIDENT = frozenset(
    Language(code).gettext(words)
    for code in ("en", "es")
    for words in ("What to run", "The chart around it", "Evidence", "What became of it")
)


def headings(tree: Any) -> int:
    """How many headings and rules a page or a part of one has, but for those of an incident."""
    return sum(
        one.text_content().strip("#¶ \n") not in OF_AN_INCIDENT
        for one in tree.xpath(".//h1 | .//h2 | .//h3 | .//h4 | .//hr")
    )
