"""The end of a watch on paper: one file that needs nothing else, and that nobody's text can disturb."""

from __future__ import annotations

from checks.includes.templating import render_html
from checks.includes.voice import Voice
from checks.records import Judgement
from checks.window import ends_at


def report(judgement: Judgement, voice: Voice) -> str:
    """The whole report of a release as one HTML file."""
    return render_html("report", voice, judgement=judgement, ends=ends_at(judgement.release), lang=voice.language.code)
