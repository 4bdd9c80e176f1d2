"""What a run says at its end, where the run is shown: GitHub-flavoured Markdown, at most a page."""

from __future__ import annotations

import re

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.states import OVER, in_words

_PIPE = re.compile(r"\\?\|")
MOST = 25  # lines of one kind: a summary is no archive


def summary(judgement: Judgement, voice: Renderer) -> str:
    """The verdict, the five metrics, what is open, and what to do. Strangers' words are code, and do nothing."""
    return (
        render(
            "summary",
            voice,
            judgement=judgement,
            coming=next((point for point in judgement.checkpoints if point.due_at > judgement.as_of), None),
            incidents=[one for one in judgement.incidents if one.state not in OVER],
            cell=cell,
            in_words=in_words,
            most=MOST,
        )
        + "\n"
    )


def cell(words: Markdown) -> Markdown:
    """Words as they may stand in a cell of a table.

    A cell ends at a pipe, even in code, and readers differ on how many backslashes keep it: none is left.
    """
    return Markdown(_PIPE.sub("¦", words))
