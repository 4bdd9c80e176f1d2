"""Do the pages of the promises say what each is, what it tests, and what it has caught?"""

from datetime import UTC, datetime

import pytest

from checks.errors import UsageError
from checks.includes.contract import PAGES, about_the_checks, fragment_of, statements, write_promise_pages
from checks.includes.language import Language
from checks.includes.voice import Voice
from checks.proving import selftest
from checks.proving.prove import Caught, proven
from checks.proving.selftest import FILE, SelfTest
from tests.ours import IDS, PACK, PROMISES, STATEMENTS

EN, ES = Voice(Language("en")), Voice(Language("es"))
ID = "config.no-fallback"
TESTED = SelfTest(
    made_at=datetime(2026, 1, 31, 9, tzinfo=UTC),
    python="3.11.7",
    subject_digest="d",
    to_all=True,
    proven=proven(
        [
            Caught(id="fallback-address", expected=(ID,), caught_by=(ID, "config.blank-url-is-an-error")),
            Caught(id="switch-ignored", expected=("cache.switch-is-honoured",), caught_by=()),
        ],
        IDS,
    ),
)


def page(id: str, tested: SelfTest | None = TESTED, voice: Voice = EN) -> str:
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
    assert "nox -s checks -- --promise config.no-fallback" in said


def test_a_defect_that_turned_it_red_by_the_way_is_told_apart():
    assert "it should" in page(ID)
    assert "besides" in page("config.blank-url-is-an-error")


@pytest.mark.parametrize("tested", [None, TESTED])
def test_a_promise_that_was_never_seen_red_proves_nothing_and_its_page_says_so(tested):
    assert "proves nothing" in page("cache.switch-is-honoured", tested)
    assert "no prueba nada" in page("cache.switch-is-honoured", tested, ES)


def test_every_sentence_of_the_contract_is_on_the_page_with_its_promises_or_its_reason():
    said = statements(PACK, EN)
    assert said.count("\n* - ") == len(STATEMENTS) + len({statement.section for statement in STATEMENTS})
    for statement in STATEMENTS:
        assert all(f"{{promise}}`{id}`" in said for id in statement.promises)


def test_a_self_test_is_read_as_it_was_written(tmp_path):
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(selftest.encoded(TESTED))
    assert selftest.read(tmp_path) == TESTED


def test_no_self_test_is_no_error_and_a_broken_one_is(tmp_path):
    assert selftest.read(tmp_path) is None
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text("{")
    with pytest.raises(UsageError, match="nox -s prove"):
        selftest.read(tmp_path)


def test_the_matrix_says_what_survived_what_was_never_red_and_what_each_check_sees():
    said = about_the_checks(PACK, TESTED)["matrix"](EN)
    assert "1 of 2 seeded defects" in said
    assert "Survived\\: `switch-ignored`" in said
    assert "1 / 1" in said
    assert "5\\%" in said  # of one defect caught out of one, at the least
    assert "cache\\.switch" in said or "cache.switch-is-honoured" in said


def test_without_a_self_test_the_matrix_says_how_to_make_one():
    assert "nox -s prove" in about_the_checks(PACK, None)["matrix"](EN)
