"""Tests that a smoke's own files are read as its tests and its end, and one run told by several of them is one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atalaya.evidence.readers import reports
from atalaya.evidence.readers.collector import Collected, Job, collect
from atalaya.evidence.readers.model import Ends, Report
from atalaya.records.stored import CaseOutcome, Conclusion, EventKind, FileVerdict, ReadStatus
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples/smoke"
FILES = ("post_release_smoke_result.json", "post_release_smoke_result.log", "post_release_smoke_stdout.log")
CHECKS = ["load_config_requires_api_base_url", "request_export_wait_ready_flow", "get_cache_normal_behavior"]
NOW = datetime(2026, 3, 4, tzinfo=UTC)
PASSED, FAILED, UNKNOWN = FileVerdict.PASSED, FileVerdict.FAILED, FileVerdict.UNKNOWN


def collected(*paths: Path, conclusion: Conclusion | None = None) -> Collected:
    return collect(paths, job=Job("post-release-smoke", "", conclusion=conclusion), recorded_at=NOW)


@each_row("file", FILES)
def test_each_file_of_a_smoke_tells_three_checks_and_the_end(file: str) -> None:
    # The name tells nothing: the content decides.
    read = [reports.read((SAMPLES / folder / file).read_bytes(), name="x.txt") for folder in ("passed", "failed")]
    assert [[case.name for case in report.cases] for report in read] == [CHECKS, CHECKS]
    assert [(each.status, each.passed, each.failed, each.verdict, each.tells_end) for each in read] == [
        (ReadStatus.READ, 3, 0, PASSED, Ends.SUCCEEDED),
        (ReadStatus.READ, 2, 1, FAILED, Ends.FAILED),
    ]


@each_row("file", FILES)
def test_a_timeout_error_in_the_details_is_a_polling_timeout(file: str) -> None:
    events = collected(SAMPLES / "failed" / file).events
    assert [(event.event, event.blocking) for event in events] == [(EventKind.POLLING_TIMEOUT, True)]
    assert "TimeoutError: Export exp-7" in events[0].message


@each_row(
    ("folder", "known", "conclusion"),
    [
        ("passed", None, Conclusion.SUCCESS),
        ("failed", None, Conclusion.FAILURE),
        ("failed", Conclusion.SUCCESS, Conclusion.FAILURE),  # a pipe hid the exit code
        ("passed", Conclusion.FAILURE, Conclusion.FAILURE),
        ("passed", Conclusion.CANCELLED, Conclusion.CANCELLED),
    ],
)
def test_a_smoke_tells_the_end_of_its_job_unless_more_is_known(
    folder: str, known: Conclusion | None, conclusion: Conclusion
) -> None:
    assert [job.conclusion for job in collected(SAMPLES / folder, conclusion=known).jobs] == [conclusion]


@each_row("files", [FILES, FILES[::-1], FILES[1:], FILES[:2]])
def test_one_run_told_by_several_files_is_counted_once(files: Sequence[str]) -> None:
    found = collected(*(SAMPLES / "failed" / file for file in files))
    assert (len(found.readings), len(found.jobs), len(found.tests), len(found.events)) == (len(files), 1, 3, 1)
    assert sum("it is counted once" in reading.reason for reading in found.readings) == len(files) - 1


def test_two_runs_in_one_folder_stay_two(tmp_path: Path) -> None:
    for number, folder in enumerate(("passed", "failed")):
        for file in FILES:
            text = (SAMPLES / folder / file).read_text(encoding="utf-8").replace("T10:15", f"T1{number}:15")
            (tmp_path / f"{number}-{file}").write_text(text, encoding="utf-8")
    ends = sorted(str(job.conclusion) for job in collected(tmp_path).jobs)
    assert ends == ["failure", "success"]


def test_two_runs_that_ended_alike_stay_two_where_their_times_differ(tmp_path: Path) -> None:
    for number in range(2):
        text = (SAMPLES / "passed" / FILES[0]).read_text(encoding="utf-8").replace("T10:15", f"T1{number}:15")
        (tmp_path / f"{number}.json").write_text(text, encoding="utf-8")
    assert len(collected(tmp_path).jobs) == 2


def made(checks: Any, summary: Any, **more: Any) -> Report:
    document = {"timestamp_utc": "2026-03-03T10:15:00+00:00", "suite": "s", "checks": checks, "summary": summary} | more
    return reports.read(json.dumps(document).encode())


def check(passed: Any = True, details: str = "") -> dict[str, Any]:
    return {"name": f"check_{passed}", "passed": passed, "details": details}


def summary(passed: int, failed: int, ok: Any) -> dict[str, Any]:
    return {"passed": passed, "failed": failed, "ok": ok}


@each_row(
    ("checks", "says", "verdict", "end"),
    [
        ([check()], summary(1, 0, True), PASSED, Ends.SUCCEEDED),
        ([check(), check(False)], summary(1, 1, False), FAILED, Ends.FAILED),
        ([check(), check(False)], summary(2, 0, True), FAILED, Ends.FAILED),
        ([check()], summary(1, 0, False), UNKNOWN, Ends.UNKNOWN),
        ([check()], summary(1, 1, False), UNKNOWN, Ends.UNKNOWN),
        ([check()], summary(3, 0, True), UNKNOWN, Ends.UNKNOWN),
        ([check()], summary(1, 0, None), UNKNOWN, Ends.UNKNOWN),
        ([check("yes")], summary(1, 0, True), UNKNOWN, Ends.UNKNOWN),
        ([], summary(0, 0, False), FAILED, Ends.FAILED),
        ([], summary(0, 0, True), FileVerdict.NO_EVIDENCE, Ends.UNKNOWN),
    ],
)
def test_a_summary_that_contradicts_its_checks_is_never_green(
    checks: list[Any], says: dict[str, Any], verdict: FileVerdict, end: Ends
) -> None:
    report = made(checks, says)
    assert (report.verdict, report.tells_end) == (verdict, end), report.reason


@each_row(
    ("text", "verdict", "end"),
    [
        ("suite\n[PASS] a: x\n[PASS] b: y\noverall=PASS\n", PASSED, Ends.SUCCEEDED),
        ("suite\r\n[PASS] a: x\r\n[FAIL] b: y\r\n  more of y\r\noverall=FAIL\r\n", FAILED, Ends.FAILED),
        ("suite\n[PASS] a: x\noverall=FAIL\n", UNKNOWN, Ends.UNKNOWN),
        ("suite\n[FAIL] a: x\noverall=PASS\n", FAILED, Ends.FAILED),
        ("suite\n[PASS] a: x\n", UNKNOWN, Ends.UNKNOWN),
    ],
)
def test_a_log_of_a_smoke_ends_as_its_last_line_and_its_checks_agree(
    text: str, verdict: FileVerdict, end: Ends
) -> None:
    for content in (text.encode(), text.encode("utf-16")):
        report = reports.read(content)
        assert (report.status, report.verdict, report.tells_end) == (ReadStatus.READ, verdict, end), report.reason


@each_row(
    "text",
    [
        "Everything is fine.\noverall=PASS\n",
        "we print [PASS] a: x in the middle\noverall=PASS\n",
        'INFO the body was {"checks": [], "summary": {"ok": true}}\n',
        'printed before\n{"checks": [{"name": "a", "passed": true}], "summary": {"ok"\n',
    ],
)
def test_a_text_that_speaks_of_a_smoke_is_none(text: str) -> None:
    report = reports.read(text.encode())
    assert (report.status, report.tells_end) == (ReadStatus.UNREADABLE, None)


@each_row(
    ("details", "kind"),
    [
        ("Fallo inesperado en la espera: aris3.TransportError: reset", EventKind.NETWORK_ERROR),
        ("TimeoutError: Export 7 was still CREATED", EventKind.POLLING_TIMEOUT),
        ("AssertionError: se esperaba TimeoutError: no llegó", None),
        ("no hubo TimeoutError, y se esperaba", None),
    ],
)
def test_the_cause_of_a_failed_check_is_the_error_that_its_details_name_first(
    details: str, kind: EventKind | None, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    document = {"checks": [check(False, details)], "summary": summary(0, 1, False)}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert [event.event for event in collected(path).events] == ([] if kind is None else [kind])


@each_row(
    ("outcomes", "verdict", "end"),
    [
        (["kept", "kept", "not-applicable"], PASSED, Ends.SUCCEEDED),
        (["kept", "broken", "unknown"], FAILED, Ends.FAILED),
        (["kept", "unknown"], UNKNOWN, Ends.UNKNOWN),
        (["not-applicable"], FileVerdict.NOTHING_RAN, Ends.UNKNOWN),
    ],
)
def test_our_own_smoke_is_read_the_same_way(outcomes: list[str], verdict: FileVerdict, end: Ends) -> None:
    steps = [{"id": f"s{n}", "outcome": each, "reason": "r", "duration_s": 0.5} for n, each in enumerate(outcomes)]
    document = {"schema": "atalaya.smoke/1", "started_at": "2026-03-03T10:15:00Z", "steps": steps, "events": []}
    report = reports.read(json.dumps(document).encode())
    assert (len(report.cases), report.verdict, report.tells_end) == (len(outcomes), verdict, end)
    assert report.cases[0].duration_s == 0.5


def test_the_events_of_our_own_smoke_are_taken_as_it_tells_them(tmp_path: Path) -> None:
    told = [
        {"kind": "stale-read", "place": "wait(7)", "message": "the first poll was answered from the cache"},
        {"kind": "network-error", "place": "get(7)", "message": "TransportError: reset", "blocking": False},
        {"kind": "another", "place": "p", "message": "m", "blocking": True},
    ]
    steps = [{"id": "created-to-ready", "outcome": "broken", "reason": "1 of 20 waits failed", "duration_s": 1}]
    document = {"schema": "atalaya.smoke/1", "started_at": "2026-03-03T10:15:00Z", "steps": steps, "events": told}
    path = tmp_path / "smoke.json"
    path.write_text("  a line before\n" + json.dumps(document, indent=2), encoding="utf-8")
    found = collected(path)
    assert [(event.event, event.place, event.blocking) for event in found.events] == [
        (EventKind.STALE_READ, "wait(7)", True),
        (EventKind.NETWORK_ERROR, "get(7)", False),
    ]
    assert [test.outcome for test in found.tests] == [CaseOutcome.FAILED]
