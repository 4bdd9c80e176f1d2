"""Tests that the page of a fleet shows first what somebody has to look at, and that its lists have a bounded length."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.fleet import (
    Basis,
    Fleet,
    FleetRelease,
    FleetSource,
    FleetSubject,
    FleetWord,
    NotJudged,
    SharedTest,
    Why,
)
from atalaya.records.stored import Severity
from atalaya.site.fragments import fleet
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.pages import strangers
from tests.site.example import NOW

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
CALM = replace(
    strangers._release(0, "1.0.0"),
    word=FleetWord.GO,
    last_word=FleetWord.GO,
    problem="",
    not_judged=None,
    open_incidents=(),
    link="",
    because=("All is met.",),
    worst_metric=None,
)


STALE = {"word": FleetWord.UNKNOWN, "why": Why.NOT_JUDGED, "not_judged": NotJudged.ASKED}


def test_why_a_word_was_fine_does_not_stand_beside_unknown() -> None:
    (because,) = CALM.because
    assert because in shown(of(replace(CALM, current=True, word=FleetWord.OFF_TRACK)))
    assert because not in shown(of(replace(CALM, **STALE)))


def of(*releases: FleetRelease, **changes: object) -> Fleet:
    counts = dict.fromkeys(
        ("subjects", "releases", "not_fine", "open_incidents", "expired", "unreadable", "broken_seals", "left_out"), 0
    )
    shared = {name: len(changes.get(name, ())) for name in ("shared_tests", "shared_causes")}  # type: ignore[arg-type]
    subjects = dict.fromkeys(one.subject for one in releases)
    base = Fleet(
        as_of=NOW,
        word=FleetWord.GO,
        counts=counts | shared,
        releases=releases,
        subjects=tuple(FleetSubject(subject=one, word=FleetWord.GO, newest="1.0.0", releases=1) for one in subjects),
    )
    return replace(base, **changes)


def shown(found: Fleet, voice: Renderer = EN, **more: object) -> str:
    return fleet.fleet(found, voice, **more).replace("\\", "")


def listed(found: Fleet, voice: Renderer = EN, page: str = "releases-1") -> str:
    return dict(fleet.list_pages(found, voice))[page]


def words_of(html: str) -> list[str]:
    """What a reader sees, piece by piece."""
    return [" ".join(one.split()) for one in re.sub(r"<[^>]+>", "\n", html).split("\n") if one.strip()]


def test_nothing_found_is_said_to_be_unknown() -> None:
    page = shown(of(word=FleetWord.UNKNOWN))
    assert "[◌ UNKNOWN]" in page
    assert "No release was found, so nothing is known." in page


def test_a_calm_fleet_says_that_nothing_has_to_be_looked_at() -> None:
    assert "Nothing: what is watched now, and the newest release of each subject, is fine." in shown(of(CALM))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"word": FleetWord.OFF_TRACK}, "[▲ OFF TRACK]"),
        ({"word": FleetWord.UNKNOWN, "why": Why.EXPIRED}, "It was GO: its verdict has expired."),
        ({"word": FleetWord.UNKNOWN, "why": Why.NOTHING, "because": ()}, "No verdict of it was recorded."),
        ({"word": FleetWord.UNKNOWN, "why": Why.UNREADABLE, "problem": "torn", "current": False}, "`torn`"),
        (
            {"word": FleetWord.UNKNOWN, "not_judged": NotJudged.OTHER_PACK},
            "and was not judged here since then: its checks are of another check pack.",
        ),
        ({**STALE, "last_word": FleetWord.GO}, "It was GO on"),
        (STALE, "and was not judged here since then: --no-judge was given."),
        ({**STALE, "as_of": None}, "Not judged here: --no-judge was given."),
        ({"open_incidents": strangers._release(0, "INC-1").open_incidents}, "and 1 more"),
    ],
)
def test_what_is_not_fine_stands_among_those_to_be_looked_at(changes: dict[str, object], says: str) -> None:
    page = shown(of(replace(CALM, **changes)))
    first = page.partition("The subjects, the worst first")[0]
    assert ("Releases that somebody has to look at" in first, says in first) == (True, True), page


def test_a_past_release_with_a_bad_word_is_on_the_lists_alone() -> None:
    assert "somebody has to look at" not in shown(of(replace(CALM, word=FleetWord.NO_GO, current=False)))


def test_each_language_says_why_a_release_that_was_judged_here_has_its_word() -> None:
    why = text("The incident {id} is open. Its severity: {severity}.", id="INC-1", severity=Severity.CRITICAL)
    bad = replace(CALM, word=FleetWord.NO_GO, basis=Basis.JUDGED, because=(str(why),))
    reasons = {bad.verdict: why}
    for voice, first, listed in (
        (EN, "The incident `INC-1` is open. Its severity: critical.", "The incident INC-1 is open."),
        (ES, "El incidente `INC-1` está abierto. Su gravedad: crítica.", "El incidente INC-1 está abierto."),
    ):
        assert first in shown(of(bad), voice, reasons=reasons)
        assert listed in dict(fleet.list_pages(of(bad), voice, reasons))["releases-1"]


def test_a_long_impact_ends_with_a_whole_word_and_says_that_it_was_cut() -> None:
    (incident, *_) = strangers._release(0, "INC-1").open_incidents
    for impact, ends in (
        ("Exports time out " * 20, " time out…"),
        (f"{'a' * 155} behind", f"{'a' * 155}…"),
        ("a" * 300, f"{'a' * 160}…"),
        (f"{'a ' * 75}ghp_{chr(98) * 36}", "[token]"),
        ("Exports time out", "Exports time out"),
    ):
        bad = replace(CALM, open_incidents=(replace(incident, impact=impact),))
        for page in (shown(of(bad)), dict(fleet.list_pages(of(bad), EN))["releases-1"]):
            assert re.search(rf"INC-1\b.*{re.escape(ends)}(\n|<)", page), (impact, page)


def test_what_was_said_elsewhere_is_in_english_but_for_sentences_of_ours_without_values() -> None:
    bad = replace(CALM, word=FleetWord.NO_GO, because=("The incident INC-1 is open. Its severity: critical.",))
    other = {bad.verdict: text("No CI job was taken in.")}
    assert "The incident INC-1 is open." in shown(of(bad), ES, reasons=other)
    ours = replace(bad, because=("Nothing is failing, and nothing that is due is unknown.",))
    assert "Nothing is failing" not in shown(of(ours), ES)


def test_the_worst_come_first() -> None:
    words = (FleetWord.INCONCLUSIVE, FleetWord.UNKNOWN, FleetWord.NO_GO, FleetWord.INVALID)
    page = shown(of(*(replace(CALM, subject=f"s{n}", word=word) for n, word in enumerate(words))))
    assert sorted(range(4), key=lambda n: page.index(f"s{n}")) == [3, 2, 1, 0]


def test_a_source_of_which_nothing_is_known_is_shown_with_the_reason() -> None:
    gone = FleetSource(subject="billing", kind="git", place="https://h/x", problem="could not resolve host")
    assert "`could not resolve host`" in shown(of(CALM, sources=(gone,)))


def test_a_release_is_a_link_to_its_own_site_and_to_nothing_that_runs() -> None:
    bad = replace(CALM, word=FleetWord.NO_GO, link="https://w.example/1.0.0/")
    assert "[`1.0.0`](<https://w.example/1.0.0/>)" in shown(of(bad))
    assert "alert" not in shown(of(replace(bad, link="javascript:alert(1)")))


def test_an_instant_takes_the_word_back_unless_it_stays_for_ever() -> None:
    bad = replace(CALM, word=FleetWord.NO_GO)
    for found, expected in ((bad, 1), (replace(bad, closed=True), 0), (replace(bad, rehearsal=True), 0)):
        assert fleet.fleet(of(found), EN).count("valid-until") == expected
        assert listed(of(found)).count("valid-until") == 2 * expected  # in its row, and above that


def many(subjects: int, each: int) -> Fleet:
    return of(
        *(
            replace(CALM, subject=f"s{subject:05}", release=f"1.{number}", opened_at=NOW - timedelta(hours=number))
            for subject in range(subjects)
            for number in range(each)
        )
    )


@pytest.mark.parametrize(
    ("subjects", "each", "pages"),
    [(1, 1, 1), (1, 250, 1), (1, 251, 2), (3, 100, 2), (5, 125, 3), (600, 1, 3), (2, 251, 4)],
)
def test_a_list_has_at_most_so_many_rows_and_every_release_is_on_one(subjects: int, each: int, pages: int) -> None:
    found = many(subjects, each)
    made = fleet.pages_of(found)
    rows = [one for page in made for _, part in page.parts for one in part]
    assert (len(made), len(rows), set(map(id, rows))) == (pages, subjects * each, set(map(id, found.releases)))
    assert all(sum(len(part) for _, part in page.parts) <= fleet.ROWS for page in made)


def test_what_is_shared_and_not_shown_is_counted() -> None:
    tests = tuple(SharedTest(test=f"t{n}", critical=False, releases=2, subjects={"orders": 2}) for n in range(60))
    one = of(CALM, shared_tests=tests)
    assert "And 20 more." in shown(one)
    assert "And 210 more." in shown(replace(one, counts=one.counts | {"shared_tests": 250}))
    assert "more." not in shown(replace(one, counts=one.counts | {"shared_tests": 40}))


def test_the_first_page_is_no_longer_for_ten_thousand_subjects_than_for_two_hundred() -> None:
    lengths = []
    for subjects in (200, 2000):
        bad = [replace(CALM, subject=f"s{number:05}", word=FleetWord.NO_GO) for number in range(subjects)]
        lengths.append(shown(of(*bad)).partition("Lists of every release")[0].count("* - "))
    assert lengths[0] == lengths[1] < 200


def test_each_list_leads_to_the_ones_beside_it_and_back() -> None:
    pages = dict(fleet.list_pages(many(1, 600), EN))
    assert list(pages) == ["releases-1", "releases-2", "releases-3"]
    assert all(page.startswith("<h1>Releases: s00000</h1>\n") for page in pages.values())
    for name in ("releases-1.html", "releases-3.html", "../fleet.html"):
        assert f'href="{name}"' in pages["releases-2"]


PAST = replace(CALM, current=False, closed=True)
OF_BILLING = (
    replace(CALM, subject="billing", word=FleetWord.ON_TRACK),
    replace(PAST, subject="billing", word=FleetWord.NO_GO),
    replace(PAST, subject="billing", word=FleetWord.NO_GO),
    replace(PAST, subject="billing", word=FleetWord.EXTEND),
    replace(PAST, subject="billing"),
)
BAD = replace(
    CALM, subject="orders", word=FleetWord.OFF_TRACK, open_incidents=strangers._release(0, "I").open_incidents
)


def test_the_first_page_says_of_each_list_how_it_stands_and_what_of_it_is_not_fine() -> None:
    badge = "{.state .tone-bad .state-off-track}"
    for voice, row in (
        (EN, f"[▲ OFF TRACK]{badge} 1 7 2 NO-GO, 1 OFF TRACK, 1 EXTEND, incidents open: 4"),
        (ES, f"[▲ FUERA DE RUMBO]{badge} 1 7 2 NO-GO, 1 FUERA DE RUMBO, 1 PROLONGAR, incidentes abiertos: 4"),
    ):
        lists = shown(of(*OF_BILLING, BAD, CALM), voice).rpartition("* - [{fleet}`")[2]
        assert row in " ".join(lists.replace("\n  - ", " ").split()), lists


def test_what_is_folded_says_how_it_stands_and_which_of_its_releases_are_not_fine() -> None:
    of_z = [replace(one, subject="z", current=False) for one in many(1, 10).releases]
    page = listed(of(*(replace(one, subject="a") for one in (*of_z, PAST, OF_BILLING[1])), *OF_BILLING, BAD, *of_z))
    until = "valid until 2026-03-04 11:00 UTC"
    assert [" ".join(words_of(one)) for one in re.findall("(?s)<summary.*?</summary>", page)] == [
        "And 4 more Not fine: 1 NO-GO",
        f"billing ◕ ON TRACK 5 releases · Not fine: 2 NO-GO, 1 EXTEND · {until}",
        f"orders ▲ OFF TRACK 1 release · Not fine: 1 OFF TRACK, incidents open: 4 · {until}",
        "z 10 releases",
    ]


def test_the_word_of_many_is_believed_as_long_as_each_that_it_needs() -> None:
    def until(*said: tuple[FleetWord, int]) -> object:
        found = [replace(CALM, word=word, valid_until=NOW + timedelta(hours=hours)) for word, hours in said]
        stands = fleet.standing(found)
        return stands.word, stands.until and (stands.until - NOW) / timedelta(hours=1)

    assert until((FleetWord.GO, 5), (FleetWord.ON_TRACK, 7)) == (FleetWord.ON_TRACK, 5)
    assert until((FleetWord.GO, 5), (FleetWord.NO_GO, 7)) == (FleetWord.NO_GO, 7)
    assert until((FleetWord.GO, 5), (FleetWord.UNKNOWN, 7)) == (FleetWord.UNKNOWN, None)
    assert fleet.standing([PAST]) == fleet.Standing(None, None, 1, 0, ())


def test_one_is_said_in_the_singular() -> None:
    one, two = of(CALM), of(CALM, replace(CALM, release="1.1.0"))
    for voice, of_one, of_two in ((EN, "1 release", "2 releases"), (ES, "1 versión", "2 versiones")):
        assert f"{of_one} ·" in words_of(listed(one, voice))
        assert f"{of_two} ·" in words_of(listed(two, voice))
        counts = dict.fromkeys(one.counts, 1)
        pages = shown(replace(one, counts=counts), voice) + listed(one, voice)
        assert re.findall(r"\b1 (?:releases|subjects|are|versiones|productos|more)\b", pages) == []


def test_two_subjects_of_like_names_have_two_anchors() -> None:
    assert fleet.anchor("a/b") != fleet.anchor("a b")
    assert fleet.anchor("🚀").startswith("s-")


def test_strangers_words_are_text_wherever_they_stand() -> None:
    for voice in (EN, ES):
        assert fleet.fleet(strangers.fleet(), voice)  # in Chromium, tests/pages opens it
        for name, body in fleet.list_pages(strangers.fleet(), voice):
            assert ("<script" in body, "<img" in body, "<svg" in body) == (False, False, False), name
            assert re.findall(r'href="(?!https?:|releases-|\.\./fleet)[^"]*"', body) == []
