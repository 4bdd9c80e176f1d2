"""What the smoke sees of the events that are counted, from what was seeded into what it sees."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atalaya.harness.pack import Pack
from atalaya.metrics.detector_power import detectors
from atalaya.metrics.window_query import NEVER_SHOWN
from atalaya.records.stored import EventKind
from atalaya.selftest.detector_record import Detector, Detectors, Measured, Sight, digest, write
from tests.ours import PACK

SMOKE = Sight(
    seeded={EventKind.STALE_READ: {"one": True, "two": False}, EventKind.NETWORK_ERROR: dict.fromkeys("abc", True)}
)
LOGS = Sight(seeded={EventKind.POLLING_TIMEOUT: {"one": True}})


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A pack whose record is of its code."""
    it = dataclasses.replace(PACK, folder=tmp_path)
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    made = {
        detector: Measured(made_at=at, python="3", digest=digest(it, detector), sight=sight)
        for detector, sight in ((Detector.SMOKE, SMOKE), (Detector.LOGS, LOGS))
    }
    write(it, Detectors(detectors=made))
    return it


def test_a_metric_has_what_the_smoke_saw_of_the_events_that_it_counts(pack: Pack) -> None:
    found = {id: (one.shown, one.caught) for id, one in detectors(pack).items()}
    assert found == {"network-errors": (3, 3), "polling-timeouts": (0, 0), "stale-cache": (2, 1)}


def test_a_record_of_other_code_shows_nothing(pack: Pack) -> None:
    (pack.folder / "smoke.py").write_text("# another\n")
    assert dict.fromkeys(pack.events, NEVER_SHOWN) == detectors(pack)


def test_without_a_record_nothing_was_shown(tmp_path: Path) -> None:
    assert dict.fromkeys(PACK.events, NEVER_SHOWN) == detectors(dataclasses.replace(PACK, folder=tmp_path))


def test_a_metric_that_the_pack_does_not_feed_has_no_detector(pack: Pack) -> None:
    fed = dataclasses.replace(pack, events={"stale-cache": ()})
    assert detectors(fed).keys() == {"stale-cache"}


def test_a_first_run_has_the_sensitivity_of_the_smoke_in_the_tree() -> None:
    assert {id: one.shown >= 20 and one.caught == one.shown for id, one in detectors(PACK).items()} == dict.fromkeys(
        PACK.events, True
    )
