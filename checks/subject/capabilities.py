"""Which parts of the contract does this SDK have at all, and where are they?

Found by looking at names and signatures, never at a version. An SDK of other names is spoken to by an adapter:
see :func:`use`. Runs in the SDK's own process.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from checks.subject.adapter import FIELDS, METHODS, Adapter
from checks.subject.translated import Translator

PACKAGE = "aris3_client_sdk"


class Binding(NamedTuple):
    """Where a name of the contract lives in the SDK."""

    module: str
    name: str


# Where the contract itself puts its names. Another SDK's are in its adapter.
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
    "ExportRequest": Binding(PACKAGE, "ExportRequest"),
    "ExportStatus": Binding(PACKAGE, "ExportStatus"),
    "ExportListResponse": Binding(PACKAGE, "ExportListResponse"),
    "ExportArtifact": Binding(PACKAGE, "ExportArtifact"),
    "ExportResolvedArtifact": Binding(f"{PACKAGE}.models_exports", "ExportResolvedArtifact"),
    "IdempotencyKeys": Binding(PACKAGE, "IdempotencyKeys"),
    "new_idempotency_keys": Binding(PACKAGE, "new_idempotency_keys"),
    "resolve_idempotency_keys": Binding(PACKAGE, "resolve_idempotency_keys"),
    "idempotency_headers": Binding(PACKAGE, "idempotency_headers"),
    "ApiSession": Binding(PACKAGE, "ApiSession"),
    "UnauthorizedError": Binding(PACKAGE, "UnauthorizedError"),
    "ForbiddenError": Binding(PACKAGE, "ForbiddenError"),
    "MustChangePasswordError": Binding(PACKAGE, "MustChangePasswordError"),
    "ExportTerminalState": Binding(f"{PACKAGE}.models_exports", "ExportTerminalState"),
    "ExportWaitResult": Binding(f"{PACKAGE}.models_exports", "ExportWaitResult"),
    "map_error": Binding(f"{PACKAGE}.error_mapper", "map_error"),
}


class Lacking(AttributeError):
    """The SDK does not have a name of the contract: its adapter does not say where it is."""


_translator: Translator | None = None


def use(adapter: Adapter, *, ours: Path | None = None) -> None:
    """Speak the names of another SDK from now on, in this process. Before checks are imported: they take PACKAGE.

    :param ours: the folder of this run, where files may be translated in place.
    """
    global PACKAGE, _translator
    PACKAGE = adapter.package
    NAMES.clear()
    NAMES.update({name: Binding(*place.split(":")) for name, place in adapter.names.items()})
    _translator = Translator(adapter, own, ours)


def own(name: str) -> Any:
    """The SDK's own object for a name of the contract.

    :raises Lacking: the adapter does not bind it.
    :raises ImportError, AttributeError: the SDK does not have it where the contract, or the adapter, says.
    """
    if name not in NAMES and _translator is not None:
        raise Lacking(f"{_translator.adapter.file} does not say where {name} is")
    binding = NAMES[name]
    return getattr(importlib.import_module(binding.module), binding.name)


def resolve(name: str) -> Any:
    """What speaks for a name of the contract: the SDK's own object, or what an adapter makes of it.

    :raises ImportError, AttributeError: as :func:`own`.
    """
    return own(name) if _translator is None else _translator.of(name)


def own_name(owner: str, member: str) -> str:
    """What a field or a method of the contract is called in the SDK.

    >>> own_name("HttpClient", "enable_get_cache")
    'enable_get_cache'
    """
    if _translator is None:
        return member
    return _translator.adapter.field(owner, _translator.adapter.method(owner, member))


def amiss() -> Iterator[str]:
    """What the adapter says, and the SDK does not have: each with its key, and in words."""
    if _translator is None:
        return
    adapter = _translator.adapter
    for name, place in adapter.names.items():
        try:
            own(name)
        except (ImportError, AttributeError) as why:
            yield f"names.{name}: there is no {place} in the SDK: {why}"
    for owner in {**METHODS, **FIELDS}:
        if owner not in adapter.names or not exists(owner):
            yield from (
                f"{section}.{owner}: {owner} is not in [names], so nothing in it can be renamed"
                for section in ("methods", "fields")
                if owner in getattr(adapter, section)
            )
            continue
        for method, theirs in adapter.methods.get(owner, {}).items():
            if not callable(getattr(own(owner), theirs, None)):
                yield f"methods.{owner}.{method}: {adapter.names[owner]} has no method {theirs!r}"
        for field, theirs in adapter.fields.get(owner, {}).items():
            if not has_field(owner, field):
                yield f"fields.{owner}.{field}: {adapter.names[owner]} has no field {theirs!r}"
    yield from _amiss_in_arguments(adapter)
    yield from _amiss_in_outcomes(adapter)


def _amiss_in_arguments(adapter: Adapter) -> Iterator[str]:
    for where, arguments in adapter.arguments.items():
        owner, _, method = where.partition(".")
        try:
            function = getattr(own(owner), own_name(owner, method)) if method else own(owner)
            parameters = inspect.signature(function).parameters
        except (ImportError, AttributeError):
            yield f"arguments.{where}: the SDK has no such method"
            continue
        except (TypeError, ValueError):
            continue
        if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
            continue
        for argument, theirs in arguments.items():
            if theirs not in parameters:
                yield f"arguments.{where}.{argument}: it takes no {theirs!r}, but {', '.join(parameters)}"


def _amiss_in_outcomes(adapter: Adapter) -> Iterator[str]:
    if not adapter.outcomes:
        return
    try:
        values = {member.value for member in own("ExportTerminalState")}
    except (ImportError, AttributeError, TypeError):
        yield "outcomes: names.ExportTerminalState must say where the outcomes are"
        return
    for outcome, theirs in adapter.outcomes.items():
        if theirs not in values:
            yield f"outcomes.{outcome}: there is no outcome {theirs!r}, but {', '.join(map(str, values))}"


def exists(name: str) -> bool:
    """Whether the SDK has a name of the contract at all."""
    try:
        resolve(name)
    except (ImportError, AttributeError):
        return False
    return True


def has_method(owner: str, method: str) -> bool:
    """Whether a class has a method by that name."""
    return callable(getattr(own(owner), own_name(owner, method), None))


def has_field(owner: str, field: str) -> bool:
    """Whether a class has a field: a dataclass field, or an attribute of the class, or of what it is built from."""
    target, name = own(owner), own_name(owner, field)
    if dataclasses.is_dataclass(target) and name in {f.name for f in dataclasses.fields(target)}:
        return True
    if hasattr(target, name) or name in getattr(target, "__annotations__", {}):
        return True
    return not dataclasses.is_dataclass(target) and _takes(target, owner, name)


def takes(owner: str, method: str, parameter: str) -> bool:
    """Whether a method takes a parameter by that name.

    :raises LookupError: it takes ``**kwargs`` or cannot be looked into, so nobody can say.
    """
    function: Callable[..., Any] | None = getattr(own(owner), own_name(owner, method), None)
    if function is None:
        return False
    where = f"{owner}.{method}"
    renamed = _translator.adapter.arguments.get(where, {}) if _translator is not None else {}
    return _takes(function, where, renamed.get(parameter, parameter))


def is_argument(owner: str, field: str) -> bool:
    """Whether a class is built with this field as an argument; also where nobody can say, so that it is tried."""
    try:
        return _takes(own(owner), owner, own_name(owner, field))
    except LookupError:
        return True


def _takes(function: Callable[..., Any], where: str, parameter: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as why:
        raise LookupError(f"{where} cannot be looked into: {why}") from None
    if parameter in parameters:
        return True
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        raise LookupError(f"{where} takes any keyword, so it does not show whether it knows {parameter!r}")
    return False


class Capability(NamedTuple):
    """A part of the contract that an SDK may lack, and how its presence shows."""

    says: str
    present: Callable[[], bool]


CAPABILITIES: dict[str, Capability] = {
    "cache": Capability("a cache of GETs", lambda: has_field("HttpClient", "enable_get_cache")),
    "cache-ttl": Capability("a lifetime for cached answers", lambda: has_field("HttpClient", "cache_ttl_seconds")),
    "cache-clear": Capability("a way to empty the cache", lambda: has_method("HttpClient", "clear_cache")),
    "invalidation": Capability("an invalidation by path", lambda: takes("HttpClient", "request", "invalidate_paths")),
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
    "jitter": Capability("a jitter between retries", lambda: has_field("ClientConfig", "retry_jitter_enabled")),
    "waiting": Capability("a wait for an export", lambda: has_method("ExportsClient", "wait_for_export_ready")),
    "wait-until-ready": Capability(
        "a wait that returns the status", lambda: has_method("ExportsClient", "wait_until_ready")
    ),
    "list": Capability("a list of exports", lambda: has_method("ExportsClient", "list_exports")),
    "list-recent": Capability("a list of recent exports", lambda: has_method("ExportsClient", "list_recent_exports")),
    "artifact": Capability("a way to ask for an artifact", lambda: has_method("ExportsClient", "get_export_artifact")),
    "resolve-artifact": Capability(
        "an artifact made from a status", lambda: has_method("ExportsClient", "resolve_export_artifact")
    ),
    "download": Capability("a download", lambda: has_method("ExportsClient", "download_export")),
    "idempotency": Capability(
        "an idempotency key for a request", lambda: takes("ExportsClient", "request_export", "idempotency_key")
    ),
    "idempotency-keys": Capability(
        "a maker of idempotency keys", lambda: exists("new_idempotency_keys") and exists("resolve_idempotency_keys")
    ),
    "trace": Capability("a trace context", lambda: exists("TraceContext") and has_field("HttpClient", "trace")),
    "hooks": Capability(
        "hooks round a request",
        lambda: has_field("HttpClient", "before_request") and has_field("HttpClient", "after_response"),
    ),
    "retry-mutation": Capability(
        "a retry for mutations on demand", lambda: takes("HttpClient", "request", "retry_mutation")
    ),
    "context": Capability("a context for requests", lambda: takes("HttpClient", "request", "context_key")),
    "context-switch": Capability("a way to switch the context", lambda: has_method("HttpClient", "switch_context")),
    "last-operation": Capability("a note of the last operation", lambda: has_field("HttpClient", "last_operation")),
}
