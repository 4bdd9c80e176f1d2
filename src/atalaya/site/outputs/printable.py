"""The end of a watch on paper: one file that needs nothing else, and that nobody's text can disturb."""

from __future__ import annotations

from atalaya.core.window import ends_at
from atalaya.records.judged import Judgement
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render_html


def report(judgement: Judgement, voice: Renderer) -> str:
    """The whole report of a release as one HTML file."""
    return render_html("report", voice, judgement=judgement, ends=ends_at(judgement.release), lang=voice.language.code)
