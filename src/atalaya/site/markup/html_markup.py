"""Turns anybody's text into HTML that can do nothing but be read: what is no page of Sphinx is written in it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from atalaya.core.words import N_, StrictEnum, Text, instant
from atalaya.site.markup import myst
from atalaya.site.markup.renderer import SHAPES, Renderer

LIMIT = 600
CELL_LIMIT, ITEMS = 160, 5  # characters, and items of a list, in a cell of a table
MORE_ITEMS = N_("and {n} more")


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

    def content(self, value: str, limit: int = LIMIT) -> Html:
        """The same for the content of an element, never for an attribute: quotation marks stay as they are.

        JSON has so many of them that a page of it would be half as large again.
        """
        return Html(escape(myst.visible(value, limit), quote=False) or myst.NOTHING)

    def cell(self, value: object, limit: int = CELL_LIMIT) -> Html:
        """The value of a record's field, for the content of an element: of a list, as many items as a cell holds."""
        items = value if isinstance(value, tuple) else (value,)
        shown = [self.language.value(item, escape=lambda one: myst.visible(one, limit)) for item in items[:ITEMS]]
        if len(items) > ITEMS:
            shown.append(self.language.say(Text(template=MORE_ITEMS, values={"n": len(items) - ITEMS})))
        return Html(escape(", ".join(filter(None, shown)), quote=False) or myst.NOTHING)

    def shaped(self, word: StrictEnum) -> Html:
        """A state, told by its shape and its word."""
        words = escape(self.language.gettext(str(word.value)))
        return Html(f'<span class="state">{SHAPES[word][0]} {words}</span>')

    def badge(self, word: StrictEnum, classes: str = "") -> Html:
        """A state with its tone, as the fragments have it."""
        words = escape(self.language.gettext(str(word.value)))
        shape, tone = SHAPES[word]
        return Html(f'<span class="state tone-{tone}{escape(f" {classes}" if classes else "")}">{shape} {words}</span>')

    def hour(self, hours: float) -> str:
        """An hour of the watch, to a tenth."""
        return self.language.hour(hours)

    def number(self, value: float) -> Html:
        return Html(escape(self.language.number(value)))

    def at(self, at: datetime) -> Html:
        return Html(escape(instant(at)))

    def time(self, at: datetime) -> Html:
        """An instant to the second, in UTC, where the table says so."""
        return Html(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}")
