"""Tests that untrusted text can only be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from atalaya.site.markup import myst
from tests.site.example import HOSTILE
from tests.tables import each_row

CONFIG = MdParserConfig(enable_extensions={"attrs_inline", "colon_fence"})


def parser() -> MarkdownIt:
    from markdown_it.renderer import RendererHTML

    return create_md_parser(CONFIG, RendererHTML)


def text_of(tokens) -> tuple[set[str], str]:
    """The kinds of tokens, and the text that they show."""
    kinds, shown = set(), ""
    for token in tokens:
        for inner in token.children or [token]:
            kinds.add(inner.type)
            shown += inner.content
    return kinds, shown


@each_row("text", HOSTILE)
def test_a_literal_is_one_code_span_that_shows_the_text(text):
    kinds, shown = text_of(parser().parse(f"before {myst.literal(text)} after"))
    assert {"text", "code_inline"} >= kinds - {"paragraph_open", "paragraph_close"}
    expected = myst.visible(text)
    assert (expected if expected.strip() else "–") in shown


@each_row("text", HOSTILE)
def test_plain_text_is_text_and_nothing_else(text):
    kinds, shown = text_of(parser().parse(myst.plain(text)))
    assert {"text", "text_special", "paragraph_open", "paragraph_close"} >= kinds
    assert (myst.visible(text, 600).strip() or "–") == shown


anything = st.text(st.characters() | st.sampled_from("`*_[](){}<>|:#-+.!\\\n\t &;~$%@/'\""), max_size=60)


@settings(max_examples=300, deadline=None)
@given(anything)
def test_no_text_at_all_leaves_its_code_span(text):
    kinds, _ = text_of(parser().parse(f"* {myst.literal(text)}"))
    assert {"text", "code_inline"} >= {kind for kind in kinds if not kind.endswith(("_open", "_close"))}


@settings(max_examples=300, deadline=None)
@given(anything)
def test_no_text_at_all_becomes_markup_as_prose(text):
    kinds, shown = text_of(parser().parse(myst.plain(text)))
    assert {"text", "text_special", "paragraph_open", "paragraph_close"} >= kinds
    assert (myst.visible(text, 600).strip() or "–") == shown


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=5))
def test_no_line_of_a_log_closes_its_block(lines):
    tokens = parser().parse(myst.div("log", myst.block(lines)))
    (fence,) = [token for token in tokens if token.type == "colon_fence"]
    (inner,) = parser().parse(fence.content.strip("\n"))
    assert inner.type == "fence"


@pytest.mark.parametrize("sign", ["`", "~", ":"])
def test_no_run_of_fences_in_a_log_closes_its_block(sign):
    for length in range(1, 40):
        run = sign * length
        lines = ["before", run, f"{run}text", f"   {run}", f"{run}{{raw}} html", f"after {run} it"]
        alone, inside = myst.block(lines), myst.dropdown(myst.plain("The log"), myst.block(lines))
        (outer,) = parser().parse(inside)
        for shown in (alone, outer.content.removeprefix(":animate: fade-in")):
            (fence,) = parser().parse(shown)
            assert (fence.type, fence.info, fence.content.splitlines()) == ("fence", "text", lines)


def test_hidden_characters_are_written_out():
    assert myst.visible("a\u202eb\u200b\nc\x00") == "a\\u202eb\\u200b⏎c\\u0000"


def test_long_text_is_cut_and_says_how_long_it_was():
    assert myst.visible("x" * 10_000) == "x" * 300 + "… (10000 characters)"
    assert myst.visible("x" * 6, 5, "… ({n} caracteres)") == "x" * 5 + "… (6 caracteres)"


def test_text_that_fits_exactly_is_not_cut():
    assert myst.visible("x" * 300) == "x" * 300


def test_piled_up_marks_are_cut_down_to_two():
    assert myst.visible("a" + "\u0301" * 50).count("\u0301") == 2


def test_a_fence_is_longer_than_any_inside_it():
    assert re.match(r"^:{6}\{div\} outer\n", myst.div("outer", myst.Markdown(":::::{x}\n:::::")))


@pytest.mark.parametrize(
    "show",
    [
        myst.paragraphs,
        lambda bare: myst.bullets([bare]),
        lambda bare: myst.row(bare),
        lambda bare: myst.row([bare]),
        lambda bare: myst.table(bare, [], []),
        lambda bare: myst.dropdown(bare),
        lambda bare: myst.div("c", bare),
        lambda bare: myst.span(bare, "c"),
        lambda bare: myst.anchor(bare, "id"),
        lambda bare: myst.link(bare, "id"),
        lambda bare: myst.joined([bare]),
        lambda bare: myst.joined([myst.plain("a") + bare]),
    ],
)
def test_text_that_has_not_been_escaped_is_put_nowhere(show):
    assert show(myst.plain("a")) is not None
    with pytest.raises(TypeError, match="has not been escaped, so it is not shown"):
        show("a")
