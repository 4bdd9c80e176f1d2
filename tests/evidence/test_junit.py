"""Tests that the JUnit reader reports what a file really holds, and survives files that are no report."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from atalaya.evidence.readers import junit, reports
from atalaya.evidence.readers.model import LIMITS, PIECE_BYTES
from atalaya.records.stored import CaseOutcome, FileVerdict, ReadStatus
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples"


def suite(inside: str, attributes: str = "") -> bytes:
    return f'<testsuite name="s" {attributes}>{inside}</testsuite>'.encode()


def test_a_document_type_is_read_and_nothing_is_fetched() -> None:
    report = reports.read(SAMPLES / "malformed/made/external-dtd-no-entity.xml")
    assert (report.status, len(report.cases)) == (ReadStatus.READ, 1)


def test_an_entity_declared_where_nothing_is_fetched_is_declined() -> None:
    report = reports.read(b'<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">' + suite("<testcase>&far;</testcase>"))
    assert (report.status, "'far'" in report.reason) == (ReadStatus.DECLINED, True)


def test_a_default_from_a_document_type_does_not_skip_a_case() -> None:
    doctype = b'<!DOCTYPE testsuite [<!ATTLIST testcase status CDATA "skipped">]>'
    assert reports.read(doctype + suite('<testcase name="a"/>')).passed == 1


@each_row(
    ("content", "words"),
    [
        (b"<testsuite>" * 257, "deeper than 256"),
        (suite("", " ".join(f'a{n}=""' for n in range(256))), "more than 256 attributes"),
        (suite(f"<{'x' * 1_001}/>"), "longer than 1,000 characters"),
        (suite("", f'{"x" * 1_001}=""'), "longer than 1,000 characters"),
        (suite(f"<testcase>{'<failure/>' * 1_001}</testcase>"), "more than 1,000 attempts"),
    ],
)
def test_each_limit_declines_with_its_message(content: bytes, words: str) -> None:
    report = reports.read(content)
    assert (report.status, words in report.reason) == (ReadStatus.DECLINED, True), report.reason


@pytest.mark.parametrize(
    ("limit", "content"),
    [
        ("bytes", suite("")),
        ("json bytes", b'{"a": 1}'),
        ("cases", suite("<testcase/>" * 3)),
        ("json values", b'{"a": [1, 2, 3]}'),
        ("prologue bytes", b"<!-- no element yet -->" * PIECE_BYTES + suite("")),
        ("tag bytes", suite(f'<testcase name="{"x" * 3 * PIECE_BYTES}"/>')),
        ("tags", suite("<a/><b/>")),
        ("kept bytes", suite('<testcase name="four"/>')),
        ("suite findings", suite("<error/><error/><error/>")),
    ],
)
def test_the_wide_limits_hold_too(limit: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, limit, LIMITS[limit]._replace(most=2))
    assert reports.read(content).status is ReadStatus.DECLINED


@each_row("encoding", ["GBK", "shift_jis", "idna", "rot13", "unicode_escape", "x-nonesuch"])
def test_an_encoding_that_cannot_be_read_is_a_reason_and_no_crash(encoding: str) -> None:
    report = reports.read(f'<?xml version="1.0" encoding="{encoding}"?><testsuite/>'.encode())
    assert (report.status, "encoding" in report.reason) == (ReadStatus.UNREADABLE, True)


def test_a_mistake_of_ours_in_a_handler_is_not_taken_for_a_broken_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(*_: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr(junit._Reader, "_end_other", mistake)
    with pytest.raises(ValueError, match="ours"):
        reports.read(suite("<testcase/>"))


@each_row("time", ["1,234", "1,23,4", "NaN", "-1", "1e309", "", "INF", "<<computed>>", "0:01:02", "1e12", "٣"])
def test_an_odd_time_is_an_unknown_duration_and_the_case_still_counts(time: str) -> None:
    content = suite(f'<testcase time="{time.replace("<", "&lt;")}"/>')
    assert [(case.duration_s, case.outcome) for case in reports.read(content).cases] == [(None, CaseOutcome.PASSED)]


@each_row(
    ("time", "duration_s"),
    [
        ("14,029.255", 14029.255),
        ("1,234,567.5", 1234567.5),
        ("1,234,567", 1234567.0),
        ("0,160", 0.16),
        ("12,5", 12.5),
        ("1.234,5", 1234.5),
        ("1.234", 1.234),
        ("3e-05", 3e-05),
        (" 0.5 ", 0.5),
    ],
)
def test_a_duration_is_read_as_locales_write_it(time: str, duration_s: float) -> None:
    assert [case.duration_s for case in reports.read(suite(f'<testcase name="a" time="{time}"/>')).cases] == [
        duration_s
    ]


@each_row(
    ("timestamp", "expected"),
    [
        ("2026-11-25T00:52:35,646+0200", ("2026-11-24T22:52:35.646000+00:00", True)),
        ("2026-11-25 00:52:35 UTC", ("2026-11-25T00:52:35+00:00", True)),
        ("1764030755", ("2025-11-25T00:32:35+00:00", True)),
        ("1764030755.5", ("2025-11-25T00:32:35.500000+00:00", True)),
        ("1764030755500", ("2025-11-25T00:32:35.500000+00:00", True)),
        ("Wed, 25 Nov 2026 00:52:35 GMT", ("2026-11-25T00:52:35+00:00", True)),
        ("25 Nov 2026 00:52:35 +0200", ("2026-11-24T22:52:35+00:00", True)),
        ("Wed Nov 25 2026 00:52:35 GMT+0200 (Hora de verano)", ("2026-11-24T22:52:35+00:00", True)),
        ("Wed Nov 25 00:52:35 2026", ("2026-11-25T00:52:35+00:00", False)),
        ("Wednesday, 25 Nov 2026", None),
        ("in the early morning", None),
        ("12345", None),
        ("2026-11-25T00:52:35.646222+02:00", ("2026-11-24T22:52:35.646222+00:00", True)),
        ("2026-11-25T00:52:35Z", ("2026-11-25T00:52:35+00:00", True)),
        ("2026-11-25T00:52:35", ("2026-11-25T00:52:35+00:00", False)),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("Wed Nov 25 2026", None),
        ("2026-11-25", None),
    ],
)
def test_a_time_without_a_zone_is_taken_as_utc_and_says_so(timestamp: str, expected: tuple[str, bool] | None) -> None:
    began = reports.read(suite("<testcase/>", f'timestamp="{timestamp}"')).timestamp
    assert expected == (None if began is None else (began.at.isoformat(), began.zoned))


def test_a_nested_case_is_counted_and_said() -> None:
    report = reports.read(suite('<testcase name="a"><testcase name="b"><failure/></testcase></testcase>'))
    assert [(c.name, c.outcome) for c in report.cases] == [("b", CaseOutcome.FAILED), ("a", CaseOutcome.PASSED)]
    assert "inside test cases" in report.reason


CASE = '<testcase name="a"{}>{}</testcase>'
SIGNS = [
    *(f'status="{word}"' for word in ("failed", "FAIL", "error", "broken", "timedOut", "timed_out", "timeout")),
    *(f'result="{word}"' for word in ("aborted", "Crashed", "cancelled", "interrupted", "unexpected", "xpass-strict")),
    'status="whatever"',
    'failure="refused"',
    'errors="1"',
    'success="False"',
    'passed="no"',
]
NEAR = ["<Failure/>", "<failed/>", "<failures><failure/></failures>", "<rerunFailure/>", "<warning/>", "<ERROR/>"]


@each_row(
    "sign", [(CASE.format(f" {sign}", ""), sign) for sign in SIGNS] + [(CASE.format("", near), near) for near in NEAR]
)
def test_a_red_sign_without_a_red_case_is_never_green(sign: tuple[str, str]) -> None:
    content, named = sign
    report = reports.read(suite(content + CASE.format("", "")))
    assert (report.passed, report.failed, report.verdict) == (2, 0, FileVerdict.UNKNOWN)
    assert named.partition("/>")[0].split("=")[0] in report.reason


@each_row(
    "content",
    [
        suite(CASE.format("", ""), 'failures="1"'),
        suite(CASE.format("", ""), 'tests="1" errors="2"'),
        suite(CASE.format("", ""), 'warnings="1"'),
        suite(f"{CASE.format('', '')}<failures>1</failures>"),
        suite(f"<errors>\n 2 </errors>{CASE.format('', '')}"),
        suite(f"{CASE.format('', '<flakyFailure/>')}<failures>2</failures>", 'failures="1"'),
        suite("", 'tests="0" failures="0" errors="3"'),
        suite("<errors>1</errors>"),
        suite(f'{CASE.format("", "")}<testsuite errors="1"/>'),
        suite(f'<testsuite failures="1">{CASE.format("", "")}</testsuite>'),
        suite(CASE.format("", "<flakyFailure/>"), 'failures="2"'),
        suite(f'<testsuite>{CASE.format("", "<flakyFailure/>")}</testsuite><testsuite errors="1"/>'),
        suite("<testcase/>"),
        suite('<testcase classname="c" name=" "/>'),
        suite(f"{CASE.format('', '')}<Failure/>"),
        suite(f"{CASE.format('', '')}<failures><failure/></failures>"),
        suite(CASE.format(' status="failed"', "<skipped/>")),
        suite(CASE.format("", "<skipped/>"), 'errors="1"'),
    ],
)
def test_a_file_that_declares_or_hides_a_failure_is_never_green(content: bytes) -> None:
    report = reports.read(content)
    assert (report.failed, report.errored, report.verdict) == (0, 0, FileVerdict.UNKNOWN), content
    assert report.notes


@each_row(
    "word", ["run", "ran", "Executed", "PASSED", "pass", "ok", "Success", "successful", "done", "0", "", " passed "]
)
def test_a_word_that_says_that_a_case_went_well_makes_no_doubt(word: str) -> None:
    content = suite(CASE.format(f' status="{word}" result="{word}" success="true" failures="0"', "<system-out/>"))
    assert reports.read(content).verdict is FileVerdict.PASSED


@each_row(
    "content",
    [
        suite(CASE.format(' status="failed"', "<failure/>"), 'failures="3"'),
        suite(f"{CASE.format('', '<Failure/>')}{CASE.format('', '<error/>')}"),
        suite(f"{CASE.format('', '')}<error/>", 'errors="2"'),
    ],
)
def test_a_red_case_or_suite_keeps_a_file_failed_whatever_else_is_in_doubt(content: bytes) -> None:
    assert reports.read(content).verdict is FileVerdict.FAILED


def test_a_file_without_a_case_is_no_evidence_unless_it_declares_an_error_which_needs_none() -> None:
    assert reports.read(suite("", 'tests="3" errors="0"')).verdict is FileVerdict.NO_EVIDENCE
    failures, errors = (reports.read(suite("", f'tests="3" {what}="1"')) for what in ("failures", "errors"))
    assert [failures.verdict, errors.verdict] == [FileVerdict.NO_EVIDENCE, FileVerdict.UNKNOWN]
    assert all("no element shows: 1" in report.reason for report in (failures, errors))


def test_a_lost_attempt_shows_a_failure_that_a_suite_declares() -> None:
    assert reports.read(suite(CASE.format("", "<flakyFailure/>"), 'failures="1"')).verdict is FileVerdict.PASSED


def test_the_numbers_that_a_suite_writes_as_elements_are_no_failures() -> None:
    counts = "<tests>1</tests><failures>0</failures><errors>0</errors>"
    assert reports.read(suite(CASE.format("", "") + counts)).verdict is FileVerdict.PASSED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("declared-totals-lie", "declares 1 tests; the test cases there are 3"),
        ("declared-without-cases", "declares 12"),
    ],
)
def test_a_declared_total_that_differs_is_said(name: str, words: str) -> None:
    assert words in reports.read(SAMPLES / f"junit/made/{name}.xml").reason


def test_long_names_and_messages_are_cut_and_two_long_names_stay_two() -> None:
    names = "".join(
        f'<testcase name="{"n" * 1_000}{end}"><failure message="{"m" * 3_000}"/></testcase>' for end in "ab"
    )
    report = reports.read(suite(names))
    assert [len(case.problems[0].message) for case in report.cases] == [2_001, 2_001]
    assert len({case.name for case in report.cases}) == 2
    assert "Names cut to 1,000 characters: 2." in report.notes


def test_the_text_of_a_failure_is_kept_apart_from_its_message() -> None:
    report = reports.read(suite("<testcase><failure>  ConnectionError: x </failure></testcase>"))
    problem = report.cases[0].problems[0]
    assert (problem.message, problem.text) == ("", "ConnectionError: x ")


def test_the_text_of_a_failure_goes_on_after_an_element_in_it() -> None:
    report = reports.read(suite("<testcase><rerunFailure>a<stackTrace>b</stackTrace>c</rerunFailure></testcase>"))
    assert [problem.text for problem in report.cases[0].lost] == ["abc"]


def test_a_property_marks_a_case_as_critical() -> None:
    properties = '<properties><property name="severity" value="critical"/></properties>'
    report = reports.read(suite(f"<testcase>{properties}</testcase><testcase/>"))
    assert [case.critical for case in report.cases] == [True, False]


def test_each_case_knows_the_line_it_begins_on() -> None:
    report = reports.read(
        suite('\n<testcase\nname="a">\n<failure/>\n</testcase>\r\n\n<testcase>\n<testcase/></testcase>')
    )
    assert [case.line for case in report.cases] == [2, 8, 7]


def test_a_tag_that_is_longer_than_a_piece_is_read() -> None:
    name = "é" * 5 * PIECE_BYTES
    report = reports.read(suite(f'<!--{name}--><testcase name="a"><failure message="{name}"/></testcase>'))
    assert [problem.message for problem in report.cases[0].problems] == ["é" * 2_000 + "…"]


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    with path.open("wb") as file:
        file.write(b'<testsuite name="s">')
        for _ in range(1_000):
            file.write(b'<testcase name="a"><system-out>' + b"x" * 30_000 + b"</system-out></testcase>")
        file.write(b"</testsuite>")
    tracemalloc.start()
    report = reports.read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(report.cases), peak < 5_000_000) == (1_000, True), peak


def test_a_folder_or_a_missing_file_is_unreadable_and_raises_nothing(tmp_path: Path) -> None:
    assert [reports.read(path).status for path in (tmp_path, tmp_path / "none.xml")] == [ReadStatus.UNREADABLE] * 2


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
@example(b'<?xml version="1.0" encoding="utf-16"?><testsuite/>')
@example("﻿<testsuite name='\ud800'/>".encode("utf-16-le", "surrogatepass"))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    assert reports.read(content).status in ReadStatus


FRAGMENTS = st.sampled_from(
    [
        "<testsuites>",
        "</testsuites>",
        "<testsuite name='pytest'>",
        "</testsuite>",
        "<testcase name='a'>",
        "</testcase>",
        "<testcase/>",
        "<failure>",
        "</failure>",
        "<error message='x'/>",
        "<skipped/>",
        "<flakyFailure/>",
        "<rerunError>",
        "</rerunError>",
        "text",
        "<properties>",
        "</properties>",
        "<property name='severity' value='critical'/>",
        "<a:b/>",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_no_arrangement_of_elements_crashes_the_reader(inside: str) -> None:
    report = reports.read(f"<testsuites>{inside}</testsuites>".encode())
    if report.status is ReadStatus.READ:
        assert len(report.cases) == inside.count("<testcase")
