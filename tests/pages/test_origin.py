"""Tests that a page opened from a file requests nothing from any site but its own.

Whether it does when it is served is seen where the pages are looked at anyway, in ``test_accessibility``.
"""

from __future__ import annotations

import pytest

from tests.pages.browsing import COLOURS, opened
from tests.pages.kinds import HOSTILE, NO_FAULTS, of_release, of_site


@pytest.fixture(scope="module")
def tab_on_files(browser, site):
    with opened(browser, site.out.as_uri() + "/") as tab:
        yield tab


@pytest.mark.parametrize("path", [*of_release(NO_FAULTS), *of_site()])
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


def test_a_page_from_a_file_lists_the_releases_as_one_that_is_served(tab_on_files):
    page = tab_on_files.go(f"{HOSTILE}/es/t24.html")
    page.click(".all-releases summary")
    page.click(f".all-releases a >> text={NO_FAULTS}")
    assert page.url.endswith(f"/{NO_FAULTS}/es/index.html")


def test_without_scripts_a_plain_link_leads_to_the_list_of_releases(browser, site):
    with opened(browser, site.out.as_uri() + "/", java_script_enabled=False) as tab:
        tab.page.goto(f"{tab.origin}{NO_FAULTS}/index.html")
        tab.page.click(".all-releases a")
        assert tab.page.url.endswith("/index.html#releases")
        tab.page.click(f".releases a >> text={NO_FAULTS}")
        assert tab.page.url.endswith(f"/{NO_FAULTS}/index.html")


@pytest.mark.parametrize("language", ["", "es/"])
def test_a_release_that_is_not_the_newest_says_so_and_leads_to_that_one(tab_on_files, language):
    page = tab_on_files.go(f"{NO_FAULTS}/{language}t24.html")
    page.click(f".not-current a >> text={HOSTILE}")
    assert page.url.endswith(f"/{HOSTILE}/{language}index.html")
    assert page.locator(".not-current").count() == 0


def test_what_a_link_leads_to_is_unfolded(tab_on_files):
    page = tab_on_files.go(f"{NO_FAULTS}/index.html")
    page.click(".glance tbody a >> nth=0")
    assert page.url.endswith("/evidence.html#figure-pass-rate")
    page.wait_for_selector("details[open] #figure-pass-rate")


def test_from_any_page_the_same_page_in_the_other_language_is_one_step_away(tab_on_files):
    page = tab_on_files.go(f"{NO_FAULTS}/t24.html")
    page.click("a.language")
    assert page.url.endswith(f"/{NO_FAULTS}/es/t24.html")
    page.click("a.language")
    assert page.url.endswith(f"/{NO_FAULTS}/t24.html")
