"""Tests of asking for exports, listing them and fetching them."""

from __future__ import annotations

import json

import pytest

from aris3_client_sdk import NotFoundError, ServerError
from aris3_client_sdk.clients import ExportsClient

from .conftest import Service

WANTED = {
    "source_type": "reports_daily",
    "format": "xlsx",
    "filters": {"from": "2030-01-01", "to": None},
    "transaction_id": "transaction-1",
}


def test_an_export_is_requested_as_asked(exports: ExportsClient, service: Service) -> None:
    assert exports.request_export(WANTED).status == "CREATED"
    (request,) = service.requests
    assert json.loads(request.content) == {**WANTED, "filters": {"from": "2030-01-01"}}


def test_the_caller_is_known_and_the_request_can_be_told_from_its_repeat(
    exports: ExportsClient, service: Service
) -> None:
    exports.request_export(WANTED, idempotency_key="key-1")
    (request,) = service.requests
    assert request.headers["Authorization"] == "Bearer token-1"
    assert request.headers["Idempotency-Key"] == "key-1"


def test_a_list_is_kept_until_an_export_is_requested(exports: ExportsClient, service: Service) -> None:
    for _ in range(2):
        exports.list_exports()
    assert len(service.requests) == 1
    exports.request_export(WANTED)
    exports.list_exports()
    assert len(service.requests) == 3


def test_a_read_is_tried_again_after_an_error_of_the_service(
    exports: ExportsClient, service: Service, slept: list[float]
) -> None:
    service.failing = 2
    assert len(exports.list_exports().rows) == 1
    assert slept == [0.3, 0.6]


def test_a_request_for_an_export_is_not_sent_twice(exports: ExportsClient, service: Service) -> None:
    service.failing = 1
    with pytest.raises(ServerError):
        exports.request_export(WANTED)
    assert len(service.requests) == 1


def test_an_export_that_is_not_there_is_an_error_of_its_own(exports: ExportsClient) -> None:
    with pytest.raises(NotFoundError):
        exports.get_export_status("export-2")


def test_a_download_brings_the_bytes(exports: ExportsClient) -> None:
    assert exports.download_export("export-1") == b"day,total\r\n"
