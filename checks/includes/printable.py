"""The end of a watch on paper: one file that needs nothing else, and that nobody's text can disturb."""

from __future__ import annotations

from datetime import timedelta

from checks.includes.templating import render_html
from checks.includes.voice import Voice
from checks.records import Judgement


def report(judgement: Judgement, voice: Voice) -> str:
    """The whole report of a release as one HTML file."""
    ends = judgement.release.opened_at + timedelta(hours=judgement.release.window_h)
    return render_html("report", voice, judgement=judgement, ends=ends, lang=voice.language.code)
