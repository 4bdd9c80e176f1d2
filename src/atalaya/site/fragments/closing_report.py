"""The fragments of the end of a watch: where the next version begins, and what was asked of this one."""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import fragment, render
from atalaya.watch.backlog import COST, FREQUENCY, IMPACT, PRIORITY
from atalaya.watch.inherited_backlog import answers

seal = fragment("seal")
questions = fragment("questions")
# With the tables that the priorities come from.
backlog = fragment(
    "backlog",
    impact=[f"{one} {counts}" for one, counts in IMPACT.items()],
    frequency=[f"{least:.0%} {counts}" for least, counts in FREQUENCY if least],
    cost=COST,
    priority=[f"{least}: {priority}" for least, priority in PRIORITY],
)


def asked(judgement: Judgement, voice: Renderer) -> Markdown:
    """What the last release's backlog asked for, and which of it has a check by now."""
    before = next((step.previous for step in judgement.steps if step.asked), "")
    return render("asked", voice, answers=answers(judgement), before=before)
