"""The fragment that says whether somebody was watching all the time, and when nobody was."""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

GAPS_SHOWN = 50


def coverage(judgement: Judgement, voice: Renderer) -> Markdown:
    """The share of the slots in which something was observed, and every gap that is too long."""
    longest = sorted(judgement.coverage.gaps, key=lambda gap: (-gap.hours, gap.begins))[:GAPS_SHOWN]
    return render("coverage", voice, judgement=judgement, longest=sorted(longest, key=lambda gap: gap.begins))
