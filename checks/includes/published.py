"""The fragments of what users install, held against what CI built, and of what moved under it."""

from __future__ import annotations

from checks.includes.myst import Markdown
from checks.includes.templating import render
from checks.includes.voice import Voice
from checks.records import Judgement, Move
from checks.release.artefact import as_built
from checks.window import elapsed_h

MOST = 200  # lines of a list: a hostile index can make more than anybody reads


def artefact(judgement: Judgement, voice: Voice) -> Markdown:
    """What the index serves, held against CI and against T+0: what is wrong, and then what was."""
    ranked = sorted(judgement.published, key=lambda one: one.gone_at is not None)
    return render("artefact", voice, judgement=judgement, built=as_built(judgement.built), ranked=ranked, most=MOST)


def moves(judgement: Judgement, voice: Voice) -> Markdown:
    """Every package, Python and system that changed in the window, and when."""
    return render("moves", voice, judgement=judgement, moves=_hours(judgement, judgement.moves))


def table(judgement: Judgement, found: tuple[Move, ...], caption: Markdown, voice: Voice) -> Markdown:
    """A row for each change, with its hour of the watch."""
    return render("parts/moves", voice, caption=caption, moves=_hours(judgement, found))


def _hours(judgement: Judgement, found: tuple[Move, ...]) -> list[tuple[float, Move]]:
    return [(elapsed_h(judgement.release, move.at), move) for move in found[:MOST]]
