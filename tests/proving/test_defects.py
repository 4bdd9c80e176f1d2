"""Has every check been seen red, for the defect that it is there for?"""

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.contracts.findings import WEAKNESSES
from checks.contracts.promises import BY_ID as PROMISES
from checks.contracts.run import run_checks
from checks.errors import HarnessError
from checks.proving import selftest
from checks.proving.defects import DEFECTS, STAND_INS, Defect, StandIn, plant
from checks.proving.prove import EXPLORING, REFERENCE, Caught, catch
from checks.proving.seeded.defect import changed
from checks.records import CheckResult, FindingResult, Outcome
from checks.subject.capabilities import PACKAGE
from checks.subject.environment import Prepared
from tests.proving.together import Ask
from tests.proving.together import looked_at as looked_at_together
from tests.tables import each_row

pytestmark = pytest.mark.begun_first

DOCS = Path(__file__).parents[2] / "docs"


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


@pytest.fixture(scope="module")
def caught(prepared: Prepared) -> Callable[[str], Caught]:
    """What became of each defect, shown to the promises that should catch it.

    They are many, and are looked at together; whatever does not come out of that as it should is run once more, alone.
    """
    found = looked_at_together(prepared, [Ask(defect, looked_at(defect)) for defect in CHOSEN])
    red = [{result.id for result in results if _is_red(result)} for results in found]
    again = [defect for defect, ids in zip(CHOSEN, red, strict=True) if ids != set(looked_at(defect))]
    alone = {defect.id: catch(defect, prepared, wanted=looked_at(defect)) for defect in again}
    as_expected = {one.id: Caught(id=one.id, expected=one.expected, caught_by=looked_at(one)) for one in CHOSEN}
    return (as_expected | alone).__getitem__


def _is_red(result: CheckResult | FindingResult) -> bool:
    return isinstance(result, CheckResult) and result.outcome is Outcome.BROKEN


@each_row("defect", CHOSEN, ids=[defect.id for defect in CHOSEN])
def test_a_defect_turns_red_what_it_should(defect: Defect, caught: Callable[[str], Caught]) -> None:
    assert set(looked_at(defect)) == set(caught(defect.id).caught_by)


@each_row("change", [*DEFECTS, *STAND_INS], ids=[change.id for change in (*DEFECTS, *STAND_INS)])
def test_every_change_finds_its_place_and_leaves_python(change: Defect | StandIn) -> None:
    text = changed(change, (REFERENCE / PACKAGE / change.file).read_text(encoding="utf-8"))
    compile(text, change.file, "exec")


def test_the_self_test_in_the_tree_is_of_these_defects_and_none_of_them_survived() -> None:
    kept = selftest.read(DOCS)
    assert kept is not None
    assert {defect.id: defect.expected for defect in DEFECTS} == {one.id: one.expected for one in kept.proven.defects}
    assert [one.id for one in kept.proven.defects if one.survived] == []
    assert kept.proven.promises_never_red == ()


def test_a_defect_that_misses_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="stands 0 times"):
        plant(DEFECTS[0]._replace(old="not there"), REFERENCE, tmp_path)


def test_every_weakness_has_a_stand_in() -> None:
    assert {weakness.id for weakness in WEAKNESSES} == {stand_in.weakness for stand_in in STAND_INS}


@pytest.fixture(scope="module")
def seen_in_the_reference(prepared: Prepared) -> dict[str, bool | None]:
    ids = [weakness.id for weakness in WEAKNESSES]
    return {found.id: found.seen for found in run_checks(prepared, wanted=ids).findings}


@pytest.fixture(scope="module")
def seen(prepared: Prepared) -> dict[str, list[bool | None]]:
    found = looked_at_together(prepared, [Ask(stand_in, (stand_in.weakness,)) for stand_in in STAND_INS])
    told = [[one.seen for one in results if isinstance(one, FindingResult)] for results in found]
    return dict(zip((stand_in.id for stand_in in STAND_INS), told, strict=True))


@each_row("stand_in", STAND_INS, ids=[stand_in.id for stand_in in STAND_INS])
def test_a_weakness_is_seen_where_it_is_and_not_where_it_is_not(
    stand_in: StandIn, seen: dict[str, list[bool | None]], seen_in_the_reference: dict[str, bool | None]
) -> None:
    assert [stand_in.has] == seen[stand_in.id]
    assert seen_in_the_reference[stand_in.weakness] is not stand_in.has
