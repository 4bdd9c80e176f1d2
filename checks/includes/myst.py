"""How does anybody's text become MyST that can do nothing but be read?

Test names, messages and branch names come from strangers. Each way from a string to a page is in this
module, and all of them begin with :func:`visible`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from checks.scrub import scrub

LIMIT = 300

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_PILES = re.compile(r"([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]+")
_FENCES = re.compile(r"^\s*(:{3,})", re.MULTILINE)

Row = Sequence[str]


def visible(value: str, limit: int = LIMIT, more: str = "… ({n} characters)") -> str:
    r"""Text without secrets, on one line, in which nothing is hidden.

    Control, bidirectional, zero-width and unassigned characters are written out, a new line is shown, and
    what is longer than ``limit`` is cut and says how long it was.

    >>> visible("one\ntwo \u202e three")
    'one⏎two \\u202e three'
    """
    length = len(value)
    # A secret can straddle the cut, so the text is scrubbed before; ten times the limit bounds the work.
    value = scrub(value[: limit * 10].replace("\r\n", "\n"))
    # Marks pile up over and under their letter, and over the lines around it: two are enough for any script.
    value = _PILES.sub(r"\1", value)
    shown = "".join(_shown(character) for character in value[:limit])
    cut = len(value) > limit or length > limit * 10
    return shown + (more.format(n=length) if cut else "")


def _shown(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character == "\t":
        return " "
    # Cc control, Cf format (bidirectional, zero-width), Cs surrogates, Co private, Cn unassigned, Zl and Zp breaks
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        point = ord(character)
        return f"\\U{point:08x}" if point > 0xFFFF else f"\\u{point:04x}"
    return character


def literal(value: str, limit: int = LIMIT, more: str = "… ({n} characters)") -> str:
    """A stranger's text as a code span, whose fence is longer than any run of backticks in it.

    >>> literal("a `b` c")
    '``a `b` c``'
    """
    shown = visible(value, limit, more)
    if not shown.strip():
        return "–"
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(value: str, limit: int = 600, more: str = "… ({n} characters)") -> str:
    r"""Prose, ours or a person's: every sign that MyST could take for markup is escaped.

    >>> plain("*no* <b>markup</b>")
    '\\*no\\* \\<b\\>markup\\<\\/b\\>'
    """
    return escaped(visible(value, limit, more).strip()) or "–"


def escaped(words: str) -> str:
    """Words of ours with every sign of markup escaped; blanks at the ends are kept."""
    return _PUNCTUATION.sub(r"\\\1", words)


def block(lines: Iterable[str]) -> str:
    """Lines of a log as a code block that none of them can close."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *shown, fence])


def span(words: str, *classes: str) -> str:
    """Words, already escaped, in an inline element with classes."""
    return f"[{words}]{{{' '.join('.' + name for name in classes)}}}"


def anchor(words: str, id: str) -> str:
    """Words, already escaped, that :func:`link` can lead to from anywhere on the same page."""
    return f"[{words}]{{#{id}}}"


def link(words: str, id: str) -> str:
    """Words, already escaped, that lead to an anchor on the same page."""
    return f"[{words}](#{id})"


def page(words: str, version: str, name: str) -> str:
    """Words, as they are, that lead to a page of a release from whichever page of the site they are shown on.

    >>> page("CI pass rate", "1.2.0", "evidence#figure-pass-rate")
    '{release}`CI pass rate <1.2.0 evidence#figure-pass-rate>`'
    """
    shown = visible(words, more="…").strip() or "–"
    return f"{{release}}{literal(f'{shown} <{version} {name}>', 2 * LIMIT)}"


def div(classes: str, *parts: str) -> str:
    """Parts one below the other, in an element with classes."""
    return directive("div", classes, *parts)


def dropdown(title: str, *parts: str, classes: str = "") -> str:
    """Parts that are folded away under a title until somebody asks."""
    options = [":animate: fade-in"] + ([f":class-container: {classes}"] if classes else [])
    return directive("dropdown", title, "\n".join(options), *parts)


def directive(name: str, argument: str, *parts: str) -> str:
    """A colon fence that is longer than any inside it, whoever wrote that."""
    body = paragraphs(*parts)
    longest = max((len(run) for run in _FENCES.findall(body)), default=2)
    fence = ":" * max(3, longest + 1)
    # Without a blank line, MyST before 5.2 takes a fence that comes first for an option.
    gap = "" if body.startswith(":") and not body.startswith(":::") else "\n"
    return f"{fence}{{{name}}} {argument}".rstrip() + f"\n{gap}{body}\n{fence}"


def paragraphs(*parts: str) -> str:
    """Blocks with a blank line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def bullets(items: Iterable[str], *, ordered: bool = False) -> str:
    """A list of sentences that are already MyST."""
    return "\n".join(f"{f'{number}.' if ordered else '-'} {item}" for number, item in enumerate(items, start=1))


def facts(named: Iterable[tuple[str, str]]) -> str:
    """Names with their values, already MyST, one below the other."""
    return bullets(f"{span(name, 'fact')} {value}" for name, value in named)


def table(caption: str, header: Row, rows: Iterable[Row], *, classes: str = "", widths: str = "auto") -> str:
    """A table with a caption and a header row. Cells are MyST and may hold several blocks."""
    options = [":header-rows: 1", f":widths: {widths}", f":class: {classes or 'plain'}"]
    lines = [line for row in (header, *rows) for line in _row(row)]
    return directive("list-table", caption, "\n".join(options), "\n".join(lines))


def _row(row: Row) -> Iterable[str]:
    for number, cell in enumerate(row):
        first, *rest = (cell.strip("\n") or "–").split("\n")
        yield f"{'* -' if number == 0 else '  -'} {first}"
        for line in rest:
            yield f"    {line}" if line else ""
