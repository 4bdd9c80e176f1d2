"""Tests that a chart tells its values to a pointer, to a finger and to the keys, as text."""

from __future__ import annotations

import pytest

from tests.docs.building import DOCS
from tests.pages.browsing import opened

SCRIPT = (DOCS / "_static" / "figures.js").read_text(encoding="utf-8")
SAID = ("T+0 – T+6: 5", "&lt;img src=x onerror=alert(1)&gt;", "T+12 – T+18: 7")


def chart() -> str:
    places = "".join(
        f'<g class="says"><title>{said}</title><rect class="hit" x="{100 * n}" y="0" width="100" height="80"/></g>'
        for n, said in enumerate(SAID)
    )
    return (
        '<svg class="chart" role="img" width="300" height="80"><title>A chart</title><desc>All of it</desc>'
        f'{places}</svg><svg class="chart spark" role="img"><title>A spark</title><desc>-</desc></svg>'
    )


@pytest.fixture
def page(browser):
    with opened(browser, "about:blank", has_touch=True) as tab:
        tab.page.set_content(chart())
        tab.page.add_script_tag(content=SCRIPT)
        yield tab.page
        assert [one for one in tab.did if one.startswith(("dialog", "error"))] == []


def shown(page) -> tuple[str, str | None]:
    return page.locator(".readout").inner_text(), page.locator("svg.chart").first.get_attribute("aria-valuetext")


def test_before_anybody_asks_the_last_value_stands_there_and_a_chart_without_values_is_left_alone(page):
    assert shown(page) == ("T+12 – T+18: 7", "T+12 – T+18: 7")
    assert page.locator(".readout").count() == 1
    assert page.locator("svg.spark").get_attribute("role") == "img"


def test_a_pointer_and_a_finger_show_the_value_below_them(page):
    page.mouse.move(60, 40)
    assert shown(page)[0] == "T+0 – T+6: 5"
    page.touchscreen.tap(260, 40)
    assert shown(page)[0] == "T+12 – T+18: 7"


def test_the_keys_lead_from_value_to_value_and_stop_at_the_ends(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"
    seen = []
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "End", "Home", "ArrowRight"):
        page.keyboard.press(key)
        seen.append(shown(page)[1])
    first, strange, last = ("T+0 – T+6: 5", "<img src=x onerror=alert(1)>", "T+12 – T+18: 7")
    assert seen == [last, strange, first, first, last, first, strange]
    assert page.locator("img").count() == 0
