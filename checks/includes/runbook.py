"""What does the runbook say of the five metrics, and which evidence does each count?"""

from __future__ import annotations

from typing import NamedTuple

from checks.records import N_


class Described(NamedTuple):
    """What the runbook says of one metric."""

    title: str
    definition: str
    critical: bool = False  # when it fails, the release does not hold


RUNBOOK: dict[str, Described] = {
    "pass-rate": Described(
        N_("CI pass rate"), N_("Share of the SDK's jobs that end well, each attempt counted"), critical=True
    ),
    "flaky-tests": Described(N_("Flaky tests"), N_("Tests that pass and fail in turn while nothing changes")),
    "network-errors": Described(N_("Network errors"), N_("Failures of the transport (`TransportError`) in a run")),
    "polling-timeouts": Described(
        N_("Polling timeouts"), N_("`TimeoutError` in `wait_for_export_ready`"), critical=True
    ),
    "stale-cache": Described(
        N_("Stale-cache incidents"), N_("Cases in which a poll reads an outdated state from the cache"), critical=True
    ),
}

# The kinds of records that each metric counts.
KINDS: dict[str, tuple[str, ...]] = {
    "pass-rate": ("job",),
    "flaky-tests": ("test", "observation"),
    "network-errors": ("event", "job"),
    "polling-timeouts": ("event", "job"),
    "stale-cache": ("event", "job", "observation"),
}
