"""Tests that a search says everything in the language of its pages: Sphinx's own translation is not whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import sphinx

from tests.commands import ROOT

SCRIPTS = Path(sphinx.__file__).parent / "themes" / "basic" / "static"
SAID = re.compile(r'(?:\b_|gettext)\(\s*"([^"]+)"')  # by the scripts, in English


def test_every_sentence_of_a_search_is_translated() -> None:
    own = (ROOT / "docs" / "locale" / "es" / "LC_MESSAGES" / "sphinx.js").read_text(encoding="utf-8")
    messages = json.loads(own[own.index("({") + 1 : own.rindex(")")])["messages"]
    said = {words for name in ("searchtools.js", "sphinx_highlight.js") for words in _said(name)}
    assert len(said) >= 6
    assert said == messages.keys()
    assert all(one for words in messages.values() for one in ([words] if isinstance(words, str) else words))


def _said(name: str) -> list[str]:
    return SAID.findall((SCRIPTS / name).read_text(encoding="utf-8"))
