"""The fragment of the table that judges the network errors, from the rows that the metric itself applies."""

from __future__ import annotations

from atalaya.metrics.network_errors import NETWORK_HOLDS, NETWORK_RULES
from atalaya.metrics.stats.intervals import TOO_FEW
from atalaya.records.judged import State
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render


def table(voice: Renderer) -> Markdown:
    """The rows in the order in which they are tried, and what leaves nothing met or proven."""
    return render(
        "network-table",
        voice,
        rules=NETWORK_RULES,
        holds=list(NETWORK_HOLDS.values()),
        held=State.INCONCLUSIVE,
        least=TOO_FEW,
    )
