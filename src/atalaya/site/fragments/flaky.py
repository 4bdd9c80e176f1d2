"""The fragment of the tests that did not just pass: what is broken, then by class, the costliest first.

What costs most is what is sure of the score, and not the share that failed.
"""

from __future__ import annotations

from atalaya.records.judged import Judgement
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

ROWS_SHOWN = 50


def flaky(judgement: Judgement, voice: Renderer) -> Markdown:
    """How often the tests were run, and so what could have been seen; then those that failed."""
    inputs = next((metric.inputs for metric in judgement.metrics if metric.id == "flaky-tests"), {})
    return render(
        "flaky",
        voice,
        judgement=judgement,
        most=ROWS_SHOWN,
        tests=inputs.get("tests", 0) if inputs.get("median_attempts") else 0,
        attempts=inputs.get("median_attempts"),
        visible=inputs.get("detectable_rate"),
        by_chance=inputs.get("expected_by_chance"),
    )
