"""Tests that the promises' pages show what each promise is, what it tests and what it has caught."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from atalaya.records.stored import EventKind
from atalaya.selftest.detector_record import Detector, Detectors, Measured, Sight
from atalaya.selftest.detector_record import digest as digest_of_code
from atalaya.selftest.last_run import Run, SelfTest
from atalaya.selftest.prove import Caught
from atalaya.site.fragments.contract import PAGES, about_the_checks, fragment_of, statements, write_promise_pages
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.ours import PACK, PROMISES, STATEMENTS

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
ID = "config.no-fallback"
RUN = Run(
    made_at=datetime(2026, 1, 31, 9, tzinfo=UTC),
    python="3.11.7",
    subject_digest="d",
    to_all=True,
    defects=(
        Caught(id="fallback-address", expected=(ID,), caught_by=(ID, "config.blank-url-is-an-error")),
        Caught(id="switch-ignored", expected=("cache.switch-is-honoured",), caught_by=()),
    ),
)
TESTED = SelfTest(pack=PACK, runs=(RUN,))


def page(id: str, tested: SelfTest | None = TESTED, voice: Renderer = EN) -> str:
    return about_the_checks(PACK, tested)[fragment_of(id)](voice)


def test_every_promise_has_a_page_that_includes_its_fragment(tmp_path):
    written = write_promise_pages(tmp_path, PACK)
    assert {f"{promise.id}.md" for promise in PROMISES} == {file.name for file in written}
    assert fragment_of(ID) in (tmp_path / PAGES / f"{ID}.md").read_text()
    assert {fragment_of(promise.id) for promise in PROMISES} < set(about_the_checks(PACK, None))


def test_the_page_of_a_promise_that_is_gone_is_taken_away(tmp_path):
    write_promise_pages(tmp_path, PACK)
    old = tmp_path / PAGES / "config.of-old.md"
    old.write_text("# of old")
    assert write_promise_pages(tmp_path, PACK) == ()
    assert not old.exists()


def test_a_page_says_what_has_turned_the_promise_red_and_when():
    said = page(ID)
    assert "2026-01-31 09:00 UTC" in said
    assert "fallback-address" in said
    assert "atalaya check --promise config.no-fallback" in said


def test_a_sentence_of_the_contract_that_a_promise_tests_begins_its_row() -> None:
    assert "* - There is no built\\-in base URL\\.\n  - Configuration\n" in page(ID)


def test_a_defect_that_turned_it_red_by_the_way_is_told_apart():
    assert "  - as it should\n" in page(ID)
    assert "  - and is about another promise\n" in page("config.blank-url-is-an-error")


@pytest.mark.parametrize("tested", [None, TESTED])
def test_a_promise_that_was_never_seen_red_proves_nothing_and_its_page_says_so(tested):
    assert "proves nothing" in page("cache.switch-is-honoured", tested)
    assert "no prueba nada" in page("cache.switch-is-honoured", tested, ES)


def test_every_sentence_of_the_contract_is_on_the_page_with_its_promises_or_its_reason():
    said = statements(PACK, EN)
    assert said.count("\n* - ") == len(STATEMENTS) + len({statement.section for statement in STATEMENTS})
    for statement in STATEMENTS:
        assert all(f"{{promise}}`{id}`" in said for id in statement.promises)


def test_a_page_says_when_its_promise_was_last_seen_red_whatever_was_shown_to_others_since():
    later = Run(made_at=RUN.made_at + timedelta(days=1), python="3.12.1", subject_digest="d", to_all=True, defects=())
    another = replace(later, defects=(Caught(id="d", expected=("cache.only-gets",), caught_by=("cache.only-gets",)),))
    again = replace(later, defects=(Caught(id="fallback-to-dev", expected=(ID,), caught_by=(ID,)),))
    assert "2026-01-31 09:00 UTC" in page(ID, SelfTest(pack=PACK, runs=(RUN, another)))
    assert "2026-02-01 09:00 UTC" in page(ID, SelfTest(pack=PACK, runs=(RUN, again)))


def test_a_self_test_of_several_runs_is_as_old_as_its_oldest_and_names_each_python():
    later = replace(RUN, made_at=RUN.made_at + timedelta(days=1), python="3.12.1", defects=RUN.defects[:1])
    both = SelfTest(pack=PACK, runs=(later, replace(RUN, defects=RUN.defects[1:])))
    said = about_the_checks(PACK, both)["matrix"](EN)
    assert "1 of 2 seeded defects" in said
    assert r"2026-01-31 09:00 UTC]{.instant}, Python 3\.11\.7\, 3\.12\.1" in said


def test_the_matrix_says_what_survived_what_was_never_red_and_what_each_check_sees():
    said = about_the_checks(PACK, TESTED)["matrix"](EN)
    assert "1 of 2 seeded defects" in said
    assert "Survived\\: `switch-ignored`" in said
    assert "1 / 1" in said
    assert "5\\%" in said  # of one defect caught out of one, at the least
    assert "cache\\.switch" in said or "cache.switch-is-honoured" in said


def test_without_a_self_test_the_matrix_says_how_to_make_one():
    assert "atalaya prove" in about_the_checks(PACK, None)["matrix"](EN)


def measured(detector: Detector, sight: Sight, digest: str = "") -> Measured:
    return Measured(made_at=RUN.made_at, python="3", digest=digest or digest_of_code(PACK, detector), sight=sight)


LOGS = Sight(seeded={EventKind.STALE_READ: {"en-stale-read/plain": True, "en-stale-read/github": False}})
SMOKE = Sight(seeded={EventKind.STALE_READ: {"bypass-reads": True, "bypass-lost-on-the-way": False}})


def detectors(**digests: str) -> Detectors:
    sights = {Detector.SMOKE: SMOKE, Detector.LOGS: LOGS}
    return Detectors(detectors={one: measured(one, sight, digests.get(str(one), "")) for one, sight in sights.items()})


@pytest.mark.parametrize("selftest", [TESTED, None], ids=["beside the matrix", "without one"])
def test_the_matrix_says_what_was_seeded_into_what_and_whether_it_was_caught(selftest: SelfTest | None):
    said = about_the_checks(PACK, selftest, detectors())["matrix"](EN)
    assert "* - The smoke\n  - stale\\-read\n  - 1 / 2\n  - [2026-01-31 09:00 UTC]" in said
    assert "* - The reader of logs\n  - stale\\-read\n  - 1 / 2\n  - [2026-01-31 09:00 UTC]" in said
    assert "Not caught\\: `bypass-lost-on-the-way`" in said
    assert re.search(r"`bypass-reads`.*\n\n.*A bypass still reads the cache\\\.\n  - caught\n", said)
    assert re.search(r"`bypass-lost-on-the-way`.*\n\n.*\n  - not caught\n", said)
    assert "* - `stale read: CREATED, served READY`\n  - 1 / 2\n" in said


def test_what_was_seen_by_other_code_is_not_shown_and_says_how_to_test_this():
    said = about_the_checks(PACK, TESTED, detectors(smoke="another"))["matrix"](EN)
    assert re.search(r"Its code is another than that which was tested on .{0,3}2026.{1,2}01.{1,2}31 09", said)
    assert "bypass-lost-on-the-way" not in said


def test_an_error_of_a_detector_is_named():
    alarmed = Detectors(
        detectors={Detector.SMOKE: measured(Detector.SMOKE, replace(SMOKE, nothing={"healthy": False}))}
    )
    said = about_the_checks(PACK, TESTED, alarmed)["matrix"](EN)
    assert "Taken for an event\\, and none\\: `healthy`" in said
    assert "`atalaya prove --detectors` does it" in said  # of the logs
