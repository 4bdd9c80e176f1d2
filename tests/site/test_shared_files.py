"""Tests that pages hold no more than somebody reads or a style asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.jinja2glue import BuiltinTemplateLoader

from atalaya.site.build.shared_files import Compact
from tests.commands import ROOT
from tests.tables import each_row

CHEVRON = '<span class="sd-summary-state-marker sd-summary-chevron-right"><svg width="1">\n<path d="M1"/></svg></span>'
CONF = """
extensions = ["myst_parser", "atalaya.site.build.sphinx_extension"]
html_theme = "basic"
"""


@each_row(
    ("template", "page"),
    [
        ("<ul>\n<li><p>one</p></li>\n<li>two</li>\n</ul>\n", "<ul><li><p>one</p></li>\n<li>two</li></ul>\n"),
        ("<tr>\n<td>\n<p>a</p>\n</td>\n<td>b</td>\n</tr>", "<tr><td><p>a</p></td>\n<td>b</td></tr>"),
        ("<p>one\n<b>two</b>\nthree</p>\n<p>\nfour\n</p>", "<p>one\n<b>two</b>\nthree</p>\n<p>\nfour\n</p>"),
        (
            '<meta name="viewport" content="a" />\n<meta name="viewport" content="b" />',
            '<meta name="viewport" content="b" />',
        ),
        ("<div>\n<pre>\n<b>x</b>\n\n</pre>\n</div>", "<div>\n<pre>\n<b>x</b>\n\n</pre>\n</div>"),
        (f"<summary><b>More</b>{CHEVRON}</summary>", "<summary><b>More</b></summary>"),
        (
            "<summary>&lt;svg&gt; of <svg><path/></svg></summary>",
            "<summary>&lt;svg&gt; of <svg><path/></svg></summary>",
        ),
    ],
)
def test_line_feeds_at_the_edges_of_blocks_and_drawings_of_the_style_go_and_words_stay_apart(
    template: str, page: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BuiltinTemplateLoader, "render", lambda self, name, context: template)
        assert page == Compact().render("page.html", {})


def test_words_of_code_rows_and_links_have_no_element_or_class_that_no_style_asks_for(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    long = "x" * 30
    table = f"| a | b |\n| --- | --- |\n| `one  --two <three> --{long}` | [up](#page) |\n"
    (tmp_path / "index.md").write_text(f"(page)=\n# Page\n\n{table}", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    option = '<span class="nb">--two</span>'
    assert f'<code class="literal notranslate">one  {option} &lt;three&gt; --{long}</code>' in page
    assert '<a href="#page">' in page
    assert [name for name in ("row-odd", "row-even", 'class="pre"', "reference internal") if name in page] == []


def test_a_page_asks_for_no_icon_and_for_no_style_of_what_is_not_on_it(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(f"{CONF}\nhtml_favicon = 'icon.svg'\n", encoding="utf-8")
    (tmp_path / "icon.svg").write_text("<svg>\n</svg>\n", encoding="utf-8")
    (tmp_path / "index.md").write_text("# Page\n\nWords.\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="data:image/svg+xml,%3Csvg%3E%0A%3C/svg%3E"' in page
    assert "pygments.css" not in page
