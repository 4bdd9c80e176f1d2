"""Tests that an incident's page shows the records, and marks what only the page says as not recorded."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import IncidentPage, Judgement
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments.incident_page import page_fragments
from atalaya.site.fragments.incidents import incidents
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN, ES = Renderer(Language("en")), Renderer(Language("es"))


def with_pages(*pages: IncidentPage) -> Judgement:
    return replace(example.judgement(incidents=True), pages=pages)


def test_an_incident_is_shown_by_its_record_whether_it_has_a_page_or_not() -> None:
    without = page_fragments(with_pages(), EN)
    assert list(without) == ["incident-i1"]
    for says in ("Exports of two stores stayed at CREATED", "The queue was paused", "an alarm was added", "Resolved"):
        assert says in without["incident-i1"]
    assert without == page_fragments(with_pages(IncidentPage(name="i1.md", incident="i1")), EN)


def test_a_page_of_another_name_shows_the_same_above_its_text() -> None:
    shown = page_fragments(with_pages(IncidentPage(name="Stuck again.md", incident="i1")), EN)
    assert len(shown) == 2
    assert len(set(shown.values())) == 1


@pytest.mark.parametrize(("voice", "says"), [(EN, "not recorded"), (ES, "no registrado")])
def test_front_matter_that_no_record_says_is_shown_as_not_recorded(voice: Renderer, says: str) -> None:
    page = IncidentPage(name="i1.md", incident="i1", not_recorded=("state: open", "```"))
    shown = page_fragments(with_pages(page), voice)["incident-i1"]
    assert says in shown
    assert "````text\nstate: open\n```\n````" in shown


def test_a_page_about_no_incident_says_so() -> None:
    judgement = with_pages(IncidentPage(name="inc-9.md", not_recorded=("severity: critical",)))
    shown = page_fragments(judgement, EN)["incident-inc-9"]
    assert "No record is about this page" in shown
    assert "severity: critical" in shown
    assert "<1.1.0 incidents/inc-9>" in FRAGMENTS["incidents"](judgement, EN)


def test_the_table_leads_to_a_page_that_says_what_is_not_recorded_and_names_one_that_cannot_be_shown() -> None:
    table = FRAGMENTS["incidents"](
        with_pages(
            IncidentPage(name="a|b`.md", problem=text("It is not UTF-8 text. Save it as that.")),
            IncidentPage(name="i1.md", incident="i1", not_recorded=("state: open",)),
        ),
        EN,
    )
    assert "{release}`i1.md <1.1.0 incidents/i1>`" in table
    assert "The page ``a|b`.md`` cannot be shown\\: It is not UTF\\-8 text\\. Save it as that\\." in table


@pytest.mark.parametrize("name", ["two words.md", "é.md", "a`b.md"])
def test_a_page_that_no_link_can_name_leads_to_the_table(name: str) -> None:
    assert "<1.1.0 incidents>`" in FRAGMENTS["incidents"](with_pages(IncidentPage(name=name)), EN)


def test_a_page_that_cannot_be_shown_is_no_target_of_a_link() -> None:
    broken = IncidentPage(name="i1.md", incident="i1", problem=text("It is not UTF-8 text. Save it as that."))
    judgement = with_pages(broken)
    assert "{release}`i1 <1.1.0 incidents#incident-i1>`" in FRAGMENTS["incidents"](judgement, EN)
    assert "Its page cannot be shown" in page_fragments(judgement, EN)["incident-i1"]


def test_pages_that_are_as_they_should_be_add_nothing_to_the_table() -> None:
    plain = incidents(with_pages(), EN)
    linked = FRAGMENTS["incidents"](with_pages(IncidentPage(name="i1.md", incident="i1")), EN)
    assert linked.replace("incidents/i1>", "incidents#incident-i1>") == plain
