"""The fragments of the history: each promise, and each test that ever failed, over all releases.

They are made from the judgements, which the store keeps for a release that has not changed. A release in which
something was not run, or that has not come so far, says that it is not known.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from atalaya.core.words import N_
from atalaya.records.judged import (
    CourseOfTest,
    FailedTest,
    FlakyTest,
    Incident,
    Judgement,
    PromiseStatus,
    VariantAttempts,
)
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import CaseOutcome, Evidence, Observation, Outcome, TestAttempt
from atalaya.site.fragments import segments
from atalaya.site.fragments.incidents import link as link_to_incident
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import BEGUN, render
from atalaya.watch.incidents.fingerprint import cause_of_attempt

TESTS = "tests"
TESTS_ON_A_PAGE = 40
MOST_TESTS = 400
MOST_ROWS = 60  # of one table
NEWEST = 3  # releases that a test shows whatever became of it there; of all others, those in which it failed
MOST_SEGMENTS = 3
MOST_VARIANTS = 8  # that are named beside one another


class Page(NamedTuple):
    """A page of the history: its title, and what stands below it."""

    title: str
    body: Markdown


# ── the promises ─────────────────────────────────────────────────────────────


class PromiseCourse(NamedTuple):
    """How one promise did: what it came to in each real release and in each rehearsal, the oldest first."""

    status: PromiseStatus  # in the newest of all
    real: tuple[tuple[Judgement, PromiseStatus], ...]
    rehearsed: tuple[tuple[Judgement, PromiseStatus], ...]
    last_red: datetime | None

    @property
    def broken_in(self) -> tuple[Judgement, ...]:
        """The real releases in which a run found it broken, the newest first."""
        return tuple(judgement for judgement, status in reversed(self.real) if status.broken)

    @property
    def newest(self) -> PromiseStatus:
        """What it came to in the newest real release; in the newest rehearsal where there is none."""
        return (self.real or self.rehearsed)[-1][1]


class BrokenPromise(NamedTuple):
    """One promise in one release in which it was broken: when first and last, its incidents, and its evidence."""

    judgement: Judgement
    status: PromiseStatus
    first_at: datetime | None
    last_at: datetime | None
    incidents: tuple[Incident, ...]
    evidence: tuple[SegmentInfo, ...]


def promise_courses(
    judgements: Sequence[Judgement], last_red: Mapping[str, datetime]
) -> dict[str, list[PromiseCourse]]:
    """How each promise that is tested today did, by its family.

    :param judgements: of all releases, the newest first.
    :param last_red: when the self-test last saw each promise red.
    """
    oldest_first = list(reversed(judgements))
    known = [(one, {status.promise.id: status for status in one.promises}) for one in oldest_first]
    families: dict[str, list[PromiseCourse]] = {}
    for status in judgements[0].promises if judgements else ():
        id = status.promise.id
        seen = [(one, by_id[id]) for one, by_id in known if id in by_id]
        red = [last_red.get(id), *(each.last_seen_red_at for _, each in seen)]
        course = PromiseCourse(
            status=status,
            real=tuple(one for one in seen if not one[0].release.rehearsal),
            rehearsed=tuple(one for one in seen if one[0].release.rehearsal),
            last_red=max(filter(None, red), default=None),
        )
        families.setdefault(status.promise.contract, []).append(course)
    return families


def broken_promises(judgements: Sequence[Judgement], family: str) -> Iterator[BrokenPromise]:
    """Each promise of a family in each release in which it was broken, the newest release first."""
    for judgement in judgements:
        behind = _behind(judgement, Observation)
        for status in judgement.promises:
            if status.promise.contract == family and status.broken:
                found = behind.get(status.promise.id, [])
                times = [record.occurred_at for record, _ in found]
                yield BrokenPromise(
                    judgement=judgement,
                    status=status,
                    first_at=min(times, default=None),
                    last_at=max(times, default=None),
                    incidents=_incidents(judgement, promise=status.promise.id),
                    evidence=_evidence(found),
                )


def page_of_family(family: str) -> str:
    """The name of the page of a family of promises."""
    return f"promises-{family}"


def _family(family: str, courses: Sequence[PromiseCourse], judgements: Sequence[Judgement], voice: Renderer) -> Page:
    broken = list(broken_promises(judgements, family))
    ordered = sorted(courses, key=lambda one: (not one.broken_in, one.newest.outcome is not Outcome.BROKEN))
    body = render(
        "history-promises",
        voice,
        family=family,
        courses=ordered,
        legend=list(Outcome),
        broken_in=lambda found: myst.joined((_version(one) for one in found), Markdown(", ")),
        outcomes=lambda seen: [status.outcome for _, status in seen],
        counted=lambda seen: counted((status.outcome for _, status in seen), voice),
        broken=broken[:MOST_ROWS],
        more=max(0, len(broken) - MOST_ROWS),
        releases=Counter(one.release.rehearsal for one in judgements),
        **_cells(voice),
    )
    return Page(voice.language.gettext(N_("Promises over the releases: {family}")).replace("{family}", family), body)


# ── the tests that ever failed ───────────────────────────────────────────────


class InOneRelease(NamedTuple):
    """One test in one release: its attempts where it failed there, or only how many there were where it did not."""

    judgement: Judgement
    course: CourseOfTest
    failed: FailedTest | None
    attempts: int
    flaky: FlakyTest | None
    incidents: tuple[Incident, ...]
    evidence: tuple[SegmentInfo, ...]

    @property
    def failing(self) -> tuple[VariantAttempts, ...]:
        """The variants in which it failed here."""
        return tuple(one for one in self.failed.variants if one.failed) if self.failed else ()

    @property
    def others(self) -> tuple[VariantAttempts, ...]:
        """Those in which it did not."""
        return tuple(one for one in self.failed.variants if not one.failed) if self.failed else ()


class HistoryOfTest(NamedTuple):
    """One test that ever failed, in every release, the newest first."""

    test: str
    critical: bool
    first_failed_at: datetime | None
    last_failed_at: datetime | None
    releases: tuple[InOneRelease, ...]

    @property
    def id(self) -> str:
        """What its place on a page is called for ever."""
        return f"t-{hashlib.sha256(self.test.encode('utf-8', 'replace')).hexdigest()[:12]}"

    @property
    def courses(self) -> tuple[CourseOfTest, ...]:
        """How it did in each real release in which it was run, the oldest first; of none, in each such rehearsal."""
        run = [one for one in reversed(self.releases) if one.course is not CourseOfTest.NOT_RUN]
        real = [one for one in run if not one.judgement.release.rehearsal]
        return tuple(one.course for one in real or run)

    @property
    def shown(self) -> tuple[InOneRelease, ...]:
        """Those that have rows of their own."""
        return tuple(one for number, one in enumerate(self.releases) if one.failed or number < NEWEST)

    @property
    def others(self) -> dict[CourseOfTest, int]:
        """Of those that have none, how many there are of each course."""
        return dict(Counter(one.course for one in self.releases[NEWEST:] if not one.failed))

    @property
    def failed_in(self) -> tuple[InOneRelease, ...]:
        """Those in which it failed."""
        return tuple(one for one in self.releases if one.failed)

    @property
    def flaky(self) -> FlakyTest | None:
        """Its class in the newest release in which it failed."""
        return self.failed_in[0].flaky if self.failed_in else None


def failed_ever(judgements: Sequence[Judgement]) -> list[HistoryOfTest]:
    """Every test that ever failed in any release, that which failed last first.

    :param judgements: of all releases, the newest first.
    """
    failed = [{test.test: test for test in one.failed_tests} for one in judgements]
    flaky = [{test.test: test for test in one.flaky} for one in judgements]
    behind = [_behind(one, TestAttempt) for one in judgements]
    found = []
    for name in {test for of_release in failed for test in of_release}:
        releases = tuple(
            _in_one_release(judgement, failed[at].get(name), flaky[at].get(name), behind[at].get(name, []), name)
            for at, judgement in enumerate(judgements)
        )
        own = [one.failed for one in releases if one.failed]
        found.append(
            HistoryOfTest(
                test=name,
                critical=any(one.critical for one in own),
                first_failed_at=min((one.first_failed_at for one in own if one.first_failed_at), default=None),
                last_failed_at=max((one.last_failed_at for one in own if one.last_failed_at), default=None),
                releases=releases,
            )
        )
    by_name = sorted(found, key=lambda one: one.test)
    return sorted(by_name, key=lambda one: one.last_failed_at.timestamp() if one.last_failed_at else 0, reverse=True)


def _in_one_release(
    judgement: Judgement,
    failed: FailedTest | None,
    flaky: FlakyTest | None,
    behind: Sequence[tuple[Evidence, SegmentInfo]],
    name: str,
) -> InOneRelease:
    passed = judgement.clean_tests.get(name, 0)
    if failed is not None:
        course = failed.course
        attempts = sum(one.passed + one.failed for one in failed.variants)
    else:
        course, attempts = CourseOfTest.PASSED if passed else CourseOfTest.NOT_RUN, passed
    return InOneRelease(
        judgement=judgement,
        course=course,
        failed=failed,
        attempts=attempts,
        flaky=flaky,
        incidents=_incidents(judgement, test=name) if failed else (),
        evidence=_evidence(behind),
    )


def page_of_test(number: int) -> str:
    """The name of the page that the test of this number, from 0, stands on."""
    page = number // TESTS_ON_A_PAGE + 1
    return TESTS if page == 1 else f"{TESTS}-{page}"


def _tests(found: Sequence[HistoryOfTest], voice: Renderer) -> Iterator[tuple[str, Page]]:
    """The pages of the tests that ever failed: one at least, and no more than a few."""
    shown = found[:MOST_TESTS]
    pages = -(-len(shown) // TESTS_ON_A_PAGE) or 1
    for page in range(pages):
        first = page * TESTS_ON_A_PAGE
        of_page = shown[first : first + TESTS_ON_A_PAGE]
        body = render(
            "history-tests",
            voice,
            tests=of_page,
            total=len(found),
            page=page + 1,
            legend=list(CourseOfTest),
            pages=[myst.history(str(number + 1), page_of_test(number * TESTS_ON_A_PAGE)) for number in range(pages)],
            more=len(found) - len(shown),
            most_rows=MOST_ROWS,
            strip_of=lambda test: test.courses,
            counts_of=lambda found: _counts(found, voice),
            variants=lambda found: _names(found, voice),
            earlier=lambda courses: [
                myst.joined((voice.badge(course), voice.number(n))) for course, n in courses.items()
            ],
            **_cells(voice),
        )
        title = voice.language.gettext(N_("Tests that ever failed"))
        yield page_of_test(first), Page(title if pages == 1 else f"{title} ({page + 1}/{pages})", body)


def _names(found: Sequence[VariantAttempts], voice: Renderer) -> Markdown:
    """The names of variants, the first of them; the others are counted."""
    more = [voice(N_("and {n} more"), n=len(found) - MOST_VARIANTS)] if len(found) > MOST_VARIANTS else []
    return myst.joined([*(voice.variant(one.variant) for one in found[:MOST_VARIANTS]), *more], Markdown(", "))


def _counts(found: Sequence[VariantAttempts], voice: Renderer) -> Markdown:
    """How many attempts of some variants ended how."""
    words = (
        (CaseOutcome.PASSED, sum(one.passed for one in found)),
        (CaseOutcome.FAILED, sum(one.failed for one in found)),
        (CaseOutcome.SKIPPED, sum(one.skipped for one in found)),
    )
    return myst.joined((myst.joined((voice.word(word), voice.number(n))) for word, n in words if n), Markdown(", "))


# ── all of it ────────────────────────────────────────────────────────────────


def overview(judgements: Sequence[Judgement], last_red: Mapping[str, datetime], voice: Renderer) -> Markdown:
    """What the pages of the history hold: the families of promises, and the tests that failed last."""
    families = promise_courses(judgements, last_red)
    tests = failed_ever(judgements)
    return render(
        "history",
        voice,
        releases=Counter(one.release.rehearsal for one in judgements),
        families=families,
        page_of_family=page_of_family,
        broken_now=lambda courses: sum(one.newest.outcome is Outcome.BROKEN for one in courses),
        broken_ever=lambda courses: sum(bool(one.broken_in) for one in courses),
        tests=[(test, f"{page_of_test(number)}#{test.id}") for number, test in enumerate(tests[:BEGUN])],
        total=len(tests),
        strip_of=lambda test: test.courses,
    )


def pages(judgements: Sequence[Judgement], last_red: Mapping[str, datetime], voice: Renderer) -> dict[str, Page]:
    """Every page of the history below its front, by name.

    :param judgements: of all releases, the newest first.
    """
    families = promise_courses(judgements, last_red)
    of_promises = {
        page_of_family(family): _family(family, courses, judgements, voice) for family, courses in families.items()
    }
    return of_promises | dict(_tests(failed_ever(judgements), voice))


def counted(outcomes: Iterable[Outcome], voice: Renderer) -> Markdown:
    """How many there are of each outcome, in words."""
    return myst.joined(
        (myst.joined((voice.word(word), voice.number(n))) for word, n in Counter(outcomes).items()), Markdown(", ")
    )


def _version(judgement: Judgement, page: str = "contracts") -> Markdown:
    """The name of a release, which leads to a page of it."""
    return myst.page(judgement.release.version, judgement.release.version, page)


def _cells(voice: Renderer) -> dict[str, Callable[..., Markdown | None]]:
    """What rows of several tables hold: a release, and of a failure its incidents and its evidence."""

    def release(judgement: Judgement, page: str) -> Markdown:
        link = _version(judgement, page)
        if not judgement.release.rehearsal:
            return link
        return myst.joined((link, voice.mark("✎", voice(N_("REHEARSAL")), "unsure")))

    def incidents(one: BrokenPromise | InOneRelease) -> Markdown | None:
        links = [link_to_incident(one.judgement, incident) for incident in one.incidents]
        return myst.joined(links, Markdown(", ")) if links else None

    def evidence(one: BrokenPromise | InOneRelease) -> Markdown | None:
        links = [segments.short_link(each, one.judgement) for each in one.evidence]
        return myst.joined(links, Markdown(", ")) if links else None

    return {"release": release, "incidents": incidents, "evidence": evidence}


def _incidents(judgement: Judgement, *, promise: str = "", test: str = "") -> tuple[Incident, ...]:
    """The incidents that a broken promise, or a failing test, is a cause of."""
    cause = cause_of_attempt(test)
    ids = {
        one.incident
        for one in judgement.followed
        if (promise and promise in one.promises) or (test and cause in one.fingerprints)
    }
    return tuple(one for one in judgement.incidents if one.id in ids)


def _behind(judgement: Judgement, kind: type[Evidence]) -> dict[str, list[tuple[Evidence, SegmentInfo]]]:
    """The failures of a kind that are traced, by the promise or the test, each with its segment."""
    infos = {one.name: one for one in judgement.segments}
    found: dict[str, list[tuple[Evidence, SegmentInfo]]] = {}
    for trace in judgement.traces:
        record = trace.record
        if isinstance(record, kind) and trace.segment in infos:
            name = record.promise if isinstance(record, Observation) else getattr(record, "test", "")
            found.setdefault(name, []).append((record, infos[trace.segment]))
    return found


def _evidence(found: Sequence[tuple[Evidence, SegmentInfo]]) -> tuple[SegmentInfo, ...]:
    """The segments of the latest failures, the newest first."""
    newest = sorted(found, key=lambda one: one[0].occurred_at, reverse=True)
    return tuple(dict.fromkeys(segment for _, segment in newest))[:MOST_SEGMENTS]
