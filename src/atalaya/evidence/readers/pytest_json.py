"""Reads reports of pytest-json-report test by test.

A test that passed at a later attempt ends there as ``rerun``, and its lost attempts are gone. A collection that
failed has no tests at all: only the exit code and the list of collectors tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

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
    text_in,
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
    1: "pytest failed, and none of its tests did",
    2: "pytest was interrupted",
    3: "pytest failed itself",
    4: "pytest was called wrongly",
}


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
    timestamp = _timestamp(document.get("created"))
    summary = document.get("summary")
    total = summary.get("total") if isinstance(summary, dict) else None
    findings = tuple(_findings(document))
    return Contents(
        cases=tuple(_case(test, timestamp) for test in tests),
        findings=findings,
        suite_failures=0 if tests else len(findings),
        declared=total if isinstance(total, int) and not isinstance(total, bool) else None,
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
                type=message.partition(":")[0][:100],
                message=cut_message(message),
                text=cut_message(text_in(part, "longrepr")),
            )


def _findings(document: Mapping[str, Any]) -> Iterator[SuiteFinding]:
    """The collectors that failed; or else what the exit code says of a run that did not come to its end."""
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
        )
        yield SuiteFinding(suites=(cut_name(text_in(collector, "nodeid") or "(the whole run)"),), problem=problem)
    code = document.get("exitcode")
    if not failed and isinstance(code, int) and code not in CLEAN and not (code == 1 and _lost(document)):
        problem = Problem(
            element="error",
            outcome=CaseOutcome.ERRORED,
            type="",
            message=f"{NOT_CLEAN.get(code, 'pytest ended as failed')} (exit code {code})",
        )
        yield SuiteFinding(suites=("(the whole run)",), problem=problem)


def _lost(document: Mapping[str, Any]) -> bool:
    """Whether a test explains that the run failed: without one, a plugin failed it, such as a bound on coverage."""
    tests = document.get("tests")
    return isinstance(tests, list) and any(
        isinstance(test, dict) and test.get("outcome") in ("failed", "error") for test in tests
    )


def _duration_s(test: Mapping[str, Any]) -> float | None:
    parts = [test[phase].get("duration") for phase in PHASES if isinstance(test.get(phase), dict)]
    numbers = [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    return float(sum(numbers)) if numbers else None


def _timestamp(epoch: Any) -> Timestamp | None:
    if isinstance(epoch, bool) or not isinstance(epoch, int | float) or not 946_684_800 <= epoch < 4e9:
        return None
    return Timestamp(at=datetime.fromtimestamp(epoch, UTC), zoned=True)
