"""Tests that the catalogue tool adds new sentences and keeps existing ones."""

from __future__ import annotations

from babel.messages.pofile import read_po

from atalaya.site.i18n import catalogue
from tests.ours import PACK


def read(path):
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_new_sentences_are_added_translations_kept_and_what_is_gone_is_dropped(tmp_path):
    path = tmp_path / "atalaya.po"
    catalogue.update(path, "es", {"one": ["a.py"], "two": ["a.py"]})
    path.write_text(path.read_text().replace('msgid "one"\nmsgstr ""', 'msgid "one"\nmsgstr "uno"'))
    assert catalogue.update(path, "es", {"one": ["a.py"], "three": ["b.py"]}) == ["three"]
    assert read(path) == {"one": "uno", "three": ""}


def test_a_catalogue_that_is_up_to_date_is_not_written_again(tmp_path):
    path = tmp_path / "atalaya.po"
    catalogue.update(path, "es", {"one": ["a.py"]})
    before = path.stat().st_mtime_ns
    catalogue.update(path, "es", {"one": ["a.py"]})
    assert before == path.stat().st_mtime_ns


def test_sentences_are_found_in_the_code_in_the_settings_and_among_the_words():
    found = catalogue.sentences()
    assert found["Share of CI jobs that must end well."] == ("src/atalaya/core/settings.py",)
    assert "ON TRACK" in found
    assert "{share:.1%}" not in found


def test_the_sentences_of_a_pack_are_its_own():
    said = "Most users run on the defaults."
    assert catalogue.pack_sentences(PACK)[said] == ("config/promises.py",)
    assert said not in catalogue.sentences()


def test_sentences_are_found_in_the_templates():
    found = catalogue.sentences()
    assert found["No question is open."] == ("src/atalaya/site/templates/questions.md",)
    assert "What to do if the release has to be taken back" in found  # which is not escaped there: it is in a link


def test_a_sentence_inside_an_f_string_is_found_too():
    assert "REHEARSAL: nothing here happened." in catalogue.sentences()
