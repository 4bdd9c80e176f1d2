"""Tests that every sentence of the contract is tested, or has a reason why not."""

import re

import pytest

from atalaya.records.results import Statement
from tests.ours import LIMITATIONS, PROMISE, PROMISES, STATEMENTS
from tests.tables import each_row


@each_row("statement", STATEMENTS, ids=[f"{s.section}: {s.says}" for s in STATEMENTS])
def test_a_sentence_has_promises_or_a_reason_and_never_both(statement: Statement) -> None:
    assert bool(statement.promises) != bool(statement.reason.strip())
    assert set(statement.promises) <= set(PROMISE)


@pytest.mark.parametrize("section", ["1", "2", "3", "4", "5", "6", "7"])
def test_no_section_that_binds_the_sdk_is_left_out(section: str) -> None:
    assert [statement for statement in STATEMENTS if statement.section == section and statement.promises]


def test_the_finding_that_a_reason_names_is_one_of_our_limitations() -> None:
    named = [name for one in STATEMENTS for name in re.findall(r"finding\s+`([^`]+)`", one.reason)]
    assert named
    assert [name for name in named if name not in {limitation.id for limitation in LIMITATIONS}] == []


def test_no_sentence_stands_twice() -> None:
    assert len(STATEMENTS) == len({(statement.section, statement.says) for statement in STATEMENTS})


def test_every_promise_rests_on_a_sentence() -> None:
    stated = {id for statement in STATEMENTS for id in statement.promises}
    assert [promise.id for promise in PROMISES if promise.id not in stated] == []


def test_no_two_promises_and_no_two_limitations_have_one_id() -> None:
    ids = [promise.id for promise in PROMISES] + [limitation.id for limitation in LIMITATIONS]
    assert sorted(set(ids)) == sorted(ids)
