"""Tests that the pages can be used without a mouse."""

from __future__ import annotations

import pytest

from tests.pages.browsing import opened
from tests.pages.kinds import NO_FAULTS

FRONTS = [f"{NO_FAULTS}/index.html", f"{NO_FAULTS}/es/index.html", "index.html"]

# Gives each control that can be seen a number, and says how it looks while it has no focus.
NUMBER = """() => {
  const all = "a[href], button, summary, input, select, textarea, [tabindex]:not([tabindex='-1'])";
  const seen = Array.from(document.querySelectorAll(all)).filter((one) =>
    !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true })
    && !(one.tagName === "SUMMARY" && one.parentElement.querySelector("summary") !== one)
    && !(one.closest("details:not([open])") && !one.closest("summary")));
  seen.forEach((one, number) => { one.dataset.walk = number; });
  window.looks = (one) => { const s = getComputedStyle(one); return [s.outlineStyle, s.outlineWidth, s.boxShadow,
    s.borderColor, s.backgroundColor, s.textDecoration].join(" "); };
  window.before = seen.map(window.looks);
  return seen.map((one) => one.outerHTML.slice(0, 120));
}"""
# The control that has the focus: its number, whether that can be seen, and whether it is in the window.
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.dataset.walk === undefined) return null;
  const box = one.getBoundingClientRect();
  return { number: Number(one.dataset.walk), differs: window.looks(one) !== window.before[one.dataset.walk],
    inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""


@pytest.fixture
def tab(browser, origin, width):
    with opened(browser, origin, viewport={"width": width, "height": 900}, reduced_motion="reduce") as tab:
        yield tab


@pytest.fixture
def width():
    return 1280


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", FRONTS)
def test_tab_reaches_every_control_and_each_shows_that_it_has_the_focus(tab, path):
    page = tab.go(path)
    controls = page.evaluate(NUMBER)
    reached = []
    for _ in range(len(controls) + 3):
        page.keyboard.press("Tab")
        if (focus := page.evaluate(FOCUS)) is not None:
            reached.append(focus)
    numbers = {focus["number"] for focus in reached}
    assert [control for number, control in enumerate(controls) if number not in numbers] == []
    assert [controls[focus["number"]] for focus in reached if not (focus["differs"] and focus["inside"])] == []


@pytest.mark.parametrize("path", FRONTS)
def test_the_first_stop_leads_past_the_header_to_what_the_page_is_about(tab, path):
    page = tab.go(path)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.get_attribute("href") == "#main-content"
    assert link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#main-content').contains(document.activeElement)")


def test_a_folded_part_opens_and_closes_by_enter(tab):
    page = tab.go(f"{NO_FAULTS}/index.html")
    folded = page.locator("details.sd-dropdown").first
    folded.locator("summary").focus()
    assert folded.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert folded.get_attribute("open") is not None
    page.keyboard.press("Enter")
    assert folded.get_attribute("open") is None


def test_the_list_of_releases_opens_by_enter_and_escape_closes_it_and_leads_back(tab):
    page = tab.go(f"{NO_FAULTS}/index.html")
    page.locator("#pst-header .all-releases summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "1.2.0" in page.locator(":focus").text_content()
    page.keyboard.press("Escape")
    assert page.locator("#pst-header .all-releases details[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_search_opens_by_enter_and_escape_closes_it_and_leads_back(tab):
    page = tab.go(f"{NO_FAULTS}/index.html")
    page.locator("button.search-button__button >> visible=true").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    assert page.locator("#pst-search-dialog[open]").count() == 0
    assert page.evaluate("document.activeElement.className").find("search-button") >= 0


@pytest.mark.parametrize("width", [360])
def test_on_a_telephone_the_menu_opens_by_enter_and_escape_closes_it_and_leads_back(tab):
    page = tab.go(f"{NO_FAULTS}/index.html")
    page.locator("button.primary-toggle").focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog[open] >> text=T+24").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.activeElement.className").find("primary-toggle") >= 0
