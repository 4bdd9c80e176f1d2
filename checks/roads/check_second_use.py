"""Checks of a second use: what one call leaves behind, what passes inside a call, and the last word of a wait."""

from __future__ import annotations

import copy
import gzip
import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from atalaya.harness.api import (
    Attempt,
    CannotTell,
    NotApplicable,
    Seen,
    Step,
    exists,
    has_field,
    has_method,
    promise,
    require,
    short,
    words,
)

from ..export_helpers import BRISK_S, FOREVER, LONGER, completed, needs, outcome_of, pollster
from ..fixture import EXPORT, CheckContext
from .roads import PAYLOAD, REQUESTED

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NEW_EACH_TIME = ("x-trace-id", "idempotency-key")
GONE, BUSY, CLOSED = Step(status=404), Step(status=503), Step(fault="close")


# ── arguments and what calls leave behind ────────────────────────────────────


@promise("roads.arguments-are-left-alone")
def check_arguments(lab: CheckContext) -> None:
    http = lab.uncached()
    given: dict[str, Any] = {
        "headers": {"X-Feature": "beta", "Accept": "text/csv", "x-trace-id": "the-callers"},
        "params": {"q": ["a", "b"], "n": 0, "none": None, "s": ""},
        "json_body": {"b": [1, {"c": None}], "a": "año"},
    }
    for method in METHODS:
        with lab.trial(f"request {method}"):
            options = {name: value for name, value in given.items() if name != "json_body" or method[0] == "P"}
            call = partial(http.request, method, REQUESTED, **options)
            _twice(lab, call, f"{method} {REQUESTED}", options)
    payload = {**PAYLOAD, "filters": {"store_id": "s", "from": "2030-01-01", "to": None}, "file_name": "a.csv"}
    for label, payload_of in (("a mapping", copy.deepcopy), ("a model", lambda it: lab.sdk.ExportRequest(**it))):
        for argument in ({}, {"transaction_id": "tx-2"}):
            with lab.trial(f"request_export, {label}{' beside an argument' if argument else ''}"):
                needs(lab, "request_export")
                held = payload_of(payload)
                call = partial(lab.exports(http).request_export, held, **argument)
                _twice(lab, call, "request_export", held)


def _twice(lab: CheckContext, call: Callable[[], Any], what: str, given: Any) -> None:
    """Make a call twice with the same objects, which are to be what they were; both send the same."""
    before = len(lab.log())
    was = _frozen(given)
    for time in ("first", "second"):
        got = lab.attempt(call, what)
        require(_frozen(given) == was, f"after the {time} call, what the caller gave is {short(given)}")
    sent = lab.log()[before:]
    if len(sent) != 2:
        raise CannotTell(f"{len(sent)} requests on the wire instead of 2: the call {got.said()}")
    first, second = map(_content, sent)
    require(first == second, f"the second call sent {short(second)}, and the first {short(first)}")


def _frozen(given: Any) -> str:
    """What can be seen of an object, with all that it holds."""
    return repr(given if isinstance(given, dict) else (given, sorted(vars(given).items(), key=lambda item: item[0])))


def _content(seen: Seen) -> tuple[Any, ...]:
    headers = {name: value for name, value in seen.headers.items() if name not in NEW_EACH_TIME}
    return seen.method, seen.path, headers, seen.body


@promise("roads.calls-leave-nothing-behind")
def check_calls_leave_nothing(lab: CheckContext) -> None:
    for label, option in _options(lab).items():
        for method in ("GET", "POST"):
            with lab.trial(f"{method}, after one with {label}"):
                http = lab.uncached(config=lab.config(retries=1))
                body = {"json_body": {"plain": 1}} if method == "POST" else {}
                plain = partial(http.request, method, REQUESTED, **body)
                first = _sent_by(lab, plain)
                lab.attempt(partial(http.request, method, f"{REQUESTED}/more", **{**body, **option}), label)
                second = _sent_by(lab, plain)
                require(first == second, f"then it sent {short(second)}, and before {short(first)}")
    with lab.trial("a POST that is retried no more"):
        lab.sdk.needs("retry-mutation")
        http = lab.http(config=lab.config(retries=1))
        lab.service.answer("POST", REQUESTED, BUSY)
        lab.post(http, REQUESTED, retry_mutation=True)
        before = len(lab.log())
        lab.post(http, REQUESTED)
        require(len(lab.log()) - before == 1, f"{len(lab.log()) - before} requests on the wire instead of 1")
    with lab.trial("a cache that was passed by once"):
        lab.sdk.needs("bypass")
        http = lab.http()
        lab.need_hits(http)
        lab.get(http, f"{REQUESTED}/cached", use_get_cache=False)
        for _ in range(2):
            lab.get(http, f"{REQUESTED}/cached")
        sent = len(lab.log(f"{REQUESTED}/cached"))
        require(sent == 2, f"{sent} requests on the wire instead of 2: one past the cache, one for it, and a hit")


