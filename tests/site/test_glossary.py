"""Tests that the Spanish catalogues say one thing with one word, and give the commands as they are typed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from atalaya.site.i18n.language import catalogue_path, pack_catalogue_path
from tests.ours import PACK

DOCS = Path(__file__).parents[2] / "docs" / "locale" / "es" / "LC_MESSAGES" / "docs.po"
CATALOGUES = (catalogue_path("es"), pack_catalogue_path(PACK.folder, "es"), DOCS)
GLOSSARY = catalogue_path("es").parents[1] / "glossary.toml"
TERMS = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["term"]
COMMAND = re.compile(r"`((?:atalaya|nox|python|pytest|gh|git) [^`]*)`")


def translated():
    found = []
    for path in CATALOGUES:
        with path.open("rb") as file:
            found += [(str(message.id), str(message.string)) for message in read_po(file) if message.id]
    return [(english, spanish) for english, spanish in found if spanish]


TRANSLATED = translated()


def says(words, sentence):
    return re.search(rf"\b(?:{words})\b", sentence, re.IGNORECASE) is not None


@pytest.mark.parametrize("term", TERMS, ids=[term["spanish"] for term in TERMS])
def test_a_word_of_the_glossary_is_never_translated_by_another(term):
    said = [spanish for english, spanish in TRANSLATED if says(term["english"], english)]
    assert any(re.search(rf"\b{term['spanish']}", spanish, re.IGNORECASE) for spanish in said), "nothing says it"
    assert [spanish for spanish in said if says(term["never"], spanish)] == []


def test_readers_are_addressed_as_tú():
    assert [spanish for _, spanish in TRANSLATED if says("usted|ustedes", spanish)] == []
    # Orders to one whom one does not know, by their endings and the words that they begin with.
    ordered = [spanish for _, spanish in TRANSLATED if says("deje que|pónga(?:lo|la|los|las)|hága(?:lo|la)", spanish)]
    assert ordered == []


def test_a_decimal_has_a_comma_outside_code():
    prose = [re.sub(r"`+[^`]*`+", "", spanish) for _, spanish in TRANSLATED]
    assert [one for one in prose if re.search(r"(?<![\w.])0\.\d+(?![\w.]*\w)", one)] == []


def test_commands_are_the_same_in_both_languages():
    wrong = [
        spanish
        for english, spanish in TRANSLATED
        if sorted(COMMAND.findall(english)) != sorted(COMMAND.findall(spanish))
    ]
    assert wrong == []
