"""Tests of the wait for an export."""

from __future__ import annotations

import pytest

from aris3_client_sdk.clients import ExportsClient
from aris3_client_sdk.models_exports import ExportTerminalState

from .conftest import Service


def test_a_wait_ends_when_the_export_is_ready(exports: ExportsClient, slept: list[float]) -> None:
    waited = exports.wait_for_export_ready("export-1", poll_interval_sec=5.0)
    assert waited.outcome is ExportTerminalState.COMPLETED
    assert slept == [5.0, 5.0]


def test_every_poll_asks_the_service_whatever_is_cached(exports: ExportsClient, service: Service) -> None:
    exports.get_export_status("export-1")
    told: list[str] = []
    exports.wait_for_export_ready("export-1", telemetry_hook=lambda event: told.append(event["state"]))
    asked, answered = service.polls - 1, len(told)
    assert asked == answered


def test_a_wait_gives_up_when_its_time_is_over(exports: ExportsClient, service: Service) -> None:
    service.ready_at_poll = 1_000
    with pytest.raises(TimeoutError, match="export-1"):
        exports.wait_for_export_ready("export-1", timeout_sec=10.0)
    assert service.polls == 6


def test_a_wait_that_is_cancelled_asks_no_more(exports: ExportsClient, service: Service) -> None:
    with pytest.raises(TimeoutError):
        exports.wait_for_export_ready("export-1", cancel_check=lambda: service.polls == 1)
    assert service.polls == 1
