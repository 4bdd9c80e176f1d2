"""Checks what travels with a request: its trace, the caller's identity, the hooks and the context."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from atalaya.harness.api import (
    Attempt,
    Broken,
    CannotTell,
    HarnessError,
    NotApplicable,
    Seen,
    Step,
    describe,
    exists,
    has_field,
    has_method,
    package,
    promise,
    require,
    short,
    takes,
    words,
)

from ..capabilities import PACKAGE
from ..export_helpers import PAYLOAD, needs
from ..fixture import EXPORT, CheckContext

TRACE = "x-trace-id"
OUT_OF_SCOPE = ("PERMISSION_DENIED", "STORE_SCOPE_MISMATCH", "CROSS_TENANT_ACCESS_DENIED")
WHO = {"access_token": "tok", "tenant_id": "ten", "app_id": "app", "device_id": "dev"}
IDENTITY = {"authorization": "Bearer tok", "x-tenant-id": "ten", "x-app-id": "app", "x-device-id": "dev"}
HEADER_OF = dict(zip(WHO, IDENTITY, strict=True))

# The fields of HttpClient that callers give, in their order.
CLIENT_FIELDS = (
    "config",
    "trace",
    "session",
    "before_request",
    "after_response",
    "cache_ttl_seconds",
    "enable_get_cache",
    "last_operation",
)


# ── the trace ────────────────────────────────────────────────────────────────


@promise("transport.trace-id-is-sent")
def check_trace_id_is_sent(lab: CheckContext) -> None:
    with lab.trial("without a context"):
        http = lab.http()
        for path in ("/aris3/a", "/aris3/b"):
            lab.given(partial(http.request, "GET", path), "a GET")
        lab.given(partial(http.request, "POST", "/aris3/p", json_body={}), "a POST")
        ids = [seen.headers.get(TRACE, "") for seen in lab.log()]
        require(all(ids), "a request without a context carried no X-Trace-ID")
        require(len(set(ids)) == len(ids), "two requests without a context carried the same id")
    if not lab.sdk.has("trace"):
        return
    with lab.trial("with a context that has an id"):
        http = lab.http(trace=lab.sdk.TraceContext(trace_id="trace-of-ours"))
        for method in ("GET", "POST"):
            lab.given(partial(http.request, method, "/aris3/c"), "a request")
            sent = _sent(lab, "/aris3/c", method)
            require(sent == "trace-of-ours", f"the context's id was not sent: {short(sent)}")
    with lab.trial("with a context that has none yet"):
        context = lab.sdk.TraceContext()
        http = lab.http(trace=context)
        first, second = (_trace_of(lab, http, path) for path in ("/aris3/d", "/aris3/e"))
        require(bool(first), "the request carried no X-Trace-ID")
        require(first == second, "two requests with one context carried two ids")
        require(context.trace_id == first, f"the context's id is {short(context.trace_id)}, another was sent")
    with lab.trial("on each attempt"):
        http = lab.http(config=lab.config(retries=2), trace=lab.sdk.TraceContext(trace_id="trace-of-ours"))
        lab.service.answer("GET", "/aris3/retried", Step(status=503), Step(status=503), Step(status=200, json={}))
        lab.get(http, "/aris3/retried")
        sent_ids = {seen.headers.get(TRACE) for seen in lab.log("/aris3/retried")}
        require(sent_ids == {"trace-of-ours"}, f"its attempts carried {short(sent_ids)}")


@promise("transport.no-context-stays-none")
def check_no_context_stays_none(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    http = lab.http()
    for label, step in (
        ("an answer with an id", Step(status=200, json={}, trace_id="t-1")),
        ("an error with an id", Step(status=404, trace_id="t-2")),
        ("a closed connection", Step(fault="close")),
    ):
        with lab.trial(label):
            lab.service.answer("GET", "/aris3/a", step)
            lab.get(http, "/aris3/a")
            require(http.trace is None, f"its trace has become {short(http.trace)}")
    with lab.trial("the request after an answer with an id"):
        lab.service.answer("GET", "/aris3/b", Step(status=200, json={}, trace_id="t-3"))
        lab.given(partial(http.request, "GET", "/aris3/b"), "a GET")
        sent = _trace_of(lab, http, "/aris3/c")
        require(sent != "t-3", "without a context, the id of the answer before was sent")


@promise("transport.trace-id-is-adopted")
def check_trace_id_is_adopted(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    for label, method, step in (
        ("a GET", "GET", Step(status=200, json={}, trace_id="from-service")),
        ("a POST", "POST", Step(status=201, json={}, trace_id="from-service")),
        ("an empty answer", "GET", Step(status=204, trace_id="from-service")),
        ("lower case", "GET", Step(status=200, json={}, headers={TRACE: "from-service"})),
        ("upper case", "GET", Step(status=200, json={}, headers={TRACE.upper(): "from-service"})),
        ("an error without a body", "GET", Step(status=404, raw=b"", trace_id="from-service")),
    ):
        with lab.trial(label):
            context = lab.sdk.TraceContext(trace_id="ours")
            http = lab.http(trace=context)
            lab.service.answer(method, "/aris3/a", step)
            lab.attempt(partial(http.request, method, "/aris3/a"), "a request")
            sent = _trace_of(lab, http, "/aris3/next")
            require(sent == "from-service", f"the next request carried {short(sent)}, not the answered id")
            require(context.trace_id == sent, f"the context holds {short(context.trace_id)}")
    for label, last, expected in (
        ("without an id", {}, "ours"),
        ("with another id", {TRACE: "of-the-last"}, "of-the-last"),
    ):
        with lab.trial(f"an answer {label}, after one with an id that was tried again"):
            http = lab.http(config=lab.config(retries=1), trace=lab.sdk.TraceContext(trace_id="ours"))
            path = f"/aris3/again/{expected}"
            failed = Step(status=503, trace_id="of-the-first")
            lab.service.answer("GET", path, failed, Step(status=200, json={}, headers=last))
            lab.given(partial(http.request, "GET", path), "a GET")
            sent = _trace_of(lab, http, "/aris3/next")
            require(sent == expected, f"the next request carried {short(sent)}, not {expected!r}")
    with lab.trial("an answer without an id"):
        http = lab.http(trace=lab.sdk.TraceContext(trace_id="ours"))
        others = {"X-Trace": "no", "Trace-ID": "no", "X-Request-ID": "no"}
        lab.service.answer("GET", "/aris3/plain", Step(status=200, json={}, headers=others))
        lab.given(partial(http.request, "GET", "/aris3/plain"), "a GET")
        sent = _trace_of(lab, http, "/aris3/next")
        require(sent == "ours", f"the next request carried {short(sent)}, not the context's id")


@promise("transport.error-body-gives-the-trace-id")
def check_error_body_gives_the_trace_id(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    for label, method, status, headers in (
        ("beside a header", "GET", 404, {"X-Trace-ID": "from-header"}),
        ("without a header", "GET", 422, {}),
        ("of a POST, beside a header", "POST", 409, {"X-Trace-ID": "from-header"}),
        ("of a failing service", "GET", 500, {"X-Trace-ID": "from-header"}),
    ):
        with lab.trial(label):
            context = lab.sdk.TraceContext(trace_id="ours")
            http = lab.http(trace=context)
            body = {"code": "C", "message": "M", "details": None, "trace_id": "from-body"}
            lab.service.answer(method, "/aris3/e", Step(status=status, json=body, headers=headers))
            got = lab.attempt(partial(http.request, method, "/aris3/e"), "a request")
            if not isinstance(got.error, lab.sdk.ApiError):
                raise CannotTell(f"the call {got.said()}")
            sent = _trace_of(lab, http, "/aris3/next")
            require(sent == "from-body", f"the next request carried {short(sent)}, not the id of the body")
    with lab.trial("an id that is no text"):
        http = lab.http(trace=lab.sdk.TraceContext(trace_id="ours"))
        lab.service.answer("GET", "/aris3/n", Step(status=400, json={"code": "C", "trace_id": 7}))
        lab.get(http, "/aris3/n")
        sent = _trace_of(lab, http, "/aris3/next")
        require(sent == "ours", f"the next request carried {short(sent)}, not the context's id")


@promise("transport.success-body-gives-no-trace-id")
def check_success_body_gives_no_trace_id(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    for label, headers, expected in (
        ("beside a header", {"X-Trace-ID": "from-header"}, "from-header"),
        ("without a header", {}, "ours"),
    ):
        with lab.trial(label):
            http = lab.http(trace=lab.sdk.TraceContext(trace_id="ours"))
            lab.service.answer("GET", "/aris3/s", Step(status=200, json={"trace_id": "from-body"}, headers=headers))
            lab.given(partial(http.request, "GET", "/aris3/s"), "a GET")
            sent = _trace_of(lab, http, "/aris3/next")
            if sent == "from-body":
                require(False, "the next request carried the id of the body")
            if sent != expected:
                raise CannotTell(f"the next request carried {short(sent)}: see transport.trace-id-is-adopted")
    calls: dict[str, tuple[str, str, tuple[Any, ...]]] = {
        "request_export": ("POST", "/aris3/exports", (PAYLOAD,)),
        "get_export_status": ("GET", f"/aris3/exports/{EXPORT}", (EXPORT,)),
        "get_export_artifact": ("GET", f"/aris3/exports/{EXPORT}", (EXPORT,)),
        "wait_for_export_ready": ("GET", f"/aris3/exports/{EXPORT}", (EXPORT,)),
    }
    for name, (method, path, arguments) in calls.items():
        with lab.trial(f"{name}, of an export that has one"):
            needs(lab, name)
            http = lab.uncached(trace=lab.sdk.TraceContext(trace_id="ours"))
            fields = {"export_id": EXPORT, "trace_id": "from-body"}
            lab.service.answer(method, path, Step(status=200, state="READY", fields=fields))
            lab.given(partial(getattr(lab.exports(http), name), *arguments), name)
            sent = _trace_of(lab, http, "/aris3/next")
            require(sent != "from-body", "the next request carried the id of the body")


@promise("transport.callers-trace-id-is-overwritten")
def check_callers_trace_id_is_overwritten(lab: CheckContext) -> None:
    for name in ("X-Trace-ID", "X-Trace-Id", "x-trace-id", "X-TRACE-ID"):
        theirs = {name: "theirs"}
        with lab.trial(f"{name}, without a context"):
            http = lab.http()
            lab.given(partial(http.request, "GET", f"/aris3/a/{name}", headers=theirs), "a GET")
            sent = _sent(lab, f"/aris3/a/{name}")
            require("theirs" not in str(sent), f"the caller's own id was sent: {short(sent)}")
            if not sent:
                raise CannotTell("no X-Trace-ID was sent: see transport.trace-id-is-sent")
        if not lab.sdk.has("trace"):
            continue
        with lab.trial(f"{name}, with a context"):
            http = lab.http(trace=lab.sdk.TraceContext(trace_id="ours"))
            lab.given(partial(http.request, "GET", f"/aris3/b/{name}", headers=theirs), "a GET")
            sent = _sent(lab, f"/aris3/b/{name}")
            require("theirs" not in str(sent), f"it sent {short(sent)}, and the context's id is 'ours'")


@promise("transport.trace-context-makes-one-id")
def check_trace_context_makes_one_id(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    make = lab.sdk.TraceContext
    with lab.trial("a new context"):
        context = make()
        require(context.trace_id is None, f"its id is {short(context.trace_id)} before anybody asked")
        first = context.ensure()
        _is_uuid4(first)
        require(context.ensure() == first, "asked twice, it made two ids")
        require(context.trace_id == first, f"it keeps {short(context.trace_id)}, and not the id that it gave")
    with lab.trial("two contexts"):
        require(make().ensure() != make().ensure(), "they made the same id")
    with lab.trial("a context with an id"):
        require(make(trace_id="ours").ensure() == "ours", "it did not keep the id that it was made with")
        require(make("ours").ensure() == "ours", "it did not keep the id that it was made with, by position")
    with lab.trial("an id that is set later"):
        context = make()
        context.trace_id = "later"
        require(context.ensure() == "later", "it did not take the id that it was given")


@promise("transport.trace-context-adopts")
def check_trace_context_adopts(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    for method, cases in {
        "update_from_headers": (
            ({"X-Trace-ID": "new"}, "new"),
            ({"X-Trace-Id": "new"}, "new"),
            ({"x-trace-id": "new"}, "new"),
            ({"X-Trace-Id": "new", "Other": "1"}, "new"),
            ({}, "old"),
        ),
        "update_from_payload": (
            ({"trace_id": "new"}, "new"),
            ({"trace_id": "new", "code": "C"}, "new"),
            ({"trace_id": ""}, "old"),
            ({"trace_id": None}, "old"),
            ({"trace_id": 7}, "old"),
            ({"trace_id": ["new"]}, "old"),
            ({"traceId": "no", "X-Trace-ID": "no"}, "old"),
            ({}, "old"),
        ),
    }.items():
        if not has_method("TraceContext", method):
            continue
        for mapping, expected in cases:
            with lab.trial(f"{method}({mapping!r})"):
                context = lab.sdk.TraceContext(trace_id="old")
                got = lab.attempt(partial(getattr(context, method), mapping), method)
                require(got.error is None, f"it {got.said()}")
                require(context.trace_id == expected, f"its id is {short(context.trace_id)}, not {expected!r}")


# ── idempotency ──────────────────────────────────────────────────────────────


@promise("transport.idempotency-keys-are-new")
def check_idempotency_keys_are_new(lab: CheckContext) -> None:
    lab.sdk.needs("idempotency-keys")
    for label, make in (
        ("new_idempotency_keys", lab.sdk.new_idempotency_keys),
        ("resolve_idempotency_keys, given nothing", lab.sdk.resolve_idempotency_keys),
    ):
        with lab.trial(label):
            keys = [lab.given(make, label) for _ in range(3)]
            made = [value for one in keys for value in (one.transaction_id, one.idempotency_key)]
            for value in made:
                _is_uuid4(value)
            require(len(set(made)) == len(made), f"three calls made {len(set(made))} keys instead of 6")


@promise("transport.idempotency-keys-are-kept")
def check_idempotency_keys_are_kept(lab: CheckContext) -> None:
    lab.sdk.needs("idempotency-keys")
    for given in ({"transaction_id": "T"}, {"idempotency_key": "K"}, {"transaction_id": "T", "idempotency_key": "K"}):
        with lab.trial(f"given {words(list(given))}"):
            for _ in range(2):
                keys = lab.given(partial(lab.sdk.resolve_idempotency_keys, **given), "resolve_idempotency_keys")
                for field in ("transaction_id", "idempotency_key"):
                    value = getattr(keys, field, None)
                    if field in given:
                        require(value == given[field], f"{field} is {short(value)}, not {given[field]!r}")
                    else:
                        require(bool(value) and value not in ("T", "K"), f"{field} was made as {short(value)}")
    with lab.trial("given by position"):
        keys = lab.given(partial(lab.sdk.resolve_idempotency_keys, "T", "K"), "resolve_idempotency_keys")
        got = keys.transaction_id, keys.idempotency_key
        require(got == ("T", "K"), f"the keys are {short(got)}")


@promise("transport.idempotency-keys-are-frozen")
def check_idempotency_keys_are_frozen(lab: CheckContext) -> None:
    if not exists("IdempotencyKeys"):
        raise NotApplicable("this SDK has no IdempotencyKeys")
    for field in ("transaction_id", "idempotency_key"):
        with lab.trial(field):
            keys = lab.given(
                partial(lab.sdk.IdempotencyKeys, transaction_id="T", idempotency_key="K"), "IdempotencyKeys"
            )
            changed = lab.attempt(partial(setattr, keys, field, "other"), f"keys.{field} = 'other'")
            require(changed.error is not None, "it could be changed")


@promise("transport.idempotency-header")
def check_idempotency_header(lab: CheckContext) -> None:
    lab.sdk.needs("idempotency-keys")
    if not exists("idempotency_headers"):
        raise NotApplicable("this SDK has no idempotency_headers")
    with lab.trial("keys of the caller's own"):
        keys = lab.given(partial(lab.sdk.IdempotencyKeys, "T", "K"), "IdempotencyKeys")
        headers = lab.given(partial(lab.sdk.idempotency_headers, keys), "idempotency_headers")
        require(dict(headers) == {"Idempotency-Key": "K"}, f"the headers are {short(headers)}")


# ── identity ─────────────────────────────────────────────────────────────────


@promise("transport.identity-is-sent")
def check_identity_is_sent(lab: CheckContext) -> None:
    lab.service.script("exp-1", "READY")
    chosen: list[dict[str, str]] = [WHO, {}, *({field: value} for field, value in WHO.items())]
    for who in chosen:
        with lab.trial(f"set: {words(list(who)) or 'nothing'}"):
            exports = lab.exports(lab.http(), **who)
            lab.given(partial(exports.get_export_status, "exp-1"), "a status request")
            _identifies(lab.polls()[-1].headers, who)
    exports = lab.exports(lab.http(), access_token="tok")
    who = {"access_token": "tok"}
    _asked_by(lab, exports)
    for field in reversed(WHO):
        with lab.trial(f"{field}, set on a client that was used"):
            who[field] = "new"
            setattr(exports, field, "new")
            _forget(lab, exports.http)
            _identifies(_asked_by(lab, exports), who)
    with lab.trial("a POST, all set"):
        exports = lab.exports(lab.http(), **WHO)
        got = lab.attempt(partial(exports.request_export, PAYLOAD), "request_export")
        posts = lab.log("/aris3/exports", "POST")
        if not posts:
            raise CannotTell(f"nothing was sent: request_export {got.said()}")
        _identifies(posts[-1].headers, WHO)


@promise("transport.identity-is-not-shared")
def check_identity_is_not_shared(lab: CheckContext) -> None:
    http = lab.http()
    others = {"access_token": "second", "tenant_id": "second"}
    for number, who in enumerate((WHO, {}, others, WHO, {"device_id": "third"})):
        with lab.trial(f"client {number + 1} on one HttpClient, set: {words(list(who)) or 'nothing'}"):
            export = f"exp-{number}"  # of which no answer can be in the cache
            lab.service.script(export, "READY")
            lab.given(partial(lab.exports(http, **who).get_export_status, export), "a status request")
            asked = lab.polls(export)
            if not asked:
                raise CannotTell("nothing was sent")
            for field, name in HEADER_OF.items():
                value = asked[-1].headers.get(name)
                own = value is None or (field in who and who[field] in value)
                require(own, f"{name} is another's: {short(value)}")


@promise("transport.callers-headers-beat-identity")
def check_callers_headers_beat_identity(lab: CheckContext) -> None:
    exports = lab.exports(lab.http(), **WHO)
    if not callable(getattr(exports, "_request", None)):
        raise NotApplicable("this SDK's clients have no _request")
    names = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
    spelled = [change(name) for name in names for change in (str, str.lower, str.upper, str.title)]
    for number, name in enumerate(dict.fromkeys(spelled)):
        expected = f"theirs {number}"
        with lab.trial(name):
            path = f"/aris3/own/{number}"
            lab.given(partial(exports._request, "GET", path, headers={name: expected}), "a GET")
            headers = lab.log(path)[-1].headers
            require(
                headers.get(name.lower()) == expected,
                f"{name} is {short(headers.get(name.lower()))}, not the caller's {expected!r}",
            )


@promise("transport.session-token-is-that-of-the-moment")
def check_session_token(lab: CheckContext) -> None:
    session = _session(lab, token="tok-1")
    for export in ("exp-1", "exp-2"):
        lab.service.script(export, "READY")
    older = lab.given(session.exports_client, "exports_client")
    with lab.trial("a client made with the first token"):
        _has_only_token(_asked_by(lab, older), "tok-1")
    with lab.trial("a client made after a change"):
        session.token = "tok-2"
        newer = lab.given(session.exports_client, "exports_client")
        _has_only_token(_asked_by(lab, newer), "tok-2")
    with lab.trial("the older client, after the change"):
        _has_only_token(_asked_by(lab, older, "exp-2"), "tok-1")  # of the other, an answer may be in the cache
    with lab.trial("a session without a token"):
        client = lab.given(_session(lab).exports_client, "exports_client")
        _has_only_token(_asked_by(lab, client), "")
    with lab.trial("a session whose user has a tenant"):
        session = _session(lab, token="tok-1")
        session.user = SimpleNamespace(id="u-1", tenant_id="of-the-user", app_id="of-the-user", device_id="of-the-user")
        client = lab.given(session.exports_client, "exports_client")
        _has_only_token(_asked_by(lab, client), "tok-1")
    for maker, call in (
        ("auth_client", "me"),
        ("reports_client", "get_sales_overview"),
        ("reports_client", "get_sales_daily"),
        ("reports_client", "get_sales_calendar"),
    ):
        with lab.trial(f"{call} of a client made by {maker}, before and after a change"):
            session = _session(lab, token="tok-1")
            if not callable(getattr(session, maker, None)):
                raise NotApplicable(f"a session of this SDK has no {maker}")
            session.user = SimpleNamespace(id="u-1", tenant_id="of-the-user", app_id="of-the-user", device_id="d")
            for token in ("tok-1", "tok-2"):
                session.token = token
                client = lab.given(getattr(session, maker), maker)
                before = len(lab.log())
                ask = getattr(client, call, None) if call == "me" else _report(lab, client, call)
                if not callable(ask):
                    raise NotApplicable(f"this SDK has no {call}")
                lab.attempt(ask, call)
                sent = lab.log()[before:]
                require(bool(sent), "it sent nothing")
                _has_only_token(sent[-1].headers, token)


@promise("transport.session-shares-one-trace")
def check_session_shares_one_trace(lab: CheckContext) -> None:
    lab.sdk.needs("trace")
    lab.service.script("exp-1", "READY")
    contexts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("a trace of its own", {}),
        ("a trace of the caller's", {"trace": lab.sdk.TraceContext("ours")}),
        ("a trace of the caller's that has no id yet", {"trace": lab.sdk.TraceContext()}),
    )
    for label, fields in contexts:
        with lab.trial(label):
            session = _session(lab, token="tok", **fields)
            clients = [lab.given(session.exports_client, "exports_client") for _ in range(2)]
            require(None not in clients, "exports_client returned None")
            ids = [_asked_by(lab, client).get(TRACE) for client in clients]
            require(ids[0] == ids[1], f"two of its clients sent {words(ids)}")
            callers = fields["trace"].trace_id if fields else ids[0]
            require(
                ids[0] == callers, f"its clients sent {short(ids[0])}, and the caller's trace holds {short(callers)}"
            )
        with lab.trial(f"{label}, and an id that one client was answered"):
            session = _session(lab, token="tok", **fields)
            one, other = (lab.given(session.exports_client, "exports_client") for _ in range(2))
            lab.service.answer("GET", "/aris3/a", Step(status=200, json={}, trace_id="from-service"))
            lab.given(partial(one.http.request, "GET", "/aris3/a"), "a GET")
            sent = _asked_by(lab, other).get(TRACE)
            require(sent == "from-service", f"the other client sent {short(sent)}")
            held = getattr(getattr(session, "trace", None), "trace_id", sent)
            require(held == sent, f"the session holds {short(held)}, and its clients {short(sent)}")


@promise("transport.clients-take-their-fields")
def check_clients_take_their_fields(lab: CheckContext) -> None:
    if package() != PACKAGE:
        raise NotApplicable("this SDK has names of its own")
    names = {"ExportsClient": "clients.exports_client", "AuthClient": "clients", "ReportsClient": "clients"}
    for name, module in names.items():
        with lab.trial(name):
            try:
                kind = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
            except (ImportError, AttributeError):
                raise NotApplicable(f"this SDK has no {name} there") from None
            for label, more in (("its HTTP client alone", {}), ("an identity too", WHO)):
                try:
                    inspect.signature(kind).bind(http=None, **more)
                except TypeError as why:
                    raise Broken(f"it cannot be built from {label}: {why}") from None


@promise("transport.session-loads-its-store")
def check_session_loads_its_store(lab: CheckContext) -> None:
    if package() != PACKAGE or not hasattr(importlib.import_module(PACKAGE), "AuthStore"):
        raise NotApplicable("this SDK has no AuthStore")
    kind: Any = importlib.import_module(PACKAGE).AuthStore
    loaded: list[Any] = []

    class Store(kind):  # type: ignore[misc]
        def load(self) -> Any:
            loaded.append(self)
            return super().load()

    os.environ.update({"HOME": str(lab.home), "XDG_DATA_HOME": str(lab.home / "data")})
    with lab.trial("a store that is given"):
        store = lab.given(Store, "AuthStore")
        session = _session(lab, auth_store=store)
        require(any(one is store for one in loaded), "it was not loaded")
        held = getattr(session, "auth_store", store)
        require(held is store, f"the session holds {short(held)}")
    if sys.platform == "linux":
        with lab.trial("a store of its own"):
            _session(lab, auth_store=None)
            own = lab.home / "data" / "aris3"
            made = words(one.name for one in own.parent.glob("*")) or "nothing"
            require(own.is_dir(), f"in the folder of the user's data it made {made}, not aris3")
        with lab.trial("a store of its own, where the variable for that folder is blank"):
            os.environ["XDG_DATA_HOME"] = " "
            lab.given(partial(lab.sdk.ApiSession, config=lab.config()), "ApiSession")
            usual = lab.home / ".local" / "share" / "aris3"
            require(usual.is_dir(), "in the usual folder of the user's data it made nothing")


@promise("transport.login-and-health-are-anonymous")
def check_login_and_health(lab: CheckContext) -> None:
    session = _session(lab, token="tok")
    roads: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
        ("login", "auth_client", "/aris3/auth/login", ("user", "password")),
        ("health", "health_client", "/health", ()),
    )
    for name, maker, path, given in roads:
        with lab.trial(name):
            if not has_method("ApiSession", maker):
                raise NotApplicable(f"a session of this SDK has no {maker}")
            client = lab.given(getattr(session, maker), maker)
            call = getattr(client, name, None)
            if not callable(call):
                raise NotApplicable(f"this SDK has no {name}")
            lab.service.answer("POST" if given else "GET", path, Step(status=200, json={"access_token": "t"}))
            lab.attempt(partial(call, *given), name)
            sent = lab.log(path)
            require(bool(sent), "it sent nothing")
            held = [header for header in IDENTITY if header in sent[-1].headers]
            require(not held, f"it sent {words(held)}")


@promise("transport.password-change-is-raised")
def check_password_change(lab: CheckContext) -> None:
    raised = lab.sdk.MustChangePasswordError
    path, says = "/aris3/auth/login", "must_change_password"

    def login(auth: Any, token: str, must: bool) -> Attempt:
        answer = {"access_token": token, "token_type": "bearer", says: must}
        lab.service.answer("POST", path, Step(status=200, json=answer))
        return lab.attempt(partial(auth.login, "user", "password"), "a login")

    def new_client() -> Any:
        session = _session(lab)
        if not has_method("ApiSession", "auth_client"):
            raise NotApplicable("a session of this SDK has no auth_client")
        return lab.given(session.auth_client, "auth_client")

    with lab.trial("an answer that does not say so"):
        got = login(new_client(), "t-1", must=False)
        require(not isinstance(got.error, (TypeError, AttributeError, LookupError)), f"it {got.said()}")
        if not hasattr(got.value, says):
            raise NotApplicable(f"what a login returns has no {says}: the contract does not say how else it is told")
        require(got.value.must_change_password is False, f"it {got.said()}")
    if not hasattr(got.value, says):
        return
    for label, token in (("with a token", "t-1"), ("with an empty token", "")):
        with lab.trial(f"{label}, at the first and at the second login"):
            auth = new_client()
            for _ in range(2):
                got = login(auth, token, must=True)
                require(isinstance(got.error, raised), f"it {got.said()} instead of MustChangePasswordError")


# ── reports ──────────────────────────────────────────────────────────────────


@promise("transport.report-errors-are-told-apart")
def check_report_errors(lab: CheckContext) -> None:
    reports = lab.given(_session(lab, token="tok").reports_client, "reports_client")
    ranges, scope = "REPORT_INVALID_DATE_RANGE", "REPORT_SCOPE_FORBIDDEN"
    cases = (
        (400, "VALIDATION_ERROR", "ValidationError", ranges),
        (422, "VALIDATION_ERROR", "ValidationError", ranges),
        (422, "OTHER", "ValidationError", "OTHER"),
        (422, "", "ValidationError", "HTTP_ERROR"),
        (409, "VALIDATION_ERROR", "ConflictError", "VALIDATION_ERROR"),
        *((403, code, "ForbiddenError", scope) for code in OUT_OF_SCOPE),
        (403, "OTHER", "PermissionError", "OTHER"),
        (403, "", "PermissionError", "HTTP_ERROR"),
        (404, "PERMISSION_DENIED", "NotFoundError", "PERMISSION_DENIED"),
        (401, "STORE_SCOPE_MISMATCH", "AuthError", "STORE_SCOPE_MISMATCH"),
    )
    for name in ("overview", "daily", "calendar"):
        for status, code, kind, expected in cases:
            with lab.trial(f"{name}, {status} with {f'the code {code}' if code else 'no code'}"):
                call = _report(lab, reports, f"get_sales_{name}")
                body = {"code": code, "message": "M"} if code else {}
                lab.service.answer("GET", f"/aris3/reports/{name}", Step(status=status, json=body))
                error: Any = lab.attempt(call, f"get_sales_{name}").error
                require(isinstance(error, getattr(lab.sdk, kind)), f"it raised {describe(error)} instead of {kind}")
                require(error.code == expected, f"its code is {short(error.code)}, not {expected!r}")
                if expected == scope:
                    cause = getattr(error.__cause__, "code", None)
                    require(cause == code, f"the code of its cause is {short(cause)}, not {code!r}")


# ── hooks ────────────────────────────────────────────────────────────────────


@promise("transport.before-request-sees-the-request")
def check_before_request(lab: CheckContext) -> None:
    lab.sdk.needs("hooks")
    for method, body in (("GET", {}), ("POST", {"json_body": {"a": 1}}), ("DELETE", {})):
        with lab.trial(method):
            calls: list[tuple[Any, ...]] = []
            sent_before: list[int] = []

            def hook(
                *given: Any, calls: list[Any] = calls, sent_before: list[int] = sent_before, path: str = method
            ) -> None:
                calls.append(given)
                sent_before.append(len(lab.log(f"/aris3/{path}")))

            http = lab.http(before_request=hook)
            call = partial(http.request, method, f"/aris3/{method}", headers={"X-Own": "1"}, params={"q": "z"}, **body)
            got = lab.attempt(call, method)
            require(len(calls) == 1, f"it was called {len(calls)} times instead of once")
            require(sent_before == [0], "it was called after the request was sent")
            require(len(calls[0]) == 3, f"it was given {len(calls[0])} things instead of three")
            verb, url, ctx = calls[0]
            require(verb == method, f"the method that it was given is {short(verb)}")
            whole = f"{lab.service.base_url}/aris3/{method}"
            require(str(url).partition("?")[0] == whole, f"the URL that it was given is {short(url)}")
            require(isinstance(ctx, Mapping), f"the context that it was given is {short(ctx)}")
            for key in ("headers", "json_body", "params"):
                require(key in ctx, f"the context that it was given has no {key}: {short(sorted(ctx))}")
            require(ctx["json_body"] == body.get("json_body"), f"json_body is {short(ctx['json_body'])}")
            require(ctx["params"] == {"q": "z"}, f"params is {short(ctx['params'])}")
            told = {str(name).lower(): value for name, value in ctx["headers"].items()}
            require(told.get("x-own") == "1", "the caller's own header is not among those that it was given")
            seen = lab.log(f"/aris3/{method}")
            if len(seen) != 1:
                raise CannotTell(f"{len(seen)} requests arrived: the call {got.said()}")
            require(told.get(TRACE) == seen[0].headers.get(TRACE), "the trace id that it was given was not sent")


@promise("transport.before-request-may-change-headers")
def check_before_request_may_change_headers(lab: CheckContext) -> None:
    lab.sdk.needs("hooks")

    called: list[str] = []

    def change(method: str, url: str, ctx: Any) -> None:
        called.append(url)
        ctx["headers"]["X-Signed"] = "by the hook"
        ctx["headers"]["X-Replaced"] = "by the hook"
        ctx["headers"].pop("X-Removed", None)

    own = {"X-Replaced": "by the caller", "X-Removed": "by the caller"}
    http = lab.http(config=lab.config(retries=1), before_request=change)
    lab.service.answer("GET", "/aris3/retried", Step(status=503), Step(status=200, json={}))
    for method, path in (("GET", "/aris3/a"), ("POST", "/aris3/a"), ("GET", "/aris3/retried")):
        with lab.trial(f"{method} {path}"):
            got = lab.attempt(partial(http.request, method, path, headers=own), method)
            seen = lab.log(path, method)
            if not seen:
                raise CannotTell(f"nothing was sent: the call {got.said()}")
            if not called:
                raise CannotTell("the hook was not called: see transport.before-request-sees-the-request")
            for one in seen:
                for name in ("x-signed", "x-replaced"):
                    value = one.headers.get(name)
                    require(value == "by the hook", f"{name} arrived as {short(value)}")
                require("x-removed" not in one.headers, "a header that the hook took away was sent")


@promise("transport.before-request-changes-nothing-else")
def check_before_request_changes_nothing_else(lab: CheckContext) -> None:
    lab.sdk.needs("hooks")

    def rebind(method: str, url: str, ctx: Any) -> None:
        ctx["params"] = {"changed": "yes"}
        ctx["json_body"] = {"changed": True}
        ctx["headers"] = {**ctx["headers"], "X-Changed": "yes"}

    http = lab.http(before_request=rebind)
    for method, body in (("GET", {}), ("POST", {"json_body": {"a": 1}})):
        with lab.trial(method):
            call = partial(http.request, method, "/aris3/rebound", params={"q": "z"}, **body)
            got = lab.attempt(call, method)
            seen = lab.log("/aris3/rebound", method)
            if not seen:
                raise CannotTell(f"nothing was sent: the call {got.said()}")
            query = seen[-1].path.partition("?")[2]
            require("changed" not in query, f"re-binding params changed the query to {query!r}")
            require(b"changed" not in seen[-1].body, f"re-binding json_body changed the body: {seen[-1].body!r}")
            require("x-changed" not in seen[-1].headers, "re-binding headers changed the headers")


@promise("transport.hooks-see-the-answer")
def check_hooks_see_the_answer(lab: CheckContext) -> None:
    lab.sdk.needs("hooks")
    for label, method, steps, status in (
        ("a success", "GET", (Step(status=200, json={}),), 200),
        ("a POST", "POST", (Step(status=201, json={}),), 201),
        ("an error", "GET", (Step(status=404),), 404),
        ("a success after two failures", "GET", (Step(status=503), Step(fault="close"), Step(status=200)), 200),
        ("a failure for ever", "GET", (Step(status=503),), 503),
    ):
        with lab.trial(label):
            after: list[Any] = []
            hooked: list[Any] = []
            http = lab.http(config=lab.config(retries=2), after_response=after.append)
            path = f"/aris3/{status}/{len(steps)}/{method}"
            lab.service.answer(method, path, *steps)
            got = lab.attempt(partial(http.request, method, path, **_hook(hooked.append)), method)
            if len(lab.log(path)) != (3 if len(steps) == 3 or status == 503 else 1):
                raise CannotTell(f"{len(lab.log(path))} attempts were made: the call {got.said()}")
            for name, given in (("after_response", after), ("response_hook", hooked)):
                if name == "response_hook" and not _hook(hooked.append):
                    continue
                require(len(given) == 1, f"{name} was called {len(given)} times instead of once")
                seen = getattr(given[0], "status_code", getattr(given[0], "status", status))
                require(seen == status, f"{name} was given {short(given[0])}, with a status of {short(seen)}")
    with lab.trial("no answer at all"):
        after = []
        http = lab.http(after_response=after.append)
        lab.service.answer("GET", "/aris3/none", Step(fault="close"))
        lab.get(http, "/aris3/none")
        require(not after, f"after_response was given {short(after)}")


@promise("transport.hooks-come-in-order")
def check_hooks_come_in_order(lab: CheckContext) -> None:
    lab.sdk.needs("hooks")
    if not _hook(print):
        raise NotApplicable("this SDK has no hook for one response")
    for label, step in (("a success", Step(status=200, json={})), ("an error", Step(status=404))):
        with lab.trial(label):
            order: list[str] = []
            http = lab.http(
                before_request=lambda *given, order=order: order.append("before_request"),
                after_response=lambda answer, order=order: order.append("after_response"),
            )
            lab.samplers[:] = [partial(_note_the_wire, order)]
            lab.service.answer("GET", f"/aris3/{step.status}", step)
            hook = _hook(lambda answer, order=order: order.append("response_hook"))
            lab.get(http, f"/aris3/{step.status}", **hook)
            expected = ["before_request", "the wire", "after_response", "response_hook"]
            if sorted(order) != sorted(expected):
                raise CannotTell(f"called were {words(order)}: see transport.hooks-see-the-answer")
            require(order == expected, f"the order was {words(order)}")
    lab.samplers.clear()
    if not lab.sdk.has("trace"):
        return
    with lab.trial("the answered trace id"):
        context = lab.sdk.TraceContext(trace_id="ours")
        ids: list[Any] = []
        http = lab.http(trace=context, after_response=lambda answer: ids.append(context.trace_id))
        lab.service.answer("GET", "/aris3/traced", Step(status=200, json={}, trace_id="from-service"))
        lab.get(http, "/aris3/traced", **_hook(lambda answer: ids.append(context.trace_id)))
        if len(ids) != 2 or context.trace_id != "from-service":
            raise CannotTell(f"the context ends with {short(context.trace_id)}: see transport.trace-id-is-adopted")
        require(ids == ["ours", "from-service"], f"after_response and response_hook met the ids {words(ids)}")


# ── the client itself ────────────────────────────────────────────────────────


@promise("transport.client-needs-only-a-configuration")
def check_client_needs_only_a_configuration(lab: CheckContext) -> None:
    config = lab.config()
    for label, given, named in (("by name", (), {"config": config}), ("by position", (config,), {})):
        with lab.trial(label):
            try:
                http = lab.sdk.HttpClient(*given, **named)
            except HarnessError:
                raise
            except Exception as why:
                raise Broken(f"a client cannot be built: {describe(why)}") from why
            got = lab.get(http, f"/aris3/{label.split()[-1]}")
            require(got.error is None, f"its first GET {got.said()}")


@promise("transport.client-fields-in-order")
def check_client_fields_in_order(lab: CheckContext) -> None:
    with lab.trial("the parameters"):
        try:
            parameters = inspect.signature(lab.sdk.HttpClient).parameters
        except (TypeError, ValueError) as why:
            raise CannotTell(f"HttpClient does not show what it takes: {why}") from None
        if "config" not in parameters:
            raise CannotTell(f"HttpClient takes {words(list(parameters))}")
        known = [name for name in parameters if name in CLIENT_FIELDS]
        expected = [name for name in CLIENT_FIELDS if name in parameters]
        require(known == expected, f"they are {words(known)}, not {words(expected)}")
    if not lab.sdk.has("trace"):
        return
    with lab.trial("a trace by position"):
        context = lab.sdk.TraceContext(trace_id="second")
        built = lab.given(partial(lab.sdk.HttpClient, lab.config(), context), "HttpClient(config, trace)")
        require(built.trace is not None, "the second thing that it is given is not its trace")


@promise("transport.client-can-be-changed")
def check_client_can_be_changed(lab: CheckContext) -> None:
    http = lab.http()
    if lab.sdk.has("trace"):
        with lab.trial("a trace that is set later"):
            lab.given(partial(http.request, "GET", "/aris3/before"), "a GET")
            lab.given(partial(setattr, http, "trace", lab.sdk.TraceContext(trace_id="later")), "http.trace = …")
            sent = _trace_of(lab, http, "/aris3/a")
            require(sent == "later", f"the next request carried {short(sent)}")
    if lab.sdk.has("hooks"):
        for field in ("before_request", "after_response"):
            with lab.trial(f"{field} that is set later"):
                calls: list[Any] = []
                built = _hooked(lab, field, calls)
                lab.get(built, f"/aris3/{field}/built")
                if len(calls) != 1:
                    raise CannotTell(f"one that is given at once is called {len(calls)} times")
                calls.clear()
                setattr(http, field, lambda *given, calls=calls: calls.append(given))
                lab.given(partial(http.request, "GET", f"/aris3/{field}"), "a GET")
                setattr(http, field, None)
                require(len(calls) == 1, f"it was called {len(calls)} times instead of once")
                lab.given(partial(http.request, "GET", f"/aris3/{field}/off"), "a GET")
                require(len(calls) == 1, "taken away, it was still called")


def _held(session: Any) -> dict[str, Any]:
    """What a session has: its adapters, headers and settings, told apart as objects, and texts as texts."""
    return {name: _parts(value) for name, value in getattr(session, "__dict__", {}).items()}


def _parts(value: Any) -> Any:
    try:
        return {key: part if isinstance(part, str) else id(part) for key, part in value.items()}
    except Exception:  # it is no mapping, or one that does not say what it holds
        return id(value)


@promise("transport.session-is-taken")
def check_session_is_taken(lab: CheckContext) -> None:
    if not has_field("HttpClient", "session"):
        raise NotApplicable("this SDK's clients show no session")
    with lab.trial("the session of another client"):
        other = lab.http()
        lab.given(partial(other.request, "GET", "/aris3/first"), "a GET")
        if other.session is None:
            raise NotApplicable("this SDK's clients keep no session")
        before = _held(other.session)
        http = lab.http(session=other.session)
        require(http.session is other.session, f"its session is {short(http.session)}, not the one given")
        changed = sorted(name for name, held in _held(http.session).items() if before.get(name) != held)
        require(not changed, f"the session that was given has other {words(changed)} than before")
        got = lab.get(http, "/aris3/second")
        require(got.error is None, f"a GET with it {got.said()}")
        require(http.session is other.session, "after a GET, its session is another one")
    with lab.trial("a download, after a cookie"):
        needs(lab, "download_export")
        http = lab.uncached()
        cookie = Step(status=200, json={}, headers={"Set-Cookie": "road=taken; Path=/"})
        lab.service.answer("GET", "/aris3/cookie", cookie)
        lab.get(http, "/aris3/cookie")
        lab.get(http, "/aris3/plain")
        if "road=taken" not in lab.log("/aris3/plain")[-1].headers.get("cookie", ""):
            raise NotApplicable("this SDK's session keeps no cookies")
        path = f"/aris3/exports/{EXPORT}/download"
        lab.service.answer("GET", path, Step(raw=b"a file"))
        lab.attempt(partial(lab.exports(http).download_export, EXPORT), "a download")
        sent = [seen.headers.get("cookie", "") for seen in lab.log(path)]
        require("road=taken" in "".join(sent[-1:]), "it is sent without the session's cookie, and a plain GET with it")


@promise("transport.last-operation-tells-the-result")
def check_last_operation(lab: CheckContext) -> None:
    lab.sdk.needs("last-operation")
    http = lab.http()
    with lab.trial("before the first request"):
        require(http.last_operation is None, f"it is {short(http.last_operation)}")
    for label, method, path, step, expected in (
        ("a GET", "GET", "/aris3/a", Step(status=200, json={"ok": True}), "success"),
        ("an error", "GET", "/aris3/b", Step(status=404), "error"),
        ("an empty answer", "GET", "/aris3/c", Step(status=204), "success"),
        ("a failing service", "GET", "/aris3/d", Step(status=503), "error"),
        ("a POST", "POST", "/aris3/e", Step(status=201, json={}), "success"),
        ("a POST that is refused", "POST", "/aris3/f", Step(status=422), "error"),
    ):
        with lab.trial(label):
            lab.service.answer(method, path, step)
            lab.attempt(partial(http.request, method, path), "a request")
            _ended(http, expected)
    for name in ("module", "operation"):
        with lab.trial(f"the {name} that nobody names"):
            named = inspect.signature(http.request).parameters.get(name)
            if named is None or named.default is named.empty:
                raise NotApplicable(f"its request has no {name} of its own accord")
            require(named.default == "unknown", f"it is {short(named.default)}, not 'unknown'")


@promise("transport.last-operation-passes-network-failures-by")
def check_last_operation_passes_network_failures_by(lab: CheckContext) -> None:
    lab.sdk.needs("last-operation")
    http = lab.http()
    lab.service.answer("GET", "/aris3/close", Step(fault="close"))
    lab.service.answer("POST", "/aris3/reset", Step(fault="reset"))
    lab.service.answer("GET", "/aris3/fine", Step(status=200, json={}))
    lab.service.answer("GET", "/aris3/lost", Step(status=404))
    with lab.trial("before anything else"):
        lab.get(http, "/aris3/close")
        require(http.last_operation is None, f"it is {short(http.last_operation)}")
    for path, expected in (("/aris3/fine", "success"), ("/aris3/lost", "error")):
        for method, failing in (("GET", "/aris3/close"), ("POST", "/aris3/reset")):
            with lab.trial(f"after {path}, a {method} that fails"):
                lab.get(http, path)
                if _result(http) not in (expected, f"{expected}(cache)"):
                    raise CannotTell("see transport.last-operation-tells-the-result")
                before = http.last_operation
                got = lab.attempt(partial(http.request, method, failing), "a request")
                if got.error is None:
                    raise CannotTell("the network failed, and yet the call succeeded")
                require(http.last_operation == before, f"it has become {short(http.last_operation)}")
    for label, sent in (("an outdated context", False), ("a context that is switched in flight", True)):
        with lab.trial(f"after /aris3/fine, a GET with {label}"):
            lab.sdk.needs("context")
            lab.sdk.needs("context-switch")
            http = lab.http()
            lab.get(http, "/aris3/fine")
            if _result(http) != "success":
                raise CannotTell("see transport.last-operation-tells-the-result")
            before = http.last_operation
            if sent:
                got = _switched_in_flight(lab, http, "GET", "/aris3/switched")
            else:
                lab.given(partial(http.switch_context, "store"), "switch_context")
                got = lab.get(http, "/aris3/outdated", context_key="store", context_version=0)
            if not _is_cancelled(lab, got):
                raise CannotTell(f"it was not cancelled: it {got.said()}")
            require(http.last_operation == before, f"it has become {short(http.last_operation)}")


# ── contexts ─────────────────────────────────────────────────────────────────


@promise("transport.context-versions-count")
def check_context_versions_count(lab: CheckContext) -> None:
    lab.sdk.needs("context-switch")
    http = lab.http()
    with lab.trial("a key that was never switched"):
        version = lab.given(partial(http.get_context_version, "store"), "get_context_version")
        require(version == 0, f"its version is {short(version)}, not 0")
    for number in (1, 2, 3):
        with lab.trial(f"switch {number}"):
            got = lab.given(partial(http.switch_context, "store"), "switch_context")
            require(got == number, f"switch_context returned {short(got)}, not {number}")
            version = lab.given(partial(http.get_context_version, "store"), "get_context_version")
            require(version == number, f"its version is {short(version)}, not {number}")
    with lab.trial("another key"):
        version = lab.given(partial(http.get_context_version, "other"), "get_context_version")
        require(version == 0, f"its version is {short(version)}, though only the first was switched")
    with lab.trial("another client"):
        version = lab.given(lambda: lab.http().get_context_version("store"), "get_context_version")
        require(version == 0, f"the version of a client that was never switched is {short(version)}")


@promise("transport.outdated-context-is-cancelled")
def check_outdated_context(lab: CheckContext) -> None:
    lab.sdk.needs("context")
    lab.sdk.needs("context-switch")
    http = lab.http(config=lab.config(retries=2))
    old = http.get_context_version("store")
    with lab.trial("the current version, before a switch"):
        _passes(lab, http, "/aris3/a", context_key="store", context_version=old)
    lab.given(partial(http.switch_context, "store"), "switch_context")
    new = http.get_context_version("store")
    if new == old:
        raise CannotTell(f"the version is {old!r} before and after: see transport.context-versions-count")
    with lab.trial("the current version, after a switch"):
        _passes(lab, http, "/aris3/b", context_key="store", context_version=new)
    with lab.trial("a key without a version"):
        _passes(lab, http, "/aris3/c", context_key="store")
    with lab.trial("another key"):
        other = http.get_context_version("other")
        _passes(lab, http, "/aris3/d", context_key="other", context_version=other)
    with lab.trial("no key"):
        _passes(lab, http, "/aris3/e")
    for method in ("GET", "POST"):
        with lab.trial(f"{method} with an outdated version"):
            outdated = partial(http.request, method, "/aris3/f", context_key="store", context_version=old)
            _cancelled(lab, lab.attempt(outdated, method))
            require(not lab.log("/aris3/f"), "it was sent all the same")


@promise("transport.switch-in-flight-cancels")
def check_switch_in_flight(lab: CheckContext) -> None:
    lab.sdk.needs("context")
    lab.sdk.needs("context-switch")
    asked = (("GET", Step(json={})), ("POST", Step(json={})), ("GET", Step(status=404)), ("POST", Step(status=409)))
    for method, step in asked:
        for label, switched in (("another key", "other"), ("its own key", "store")):
            with lab.trial(f"{method} that is answered {step.status}, {label} switched in flight"):
                http = lab.http()
                old = http.get_context_version("store")
                path = f"/aris3/{switched}/{step.status}"
                lab.service.answer(method, path, step)
                got = _switched_in_flight(lab, http, method, path, switched=switched, context_version=old)
                if switched == "store":
                    _cancelled(lab, got)
                else:
                    require(not _is_cancelled(lab, got), "it was cancelled, though its own context is as it was")
    for method in ("GET", "POST"):
        with lab.trial(f"{method} with a key alone, switched in flight"):
            http = lab.http()
            got = _switched_in_flight(lab, http, method, f"/aris3/alone/{method.lower()}")
            _cancelled(lab, got)
        with lab.trial(f"{method} that is switched in flight, and what its answer brings"):
            lab.sdk.needs("hooks")
            called: list[str] = []
            hook: dict[str, Any] = {"after_response": lambda *_, called=called: called.append("after_response")}
            traced = {"trace": lab.sdk.TraceContext(trace_id="ours")} if exists("TraceContext") else {}
            http = lab.http(**hook, **traced)
            path = f"/aris3/brings/{method.lower()}"
            lab.service.answer(method, path, Step(status=200, json={}, trace_id="theirs"))
            own = _hook(lambda *_, called=called: called.append("response_hook"))
            got = _switched_in_flight(lab, http, method, path, context_version=0, **own)
            if not _is_cancelled(lab, got):
                raise CannotTell(f"it was not cancelled: it {got.said()}")
            require(not called, f"the answer went to {words(called)} all the same")
            if traced:
                following = _trace_of(lab, http, "/aris3/after")
                require(following != "theirs", "the next request carries the id that the answer brought")


# ── what the checks share ────────────────────────────────────────────────────


def _sent(lab: CheckContext, path: str, method: str = "") -> str | None:
    """The trace id of the latest request for a path.

    :raises CannotTell: there was none.
    """
    seen = lab.log(path, method)
    if not seen:
        raise CannotTell(f"nothing arrived at {path}")
    return seen[-1].headers.get(TRACE)


def _trace_of(lab: CheckContext, http: Any, path: str) -> str | None:
    """The trace id that a plain GET carries. Of its own path each time, so that no cache answers it."""
    fresh = f"{path}/{len(lab.log())}"
    lab.given(partial(http.request, "GET", fresh), "a GET")
    return _sent(lab, fresh)


def _is_uuid4(value: Any) -> None:
    try:
        version = uuid.UUID(value).version
    except (ValueError, TypeError, AttributeError):
        version = None
    require(version == 4, f"{short(value)} is no random UUID")


def _identifies(headers: Mapping[str, str], who: Mapping[str, str]) -> None:
    """The headers name this caller, and nobody else."""
    expected = {HEADER_OF[field]: value for field, value in who.items()}
    if "access_token" in who:
        expected["authorization"] = f"Bearer {who['access_token']}"
    for name in IDENTITY:
        seen = headers.get(name)
        if name in expected:
            require(seen == expected[name], f"{name} is {short(seen)}, not {expected[name]!r}")
        else:
            require(seen is None, f"{name} was sent without a value set: {short(seen)}")


def _has_only_token(headers: Mapping[str, str], token: str) -> None:
    """The headers hold this token, or none, and nothing else that says who is asking."""
    sent = headers.get("authorization", "")
    right = sent.split(" ")[-1] == token
    require(right, f"Authorization is {short(sent)}, and the session's token is {token!r}")
    for name in IDENTITY:
        if name != "authorization":
            require(name not in headers, f"{name} was sent too: {short(headers.get(name))}")


def _forget(lab: CheckContext, http: Any) -> None:
    """Let no answer come from the cache, where there is one that can be emptied."""
    if lab.sdk.has("cache") and lab.sdk.has("cache-clear"):
        lab.given(http.clear_cache, "clear_cache")


def _asked_by(lab: CheckContext, client: Any, export: str = "exp-1") -> Mapping[str, str]:
    """The headers with which a client asks for a status."""
    before = len(lab.polls(export))
    lab.given(partial(client.get_export_status, export), "a status request")
    fresh = lab.polls(export)[before:]
    if not fresh:
        raise CannotTell("it was answered from the cache")
    return fresh[-1].headers


def _session(lab: CheckContext, **fields: Any) -> Any:
    """A session in an empty home, so that no stored token is found."""
    if not exists("ApiSession") or not has_method("ApiSession", "exports_client"):
        raise NotApplicable("this SDK has no session that makes clients")
    os.environ.update({"HOME": str(lab.home), "XDG_DATA_HOME": str(lab.home / "data")})
    return lab.given(partial(lab.sdk.ApiSession, config=lab.config(), **fields), "ApiSession")


def _report(lab: CheckContext, reports: Any, name: str) -> Callable[[], Any]:
    """A report, asked for with as little as it takes.

    :raises NotApplicable: this SDK does not have it, or nobody can say what it takes.
    """
    method = getattr(reports, name, None)
    if not callable(method):
        raise NotApplicable(f"this SDK's client of reports has no {name}")
    filters = getattr(importlib.import_module(package()), "ReportFilter", dict)
    for arguments in ((), (filters(),)):
        try:
            inspect.signature(method).bind(*arguments)
        except TypeError:
            continue
        return partial(method, *arguments)
    raise NotApplicable(f"{name} takes more than the filters of a report")


def _hook(call: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The option that hands one answer to ``call``; none, where this SDK has no such option."""
    try:
        known = takes("HttpClient", "request", "response_hook")
    except LookupError as why:
        raise CannotTell(str(why)) from None
    return {"response_hook": call} if known else {}


