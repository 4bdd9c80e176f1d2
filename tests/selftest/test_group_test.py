"""Tests that seeded defects are put together where they fit, and that each is still shown alone where it has to be."""

import itertools
from collections.abc import Sequence
from typing import cast

import pytest

from atalaya.harness.declare import Defect
from atalaya.sdk.prepare import Prepared
from atalaya.selftest import prove as proof
from atalaya.selftest.group_test import MOST, WIDE, Group, grouped
from atalaya.selftest.prove import prove
from atalaya.selftest.seeded_faults import PROJECT, changed_files
from tests.ours import DEFECTS, PACK

SOME = tuple(PACK.promise)[::7]
NEAR = {defect.id: tuple(dict.fromkeys((*SOME, *defect.expected))) for defect in DEFECTS}


class PREPARED:  # what `prove` asks of an environment before it runs anything
    pack = PACK


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    return grouped(PACK, DEFECTS, NEAR)


def test_each_defect_is_in_one_group(groups: list[Group]) -> None:
    assert sorted(one.id for one in DEFECTS) == sorted(one.id for group in groups for one in group.defects)


def test_no_group_is_larger_than_the_most(groups: list[Group]) -> None:
    assert max(len(group.defects) for group in groups) == MOST


def test_the_changes_of_a_group_stand_beside_each_other(groups: list[Group]) -> None:
    for group in groups:
        texts = changed_files(PACK, group.defects)
        for defect in group.defects:
            if not defect.found:
                assert all(line.strip() in texts[defect.file] for line in defect.new.split("\n"))


def test_what_a_package_declares_is_changed_once_in_a_group(groups: list[Group]) -> None:
    assert max(sum(one.file == PROJECT for one in group.defects) for group in groups) == 1


def test_what_breaks_many_promises_stands_alone(groups: list[Group]) -> None:
    wide = [group for group in groups if any(len(one.expected) > WIDE for one in group.defects)]
    assert wide
    assert [len(group.defects) for group in wide] == [1] * len(wide)


def test_a_defect_joins_the_group_that_breaks_its_promise_too() -> None:
    small = [one for one in DEFECTS if len(one.expected) == 1 and not one.found]
    first, second, third = next(
        (one, other, third)
        for one, other in itertools.combinations(small, 2)
        if one.old == other.old and one.expected != other.expected
        for third in small
        if third.expected == other.expected and third.file != other.file
    )
    near = dict.fromkeys([one.id for one in (first, second, third)], (*first.expected, *second.expected))
    assert [group.defects for group in grouped(PACK, (first, second, third), near)] == [(first,), (second, third)]


def test_no_group_asks_for_what_one_of_its_defects_breaks(groups: list[Group]) -> None:
    for group in groups:
        assert not set(group.asked) & {id for one in group.defects for id in one.expected}


def test_a_promise_that_can_notice_no_defect_of_a_group_is_not_asked() -> None:
    near = {defect.id: (PACK.promises[0].id,) for defect in DEFECTS}
    assert {PACK.promises[0].id} == {id for group in grouped(PACK, DEFECTS, near) for id in group.asked}


def test_what_a_group_turns_red_is_shown_to_each_of_its_defects_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run would find is stood in for: one defect turns a promise red that nobody expects."""
    chosen = [one for one in DEFECTS if len(one.expected) == 1 and not one.found][:8]
    sick, alarm = chosen[3], next(id for id in PACK.promise if not any(id in one.expected for one in chosen))
    runs: list[tuple[tuple[str, ...], bool]] = []

    def red(prepared: Prepared, defects: Sequence[Defect], asked: Sequence[str]) -> tuple[str, ...]:
        ids = tuple(one.id for one in defects)
        runs.append((ids, alarm in asked))
        broken = {id for one in defects for id in one.expected} | ({alarm} if sick.id in ids else set())
        return tuple(id for id in asked if id in broken)

    monkeypatch.setattr(proof, "_red", red)
    monkeypatch.setattr(proof, "survey", lambda prepared: None)
    monkeypatch.setattr(proof, "_near", lambda prepared, defect, reach: tuple(PACK.promise))
    found = prove(cast(Prepared, PREPARED), defects=chosen, jobs=1)
    assert {sick.id: (alarm,)} == {one.id: one.besides for one in found.defects if one.besides}
    group = next(ids for ids, _ in runs if sick.id in ids)
    shown_alone = {ids[0] for ids, looked in runs[-len(chosen) :] if looked}
    assert set(group) == shown_alone
    assert not any(one.survived for one in found.defects)
