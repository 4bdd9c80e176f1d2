"""The fragment that holds a release against the last accepted one: figures, promises, tests and incidents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from atalaya.metrics.baseline_delta import NO_BASIS
from atalaya.records.judged import AcceptedBefore, Compared, CourseOfTest, FlakyClass, Incident, Judgement
from atalaya.records.results import Promise
from atalaya.records.stored import Outcome
from atalaya.site.fragments.figures import name_of
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.baseline import UNSTEADY
from atalaya.watch.states import OVER

MOST = 50  # rows of a table


class ChangedPromise(NamedTuple):
    """A promise that came to another outcome; UNKNOWN where the accepted release was not asked."""

    promise: Promise
    before: Outcome
    now: Outcome


class ChangedTest(NamedTuple):
    """A test that is flaky or broken in one of the two: its class there, and in the other how it did."""

    test: str
    before: FlakyClass | None  # None: it was neither flaky nor broken
    now: FlakyClass | CourseOfTest


def compared(judgement: Judgement, voice: Renderer) -> Markdown:
    """How the release stands beside the last accepted one; in words, where none was accepted."""
    accepted = judgement.accepted
    if accepted is None:
        return voice.say(NO_BASIS)
    promises, tests = changed_promises(judgement, accepted), changed_tests(judgement, accepted)
    return render(
        "compared",
        voice,
        judgement=judgement,
        accepted=accepted,
        called=lambda metric: name_of(metric, voice),
        regressed=sum(one.compared is Compared.REGRESSED for one in judgement.metrics),
        promises=promises[:MOST],
        worse=sum(one.now is Outcome.BROKEN for one in promises),
        tests=tests[:MOST],
        unsteady=sum(one.before is None for one in tests),
        more=(max(0, len(promises) - MOST), max(0, len(tests) - MOST)),
        incidents=[_counted(one) for one in (judgement.incidents, accepted.incidents)],
    )


def changed_promises(judgement: Judgement, accepted: AcceptedBefore) -> list[ChangedPromise]:
    """The promises with another outcome than in the accepted release, those that are broken now first."""
    found = [
        ChangedPromise(one.promise, accepted.outcomes.get(one.promise.id, Outcome.UNKNOWN), one.outcome)
        for one in judgement.promises
    ]
    changed = [one for one in found if one.before is not one.now]
    return sorted(changed, key=lambda one: one.now is not Outcome.BROKEN)


def changed_tests(judgement: Judgement, accepted: AcceptedBefore) -> list[ChangedTest]:
    """The tests that are flaky or broken in one of the two and not alike in the other, those that are now first."""
    now = {one.test: one.kind for one in judgement.flaky if one.kind in UNSTEADY}
    new = [
        ChangedTest(test, accepted.unsteady.get(test), kind)
        for test, kind in now.items()
        if accepted.unsteady.get(test) is not kind
    ]
    failed = {one.test: one.course for one in judgement.failed_tests}
    gone = [
        ChangedTest(test, kind, failed.get(test, _not_failed(test, judgement)))
        for test, kind in accepted.unsteady.items()
        if test not in now
    ]
    return [*sorted(new, key=lambda one: one.before is not None), *gone]


def _not_failed(test: str, judgement: Judgement) -> CourseOfTest:
    return CourseOfTest.PASSED if judgement.clean_tests.get(test) else CourseOfTest.NOT_RUN


def _counted(incidents: Iterable[Incident]) -> tuple[int, int]:
    """How many are open still, and how many there are."""
    found = list(incidents)
    return sum(one.state.lower() not in OVER for one in found), len(found)
