"""The fragments of the end of a watch: where the next version begins, and what was asked of this one."""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import fragment, render
from atalaya.watch.backlog import RULES
from atalaya.watch.inherited_backlog import answers, priority_of

MOST = 12  # things of one cause that are named

seal = fragment("seal")
questions = fragment("questions")
backlog = fragment("backlog", rules=RULES, most=MOST)


def asked(judgement: Judgement, voice: Renderer) -> Markdown:
    """What the last release's backlog asked for, and which of it has a check by now."""
    before = next((step.previous for step in judgement.steps if step.asked), "")
    return render("asked", voice, answers=answers(judgement), before=before, priority_of=priority_of)
