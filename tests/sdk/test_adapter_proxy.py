"""Tests that a proxy translates what crosses the wire for a check, and leaves alone what the SDK says to itself."""

from __future__ import annotations

import types
from typing import Any

import pytest

from atalaya.sdk.adapter import Adapter, Vocabulary
from atalaya.sdk.adapter_proxy import Translator
from atalaya.sdk.wire_names import WireKind
from tests.ours import PACK
from tests.tables import each_row

SDK = """
class Client:
    def __init__(self, hook=None):
        self.hook = hook
    def request(self, path, headers=None):
        self.seen = {"headers": dict(headers or {}), "json_body": None}
        if self.hook:
            self.hook("GET", "http://host" + path, self.seen)
        return {"state": "NEW", "asked": path, **self.seen["headers"]}
class Other:
    def __init__(self, client):
        self.client = client
class Jobs:
    def __init__(self, client):
        self.client = client
    def state(self):
        return self.client.request("/v2/tasks/7")["state"]
    def other(self):
        return Other(Client())
    def wait(self, on_event):
        on_event({"progress": "NEW", "asked": 1})
    async def later(self):
        return self.state()
"""
WORDS = Vocabulary(
    package="contract",
    prefix="C_",
    names={},
    methods={"Client": {"request": ("path", "headers")}, "Jobs": {"wait": ("on_event",)}},
    fields={"Client": ("hook",)},
    subclassed="Client",
    wire={
        "Client.hook": WireKind.REQUEST_HOOK,
        "Client.request": WireKind.BODY,
        "Client.request.path": WireKind.PATH,
        "Client.request.headers": WireKind.HEADERS,
        "Jobs.wait.on_event": WireKind.TELEMETRY,
    },
)
ACME = Adapter(
    file="adapter.toml",
    package="acme",
    distribution="acme",
    names={"Client": "acme:Client", "Jobs": "acme:Jobs"},
    paths={"/jobs": "/v2/tasks"},
    headers={"X-Trace-ID": "X-Acme-Trace"},
    bodies={"status": "state"},
    telemetry={"state": "progress"},
)


@pytest.fixture
def sdk() -> Translator:
    module = types.ModuleType("acme")
    exec(SDK, vars(module))
    return Translator(ACME, WORDS, lambda name: getattr(module, name))


def test_a_check_speaks_the_contracts_names_and_the_sdk_its_own(sdk: Translator) -> None:
    client = sdk.of("Client")()
    assert client.request("/jobs/7") == {"status": "NEW", "asked": "/v2/tasks/7"}
    assert sdk.of("Jobs")(client).state() == "NEW"  # its own call of the very same method


def test_headers_go_in_by_the_sdks_names(sdk: Translator) -> None:
    assert sdk.of("Client")().request("/a", headers={"x-trace-id": "t"})["X-Acme-Trace"] == "t"


def test_a_hook_sees_the_contracts_names_and_what_it_changes_reaches_the_sdk(sdk: Translator) -> None:
    told: list[Any] = []

    def hook(method: str, url: str, seen: dict[str, Any]) -> None:
        told.append((method, url, dict(seen["headers"])))
        seen["headers"]["X-Trace-ID"] = "other"
        seen["headers"] = {}

    client = sdk.of("Client")(hook=hook)
    answer = client.request("/jobs/7", headers={"X-Trace-ID": "t"})
    assert (told, answer["X-Acme-Trace"]) == ([("GET", "http://host/jobs/7", {"X-Trace-ID": "t"})], "other")


def test_an_event_has_the_contracts_keys(sdk: Translator) -> None:
    told: list[Any] = []
    sdk.of("Jobs")(sdk.of("Client")()).wait(on_event=told.append)
    assert told == [{"state": "NEW", "asked": 1}]


def test_what_the_contract_does_not_name_shows_what_it_holds_by_the_contracts_names(sdk: Translator) -> None:
    other = sdk.of("Jobs")(sdk.of("Client")()).other()
    assert other.client.request("/jobs")["asked"] == "/v2/tasks"


def test_an_async_method_is_waited_for(sdk: Translator) -> None:
    assert sdk.of("Jobs")(sdk.of("Client")()).later() == "NEW"


@each_row("place", sorted(PACK.load("capabilities").VOCABULARY.wire))
def test_what_holds_something_of_the_wire_is_in_the_vocabulary(place: str) -> None:
    words = PACK.load("capabilities").VOCABULARY
    owner, _, member = place.rpartition(".")
    known = member in words.arguments.get(owner, ()) or member in words.fields.get(owner, ())
    assert known or place in words.arguments
