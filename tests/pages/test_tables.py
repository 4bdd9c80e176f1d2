"""Tests that a long table can be filtered, sorted and linked to, and that without a script it is whole."""

from __future__ import annotations

import pytest

from tests.docs.building import DOCS
from tests.pages.browsing import opened

SCRIPT = (DOCS / "_static" / "figures.js").read_text(encoding="utf-8")
WORDS = '<template id="table-words" data-filter="Filter" data-sort="Sort" data-link="Link"></template>'
HOSTILE = "&lt;img src=x onerror=alert(1)&gt;"
NAMES = ["b", "a", HOSTILE, *(f"name {n}" for n in range(3, 12))]
COUNTS = ["1,200", "30", "4", *map(str, range(50, 59))]


def table(rows: int) -> str:
    body = "".join(
        f"<tr><td>{name}</td><td>{count}</td></tr>" for name, count in list(zip(NAMES, COUNTS, strict=True))[:rows]
    )
    head = "<thead><tr><th>Name</th><th>Count</th></tr></thead>"
    return f'<main class="bd-article"><table class="cards">{head}<tbody>{body}</tbody></table>{WORDS}</main>'


@pytest.fixture
def page(browser):
    with opened(browser, "about:blank") as tab:
        tab.page.set_content(table(12))
        tab.page.add_script_tag(content=SCRIPT)
        yield tab.page
        assert [one for one in tab.did if one.startswith(("dialog", "error"))] == []


def first(page, column: int) -> list[str]:
    return page.locator(f"tbody tr:not([hidden]) td:nth-child({column})").all_text_contents()


def test_the_script_of_tables_and_charts_weighs_less_than_six_kilobytes():
    assert len(SCRIPT.encode()) < 6000


def test_a_filter_hides_the_other_rows_and_says_how_many_are_left(page):
    page.get_by_label("Filter").fill("NAME 1")
    assert (first(page, 1), page.get_by_role("status").text_content()) == (["name 10", "name 11"], "2 / 12")


def test_what_a_stranger_wrote_is_found_and_stays_text(page):
    page.get_by_label("Filter").fill("<img")
    assert (len(first(page, 1)), page.locator("img").count()) == (1, 0)


def test_numbers_are_sorted_by_what_they_are_worth_and_the_first_order_comes_back(page):
    page.get_by_label("Sort").select_option("Count ↓")
    assert first(page, 2)[0] == "1,200"
    page.get_by_label("Sort").select_option("Count ↑")
    assert first(page, 2)[:2] == ["4", "30"]
    page.get_by_label("Sort").select_option("Sort")
    assert first(page, 2)[:2] == ["1,200", "30"]


def test_each_row_has_a_link_that_leads_to_it(page):
    link = page.get_by_role("link", name="Link: name 11", exact=True)
    assert page.locator(f"tr[id='{link.get_attribute('href')[1:]}']").text_content() == "name 1158"


def test_a_row_with_an_id_keeps_it_and_gets_no_second_link(browser):
    with opened(browser, "about:blank") as tab:
        tab.page.set_content(table(12).replace("<tr><td>", '<tr id="record-0a-1"><td>', 1))
        tab.page.add_script_tag(content=SCRIPT)
        row = tab.page.locator("tbody tr").first
        assert (row.get_attribute("id"), row.locator("a").count()) == ("record-0a-1", 0)
        assert tab.page.locator("a.row-link").count() == 11


def test_a_short_table_is_left_as_it_is(browser):
    with opened(browser, "about:blank") as tab:
        tab.page.set_content(table(8))
        tab.page.add_script_tag(content=SCRIPT)
        assert (tab.page.locator("input").count(), tab.page.locator("a").count()) == (0, 0)


def test_the_link_to_a_row_takes_no_line_of_its_own(tab):
    sunk = """() => Array.from(document.querySelectorAll(".row-link")).map((link) => {
      const words = document.createRange();
      words.selectNodeContents(link.nextElementSibling || link.nextSibling);
      const top = words.getBoundingClientRect().top;
      link.style.display = "none";
      return top - words.getBoundingClientRect().top;
    })"""
    found = tab.go("es/reference/states.html").evaluate(sunk)
    assert found
    assert {round(one) for one in found} == {0}


def test_the_link_of_a_row_lies_over_no_word_of_its_card(browser):
    with opened(browser, "about:blank") as tab:
        tab.page.set_viewport_size({"width": 360, "height": 800})
        tab.page.set_content(table(12).replace('"cards"', '"table cards"').replace("name", "m" * 200))
        tab.page.add_style_tag(path=DOCS / "_static" / "atalaya.css")
        tab.page.add_script_tag(content=SCRIPT)
        assert (
            tab.page.evaluate(
                """() => Array.from(document.querySelectorAll("td:has(> .row-link)"), (cell) => {
                const words = document.createRange();
                words.selectNodeContents(cell.lastChild);
                const link = cell.querySelector(".row-link").getBoundingClientRect();
                const over = (line) => line.right > link.left && line.bottom > link.top && line.top < link.bottom;
                return Array.from(words.getClientRects()).some(over);
            })"""
            )
            == [False] * 12
        )
