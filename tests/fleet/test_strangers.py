"""Tests that what a stranger's file says is taken for no more than it is."""

from __future__ import annotations

from atalaya.fleet.strangers import number


def test_a_number_is_no_text_and_no_truth() -> None:
    assert [number(value) for value in (3, 0.5, 0, True, False, "3", None, [3])] == [3.0, 0.5, 0.0, *[None] * 5]
