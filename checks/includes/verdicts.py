"""The fragments of the verdict: what it says, what it stands on, and what is due next."""

from __future__ import annotations

from typing import Any

from checks.includes.myst import Markdown
from checks.includes.templating import fragment, render
from checks.includes.voice import SHAPES, Voice
from checks.records import N_, DutyState, Judgement, Release
from checks.window import ends_at

DONE = (DutyState.MET, DutyState.SIGNED, DutyState.NOT_APPLICABLE)
WINDOWS: dict[str, str] = {"open": N_("open until"), "ended": N_("ended on"), "extended": N_("extended beyond")}

# What the verdict stands on, what would change it, what is not known, what to do, and each rule that applied.
reasons = fragment("reasons")


def verdict(judgement: Judgement, voice: Voice) -> Markdown:
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
