"""One service process for all tests of the service; each test opens scopes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from atalaya.mock_server.control import Control, Scope
from atalaya.mock_server.server_process import ServiceProcess
from tests.ours import PACK


@pytest.fixture(scope="session")
def service() -> Iterator[ServiceProcess]:
    """The service, for as long as the tests last."""
    with ServiceProcess(pack=PACK.folder) as running:
        yield running


@pytest.fixture
def control(service: ServiceProcess) -> Iterator[Control]:
    """A way to the service."""
    with Control(service.control_port) as control:
        yield control


@pytest.fixture
def scope(control: Control) -> Iterator[Scope]:
    """A service of the test's own."""
    with control.open_scope() as scope:
        yield scope


@pytest.fixture
def http(scope: Scope) -> Iterator[httpx.Client]:
    """A client of that service."""
    with httpx.Client(base_url=scope.base_url, timeout=10, trust_env=False) as client:
        yield client
