"""Tests that the evidence page says what CI told of that counts in nothing."""

from __future__ import annotations

from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.site.fragments.ledger import evidence
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN = Renderer(Language("en"))


def test_what_counts_in_nothing_is_listed_and_a_strangers_word_in_it_is_escaped() -> None:
    early = text("{reason} ({amounts})", reason=text("before T+0: counts in nothing"), amounts=text("1 event"))
    judgement = replace(example.judgement(), apart=(early, text("started by {event}", event="<script>")))
    page = str(evidence(judgement, EN))
    assert "before T+0: counts in nothing (1 event)" in page.replace("\\", "")
    assert "started by `<script>`" in page
    assert "counts in no figure" not in str(evidence(example.judgement(), EN))
