"""Tests that the matrix shows each miss and each false alarm, and fits on a terminal."""

from atalaya.selftest.kill_matrix import WIDTH, Cell, by_defect, by_family, by_promise, told
from atalaya.selftest.prove import Caught, Proven, proven
from tests.ours import DEFECTS, PACK
from tests.ours import IDS as ALL

IDS = ("config.a", "config.b", "cache.a")
FOUND = proven(
    (
        Caught(id="d1", expected=("config.a",), caught_by=("config.a",)),
        Caught(id="d2", expected=("config.a", "config.b"), caught_by=("config.a", "cache.a")),
        Caught(id="d3", expected=("cache.a",), caught_by=("config.a", "config.b", "cache.a")),
    ),
    IDS,
)
NAMES = ("config", "cache")


def everything_wrong() -> Proven:
    """Each defect turns red all that it should not, and nothing that it should."""
    return proven(
        [
            Caught(id=defect.id, expected=defect.expected, caught_by=tuple(set(ALL) - set(defect.expected)))
            for defect in DEFECTS
        ],
        ALL,
    )


def test_a_defect_has_a_row_of_what_was_caught_missed_and_red_besides() -> None:
    row = by_defect(FOUND, {})[1]
    assert (row.caught, row.missed, row.besides) == (("config.a",), ("config.b",), ("cache.a",))


def test_a_promise_has_a_row_with_the_defects_that_it_cried_wolf_for() -> None:
    assert [(row.promise, row.n, row.caught, row.also_red_for) for row in by_promise(FOUND)] == [
        ("config.a", 2, 2, ("d3",)),
        ("config.b", 1, 0, ("d3",)),
        ("cache.a", 1, 1, ("d2",)),
    ]


def test_the_table_of_families_tells_the_expected_from_the_rest() -> None:
    assert {
        "config": {"config": Cell(expected=2), "cache": Cell(besides=1)},
        "cache": {"config": Cell(besides=1), "cache": Cell(expected=1)},
    } == by_family(FOUND, {}, NAMES)


def test_a_defect_belongs_to_the_family_that_seeded_it_whatever_it_breaks() -> None:
    one = proven(FOUND.defects[:1], IDS)
    assert Cell(expected=1) == by_family(one, {"d1": "cache"}, NAMES)["cache"]["config"]


def test_every_promise_and_every_confusion_is_told() -> None:
    text = "\n".join(told(FOUND, PACK))
    assert [
        words for words in (*IDS, "missed: d2: config.b", "expected: d3: config.a, config.b") if words not in text
    ] == []


def test_no_line_is_wider_than_a_terminal() -> None:
    assert [line for line in told(everything_wrong(), PACK) if len(line) > WIDTH] == []


def test_where_nothing_was_confused_nothing_is_said_of_it() -> None:
    assert not any("missed" in line or "not expected:" in line for line in told(proven(FOUND.defects[:1], IDS), PACK))
