"""Tests that an SDK's capabilities are detected, and that a missing one is never reported as broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from atalaya.sdk import binding
from atalaya.sdk.binding import Binding
from tests.ours import PACK

WORDS = PACK.load("capabilities")
CAPABILITIES = WORDS.CAPABILITIES

# What shows each capability, taken away from the reference SDK: the class, and the method or field that must go.
METHODS = {
    "cache-clear": ("HttpClient", "clear_cache"),
    "context-switch": ("HttpClient", "switch_context"),
    "waiting": ("ExportsClient", "wait_for_export_ready"),
    "wait-until-ready": ("ExportsClient", "wait_until_ready"),
    "list": ("ExportsClient", "list_exports"),
    "list-recent": ("ExportsClient", "list_recent_exports"),
    "artifact": ("ExportsClient", "get_export_artifact"),
    "resolve-artifact": ("ExportsClient", "resolve_export_artifact"),
    "download": ("ExportsClient", "download_export"),
}
ARGUMENTS = {
    "invalidation": ("HttpClient", "request", "invalidate_paths"),
    "bypass": ("HttpClient", "request", "use_get_cache"),
    "retry-mutation": ("HttpClient", "request", "retry_mutation"),
    "context": ("HttpClient", "request", "context_key"),
    "status-bypass": ("ExportsClient", "get_export_status", "use_get_cache"),
    "telemetry": ("ExportsClient", "wait_for_export_ready", "telemetry_hook"),
    "cancellation": ("ExportsClient", "wait_for_export_ready", "cancel_check"),
    "idempotency": ("ExportsClient", "request_export", "idempotency_key"),
}
FIELDS = {
    "cache": ("HttpClient", "enable_get_cache"),
    "cache-ttl": ("HttpClient", "cache_ttl_seconds"),
    "trace": ("HttpClient", "trace"),
    "hooks": ("HttpClient", "after_response"),
    "last-operation": ("HttpClient", "last_operation"),
    "jitter": ("ClientConfig", "retry_jitter_enabled"),
}


@dataclass
class Bare:
    """A class of an SDK of long ago."""

    config: object = None

    def request(self, method: str, path: str) -> None: ...
    def request_export(self, payload: object) -> None: ...
    def get_export_status(self, export_id: str) -> None: ...
    def wait_for_export_ready(self, export_id: str) -> None: ...


@pytest.fixture(autouse=True)
def contract() -> None:
    """The names of the contract are spoken."""
    binding.activate_adapter(WORDS.VOCABULARY, CAPABILITIES)


Put = Callable[[str, Any], None]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Lets an object stand where the contract puts a name."""

    def put(name: str, value: Any) -> None:
        module: Any = ModuleType(f"sdk_of_{name}")
        setattr(module, name, value)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(binding.NAMES, name, Binding(module.__name__, name))

    return put


def test_every_capability_is_looked_for_here() -> None:
    assert set(CAPABILITIES) == {*METHODS, *ARGUMENTS, *FIELDS, "idempotency-keys"}


def test_the_reference_sdk_has_every_capability(sdk: ModuleType) -> None:
    assert [name for name, capability in CAPABILITIES.items() if not capability.present()] == []


@pytest.mark.parametrize("capability", METHODS)
def test_a_capability_is_lacking_where_its_method_is(put: Put, capability: str) -> None:
    put(METHODS[capability][0], type("Empty", (), {}))
    assert CAPABILITIES[capability].present() is False


@pytest.mark.parametrize("capability", [*ARGUMENTS, *FIELDS])
def test_a_capability_is_lacking_where_its_argument_or_field_is(sdk: ModuleType, put: Put, capability: str) -> None:
    put({**ARGUMENTS, **FIELDS}[capability][0], Bare)
    assert CAPABILITIES[capability].present() is False


def test_makers_of_keys_are_lacking_where_one_of_them_is(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("new_idempotency_keys", lambda: None)
    monkeypatch.setitem(binding.NAMES, "resolve_idempotency_keys", Binding("no_such_sdk", "resolve"))
    assert CAPABILITIES["idempotency-keys"].present() is False


def test_a_method_that_takes_anything_does_not_show_what_it_knows(put: Put) -> None:
    put("HttpClient", type("Open", (), {"request": lambda self, **options: None}))
    with pytest.raises(LookupError, match="takes any keyword"):
        CAPABILITIES["bypass"].present()


def test_a_field_may_be_an_annotation_or_what_a_class_is_built_from(put: Put) -> None:
    put("HttpClient", type("Annotated", (), {"__annotations__": {"enable_get_cache": bool}}))
    assert CAPABILITIES["cache"].present() is True

    class Built:
        def __init__(self, enable_get_cache: bool = True) -> None: ...

    put("HttpClient", Built)
    assert CAPABILITIES["cache"].present() is True


def test_a_name_that_is_not_where_the_contract_puts_it_does_not_exist(put: Put) -> None:
    put("TraceContext", SimpleNamespace())
    assert binding.exists("TraceContext") is True
    binding.NAMES["TraceContext"] = Binding("no_such_sdk", "TraceContext")
    assert binding.exists("TraceContext") is False


def test_without_an_adapter_the_names_are_those_of_the_contract() -> None:
    assert binding.native_name("HttpClient", "enable_get_cache") == "enable_get_cache"