def _options(lab: CheckContext) -> dict[str, dict[str, Any]]:
    """What a call may have that the next one has not."""
    options: dict[str, dict[str, Any]] = {
        "headers": {"headers": {"X-Once": "1", "Accept": "text/csv", "Authorization": "Bearer once"}},
        "parameters": {"params": {"once": "1"}},
        "a body": {"json_body": {"once": 1}},
        "a failure": {},
    }
    if lab.sdk.has("context"):
        options["a context"] = {"context_key": "store"}
    lab.service.answer("GET", f"{REQUESTED}/more", BUSY)
    lab.service.answer("POST", f"{REQUESTED}/more", CLOSED)
    return options


def _sent_by(lab: CheckContext, call: Callable[[], Any]) -> tuple[Any, ...]:
    before = len(lab.log())
    got = lab.attempt(call, "a plain call")
    sent = lab.log()[before:]
    if len(sent) != 1:
        raise CannotTell(f"{len(sent)} requests on the wire instead of 1: the call {got.said()}")
    return _content(sent[0])


@promise("roads.session-clients-share-no-more-than-a-trace")
def check_session_clients(lab: CheckContext) -> None:
    if not exists("ApiSession"):
        raise NotApplicable("this SDK has no session that makes clients")
    os.environ.update({"HOME": str(lab.home), "XDG_DATA_HOME": str(lab.home / "data")})
    makers = {"exports_client": "/aris3/exports", "reports_client": "/aris3/reports/overview"}
    makers |= {"auth_client": "/aris3/me", "health_client": "/health"}
    for maker, path in makers.items():
        with lab.trial(f"two clients by {maker}"):
            if not has_method("ApiSession", maker):
                raise NotApplicable(f"this SDK's session has no {maker}")
            session = lab.build("ApiSession", config=lab.config(), token="token-1")
            first, second = (lab.given(getattr(session, maker), maker) for _ in range(2))
            lab.service.answer("GET", path, Step(json={"a": 1}, headers={"Set-Cookie": "session=first; Path=/"}))
            before = len(lab.log())
            for client in (first, second):
                lab.given(partial(client.http.request, "GET", path), f"GET {path}")
            sent = lab.log()[before:]
            require(len(sent) == 2, f"{len(sent)} requests on the wire instead of 2: the second had the first's answer")
            cookie = sent[1].headers.get("cookie")
            require(cookie is None, f"the second client sent the cookie of the first: {cookie}")
            ids = [seen.headers.get("x-trace-id") for seen in sent]
            require(ids[0] == ids[1] or not lab.sdk.has("trace"), f"they sent the trace ids {words(ids)}")


# ── waits ────────────────────────────────────────────────────────────────────


@promise("roads.second-wait-is-like-the-first")
def check_second_wait(lab: CheckContext) -> None:
    exports = pollster(lab)
    telling = lab.sdk.has("telemetry")
    before = {
        "one that came to its end": ("CREATED", "CREATED", "READY"),
        "one that failed": ("CREATED", "FAILED"),
        "one whose export vanished": ("CREATED", GONE),
        "one that met an error": ("CREATED", Step(status=401)),
        "one that met a dead network": ("CREATED", CLOSED),
        "one that ran out of time": FOREVER,
    }
    for label, life in before.items():
        with lab.trial(f"a wait after {label}"):
            lab.service.script(EXPORT, *life)
            lab.wait(exports, timeout_sec=2.0)
            for number in (2, 3):
                lab.service.script(EXPORT, *["CREATED"] * 7, "READY")
                polls, events = len(lab.polls()), []
                options = {"telemetry_hook": events.append} if telling else {}
                wait = lab.wait(exports, timeout_sec=2.0 * LONGER, **options)
                completed(wait)
                sent = len(lab.polls()) - polls
                require(sent == 8, f"wait {number} polled {sent} times instead of 8")
                least_s = 7 * BRISK_S - 1e-2
                require(wait.elapsed_s >= least_s, f"wait {number} took {wait.elapsed_s:.2f} s for 7 pauses of 0.2 s")
                if telling:
                    _counted_anew(events, number)


