"""Tests that a sentence follows the rules of the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from atalaya.core.errors import UsageError
from atalaya.core.words import Prose, Text, text
from atalaya.records.stored import Outcome
from atalaya.site.i18n import catalogue
from atalaya.site.i18n.language import LANGUAGES, Language, catalogue_path, pack_catalogue_path
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from tests.ours import PACK
from tests.tables import each_row

EN, ES = Language("en"), Language("es")


def quoted(value: str) -> str:
    return f"<{value}>"


@each_row(
    ("expected", "language", "sentence"),
    [
        ("95.0% of 1,234", EN, text("{share:.1%} of {n}", share=0.95, n=1234)),
        ("95,0\u00a0% of 12.345", ES, text("{share:.1%} of {n}", share=0.95, n=12345)),
        ("0.0042", EN, text("{x:.4f}", x=0.00415)),
        ("0,0042", ES, text("{x:.4f}", x=0.00415)),
        ("1,234.5", EN, text("{x:,.1f}", x=1234.5)),
        ("1.234,5", ES, text("{x:,.1f}", x=1234.5)),
        ("2026-03-02 09:05 UTC", ES, text("{at}", at=datetime(2026, 3, 2, 9, 5, tzinfo=UTC))),
        ("2026-03-02 07:05 UTC", EN, text("{at}", at=datetime(2026, 3, 2, 9, 5, tzinfo=timezone(timedelta(hours=2))))),
        ("rota", ES, text("{outcome}", outcome=Outcome.BROKEN)),
        ("a, b", EN, text("{names}", names=("a", "b"))),
        ("yes and –", EN, text("{flag} and {nothing}", flag=True, nothing=None)),
        ("Métrica: Métrica", ES, text("{a}: {b}", a=text("Metric"), b=text("Metric"))),
    ],
)
def test_values_are_written_as_the_language_has_them(expected, language, sentence):
    assert expected == language.say(sentence)


def test_strings_that_come_in_as_values_are_escaped_and_our_words_are_not():
    assert (
        EN.say(text("Run {a} by {b}", a="x", b="y"), escape=quoted, prose=lambda words: words.replace("Run", "{Run}"))
        == "{Run} <x> by <y>"
    )


def test_a_value_between_backticks_is_escaped_together_with_the_code_around_it():
    assert EN.say(text("Do `nox -- {a}` now", a="x"), escape=quoted) == "Do <nox -- x> now"


KNOWN = next(message for message in ES._messages if " " in message and "{" not in message and "`" not in message)


def test_a_strangers_text_that_equals_a_sentence_of_ours_stays_the_strangers():
    assert ES.gettext(KNOWN) != KNOWN
    assert quoted(KNOWN) == ES.say(text("{reason}", reason=KNOWN), escape=quoted)


def test_a_sentence_of_ours_as_a_value_is_a_text_and_translated():
    assert ES.gettext(KNOWN) == ES.say(text("{says}", says=text(KNOWN)), escape=quoted)


def test_a_value_that_has_been_escaped_is_not_escaped_again():
    assert ES.say(text("{says}", says=Markdown("*as it is*")), escape=quoted) == "*as it is*"


@pytest.mark.parametrize("make", [text, Renderer(ES), lambda says, **given: Text(template=says, values=given)])
def test_a_sentence_without_a_value_for_its_placeholder_fails_where_it_is_made(make):
    with pytest.raises(ValueError, match=r"files' has no value for whole\. Give"):
        make("{n} of {whole.size} files", n=1)


def test_a_language_that_is_not_published_is_a_usage_error_that_names_those_which_are():
    with pytest.raises(UsageError, match="en, es"):
        Language("fr")


def placeholders(template: str) -> list[tuple[str, str]]:
    return sorted((field, spec or "") for _, field, spec, _ in Formatter().parse(template) if field is not None)


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_sentence_of_the_code_is_translated(code):
    language = Language(code)
    said = [*catalogue.sentences(), *catalogue.pack_sentences(PACK)]
    assert [message for message in said if message not in language._messages] == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_translations_have_the_placeholders_and_the_code_of_their_sentence(code):
    messages = []
    for path in (catalogue_path(code), pack_catalogue_path(PACK.folder, code)):
        with path.open("rb") as file:
            messages += [message for message in read_po(file) if message.id and message.string]
    assert messages
    # The descriptions of settings take no values: what looks like a field there is none.
    wrong = [message.id for message in messages if placeholders(message.id) != placeholders(str(message.string))]
    assert wrong == []
    assert [message.id for message in messages if str(message.string).count("`") % 2] == []


def test_what_a_person_wrote_is_text_and_a_name_is_code() -> None:
    said = text("{name}: {words}", name="a.b", words=text("{by}, {why}", by=Prose(words="Ana *B*"), why="x"))
    assert Renderer(EN).say(said) == r"`a.b`\: Ana \*B\*\, `x`"


def test_what_a_person_wrote_is_escaped_as_names_are_where_nobody_says_otherwise() -> None:
    hostile = text("{by}", by=Prose(words="@team"))
    assert (EN.say(hostile), EN.say(hostile, escape=quoted), EN.value((Prose(words="a"),), escape=quoted)) == (
        "@team",
        "<@team>",
        "<a>",
    )


def test_what_a_person_wrote_keeps_no_hidden_character() -> None:
    assert "\u202e" not in Renderer(EN).say(text("{by}", by=Prose(words="A\u202eB")))
