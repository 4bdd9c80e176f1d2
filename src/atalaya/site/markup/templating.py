"""Fills the templates of the pages, which lie beside this module: nothing is shown in them that was not escaped.

A template is given a judgement, or what a fragment has computed. Its sentences are said by ``_``, which translates
them, and a value is shown through a filter that escapes it; anything else is an error. All that a template puts
together, a macro's and a block's text too, may be shown again, since each piece of it may.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, nodes, pass_context
from jinja2.runtime import Context

from atalaya.core.source_digest import program
from atalaya.core.words import N_
from atalaya.records.judged import Judgement
from atalaya.records.stored import Outcome
from atalaya.site.markup import html_markup, myst
from atalaya.site.markup.compiled_templates import FOLDER, CompiledTemplates
from atalaya.site.markup.html_markup import Html, Said
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.verdict.rules import RULES

TEMPLATES = Path(__file__).parents[1] / "templates"
RULE_IDS = frozenset(rule.id for rule in RULES)  # those with a page: an older verdict may name one that is gone
LINE = Markdown("\n")
BEGUN = 8  # rows of what is not fine that stand open: on a telephone they take a few screens
EACH_ROW = re.compile(r"\n(?=\* - )")  # the lines of a cell are indented
MORE_ROWS = N_("And {n} more")
OPTIONS: dict[str, Any] = {
    "loader": FileSystemLoader(TEMPLATES),
    "undefined": StrictUndefined,
    "autoescape": False,  # each kind of markup has its own escaping, and refuses what has not been escaped
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "cache_size": -1,
}

VOICE_FILTERS = (
    "literal",
    "plain",
    "ours",
    "say",
    "say_all",
    "word",
    "shaped",
    "badge",
    "at",
    "number",
    "hour",
    "strip",
    "variant",
)
SAID_FILTERS = ("say", "stranger", "content", "cell", "shaped", "badge", "at", "time", "number")


class _Environment(Environment):
    """An environment of one kind of markup."""

    markup: type[str] = Markdown

    def concat(self, pieces: Iterable[str]) -> str:
        return self.markup("".join(pieces))


class _HtmlEnvironment(_Environment):
    markup = Html


def render(name: str, voice: Renderer, **values: Any) -> Markdown:
    """The Markdown template of that name, filled in.

    :raises TypeError: it shows a text that has not been escaped.
    :raises jinja2.UndefinedError: it asks for what it has not been given.
    """
    page = _environment().get_template(f"{name}.md").render(voice=voice, **values)
    return Markdown(page.strip("\n"))


def render_html(name: str, voice: Renderer, **values: Any) -> Html:
    """The HTML template of that name, filled in; it raises what :func:`render` does."""
    return Html(_html_environment().get_template(f"{name}.html").render(voice=Said(voice), **values))


@contextmanager
def kept_compiled(docs: Path) -> Iterator[None]:
    """Meanwhile, take the templates as they were compiled before, and keep those that are compiled now.

    :param docs: the Sphinx project.
    """
    environments = (_environment(), _html_environment())
    caches = []
    for environment in environments:
        file = docs / FOLDER / environment.markup.__name__.lower()
        environment.bytecode_cache = cache = CompiledTemplates(file, environment, program())
        caches.append(cache)
    try:
        yield
    finally:
        for environment, cache in zip(environments, caches, strict=True):
            environment.bytecode_cache = None
            cache.save()


def fragment(name: str, **helpers: Any) -> Callable[[Judgement, Renderer], Markdown]:
    """A fragment that is a template and a judgement, with what else the template asks for."""
    return lambda judgement, voice: render(name, voice, judgement=judgement, **helpers)


def templates() -> list[Path]:
    """Every template, but for the pages that a new release begins with: those are no templates but copied."""
    return sorted(file for file in TEMPLATES.rglob("*.*") if file.parent.name != "release")


class Sentence(NamedTuple):
    """One of our sentences in a template, and the names of the values that it is given there."""

    message: str
    values: frozenset[str]


def said_by(template: str) -> Iterator[Sentence]:
    """The sentences of a template, which are what the translators get."""
    for call in _environment().parse(template).find_all(nodes.Call):
        match call:
            case nodes.Call(node=nodes.Name(name="_" | "gettext"), args=[nodes.Const(value=str(message)), *_]):
                yield Sentence(message, frozenset(given.key for given in call.kwargs))


@cache
def _environment() -> _Environment:
    environment = _Environment(finalize=partial(_shown, safe=myst.safe), **OPTIONS)
    environment.globals |= {
        "_": _by_voice("__call__"),
        "gettext": pass_context(lambda context, words: context["voice"].language.gettext(words)),  # not escaped
        "mark": _by_voice("mark"),
        "counts": _by_voice("counts"),
        "interval": _by_voice("interval"),
        "checkpoint": lambda hours: Markdown(f"T+{hours:d}"),
        "page": myst.page,
        "history": myst.history,
        "role": myst.role,
        "download": myst.download,
        "promise_links": _promise_links,
        "row": myst.row,
        "joined": lambda *pieces: myst.joined(pieces),
        "div": _div,
        "dropdown": _dropdown,
        "table": _table,
        "fold": _fold,
        "begun": _begun,
        "Outcome": Outcome,
    }
    environment.filters |= {name: _by_voice(name) for name in VOICE_FILTERS}
    environment.filters |= {
        "rule_link": pass_context(_rule_link),
        "escaped": myst.escaped,
        "block": myst.block,
        "span": myst.span,
        "fact": lambda name: myst.span(name, "fact"),
        "anchor": myst.anchor,
        "commas": lambda pieces: myst.joined(pieces, Markdown(", ")),
    }
    return environment


@cache
def _html_environment() -> _Environment:
    environment = _HtmlEnvironment(finalize=partial(_shown, safe=html_markup.safe), **OPTIONS)
    environment.globals["_"] = _by_voice("__call__")
    environment.filters |= {name: _by_voice(name) for name in SAID_FILTERS}
    return environment


def _shown(value: object, safe: Callable[[object], str]) -> str:
    return str(value) if isinstance(value, Undefined) else safe(value)  # what is undefined raises, and says its name


def _by_voice(method: str) -> Callable[..., str]:
    """A function or a filter that the voice of the reader has: one environment serves every language."""

    @pass_context
    def of_voice(context: Context, *values: Any, **options: Any) -> str:
        shown: str = getattr(context["voice"], method)(*values, **options)
        return shown

    return of_voice


def _rule_link(context: Context, id: str) -> Markdown:
    """A link to the page of a rule; only its id where this version has no such rule."""
    voice: Renderer = context["voice"]
    return myst.role("rule", id) if id in RULE_IDS else voice.literal(id)


def _promise_links(ids: Iterable[str]) -> Markdown | None:
    """A list of promises, each leading to its page."""
    return myst.bullets(myst.role("promise", id) for id in ids) or None


# What stands between ``{% call %}`` and ``{% endcall %}`` is the body; the line that ends it is taken by the tag.


def _div(classes: str, caller: Callable[[], Markdown]) -> Markdown:
    return myst.div(classes, caller()) + LINE


def _dropdown(title: Markdown, classes: str = "", *, caller: Callable[[], Markdown]) -> Markdown:
    return myst.dropdown(title, caller(), classes=classes) + LINE


def _table(
    caption: Markdown, header: myst.Row, classes: str, widths: str = "auto", *, caller: Callable[[], Markdown]
) -> Markdown:
    rows = Markdown(caller().strip("\n"))
    return myst.list_table(caption, header, [rows], classes=classes, widths=widths) + LINE


def _fold(
    caption: Markdown, header: myst.Row, classes: str, widths: str = "auto", *, caller: Callable[[], Markdown]
) -> Markdown:
    """A table that begins folded, for what is fine or is looked up; nothing where it has no rows."""
    rows = Markdown(caller().strip("\n"))
    if not rows:
        return Markdown()
    return myst.folded(caption, myst.list_table(caption, header, [rows], classes=classes, widths=widths)) + LINE


@pass_context
def _begun(
    context: Context,
    caption: Markdown,
    header: myst.Row,
    classes: str,
    widths: str = "auto",
    *,
    caller: Callable[[], Markdown],
) -> Markdown:
    body = caller().strip("\n")
    rows = [Markdown(one) for one in EACH_ROW.split(body)] if body else []
    return begun(caption, header, rows, context["voice"], classes=classes, widths=widths) + LINE


def begun(
    caption: Markdown,
    header: myst.Row,
    rows: Sequence[Markdown],
    voice: Renderer,
    *,
    classes: str,
    widths: str = "auto",
) -> Markdown:
    """A table of which only the first rows stand open, and the rest is folded; nothing where it has no rows."""
    made = partial(myst.list_table, classes=classes, widths=widths)
    tables = [made(caption, header, rows[:BEGUN])] if rows else []
    if rows[BEGUN:]:
        more = voice(MORE_ROWS, n=len(rows) - BEGUN)
        tables.append(myst.folded(more, made(more, header, rows[BEGUN:])))
    return myst.paragraphs(*tables)
