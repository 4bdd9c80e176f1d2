"""The fragment that says whether somebody was watching all the time, and when nobody was."""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

GAPS_SHOWN = 50


def coverage(judgement: Judgement, voice: Renderer) -> Markdown:
    """Each checkpoint and whether it was observed, CI between them, and where a schedule is set, its slots and gaps."""
    watched = judgement.coverage
    longest = sorted(watched.gaps, key=lambda gap: (-gap.hours, gap.begins))[:GAPS_SHOWN]
    return render(
        "coverage",
        voice,
        watched=watched,
        without_ci={gap.to_h for gap in watched.ci_gaps},
        longest=sorted(longest, key=lambda gap: gap.begins),
    )
