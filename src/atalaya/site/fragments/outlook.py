"""The fragment that says how often a release would reach each verdict with the runs of CI that it has so far."""

from __future__ import annotations

from atalaya.records.judged import Judgement, State
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

CLEAN = (State.MEETS, State.PROVEN, State.NOT_APPLICABLE)


def outlook(judgement: Judgement, voice: Renderer) -> Markdown:
    """A row for each true rate of CI, and which of the other metrics are not as clean as it takes them to be."""
    from atalaya.watch.outlook import CI_RATE, ENDS
    from atalaya.watch.outlook import outlook as outlook_of

    unclean = [metric.id for metric in judgement.metrics if metric.id != CI_RATE and metric.state not in CLEAN]
    found = outlook_of(judgement)
    return render(
        "outlook",
        voice,
        outlook=found,
        words=ENDS,
        shares=lambda row: [voice.number(row.ended[str(word)] / found.watches, ".0%") for word in ENDS],
        unclean=unclean,
    )
