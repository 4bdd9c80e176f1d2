"""Turns anybody's text into MyST that can do nothing but be read.

Test names, messages and branch names come from strangers. Each way from a string to a page is in this
module: a stranger's text becomes :class:`Markdown` by way of :func:`visible`, and only Markdown is shown.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import overload
from urllib.parse import quote

from atalaya.core.scrub import scrub

LIMIT = 300

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_AWAY = re.compile(r"https?://[^\s@\\<>\"'`]+")
_PILES = re.compile(r"([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]+")
_FENCES = re.compile(r"^\s*(:{3,})", re.MULTILINE)


class Markdown(str):
    """MyST that may be shown: our own words, or a stranger's text that has been escaped.

    Two pieces side by side are Markdown too. An f-string of them is not: put pieces together by what is below, or
    in a template.

    >>> type(plain("*") + plain("|")).__name__, type(plain("*") + "|").__name__
    ('Markdown', 'str')
    """

    __slots__ = ()

    @overload
    def __add__(self, other: Markdown) -> Markdown: ...
    @overload
    def __add__(self, other: str) -> str: ...
    def __add__(self, other: str) -> str:
        both = super().__add__(other)
        return Markdown(both) if isinstance(other, Markdown) else both


NOTHING, BLANK = Markdown("–"), Markdown(" ")
Row = Sequence[Markdown | Sequence[Markdown | None] | None]


def safe(value: object) -> Markdown:
    """A value as it is shown, if it may be: Markdown as it is, a number, and a dash for nothing.

    :raises TypeError: it is text that has not been escaped.
    """
    if isinstance(value, Markdown):
        return value
    if value is None:
        return NOTHING
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Markdown(value)
    raise TypeError(
        f"{str(value)[:80]!r} has not been escaped, so it is not shown. A name is escaped by `literal`, prose by "
        f"`plain`, a sentence of ours is translated by `_` or `say`."
    )


def joined(parts: Iterable[Markdown | None], between: Markdown = BLANK) -> Markdown:
    """Pieces in one line."""
    return Markdown(between.join(safe(part) for part in parts))


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
    value = value if value.isascii() else _PILES.sub(r"\1", value)
    shown = value[:limit]
    if not shown.isprintable():  # which is so of hardly any: what is written out below is never printable
        shown = "".join(map(_shown, shown))
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


def literal(value: str, limit: int = LIMIT, more: str = "… ({n} characters)") -> Markdown:
    """A stranger's text as a code span, whose fence is longer than any run of backticks in it.

    >>> literal("a `b` c")
    '``a `b` c``'
    """
    shown = visible(value, limit, more)
    if not shown.strip():
        return NOTHING
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return Markdown(f"{fence}{pad}{shown}{pad}{fence}")


def plain(value: str, limit: int = 600, more: str = "… ({n} characters)") -> Markdown:
    r"""Prose, ours or a person's: every sign that MyST could take for markup is escaped.

    >>> plain("*no* <b>markup</b>")
    '\\*no\\* \\<b\\>markup\\<\\/b\\>'
    """
    return escaped(visible(value, limit, more).strip()) or NOTHING


def escaped(words: str) -> Markdown:
    """Words of ours with every sign of markup escaped; blanks at the ends are kept."""
    return Markdown(_PUNCTUATION.sub(r"\\\1", words))


def block(lines: Iterable[str]) -> Markdown:
    """Lines of a log as a code block that none of them can close."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown("\n".join([f"{fence}text", *shown, fence]))


def raw_html(lines: Iterable[str]) -> Markdown:
    """HTML that we have drawn, and in which each stranger's word has been escaped. No line of it may be a fence."""
    return Markdown("\n".join(["```{raw} html", *lines, "```"]))


def span(words: Markdown, *classes: str) -> Markdown:
    """Words in an inline element with classes."""
    return Markdown(f"[{safe(words)}]{{{' '.join('.' + name for name in classes)}}}")


def anchor(words: Markdown, id: str) -> Markdown:
    """Words that :func:`link` can lead to from anywhere on the same page."""
    return Markdown(f"[{safe(words)}]{{#{id}}}")


def link(words: Markdown, id: str) -> Markdown:
    """Words that lead to an anchor on the same page."""
    return Markdown(f"[{safe(words)}](#{id})")


def away(words: Markdown, url: str) -> Markdown:
    """Words that lead to another site; the words alone where the address is none of those that a page may lead to.

    >>> away(Markdown("1.1.0"), "https://watch.example.org/1.1.0/"), away(Markdown("1.1.0"), "javascript:alert(1)")
    ('[1.1.0](<https://watch.example.org/1.1.0/>)', '1.1.0')
    """
    return Markdown(f"[{safe(words)}](<{url}>)") if leads_away(url) else safe(words)


def leads_away(url: str) -> bool:
    """Whether an address is one that a page may lead to: of the web, and nothing that runs or signs in."""
    return _AWAY.fullmatch(url) is not None


def fleet(words: str, page: str) -> Markdown:
    """Words, as they are, that lead to a page below that of the fleet.

    >>> fleet("orders", "releases-1#orders")
    '{fleet}`orders <releases-1#orders>`'
    """
    return role("fleet", f"{visible(words, more='…').strip() or NOTHING} <{page}>")


def role(name: str, target: str) -> Markdown:
    """A role of ours, and what it is to lead to, or to show."""
    return Markdown(f"{{{name}}}") + literal(target, 4 * LIMIT)


