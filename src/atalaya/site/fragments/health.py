"""The fragment of the SDK's health: each sign with its limit and how it stands against it."""

from __future__ import annotations

from atalaya.metrics.health.signs import about_of
from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render


def health(judgement: Judgement, voice: Renderer) -> Markdown:
    """A line for each sign, and what has changed of what the SDK offers."""
    return render("health", voice, judgement=judgement, about=about_of)
