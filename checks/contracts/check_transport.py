"""Does the SDK retry what it may, never what it must not, and say by type what went wrong?"""

from __future__ import annotations

import socket
from functools import partial
from itertools import pairwise
from typing import Any

from checks.contracts.judging import CannotTell, require
from checks.contracts.lab import Attempt, Lab, Step, short, words
from checks.contracts.plugin import promise

PATH = "/aris3/reports/overview"
BY_STATUS = {
    400: "ValidationError",
    401: "AuthError",
    403: "PermissionError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "ValidationError",
    429: "RateLimitError",
    500: "ServerError",
    503: "ServerError",
    418: "ApiError",
}


@promise("transport.failures-are-transport-errors")
def check_failures_are_transport_errors(lab: Lab) -> None:
    http = lab.http(config=lab.config(read_timeout_seconds=0.3))
    for fault in ("close", "reset", "stall"):
        with lab.trial(fault):
            lab.service.answer("GET", PATH, Step(fault=fault))
            _is_transport_error(lab, lab.get(http, PATH))
    with lab.trial("refused"):
        nobody = lab.http(config=lab.config(api_base_url=f"http://127.0.0.1:{_closed_port()}"))
        _is_transport_error(lab, lab.get(nobody, PATH))


@promise("transport.gets-are-retried")
def check_gets_are_retried(lab: Lab) -> None:
    http = lab.http(config=lab.config(retries=2, retry_backoff_seconds=0.1))
    for label, failing in (("closed connections", Step(fault="close")), ("status 503", Step(status=503))):
        with lab.trial(f"two {label}, then an answer"):
            path = f"/aris3/{label.split()[0]}/twice"
            lab.service.answer("GET", path, failing, failing, Step(status=200, json={"ok": True}))
            got = lab.get(http, path, use_get_cache=False) if lab.sdk.has("bypass") else lab.get(http, path)
            require(got.error is None, f"with two retries, two failures were too many: {got.said()}")
            _sent(lab, path, 3)
        with lab.trial(f"{label} for ever"):
            path = f"/aris3/{label.split()[0]}/always"
            lab.service.answer("GET", path, failing)
            got = lab.get(http, path)
            require(got.error is not None, f"it never succeeded, and yet the call {got.said()}")
            _sent(lab, path, 3)


@promise("transport.posts-are-not-retried")
def check_posts_are_not_retried(lab: Lab) -> None:
    http = lab.http(config=lab.config(retries=2))
    for label, failing in (("status 500", Step(status=500)), ("a closed connection", Step(fault="close"))):
        with lab.trial(label):
            path = f"/aris3/posts/{label.split()[-1]}"
            lab.service.answer("POST", path, failing)
            lab.post(http, path)
            _sent(lab, path, 1)


@promise("transport.client-errors-are-not-retried")
def check_client_errors_are_not_retried(lab: Lab) -> None:
    http = lab.http(config=lab.config(retries=2))
    for status in (400, 404, 408, 429):
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status))
            lab.get(http, f"/aris3/s{status}")
            _sent(lab, f"/aris3/s{status}", 1)


@promise("transport.backoff-doubles")
def check_backoff_doubles(lab: Lab) -> None:
    http = lab.http(config=lab.config(retries=3, retry_backoff_seconds=0.5))
    gaps = _gaps(lab, http, retries=3)
    for number, gap in enumerate(gaps):
        with lab.trial(f"pause {number + 1}"):
            expected = 0.5 * 2**number
            require(
                abs(gap - expected) < 0.05, f"{gap:.3f} s instead of {expected:g} s (all: {_seconds(gaps)})"
            )


@promise("transport.jitter-stays-in-range")
def check_jitter(lab: Lab) -> None:
    lab.sdk.needs("jitter")
    jitter = {"retry_jitter_enabled": True, "retry_jitter_min_seconds": 1.0, "retry_jitter_max_seconds": 2.0}
    http = lab.http(config=lab.config(retries=8, **jitter))
    gaps = _gaps(lab, http, retries=8)
    for number, gap in enumerate(gaps):
        with lab.trial(f"pause {number + 1}"):
            require(0.99 <= gap <= 2.01, f"jitter made it {gap:.3f} s, outside 1 to 2 s")


@promise("transport.errors-follow-the-status")
def check_errors_follow_the_status(lab: Lab) -> None:
    http = lab.http()
    for status, name in BY_STATUS.items():
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status))
            got = lab.get(http, f"/aris3/s{status}")
            require(isinstance(got.error, getattr(lab.sdk, name)), f"{got.said()} instead of {name}")


