"""The fragments of what users install, held against what CI built, and of what moved under it."""

from __future__ import annotations

from atalaya.core.window import elapsed_h
from atalaya.records.judged import EnvironmentChange, Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.package_findings import as_built

MOST = 200  # lines of a list: a hostile index can make more than anybody reads


def artefact(judgement: Judgement, voice: Renderer) -> Markdown:
    """What the index serves, held against CI and against T+0: what is wrong, and then what was."""
    ranked = sorted(judgement.published, key=lambda one: one.gone_at is not None)
    return render("artefact", voice, judgement=judgement, built=as_built(judgement.built), ranked=ranked, most=MOST)


def moves(judgement: Judgement, voice: Renderer) -> Markdown:
    """Every package, Python and system that changed in the window, and when."""
    return render("moves", voice, judgement=judgement, moves=_hours(judgement, judgement.moves))


def table(judgement: Judgement, found: tuple[EnvironmentChange, ...], caption: Markdown, voice: Renderer) -> Markdown:
    """A row for each change, with its hour of the watch."""
    return render("parts/moves", voice, caption=caption, moves=_hours(judgement, found))


def _hours(judgement: Judgement, found: tuple[EnvironmentChange, ...]) -> list[tuple[float, EnvironmentChange]]:
    return [(elapsed_h(judgement.release, move.at), move) for move in found[:MOST]]
