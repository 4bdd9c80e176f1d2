"""Tests of the lists of a fleet's releases in a browser: names of any length, what is folded, and where links lead."""

from __future__ import annotations

from pathlib import Path

import pydata_sphinx_theme
import pytest
from msgspec.structs import replace

from atalaya.records.fleet import FleetWord
from atalaya.site.fragments import fleet
from tests.docs.building import DOCS
from tests.pages.browsing import opened
from tests.site.test_fleet import CALM, EN, of

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
STYLES = (THEME / "styles" / "pydata-sphinx-theme.css", DOCS / "_static" / "live.css", DOCS / "_static" / "atalaya.css")
LONG = "a" * 64
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 800}


def listed(folder: Path, *scripts: str) -> str:
    """Where a list lies: of a subject with long names, and of others that are folded."""
    releases = [
        replace(CALM, subject="a", release=f"{LONG}_{number}", current=not number, link="https://w.example/1/")
        for number in range(3)
    ]
    releases += [replace(CALM, subject=f"b{number:02}") for number in range(30)]
    releases += [replace(CALM, subject=LONG, word=FleetWord.NO_GO, release=f"{LONG}{number}") for number in range(12)]
    body = dict(fleet.list_pages(of(*releases), EN))["releases-1"]
    style = "".join(f"<style>{file.read_text(encoding='utf-8')}</style>" for file in STYLES)
    script = "".join(f"<script>{(DOCS / '_static' / name).read_text(encoding='utf-8')}</script>" for name in scripts)
    words = '<template id="table-words" data-filter="Filter" data-sort="Sort" data-link="Link"></template>'
    late = '<template id="out-of-date" data-word="unknown"></template>'
    frame = "bd-main", "bd-content", "bd-article-container", "bd-article"
    inside = "".join(f'<div class="{name}">' for name in frame)
    page = f'<!doctype html><html lang="en"><meta charset="utf-8">{style}<body>{inside}{body}{"</div>" * 4}'
    (folder / "list.html").write_text(f"{page}{words}{late}{script}</body></html>", encoding="utf-8")
    return f"{folder.as_uri()}/list.html"


def test_a_long_name_leaves_the_other_columns_their_width(browser, tmp_path):
    with opened(browser, "file:", viewport=WIDE) as tab:
        page = tab.go(listed(tmp_path).removeprefix("file:"))
        table = page.locator("table").first
        name, word, why, *_ = (
            cell.bounding_box()["width"] for cell in table.locator("tbody tr").first.locator("td").all()
        )
        assert (name < 1.2 * why, why > 1.5 * word) == (True, True), (name, word, why)
        sides = "one => [one.scrollWidth, one.parentElement.clientWidth, document.body.scrollWidth]"
        table_width, place, body = table.evaluate(sides)
        assert (table_width <= place, body) == (True, WIDE["width"])


@pytest.mark.parametrize("window", [WIDE, PHONE])
def test_what_is_folded_stands_apart_from_the_border(browser, tmp_path, window):
    with opened(browser, "file:", viewport=window) as tab:
        page = tab.go(listed(tmp_path, "atalaya.js", "figures.js").removeprefix("file:"))
        fold = page.locator(f"details:has(#{fleet.anchor(LONG)})")
        fold.locator("summary").click()
        outer = fold.bounding_box()
        for part in (".find", "table", "tbody tr >> nth=0"):
            inner = fold.locator(part).first.bounding_box()
            left, right = inner["x"] - outer["x"], outer["x"] + outer["width"] - inner["x"] - inner["width"]
            assert (left >= 8, right >= 8) == (True, True), (part, left, right)
        assert page.evaluate("document.documentElement.scrollWidth") == window["width"]


def test_the_underline_of_a_name_is_off_its_low_line(browser, tmp_path):
    with opened(browser, "file:", viewport=WIDE) as tab:
        link = tab.go(listed(tmp_path).removeprefix("file:")).locator("td a").first
        offset, size = link.evaluate(
            "one => [getComputedStyle(one).textUnderlineOffset, getComputedStyle(one).fontSize].map(parseFloat)"
        )
        assert offset > 0.25 * size


def test_a_link_to_a_subject_unfolds_it_without_a_script_too(browser, tmp_path):
    for script, scripts in ((False, ()), (True, ("atalaya.js", "figures.js"))):
        with opened(browser, "file:", viewport=PHONE, java_script_enabled=script) as tab:
            address = listed(tmp_path, *scripts)
            tab.page.goto(f"{address}#{fleet.anchor(LONG)}")
            fold = tab.page.locator("details[open]")
            assert fold.count() == 1, script
            summary, row = fold.locator("summary").bounding_box(), fold.locator("tbody tr").first.bounding_box()
            assert 0 <= summary["y"] < row["y"] < PHONE["height"], script


def test_the_word_of_what_is_folded_is_taken_back_when_it_is_out_of_date(browser, tmp_path):
    with opened(browser, "file:", viewport=PHONE) as tab:
        page = tab.go(listed(tmp_path, "atalaya.js").removeprefix("file:"))  # its instants are long past
        assert set(page.locator("summary .verdict-word").all_text_contents()) == {"○ unknown"}
