"""Can everybody read the pages: with a screen reader, in either colours, on a telephone?"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.pages.browsing import opened
from tests.pages.kinds import CALM, of_release, of_site

AXE = Axe()
ALL_RULES = {"resultTypes": ["violations"]}
# Between light and dark nothing changes but colours.
OF_COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
# The reference has tables of hundreds of rows, all made alike.
SHORTEN = "document.querySelectorAll('tbody > tr:nth-child(n+13)').forEach((row) => row.remove())"
WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def tab(browser, origin):
    with opened(browser, origin, reduced_motion="reduce") as tab:
        yield tab


def violations(page, rules: dict) -> list[str]:
    """What axe finds, each with the elements that it is about."""
    found = AXE.run(page, options=rules).response["violations"]
    return [f"{one['id']}: {node['html'][:300]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("path", [*of_release(CALM), *of_site()])
def test_axe_finds_nothing_in_either_colours_at_either_width(tab, path):
    found: dict[str, list[str]] = {}
    for width in WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.page.emulate_media(color_scheme="light")
        page = tab.go(path)
        page.evaluate(
            "document.querySelectorAll('details.sd-dropdown').forEach((one) => { one.open = true; })"
        )
        if not path.startswith(CALM):
            page.evaluate(SHORTEN)
        for colours, rules in (("light", ALL_RULES), ("dark", OF_COLOURS)):
            page.emulate_media(color_scheme=colours)
            if "printable" not in path:  # paper is white
                page.wait_for_selector(f"html[data-theme={colours}]")
            found[f"{width} px, {colours}"] = violations(page, rules)
    assert {place: found for place, found in found.items() if found} == {}


@pytest.mark.parametrize("path", [*of_release(CALM), *of_site()])
def test_a_page_is_never_wider_than_a_telephone(tab, path):
    tab.page.set_viewport_size({"width": 360, "height": 900})
    page = tab.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", [f"{CALM}/index.html", "es/index.html"])
def test_axe_finds_nothing_while_the_list_of_releases_and_the_search_are_open(tab, path):
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    page = tab.go(path)
    page.click("#pst-header .all-releases summary")
    assert violations(page, ALL_RULES) == []
    page.click("button.search-button__button >> visible=true")
    assert page.locator("#pst-search-dialog[open]").count() == 1
    assert violations(page, ALL_RULES) == []
