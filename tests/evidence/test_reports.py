"""Tests that each sample is read, or refused, as an independent count of it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atalaya.evidence.readers import attempts, reports
from atalaya.records.stored import CaseOutcome, FileVerdict, ReadStatus
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples"
ORACLE: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))["files"]
STATUS = {
    "counts": {ReadStatus.READ},
    "malformed": {ReadStatus.UNREADABLE},
    "decline": {ReadStatus.DECLINED},
    "not-junit": {ReadStatus.UNSUPPORTED},
    "data": {ReadStatus.UNSUPPORTED},
    "json-lines": {ReadStatus.UNSUPPORTED},
    "either": set(ReadStatus),
}
# One sample says a thing twice. The oracle counts what most readers take; here the file is refused.
REFUSED = "ctrf/made/duplicate-keys.json"
ORACLE[REFUSED] |= {"expect": "decline"}
# Where the elements alone would be green, and something else in the file is not: no name, or a declared failure.
RED_SIGNS = ("junit/made/no-names.xml", "junit/weiwei+junitparser/no_fails.xml")
for green in RED_SIGNS:
    ORACLE[green] |= {"verdict": "unknown"}
COUNTED = [name for name, fact in ORACLE.items() if fact["expect"] == "counts"]
NOT_COUNTED = [name for name, fact in ORACLE.items() if fact["expect"] in ("malformed", "decline", "not-junit")]


def test_the_oracle_covers_every_sample() -> None:
    files = {
        path.relative_to(SAMPLES).as_posix()
        for top in ("junit", "malformed", "other", "ctrf", "pytest-json")
        for path in (SAMPLES / top).rglob("*")
        if path.is_file()
    }
    assert set(ORACLE) == files


@each_row("name", ORACLE)
def test_each_sample_gets_the_status_that_the_oracle_gives_it(name: str) -> None:
    report = reports.read(SAMPLES / name)
    assert STATUS[ORACLE[name]["expect"]] >= {report.status}, report.reason


@each_row("name", COUNTED)
def test_each_readable_sample_is_counted_as_the_oracle_counts_it(name: str) -> None:
    report, fact = reports.read(SAMPLES / name), ORACLE[name]
    expected = {
        key: fact[key]
        for key in (
            "cases",
            "passed",
            "failed",
            "errored",
            "skipped",
            "suite_failures",
            "verdict",
            "suite_level",
            "flaky_cases",
            "rerun_cases",
            "sha256",
            "bytes",
        )
        if key in fact
    }
    if "rerun" in fact:  # counted apart there: passed, at a later attempt
        expected["passed"] += fact["rerun"]
    lost = [{problem.element[:5] for problem in case.lost} for case in report.cases]
    counted = {
        "cases": len(report.cases),
        "passed": report.passed,
        "failed": report.failed,
        "errored": report.errored,
        "skipped": report.skipped,
        "suite_failures": report.suite_failures,
        "verdict": str(report.verdict),
        "suite_level": len(report.findings),
        "flaky_cases": sum("flaky" in elements for elements in lost),
        "rerun_cases": sum("rerun" in elements for elements in lost),
        "sha256": report.sha256,
        "bytes": report.size_bytes,
    }
    assert expected == {key: counted[key] for key in expected}


@each_row("name", NOT_COUNTED)
def test_a_file_that_is_not_read_gives_no_case_no_count_and_a_reason(name: str) -> None:
    report = reports.read(SAMPLES / name)
    assert (
        report.cases,
        report.findings,
        report.passed,
        report.failed,
        report.errored,
        report.skipped,
        report.suite_failures,
        report.verdict,
    ) == ((), (), None, None, None, None, None, FileVerdict.UNKNOWN)
    assert report.reason.endswith(".")
    assert ORACLE[name]["sha256"] == report.sha256


@each_row(
    ("name", "at_byte", "words"),
    [
        ("made/control-characters.xml", 96, "byte 96"),
        ("made/truncated-mid-tag.xml", 189, "unclosed token"),
        ("made/latin1-undeclared.xml", 77, "invalid token"),
        ("made/html-instead.xml", 63, "HTML page"),
        ("made/gzip-named.xml", 0, "gzip"),
        ("made/json-error-instead.xml", 0, "JSON under another name"),
        ("made/empty.xml", 0, "0 bytes"),
    ],
)
def test_an_unreadable_file_says_where_it_breaks_and_what_it_looks_like(name: str, at_byte: int, words: str) -> None:
    report = reports.read(SAMPLES / "malformed" / name)
    assert (at_byte, True) == (report.at_byte, words in report.reason), report.reason


@each_row(
    ("name", "dialect"),
    [
        ("malformed/made/html-502-wellformed.xml", "HTML"),
        ("other/dorny+test-reporter/dotnet-nunit.xml", "NUnit 3"),
        ("other/launchableinc+cli/robot/output.xml", "Robot Framework"),
        ("other/dorny+test-reporter/golang-json.json", "go test -json"),
        ("other/dorny+test-reporter/rspec-json.json", "RSpec"),
    ],
)
def test_another_dialect_is_called_by_its_name(name: str, dialect: str) -> None:
    assert dialect in reports.read(SAMPLES / name).reason


@each_row("name", [name for name in COUNTED if name.startswith("ctrf/")])
def test_what_is_neither_passed_nor_failed_in_ctrf_is_unknown_and_never_green(name: str) -> None:
    report, fact = reports.read(SAMPLES / name), ORACLE[name]
    unknown = sum(case.outcome is CaseOutcome.UNKNOWN for case in report.cases)
    assert fact["other"] + fact["unknown"] == unknown
    assert unknown == 0 or report.verdict in (FileVerdict.UNKNOWN, FileVerdict.FAILED)


@each_row("name", [name for name in COUNTED if name.startswith("ctrf/")])
def test_a_summary_of_ctrf_that_lies_is_said(name: str) -> None:
    assert ORACLE[name]["summary_differs"] == ("summary says" in reports.read(SAMPLES / name).reason)


@each_row("name", [name for name in COUNTED if name.startswith("ctrf/")])
def test_the_lost_attempts_of_ctrf_are_kept(name: str) -> None:
    cases = reports.read(SAMPLES / name).cases
    assert ORACLE[name]["with_retries"] == sum(bool(case.lost) for case in cases)


def test_a_collection_that_failed_is_a_failure_though_no_test_is_there() -> None:
    report = reports.read(SAMPLES / "pytest-json/made/pytest-json-report-collection-error.json")
    assert (report.verdict, report.cases, len(report.findings)) == (FileVerdict.FAILED, (), 1)


def test_a_test_that_passed_at_a_later_attempt_is_flaky_in_every_format_of_one_run() -> None:
    names = ("pytest-json/made/pytest-json-report-rerun.json", "junit/made-pytest/pytest-rerunfailures.xml")
    for name in names:
        tests = attempts.of(reports.read(SAMPLES / name)).tests
        assert [test.id.rpartition(" > ")[2] for test in tests if _is_flaky(test)] == ["test_flaky"], name


def _is_flaky(test: attempts.Test) -> bool:
    lost = any(each.outcome in (CaseOutcome.FAILED, CaseOutcome.ERRORED) for each in test.tries)
    return lost and test.tries[-1].outcome is CaseOutcome.PASSED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"results": {"tests": [], "tests": []}}', "stands twice"),
        (b'{"results": {"tests": [], "n": NaN}}', "NaN"),
        (b'{"a": ' * 5_000, "nested"),
        (b'{"a": "\xff"}', "UTF-8"),
    ],
)
def test_json_that_is_not_strict_is_refused_with_the_reason(content: bytes, words: str) -> None:
    report = reports.read(content, name="report.json")
    assert (report.verdict, words in report.reason) == (FileVerdict.UNKNOWN, True), report.reason


# ── what producers were seen to write, and hostile files ─────────────────────


def counted(content: bytes, name: str = "report.json") -> tuple[ReadStatus, FileVerdict, int]:
    report = reports.read(content, name=name)
    return report.status, report.verdict, len(report.cases)


def test_half_an_emoji_in_json_can_be_stored() -> None:
    found = reports.read(
        b'{"results":{"tests":[{"name":"a \\ud83d","status":"passed","suite":"\\ud83d"}]}}', name="c.json"
    )
    assert found.status is ReadStatus.READ
    assert found.cases[0].name.encode("utf-8") == b"a ?"
    assert [suite.encode("utf-8") for suite in found.cases[0].suites] == [b"?"]


def test_attempts_that_are_but_a_number_in_a_file_are_limited() -> None:
    test = b'{"name":"a","status":"passed","retries":1000}'
    content = b'{"results":{"tests":[' + b",".join([test] * 250) + b"]}}"
    assert counted(content)[0] is ReadStatus.DECLINED


@each_row(
    ("code", "outcome", "verdict"),
    [
        (1, "passed", FileVerdict.UNKNOWN),
        (7, "passed", FileVerdict.UNKNOWN),
        (2, "passed", FileVerdict.UNKNOWN),
        (0, "passed", FileVerdict.PASSED),
        (5, "skipped", FileVerdict.NOTHING_RAN),
        (1, "failed", FileVerdict.FAILED),
    ],
)
def test_an_exit_code_that_no_test_explains_is_never_green(code: int, outcome: str, verdict: FileVerdict) -> None:
    test = {"nodeid": "t.py::a", "outcome": outcome}
    content = {"created": 1706828654.2, "exitcode": code, "summary": {}, "tests": [test]}
    found = reports.read(json.dumps(content).encode(), name="p.json")
    assert found.verdict is verdict
    assert (verdict is FileVerdict.UNKNOWN) == (f"exit code {code}" in found.reason)


def test_tests_that_were_deselected_are_not_missing(tmp_path: Path) -> None:
    summary = '{"passed": 1, "total": 1, "collected": %d, "deselected": 2}'
    tests = '[{"nodeid": "t.py::a", "outcome": "passed"}]'
    for collected, verdict in ((3, FileVerdict.PASSED), (4, FileVerdict.UNKNOWN)):
        file = tmp_path / "report.json"
        file.write_text(f'{{"created": 1, "exitcode": 0, "summary": {summary % collected}, "tests": {tests}}}')
        assert reports.read(file).verdict is verdict


def test_json_that_was_written_for_people_is_read() -> None:
    tests = [{"name": f"n{number}", "status": "passed", "duration": 1, "suite": "s"} for number in range(9_000)]
    content = json.dumps({"results": {"tool": {"name": "t"}, "tests": tests}}, indent=2).encode()
    assert content.count(b"\n") + content.count(b",") > 60_000
    assert counted(content) == (ReadStatus.READ, FileVerdict.PASSED, 9_000)


@pytest.mark.parametrize("name", ["IBM850", "ANSI_X3.4-1968", "US_ASCII", "macintosh"])
def test_more_names_of_encodings_are_known(name: str) -> None:
    content = f'<?xml version="1.0" encoding="{name}"?><testsuite><testcase name="a"/></testsuite>'.encode()
    assert counted(content, "r.xml") == (ReadStatus.READ, FileVerdict.PASSED, 1)


@pytest.mark.parametrize(
    "content",
    [
        b'<testsuite xsi:noNamespaceSchemaLocation="a.xsd"><testcase/></testsuite>',
        b"<testsuite><testcase/><x:note/></testsuite>",
    ],
)
def test_a_prefix_that_is_declared_nowhere_is_no_xml(content: bytes) -> None:
    assert counted(content, "r.xml")[0] is ReadStatus.UNREADABLE


def test_sarif_and_json_from_powershell_are_known_for_what_they_are() -> None:
    assert counted(b'{"version":"2.1.0","runs":[]}', "a.sarif")[0] is ReadStatus.UNSUPPORTED
    content = '{"results":{"tests":[{"name":"a","status":"passed"}]}}'.encode("utf-16")
    assert counted(content) == (ReadStatus.READ, FileVerdict.PASSED, 1)


def test_a_failure_inside_a_failure_is_counted() -> None:
    content = b"<testsuite><testcase><failure>t<testcase><failure/></testcase></failure></testcase></testsuite>"
    assert reports.read(content, name="r.xml").failed == 2
