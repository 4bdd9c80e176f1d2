"""The fragments of the watch itself: where it looked, what it said at each checkpoint, its thresholds and its pace."""

from __future__ import annotations

from itertools import pairwise

from atalaya.core.words import N_
from atalaya.records.judged import EnvironmentTotals, Judgement
from atalaya.records.stored import Environment
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import fragment, render

# What each environment can show, and what it cannot.
MEANS: dict[Environment, str] = {
    Environment.LOOPBACK: N_("Atalaya's own service on this machine: it decides"),
    Environment.CI: N_("the SDK's own CI: it decides"),
    Environment.SERVICE: N_("a real service: shown beside, and decides nothing"),
    Environment.REHEARSAL: N_("a rehearsal: it decides in rehearsals only"),
}


looks = fragment("looks")
pace = fragment("pace")


def environments(judgement: Judgement, voice: Renderer) -> Markdown:
    """What was tried in each environment, apart; and in words what no run against a real service has shown."""
    found = {one.environment: one for one in judgement.environments}
    wanted = (
        (Environment.REHEARSAL,)
        if judgement.release.rehearsal
        else (Environment.LOOPBACK, Environment.CI, Environment.SERVICE)
    )
    tried = [found.get(each, EnvironmentTotals(environment=each)) for each in wanted]
    of_service = found[Environment.SERVICE].decided if Environment.SERVICE in found else 0
    return render("environments", voice, judgement=judgement, environments=tried, means=MEANS, of_service=of_service)


def in_force(judgement: Judgement, voice: Renderer) -> Markdown:
    """The settings that the verdict rests on, and every change of them since T+0."""
    changes = [
        (after, [line for line in after.settings if line not in before.settings])
        for before, after in pairwise(judgement.changes)
    ]
    return render("settings", voice, judgement=judgement, changes=changes)
