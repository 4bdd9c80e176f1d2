"""Which parts of the contract does this SDK have at all?

Found by looking at names and signatures, never at a version. Runs in the SDK's own process, so it needs
nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

PACKAGE = "aris3_client_sdk"


class Binding(NamedTuple):
    """Where a name of the contract lives in the SDK."""

    module: str
    name: str


# Another SDK with the same behaviour under other names would be watched by another table.
NAMES: dict[str, Binding] = {
    "load_config": Binding(PACKAGE, "load_config"),
    "ClientConfig": Binding(PACKAGE, "ClientConfig"),
    "ConfigError": Binding(PACKAGE, "ConfigError"),
    "HttpClient": Binding(PACKAGE, "HttpClient"),
    "TraceContext": Binding(PACKAGE, "TraceContext"),
    "ApiError": Binding(PACKAGE, "ApiError"),
    "AuthError": Binding(PACKAGE, "AuthError"),
    "PermissionError": Binding(PACKAGE, "PermissionError"),
    "NotFoundError": Binding(PACKAGE, "NotFoundError"),
    "ValidationError": Binding(PACKAGE, "ValidationError"),
    "RateLimitError": Binding(PACKAGE, "RateLimitError"),
    "ServerError": Binding(PACKAGE, "ServerError"),
    "TransportError": Binding(PACKAGE, "TransportError"),
    "ConflictError": Binding(f"{PACKAGE}.exceptions", "ConflictError"),
    "ExportsClient": Binding(f"{PACKAGE}.clients.exports_client", "ExportsClient"),
}


def resolve(name: str) -> Any:
    """The SDK's object for a name of the contract.

    :raises ImportError, AttributeError: the SDK does not have it where the contract says.
    """
    binding = NAMES[name]
    return getattr(importlib.import_module(binding.module), binding.name)


def has_field(owner: str, field: str) -> bool:
    """Whether a class has a field: a dataclass field, or an attribute of the class."""
    target = resolve(owner)
    if dataclasses.is_dataclass(target) and field in {f.name for f in dataclasses.fields(target)}:
        return True
    return hasattr(target, field) or (
        not dataclasses.is_dataclass(target) and takes(owner, "__init__", field)
    )


def takes(owner: str, method: str, parameter: str) -> bool:
    """Whether a method takes a parameter by that name.

    :raises LookupError: it takes ``**kwargs`` or cannot be looked into, so nobody can say.
    """
    function: Callable[..., Any] | None = getattr(resolve(owner), method, None)
    if function is None:
        return False
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as why:
        raise LookupError(f"{owner}.{method} cannot be looked into: {why}") from None
    if parameter in parameters:
        return True
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        raise LookupError(
            f"{owner}.{method} takes any keyword, so it does not show whether it knows {parameter!r}"
        )
    return False


class Capability(NamedTuple):
    """A part of the contract that an SDK may lack, and how its presence shows."""

    says: str
    present: Callable[[], bool]


CAPABILITIES: dict[str, Capability] = {
    "cache": Capability("a cache of GETs", lambda: has_field("HttpClient", "enable_get_cache")),
    "cache-ttl": Capability(
        "a lifetime for cached answers", lambda: has_field("HttpClient", "cache_ttl_seconds")
    ),
    "cache-clear": Capability(
        "a way to empty the cache", lambda: hasattr(resolve("HttpClient"), "clear_cache")
    ),
    "invalidation": Capability(
        "an invalidation by path", lambda: takes("HttpClient", "request", "invalidate_paths")
    ),
    "bypass": Capability("a bypass for one request", lambda: takes("HttpClient", "request", "use_get_cache")),
    "status-bypass": Capability(
        "a bypass for one status", lambda: takes("ExportsClient", "get_export_status", "use_get_cache")
    ),
    "telemetry": Capability(
        "a telemetry of its waits", lambda: takes("ExportsClient", "wait_for_export_ready", "telemetry_hook")
    ),
    "cancellation": Capability(
        "a way to cancel a wait", lambda: takes("ExportsClient", "wait_for_export_ready", "cancel_check")
    ),
    "jitter": Capability(
        "a jitter between retries", lambda: has_field("ClientConfig", "retry_jitter_enabled")
    ),
}
