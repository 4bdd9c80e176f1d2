"""Tests that the exported CTRF is valid, and holds exactly what the evidence holds."""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, FormatChecker

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.export import export
from atalaya.cli.output import write_json
from atalaya.core.errors import EvidenceError, ReleaseError, UsageError
from atalaya.core.settings import Loaded, Settings
from atalaya.evidence.export import document
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers import attempts, reports
from atalaya.evidence.readers.collector import Job, collect
from atalaya.records.stored import CaseOutcome, Environment, FileVerdict, Release, TestAttempt
from atalaya.watch import folder
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples"
CTRF = SAMPLES / "ctrf" / "ctrf-io+ctrf"
SCHEMA = json.loads((CTRF / "schema" / "ctrf.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=FormatChecker())
REHEARSAL = Path(__file__).parents[2] / "docs" / "releases" / "rehearsal-1"
T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
RELEASE = Release(version="1.1.0", commit="c0ffee", opened_at=T0)
PASSED, FAILED, ERRORED = CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED
SKIPPED, UNKNOWN = CaseOutcome.SKIPPED, CaseOutcome.UNKNOWN


def attempt(outcome: CaseOutcome = PASSED, **changes: Any) -> TestAttempt:
    values: dict[str, Any] = {
        "run_id": "7",
        "environment": Environment.CI,
        "occurred_at": T0,
        "recorded_at": T0 + timedelta(hours=1),
        "test": "orders > test_buy",
        "variant": "py311",
        "attempt": 1,
        "commit": "c0ffee",
        "outcome": outcome,
        "critical": False,
        "origin": "unit.xml@9f86d081884c",
        "duration_s": 0.25,
    }
    return TestAttempt(**values | changes)


def exported(*records: TestAttempt) -> dict[str, Any]:
    made = document(RELEASE, Environment.CI, records, version="0.1.0")
    assert problems(made) == []
    return made


def written(*records: TestAttempt) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = exported(*records)["results"]["tests"]
    return found


def problems(content: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(content)]


@pytest.fixture
def place(tmp_path: Path) -> Context:
    """A project with a real release and a rehearsal in it."""
    releases = tmp_path / "docs" / "releases"
    folder.open_release(releases, RELEASE, {})
    shutil.copytree(REHEARSAL, releases / REHEARSAL.name)
    return Context(tmp_path, Loaded(Settings(), {}, tmp_path / "watch.toml"), Console())


def asked(place: Context, release: str | None = RELEASE.version, environment: str = "ci") -> Path:
    out = place.root / "out" / "ctrf.json"
    args = argparse.Namespace(ctrf=str(out), environment=environment, release=release)
    assert export(place, args) == 0
    return out


def keep(place: Context, *records: TestAttempt) -> tuple[Path, ...]:
    return ledger.write(place.releases / RELEASE.version / "evidence", records)


def normative() -> Iterator[tuple[str, bool, Any]]:
    for file in sorted((CTRF / "tests" / "normative").glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8"))["tests"]:
            path = file.parent / case["dataPath"] if "dataPath" in case else None
            data = json.loads(path.read_text(encoding="utf-8")) if path else case["data"]
            yield case["description"], case["valid"], data


def test_the_validator_used_here_judges_the_normative_cases_as_their_authors_do() -> None:
    cases = list(normative())
    assert len(cases) >= 150
    assert [description for description, valid, data in cases if valid != (not problems(data))] == []


def test_a_rehearsal_is_exported_as_one_and_is_valid(place: Context) -> None:
    said = io.StringIO()
    place = place._replace(console=Console(said))
    content = json.loads(asked(place, REHEARSAL.name).read_text(encoding="utf-8"))
    environment = content["results"]["environment"]
    assert problems(content) == []
    assert (environment["testEnvironment"], environment["extra"]["rehearsal"]) == ("rehearsal", True)
    assert "rehearsal-1, environment rehearsal: 73 tests" in said.getvalue()
    rehearsed = ledger.read(REHEARSAL / "evidence", TestAttempt)
    assert len(rehearsed) == sum(test["retries"] + 1 for test in content["results"]["tests"])


@pytest.mark.parametrize("source", ["junit", "ctrf", "pytest-json"])
def test_what_was_collected_is_valid_and_reads_back_with_the_same_counts(tmp_path: Path, source: str) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    collected = collect([SAMPLES / source], job=Job("unit", ""), recorded_at=now)
    records = [each for each in collected.evidence if isinstance(each, TestAttempt)]
    content = exported(*records)
    write_json(tmp_path / "ctrf.json", content)
    report, summary = reports.read(tmp_path / "ctrf.json"), content["results"]["summary"]
    unknown = sum(case.outcome is UNKNOWN for case in report.cases)
    assert [summary[name] for name in ("tests", "passed", "failed", "skipped", "other")] == [
        len(report.cases),
        report.passed,
        report.failed,
        report.skipped,
        unknown,
    ]
    assert "summary says" not in report.reason
    read_back = [test for test in attempts.of(report).tests if test.tries[-1].outcome is PASSED]
    lost = (FAILED, ERRORED)
    assert summary["flaky"] == sum(any(each.outcome in lost for each in test.tries[:-1]) for test in read_back)


@each_row(
    ("status", "flaky", "earlier", "outcomes"),
    [
        ("passed", False, [], [PASSED]),
        ("failed", False, [], [FAILED]),
        ("failed", False, [], [ERRORED]),
        ("skipped", False, [], [SKIPPED]),
        ("other", False, [], [UNKNOWN]),
        ("passed", True, ["failed"], [FAILED, PASSED]),
        ("passed", True, ["failed", "failed"], [ERRORED, FAILED, PASSED]),
        ("passed", True, ["failed", "passed"], [FAILED, PASSED, PASSED]),
        ("failed", False, ["passed"], [PASSED, FAILED]),
        ("failed", False, ["failed"], [FAILED, FAILED]),
        ("passed", False, ["passed"], [PASSED, PASSED]),
        ("passed", False, ["skipped"], [SKIPPED, PASSED]),
        ("other", False, ["failed"], [FAILED, UNKNOWN]),
    ],
)
def test_the_last_attempt_gives_the_status_and_the_earlier_ones_are_told(
    status: str, flaky: bool, earlier: list[str], outcomes: list[CaseOutcome]
) -> None:
    records = [attempt(outcome, attempt=number) for number, outcome in enumerate(outcomes, start=1)]
    (test,) = written(*reversed(records))
    told = [(each["attempt"], each["status"]) for each in test.get("retryAttempts", [])]
    assert (status, flaky, len(earlier)) == (test["status"], test["flaky"], test["retries"])
    assert list(enumerate(earlier, start=1)) == told


def test_attempts_of_two_runs_stand_in_the_order_of_time() -> None:
    later = T0 + timedelta(hours=2)
    (test,) = written(attempt(PASSED, run_id="1", occurred_at=later), attempt(FAILED, run_id="2", attempt=3))
    assert (test["status"], test["flaky"], test["retryAttempts"][0]["extra"]["run_id"]) == ("passed", True, "2")


@each_row(
    ("expected", "changes"),
    [
        (2, {"test": "orders > test_sell"}),
        (2, {"variant": "py312"}),
        (2, {"commit": "decade"}),
        (1, {"run_id": "8"}),
        (1, {"attempt": 2}),
        (1, {"origin": "again.xml@9f86d081884c"}),
        (1, {"outcome": FAILED}),
    ],
)
def test_a_test_is_one_commit_variant_and_name_and_loses_no_attempt(expected: int, changes: dict[str, Any]) -> None:
    found = written(attempt(), attempt(**changes))
    assert (expected, 2) == (len(found), sum(test["retries"] + 1 for test in found))


def test_where_the_commit_is_not_known_a_test_does_not_reach_beyond_its_run() -> None:
    assert [test["retries"] for test in written(attempt(commit=""), attempt(commit="", run_id="8"))] == [0, 0]


def test_the_same_attempt_taken_in_twice_is_one() -> None:
    (test,) = written(attempt(), attempt(recorded_at=T0 + timedelta(hours=5)))
    assert test["retries"] == 0


def test_the_summary_counts_the_tests_and_spans_all_attempts() -> None:
    summary = exported(
        attempt(FAILED),
        attempt(attempt=2),
        attempt(ERRORED, test="b"),
        attempt(SKIPPED, test="c"),
        attempt(UNKNOWN, test="d", occurred_at=T0 + timedelta(seconds=1), duration_s=2.0),
    )["results"]["summary"]
    start = int(T0.timestamp()) * 1000
    assert {
        "tests": 4,
        "passed": 1,
        "failed": 1,
        "skipped": 1,
        "pending": 0,
        "other": 1,
        "flaky": 1,
        "start": start,
        "stop": start + 3000,
    } == summary


def test_a_duration_that_is_not_known_is_said_to_be_so() -> None:
    (test,) = written(attempt(FAILED, duration_s=None), attempt(attempt=2, duration_s=None))
    assert (test["duration"], test["extra"]["duration_known"]) == (0, False)
    assert "duration" not in test["retryAttempts"][0]


def test_a_duration_that_is_known_is_in_whole_milliseconds_and_needs_no_word() -> None:
    (test,) = written(attempt(duration_s=0.8001))
    assert (test["duration"], "duration_known" not in test["extra"]) == (800, True)


def test_where_it_comes_from_stands_beside_each_test() -> None:
    (test,) = written(attempt(ERRORED, line=12, message="ZeroDivisionError"))
    assert test["extra"] == {
        "variant": "py311",
        "commit": "c0ffee",
        "run_id": "7",
        "attempt": 1,
        "origin": "unit.xml@9f86d081884c",
        "outcome": "errored",
        "line": 12,
    }
    assert (test["message"], "line" in test) == ("ZeroDivisionError", False)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"}],"tests":[{"',
        "a\nb\r\x00\x1b[31m",
        "\u202egnp.exe",
        "../../etc/passwd",
        "{0}",
        "=1+1",
        " > ",
        "naïve ☃ 🦊",
    ],
)
def test_a_hostile_name_stays_data(tmp_path: Path, name: str) -> None:
    write_json(tmp_path / "ctrf.json", exported(attempt(FAILED, test=name, variant=name, message=name)))
    content = json.loads((tmp_path / "ctrf.json").read_text(encoding="utf-8"))
    (test,) = content["results"]["tests"]
    assert (name, name, name) == (test["name"], test["message"], test["extra"]["variant"])
    assert FileVerdict.FAILED is reports.read(tmp_path / "ctrf.json").verdict


def test_a_test_without_a_name_is_still_there() -> None:
    assert [test["name"] for test in written(attempt(test=""))] == ["(no name)"]


def test_a_secret_is_not_handed_on_and_two_tests_that_it_told_apart_stay_two() -> None:
    found = written(
        *(
            attempt(FAILED, test=f"login {who}@example.org", message=f"https://{who}:s3cret@example.test/")
            for who in ("ana", "eva")
        )
    )
    assert [test["name"] for test in found] == ["login [e-mail]"] * 2
    assert [test["message"] for test in found] == ["https://[credentials]@example.test/"] * 2


def test_the_same_evidence_is_the_same_bytes(place: Context) -> None:
    records = [attempt(FAILED), attempt(attempt=2), *(attempt(SKIPPED, test=str(n)) for n in range(20))]
    keep(place, *records)
    first = asked(place).read_bytes()
    shutil.rmtree(place.releases / RELEASE.version / "evidence")
    random.Random(7).shuffle(records)
    late = timedelta(days=9)
    for record in records:  # in another order, a segment each, and written down at another time
        keep(place, msgspec.structs.replace(record, recorded_at=record.recorded_at + late))
    assert first == asked(place).read_bytes()


@pytest.mark.parametrize(
    "record",
    [
        None,
        attempt(environment=Environment.LOOPBACK),
        attempt(environment=Environment.REHEARSAL),
        attempt(occurred_at=T0 - timedelta(seconds=1)),
        attempt(occurred_at=T0 + timedelta(hours=73), recorded_at=T0 + timedelta(hours=74)),
    ],
)
def test_where_nothing_belongs_there_is_an_error_and_no_document(place: Context, record: TestAttempt | None) -> None:
    keep(place, *([record] if record else []))
    with pytest.raises(UsageError, match=r"1\.1\.0: there is no test .* environment ci"):
        asked(place)
    assert list((place.root / "out").glob("*")) == []


def test_another_environment_is_written_where_it_is_asked_for(place: Context) -> None:
    keep(place, attempt(), attempt(FAILED, environment=Environment.LOOPBACK, test="smoke.strict-config"))
    content = json.loads(asked(place, environment="loopback").read_text(encoding="utf-8"))["results"]
    assert [test["name"] for test in content["tests"]] == ["smoke.strict-config"]
    assert content["environment"]["testEnvironment"] == "loopback"


def test_damaged_evidence_is_not_passed_over(place: Context) -> None:
    keep(place, attempt())
    (segment,) = keep(place, attempt(FAILED, test="b"))
    segment.write_text(segment.read_text(encoding="utf-8").replace("failed", "passed"), encoding="utf-8")
    with pytest.raises(EvidenceError, match=segment.name):
        asked(place)


def test_no_release_is_opened_to_export_from(place: Context) -> None:
    with pytest.raises(ReleaseError, match="no release is open"):
        asked(place, None)
    assert {RELEASE.version, REHEARSAL.name} == {path.name for path in place.releases.iterdir()}
