"""Tests that the pages are usable with a screen reader, in both colour schemes and on a telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.pages.browsing import COLOURS, opened
from tests.pages.kinds import NO_FAULTS, of_release, of_site

AXE = Axe().axe_script
# It need not fetch the style sheets itself: it would look for what they import in the wrong place.
RUN = """async (rules) =>
  (await axe.run(document, { resultTypes: ["violations"], preload: false, ...rules })).violations"""
# Between light and dark nothing changes but colours.
RULES = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}
# There are hundreds of rows, of lists' items and of folded parts, all made alike.
MANY = "tbody > tr:nth-child(n+9), article li:nth-child(n+9), details.sd-dropdown:nth-of-type(n+9)"
SHORTEN = f"document.querySelectorAll('{MANY}').forEach((one) => one.remove())"
UNFOLD = "document.querySelectorAll('details.sd-dropdown').forEach((one) => { one.open = true; })"
# The width at which axe asks everything of a page, and at the other one about its colours in the dark. A page is
# laid out alike in both languages, so that each kind of page is asked everything at each width.
WIDTHS = {True: (1280, 360), False: (360, 1280)}


@pytest.fixture(scope="module")
def tab(browser, origin):
    with opened(browser, origin, reduced_motion="reduce") as tab:
        yield tab


def violations(page, rules: dict) -> list[str]:
    """What axe finds, each with the elements that it is about; it must be in the page already."""
    return [f"{one['id']}: {node['html'][:300]}" for one in page.evaluate(RUN, rules) for node in one["nodes"]]


@pytest.mark.parametrize("path", [*of_release(NO_FAULTS), *of_site()])
def test_a_served_page_suits_everybody_at_any_width_in_any_colours_and_asks_nobody_else(tab, path):
    tab.did.clear()
    found: dict[str, object] = {}
    for width, colours in zip(WIDTHS["es/" in path], COLOURS, strict=True):
        tab.page.set_viewport_size({"width": width, "height": 900})
        page = tab.go(path)
        needed = page.evaluate("document.documentElement.scrollWidth")
        page.evaluate(UNFOLD)
        page.evaluate(SHORTEN)
        page.evaluate(AXE)
        tab.show_in(colours)
        found |= {f"{width} px": f"{needed} px are needed"} if needed > width else {}
        found[f"{width} px, {colours}"] = violations(page, RULES[colours])
    assert {where: what for where, what in found.items() if what} == {}
    assert tab.did == []


@pytest.mark.long
@pytest.mark.parametrize("path", [*of_release(NO_FAULTS), *of_site()])
def test_axe_finds_nothing_at_either_width_in_either_colours(tab, path):
    for width in WIDTHS[True]:
        tab.page.set_viewport_size({"width": width, "height": 900})
        page = tab.go(path)
        page.evaluate(UNFOLD)
        page.evaluate(AXE)
        for colours in COLOURS:
            tab.show_in(colours)
            assert violations(page, {}) == [], f"{width} px, {colours}"


@pytest.mark.parametrize("path", [f"{NO_FAULTS}/index.html", "es/index.html"])
def test_axe_finds_nothing_while_the_list_of_releases_and_the_search_are_open(tab, path):
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    page = tab.go(path)
    page.evaluate(AXE)
    page.click("#pst-header .all-releases summary")
    assert violations(page, {}) == []
    page.click("button.search-button__button >> visible=true")
    assert page.locator("#pst-search-dialog[open]").count() == 1
    assert violations(page, {}) == []
