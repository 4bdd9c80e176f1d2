"""Calls the real rules of the metrics beside CI's rate with counts that were drawn."""

from __future__ import annotations

from collections.abc import Mapping

from atalaya.core.settings import Settings, Thresholds
from atalaya.core.window import DAY_H
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.event_counts import Side
from atalaya.metrics.flaky_tests import FlakyCounts, judge_flaky
from atalaya.metrics.network_errors import Errors, judge_errors, rule_of
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower
from atalaya.metrics.zero_events import judge_events
from atalaya.watch.calibration_record import World
from atalaya.watch.outlook import MetricShows

TESTS = 100  # of the suite

Detectors = Mapping[str, DetectorPower]


def flaky(failures: int, attempts: int, limits: Thresholds) -> MetricShows:
    """One critical test among others, each tried so often with nothing changed; the others pass each time."""
    mixed = 0 < failures < attempts
    counts = FlakyCounts(critical=int(mixed), tests=TESTS, repeated=TESTS, attempts=attempts)
    state, _ = judge_flaky(counts, limits)
    it = METRICS["flaky-tests"]
    return MetricShows(state, it.acts, it.critical)


def network(errors: tuple[int, ...], look: int, world: World, settings: Settings, detectors: Detectors) -> MetricShows:
    """So many network errors on each day, none of which stopped a run."""
    found = Errors(errors, (world.requests_a_day,) * look)
    detector = detectors.get("network-errors", NEVER_SHOWN)
    state, _, acts = judge_errors(found, settings.thresholds, look=look, detector=detector)
    rule = rule_of(found, settings.thresholds, look=look, detector=detector)
    return MetricShows(state, acts, METRICS["network-errors"].critical or rule.critical)


def zero(id: str, events: int, look: int, world: World, settings: Settings, detectors: Detectors) -> MetricShows:
    """So many events of one kind among the waits until a look."""
    limits = settings.thresholds
    allowed, proven_upper = {
        "polling-timeouts": (limits.polling_timeouts, limits.polling_proven_upper),
        "stale-cache": (limits.stale_reads, limits.stale_proven_upper),
    }[id]
    since = Side(events=events, in_rate=events, trials=world.waits_per_smoke * DAY_H * look)
    detector = detectors.get(id, NEVER_SHOWN)
    state, _ = judge_events(since, allowed, proven_upper, detector=detector)
    return MetricShows(state, METRICS[id].acts, METRICS[id].critical)
