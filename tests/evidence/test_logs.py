"""Tests that each event of a log is reported with its line, and lines that only mention one are not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.scrub import scrub
from atalaya.evidence.readers import logs
from atalaya.evidence.readers.collector import Job
from atalaya.evidence.readers.logs import Log, LogEvent
from atalaya.records.stored import Environment, EventKind, FileVerdict, ReadStatus, record_metadata
from tests.hangs import cpu_seconds
from tests.tables import each_row

SMOKE = Path(__file__).parent / "samples" / "logs" / "made" / "smoke.log"
NETWORK, TIMEOUT, STALE = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT, EventKind.STALE_READ
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
JOB = Job("unit", "c0ffee")
KEPT: dict[str, Any] = {"file": "smoke.log", "metadata": record_metadata("r", Environment.CI, NOW)}


def of(*lines: str) -> Log:
    return logs.read("\n".join(lines).encode(), scrub=scrub)


def only(*lines: str) -> LogEvent:
    (event,) = of(*lines).events
    return event


def test_the_smoke_tells_of_two_errors_that_were_cured_a_timeout_and_a_gateway() -> None:
    found = [(event.line, event.kind, event.cured) for event in logs.read(SMOKE, scrub=scrub).events]
    assert found == [(2, NETWORK, True), (7, TIMEOUT, False), (9, NETWORK, False), (10, NETWORK, True)]


def test_a_timeout_has_its_target_its_limit_its_polls_and_the_last_state() -> None:
    timeout = logs.read(SMOKE, scrub=scrub).events[1]
    assert timeout.message.startswith("timed out after 60 s waiting for job 17")
    assert timeout.message.endswith("2 polls before it, the last saw pending")


def test_the_line_itself_is_kept_with_its_stamp_and_without_secrets() -> None:
    event = only("2026-01-01T00:00:08.0000000Z ERROR ConnectionError: ana@example.invalid token=abcdefgh12345678")
    assert event.quote.startswith("2026-01-01T00:00:08.0000000Z ERROR ConnectionError: [e-mail]")
    assert "abcdefgh" not in event.quote + event.message
    assert event.at == datetime(2026, 1, 1, 0, 0, 8, tzinfo=UTC)


def test_a_secret_at_the_edge_of_the_quote_is_not_cut_into_one_that_nobody_knows() -> None:
    event = only("ConnectionError: " + "x" * (logs.QUOTE_CHARS - 28) + " token=abcdefgh12345678")
    assert "abc" not in event.quote


@each_row(
    ("line", "kind"),
    [
        ("GET https://api.example/health -> ECONNREFUSED", NETWORK),
        ("POST /orders -> 503 Service Unavailable", NETWORK),
        ("curl: (7) Failed to connect to 127.0.0.1 port 8080", NETWORK),
        ("E   ConnectionResetError: [Errno 104] Connection reset by peer", NETWORK),
        ("FAILED tests/test_x.py::test_y - aris3_client_sdk.exceptions.TransportError: gone", NETWORK),
        ("##[error]TransportError: connection refused", NETWORK),
        ("2026-01-01 00:00:01,250 WARNING urllib3 Retrying (Retry(total=2)) after connection broken by 'X'", NETWORK),
        ("\x1b[31mERROR\x1b[0m TimeoutError: Export e-7 was still CREATED after 30.0 seconds", TIMEOUT),
        ("[ERROR] waiting for export 7 timed out", TIMEOUT),
        ("the first poll was answered from the cache, stamp 4", STALE),
        ("the status returned is not the last one served", STALE),
        ("\ufeffstale read: CREATED, served READY", STALE),
    ],
)
def test_a_line_that_begins_with_what_happened_is_an_event(line: str, kind: EventKind) -> None:
    assert only(line).kind is kind


@each_row(
    "line",
    [
        "GET /a -> ECONNREFUSED is shown in the banner: passed",
        "the guide says: POST /orders -> 503 is tried again",
        'info: test "shows ETIMEDOUT banner" passed',
        "tests/test_wait.py::test_TimeoutError_is_raised PASSED",
        "ok ConnectionError is wrapped",
        "--timeout SECONDS  how long to wait until it timed out",
        "AssertionError: expected TimeoutError, got ReadTimeout",
        "GET /health -> 200",
        "stale reads: 0",
        "stale read: 0",
        "def test_connection_refused():",
        "",
    ],
)
def test_a_line_that_only_speaks_of_one_is_none(line: str) -> None:
    assert of(line).events == ()


def test_a_timeout_that_a_test_expects_is_told_apart() -> None:
    assert only("TimeoutError: Export e-7 was still CREATED after 2 seconds (as expected)").expected is True
    assert only("TimeoutError: Export e-7 was still CREATED after 2 seconds").expected is False


def test_a_success_of_another_target_cures_nothing() -> None:
    assert only("GET /a -> ECONNREFUSED", "GET /b -> 200").cured is False
    assert only("GET /a -> ECONNREFUSED", "GET /a -> 200").cured is True


def test_a_retry_that_worked_cures_what_stands_near_and_no_timeout() -> None:
    gap = [f"line {number}" for number in range(logs.CURED_WITHIN + 1)]
    assert only("ConnectionError: gone", "retrying (1/3) ... ok").cured is True
    assert only("ConnectionError: gone", *gap, "retrying (1/3) ... ok").cured is False
    assert only("timed out after 2 s waiting for job 1", "retrying (1/3) ... ok").cured is False


def test_repeats_of_one_cause_are_one_event_and_another_cause_is_another() -> None:
    repeated = only("GET /a -> ECONNREFUSED (attempt 1/3)", "GET /a -> ECONNREFUSED (attempt 2/3)")
    assert (repeated.line, repeated.times) == (1, 2)
    assert len(of("timed out after 9 s waiting for job 1", "timed out after 9 s waiting for job 2").events) == 2


def test_what_comes_back_after_it_was_cured_is_another_event() -> None:
    found = of("GET /a -> ECONNREFUSED", "GET /a -> 200", "GET /a -> ECONNREFUSED").events
    assert [(event.line, event.cured) for event in found] == [(1, True), (3, False)]


def test_a_log_shows_a_failure_and_never_a_success() -> None:
    assert logs.reading(of("all is well"), **KEPT).verdict is FileVerdict.UNKNOWN
    assert logs.reading(of("GET /a -> ECONNREFUSED", "GET /a -> 200"), **KEPT).verdict is FileVerdict.UNKNOWN
    assert logs.reading(of("GET /a -> ECONNREFUSED"), **KEPT).verdict is FileVerdict.FAILED


def test_events_are_stored_with_line_quote_and_the_time_of_the_line() -> None:
    log = of("2026-01-01T00:00:01Z GET /a -> ECONNREFUSED", "GET /a -> ECONNREFUSED")
    (event,) = logs.events(log, **KEPT, job=JOB)
    assert (event.line, event.quote) == (1, "2026-01-01T00:00:01Z GET /a -> ECONNREFUSED")
    assert event.occurred_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert event.message.endswith("(2 times)")
    assert event.blocking is True


def test_a_log_without_times_says_so() -> None:
    assert [
        any("no times of its own" in note for note in of(line).notes)
        for line in ("all is well", "2026-01-01T00:00:01Z all is well")
    ] == [True, False]


def test_a_stamp_in_the_future_is_that_of_recording() -> None:
    (event,) = logs.events(of("2126-01-01T00:00:01Z GET /a -> ECONNREFUSED"), **KEPT, job=JOB)
    assert event.occurred_at == NOW


@each_row(("name", "attempt"), [(None, ("smoke.log", 2)), ("smoke (3.12)", ("smoke (3.12)", 3)), ("", ("", 3))])
def test_an_event_of_a_log_says_which_job_it_is_of(name: str | None, attempt: tuple[str, int]) -> None:
    job = Job("post-release-smoke", "c0ffee", name=name, attempt=3)
    metadata = KEPT["metadata"]
    (event,) = logs.events(of("GET /a -> ECONNREFUSED"), file="attempt-2/smoke.log", metadata=metadata, job=job)
    assert (event.commit, event.workflow, (event.job, event.attempt)) == ("c0ffee", "post-release-smoke", attempt)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", ReadStatus.UNREADABLE),
        (b"PK\x03\x04\0\0\0\0", ReadStatus.UNREADABLE),
        ("GET /a -> ECONNREFUSED\n".encode("utf-16"), ReadStatus.READ),
        (b"GET /a -> ECONNREFUSED \xff\xfe\xfd\n", ReadStatus.READ),
    ],
)
def test_what_is_no_text_is_unreadable_and_what_is_one_is_read(content: bytes, status: ReadStatus) -> None:
    log = logs.read(content, scrub=scrub)
    assert log.status is status
    assert len(log.events) == (1 if status is ReadStatus.READ else 0)


def test_a_missing_log_is_unreadable_and_no_clean_log(tmp_path: Path) -> None:
    log = logs.read(tmp_path / "none.log", scrub=scrub)
    assert log.status is ReadStatus.UNREADABLE
    assert logs.reading(log, **KEPT).verdict is FileVerdict.UNKNOWN


def test_a_log_larger_than_is_read_is_declined_at_once(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("wb") as file:
        file.truncate(logs.MOST_BYTES + 1)
    assert logs.read(tmp_path / "big.log", scrub=scrub).status is ReadStatus.DECLINED


def test_a_line_is_cut_where_it_is_too_long_and_the_next_is_read_all_the_same() -> None:
    long = "x" * (3 * logs.PIECE_BYTES)
    event = only(f"{long} ConnectionError: gone", "ConnectionError: really gone")
    assert (event.line, event.message) == (2, "ConnectionError: really gone")


def test_an_event_is_found_wherever_it_stands_in_a_large_log() -> None:
    line, error = "INFO all is well\n", "ConnectionError: gone\n"
    per_piece = logs.PIECE_BYTES // len(line)
    for at in (0, per_piece - 1, per_piece, per_piece + 1, 3 * per_piece):
        log = logs.read((line * at + error + line * per_piece).encode(), scrub=scrub)
        assert [event.line for event in log.events] == [at + 1]
        assert log.lines == at + 1 + per_piece


def test_an_answer_far_below_cures_an_error() -> None:
    well = ["INFO all is well"] * 50_000
    assert only("GET /a -> ECONNREFUSED", *well, "GET /a -> 200").cured is True
    assert only('"GET /a HTTP/1.1" 503', *well, '"GET /a HTTP/1.1" 200').cured is True


def test_a_retry_that_worked_is_known_in_spanish_too() -> None:
    assert only("conexión rechazada", "reintentando (2/3) ... correcto").cured is True


def test_no_word_within_an_error_hides_it_or_makes_it_expected() -> None:
    for line in (
        "TimeoutError: READY was expected, and it is still CREATED",
        "TimeoutError: export cancelled-orders was still CREATED after 2 s",
        "ConnectionError: the deadline has passed",
        "TimeoutError: the wait for export xfail-7 was not ready (expected READY)",
    ):
        event = only(line)
        assert (event.expected, event.cured) == (False, False)


def test_an_event_is_told_in_the_words_of_a_report_whatever_stands_before_it() -> None:
    told = {
        only(before + "TimeoutError: Export e-7 was still CREATED after 30 s").message
        for before in ("", "E   ", "[FAIL] wait: Fallo inesperado en wait: ", "2026-01-01 00:00:01 [error    ] ")
    }
    assert told == {"TimeoutError: Export e-7 was still CREATED after 30 s"}


def test_a_reading_says_how_many_lines_nobody_could_classify() -> None:
    assert logs.reading(of("@@ ConnectionResetError @@"), **KEPT).unclassified == 1
    assert logs.reading(of("all is well"), **KEPT).unclassified == 0


def test_events_without_end_are_bounded_and_the_rest_is_said() -> None:
    log = of(*(f"GET /{number} -> ECONNREFUSED" for number in range(logs.MOST_EVENTS + 7)))
    assert len(log.events) == logs.MOST_EVENTS
    assert any("7 lines" in note for note in log.notes)


@each_row(
    "piece",
    [
        "GET " * 50_000,
        "retrying (" * 50_000,
        "a" * 1_000_000,
        "timed out " * 50_000,
        "::a" * 300_000,
        "FAILED x - " * 50_000,
        "poll " * 100_000,
        "[ERROR] " * 50_000,
        "stale " * 100_000,
    ],
)
def test_a_line_of_a_megabyte_takes_as_long_as_it_is_and_not_its_square(piece: str) -> None:
    with cpu_seconds(60):
        of(*[piece] * 5)
