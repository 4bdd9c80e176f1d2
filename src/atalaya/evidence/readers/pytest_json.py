"""Reads reports of pytest-json-report test by test.

A test that passed at a later attempt ends there as ``rerun``, and its lost attempts are gone. A collection that
failed has no tests at all: only the exit code and the list of collectors tell of it.
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
    SuiteFinding,
    Timestamp,
    beyond,
    cut_message,
    cut_name,
    more_in_summary,
    text_in,
    timestamp_of_epoch,
    whole_in,
)
from atalaya.records.stored import CaseOutcome

OUTCOMES: dict[str, CaseOutcome] = {
    "passed": CaseOutcome.PASSED,
    "xpassed": CaseOutcome.PASSED,
    "rerun": CaseOutcome.PASSED,
    "failed": CaseOutcome.FAILED,
    "error": CaseOutcome.ERRORED,
    "skipped": CaseOutcome.SKIPPED,
    "xfailed": CaseOutcome.SKIPPED,
}
PHASES = ("setup", "call", "teardown")
# pytest's own exit codes: all passed, tests failed, interrupted, internal error, wrong usage, nothing collected.
CLEAN = (0, 5)
NOT_CLEAN = {
    1: "Pytest failed, and none of its tests did",
    2: "Pytest was interrupted",
    3: "Pytest failed itself",
    4: "Pytest was called wrongly",
}
RED = (CaseOutcome.FAILED, CaseOutcome.ERRORED)


def recognises(document: Any) -> bool:
    """Whether a JSON document is one of pytest-json-report's."""
    return isinstance(document, dict) and {"created", "exitcode", "summary"} <= document.keys()


def contents(document: Mapping[str, Any]) -> Contents:
    """The tests of a report that :func:`recognises` has accepted.

    :raises Declined: there are more than may be read.
    """
    listed = document.get("tests")
    tests = [test for test in listed if isinstance(test, dict)] if isinstance(listed, list) else []
    if len(tests) > LIMITS["cases"].most:
        raise beyond("cases")
    timestamp = timestamp_of_epoch(document.get("created"))
    cases = tuple(_case(test, timestamp) for test in tests)
    findings = tuple(_findings(document))
    return Contents(
        cases=cases,
        findings=findings,
        suite_failures=0 if tests else len(findings),
        declared=whole_in(document.get("summary"), "total"),
        doubts=tuple(_doubts(document, cases, findings)),
        by_pytest=True,
        timestamp=timestamp,
    )


def _case(test: Mapping[str, Any], timestamp: Timestamp | None) -> Case:
    word = text_in(test, "outcome")
    outcome = OUTCOMES.get(word, CaseOutcome.UNKNOWN)
    node = text_in(test, "nodeid")
    # The node id is `file::Class::test`; JUnit's reports of the same run name it by class and test.
    file, _, rest = node.partition("::")
    *classes, name = rest.split("::") if rest else [node]
    module = file.removesuffix(".py").replace("/", ".")
    lost = (
        (Problem(element="flakyFailure", outcome=CaseOutcome.FAILED, type="", message=LOST_IN_SILENCE),)
        if word == "rerun"
        else ()
    )
    return Case(
        suite=0,
        suites=(),
        classname=cut_name(".".join([module, *classes]) if rest else ""),
        name=cut_name(name),
        file="",
        hostname="",
        outcome=outcome,
        duration_s=_duration_s(test),
        timestamp=timestamp,
        problems=tuple(_problems(test)) if outcome in (CaseOutcome.FAILED, CaseOutcome.ERRORED) else (),
        lost=lost,
    )


def _problems(test: Mapping[str, Any]) -> Iterator[Problem]:
    for phase in PHASES:
        part = test.get(phase)
        if isinstance(part, dict) and part.get("outcome") == "failed":
            crash = part.get("crash")
            message = text_in(crash, "message") if isinstance(crash, dict) else ""
            kind = CaseOutcome.FAILED if phase == "call" else CaseOutcome.ERRORED
            yield Problem(
                element="failure" if phase == "call" else "error",
                outcome=kind,
                type=message.partition(":")[0][:100] if ":" in message else "",
                message=cut_message(message),
                text=cut_message(text_in(part, "longrepr")),
                causes=stated_in(text_in(part, "longrepr")),
            )


def _findings(document: Mapping[str, Any]) -> Iterator[SuiteFinding]:
    """The collectors that failed."""
    listed = document.get("collectors")
    failed = [
        each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("outcome") == "failed"
    ]
    for collector in failed[: LIMITS["suite findings"].most]:
        problem = Problem(
            element="error",
            outcome=CaseOutcome.ERRORED,
            type="",
            message="collection failed",
            text=cut_message(text_in(collector, "longrepr")),
            causes=stated_in(text_in(collector, "longrepr")),
        )
        yield SuiteFinding(suites=(cut_name(text_in(collector, "nodeid") or "(the whole run)"),), problem=problem)


def _doubts(document: Mapping[str, Any], cases: Sequence[Case], findings: Sequence[SuiteFinding]) -> Iterator[str]:
    """What the exit code and the summary say against the tests that are there."""
    code = document.get("exitcode")
    lost = bool(findings) or any(case.outcome in RED for case in cases)
    if isinstance(code, int) and code not in CLEAN and not (code == 1 and lost):
        yield f"{NOT_CLEAN.get(code, 'Pytest ended as failed')} (exit code {code})."
    yield from more_in_summary(
        _selected(document.get("summary")),
        cases,
        {"failed": RED, "error": (CaseOutcome.ERRORED,)},
        "total",
        "collected",
    )


def _selected(summary: object) -> object:
    """The summary, with those collected that were left to be run: what was deselected is counted among them."""
    if not isinstance(summary, dict):
        return summary
    collected, deselected = summary.get("collected"), summary.get("deselected")
    if not isinstance(collected, int) or not isinstance(deselected, int):
        return summary
    return {**summary, "collected": collected - deselected}


def _duration_s(test: Mapping[str, Any]) -> float | None:
    parts = [test[phase].get("duration") for phase in PHASES if isinstance(test.get(phase), dict)]
    numbers = [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    return float(sum(numbers)) if numbers else None
