"""Reads how much of what is counted the smoke sees.

A zero is worth as much as the detector that looked. What was seeded into what it sees tells, each way in which an
event comes about once: repeating one teaches nothing of the others. It comes with the code, so that a first run has it.
"""

from __future__ import annotations

from atalaya.harness.pack import Pack
from atalaya.metrics.definitions import counting_events
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower
from atalaya.selftest.detector_record import Detector, sight


def detectors(pack: Pack) -> dict[str, DetectorPower]:
    """For each metric that counts events, and that the pack feeds, how much of what was seeded its smoke sees.

    It was shown nothing where the pack keeps no record, or one of other code than this.
    """
    known = sight(pack, Detector.SMOKE)
    kinds = {metric.id: events.kind for metric, events in counting_events() if metric.id in pack.events}
    if known is None:
        return dict.fromkeys(kinds, NEVER_SHOWN)
    return {id: DetectorPower(shown=known.shown(kind), caught=known.caught(kind)) for id, kind in kinds.items()}
