"""The fragments of the verdict: what it says, what it stands on, and what is due next."""

from __future__ import annotations

from typing import Any

from atalaya.core.window import ends_at
from atalaya.core.words import N_
from atalaya.records.judged import DutyState, Judgement
from atalaya.records.stored import Release
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import SHAPES, Renderer
from atalaya.site.markup.templating import fragment, render

DONE = (DutyState.MET, DutyState.SIGNED, DutyState.NOT_APPLICABLE)
WINDOWS: dict[str, str] = {"open": N_("open until"), "ended": N_("ended on"), "extended": N_("extended beyond")}

# What the verdict stands on, what would change it, what is not known, what to do, and each rule that applied.
reasons = fragment("reasons")


def verdict(judgement: Judgement, voice: Renderer) -> Markdown:
    """The word, and all that it stands on."""
    return render("verdict", voice, judgement=judgement, **card(judgement))


def card(judgement: Judgement) -> dict[str, Any]:
    """What the card of a verdict shows: its tone, until when it is watched and may be believed, what is due next."""
    release = judgement.release
    coming = next((point for point in judgement.checkpoints if point.due_at > judgement.as_of), None)
    return {
        "tone": f"verdict-card verdict-{SHAPES[judgement.verdict.word][1]}",
        "windows": WINDOWS,
        "ends": ends_at(release),
        "dating": dating(release),
        "coming": coming,
        "open_still": sum(duty.state not in DONE for duty in coming.duties) if coming else 0,
    }


def dating(release: Release) -> tuple[str, ...]:
    """The class that lets the page's script call a verdict out of date. A rehearsal's never goes out of date."""
    return () if release.rehearsal else ("valid-until",)
