"""The window of a watch, said in one place."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from atalaya.core import window
from atalaya.records.stored import Release

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RELEASE = Release(version="1.1.0", commit="", opened_at=T0)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def test_a_watch_lasts_72_hours_and_at_most_two_days_more() -> None:
    assert (RELEASE.window_h, window.LONGEST_H, window.CHECKPOINTS_H) == (72, 120, (0, 24, 48, 72))


def test_hours_are_counted_from_the_release() -> None:
    assert [window.elapsed_h(RELEASE, at(hours)) for hours in (30.5, -1)] == [30.5, -1]
    assert at(48) == window.due_at(RELEASE, window.T48)


def test_a_window_ends_after_its_hours_or_after_as_many_as_are_asked_about() -> None:
    longer = replace(RELEASE, window_h=96)
    assert [at(72), at(96), at(120)] == [window.ends_at(RELEASE), window.ends_at(longer), window.ends_at(longer, 120)]


def test_a_verdict_is_valid_for_its_hours_and_before_the_end_until_the_next_checkpoint_at_most() -> None:
    until = [window.valid_until(RELEASE, at(hours), 25) for hours in (0, 20, 47, 71, 72, 80)]
    assert until == [at(24), at(24), at(48), at(72), at(97), at(105)]
    assert at(22) == window.valid_until(RELEASE, at(20), 2)


def test_no_other_module_says_how_long_a_window_is() -> None:
    said = set()
    for file in Path(window.__file__).parents[1].rglob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if any(isinstance(node, ast.Constant) and type(node.value) is int and node.value == 72 for node in nodes):
            said.add(file.name)
    assert {Path(window.__file__).name} == said
