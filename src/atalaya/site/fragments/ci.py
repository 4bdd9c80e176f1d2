"""The fragments of CI's jobs by variant, and of Atalaya's own runs beside them."""

from __future__ import annotations

from atalaya.records.judged import CellState, Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import fragment, render

ROWS_SHOWN = 100

WORST_FIRST = (CellState.BROKEN, CellState.WORSE, CellState.RED_NOW, CellState.TOO_OLD, CellState.GREEN)


def ci_cells(judgement: Judgement, voice: Renderer) -> Markdown:
    """Each job of CI by variant, those that hinder first."""
    ranked = sorted(judgement.cells, key=lambda cell: WORST_FIRST.index(cell.state))
    green = sum(cell.state is CellState.GREEN for cell in ranked)
    return render("ci-cells", voice, cells=ranked, green=green, most=ROWS_SHOWN)


own_runs = fragment("own-runs")
