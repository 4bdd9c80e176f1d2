"""Tests that untrusted text appears on every page as it is, and does nothing."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree, html

from atalaya.site.fragments.evidence_pages import RAW_SHOWN
from atalaya.site.markup import myst
from atalaya.site.markup.html_markup import CELL_LIMIT
from tests.pages.browsing import opened
from tests.pages.kinds import HOSTILE, LANGUAGES, NO_FAULTS, of_release
from tests.pages.strangers import STRANGERS
from tests.site.headings import headings

PAGES = of_release(HOSTILE)
OF_THE_SITE = [
    f"{language}{page}.html" for language in LANGUAGES for page in ("index", "guides/embed", "history", "history/tests")
]
FOR_MACHINES = [
    "feed.atom",
    "es/feed.atom",
    "switcher.json",
    *(f"{HOSTILE}/{name}" for name in ("feed.atom", "es/feed.atom", "metrics.json", "badge.json", "badge.svg")),
]
# What can only be read. Any other element of a page has to be on the page of a calm release, too.
TEXT = {
    "a",
    "code",
    "details",
    "div",
    "em",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "summary",
    "ul",
    "table",
    "caption",
    "colgroup",
    "col",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def parsed(file: Path):
    """What is between the header and the footer, which are the theme's and ours; the whole of a page without."""
    tree = html.fromstring(file.read_text(encoding="utf-8"))
    return next(iter(tree.xpath("//article[contains(@class, 'bd-article')]")), tree)


def words(text: str) -> str:
    return " ".join(text.split())


def shown(text: str) -> str:
    """How a page shows a text: as it is, or with what is hidden in it written out, or its beginning."""
    if len(text) <= 300 and text.isprintable() and text.isascii():
        return words(text)
    return words(myst.visible(text, more=""))


def test_there_are_enough_strangers_and_no_two_are_alike():
    assert len(STRANGERS) == len(set(STRANGERS)) >= 100


@pytest.fixture(scope="module")
def tab_for_strangers(browser, origin):
    with opened(browser, origin, viewport={"width": 1280, "height": 900}) as tab:
        yield tab


UNFOLD = "document.querySelectorAll('details').forEach((folded) => { folded.open = true; })"


@pytest.mark.parametrize("path", [*PAGES, *OF_THE_SITE, *FOR_MACHINES])
def test_nothing_happens_when_a_browser_opens_what_strangers_wrote_and_all_of_it_is_shown(tab_for_strangers, path):
    tab_for_strangers.did.clear()
    page = tab_for_strangers.go(path)
    page.evaluate(UNFOLD)
    page.keyboard.press("Tab")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(50)
    if path in PAGES and "/evidence/" not in path:  # these pages cut what is long, and list one kind of record
        text = words(page.inner_text("article.bd-article, main:not(.bd-main)"))
        assert [string for string in STRANGERS if shown(string) not in text] == []
    assert tab_for_strangers.did == []


def test_the_page_of_a_kind_shows_every_string_that_a_ledger_can_hold(site):
    rows = parsed(site.out / HOSTILE / "evidence" / "transition.html").xpath(".//table/tbody/tr[@id]")
    texts = [words(row.text_content()) for row in rows]
    storable = [one for one in STRANGERS if one.strip() and not re.search("[\ud800-\udfff]", one)]
    begun = [words(myst.visible(one, CELL_LIMIT, more="")) for one in storable]
    assert [one for one in begun if not any(one in text for text in texts)] == []
    assert len([text for text in texts if 'JSON{"about":[]' in text]) == RAW_SHOWN


@pytest.mark.parametrize(("alike", "path"), list(zip(of_release(NO_FAULTS), PAGES, strict=True)))
def test_strangers_make_no_element_no_link_and_no_heading_that_a_calm_page_has_not(site, alike, path):
    calm, hostile = (parsed(site.out / page) for page in (alike, path))
    assert set() == tags(hostile) - tags(calm) - TEXT
    assert set() == places(hostile) - places(calm)
    assert hostile.xpath("//@*[starts-with(name(), 'on')]") == []
    assert headings(calm) == headings(hostile)


def tags(tree) -> set[str]:
    """The kinds of element but for those of the arrow beside what is folded: a page that is short folds nothing."""
    arrows = {part for arrow in tree.xpath("//details[contains(@class, 'fold')]/summary//svg") for part in arrow.iter()}
    return {element.tag for element in tree.iter(etree.Element) if element not in arrows}


def places(tree) -> set[str]:
    """Where an element leads to, or takes something from, other than to a page or an anchor of the release."""
    found = tree.xpath(".//@href | .//@src | .//@action | .//@data | .//@style | .//@srcset | .//@formaction")
    own = re.compile(
        r"#[a-z0-9-]+|(?:\.\./)*[a-z0-9/-]+\.html(?:#[a-z0-9-]+)?|(?:\.\./)*[\w/.-]+\.html"
        r"|(?:(?:\.\./)*(?:[\d.]+/)?evidence/)?[\w.%~-]*\.jsonl(?:\.gz)?"  # a file of the ledger, its name encoded
    )
    return {place for place in found if not own.fullmatch(place)}


@pytest.mark.parametrize("path", [*PAGES, *OF_THE_SITE])
def test_all_that_a_page_loads_is_there_and_of_this_site(site, path):
    file = site.out / path
    tree = html.fromstring(file.read_text(encoding="utf-8"))
    for place in tree.xpath("//script/@src | //link/@href | //img/@src | //iframe/@src | //object/@data"):
        if place.startswith(("data:,", "data:image/svg+xml")):  # no icon, or one that is in the page
            continue
        assert not urlsplit(place).netloc
        assert (file.parent / unquote(urlsplit(place).path)).is_file(), place


@pytest.mark.parametrize("path", [*PAGES, *OF_THE_SITE, *FOR_MACHINES])
def test_nothing_that_an_eye_cannot_see_reaches_a_reader(site, path):
    text = (site.out / path).read_text(encoding="utf-8")
    # The theme writes one zero-width no-break space of its own, in a link to a heading.
    hidden = re.findall("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ue000\x00-\x08\x1b\x7f-\x9f]", text)
    assert hidden == []


@pytest.mark.parametrize("path", [name for name in FOR_MACHINES if name.endswith(".atom")])
def test_a_feed_reader_sees_text_and_nothing_else(site, path):
    feed = etree.parse(site.out / path).getroot()
    atom = {"a": "http://www.w3.org/2005/Atom"}
    assert {
        f"{{{atom['a']}}}{name}"
        for name in ("feed", "id", "title", "updated", "link", "author", "name", "entry", "content")
    } == {element.tag for element in feed.iter()}
    assert {"text"} == set(feed.xpath("//a:content/@type", namespaces=atom))
    own = re.compile(r"(?:[\w.]+/)*[a-z]+\.(?:html|atom)")
    assert [place for place in feed.xpath("//a:link/@href", namespaces=atom) if not own.fullmatch(place)] == []
