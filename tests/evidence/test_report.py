"""How much is read of a file of test results, and what is kept of its texts."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import pytest

from atalaya.evidence.readers import model
from atalaya.evidence.readers.model import (
    LIMITS,
    Case,
    Contents,
    Declined,
    Pieces,
    Problem,
    SuiteFinding,
    beyond,
    cut_message,
    cut_name,
    not_read,
    of_contents,
    seconds,
    text_in,
    timestamp_of,
)
from atalaya.records.stored import CaseOutcome, FileVerdict, ReadStatus

MIB = 1024 * 1024


def test_so_much_is_read_of_a_file_and_no_more() -> None:
    """The memory that a reader takes was measured with these: test_limits.py measures it again."""
    assert {name: limit.most for name, limit in LIMITS.items()} == {
        "bytes": 256 * MIB,
        "json bytes": 8 * MIB,
        "json values": 300_000,
        "cases": 200_000,
        "depth": 256,
        "attributes": 256,
        "tag bytes": 3 * MIB // 2,
        "prologue bytes": MIB,
        "tag characters": 1_000,
        "tags": 10_000,
        "kept bytes": 32 * MIB,
        "attempts": 1_000,
        "suite findings": 10_000,
    }


def test_each_limit_says_how_much_it_allows() -> None:
    assert [str(beyond(name)) for name in LIMITS] == [
        "larger than 268,435,456 bytes",
        "JSON, and larger than 8,388,608 bytes",
        "JSON with more than 300,000 values or lines",
        "more than 200,000 test cases",
        "elements nested deeper than 256",
        "more than 256 attributes on one element",
        "a tag or a comment longer than 1,572,864 bytes",
        "more than 1,048,576 bytes before the first element",
        "an element or attribute whose name is longer than 1,000 characters",
        "more than 10,000 different names of elements and attributes",
        "names and messages that take more than 33,554,432 bytes",
        "more than 1,000 attempts or failures in one test case",
        "more than 10,000 errors or failures of suites",
    ]


def test_a_file_that_grows_is_read_up_to_its_last_allowed_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(model.LIMITS, "bytes", LIMITS["bytes"]._replace(most=6))
    allowed, grown = Pieces(io.BytesIO(b"123456")), Pieces(io.BytesIO(b"1234567"))
    assert (allowed.next(4), allowed.size_bytes, allowed.sha256()) == (
        b"1234",
        4,
        hashlib.sha256(b"123456").hexdigest(),
    )
    assert grown.sha256() == ""
    with pytest.raises(Declined, match="larger than 6 bytes"):
        Pieces(io.BytesIO(b"1234567")).next()


def test_texts_are_cut_at_their_limits_and_long_names_stay_apart() -> None:
    longest = "n" * 1_000
    assert cut_name(longest) == longest
    one, other = cut_name(f"{longest}a"), cut_name(f"{longest}b")
    assert one != other
    assert one == f"{longest}… [{hashlib.sha256(f'{longest}a'.encode()).hexdigest()[:12]}]"
    assert (cut_message("m" * 2_000), cut_message("m" * 2_001)) == ("m" * 2_000, "m" * 2_000 + "…")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.25", 0.25),
        (" 1e3 ", 1000.0),
        (".5", 0.5),
        ("1.2.3", None),
        ("٣", None),
        ("1e9", None),
        ("999999999", 999999999),
    ],
)
def test_a_duration_is_a_plain_number_below_thirty_years(value: str, expected: float | None) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "zoned"),
    [("2026-01-05T09:00", False), ("2026-01-05T10:00:00+01:00", True), (" 2026-01-05T09:00:00.000000+00:00:00 ", True)],
)
def test_a_time_is_taken_as_utc_where_it_names_no_zone(value: str, zoned: bool) -> None:
    timestamp = timestamp_of(value)
    assert timestamp is not None
    assert (timestamp.at, timestamp.zoned) == (datetime(2026, 1, 5, 9, tzinfo=UTC), zoned)


@pytest.mark.parametrize(
    "value", ["2026-01-05", "20260105T0900", "1999-12-31T23:59", "x" * 20, f"2026-01-05T09:00:00.{'0' * 30}"]
)
def test_what_is_no_time_is_none(value: str) -> None:
    assert timestamp_of(value) is None


def test_the_first_year_that_is_believed_is_2000() -> None:
    assert timestamp_of("2000-01-01T00:00") is not None


def test_a_member_that_is_no_text_is_empty_and_half_a_character_can_be_stored() -> None:
    assert [text_in({"a": value}, "a") for value in ("é", 3, "a\ud83d")] == ["é", "", "a?"]
    assert text_in({}, "a") == ""


def case(outcome: CaseOutcome) -> Case:
    return Case(0, (), "c", "n", "", "", outcome, None, None)


PASSED, FAILED, ERRORED, SKIPPED, UNKNOWN = (
    case(getattr(CaseOutcome, name)) for name in ("PASSED", "FAILED", "ERRORED", "SKIPPED", "UNKNOWN")
)
FINDING = SuiteFinding(
    suites=("s",), problem=Problem(element="error", outcome=CaseOutcome.ERRORED, type="T", message="m")
)


@pytest.mark.parametrize(
    ("contents", "verdict", "words"),
    [
        (Contents(cases=(PASSED, SKIPPED)), FileVerdict.PASSED, ""),
        (Contents(cases=(PASSED, FAILED)), FileVerdict.FAILED, ""),
        (Contents(cases=(PASSED, ERRORED)), FileVerdict.FAILED, ""),
        (Contents(cases=(), findings=(FINDING,)), FileVerdict.FAILED, "suites themselves: 1."),
        (Contents(cases=()), FileVerdict.NO_EVIDENCE, "There is no test case in it: no evidence."),
        (Contents(cases=(SKIPPED, SKIPPED)), FileVerdict.NOTHING_RAN, "Every test case was skipped: nothing ran."),
        (Contents(cases=(PASSED, UNKNOWN)), FileVerdict.UNKNOWN, "neither passed, failed nor skipped: 1."),
        (Contents(cases=(PASSED,), declared=2), FileVerdict.PASSED, "It declares 2 tests; the test cases there are 1."),
        (Contents(cases=(PASSED,), declared=1, notes=("So.",)), FileVerdict.PASSED, "So."),
    ],
)
def test_a_file_is_judged_by_the_cases_in_it(contents: Contents, verdict: FileVerdict, words: str) -> None:
    made = of_contents(contents, sha256="d", size_bytes=3)
    assert (made.status, made.verdict, made.sha256, made.size_bytes) == (ReadStatus.READ, verdict, "d", 3)
    assert made.reason == words or (words and made.reason.endswith(words))
    counts = (made.passed, made.failed, made.errored, made.skipped)
    outcomes = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED, CaseOutcome.SKIPPED)
    assert counts == tuple(sum(one.outcome is outcome for one in contents.cases) for outcome in outcomes)


def test_what_a_reader_found_is_passed_on() -> None:
    timestamp = timestamp_of("2026-01-05T09:00")
    contents = Contents(cases=(PASSED,), findings=(FINDING,), suite_failures=4, by_pytest=True, timestamp=timestamp)
    made = of_contents(contents, sha256="", size_bytes=0)
    assert (made.cases, made.findings, made.suite_failures, made.by_pytest, made.timestamp) == (
        (PASSED,),
        (FINDING,),
        4,
        True,
        timestamp,
    )


def test_what_a_reader_does_not_say_was_not_found() -> None:
    made = of_contents(Contents(cases=(PASSED,)), sha256="", size_bytes=0)
    assert (made.findings, made.suite_failures, made.by_pytest, made.timestamp, made.notes) == ((), 0, False, None, ())


def test_a_file_that_was_not_read_has_no_counts() -> None:
    made = not_read(ReadStatus.DECLINED, "too large", sha256="d", size_bytes=3, at_byte=2)
    assert (made.verdict, made.reason, made.at_byte, made.size_bytes, made.sha256) == (
        FileVerdict.UNKNOWN,
        "too large",
        2,
        3,
        "d",
    )
    assert (made.cases, made.passed, made.failed, made.errored, made.skipped) == ((), None, None, None, None)