@promise("transport.errors-carry-the-answer")
def check_errors_carry_the_answer(lab: Lab) -> None:
    http = lab.http()
    body = {"code": "QUOTA", "message": "no more today", "details": {"left": 0}, "trace_id": "t-1"}
    cases: tuple[tuple[str, Step, dict[str, Any]], ...] = (
        ("all four keys", Step(status=422, json=body), {**body, "status_code": 422}),
        ("none of them", Step(status=400, json={"other": 1}),
            {"code": "HTTP_ERROR", "message": "Request failed", "status_code": 400}),
        ("not JSON", Step(status=503, raw=b"<html>busy</html>"),
            {"code": "HTTP_ERROR", "message": "<html>busy</html>", "status_code": 503}),
    )  # fmt: skip
    for number, (label, step, expected) in enumerate(cases):
        with lab.trial(label):
            lab.service.answer("GET", f"/aris3/e{number}", step)
            got = lab.get(http, f"/aris3/e{number}")
            if not isinstance(got.error, lab.sdk.ApiError):
                raise CannotTell(f"there is no ApiError to read: the call {got.said()}")
            for field, value in expected.items():
                seen = getattr(got.error, field, None)
                require(seen == value, f"{field} is {short(seen)}, not {value!r}")


@promise("transport.trace-id-is-sent")
def check_trace_id_is_sent(lab: Lab) -> None:
    with lab.trial("without a context"):
        http = lab.http()
        for path in ("/aris3/a", "/aris3/b"):
            lab.given(partial(http.request, "GET", path), "a GET")
        ids = [seen.headers.get("x-trace-id", "") for seen in lab.log()]
        require(all(ids), "a request without a context carried no X-Trace-ID")
        require(len(set(ids)) == len(ids), "two requests without a context carried the same id")
    with lab.trial("with a context"):
        http = lab.http(trace=lab.sdk.TraceContext(trace_id="trace-of-ours"))
        lab.given(lambda: http.request("GET", "/aris3/c"), "a GET")
        sent = lab.log("/aris3/c")[0].headers.get("x-trace-id")
        require(sent == "trace-of-ours", f"the context's id was not sent: {short(sent)}")


@promise("transport.base-path-is-kept")
def check_base_path_is_kept(lab: Lab) -> None:
    config = lab.config(api_base_url=f"{lab.service.base_url}/gateway/v1")
    for path in ("/aris3/exports", "aris3/exports"):
        with lab.trial(f"path {path!r}"):
            before = len(lab.log())
            lab.get(lab.uncached(config=config), path)
            paths = [seen.path for seen in lab.log()[before:]]
            require(paths == ["/gateway/v1/aris3/exports"], f"it was sent to {words(paths) or 'nobody'}")


@promise("transport.identity-is-sent")
def check_identity_is_sent(lab: Lab) -> None:
    lab.service.script("exp-1", "READY")
    who = {"access_token": "tok", "tenant_id": "ten", "app_id": "app", "device_id": "dev"}
    expected = {"authorization": "Bearer tok", "x-tenant-id": "ten", "x-app-id": "app", "x-device-id": "dev"}
    with lab.trial("all four"):
        lab.given(lambda: lab.exports(**who).get_export_status("exp-1"), "a status request")
        headers = lab.polls()[-1].headers
        for name, value in expected.items():
            require(headers.get(name) == value, f"{name} is {short(headers.get(name))}, not {value!r}")
    with lab.trial("none"):
        lab.given(lambda: lab.exports().get_export_status("exp-1"), "a status request")
        headers = lab.polls()[-1].headers
        for name in expected:
            require(name not in headers, f"{name} was sent without a value set: {short(headers.get(name))}")


def _is_transport_error(lab: Lab, got: Attempt) -> None:
    require(isinstance(got.error, lab.sdk.TransportError), f"{got.said()} instead of TransportError")
    require(not isinstance(got.error, TimeoutError), "the TransportError is a TimeoutError too")


def _sent(lab: Lab, path: str, expected: int) -> None:
    count = len(lab.log(path))
    require(count == expected, f"{count} requests on the wire instead of {expected}")


def _gaps(lab: Lab, http: Any, *, retries: int) -> list[float]:
    """Virtual seconds between the attempts of one GET that always fails."""
    lab.service.answer("GET", PATH, Step(status=500))
    lab.get(http, PATH)
    at_s = [lab.at_s(seen) for seen in lab.log(PATH)]
    if len(at_s) != retries + 1:
        raise CannotTell(f"{len(at_s)} requests on the wire instead of {retries + 1}: no pauses to measure")
    return [later - earlier for earlier, later in pairwise(at_s)]


def _seconds(gaps: list[float]) -> str:
    return words([f"{gap:.2f}" for gap in gaps])


def _closed_port() -> int:
    """A port that nobody listens on: bound and closed again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
