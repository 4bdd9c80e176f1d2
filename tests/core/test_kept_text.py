"""Tests that a sentence which was kept is the one that it was: in each language, and with each kind of value."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from atalaya.core.kept_text import KeptText, to_keep
from atalaya.core.words import Prose, Text, sentence, text
from atalaya.records.judged import State
from atalaya.site.i18n.language import Language

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SENTENCES: dict[str, Text] = {
    "numbers": text("{share:.1%} of {n}", share=0.95, n=12345),
    "a whole number that is not one": text("{n:.2f}", n=2.0),
    "an instant": text("As of {at}.", at=AT),
    "a word of a closed set": text("The state is {state}.", state=State.INCONCLUSIVE),
    "yes and no": text("{yes}, {no}, {nothing}", yes=True, no=False, nothing=None),
    "a sentence within one": text("{said} {n}", said=text("{word}.", word=text("not known")), n=1),
    "braces that are words": sentence("It answers {}."),
    "what a person wrote": text("{who} signed.", who=Prose(words="Ana")),
    "several": text("Proven: {ids}.", ids=("a", "b", text("not known"))),
}


def kept(said: Text) -> Text:
    return msgspec.json.decode(msgspec.json.encode(to_keep(said, str)), type=KeptText).text


def test_a_kept_sentence_is_said_as_before_in_each_language() -> None:
    for name, said in SENTENCES.items():
        for language in map(Language, ("en", "es")):
            assert language.say(said) == language.say(kept(said)), name
            marks = {"escape": "<{}>".format, "prose": "_{}_".format, "person": "({})".format}
            assert language.say(said, **marks) == language.say(kept(said), **marks), name


def test_every_text_of_others_is_cleaned_and_no_template_of_ours() -> None:
    said = text("ours {a} {b} {c} {d}", a="x", b=Prose(words="x"), c=("x",), d=sentence("x"))
    found = to_keep(said, lambda words: words.replace("x", "y").replace("ours", "theirs")).text
    assert str(found) == "ours y y ('y',) y"


def test_a_sentence_that_lacks_a_value_cannot_be_read() -> None:
    with pytest.raises(msgspec.ValidationError, match="kept without n"):
        msgspec.json.decode(b'{"type": "text", "template": "{n} jobs"}', type=KeptText)
