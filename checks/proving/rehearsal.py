"""How would a watch of 72 hours go, if this happened to the release?

A rehearsal really runs the smoke each simulated hour and the checks at each checkpoint, against the bundled
SDK; where a scenario says so, with a seeded defect switched on. Only the calendar is made up.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from checks.contracts.run import run_checks, run_smoke
from checks.proving.defects import BY_ID, plant
from checks.proving.prove import REFERENCE
from checks.records import CheckRun, Record, SmokeRun
from checks.subject.environment import Prepared

CHECKPOINTS_H = (0, 24, 48, 72)


class Scenario(NamedTuple):
    """What happens to the release: which defect is there, from which hour to which."""

    says: str
    defect: str = ""
    from_h: int = 0
    until_h: int = 0


SCENARIOS: Mapping[str, Scenario] = {
    "healthy": Scenario("Nothing happens: the SDK keeps its promises for 72 hours."),
    "stale-cache": Scenario(
        "From T+30 to T+40 the polls of a wait read the cache.", "polls-read-the-cache", 30, 40
    ),
}


class Slot(Record, frozen=True, kw_only=True):
    """One run of the rehearsed watch, with the instant at which the calendar says that it happened."""

    hour: int
    at: datetime
    run: CheckRun | SmokeRun


def rehearse(prepared: Prepared, scenario: Scenario, *, seed: int, opened_at: datetime) -> Iterator[Slot]:
    """Each run of the watch in order. The seed sets how late the schedule fires, as a real one does.

    :param prepared: an environment that has what the bundled SDK needs.
    """
    lateness = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="atalaya-rehearsal-") as folder:
        sick = plant(BY_ID[scenario.defect], REFERENCE, Path(folder)) if scenario.defect else None
        for hour in range(CHECKPOINTS_H[-1] + 1):
            at = opened_at + timedelta(hours=hour, seconds=0 if hour == 72 else lateness.randrange(0, 600))
            ill = sick is not None and scenario.from_h <= hour < scenario.until_h
            subject = msgspec.structs.replace(prepared, paths=(sick,)) if ill and sick else prepared
            if hour in CHECKPOINTS_H:
                yield Slot(hour=hour, at=at, run=run_checks(subject))
            yield Slot(hour=hour, at=at, run=run_smoke(subject, waits=4 + lateness.randrange(3)))
