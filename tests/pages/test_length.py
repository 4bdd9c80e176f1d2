"""Tests that no page is a wall: on a telephone, at 320 px, without a script and on paper."""

from __future__ import annotations

import re

import pytest

from tests.pages.browsing import opened
from tests.pages.kinds import HOSTILE, NO_FAULTS, of_release, of_site

PHONE = {"width": 360, "height": 800}
MOST_SCREENS, OF_THE_FRONT = 25, 5  # four where nothing is wrong; this one has a list of each kind
MOST_PAGES = 10
OF_STRANGERS = (HOSTILE, "fleet", "es/fleet")
HEIGHT = "document.documentElement.scrollHeight"
WIDTH = "document.documentElement.scrollWidth"
# Made for paper, or a search without an answer.
LEFT_OUT = ("printable.html", "search.html")
ALL = [page for page in (*of_release(NO_FAULTS), *of_release(HOSTILE), *of_site()) if not page.endswith(LEFT_OUT)]


@pytest.mark.long
def test_no_page_is_longer_than_25_screens_of_a_telephone(browser, origin):
    walls = []
    with opened(browser, origin, viewport=PHONE) as tab:
        for page in ALL:
            tab.go(page)
            screens = tab.page.evaluate(HEIGHT) / PHONE["height"]
            most = OF_THE_FRONT if page == f"{NO_FAULTS}/index.html" else MOST_SCREENS
            # Strangers' words fill a screen each: they may make a page long, and never a wide one.
            if screens > most and not page.startswith(OF_STRANGERS):
                walls.append(f"{page}: {screens:.1f} screens")
    assert walls == []


@pytest.mark.long
def test_nothing_scrolls_sideways_at_320_pixels(browser, origin):
    with opened(browser, origin, viewport={"width": 320, "height": 800}) as tab:
        wide = {page: width for page in ALL if (width := tab.go(page).evaluate(WIDTH)) > 320}
    assert wide == {}


def test_without_a_script_the_state_of_each_metric_is_on_the_screen_and_has_a_colour(browser, origin):
    with opened(browser, origin, viewport=PHONE, java_script_enabled=False) as tab:
        tab.page.goto(f"{origin}{NO_FAULTS}/index.html")
        states = tab.page.locator("table.five td .state")
        assert states.count() == 5
        for state in states.all():
            box = state.bounding_box()
            assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
        lines = tab.page.locator(".chart line.threshold").first
        assert lines.count() == 1


def test_without_a_script_charts_have_their_lines_and_folded_parts_their_sign(browser, origin):
    with opened(browser, origin, viewport=PHONE, java_script_enabled=False) as tab:
        tab.page.goto(f"{origin}{NO_FAULTS}/index.html")
        line, bar = tab.page.locator(".chart line.threshold").first, tab.page.locator(".chart .seen").first
        folded = tab.page.locator("details > summary.sd-summary-title").first
        dashes = [line.evaluate(f"line => getComputedStyle(line).{of}") for of in ("stroke", "strokeDasharray")]
        filled = bar.evaluate("bar => getComputedStyle(bar).fill")
        sign = [
            folded.evaluate(f"it => getComputedStyle(it, '::after').{of}") for of in ("borderRightWidth", "transform")
        ]
    assert (dashes[0] != "none", dashes[1]) == (True, "5px, 4px")
    assert filled not in ("none", "rgb(0, 0, 0)")
    assert (sign[0], sign[1] != "none") == ("2px", True)


@pytest.mark.long
@pytest.mark.parametrize("name", ["contracts", "evidence"])
def test_the_longest_pages_of_a_release_print_on_ten_at_the_most(browser, origin, name):
    with opened(browser, origin) as tab:
        printed = tab.go(f"{NO_FAULTS}/{name}.html").pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= MOST_PAGES
