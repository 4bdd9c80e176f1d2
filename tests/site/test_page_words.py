"""The words around every page, in each language."""

import re
from pathlib import Path

from atalaya.site.i18n.language import LANGUAGES
from atalaya.site.i18n.page_words import WORDS

DOCS = Path(__file__).parents[2] / "docs"


def test_a_page_leads_to_the_other_language_in_that_language() -> None:
    assert (WORDS["en"]["other"], WORDS["en"]["other_label"]) == ("Español", "Esta página en español")
    assert (WORDS["es"]["other"], WORDS["es"]["other_label"]) == ("English", "This page in English")


def test_every_language_has_every_word_that_a_template_shows() -> None:
    templates = [file.read_text(encoding="utf-8") for file in (DOCS / "_templates").glob("*.html")]
    shown = {name for text in templates for name in re.findall(r"\bwords\.(\w+)", text)}
    assert {"other", "late", "not_current"} <= shown
    assert all(shown <= WORDS[code].keys() for code in LANGUAGES)


def test_no_word_is_the_same_in_two_languages() -> None:
    assert [name for name, words in WORDS["en"].items() if words == WORDS["es"][name]] == []


def test_a_translation_keeps_the_place_of_each_value() -> None:
    for name, words in WORDS["en"].items():
        assert re.findall(r"\{\w+\}", words) == re.findall(r"\{\w+\}", WORDS["es"][name]), name