def _hooked(lab: CheckContext, field: str, calls: list[Any]) -> Any:
    """A client with a hook that notes its calls."""
    hook: dict[str, Any] = {field: lambda *given: calls.append(given)}
    return lab.http(**hook)


def _result(http: Any) -> Any:
    return getattr(http.last_operation, "result", None)


def _ended(http: Any, expected: str) -> None:
    require(_result(http) == expected, f"its result is {short(_result(http))}, not {expected!r}")


def _note_the_wire(order: list[str], seen: Seen) -> None:
    """What a witness does while a request is in flight."""
    order.append("the wire")


def _switch(http: Any, key: str, seen: Seen) -> None:
    """What a witness does while a request is in flight."""
    http.switch_context(key)


def _switched_in_flight(
    lab: CheckContext, http: Any, method: str, path: str, *, switched: str = "store", **options: Any
) -> Attempt:
    """A request of the context "store", and a switch of that or another one while it is in flight, and only then."""
    old = http.get_context_version("store")
    lab.samplers[:] = [partial(_switch, http, switched)]
    got = lab.attempt(partial(http.request, method, path, context_key="store", **options), method)
    lab.samplers.clear()
    if not lab.log(path, method):
        raise CannotTell(f"nothing was sent: the call {got.said()}")
    changed = http.get_context_version("store") != old
    if changed != (switched == "store"):
        raise CannotTell("the versions are amiss: see transport.context-versions-count")
    return got


def _passes(lab: CheckContext, http: Any, path: str, **context: Any) -> None:
    got = lab.get(http, path, **context)
    require(got.error is None, f"the call {got.said()}")


def _is_cancelled(lab: CheckContext, got: Attempt) -> bool:
    return isinstance(got.error, lab.sdk.TransportError) and getattr(got.error, "code", None) == "REQUEST_CANCELLED"


def _cancelled(lab: CheckContext, got: Attempt) -> None:
    require(_is_cancelled(lab, got), f"the call {got.said()} instead of a TransportError REQUEST_CANCELLED")
