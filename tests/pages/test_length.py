"""Tests that no page is a wall: on a telephone, at 320 px, without a script and on paper."""

from __future__ import annotations

import re
import shutil

import pytest

from atalaya.core.settings import Settings
from atalaya.evidence.ledger import holdings
from atalaya.site.build.pages import publish
from atalaya.site.build.site import publish_releases
from atalaya.site.fragments.evidence_pages import write_pages
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.folder import find
from atalaya.watch.judgement import judge_release
from tests.docs.building import DOCS, Site
from tests.ours import PACK, PROMISES, pack_of
from tests.pages.browsing import opened
from tests.pages.kinds import HOSTILE, NO_FAULTS, of_release, of_site

PHONE = {"width": 360, "height": 800}
SMALL_PHONE = {"width": 360, "height": 780}
MOST_SCREENS, OF_THE_FRONT = 25, 5  # four where nothing is wrong; this one has a list of each kind
MOST_PAGES = 10
REHEARSAL = "rehearsal-2"  # the one with the most in it
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


def test_on_a_telephone_the_name_of_a_release_stands_apart_from_ours(browser, origin):
    gaps = {}
    for width in (320, 360):
        with opened(browser, origin, viewport={"width": width, "height": 800}) as tab:
            ours, theirs = (tab.go(f"{NO_FAULTS}/t48.html").locator(part) for part in (".navbar-brand", ".watched"))
            gaps[width] = theirs.bounding_box()["x"] - ours.bounding_box()["x"] - ours.bounding_box()["width"]
    assert min(gaps.values()) >= 6, gaps


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


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """The built site of a rehearsal of this tree: it has every promise, and the evidence of a whole watch."""
    site = Site(tmp_path_factory.mktemp("rehearsed"), pack_of(PROMISES[::40])).copy_docs()
    folder = site.docs / "releases" / REHEARSAL
    shutil.copytree(DOCS / "releases" / REHEARSAL, folder)
    (release,) = find(folder.parent)
    judgement = judge_release(folder, release, as_of=None, settings=Settings(), pack=PACK)
    held = holdings.holdings(folder / "evidence")
    for code in LANGUAGES:
        out = site.docs / "_generated" / REHEARSAL / code
        publish(judgement, out, Language(code))
        write_pages(judgement, held, out, Renderer(Language(code)))
    publish_releases(site.docs, [judgement])
    return site.build().parent.as_uri() + "/"


@pytest.mark.long
@pytest.mark.parametrize("language", ["", "es/"])
def test_a_release_with_two_incidents_fills_four_screens_and_says_on_the_first_how_sure_it_is(
    browser, rehearsed, language
):
    with opened(browser, rehearsed, viewport=SMALL_PHONE) as tab:
        page = tab.go(f"{REHEARSAL}/{language}index.html")
        height = page.evaluate(HEIGHT)
        sure = page.locator(".glance .answer:has(.state-proven)").bounding_box()
    assert height <= 4 * SMALL_PHONE["height"]
    assert sure["y"] + sure["height"] <= SMALL_PHONE["height"]


def test_on_a_telephone_a_chart_stands_closer_to_what_follows_than_on_a_wide_screen(browser, origin):
    below = "getComputedStyle(document.querySelector('.chart-frame')).marginBottom"
    margins = []
    for viewport in (PHONE, {"width": 1280, "height": 900}):
        with opened(browser, origin, viewport=viewport) as tab:
            margins.append(tab.go(f"{NO_FAULTS}/index.html").evaluate(f"parseFloat({below})"))
    assert 0 < margins[0] < margins[1]


def test_on_a_telephone_each_chart_below_a_heading_of_other_words_has_its_caption(browser, origin):
    with opened(browser, origin, viewport=PHONE) as tab:
        captions = tab.go(f"{NO_FAULTS}/evidence.html").locator(".chart-frame > figcaption")
        high = captions.evaluate_all("all => all.map(one => one.offsetHeight)")
    assert high
    assert min(high) > 10


def test_on_a_telephone_a_command_is_read_without_scrolling_sideways(browser, origin):
    beyond = "blocks => blocks.map(block => block.scrollWidth - block.clientWidth)"
    with opened(browser, origin, viewport=SMALL_PHONE) as tab:
        wide = tab.go("guides/take-in-ci.html").locator(".highlight-shell pre").evaluate_all(beyond)
    assert wide
    assert max(wide) <= 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["contracts", "es/contracts", "evidence", "es/evidence"])
def test_the_longest_pages_of_a_release_print_on_ten_at_the_most(browser, rehearsed, name):
    with opened(browser, rehearsed) as tab:
        page = tab.go(f"{REHEARSAL}/{name}.html")
        rows = page.locator("table tbody tr").count()
        printed = page.pdf(format="A4")
    assert rows >= (len(PROMISES) if name.endswith("contracts") else 1)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= MOST_PAGES