def _counted_anew(events: list[dict[str, Any]], number: int) -> None:
    attempts = [event.get("attempt") for event in events]
    require(attempts == [*range(1, 9)], f"wait {number} told of the attempts {words(attempts)}")
    first_ms = events[0].get("elapsed_ms")
    early = isinstance(first_ms, int) and first_ms < BRISK_S * 500
    require(early, f"the first event of wait {number} tells of {short(first_ms)} ms")


@promise("roads.last-poll-has-the-last-word")
def check_last_poll(lab: CheckContext) -> None:
    for label, life, expected in (
        ("READY", ("READY",), "COMPLETED"),
        ("FAILED", ("FAILED",), "FAILED"),
        ("404", (GONE,), "NotFoundError"),
        ("503", (BUSY,), "ServerError"),
        ("a closed connection", (CLOSED,), "TransportError"),
    ):
        with lab.trial(f"no budget, {label}"):
            lab.service.script(EXPORT, *life)
            _ends(lab, lab.wait(pollster(lab), timeout_sec=0.0), expected)
    for label, life, expected, polls in (
        ("READY", ("CREATED", BUSY, "READY"), "COMPLETED", 3),
        ("EXPIRED", ("CREATED", BUSY, "EXPIRED"), "EXPIRED", 3),
        ("404", ("CREATED", BUSY, GONE), "EXPIRED", 3),
        ("401", ("CREATED", BUSY, Step(status=401)), "AuthError", 3),
        ("503 again", ("CREATED", BUSY), "ServerError", 3),
        ("a closed connection", ("CREATED", BUSY, CLOSED), "TransportError", 3),
        ("CREATED", ("CREATED", BUSY, "CREATED", "READY"), "TimeoutError", 3),
    ):
        with lab.trial(f"a retry that outlasts the budget, and then {label}"):
            lab.service.script(EXPORT, *life)
            exports = pollster(lab, retries=1, retry_backoff_seconds=5.0)
            before = len(lab.polls())
            wait = lab.wait(exports, timeout_sec=2.0, poll_interval_sec=0.5)
            sent = len(lab.polls()) - before
            require(sent == polls, f"{sent} requests on the wire instead of {polls}: the wait {wait.said()}")
            _ends(lab, wait, expected)


def _ends(lab: CheckContext, wait: Attempt, expected: str) -> None:
    """Require that a wait ended with this outcome, or with an error of this class."""
    if not expected.endswith("Error"):
        require(wait.error is None, f"the wait {wait.said()} instead of returning {expected}")
        require(outcome_of(wait) == expected, f"the outcome is {outcome_of(wait)} instead of {expected}")
        return
    kind = TimeoutError if expected == "TimeoutError" else getattr(lab.sdk, expected)
    require(isinstance(wait.error, kind), f"the wait {wait.said()} instead of raising {expected}")


# ── the errors of the library ────────────────────────────────────────────────


@promise("roads.every-library-error-is-mapped")
def check_library_errors(lab: CheckContext) -> None:
    with lab.trial("redirects without an end"):
        lab.service.answer("GET", REQUESTED, Step(status=302, headers={"Location": REQUESTED}))
        _mapped(lab, lab.get(lab.http(), REQUESTED))
    for base_url in ("ftp://127.0.0.1", "nobody", "http://"):
        with lab.trial(f"the address {base_url}"):
            _mapped(lab, lab.get(lab.http(config=lab.config(api_base_url=base_url)), "/x"))
    with lab.trial("a body that is not in gzip, and says so"):
        plain = f"{REQUESTED}/gzip"
        lab.get(lab.http(), plain)
        if "gzip" in lab.log(plain)[-1].headers.get("accept-encoding", ""):
            broken = gzip.compress(b'{"a": 1}')[3:]
            lab.service.answer("GET", plain, Step(status=200, raw=broken, headers={"Content-Encoding": "gzip"}))
            _mapped(lab, lab.get(lab.http(), plain))
    for kind in _kinds(lab):
        for method, often in (("GET", 2), ("POST", 1)):
            with lab.trial(f"{method}, {kind.__name__} out of the library"):
                _injected(lab, kind, method, often)


