"""Detectors that were shown a hundred events of each kind and caught all of them."""

from __future__ import annotations

from atalaya.metrics.window_query import DetectorPower

DETECTORS = {
    metric: DetectorPower(shown=100, caught=100) for metric in ("network-errors", "polling-timeouts", "stale-cache")
}
