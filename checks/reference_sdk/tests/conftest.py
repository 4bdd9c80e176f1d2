"""A service that answers at the level of the transport, and a clock that only waiting moves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from aris3_client_sdk import ClientConfig, HttpClient, http_client
from aris3_client_sdk.clients import ExportsClient, exports_client


class Service:
    """Exports that are ready at their third poll. The next ``failing`` requests are answered with 503."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.failing = 0
        self.ready_at_poll = 3

    @property
    def polls(self) -> int:
        return sum(request.url.path.endswith("/export-1") for request in self.requests)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.failing:
            self.failing -= 1
            return httpx.Response(503, json={"code": "UNAVAILABLE", "message": "try again"})
        path = request.url.path
        if request.method == "POST":
            return httpx.Response(201, json=self.status("CREATED", json.loads(request.content)))
        if path.endswith("/download"):
            return httpx.Response(200, content=b"day,total\r\n")
        if path.endswith("/export-1"):
            ready = self.polls >= self.ready_at_poll
            return httpx.Response(200, json=self.status("READY" if ready else "CREATED", {}))
        if path.endswith("/exports"):
            return httpx.Response(200, json={"rows": [self.status("READY", {})]})
        return httpx.Response(404, json={"code": "NOT_FOUND", "message": "there is no such export"})

    def status(self, state: str, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "export_id": "export-1",
            "tenant_id": "tenant-1",
            "store_id": "store-1",
            "source_type": asked.get("source_type", "reports_daily"),
            "format": asked.get("format", "csv"),
            "filters_snapshot": asked.get("filters", {}),
            "status": state,
            "row_count": 1,
            "created_at": "2030-01-01T00:00:00Z",
        }


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ARIS3_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the SDK has waited for, in seconds. Nobody really waits."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    for module in (http_client, exports_client):
        monkeypatch.setattr(module, "time", clock)
    return slept


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def exports(service: Service, slept: list[float]) -> Iterator[ExportsClient]:
    config = ClientConfig(env_name="test", api_base_url="http://service.test")
    with httpx.Client(transport=httpx.MockTransport(service.answer)) as session:
        yield ExportsClient(http=HttpClient(config, session=session), access_token="token-1")
