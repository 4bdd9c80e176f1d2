"""Tests of the table of roads and properties: of its cells, and of the pack's own."""

from collections import Counter

import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness.roads import CellState, Road, Table
from checks.roads.check_roads import TABLE
from tests.ours import PROMISES


def road(name: str, *traits: str) -> Road:
    return Road(
        name=name,
        method="GET",
        path="/",
        build=lambda lab, settings: None,
        take=lambda client: None,
        fails=lambda lab, got: "",
        refused=lambda lab, status, message, got: "",
        traits=frozenset(traits),
    )


def test_a_cell_is_tested_or_does_not_apply_or_is_explained() -> None:
    table = Table([road("a", "cached"), road("b"), road("c", "cached")], {"cached": "It is not cached."})
    table.check("p", lambda lab, road: None, needs="cached", explained={"c": "It is like a."})
    assert [tuple(cell) for cell in table.cells()] == [
        ("p", "a", CellState.TESTED, ""),
        ("p", "b", CellState.NOT_APPLICABLE, "It is not cached."),
        ("p", "c", CellState.EXPLAINED, "It is like a."),
    ]


def test_a_check_takes_each_road_that_is_tested_as_a_case_of_its_name() -> None:
    class Lab:
        def __init__(self) -> None:
            self.cases: list[str] = []

        def trial(self, label: str) -> "Lab":
            self.cases.append(label)
            return self

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    table = Table([road("a", "cached"), road("b"), road("c", "cached")], {"cached": "It is not cached."})
    lab, taken = Lab(), []
    table.check("p", lambda lab, road: taken.append(road.name), needs="cached")(lab)  # type: ignore[arg-type]
    assert (lab.cases, taken) == (["a", "c"], ["a", "c"])


@pytest.mark.parametrize(("needs", "explained"), [("kept", {}), ("", {"z": "why"})])
def test_a_name_that_the_table_does_not_know_is_refused(needs: str, explained: dict[str, str]) -> None:
    table = Table([road("a")], {"cached": "It is not cached."})
    with pytest.raises(HarnessError, match="no road and no trait"):
        table.check("p", lambda lab, road: None, needs=needs, explained=explained)


def test_no_cell_of_the_pack_is_without_a_state_and_what_is_not_tested_has_a_sentence() -> None:
    cells = list(TABLE.cells())
    assert len(cells) == len(TABLE.roads) * len(TABLE.properties)
    silent = [cell for cell in cells if cell.state is not CellState.TESTED and not cell.reason.endswith(".")]
    assert silent == []


def test_each_property_of_the_pack_is_a_promise_and_is_tested_on_several_roads() -> None:
    promised = {promise.id for promise in PROMISES}
    tested = Counter(cell.property for cell in TABLE.cells() if cell.state is CellState.TESTED)
    assert set(TABLE.properties) <= promised
    assert {id for id in TABLE.properties if tested[id] < 5} == set()


def test_no_two_roads_have_one_name_and_each_trait_is_that_of_a_road() -> None:
    names = [road.name for road in TABLE.roads]
    assert len(names) == len(set(names))
    used = {trait for road in TABLE.roads for trait in road.traits}
    assert used == set(TABLE.lacking)
