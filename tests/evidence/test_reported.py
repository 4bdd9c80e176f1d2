"""Tests of reports that people stumbled over: what each must come to, file by file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from atalaya.evidence.readers import attempts, reports
from atalaya.evidence.readers.collector import CONCLUSIONS, Job, collect
from atalaya.records.stored import Conclusion, EventKind, FileVerdict
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples/reported"
FILES = sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file())
NETWORK, TIMEOUT = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT
PASSED, FAILED, UNKNOWN = FileVerdict.PASSED, FileVerdict.FAILED, FileVerdict.UNKNOWN

# The file; passed, failed, errored and skipped cases; its verdict; words of the reason; the events that it tells of.
EXPECTED = [
    ("inputs/01-suite-errors-attr-only.xml", (2, 0, 0, 0), UNKNOWN, "declares and no element shows: 1", []),
    ("inputs/03-status-failed-no-child.xml", (2, 0, 0, 0), UNKNOWN, 'status="failed"', []),
    ("inputs/03c-status-timedOut.xml", (1, 0, 0, 0), UNKNOWN, 'status="timedOut"', []),
    ("inputs/03n-result-failed.xml", (1, 0, 0, 0), UNKNOWN, 'result="failed"', []),
    ("inputs/04-phpunit-warning.xml", (1, 0, 0, 0), UNKNOWN, "<warning>", []),
    ("inputs/05-gradle-retry-two-cases.xml", (1, 1, 0, 0), FAILED, "", [NETWORK]),
    ("inputs/09-thousands-comma.xml", (3, 0, 0, 0), PASSED, "", []),
    ("inputs/12-systemout-before-failure.xml", (0, 1, 0, 0), FAILED, "", []),
    ("inputs/14-xdist-crash.xml", (1, 1, 0, 0), FAILED, "", []),
    ("inputs/19-gotestsum-dial-tcp.xml", (0, 1, 0, 0), FAILED, "", [NETWORK]),
    ("inputs/24-robot-xunit.xml", (0, 1, 0, 0), FAILED, "", [NETWORK]),
    ("inputs/26-jest-failure-text.xml", (0, 1, 0, 0), FAILED, "", [NETWORK]),
    ("inputs/33-ctrf-timedout.json", (1, 0, 0, 0), UNKNOWN, "neither passed, failed nor skipped: 1", []),
    ("inputs/36-ctrf-summary-failed.json", (2, 0, 0, 0), UNKNOWN, "cut short", []),
    ("inputs/38-pytest-json-crash.json", (1, 0, 0, 0), UNKNOWN, "exit code 1", []),
    ("real-tools/bun.xml", (1, 0, 0, 0), PASSED, "", []),
    ("real-tools/jest-junit-broken.xml", (1, 0, 0, 0), PASSED, "", []),
    ("real-tools/mocha-xunit.xml", (2, 2, 0, 0), FAILED, "declares 3 tests", [NETWORK]),
    ("real-tools/node-test.xml", (3, 5, 0, 0), FAILED, "", [NETWORK]),
    ("real-tools/nose2.xml", (1, 1, 2, 1), FAILED, "", [NETWORK]),
    ("real-tools/pytest-crash-xdist-reruns.xml", (2, 0, 1, 0), FAILED, "", []),
    ("real-tools/pytest-ctrf.json", (7, 7, 0, 0), FAILED, "", [NETWORK, NETWORK, NETWORK, TIMEOUT]),
    ("real-tools/pytest-repeat.xml", (5, 1, 0, 0), FAILED, "", []),
    ("real-tools/pytest-sigint.xml", (2, 0, 0, 0), UNKNOWN, "a case without a name", []),
    ("real-tools/robot-xunit.xml", (0, 2, 0, 1), FAILED, "", [NETWORK]),
    ("real-tools/vitest-unhandled.xml", (1, 0, 0, 0), PASSED, "", []),
]


def test_each_file_has_a_row() -> None:
    assert sorted(row[0] for row in EXPECTED) == FILES


@each_row(("file", "counts", "verdict", "words", "events"), EXPECTED)
def test_each_file_comes_to_its_counts_its_verdict_and_its_events(
    file: str, counts: tuple[int, ...], verdict: FileVerdict, words: str, events: list[EventKind]
) -> None:
    report = reports.read(SAMPLES / file)
    assert (report.passed, report.failed, report.errored, report.skipped) == counts
    assert (report.verdict, words in report.reason) == (verdict, True), report.reason
    found = collect([SAMPLES / file], job=Job("unit", ""), recorded_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert [event.event for event in found.events] == events
    # Green or not, a report alone is no successful job.
    assert [job.conclusion for job in found.jobs] == [CONCLUSIONS[verdict]] != [Conclusion.SUCCESS]


@each_row(
    ("file", "test", "outcomes"),
    [
        ("inputs/05-gradle-retry-two-cases.xml", "poll()", ["failed", "passed"]),
        ("real-tools/pytest-repeat.xml", "test_flaky", ["failed", "passed", "passed"]),
        ("real-tools/pytest-repeat.xml", "test_ok", ["passed", "passed", "passed"]),
    ],
)
def test_one_test_that_ran_several_times_in_a_file_is_one(file: str, test: str, outcomes: list[str]) -> None:
    tests = attempts.of(reports.read(SAMPLES / file)).tests
    assert [[str(t.outcome) for t in each.tries] for each in tests if each.id.endswith(f"> {test}")] == [outcomes]


def test_thousands_and_decimal_commas_are_durations() -> None:
    cases = reports.read(SAMPLES / "inputs/09-thousands-comma.xml").cases
    assert [case.duration_s for case in cases] == [14029.255, 0.16, 1234.5]


def test_the_time_that_mocha_writes_is_read() -> None:
    began = reports.read(SAMPLES / "real-tools/mocha-xunit.xml").timestamp
    assert began is not None
    assert (began.at, began.zoned) == (datetime(2026, 11, 28, 5, 7, 1, tzinfo=UTC), True)
