"""Gives the pages that a new release begins with.

They hold prose and ``live`` directives, and no version number: so each sentence is translated once, for
every release. People may edit them afterwards; what is measured comes in through the directives.
"""

from __future__ import annotations

from atalaya.site.markup.templating import TEMPLATES

FOLDER = TEMPLATES / "release"


def pages() -> dict[str, str]:
    """The pages of a release's folder, by file name."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}
