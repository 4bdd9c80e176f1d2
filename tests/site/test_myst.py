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


@pytest.mark.parametrize("run", ["```", "`````", "``", ""])
def test_a_block_of_a_log_ends_at_its_own_fence_whatever_its_lines_hold(run):
    lines = myst.block(["before", f"{run}", f"{run} after"]).split("\n")
    fence = "`" * max(3, len(run) + 1)
    assert lines == [f"{fence}text", "before", run, f"{run} after", fence]


def test_a_block_is_longer_than_the_longest_run_of_any_line():
    assert myst.block(["a ```` b `", "``"]).startswith("`````text\n")


def test_a_line_of_a_block_stays_one_line():
    assert myst.block(["a\nb"]) == "```text\na⏎b\n```"


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


@pytest.mark.parametrize("hidden", ["\x00", "\u200b", "\ud800", "\ue000", "\u0378", "\u2028", "\u2029"])
def test_a_character_of_each_kind_that_shows_nothing_is_written_out(hidden):
    assert myst.visible(hidden) == f"\\u{ord(hidden):04x}"


def test_a_character_beyond_the_first_plane_is_written_with_eight_digits():
    assert [myst.visible("\U000e0001"), myst.visible("\uffff")] == ["\\U000e0001", "\\uffff"]


def test_the_two_signs_of_a_new_line_are_shown_as_one():
    assert myst.visible("a\r\nb") == "a⏎b"


def test_of_long_text_so_much_is_read_as_ten_times_what_is_shown():
    marked = "a" + "\u0301" * 49
    assert myst.visible(marked + "bcd", 5) == "a\u0301\u0301… (53 characters)"
    assert myst.visible(marked[:-1] + "bcd", 5) == "a\u0301\u0301b… (52 characters)"


def test_a_tab_is_a_blank():
    assert myst.visible("a\tb") == "a b"


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


ONE, TWO = myst.Markdown("one"), myst.Markdown("two")


def test_a_dropdown_has_its_title_its_options_and_its_parts():
    folded = myst.dropdown(myst.Markdown("Title"), ONE, TWO, classes="quiet")
    assert folded == ":::{dropdown} Title\n:animate: fade-in\n:class-container: quiet\n\none\n\ntwo\n:::"
    assert ":class-container:" not in myst.dropdown(ONE, TWO)


def test_a_fence_that_comes_first_is_not_taken_for_an_option():
    assert myst.div("outer", myst.Markdown(":::{x}\n:::")).startswith("::::{div} outer\n\n:::{x}")


def test_a_table_has_a_row_for_each_and_a_dash_where_a_cell_is_empty():
    rows = [[ONE, [ONE, TWO]], [myst.Markdown(""), None]]
    made = myst.table(myst.Markdown("Caption"), [ONE, TWO], rows, classes="wide", widths="1 2")
    assert made.split("\n") == [
        ":::{list-table} Caption",
        ":header-rows: 1",
        ":widths: 1 2",
        ":class: wide",
        "",
        "* - one",
        "  - two",
        "* - one",
        "  - one",
        "",
        "    two",
        "* - –",
        "  - –",
        ":::",
    ]
    assert ":class: plain" in myst.table(ONE, [TWO], [])


def test_a_table_without_a_row_has_one_of_dashes_since_sphinx_takes_none_without():
    made = myst.table(myst.Markdown("Caption"), [ONE, TWO], [])
    assert made.split("\n")[-5:] == ["* - one", "  - two", "* - –", "  - –", ":::"]


def test_lists_links_and_classes_are_written_as_myst_has_them():
    assert myst.bullets([ONE, TWO]) == "- one\n- two"
    assert myst.bullets([ONE, TWO], ordered=True) == "1. one\n2. two"
    assert myst.facts([(ONE, TWO)]) == "- [one]{.fact} two"
    assert myst.anchor(ONE, "b") + myst.link(ONE, "b") == "[one]{#b}[one](#b)"
    assert myst.span(ONE, "b", "c") == "[one]{.b .c}"
    parts = map(myst.Markdown, ("a\n", "", " ", "\nb"))
    assert myst.paragraphs(*parts) == "a\n\nb"


def test_words_that_lead_to_a_page_are_a_dash_where_there_are_none():
    assert myst.page(" ", "1.0", "evidence") == "{release}`– <1.0 evidence>`"
    assert "… <1.0 evidence>" in myst.page("x" * 301, "1.0", "evidence")


def test_prose_is_cut_later_than_a_name():
    assert len(myst.plain("x" * 600)) == 600
    assert myst.plain("x" * 601).startswith("x" * 600 + "…")
