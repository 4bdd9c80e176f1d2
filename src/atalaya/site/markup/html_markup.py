"""Turns anybody's text into HTML that can do nothing but be read: what is no page of Sphinx is written in it."""

from __future__ import annotations

from datetime import datetime
from html import escape

from atalaya.core.words import StrictEnum, Text, instant
from atalaya.site.markup import myst
from atalaya.site.markup.renderer import SHAPES, Renderer

LIMIT = 600


class Html(str):
    """HTML that may be shown: our own words, or a stranger's text that has been escaped."""

    __slots__ = ()


def safe(value: object) -> Html:
    """A value as it is shown, if it may be: HTML as it is, and a number.

    :raises TypeError: it is text that has not been escaped.
    """
    if isinstance(value, Html):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Html(value)
    raise TypeError(f"{str(value)[:80]!r} has not been escaped, so it is not shown in HTML. `stranger` escapes it.")


class Said:
    """One language, and the only ways from a value to HTML: everything is made visible, then escaped."""

    def __init__(self, voice: Renderer) -> None:
        self.language = voice.language

    def __call__(self, sentence: str, **values: object) -> Html:
        return self.say(Text(template=sentence, values=values))

    def say(self, text: Text) -> Html:
        """A sentence, ours or computed."""
        return Html(escape(self.language.say(text, escape=lambda value: myst.visible(value, LIMIT))))

    def stranger(self, value: str, limit: int = LIMIT) -> Html:
        """A person's words, or a stranger's."""
        return Html(escape(myst.visible(value, limit)) or myst.NOTHING)

    def shaped(self, word: StrictEnum) -> Html:
        """A state, told by its shape and its word."""
        words = escape(self.language.gettext(str(word.value)))
        return Html(f'<span class="state">{SHAPES[word][0]} {words}</span>')

    def number(self, value: float) -> Html:
        return Html(escape(self.language.number(value)))

    def at(self, at: datetime) -> Html:
        return Html(escape(instant(at)))
