"""The card of the newest release, and the strip over all of them: a row each, with words, figures and incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from atalaya.core.window import CHECKPOINTS_H
from atalaya.core.words import N_, StrictEnum
from atalaya.records.judged import DutyState, Judgement
from atalaya.site.fragments.figures import figure, name_of
from atalaya.site.fragments.incidents import seen
from atalaya.site.fragments.verdicts import card, dating
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.states import CLOSED, INVALID, OVER

# T+0 has no verdict of its own: it shows the worst that one of its duties came to.
WORST_FIRST = (DutyState.FAILED, DutyState.MISSING, DutyState.PERSON_SIGNS, DutyState.NOT_YET_DUE)


class AtCheckpoint(NamedTuple):
    """The word of one checkpoint; None where the watch ended before it."""

    hours: int
    word: StrictEnum | None


def releases(judgements: Sequence[Judgement], voice: Renderer) -> str:
    """What to do about the newest release, and the strip, in the order of the judgements.

    :param judgements: of all releases, the newest first.
    """
    newest = next((one for one in judgements if not one.release.rehearsal), next(iter(judgements), None))
    return (
        render(
            "releases",
            voice,
            judgement=newest,
            judgements=judgements,
            dated=dating,
            points=lambda judgement: _points(judgement, voice),
            figures=lambda judgement: _figures(judgement, voice),
            incidents=lambda judgement: _incidents(judgement, voice),
            since=_since(newest) if newest else None,
            **(card(newest) if newest else {}),
        )
        + "\n"
    )


def _since(judgement: Judgement) -> datetime | None:
    """When the causes of the incidents that are open still were first seen."""
    open_still = [one for one in judgement.incidents if one.state.lower() not in OVER]
    return min((seen(judgement, one)[0] for one in open_still), default=None)


def at_checkpoints(judgement: Judgement) -> list[AtCheckpoint]:
    """The verdict at T+24, T+48 and T+72 as it was then, and where the duties of T+0 stand."""
    return [AtCheckpoint(hours, _word(judgement, hours)) for hours in CHECKPOINTS_H]


def _word(judgement: Judgement, hours: int) -> StrictEnum | None:
    look = next((one for one in judgement.looks if one.hours == hours), None)
    if look is not None:
        return look.verdict.word
    point = next((one for one in judgement.checkpoints if one.hours == hours), None)
    if point is None or (point.due_at > judgement.as_of and judgement.state in (CLOSED, INVALID)):
        return None
    states = {duty.state for duty in point.duties}
    if hours == CHECKPOINTS_H[0]:
        return next((state for state in WORST_FIRST if state in states), DutyState.MET)
    return DutyState.NOT_YET_DUE


def _points(judgement: Judgement, voice: Renderer) -> Markdown:
    version = judgement.release.version
    return myst.bullets(
        myst.joined(
            (
                myst.page(f"T+{one.hours}", version, f"t{one.hours:02}"),
                voice.badge(one.word) if one.word is not None else voice(N_("the watch ended before it")),
            )
        )
        for one in at_checkpoints(judgement)
    )


def _incidents(judgement: Judgement, voice: Renderer) -> Markdown:
    """How many are open still, of how many, which leads to all of them."""
    still = sum(one.state.lower() not in OVER for one in judgement.incidents)
    words = f"{voice.language.number(still)} / {voice.language.number(len(judgement.incidents))}"
    return myst.page(words, judgement.release.version, "incidents")


def _figures(judgement: Judgement, voice: Renderer) -> Markdown:
    """Each metric with its state and its value of now, which after a fix is what came since."""
    lines = [
        myst.joined(
            (
                myst.page(name_of(metric, voice), judgement.release.version, f"evidence#figure-{metric.id}"),
                figure(metric, voice)[0],
                voice.badge(metric.state),
            )
        )
        for metric in judgement.metrics
    ]
    return myst.bullets(lines)
