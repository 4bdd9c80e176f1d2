"""Tests that the front page of a release loads fast on a slow connection."""

from __future__ import annotations

from tests.docs.building import DOCS
from tests.pages.kinds import NO_FAULTS

MOST_BYTES = 300_000
OURS = {file.name for file in (DOCS / "_static").iterdir()}


def test_the_front_page_of_a_release_weighs_little_beside_what_the_theme_brings(tab):
    weights = {}
    tab.page.on("response", lambda answer: weights.update({answer.url: len(answer.body())}))
    tab.go(f"{NO_FAULTS}/index.html")
    of_the_theme = {
        url for url in weights if "/_static/" in url and url.partition("?")[0].rpartition("/")[2] not in OURS
    }
    own = {url.removeprefix(tab.origin): size for url, size in weights.items() if url not in of_the_theme}
    assert {f"{NO_FAULTS}/index.html", "releases.js"} <= set(own)
    assert {"atalaya.css", "atalaya.js"} <= {name.partition("?")[0].rpartition("/")[2] for name in own}
    assert sum(own.values()) < MOST_BYTES, own
