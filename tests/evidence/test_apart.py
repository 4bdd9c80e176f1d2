"""Tests that what counts in nothing is named with its reason and its failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from atalaya.evidence.apart import counts, is_of, lines
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    JobAttempt,
    Release,
    TestAttempt,
    record_metadata,
)
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
COMMIT, SAME, OTHER = "a" * 40, "b" * 40, "c" * 40
RELEASE = Release(version="1.0.0", commit="AAAAAAA", opened_at=T0)


def made(hours: float) -> Any:
    at = T0 + timedelta(hours=hours)
    return record_metadata("r", Environment.CI, at, at)


def job(hours: float = 1, conclusion: Conclusion = Conclusion.SUCCESS, commit: str = COMMIT, event: str = "") -> Any:
    names = {"workflow": "unit", "job": "j", "variant": "", "attempt": 1, "origin": "o"}
    return JobAttempt(**made(hours), **names, commit=commit, conclusion=conclusion, event=event)


def case(hours: float = 1, outcome: CaseOutcome = CaseOutcome.PASSED, commit: str = COMMIT) -> Any:
    names = {"test": "t", "variant": "", "attempt": 1, "origin": "o", "critical": False}
    return TestAttempt(**made(hours), **names, commit=commit, outcome=outcome)


def event(hours: float = 1, commit: str = COMMIT) -> Any:
    what = {"event": EventKind.NETWORK_ERROR, "expected": False, "blocking": True, "message": "m"}
    return Event(**made(hours), **what, place="p", origin="o", commit=commit)


TOLD = [
    ([job(), case(), event(), job(commit=SAME), job(commit=""), job(event="push"), job(hours=72)], ()),
    (
        [job(-1, Conclusion.FAILURE), job(-2, Conclusion.TIMED_OUT), job(-3), case(-1, CaseOutcome.ERRORED)],
        ("before T+0: counts in nothing (3 jobs, 2 failed; 1 test, 1 failed)",),
    ),
    ([event(-1), event(-2)], ("before T+0: counts in nothing (2 events)",)),
    ([job(72.01)], ("after the end of the window: counts in nothing (1 job, 0 failed)",)),
    (
        [job(commit=OTHER, event="pull_request"), case(commit=OTHER), event(commit=OTHER)],
        ("of another commit: shown apart, counts in nothing (1 job, 0 failed; 1 test, 0 failed; 1 event)",),
    ),
    (
        [job(event="pull_request", conclusion=Conclusion.FAILURE), job(event="fork")],
        (
            "started by fork: shown apart, counts in nothing (1 job, 0 failed)",
            "started by pull_request: shown apart, counts in nothing (1 job, 1 failed)",
        ),
    ),
]


def test_each_reason_has_a_line_and_what_counts_has_none() -> None:
    for evidence, expected in TOLD:
        assert tuple(map(str, lines(evidence, release=RELEASE, same_tree={SAME}))) == expected


@each_row(
    ("commit", "released", "is_one"),
    [
        (COMMIT, COMMIT[:7], True),
        (COMMIT[:7].upper(), COMMIT, True),
        (SAME, COMMIT, True),
        (OTHER, COMMIT, False),
        ("", COMMIT, True),
        (OTHER, "", True),
    ],
)
def test_a_commit_is_of_the_release_unless_both_are_known_and_differ(commit: str, released: str, is_one: bool) -> None:
    release = Release(version="1.0.0", commit=released, opened_at=T0)
    assert is_of(commit, release, {SAME}) is is_one


def test_what_starts_a_run_of_another_tree_does_not_count() -> None:
    events = ("push", "schedule", "workflow_dispatch", "release", "", "pull_request", "merge_group", "fork", "other")
    assert [counts(one) for one in events] == [True] * 5 + [False] * 4
