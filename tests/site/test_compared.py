"""Tests that a release is shown beside the last accepted one, and that what is not known is not called mended."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from atalaya.records.judged import AcceptedBefore, CourseOfTest, FailedTest, FlakyClass, Judgement
from atalaya.records.stored import Outcome
from atalaya.site.fragments.compared import changed_promises, changed_tests, compared
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN = Renderer(Language("en"))
KEPT, BROKEN, UNKNOWN = Outcome.KEPT, Outcome.BROKEN, Outcome.UNKNOWN
CONFIRMED, SUSPECT, LOST = FlakyClass.CONFIRMED, FlakyClass.SUSPECT, FlakyClass.BROKEN
TEST = "exports::test_ready"


def shown(judgement: Judgement) -> str:
    return compared(judgement, EN).replace("\\", "")


def test_where_no_release_was_accepted_that_is_said_and_nothing_else():
    said = shown(replace(example.judgement(), accepted=None))
    assert said == "No release before this one was accepted: there is nothing to compare with."


def test_a_release_stands_beside_the_accepted_one_with_what_became_worse():
    said = shown(replace(example.judgement(), accepted=example.accepted("1.0.0")))
    assert "{release}`1.0.0`" in said
    assert "Newly broken promises: 1" in said
    assert "{promise}`polling.fresh-status`" in said
    assert f"Incidents: 0, open: 0; before: {len(example.accepted('1').incidents)}" in said


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [(KEPT, BROKEN, True), (BROKEN, KEPT, True), (KEPT, KEPT, False), (KEPT, UNKNOWN, True), (None, BROKEN, True)],
)
def test_a_promise_is_shown_where_its_outcome_is_another(before: Outcome | None, now: Outcome, changes: bool):
    base = example.judgement()
    one = replace(base.promises[0], outcome=now)
    accepted = AcceptedBefore(version="1.0.0", outcomes={one.promise.id: before} if before is not None else {})
    found = changed_promises(replace(base, promises=(one,)), accepted)
    expected = [(before if before is not None else UNKNOWN, now)] if changes else []
    assert [(each.before, each.now) for each in found] == expected


def judged(kind: FlakyClass | None, *, failed: tuple[FailedTest, ...] = (), clean: int = 0) -> Judgement:
    base = example.judgement()
    flaky = (replace(base.flaky[0], test=TEST, kind=kind),) if kind is not None else ()
    return replace(base, flaky=flaky, failed_tests=failed, clean_tests={TEST: clean} if clean else {})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, CONFIRMED, [(None, CONFIRMED)]),
        (None, SUSPECT, []),  # it failed once, and may be any
        (CONFIRMED, CONFIRMED, []),
        (CONFIRMED, LOST, [(CONFIRMED, LOST)]),
    ],
)
def test_a_test_that_is_flaky_or_broken_is_shown_where_it_was_not_so(before, now, expected):
    accepted = AcceptedBefore(version="1.0.0", unsteady={TEST: before} if before is not None else {})
    assert [(one.before, one.now) for one in changed_tests(judged(now), accepted)] == expected


@pytest.mark.parametrize(("clean", "course"), [(9, CourseOfTest.PASSED), (0, CourseOfTest.NOT_RUN)])
def test_a_test_that_is_not_run_any_more_is_not_called_passing(clean: int, course: CourseOfTest):
    accepted = AcceptedBefore(version="1.0.0", unsteady={TEST: CONFIRMED})
    (one,) = changed_tests(judged(None, clean=clean), accepted)
    assert (one.before, one.now) == (CONFIRMED, course)


def test_strangers_tests_are_text_there():
    said = compared(replace(example.judgement(), accepted=example.accepted("1.0.0", strangers=True)), EN)
    assert "\n<script>" not in said
    assert "`<script>alert('" in said
