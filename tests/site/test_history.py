"""Tests that the history says of each promise and each test how it did in every release, and hides nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.records.judged import CourseOfTest, FailedTest, Incident, Judgement, VariantAttempts
from atalaya.records.stored import CaseOutcome, Outcome, Severity
from atalaya.site.build import history_pages
from atalaya.site.build.history_pages import publish_history
from atalaya.site.fragments import history
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.incidents.fingerprint import cause_of_attempt
from tests.site import example

EN = Renderer(Language("en"))
T0 = example.T0
PASSED, FAILED, SKIPPED = CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.SKIPPED
PROMISE, TEST = "polling.fresh-status", "exports::test_ready"


def variant(*latest: CaseOutcome, name: str = "py3.11", failed_h: float = 1) -> VariantAttempts:
    failed = T0 + timedelta(hours=failed_h) if FAILED in latest else None
    return VariantAttempts(
        variant=name,
        passed=latest.count(PASSED),
        failed=latest.count(FAILED),
        skipped=latest.count(SKIPPED),
        latest=latest,
        first_failed_at=failed,
        last_failed_at=failed,
    )


def failing(*variants: VariantAttempts, test: str = TEST) -> FailedTest:
    return FailedTest(test=test, critical=False, variants=variants)


def released(version: str, *, rehearsal: bool = False, outcome: Outcome = Outcome.KEPT, **changes: Any) -> Judgement:
    """A release in which one promise came to this outcome in each of two runs, and all others were kept."""
    base = example.judgement()
    promises = tuple(
        replace(
            one,
            outcome=outcome if one.promise.id == PROMISE else Outcome.KEPT,
            kept=2,
            broken=2 if one.promise.id == PROMISE and outcome is Outcome.BROKEN else 0,
            latest=(outcome, outcome),
        )
        for one in base.promises
    )
    said = {"promises": promises, "failed_tests": (), "clean_tests": {}, "traces": (), "flaky": ()}
    release = replace(base.release, version=version, rehearsal=rehearsal)
    return replace(base, release=release, **(said | changes))


def page(judgements: list[Judgement], name: str, voice: Renderer = EN) -> str:
    return history.pages(judgements, {}, voice)[name].body.replace("\\", "")


def row_of(shown: str, name: str) -> str:
    """The row of that name, of the table of all."""
    return next(
        row for row in re.split(r"^\* - ", shown, flags=re.MULTILINE) if row.startswith(f"[{{promise}}`{name}`")
    )


# ── promises ─────────────────────────────────────────────────────────────────


def test_a_promise_shows_its_outcome_in_each_release_the_oldest_on_the_left() -> None:
    newest_first = [released("1.2.0"), released("1.1.0", outcome=Outcome.BROKEN), released("1.0.0")]
    row = row_of(page(newest_first, "promises-polling"), PROMISE)
    assert "{strip}`kept 1, broken 1, kept 1 <good● bad✖ good●>`" in row
    assert "{release}`1.1.0 <1.1.0 contracts>`" in row
    assert "never" not in row


def test_a_rehearsal_is_told_apart_and_breaks_a_promise_in_no_release() -> None:
    both = [released("rehearsal-1", rehearsal=True, outcome=Outcome.BROKEN), released("1.0.0")]
    shown = page(both, "promises-polling")
    row = row_of(shown, PROMISE)
    assert "{strip}`kept 1 <good●>`" in row
    assert "{strip}`broken 1 <bad✖>`" in row
    assert "never" in row
    assert "Releases: 1; rehearsals: 1" in shown


def test_a_release_in_which_nothing_tested_a_promise_is_unknown_and_not_kept() -> None:
    row = row_of(page([released("1.1.0", outcome=Outcome.UNKNOWN), released("1.0.0")], "promises-polling"), PROMISE)
    assert "{strip}`kept 1, unknown 1 <good● unknown○>`" in row


def test_a_promise_that_no_release_has_is_not_shown_as_kept_there() -> None:
    older = released("1.0.0")
    older = replace(older, promises=tuple(one for one in older.promises if one.promise.id != PROMISE))
    assert "{strip}`kept 1 <good●>`" in row_of(page([released("1.1.0"), older], "promises-polling"), PROMISE)


def test_where_a_promise_was_broken_its_runs_incident_and_evidence_are_a_row() -> None:
    incident = Incident(id="INC-7", at=T0, impact="", root_cause="", fix="", state="open", severity=Severity.MAJOR)
    followed = example.judgement(incidents=True).followed[0]
    broken = released(
        "1.1.0",
        outcome=Outcome.BROKEN,
        incidents=(incident,),
        followed=(replace(followed, incident="INC-7", promises=(PROMISE,)),),
    )
    shown = page([broken], "promises-polling")
    first = shown[: shown.index("Every promise")]
    assert "Broken, by release: 1" in first
    assert "broken in 2 of 4 runs" in first
    assert "{release}`INC-7 <1.1.0 incidents#incident-inc-7>`" in first


def test_a_promise_was_last_seen_red_by_the_self_test_or_in_a_watch_whichever_is_later() -> None:
    later = T0 + timedelta(days=9)
    body = history.pages([released("1.0.0")], {PROMISE: later}, EN)["promises-polling"].body
    assert "2026-03-11 09:00 UTC" in row_of(body.replace("\\", ""), PROMISE)
    assert "2026-03-01 09:00 UTC" in row_of(page([released("1.0.0")], "promises-polling"), PROMISE)


def test_a_promise_that_was_never_seen_red_says_that_it_proves_nothing() -> None:
    release = released("1.0.0")
    release = replace(release, promises=tuple(replace(one, last_seen_red_at=None) for one in release.promises))
    assert "it proves nothing yet" in row_of(page([release], "promises-polling"), PROMISE)


# ── tests ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("course", "variants"),
    [
        (CourseOfTest.FAILED, [(PASSED, FAILED)]),
        (CourseOfTest.FAILED, [(FAILED, SKIPPED)]),  # what was skipped says nothing
        (CourseOfTest.MIXED, [(FAILED, PASSED)]),
        (CourseOfTest.FAILED, [(FAILED, PASSED), (PASSED, FAILED)]),
        (CourseOfTest.MIXED, [(FAILED, PASSED), (PASSED, PASSED)]),
    ],
)
def test_a_test_failed_in_the_end_where_the_last_attempt_of_a_variant_did(
    course: CourseOfTest, variants: list[tuple[CaseOutcome, ...]]
) -> None:
    assert course is failing(*(variant(*each, name=f"v{n}") for n, each in enumerate(variants))).course


def test_a_test_shows_every_release_in_which_it_was_run_and_none_in_which_it_was_not() -> None:
    newest_first = [
        released("1.3.0", clean_tests={TEST: 7}),
        released("1.2.0"),
        released("1.1.0", failed_tests=(failing(variant(PASSED, FAILED, PASSED)),)),
        released("1.0.0", clean_tests={TEST: 4, "another": 4}),
    ]
    (one,) = history.failed_ever(newest_first)
    assert one.courses == (CourseOfTest.PASSED, CourseOfTest.MIXED, CourseOfTest.PASSED)
    assert [each.course for each in one.releases][1] is CourseOfTest.NOT_RUN
    shown = page(newest_first, "tests")
    assert "<good● unsure◑ good●>" in shown
    assert "{strip}`passed 1, failed 1, passed 1 <good● bad✖ good●>`" in shown
    assert "○ not run" in shown[shown.index("{release}`1.2.0") :].partition("{release}`1.1.0")[0]


def test_of_earlier_releases_those_in_which_a_test_failed_have_rows_and_the_others_are_counted() -> None:
    failed = {36, 12}
    newest_first = [
        released(
            f"1.{n}.0",
            failed_tests=(failing(variant(FAILED)),) if n in failed else (),
            clean_tests={} if n in failed or n == 5 else {TEST: 4},
        )
        for n in reversed(range(40))
    ]
    shown = page(newest_first, "tests")
    rows = [row for row in re.split(r"^\* - ", shown, flags=re.MULTILINE) if "\n  - " in row][1:]
    assert [re.findall(r"<(1\.\d+\.0) evidence>", row) for row in rows] == [
        *([f"1.{n}.0"] for n in (39, 38, 37, 36, 12)),
        [],
    ]
    assert "Earlier releases and rehearsals: 35" in rows[-1]
    assert "[● passed each time]{.state .tone-good .state-passed-each-time} 34" in rows[-1]
    assert re.search(r"not run\]\{[^}]*\} 1\b", rows[-1])


def test_a_rehearsal_adds_nothing_to_how_a_test_did_in_releases() -> None:
    rehearsed = released("rehearsal-1", rehearsal=True, failed_tests=(failing(variant(FAILED)),))
    assert history.failed_ever([rehearsed])[0].courses == (CourseOfTest.FAILED,)
    assert history.failed_ever([rehearsed, released("1.0.0", clean_tests={TEST: 3})])[0].courses == (
        CourseOfTest.PASSED,
    )
    assert "REHEARSAL" in page([rehearsed], "tests")


def test_the_variants_that_failed_have_a_row_each_and_the_others_one_together() -> None:
    of_all = failing(variant(FAILED, name="bad"), *(variant(PASSED, PASSED, name=f"fine-{n}") for n in range(20)))
    shown = page([released("1.0.0", failed_tests=(of_all,))], "tests")
    assert (shown.count("\n* - "), "passed 40" in shown, "and 12 more" in shown) == (3, True, True)


def test_the_incident_of_a_failing_test_is_linked() -> None:
    incident = Incident(id="INC-9", at=T0, impact="", root_cause="", fix="", state="open", severity=Severity.MAJOR)
    followed = replace(
        example.judgement(incidents=True).followed[0], incident="INC-9", fingerprints=(cause_of_attempt(TEST),)
    )
    failed = (failing(variant(FAILED)), failing(variant(FAILED), test="another"))
    shown = page([released("1.0.0", failed_tests=failed, incidents=(incident,), followed=(followed,))], "tests")
    assert shown.count("{release}`INC-9 <1.0.0 incidents#incident-inc-9>`") == 1


def test_that_which_failed_last_comes_first() -> None:
    failed = tuple(failing(variant(FAILED, failed_h=hours), test=f"t{hours}") for hours in (1, 3, 2))
    found = history.failed_ever([released("1.0.0", failed_tests=failed)])
    assert [one.test for one in found] == ["t3", "t2", "t1"]


def many(n: int) -> list[Judgement]:
    return [released("1.0.0", failed_tests=tuple(failing(variant(FAILED), test=f"t{k:04}") for k in range(n)))]


@pytest.mark.parametrize(("n", "pages"), [(0, 1), (1, 1), (4, 1), (5, 2), (12, 3), (20, 3)])
def test_many_tests_stand_on_few_pages_and_the_rest_is_counted(
    n: int, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TESTS_ON_A_PAGE", 4)
    monkeypatch.setattr(history, "MOST_TESTS", 12)
    made = {name: page for name, page in history.pages(many(n), {}, EN).items() if name.startswith("tests")}
    blocks = sum(one.body.count("{dropdown}") for one in made.values())
    assert (len(made), blocks) == (pages, min(n, 12))
    assert ("8 more tests failed" in made["tests"].body) == (n == 20)


def test_the_place_of_a_test_on_a_page_is_its_own_for_ever() -> None:
    (one,) = history.failed_ever([released("1.0.0", failed_tests=(failing(variant(FAILED)),))])
    assert one.id == "t-8b7129ba38f6"
    others = history.failed_ever(many(3))
    assert len({other.id for other in others}) == 3


def test_where_no_test_failed_that_is_said_with_how_far_it_was_looked() -> None:
    assert "as far as reports of CI were taken in" in page([released("1.0.0")], "tests")


# ── files ────────────────────────────────────────────────────────────────────


def test_the_same_judgements_give_the_same_bytes_and_write_nothing_twice(tmp_path) -> None:
    judgements = [replace(example.judgement(strangers=True), accepted=None), released("1.0.0")]
    assert publish_history(tmp_path, tmp_path / "fragments", judgements, {})
    assert publish_history(tmp_path, tmp_path / "fragments", judgements, {}) == ()


def test_pages_of_tests_that_are_too_many_now_are_taken_away_from_the_tree_and_from_the_site(
    tmp_path, monkeypatch
) -> None:
    out = tmp_path / "html"
    monkeypatch.setattr(history, "TESTS_ON_A_PAGE", 4)
    for judgements in (many(6), many(3)):
        publish_history(tmp_path, tmp_path / "fragments", judgements, {})
        for folder in (out / "history", out / "es" / "history"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "tests.html").write_text("", encoding="utf-8")
            if len(judgements[0].failed_tests) > 4:
                (folder / "tests-2.html").write_text("", encoding="utf-8")
    history_pages.prune(tmp_path, out)
    left = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*tests*")}
    assert left == {
        "history/tests.md",
        "html/history/tests.html",
        "html/es/history/tests.html",
        *(f"fragments/{code}/history-tests.md" for code in LANGUAGES),
    }


# ── the strip itself ─────────────────────────────────────────────────────────


def test_a_strip_that_changes_often_is_told_by_its_sums() -> None:
    told = EN.strip([PASSED, FAILED] * 10)
    assert told is not None
    assert "`passed 10, failed 10 <good● bad✖ good●" in told
    assert EN.strip([]) is None
