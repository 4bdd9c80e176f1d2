"""What a link to a release says where it is shown as a card: the verdict, as of when, and until when it holds."""

from __future__ import annotations

import json

from atalaya.core.words import N_, text
from atalaya.records.judged import Judgement
from atalaya.site.markup import myst
from atalaya.site.markup.renderer import SHAPES, Renderer


def card(judgement: Judgement, voice: Renderer) -> str:
    """The title and the description, as plain text: whoever puts them into a page escapes them."""
    gettext, verdict, release = voice.language.gettext, judgement.verdict, judgement.release
    name = f"{gettext(N_('REHEARSAL'))}: {release.version}" if release.rehearsal else release.version
    times = text("As of {at}, valid until {until}.", at=verdict.as_of, until=verdict.valid_until)
    sentences = [voice.language.say(one) for one in (times, *verdict.because)]
    said = {
        "title": f"{name}: {SHAPES[verdict.word][0]} {gettext(verdict.word.value)}",
        "description": " ".join(sentences),
    }
    return json.dumps({key: myst.visible(words, 300) for key, words in said.items()}, ensure_ascii=False) + "\n"
