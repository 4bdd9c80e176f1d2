"""Tests that a page that is not built any more shows its age and withdraws outdated claims."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.pages.browsing import opened
from tests.pages.kinds import NO_FAULTS

VALID_UNTIL = datetime(2026, 3, 5, 12, tzinfo=UTC)
WORD = ".verdict-card .verdict-word"
AGE = "(one) => getComputedStyle(one, '::after').content"
LATE = {"": ("○ UNKNOWN: out of date", "OFF TRACK"), "es/": ("○ DESCONOCIDO: caducado", "DESVIADO")}


def at(tab, clock: datetime, path: str):
    """The page as it is read at an instant."""
    tab.page.clock.set_fixed_time(clock)
    return tab.go(path)


@pytest.mark.parametrize("path", ["index.html", "report.html"])
@pytest.mark.parametrize("language", LATE)
def test_until_its_last_minute_a_verdict_stands_and_after_it_the_page_says_unknown(tab, language, path):
    page = at(tab, VALID_UNTIL, f"{NO_FAULTS}/{language}{path}")
    said = page.inner_text(WORD)
    assert "○" not in said
    page = at(tab, VALID_UNTIL + timedelta(minutes=1), f"{NO_FAULTS}/{language}{path}")
    assert LATE[language][0] == page.inner_text(WORD)
    assert said in page.inner_text(".verdict-card")
    assert LATE[language][0] in page.text_content(".way-back")  # not shown where the card follows


def test_the_word_stands_beside_the_way_back_but_not_twice_right_above_the_card(tab):
    shown = {page: tab.go(f"{NO_FAULTS}/{page}.html").is_visible(".way-back .state") for page in ("index", "contracts")}
    assert shown == {"index": False, "contracts": True}


def test_on_the_page_of_the_way_back_only_the_word_stands(tab):
    shown = tab.go(f"{NO_FAULTS}/rollback.html").locator(".way-back")
    assert shown.inner_text().strip() == shown.locator(".state").inner_text()


def test_a_page_that_stays_open_stops_believing_without_being_loaded_again(tab):
    tab.page.clock.install(time=VALID_UNTIL - timedelta(seconds=30))
    page = tab.go(f"{NO_FAULTS}/index.html")
    assert page.inner_text(WORD) == "▲ OFF TRACK"
    page.clock.fast_forward(120_000)
    assert page.inner_text(WORD) == "○ UNKNOWN: out of date"


def test_the_list_of_releases_says_it_too(tab):
    page = at(tab, VALID_UNTIL + timedelta(days=9), "index.html")
    assert {"○ UNKNOWN: out of date"} == set(page.locator(".releases .verdict-word").all_inner_texts())
    assert page.inner_text(WORD) == "○ UNKNOWN: out of date"


@pytest.mark.parametrize(
    ("language", "hours_ago", "hours_to_come"),
    [("", "5 hours ago", "in 20 hours"), ("es/", "hace 5 horas", "dentro de 20 horas")],
)
def test_beside_each_instant_of_the_verdict_stands_its_age(tab, language, hours_ago, hours_to_come):
    page = at(tab, datetime(2026, 3, 4, 16, tzinfo=UTC), f"{NO_FAULTS}/{language}index.html")
    shown = page.locator(".verdict-card .instant")
    ages = {one.inner_text(): one.evaluate(AGE).strip('"') for one in shown.all()}
    assert hours_ago == ages["2026-03-04 11:00 UTC"]
    assert hours_to_come == ages["2026-03-05 12:00 UTC"]


def test_the_next_checkpoint_is_counted_down(tab):
    page = at(tab, datetime(2026, 3, 5, 7, tzinfo=UTC), f"{NO_FAULTS}/index.html")
    (coming,) = [one for one in page.locator(".verdict-card li").all() if one.inner_text().startswith("Next")]
    assert "T+72" in coming.inner_text()
    assert coming.locator(".instant").evaluate(AGE) == '"in 2 hours"'


def test_without_a_script_the_plain_times_stay(browser, origin):
    with opened(browser, origin, java_script_enabled=False) as tab:
        page = tab.page
        page.goto(f"{origin}{NO_FAULTS}/index.html")
        card = page.inner_text(".verdict-card")
        assert "▲ OFF TRACK" in card
        assert "2026-03-05 12:00 UTC" in card
        assert page.is_visible(".all-releases a")
        assert page.is_visible("table.five")
