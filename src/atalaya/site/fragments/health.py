"""The fragment of the SDK's health: each sign with its limit and how it stands against it."""

from __future__ import annotations

from atalaya.metrics.health.signs import about_of
from atalaya.records.judged import HealthState, Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

WORST_FIRST = (
    HealthState.OVER,
    HealthState.UNKNOWN,
    HealthState.TOO_FEW,
    HealthState.NO_BASIS,
    HealthState.NOTHING,
    HealthState.WITHIN,
    HealthState.SHOWN,
)


def health(judgement: Judgement, voice: Renderer) -> Markdown:
    """A line for each sign, those over their limit first, and what has changed of what the SDK offers."""
    signs = sorted(judgement.health, key=lambda sign: WORST_FIRST.index(sign.state))
    return render("health", voice, judgement=judgement, signs=signs, about=about_of)
