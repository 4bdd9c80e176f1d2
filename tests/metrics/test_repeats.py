"""Tests that the repeats of a test are told from its parameters, and are attempts of one test."""

from __future__ import annotations

from typing import Any

from atalaya.metrics.repeats import repeats
from atalaya.records.stored import CaseOutcome
from tests.tables import each_row

PASSED, FAILED = CaseOutcome.PASSED, CaseOutcome.FAILED


def of(count: int, test: str = "t", parameters: str = "") -> list[str]:
    return [f"{test}[{parameters}{step}-{count}]" for step in range(1, count + 1)]


@each_row(
    ("joined", "names"),
    [
        (["t"], of(3)),
        (["t"], of(12)),
        (["t[a]", "t[b-1]"], of(3, parameters="a-") + of(3, parameters="b-1-")),
        (["t", "u"], [*of(3), *of(5, "u")]),
        (["t"], [*of(3), "u"]),  # half of its tests
        ([], [*of(3), "u", "v"]),  # one of three: a page of three, as likely
        ([], ["t[1-3]"]),
        ([], ["t[1-3]", "t[2-3]"]),
        ([], of(3)[:2] + of(2)),  # two counts of one test
        ([], of(3) + of(2)),
        ([], of(1)),
        ([], ["t[0-3]", "t[1-3]", "t[2-3]"]),  # counted from zero
        ([], ["t[01-3]", "t[02-3]", "t[03-3]"]),
        ([], ["t[1-3", "t[2-3", "t[3-3"]),
        ([], ["t[1-x]", "t"]),
    ],
)
def test_names_are_repeats_where_the_whole_row_of_them_is_there(joined: list[str], names: list[str]) -> None:
    assert joined == sorted(set(repeats([(frozenset(names), len(names))]).values()))


def test_what_one_report_shows_holds_for_all() -> None:
    whole, part = of(3), of(3)[:1]
    assert {"t"} == set(repeats([(frozenset(part), 9), (frozenset(whole), 3)]).values())


def test_repeats_are_attempts_of_one_test_beside_those_of_other_runs(watch: Any) -> None:
    watch.keep(
        *(watch.test("repeat", FAILED if name == "t[2-3]" else PASSED, test=name) for name in of(3)),
        watch.test("one", PASSED, test="t"),
        watch.test("two", PASSED, test="t"),
    )
    watch.keep(*(watch.test("repeat", FAILED if name == "t[2-3]" else PASSED, test=name, hours=2) for name in of(3)))
    metric = watch.metric("flaky-tests")
    assert [metric.inputs[name] for name in ("tests", "median_attempts", "attempts", "failures")] == [1, 5, 5, 1]
    assert metric.inputs["flaky_other"] == ["t"]


def test_parameters_that_look_like_repeats_stay_tests_of_their_own(watch: Any) -> None:
    watch.keep(
        *(
            watch.test(run, FAILED if name == "t[2-3]" else PASSED, test=name)
            for run in ("one", "two")
            for name in [*of(3)[:2], "u", "v"]
        )
    )
    metric = watch.metric("flaky-tests")
    assert (metric.value, metric.inputs["tests"], metric.inputs["median_attempts"]) == (0.0, 4, 2)


def test_five_repeats_of_one_test_that_all_fail_are_no_machine_without_a_network(watch: Any) -> None:
    watch.keep(*(watch.test("repeat", FAILED, test=name) for name in of(5)), watch.test("one", PASSED, test="t"))
    assert watch.metric("flaky-tests").value == 1.0
