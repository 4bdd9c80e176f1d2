"""Does any page ask anybody but its own site for anything, when it is opened from a file?

Whether it does when it is served is seen where the pages are looked at anyway, in ``test_accessibility``.
"""

from __future__ import annotations

import pytest

from tests.pages.browsing import COLOURS, opened
from tests.pages.kinds import CALM, of_release, of_site


@pytest.fixture(scope="module")
def tab_on_files(browser, site):
    with opened(browser, site.out.as_uri() + "/") as tab:
        yield tab


@pytest.mark.parametrize("path", [*of_release(CALM), *of_site()])
def test_no_request_leaves_the_folder_of_the_site_and_none_is_for_what_is_not_there(tab_on_files, path):
    tab = tab_on_files
    tab.did.clear()
    tab.asked.clear()
    page = tab.go(path)
    for colours in COLOURS:
        tab.show_in(colours)
    assert len(tab.asked) > 1 or "printable" in path
    assert page.url.startswith("file:")
    assert tab.did == []


def test_a_page_from_a_file_has_plain_links_to_the_releases_in_place_of_the_switcher(tab_on_files):
    page = tab_on_files.go(f"{CALM}/index.html")
    page.click(".all-releases a")
    assert page.url.endswith("/index.html#releases")
    page.click(f".releases a >> text={CALM}")
    assert page.url.endswith(f"/{CALM}/index.html")


def test_from_any_page_the_same_page_in_the_other_language_is_one_step_away(tab_on_files):
    page = tab_on_files.go(f"{CALM}/t24.html")
    page.click("a.language")
    assert page.url.endswith(f"/{CALM}/es/t24.html")
    page.click("a.language")
    assert page.url.endswith(f"/{CALM}/t24.html")
