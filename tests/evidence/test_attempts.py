"""Tests that attempts are distinguished from parameters, and no test is called flaky without a marker."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from atalaya.evidence.readers import attempts, reports

SAMPLES = Path(__file__).parent / "samples/junit"


def outcomes(source: Path | bytes) -> dict[str, list[str]]:
    found = attempts.of(reports.read(source))
    return {test.id: [str(each.outcome) for each in test.tries] for test in found.tests}


def test_surefire_children_are_attempts_before_a_pass_and_after_a_failure() -> None:
    expected = {"s > flaky": ["failed", "errored", "passed"], "s > lost": ["failed", "failed", "errored"]}
    assert expected == outcomes(SAMPLES / "made/rerun-and-flaky.xml")


def test_pytest_reruns_fold_to_the_truth_of_the_run() -> None:
    tries = outcomes(SAMPLES / "made-pytest/pytest-rerunfailures.xml")
    assert Counter(each[-1] for each in tries.values()) == {"passed": 8, "failed": 5, "errored": 3, "skipped": 2}
    assert tries["test_demo > test_flaky"] == ["failed", "passed"]
    assert tries["test_demo > test_fail"] == ["failed", "failed", "failed"]


def test_both_counts_are_said_where_elements_are_not_tests() -> None:
    notes = attempts.of(reports.read(SAMPLES / "made-pytest/pytest-rerunfailures.xml")).notes
    assert "36 test cases are 18 tests" in notes[0]


def test_a_failed_tear_down_after_a_failed_call_is_one_attempt() -> None:
    tries = outcomes(SAMPLES / "made-pytest/pytest-xunit2.xml")
    assert (len(tries), tries["test_demo > test_fail_and_teardown_error"]) == (18, ["errored"])


def retried(*cases: str) -> list[list[str]]:
    found = "".join(f'<testcase name="a">{f"<{inside}/>" if inside else ""}</testcase>' for inside in cases)
    return list(outcomes(f"<testsuite>{found}</testsuite>".encode()).values())


def test_a_case_that_failed_and_then_passed_under_one_name_was_retried() -> None:
    assert retried("failure", "") == [["failed", "passed"]]
    assert retried("failure", "error", "") == [["failed", "errored", "passed"]]
    assert retried("", "failure") == [["passed"], ["failed"]]
    assert retried("failure", "", "") == [["failed"], ["passed"], ["passed"]]
    assert retried("failure", "failure") == [["failed"], ["failed"]]
    assert retried("failure", "skipped") == [["failed"], ["skipped"]]


def repeated(*names: str) -> dict[str, int]:
    cases = "".join(f'<testcase classname="t" name="{name}"/>' for name in names)
    found = attempts.of(reports.read(f'<testsuite name="pytest">{cases}</testsuite>'.encode()))
    return {test.id.removeprefix("t > "): len(test.tries) for test in found.tests}


def test_the_runs_of_pytest_repeat_are_attempts_of_one_test() -> None:
    assert repeated("a[2-3]", "a[1-3]", "a[3-3]", "b") == {"a": 3, "b": 1}
    assert repeated("a[x-1-2]", "a[x-2-2]", "a[y-1-2]", "a[y-2-2]") == {"a[x]": 2, "a[y]": 2}
    # It was cut short: the whole file was repeated so.
    assert repeated("a[1-3]", "a[2-3]", "b[1-3]") == {"a": 2, "b": 1}


def test_parameters_that_look_like_runs_stay_apart() -> None:
    assert repeated("a[1-3]", "a[3-3]", "b") == {"a[1-3]": 1, "a[3-3]": 1, "b": 1}
    assert repeated("a[1-3]", "a[2-3]", "b") == {"a[1-3]": 1, "a[2-3]": 1, "b": 1}
    assert repeated("a[1-1]") == {"a[1-1]": 1}
    assert repeated("a[0-3]", "a[1-3]", "a[2-3]") == {"a[0-3]": 1, "a[1-3]": 1, "a[2-3]": 1}


@pytest.mark.parametrize(
    "name", ["made/duplicate-names-params", "mikepenz+action-junit-report/flaky_retries/flaky_success_first"]
)
def test_equal_names_without_a_marker_stay_apart_and_are_flagged(name: str) -> None:
    found = attempts.of(reports.read(SAMPLES / f"{name}.xml"))
    assert [len(test.tries) for test in found.tests] == [1, 1, 1]
    assert len({test.id for test in found.tests}) == 3
    assert found.notes == ("Test cases that share a name with another, kept apart and not called flaky: 3.",)


def test_playwright_projects_are_told_apart_by_their_host_name() -> None:
    found = attempts.of(reports.read(SAMPLES / "launchableinc+cli/playwright/report.xml"))
    assert (len(found.tests), len({test.id for test in found.tests}), found.notes) == (93, 93, ())


def test_equal_names_in_two_files_are_told_apart_by_the_file() -> None:
    cases = b"".join(b'<testcase name="a" file="%s"/>' % name for name in (b"x.py", b"y.py"))
    assert list(outcomes(b'<testsuite name="s">' + cases + b"</testsuite>")) == ["s > a [x.py]", "s > a [y.py]"]


def test_a_number_never_makes_one_name_of_two() -> None:
    cases = b"".join(b'<testcase name="%s"/>' % name for name in (b"a", b"a #2", b"a"))
    assert list(outcomes(b'<testsuite name="s">' + cases + b"</testsuite>")) == ["s > a", "s > a #2", "s > a #3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t[0x7f3a2c001d90]", "t[<address>]"),
        ("t[123e4567-e89b-12d3-a456-426614174000]", "t[<uuid>]"),
        ("t[/tmp/pytest-of-ana/pytest-7/x]", "t[<temporary path>]"),
        ("t[0x10]", "t[0x10]"),
    ],
)
def test_what_differs_from_run_to_run_is_no_part_of_a_name(name: str, expected: str) -> None:
    assert [expected] == list(outcomes(f'<testsuite><testcase name="{name}"/></testsuite>'.encode()))


def test_no_sample_gives_two_tests_one_identity() -> None:
    for path in SAMPLES.rglob("*.xml"):
        ids = [test.id for test in attempts.of(reports.read(path)).tests]
        assert len(set(ids)) == len(ids), path