def _mapped(lab: CheckContext, got: Attempt) -> None:
    error: Any = got.error
    require(isinstance(error, lab.sdk.TransportError), f"the call {got.said()} instead of TransportError")
    told = {name: getattr(error, name, None) for name in ("code", "status_code", "raw_payload")}
    expected = {"code": "TRANSPORT_ERROR", "status_code": 0, "raw_payload": None}
    require(told == expected, f"the TransportError has {short(told)}")


def _kinds(lab: CheckContext) -> list[type[Exception]]:
    """The classes by which the library of this SDK's session tells of a failed request, if it has one that we know."""
    session = getattr(lab.http(), "session", None) if has_field("HttpClient", "session") else None
    bases = {"requests": ("requests.exceptions", "RequestException"), "httpx": ("httpx", "RequestError")}
    roots = [kind.__module__.partition(".")[0] for kind in type(session).__mro__]
    for root, (module, base) in bases.items():
        if root in roots and module in sys.modules:
            known = vars(sys.modules[module]).values()
            above = getattr(sys.modules[module], base)
            found = {kind for kind in known if inspect.isclass(kind) and issubclass(kind, above)}
            return sorted(found, key=lambda kind: kind.__name__)
    return []


def _injected(lab: CheckContext, kind: type[Exception], method: str, often: int) -> None:
    """Let the session fail so, and require that the SDK tells of it."""
    try:
        cause = kind("a reason")
    except TypeError:
        cause = kind("a reason", "a document", 0)  # type: ignore[call-arg]
    http = lab.uncached(config=lab.config(retries=1))
    calls: list[str] = []

    def fail(*_: Any, **options: Any) -> Any:
        calls.append(str(options.get("method")))
        raise cause

    http.session.request = fail
    got = lab.attempt(partial(http.request, method, REQUESTED), f"{method} {REQUESTED}")
    if not calls:
        raise NotApplicable("this SDK does not send by its session's request")
    _mapped(lab, got)
    error: Any = got.error
    require(len(calls) == often, f"it was sent {len(calls)} times instead of {often}, with one retry")
    details = getattr(error, "details", None)
    require(details == {"type": kind.__name__}, f"details is {short(details)}")
    require(error.message == str(cause), f"message is {short(error.message)} instead of {str(cause)!r}")


# ── a malformed status ───────────────────────────────────────────────────────


NO_OBJECT = {
    "a list": Step(json=[]),
    "null": Step(json=None),
    "nothing": Step(raw=b""),
    "a text": Step(json="READY"),
    "a number": Step(json=7),
    "false": Step(json=False),
}


@promise("roads.no-object-is-a-plain-value-error")
def check_plain_value_error(lab: CheckContext) -> None:
    path = f"/aris3/exports/{EXPORT}"
    calls: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
        "get_export_status": ("GET", path, lambda exports: exports.get_export_status(EXPORT)),
        "get_export_artifact": ("GET", path, lambda exports: exports.get_export_artifact(EXPORT)),
        "wait_for_export_ready": ("GET", path, lambda exports: exports.wait_for_export_ready(EXPORT)),
        "wait_until_ready": ("GET", path, lambda exports: exports.wait_until_ready(EXPORT)),
        "request_export": ("POST", "/aris3/exports", lambda exports: exports.request_export(PAYLOAD)),
    }
    for name, (method, at, call) in calls.items():
        for label, step in NO_OBJECT.items():
            with lab.trial(f"{name}, {label}"):
                needs(lab, name)
                lab.service.answer(method, at, step)
                got = lab.attempt(partial(call, lab.exports(lab.uncached())), name)
                require(type(got.error) is ValueError, f"it {got.said()} instead of a plain ValueError")
