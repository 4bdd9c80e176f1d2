"""Translates a sentence into one language and fills in its values.

A template is translated first and filled afterwards, so that a translation may move its values about.
The catalogue is read from its ``.po`` file directly: there is nothing to compile, and nothing to forget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.dates import format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from atalaya.core.errors import UsageError
from atalaya.core.pack_loader import mounted
from atalaya.core.words import N_, Prose, Text, instant, with_braces
from atalaya.site.markup.myst import Markdown

LANGUAGES: dict[str, str] = {"en": "English", "es": "Español"}
CATALOGUES = Path(__file__).parent / "locale"

Escape = Callable[[str], str]

_FORMATTER = Formatter()


def catalogue_path(code: str) -> Path:
    """Where the sentences of one language are kept."""
    return CATALOGUES / code / "LC_MESSAGES" / "atalaya.po"


def pack_catalogue_path(pack: Path, code: str) -> Path:
    """Where the sentences of a check pack are kept."""
    return pack / "locale" / code / "LC_MESSAGES" / "pack.po"


def _catalogue(code: str) -> Mapping[str, str]:
    """The sentences of one language: those of the packs that are bound, and over them our own."""
    return _joined(code, mounted())


@cache
def _joined(code: str, packs: tuple[Path, ...]) -> Mapping[str, str]:
    paths = [*(pack_catalogue_path(pack, code) for pack in packs), catalogue_path(code)]
    return {message: said for path in paths for message, said in _read(path, code).items()}


@cache
def _read(path: Path, code: str) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {
            str(message.id): str(message.string)
            for message in read_po(file, locale=code)
            if message.id and message.string and not message.fuzzy
        }


def _as_is(value: str) -> str:
    return value


class Language:
    """One of the languages that the pages are published in.

    >>> from atalaya.core.words import text
    >>> Language("es").say(text("{share:.1%}, {word}", share=0.95, word=text("not known")))
    '95,0\\xa0%, no se sabe'
    """

    def __init__(self, code: str) -> None:
        if code not in LANGUAGES:
            raise UsageError(f"language '{code}' is not one of {', '.join(LANGUAGES)}. Choose one of these.")
        self.code = code
        self.name = LANGUAGES[code]
        self._locale = Locale.parse(code)
        self._messages = _catalogue(code)

    def gettext(self, message: str) -> str:
        """The sentence in this language, or as it is where nobody has translated it."""
        return self._messages.get(message, message)

    def say(self, text: Text, *, escape: Escape = _as_is, prose: Escape = _as_is, person: Escape | None = None) -> str:
        """Translate a sentence and fill in its values.

        ``escape`` is given each string that came in as a value, since it may be a stranger's, and what
        stands between backticks in the template. ``prose`` is given the template's own words, and ``person`` what
        somebody wrote for people to read: by default it is escaped as the other strings are. A value that is Markdown
        has been escaped already; a sentence of ours among the values is a text of its own.
        """
        # The catalogue has a sentence without values as it is read.
        template = self.gettext(text.template) if text.values else with_braces(self.gettext(str(text)))
        person = person or escape
        if escape is _as_is:
            return self._fill(template, text.values, escape, prose, person)
        said = ""
        for piece, is_code in _pieces(template):
            if is_code:
                said = _join(said, escape(self._fill(piece, text.values, _as_is, _as_is, _as_is)))
            else:
                said = _join(said, self._fill(piece, text.values, escape, prose, person))
        return said

    def _fill(self, template: str, values: Mapping[str, Any], escape: Escape, prose: Escape, person: Escape) -> str:
        filled = ""
        for words, field, spec, conversion in _FORMATTER.parse(template):
            filled = _join(filled, prose(words)) if words else filled
            if field is not None:
                value, _ = _FORMATTER.get_field(field, (), values)
                if conversion:
                    value = _FORMATTER.convert_field(value, conversion)
                filled = _join(filled, self.value(value, spec or "", escape=escape, prose=prose, person=person))
        return filled

    def value(
        self,
        value: Any,
        spec: str = "",
        *,
        escape: Escape = _as_is,
        prose: Escape = _as_is,
        person: Escape | None = None,
    ) -> str:
        """One value, as it is written in this language."""
        match value:
            case Text():
                return self.say(value, escape=escape, prose=prose, person=person)
            case Prose():
                return (person or escape)(value.words)
            case None:
                return "–"
            case datetime():
                return instant(value)
            case Enum():
                return prose(self.gettext(str(value.value)))
            case bool():
                return self.gettext(N_("yes") if value else N_("no"))
            case int() | float():
                return self.number(value, spec)
            case Markdown():
                return value
            case str():
                return escape(format(value, spec))
            case Iterable():
                items = (self.value(item, spec, escape=escape, prose=prose, person=person) for item in value)
                return ", ".join(items)
            case _:
                return escape(format(value, spec))

    def number(self, value: float, spec: str = "") -> str:
        """A number with this language's decimal sign; a per cent sign stands where it is put here."""
        if isinstance(value, int) and not spec:
            return _grouped(value, self.code)
        written = format(value, spec or ".6g")
        signs = {".": get_decimal_symbol(self._locale), ",": get_group_symbol(self._locale)}
        written = "".join(signs.get(character, character) for character in written)
        return written.replace("%", "\u00a0%") if self.code == "es" else written

    def hour(self, hours: float) -> str:
        """An hour of the watch, to a tenth.

        >>> Language("en").hour(1.13001), Language("es").hour(1.13001), Language("en").hour(24)
        ('T+1.1', 'T+1,1', 'T+24')
        """
        return f"T+{self.number(round(hours, 1), 'g')}"

    def day(self, at: datetime) -> str:
        """A day of the year, in UTC, short.

        >>> Language("es").day(datetime(2026, 11, 2, 9, tzinfo=UTC))
        '2 nov'
        """
        return str(format_skeleton("MMMd", at.astimezone(UTC), locale=self._locale))


@lru_cache(maxsize=10_000)
def _grouped(value: int, code: str) -> str:
    """A whole number with the signs between its thousands: the same few stand on a page again and again."""
    return str(format_decimal(value, locale=code))


def _pieces(template: str) -> Iterator[tuple[str, bool]]:
    """The prose and the code of a sentence, in order; code stands between backticks."""
    for number, piece in enumerate(template.split("`")):
        if piece:
            yield piece, number % 2 == 1


def _join(left: str, right: str) -> str:
    """Two code spans side by side would run into one another: keep a blank between them."""
    return f"{left} {right}" if left.endswith("`") and right.startswith("`") else left + right
