"""Tests where in its window a watch is, and which evidence belongs to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from atalaya.core.window import due_at, elapsed_h
from atalaya.records.stored import Environment, Finding, Release
from atalaya.watch.window import in_window, is_recorded
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RELEASE = Release(version="1.1.0", commit="", opened_at=T0)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def test_hours_are_counted_from_the_opening() -> None:
    assert [elapsed_h(RELEASE, at(30.5)), elapsed_h(RELEASE, at(-1))] == [30.5, -1]
    assert due_at(RELEASE, 48) == at(48)


@each_row(
    ("counts", "hours", "recorded_h", "environment"),
    [
        (True, 0, 0, Environment.CI),
        (True, 30, 30, Environment.LOOPBACK),
        (False, -0.01, 1, Environment.CI),
        (False, 31, 31, Environment.CI),
        (False, 20, 31, Environment.CI),
        (False, 20, 20, Environment.SERVICE),
        (False, 20, 20, Environment.REHEARSAL),
    ],
)
def test_evidence_belongs_if_it_is_from_here_and_known_by_now(
    counts: bool, hours: float, recorded_h: float, environment: Environment
) -> None:
    record = Finding(
        run_id="r",
        environment=environment,
        occurred_at=at(hours),
        recorded_at=at(recorded_h),
        weakness="w",
        stored_seen=True,
        reason="",
    )
    assert in_window(record, RELEASE, at(30)) is counts
    rehearsal = msgspec.structs.replace(RELEASE, rehearsal=True)
    assert in_window(record, rehearsal, at(30)) is (environment is Environment.REHEARSAL)


def test_what_happened_after_the_window_never_belongs() -> None:
    record = Finding(
        run_id="r",
        environment=Environment.CI,
        occurred_at=at(73),
        recorded_at=at(73),
        weakness="w",
        stored_seen=True,
        reason="",
    )
    assert not in_window(record, RELEASE, at(100))


def test_a_record_of_another_time_is_known_and_does_not_count() -> None:
    old = Finding(
        run_id="r",
        environment=Environment.CI,
        occurred_at=at(-9000),
        recorded_at=at(1),
        weakness="w",
        stored_seen=True,
        reason="",
    )
    assert is_recorded(old, RELEASE, at(2)) is True
    assert is_recorded(old, RELEASE, at(0.5)) is False
    assert in_window(old, RELEASE, at(2)) is False
