"""Tests that the self-test reports what the checks caught and missed, and with what confidence."""

from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckRun
from atalaya.sdk.prepare import Prepared
from atalaya.selftest import prove as proof
from atalaya.selftest.prove import Caught, FalseAlarm, Sensitivity, at_the_least, catch, prove, proven
from tests.ours import DEFECTS, EXPLORING, PACK, PROMISES, pack_of

IDS = ("a.one", "a.two", "b.one")
NOW = (
    Caught(id="d1", expected=("a.one",), caught_by=("a.one",)),
    Caught(id="d2", expected=("a.one", "a.two"), caught_by=("a.one", "b.one")),
    Caught(id="d3", expected=("a.one",), caught_by=()),
)


def sight_of(promise: str) -> Sensitivity:
    return next(one for one in proven(NOW, IDS).sensitivity if one.promise == promise)


def test_a_defect_survives_when_one_of_its_promises_stays_as_it_was() -> None:
    assert [one.survived for one in NOW] == [False, True, True]


def test_what_was_missed_is_named() -> None:
    assert [one.missed for one in NOW] == [(), ("a.two",), ("a.one",)]


def test_what_turned_red_besides_is_no_survival_and_is_named() -> None:
    one = Caught(id="d", expected=("a.one",), caught_by=("a.one", "b.one"))
    assert (one.survived, one.besides) == (False, ("b.one",))


def test_sensitivity_counts_only_the_defects_that_break_the_promise() -> None:
    assert [(sight_of(id).n, sight_of(id).caught) for id in IDS] == [(3, 2), (1, 0), (0, 0)]


def test_a_promise_that_no_defect_was_shown_to_has_no_sensitivity() -> None:
    assert sight_of("b.one").low is None


def test_the_lower_bound_is_that_of_clopper_and_pearson() -> None:
    assert sight_of("a.one").low == pytest.approx(0.1354, abs=5e-5)


@pytest.mark.parametrize(("caught", "shown"), [(-1, 3), (4, 3)])
def test_more_caught_than_shown_is_an_error(caught: int, shown: int) -> None:
    with pytest.raises(ValueError, match=f"{caught} of {shown}"):
        at_the_least(caught, shown)


def test_a_red_promise_that_the_defect_does_not_break_is_a_false_alarm() -> None:
    assert (FalseAlarm(defect="d2", promise="b.one"),) == proven(NOW, IDS).unexpected


def test_a_promise_that_was_never_red_is_named() -> None:
    assert proven(NOW, IDS).promises_never_red == ("a.two",)


def test_the_report_keeps_its_shape() -> None:
    report = msgspec.to_builtins(proven(NOW[:1], IDS[:1]))
    assert {
        "defects": ({"id": "d1", "expected": ("a.one",), "caught_by": ("a.one",)},),
        "promises_never_red": (),
        "sensitivity": ({"promise": "a.one", "n": 1, "caught": 1, "low": pytest.approx(0.05)},),
        "unexpected": (),
    } == report


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.long)])
def test_a_proof_asks_every_promise_about_every_defect(
    every: int, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [DEFECTS[-1], DEFECTS[0]]
    expected = {id for defect in chosen for id in defect.expected}
    few = tuple(one for number, one in enumerate(PROMISES) if number % every == 0 or one.id in expected)
    asked: list[set[str]] = []

    def run(sdk: Prepared, *, wanted: Sequence[str], deadline_s: float) -> CheckRun:
        asked.append({*wanted})
        return run_checks(sdk, wanted=wanted, deadline_s=deadline_s)

    monkeypatch.setattr(proof, "run_checks", run)
    found = prove(replace(prepared, pack=pack_of(few)), defects=chosen, jobs=2)
    everyone = {one.id for one in few if one.id not in EXPLORING and one.contract not in PACK.overlapping}
    assert [everyone - ids for ids in asked] == [set(), set()]
    assert [defect.id for defect in chosen] == [one.id for one in found.defects]
    assert [one.id for one in found.defects if one.survived] == []
    assert len(few) == len(found.sensitivity)


def test_a_defect_that_is_shown_to_other_promises_survives(prepared: Prepared) -> None:
    others = [promise.id for promise in PROMISES if promise.id not in DEFECTS[0].expected][-1:]
    assert catch(DEFECTS[0], prepared, wanted=others).survived
