"""The roads by which this SDK reaches the wire: each method of its HTTP client, and those of its other clients."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

from atalaya.harness.api import Attempt, NotApplicable, Road, Settings, describe, exists, has_method, short

from ..fixture import EXPORT, CheckContext

REQUESTED = "/aris3/roads"
EXPORTS = "/aris3/exports"
STATUS = f"{EXPORTS}/{EXPORT}"
DOWNLOAD = f"{STATUS}/download"
PAYLOAD = {"source_type": "reports_daily", "format": "csv", "filters": {"store_id": "s"}, "transaction_id": "tx-1"}
IDENTITY = {"access_token": "token-1", "tenant_id": "tenant-1", "app_id": "app-1", "device_id": "device-1"}
ASKED = {"Authorization": "Bearer token-1", "X-Tenant-ID": "tenant-1", "X-Feature": "beta"}

ERRORS = {
    400: "ValidationError",
    401: "AuthError",
    403: "PermissionError",
    404: "NotFoundError",
    409: "ConflictError",
    418: "ApiError",
    422: "ValidationError",
    429: "RateLimitError",
    503: "ServerError",
}

# What a road is like that does not have the trait.
LACKING = {
    "body": "Its answer has no body.",
    "value": "The contract does not say what a good answer to it holds, or what it returns.",
    "json": "Its answer is no JSON that the contract describes.",
    "retried": "It is sent once.",
    "cached": "It passes the cache by.",
    "identity": "It sends no identity of a client's.",
    "hooked": "It calls no hook, as `exports.download-calls-no-hook` asks.",
    "noted": "The contract does not say that it leaves a last operation.",
    "empty": "The contract does not say what an empty answer to it gives.",
}


# ── what goes wrong ──────────────────────────────────────────────────────────


def fails(lab: CheckContext, got: Attempt) -> str:
    """What is amiss with the error of a dead network."""
    error: Any = got.error
    if not isinstance(error, lab.sdk.TransportError):
        return f"it {got.said()} instead of TransportError"
    if isinstance(error, TimeoutError):
        return "the TransportError is a TimeoutError too"
    told = {name: getattr(error, name, None) for name in ("code", "status_code", "raw_payload")}
    if told != {"code": "TRANSPORT_ERROR", "status_code": 0, "raw_payload": None}:
        return f"the TransportError has {short(told)}"
    return "" if error.__cause__ is not None else "no cause is chained to the TransportError"


def is_heard(lab: CheckContext, got: Attempt) -> str:
    """What is amiss with a download that did not arrive: its errors may be those of a library."""
    return "" if isinstance(got.error, Exception) else f"it {got.said()}"


def refused(lab: CheckContext, status: int, message: str, got: Attempt) -> str:
    """What is amiss with the error of a status."""
    error: Any = got.error
    named = tuple(getattr(lab.sdk, name) for name in {*ERRORS.values()} - {"ApiError"})
    wanted = getattr(lab.sdk, ERRORS[status])
    others = () if ERRORS[status] != "ApiError" else (*named, lab.sdk.TransportError)
    if not isinstance(error, wanted) or isinstance(error, others):
        return f"it {got.said()} instead of {ERRORS[status]}"
    if getattr(error, "status_code", None) != status:
        return f"the error tells of status {short(getattr(error, 'status_code', None))}"
    told = getattr(error, "message", None)
    return "" if not message or told == message else f"its message is {short(told)} instead of {message!r}"


def is_none(got: Attempt) -> str:
    """What is amiss with an empty answer that means None."""
    return "" if got.error is None and got.value is None else f"it {got.said()} instead of None"


def is_refused(got: Attempt) -> str:
    """What is amiss with an empty answer where a status was asked for."""
    return "" if type(got.error) is ValueError else f"it {got.said()} instead of raising a plain ValueError"


def is_nothing(got: Attempt) -> str:
    """What is amiss with the download of an empty file."""
    return "" if got.error is None and got.value == b"" else f"it {got.said()} instead of no bytes"


# ── its clients ──────────────────────────────────────────────────────────────


def config(lab: CheckContext, settings: Settings) -> Any:
    return lab.config(
        api_base_url=settings.base_url or lab.service.base_url,
        retries=settings.retries,
        retry_backoff_seconds=settings.backoff_s,
        connect_timeout_seconds=settings.connect_timeout_s,
        read_timeout_seconds=settings.read_timeout_s,
        verify_ssl=settings.verify,
    )


def http(lab: CheckContext, settings: Settings) -> Any:
    make = lab.http if settings.cached else lab.uncached
    return make(config=config(lab, settings))


def retrying(lab: CheckContext, settings: Settings) -> Any:
    lab.sdk.needs("retry-mutation")
    return http(lab, settings)


def exports(method: str) -> Callable[[CheckContext, Settings], Any]:
    """Builds a client of exports that has a method."""

    def build(lab: CheckContext, settings: Settings) -> Any:
        try:
            there = has_method("ExportsClient", method)
        except (ImportError, AttributeError) as why:
            raise NotApplicable(f"this SDK has no client of exports: {describe(why)}") from why
        if not there:
            raise NotApplicable(f"this SDK's client of exports does not have {method}")
        return lab.exports(http(lab, settings), **IDENTITY)

    return build


def of_session(maker: str, *methods: str) -> Callable[[CheckContext, Settings], Any]:
    """Builds a client that a session makes, and that has one of these methods."""

    def build(lab: CheckContext, settings: Settings) -> Any:
        if not exists("ApiSession") or not has_method("ApiSession", maker):
            raise NotApplicable(f"this SDK has no session with {maker}")
        os.environ.update({"HOME": str(lab.home), "XDG_DATA_HOME": str(lab.home / "data")})
        session = lab.build("ApiSession", config=config(lab, settings), token=IDENTITY["access_token"])
        client = lab.given(getattr(session, maker), maker)
        if not any(_fits(getattr(client, method, None)) for method in methods):
            raise NotApplicable(f"what {maker} makes has no {methods[0]} that can be called so")
        if lab.sdk.has("cache"):
            client.http.enable_get_cache = settings.cached
        return client

    return build


def _fits(method: Any) -> bool:
    """Whether a method can be called with the arguments of a login, or without any."""
    if not callable(method):
        return False
    given = ("user", "password") if getattr(method, "__name__", "") == "login" else ()
    try:
        inspect.signature(method).bind(*given)
    except (TypeError, ValueError):
        return False
    return True


def first_of(*methods: str) -> Callable[[Any], Any]:
    """Calls the first of these methods that a client has."""
    return lambda client: next(getattr(client, one) for one in methods if _fits(getattr(client, one, None)))()


# ── the roads ────────────────────────────────────────────────────────────────


def _status(text: str) -> dict[str, Any]:
    return {
        "export_id": EXPORT,
        "tenant_id": "tenant-1",
        "store_id": "store-1",
        "source_type": "reports_daily",
        "format": "csv",
        "filters_snapshot": {},
        "status": "READY",
        "row_count": 1,
        "created_at": "2030-01-01T00:00:00Z",
        "file_name": text,
    }


def _request(method: str, *, retried: bool) -> Road:
    """A method of the HTTP client; one that is not tried again by itself may be told to be."""
    itself = method in ("GET", "HEAD")
    named = {"retry_mutation": True} if retried and not itself else {}
    body = {} if method in ("GET", "HEAD", "DELETE", "OPTIONS") else {"json_body": {"a": [1, {"b": "año"}]}}
    asked = {"headers": ASKED, "params": {"q": "a b", "n": 5}, **body, **named}
    read = {"body", "value", "json"} if method != "HEAD" else set()
    return Road(
        name=f"request {method}" + (", to be retried" if named else ""),
        method=method,
        path=REQUESTED,
        build=retrying if named else http,
        take=lambda client: client.request(method, REQUESTED, **asked),
        fails=fails,
        refused=refused,
        body=lambda text: {"text": text, "more": [1, None, True]},
        heard=lambda value: value["text"],
        empty=is_none,
        traits=frozenset(
            {"hooked", "noted", "empty"}
            | read
            | ({"retried"} if retried or itself else set())
            | ({"cached"} if method == "GET" else set())
        ),
    )


def _export(name: str, call: Callable[[Any], Any], heard: Callable[[Any], Any], traits: str, **more: Any) -> Road:
    """A method of the client of exports that returns a status, or something with one in it."""
    fields = {"method": "GET", "path": STATUS, "body": _status, "fails": fails, "empty": is_refused} | more
    common = "body value json identity hooked noted"
    return Road(
        name=name,
        build=exports(name),
        take=call,
        heard=heard,
        refused=refused,
        traits=frozenset(f"{common} {traits}".split()),
        **fields,
    )


def _of_session(name: str, path: str, maker: str, methods: tuple[str, ...], traits: str, **more: Any) -> Road:
    """A method of another client. What a good answer holds the contract says of none but health."""
    fields = {"method": "GET", "take": first_of(*methods), "body": lambda text: {"id": "u-1", "text": text}} | more
    return Road(
        name=name,
        path=path,
        build=of_session(maker, *methods),
        fails=fails,
        refused=refused,
        heard=lambda value: value["text"],
        traits=frozenset(f"body hooked noted {traits}".split()),
        **fields,
    )


def _name(status: Any) -> Any:
    return status.file_name


ROADS = (
    *[_request(method, retried=False) for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")],
    *[_request(method, retried=True) for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")],
    _export(
        "request_export",
        lambda client: client.request_export(PAYLOAD),
        _name,
        "empty",
        method="POST",
        path=EXPORTS,
        status=201,
    ),
    _export("get_export_status", lambda client: client.get_export_status(EXPORT), _name, "retried cached empty"),
    _export("get_export_artifact", lambda client: client.get_export_artifact(EXPORT), _name, "retried cached empty"),
    *[
        _export(
            method,
            lambda client, method=method: getattr(client, method)(3),
            lambda listed: listed.rows[0].file_name,
            "retried cached",
            path=EXPORTS,
            body=lambda text: {"rows": [_status(text)]},
        )
        for method in ("list_exports", "list_recent_exports")
    ],
    _export(
        "wait_for_export_ready",
        lambda client: client.wait_for_export_ready(EXPORT, timeout_sec=20.0, poll_interval_sec=0.2),
        lambda result: result.status.file_name,
        "retried empty",
    ),
    _export(
        "wait_until_ready",
        lambda client: client.wait_until_ready(EXPORT, timeout_seconds=20.0, poll_interval_seconds=0.2),
        _name,
        "retried empty",
    ),
    Road(
        name="download_export",
        method="GET",
        path=DOWNLOAD,
        build=exports("download_export"),
        take=lambda client: client.download_export(EXPORT),
        fails=is_heard,
        refused=refused,
        heard=lambda content: content.decode(),
        empty=is_nothing,
        kind="text/csv",
        traits=frozenset(("body", "value", "identity", "empty")),
    ),
    *[
        _of_session(
            f"report {name}",
            f"/aris3/reports/{name}",
            "reports_client",
            (f"get_sales_{name}", name),
            "retried cached identity",
        )
        for name in ("overview", "daily", "calendar")
    ],
    _of_session("me", "/aris3/me", "auth_client", ("me",), "retried cached identity"),
    _of_session("health", "/health", "health_client", ("health",), "retried cached value json"),
    _of_session(
        "login",
        "/aris3/auth/login",
        "auth_client",
        ("login",),
        "",
        method="POST",
        take=lambda client: client.login("user", "password"),
        body=lambda text: {"access_token": text, "token_type": "bearer", "must_change_password": False},
    ),
)
