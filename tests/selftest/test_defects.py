"""Tests that every check has been red for the defect that it must catch."""

import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness.declare import Defect, StandIn
from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome, Presence
from atalaya.sdk.prepare import Prepared
from atalaya.selftest import last_run
from atalaya.selftest.prove import catch
from atalaya.selftest.seeded_faults import PROJECT, changed, inject
from tests.ours import DEFECTS, EXPLORING, LIMITATIONS, PACK, PACKAGE, REFERENCE, STAND_INS
from tests.ours import PROMISE as PROMISES
from tests.selftest.together import Ask
from tests.selftest.together import looked_at as looked_at_together
from tests.tables import each_row

pytestmark = pytest.mark.begun_first


def test_every_promise_has_a_defect_that_should_turn_it_red() -> None:
    assert set(PROMISES) == {id for defect in DEFECTS for id in defect.expected}


def test_no_two_defects_have_one_id() -> None:
    assert len(DEFECTS) == len({defect.id for defect in DEFECTS})


def one_for_each_promise() -> tuple[Defect, ...]:
    """As few defects as turn each promise red once: `prove` shows all of them to all checks, and takes its time.

    Not those that explore: they have tests of their own, since beside others they may lack the time to find it.
    """
    chosen: list[Defect] = []
    # A promise that no defect breaks has a test of its own, and would be missing for ever here.
    missing = {id for defect in DEFECTS for id in defect.expected} & set(PROMISES) - set(EXPLORING)
    while missing:
        best = max(DEFECTS, key=lambda defect: len(missing & set(defect.expected)))
        chosen.append(best)
        missing -= set(best.expected)
    return tuple(chosen)


def looked_at(defect: Defect) -> tuple[str, ...]:
    return tuple(id for id in defect.expected if id not in EXPLORING)


CHOSEN = one_for_each_promise()
# Some of them say soon enough that it works; `nox -s long` shows the others. For the first of all, a check has to wait
# out its time, since it leaves the virtual clock.
SOON = CHOSEN[1::10]


def seen_red(prepared: Prepared, chosen: Sequence[Defect]) -> dict[str, set[str]]:
    """What each defect turned red, of the promises that should catch it.

    They are many, and are looked at together; whatever does not come out of that as it should is run once more, alone.
    """
    found = looked_at_together(prepared, [Ask(defect, looked_at(defect)) for defect in chosen])
    red = {
        defect.id: {result.id for result in results if _is_red(result)}
        for defect, results in zip(chosen, found, strict=True)
    }
    again = [defect for defect in chosen if red[defect.id] != set(looked_at(defect))]
    return red | {one.id: set(catch(one, prepared, wanted=looked_at(one)).caught_by) for one in again}


def _is_red(result: CheckResult | FindingResult) -> bool:
    return isinstance(result, CheckResult) and result.outcome is Outcome.BROKEN


@pytest.mark.parametrize(
    "chosen", [SOON, pytest.param(tuple(one for one in CHOSEN if one not in SOON), marks=pytest.mark.long)], ids=len
)
def test_a_defect_turns_red_what_it_should(chosen: tuple[Defect, ...], prepared: Prepared) -> None:
    assert seen_red(prepared, chosen) == {defect.id: set(looked_at(defect)) for defect in chosen}


@each_row("change", [*DEFECTS, *STAND_INS], ids=[change.id for change in (*DEFECTS, *STAND_INS)])
def test_every_change_finds_its_place_and_leaves_what_can_be_read(change: Defect | StandIn) -> None:
    if change.file == PROJECT:
        tomllib.loads(changed(change, (PACK.reference / PROJECT).read_text(encoding="utf-8")))
        return
    text = changed(change, (REFERENCE / PACKAGE / change.file).read_text(encoding="utf-8"))
    compile(text, change.file, "exec")


def test_a_change_of_the_project_leaves_what_an_installer_would_write_of_it(tmp_path: Path) -> None:
    folder = inject(PACK, PACK.defect["oldest-python-left-behind"], tmp_path)
    [found] = metadata.distributions(path=[str(folder)])
    assert (found.metadata["Name"], found.metadata["Requires-Python"]) == ("aris3-client-sdk", ">=3.11")
    assert found.requires == ["httpx>=0.27", "python-dotenv>=1.0"]


def test_the_self_test_in_the_tree_is_of_these_defects_and_none_of_them_survived() -> None:
    kept = last_run.read(PACK)
    assert kept is not None
    assert {defect.id: defect.expected for defect in DEFECTS} == {one.id: one.expected for one in kept.defects}
    assert [one.id for one in kept.defects if one.survived] == []
    assert kept.proven.promises_never_red == ()


def test_a_defect_that_misses_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="stand 0 times"):
        inject(PACK, DEFECTS[0]._replace(old="not there"), tmp_path)


@each_row(
    ("old", "new", "expected"),
    [
        ("a()", "b()", "if x:\n    b()\n\n    c()\n"),
        ("a()\n\nc()", "if y:\n    a()\n\nc()", "if x:\n    if y:\n        a()\n\n    c()\n"),
        ("a()", "", "if x:\n\n    c()\n"),
    ],
    ids=["one line", "some lines and an empty one between them", "a line that is taken away"],
)
def test_a_change_takes_the_indentation_of_the_lines_that_it_replaces(old: str, new: str, expected: str) -> None:
    assert expected == changed(Defect("d", "", "file.py", old, new, ()), "if x:\n    a()\n\n    c()\n")


def test_a_change_that_has_two_places_is_an_error_whatever_their_indentation() -> None:
    with pytest.raises(HarnessError, match="stand 2 times"):
        changed(Defect("d", "", "file.py", "a()", "b()", ()), "a()\nif x:\n    a()\n")


def test_every_limitation_has_a_stand_in() -> None:
    assert {limitation.id for limitation in LIMITATIONS} == {stand_in.limitation for stand_in in STAND_INS}


def test_what_a_limitation_is_asked_for_by_is_a_promise() -> None:
    assert {one.against for one in LIMITATIONS} - {""} <= set(PROMISES)


SHOWN_SOON = STAND_INS[::5]


@pytest.mark.parametrize(
    "chosen",
    [SHOWN_SOON, pytest.param([one for one in STAND_INS if one not in SHOWN_SOON], marks=pytest.mark.long)],
    ids=len,
)
def test_a_limitation_is_seen_where_it_is_and_not_where_it_is_not(
    chosen: Sequence[StandIn], prepared: Prepared
) -> None:
    of_the_reference = run_checks(prepared, wanted=[stand_in.limitation for stand_in in chosen]).findings
    elsewhere = {found.id: found.seen for found in of_the_reference}
    found = looked_at_together(prepared, [Ask(stand_in, (stand_in.limitation,)) for stand_in in chosen])
    told = {
        stand_in.id: ([one.seen for one in results if isinstance(one, FindingResult)], elsewhere[stand_in.limitation])
        for stand_in, results in zip(chosen, found, strict=True)
    }
    has, lacks = ([Presence.SEEN], Presence.NOT_SEEN), ([Presence.NOT_SEEN], Presence.SEEN)
    assert told == {stand_in.id: has if stand_in.has else lacks for stand_in in chosen}
