"""Reads CTRF reports test by test.

Read leniently, since producers differ: early reports have no envelope, extra members are common, times may be
seconds. The tests are counted, and the summary is only compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atalaya.evidence.readers.causes import stated_in
from atalaya.evidence.readers.model import (
    LIMITS,
    LOST_IN_SILENCE,
    Case,
    Contents,
    Problem,
    Timestamp,
    beyond,
    cut_message,
    cut_name,
    more_in_summary,
    text_in,
    timestamp_of_epoch,
    whole,
    whole_in,
)
from atalaya.records.stored import CaseOutcome

# A word that is not here, in this very spelling, is no outcome: `timedOut` and `PASSED` are unknown.
OUTCOMES: dict[str, CaseOutcome] = {
    "passed": CaseOutcome.PASSED,
    "failed": CaseOutcome.FAILED,
    "skipped": CaseOutcome.SKIPPED,
    "pending": CaseOutcome.SKIPPED,
    "other": CaseOutcome.UNKNOWN,
}
RED = (CaseOutcome.FAILED,)


def recognises(document: Any) -> bool:
    """Whether a JSON document is CTRF, with its envelope or, as early ones are, without."""
    results = document.get("results") if isinstance(document, dict) else None
    return isinstance(results, dict) and isinstance(results.get("tests"), list)


def contents(document: Mapping[str, Any]) -> Contents:
    """The tests of a report that :func:`recognises` has accepted.

    :raises Declined: there are more than may be read.
    """
    results = document["results"]
    tests = [test for test in results["tests"] if isinstance(test, dict)]
    if len(tests) > LIMITS["cases"].most:
        raise beyond("cases")
    summary = results.get("summary")
    declared = whole_in(summary, "tests")
    timestamp = timestamp_of_epoch(summary.get("start")) if isinstance(summary, dict) else None
    cases: list[Case] = []
    tries = 0
    for test in tests:
        cases.append(_case(test, timestamp))
        tries += 1 + len(cases[-1].lost)  # `retries` is but a number in the file, and an attempt each here
        if tries > LIMITS["cases"].most:
            raise beyond("cases")
    return Contents(
        cases=tuple(cases),
        declared=declared,
        doubts=tuple(more_in_summary(summary, cases, {"failed": RED, "other": (CaseOutcome.UNKNOWN,)}, "tests")),
        notes=tuple(_notes(tests, len(results["tests"]), summary, cases)),
        timestamp=min(
            (case.timestamp for case in cases if case.timestamp), key=lambda each: each.at, default=timestamp
        ),
    )


def _case(test: Mapping[str, Any], timestamp: Timestamp | None) -> Case:
    outcome = OUTCOMES.get(text_in(test, "status"), CaseOutcome.UNKNOWN)
    failed = outcome is CaseOutcome.FAILED
    problem = Problem(
        element="failure",
        outcome=CaseOutcome.FAILED,
        type="",
        message=cut_message(text_in(test, "message")),
        text=cut_message(text_in(test, "trace")),
        causes=stated_in(text_in(test, "trace")) if failed else (),
    )
    return Case(
        suite=0,
        suites=tuple(cut_name(name) for name in _suites(test.get("suite"))),
        classname="",
        name=cut_name(text_in(test, "name")),
        file=cut_name(text_in(test, "filePath")),
        hostname=cut_name(text_in(test, "browser") or text_in(test, "device")),
        outcome=outcome,
        duration_s=_duration_s(test.get("duration")),
        timestamp=timestamp_of_epoch(test.get("start")) or timestamp,
        problems=(problem,) if failed else (),
        lost=tuple(_lost(test, failed)),
    )


def _suites(value: Any) -> list[str]:
    """A list of names; in early reports one text."""
    if isinstance(value, str):
        return [whole(value)] if value else []
    return [whole(name) for name in value if isinstance(name, str) and name] if isinstance(value, list) else []


def _lost(test: Mapping[str, Any], failed: bool) -> Iterator[Problem]:
    """The attempts that were made before the last: as they are told one by one, or as many as ``retries`` says.

    A test that only claims to be flaky has lost none that anybody knows of.
    """
    element = "rerunFailure" if failed else "flakyFailure"
    told = test.get("retryAttempts")
    if isinstance(told, list) and told:
        if len(told) > LIMITS["attempts"].most:
            raise beyond("attempts")
        for attempt in told:
            if isinstance(attempt, dict) and OUTCOMES.get(text_in(attempt, "status")) is CaseOutcome.FAILED:
                yield Problem(
                    element=element,
                    outcome=CaseOutcome.FAILED,
                    type="",
                    message=cut_message(text_in(attempt, "message")),
                    text=cut_message(text_in(attempt, "trace")),
                    causes=stated_in(text_in(attempt, "trace")),
                    duration_s=_duration_s(attempt.get("duration")),
                )
        return
    retries = test.get("retries")
    if isinstance(retries, int) and not isinstance(retries, bool) and retries > 0:
        if retries > LIMITS["attempts"].most:
            raise beyond("attempts")
        for _ in range(retries):
            yield Problem(element=element, outcome=CaseOutcome.FAILED, type="", message=LOST_IN_SILENCE)


def _notes(tests: list[dict[str, Any]], members: int, summary: Any, cases: Sequence[Case]) -> Iterator[str]:
    if len(tests) < members:
        yield f"Members of its list of tests that are no tests: {members - len(tests)}."
    strange = sorted(
        {text_in(test, "status")[:50] or "(none)" for test in tests if text_in(test, "status") not in OUTCOMES}
    )
    if strange:
        yield f"Words that are no status of CTRF, taken as unknown: {', '.join(map(repr, strange[:10]))}."
    claimed = sum(test.get("flaky") is True and not case.lost for test, case in zip(tests, cases, strict=True))
    if claimed:
        yield f"Tests that it calls flaky, with no lost attempt to show for it: {claimed}."
    for name, outcome in (("failed", CaseOutcome.FAILED), ("passed", CaseOutcome.PASSED)):
        counted, said = sum(case.outcome is outcome for case in cases), whole_in(summary, name)
        if said is not None and (said < counted or (said > counted and name == "passed")):
            yield f"Its summary says {said} {name}; there are {counted}."


def _duration_s(milliseconds: Any) -> float | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return milliseconds / 1000 if 0 <= milliseconds < 1e12 else None
