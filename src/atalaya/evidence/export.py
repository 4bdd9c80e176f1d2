"""Exports a release's test evidence as one CTRF document.

A test is one (commit, variant, test), with all its attempts; where the commit is not known, it does not reach
beyond its run, as in ``flaky_tests.sql``. Read leniently, written strictly: what is made here is valid against
the schema of :data:`SPEC_VERSION`. Nothing is asked of a clock, so the same evidence is the same document.
Strings are scrubbed last of all: what scrubbing makes alike must not become one test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from atalaya.core.errors import UsageError
from atalaya.core.scrub import scrub
from atalaya.records.stored import CaseOutcome, Environment, Release, TestAttempt

SPEC_VERSION = "1.0.0"
STATUSES = ("passed", "failed", "skipped", "pending", "other")
# CTRF has no word for an error, and an outcome that we could not tell must not become one that it can.
STATUS: dict[CaseOutcome, str] = {
    CaseOutcome.PASSED: "passed",
    CaseOutcome.FAILED: "failed",
    CaseOutcome.ERRORED: "failed",
    CaseOutcome.SKIPPED: "skipped",
    CaseOutcome.UNKNOWN: "other",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def document(
    release: Release, environment: Environment, attempts: Iterable[TestAttempt], *, version: str | None
) -> dict[str, Any]:
    """A release's attempts, all of one environment, as one CTRF document. Times are in milliseconds.

    :param version: Atalaya's own; None where it is not known.
    :raises UsageError: there is no attempt. A document without a test would look like success.
    """
    groups = _grouped(attempts)
    if not groups:
        raise UsageError(
            f"{release.version}: there is no test to export: none that belongs to its watch ran in the environment "
            f"{environment}, and an empty document would look like success. Collect test reports first, "
            f"or name another release or environment."
        )
    tests = [_test(group) for group in groups]
    everything = [record for group in groups for record in group]
    return {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "runId": release.version,
        "generatedBy": "atalaya",
        "results": {
            "tool": {"name": "atalaya"} | ({"version": version} if version else {}),
            "summary": {"tests": len(tests)}
            | {status: sum(test["status"] == status for test in tests) for status in STATUSES}
            | {
                "flaky": sum(test["flaky"] for test in tests),
                "start": min(_start_ms(record) for record in everything),
                "stop": max(_start_ms(record) + (_duration_ms(record) or 0) for record in everything),
            },
            "tests": tests,
            "environment": _environment(release, environment),
        },
    }


def _environment(release: Release, environment: Environment) -> dict[str, Any]:
    known = {"commit": release.commit} if release.commit else {}
    made_by = {"made_by": release.made_by} if release.rehearsal else {}
    return known | {
        "reportName": release.version,
        "testEnvironment": str(environment),
        "extra": {"release": release.version, "rehearsal": release.rehearsal} | made_by,
    }


def _grouped(attempts: Iterable[TestAttempt]) -> list[list[TestAttempt]]:
    """The attempts of each test, first to last. The same attempt taken in twice is one."""
    groups: dict[tuple[str, str, str], dict[tuple[Any, ...], TestAttempt]] = {}
    for record in sorted(attempts, key=_order):
        key = (record.test, record.variant, record.commit or record.run_id)
        same = (record.run_id, record.attempt, record.origin, record.outcome)
        groups.setdefault(key, {}).setdefault(same, record)
    return [list(group.values()) for _, group in sorted(groups.items())]


def _order(record: TestAttempt) -> tuple[Any, ...]:
    """In time; what follows only keeps the order the same where time does not tell."""
    return (record.occurred_at, record.attempt, record.run_id, record.origin, str(record.outcome), record.recorded_at)


def _test(group: Sequence[TestAttempt]) -> dict[str, Any]:
    *earlier, last = group
    own = _attempt(last)
    lost = any(STATUS[record.outcome] == "failed" for record in earlier)
    test = {"name": scrub(last.test) or "(no name)"} | own
    test |= {
        "retries": len(earlier),
        "flaky": lost and last.outcome is CaseOutcome.PASSED,
        "extra": {"variant": scrub(last.variant), "commit": last.commit} | own["extra"],
    }
    if "duration" not in own:  # the schema wants one, and zero would be a claim
        test |= {"duration": 0, "extra": test["extra"] | {"duration_known": False}}
    if earlier:
        test["retryAttempts"] = [
            {"attempt": number} | _attempt(record) for number, record in enumerate(earlier, start=1)
        ]
    return test


def _attempt(record: TestAttempt) -> dict[str, Any]:
    """What the schema lets both a test and each of its attempts say.

    ``line`` is one of the report that was read, not of the test's source, so it stands beside that report's name.
    """
    duration_ms = _duration_ms(record)
    line = {} if record.line is None else {"line": record.line}
    return (
        {"status": STATUS[record.outcome], "start": _start_ms(record)}
        | ({} if duration_ms is None else {"duration": duration_ms})
        | ({"message": scrub(record.message)} if record.message else {})
        | {
            "extra": {
                "run_id": record.run_id,
                "attempt": record.attempt,
                "origin": scrub(record.origin),
                "outcome": str(record.outcome),
            }
            | line
        }
    )


def _start_ms(record: TestAttempt) -> int:
    return (record.occurred_at - EPOCH) // MS


def _duration_ms(record: TestAttempt) -> int | None:
    return None if record.duration_s is None else round(record.duration_s * 1000)