def page(words: str, version: str, name: str) -> Markdown:
    """Words, as they are, that lead to a page of a release from whichever page of the site they are shown on.

    >>> page("CI pass rate", "1.2.0", "evidence#figure-pass-rate")
    '{release}`CI pass rate <1.2.0 evidence#figure-pass-rate>`'
    """
    shown = visible(words, more="…").strip() or NOTHING
    return role("release", f"{shown} <{version} {name}>")


def download(file: str, version: str) -> Markdown:
    """The name of a file of a release's evidence, which leads to the file itself from any page of the site.

    >>> download("job <1>.jsonl", "1.2.0")
    '{evidence-file}`job <1>.jsonl <1.2.0 job%20%3C1%3E.jsonl>`'
    """
    shown = visible(file, more="…").strip() or NOTHING
    encoded = quote(os.fsencode(file), safe="")
    # No literal: that cuts what is long, and this has to lead there.
    words = f"{shown} <{version} {encoded}>"
    return Markdown(f"{{evidence-file}}{literal(words, len(words))}")


def history(words: str, name: str) -> Markdown:
    """Words, as they are, that lead to a page of the history from whichever page of the site they are shown on.

    >>> history("Tests that failed", "tests")
    '{history}`Tests that failed <tests>`'
    """
    return role("history", f"{visible(words, more='…').strip() or NOTHING} <{name}>")


def div(classes: str, *parts: Markdown) -> Markdown:
    """Parts one below the other, in an element with classes."""
    return _directive("div", classes, *parts)


def dropdown(title: Markdown, *parts: Markdown, classes: str = "") -> Markdown:
    """Parts that are folded away under a title until somebody asks."""
    options = ":animate: fade-in" + (f"\n:class-container: {classes}" if classes else "")
    return _directive("dropdown", safe(title), Markdown(options), *parts)


def _directive(name: str, argument: str, *parts: Markdown) -> Markdown:
    """A colon fence that is longer than any inside it, whoever wrote that."""
    body = paragraphs(*parts)
    longest = max((len(run) for run in _FENCES.findall(body)), default=2)
    fence = ":" * max(3, longest + 1)
    # Without a blank line, MyST before 5.2 takes a fence that comes first for an option.
    gap = "" if body.startswith(":") and not body.startswith(":::") else "\n"
    return Markdown(f"{fence}{{{name}}} {argument}".rstrip() + f"\n{gap}{body}\n{fence}")


def paragraphs(*parts: Markdown | None) -> Markdown:
    """Blocks with a blank line between them; empty ones are left out."""
    return Markdown("\n\n".join(safe(part).strip("\n") for part in parts if part and part.strip()))


def bullets(items: Iterable[Markdown], *, ordered: bool = False) -> Markdown:
    """A list of sentences."""
    lines = (f"{f'{n}.' if ordered else '-'} {safe(item)}" for n, item in enumerate(items, start=1))
    return Markdown("\n".join(lines))


def facts(named: Iterable[tuple[Markdown, Markdown]]) -> Markdown:
    """Names with their values, one below the other."""
    return bullets(joined((span(name, "fact"), value)) for name, value in named)


def definitions(caption: Markdown, named: Iterable[tuple[Markdown, Markdown]]) -> Markdown:
    """A small table of names, each the header of its row, with what they stand for. A value may be several blocks."""
    options = Markdown(":stub-columns: 1\n:widths: auto\n:class: definitions")
    return _directive("list-table", safe(caption), options, joined((row(*pair) for pair in named), Markdown("\n")))


def rubric(words: Markdown) -> Markdown:
    """A heading within a fragment, for which a page has no place in its table of contents."""
    return Markdown(f"```{{rubric}} {safe(words)}\n:heading-level: 2\n```")


def table(caption: Markdown, header: Row, rows: Iterable[Row], *, classes: str = "", widths: str = "auto") -> Markdown:
    """A table with a caption and a header row. A cell may hold several blocks, or nothing."""
    return list_table(caption, header, [row(*cells) for cells in rows], classes=classes, widths=widths)


def list_table(
    caption: Markdown, header: Row, rows: Sequence[Markdown], *, classes: str = "", widths: str = "auto"
) -> Markdown:
    """A table of rows that :func:`row` made. Sphinx takes none without a row, so one without has a row of dashes."""
    rows = (row(*header), *(list(filter(None, rows)) or [row(*[None] * len(header))]))
    options = f":header-rows: 1\n:widths: {widths}\n:class: {classes or 'plain'}"
    return _directive("list-table", safe(caption), Markdown(options), joined(rows, Markdown("\n")))


def folded(caption: Markdown, table: Markdown) -> Markdown:
    """A table that is folded away under its caption until somebody asks, and on paper never."""
    return dropdown(caption, table, classes="fold")


def row(*cells: Markdown | Sequence[Markdown | None] | None) -> Markdown:
    """One row of a table. A cell of several blocks is given as a list of them."""
    return Markdown("\n".join(line for number, cell in enumerate(cells) for line in _cell(cell, first=number == 0)))


def _cell(cell: Markdown | Sequence[Markdown | None] | None, *, first: bool) -> Iterable[str]:
    shown = paragraphs(*cell) if isinstance(cell, list | tuple) else safe(cell).strip("\n")
    line, *rest = (shown or NOTHING).split("\n")
    yield f"{'* -' if first else '  -'} {line}"
    for line in rest:
        yield f"    {line}" if line else ""
