"""Which part of a watch is asked about, at each hour of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from atalaya.core.settings import CiSettings, Settings
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower, MetricQuery, iso
from atalaya.records.stored import Release
from tests.metrics.conftest import T0


def span(hours: float, *, window_h: int = 72, **known: Any) -> MetricQuery:
    release = Release(version="1.1.0", commit="ABC", opened_at=T0, window_h=window_h)
    return MetricQuery(release=release, as_of=T0 + timedelta(hours=hours), **({"settings": Settings()} | known))


@pytest.mark.parametrize(
    ("hours", "window_h", "bins", "look"),
    [
        (-1, 72, 1, 1),
        (0, 72, 1, 1),
        (23.9, 72, 1, 1),
        (24, 72, 2, 1),
        (24.1, 72, 2, 2),
        (48, 72, 3, 2),
        (72, 72, 3, 3),
        (90, 72, 3, 3),
        (90, 96, 4, 3),
        (96, 96, 4, 3),
        (80, 90, 4, 3),
    ],
)
def test_each_hour_has_its_bin_and_its_look(hours: float, window_h: int, bins: int, look: int) -> None:
    it = span(hours, window_h=window_h)
    assert (bins, look) == (it.bins, it.look)


def test_nothing_counts_after_the_window() -> None:
    assert [span(hours).until for hours in (71, 73)] == [T0 + timedelta(hours=hours) for hours in (71, 72)]


def test_what_a_metric_may_ask_for_is_of_its_release() -> None:
    fixed = T0 + timedelta(hours=5)
    it = span(30, settings=Settings(ci=CiSettings(workflows=("a", "b"))), fixed_at={"stale-cache": fixed})
    assert it.parameters("stale-cache") == {
        "t0": "2026-03-02T09:00:00+00:00",
        "until": "2026-03-03T15:00:00+00:00",
        "as_of": "2026-03-03T15:00:00+00:00",
        "fixed": iso(fixed),
        "rehearsal": False,
        "commit": "abc",
        "same_tree": [],
        "ours": ["atalaya-checks", "atalaya-smoke"],
        "ci_events": ["push", "schedule", "workflow_dispatch", "release", ""],
        "workflows": ["a", "b"],
        "any_workflow": False,
        "period": "github/runs.json",
        "last_bin": 2,
        "repeats": [],
        "ends": "2026-03-05T09:00:00+00:00",
        "at": "2026-03-03T15:00:00+00:00",
        "only_failed": False,
        "tests": [],
    }
    assert it.parameters("pass-rate")["fixed"] == iso(T0)
    assert span(30, settings=Settings(ci=CiSettings(workflows=()))).parameters()["any_workflow"] is True


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    there = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))
    assert iso(there) == iso(T0)


def test_checks_that_were_shown_nothing_are_known_to_see_nothing() -> None:
    known = DetectorPower(shown=2, caught=1)
    it = span(1, detectors={"stale-cache": known})
    assert (it.detector("stale-cache"), it.detector("polling-timeouts")) == (known, NEVER_SHOWN)
    assert (NEVER_SHOWN.shown, NEVER_SHOWN.caught) == (0, 0)
