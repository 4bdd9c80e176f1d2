"""Checks which requests are retried and which are not, and the type of each error."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from atalaya.harness.api import (
    AUTHORITY,
    TLS_FAULTS,
    TRUSTED,
    Attempt,
    Broken,
    CannotTell,
    NotApplicable,
    Scope,
    Seen,
    Step,
    closed_port,
    deaf_port,
    describe,
    exists,
    has_field,
    promise,
    require,
    short,
    words,
)

from ..fixture import CheckContext

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
    501: "ServerError",
    502: "ServerError",
    503: "ServerError",
    504: "ServerError",
    599: "ServerError",
}
# Statuses that have no class of their own.
UNNAMED = (
    402,
    405,
    406,
    407,
    408,
    410,
    411,
    412,
    413,
    414,
    415,
    416,
    417,
    418,
    421,
    423,
    424,
    425,
    426,
    428,
    431,
    451,
    499,
)

# Each class of error, and the one that it is derived from.
TREE = {
    "UnauthorizedError": "ApiError",
    "AuthError": "UnauthorizedError",
    "MustChangePasswordError": "AuthError",
    "ForbiddenError": "ApiError",
    "PermissionError": "ForbiddenError",
    "NotFoundError": "ApiError",
    "ValidationError": "ApiError",
    "ConflictError": "ApiError",
    "RateLimitError": "ApiError",
    "ServerError": "ApiError",
    "TransportError": "ApiError",
}
FIELDS = ("code", "message", "details", "trace_id", "status_code", "raw_payload")

LONG_TEXT = "Größe 5 €, ñandú. " * 280  # some 5,000 characters
OK = Step(status=200, json={"ok": True})
LONG = Step(status=200, json={"ok": True, "padding": "x" * 400})  # long enough to be cut in two
BUSY = Step(status=503)
CLOSED = Step(fault="close")

# What every HTTP library reports as a failure. A slow drip is none of them: it passes as an answer.
HARD_FAULTS = (
    "close",
    "reset",
    "reset-mid-headers",
    "reset-after-headers",
    "reset-mid-body",
    "truncated-body",
    "half-close",
    "garbage-status-line",
)
# By these variables, the usual libraries are told whom to trust.
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")

# Real seconds: a time-out below the network is not seen by the virtual clock.
SHORT_S = 0.2
LATE_S = 0.4
SOON_S = 2.0  # a short time-out is over by then, on a busy machine too
NEVER_S = 4.0  # an answer that comes when nobody waits any more
PATIENT_S = 1.0  # a time-out that an answer meets, on a busy machine too
# Of a limit: a machine that takes longer than this for a plain answer may itself be what was too slow.
FAIR_PART = 0.25
TRIES = 3

STRICT = 0.98  # of a pause that was asked for: below is too early
LENIENT = 1.5  # above is too late; in between is a pause that an SDK has made a bit longer


# ── failures of the network ──────────────────────────────────────────────────


@promise("transport.failures-are-transport-errors")
def check_failures_are_transport_errors(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(read_timeout_seconds=SHORT_S))
    nobody = lab.http(config=lab.config(api_base_url=f"http://127.0.0.1:{closed_port()}"))
    for method in ("GET", "POST"):
        for fault in HARD_FAULTS:
            with lab.trial(f"{method}, {fault}"):
                lab.service.answer(method, f"/aris3/{fault}", _spoilt(fault))
                _is_transport_error(lab, _call(lab, http, method, f"/aris3/{fault}"))
        with lab.trial(f"{method}, refused"):
            _is_transport_error(lab, _call(lab, nobody, method, PATH))
    with lab.trial("an answer that does not come in time"):
        lab.service.answer("GET", "/aris3/late", Step(status=200, delay_s=NEVER_S))
        got = lab.get(http, "/aris3/late")
        if got.error is None:
            raise CannotTell("it was waited for all the same: see transport.read-timeout-is-kept")
        _is_transport_error(lab, got)


@promise("transport.certificates-are-verified")
def check_certificates_are_verified(lab: CheckContext) -> None:
    if not has_field("ClientConfig", "verify_ssl"):
        raise NotApplicable("this SDK has no setting for certificates")
    for kind in TLS_FAULTS:
        server = lab.another_service(tls=kind)
        with lab.trial(f"{kind}, verified"):
            _refuses(lab, server)
        with lab.trial(f"{kind}, not verified"):
            got = _asks(lab, server, verify_ssl=False)
            require(got.error is None, f"the call {got.said()}")
    # An SDK that can be told to trust the signer has the certificate's own fault for its only reason.
    os.environ.update(dict.fromkeys(TRUST, str(AUTHORITY)))
    if _asks(lab, lab.another_service(tls=TRUSTED), verify_ssl=True).error is None:
        for kind in ("wrong-host", "expired"):
            with lab.trial(f"{kind}, by a signer that is trusted, verified"):
                _refuses(lab, lab.another_service(tls=kind))
    if lab.library_of(lab.http()) == "requests":  # which takes the setting with each request
        server = lab.another_service(tls="untrusted")
        for verified in (True, False):
            with lab.trial(f"verify_ssl={verified}, on a session of a client with verify_ssl={not verified}"):
                other = lab.http(config=lab.config(api_base_url=server.base_url, verify_ssl=not verified))
                config = lab.config(api_base_url=server.base_url, verify_ssl=verified)
                got = lab.get(lab.http(config=config, session=other.session), "/health")
                require((got.error is not None) is verified, f"the call {got.said()}")


@promise("transport.environment-proxies-apply")
def check_environment_proxies_apply(lab: CheckContext) -> None:
    proxy = lab.another_service()
    http = lab.uncached()
    if not lab.library_of(http):
        raise NotApplicable("what this SDK's clients send by is not a session of a library that knows proxies")
    through_proxies_of_the_environment(proxy.base_url)
    with lab.trial("a GET, through a proxy of the environment"):
        got = lab.get(lab.uncached(), PATH)
        asked = [one.path for one in proxy.log()]
        require(asked == [f"{lab.service.base_url}{PATH}"], f"the proxy was asked for {words(asked)}; it {got.said()}")


def through_proxies_of_the_environment(address: str) -> None:
    """Name one proxy for all plain requests, as an operator does; no host is left out."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ.pop(name, None)
    os.environ.update(dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), address))


@promise("transport.errors-tell-the-cause")
def check_errors_tell_the_cause(lab: CheckContext) -> None:
    nobody = lab.http(config=lab.config(api_base_url=f"http://127.0.0.1:{closed_port()}"))
    http = lab.http(config=lab.config(retries=1))
    lab.service.answer("GET", "/aris3/close", CLOSED)
    lab.service.answer("POST", "/aris3/garbage", Step(fault="garbage-status-line"))
    cases = (
        ("refused", nobody, "GET", PATH),
        ("closed, after a retry", http, "GET", "/aris3/close"),
        ("a POST answered with garbage", http, "POST", "/aris3/garbage"),
    )
    for label, client, method, path in cases:
        with lab.trial(label):
            got = _call(lab, client, method, path)
            error: Any = got.error
            if not isinstance(error, lab.sdk.TransportError):
                raise CannotTell(f"the call {got.said()}: see transport.failures-are-transport-errors")
            for field, expected in (("code", "TRANSPORT_ERROR"), ("status_code", 0), ("raw_payload", None)):
                _has(error, field, expected)
            require(error.__cause__ is not None, "no cause is chained to it")
            causes = _chain(error.__cause__)
            types, texts = [type(cause).__name__ for cause in causes], [str(cause) for cause in causes]
            told = error.details.get("type") if isinstance(error.details, Mapping) else None
            require(told in types, f"details is {short(error.details)}: its `type` is not one of {words(types)}")
            require(error.message in texts, f"message is {short(error.message)}, not the cause's {texts[0]!r}")


@promise("transport.read-timeout-is-kept")
def check_read_timeout(lab: CheckContext) -> None:
    with lab.trial(f"{SHORT_S} s to read, an answer after {NEVER_S} s"):
        lab.service.answer("GET", "/aris3/never", Step(status=200, json={}, delay_s=NEVER_S))
        hasty = lab.http(config=lab.config(read_timeout_seconds=SHORT_S, connect_timeout_seconds=30.0))
        _holds(lab, hasty, SOON_S, lambda delay_s: _waited_long(lab, hasty, "/aris3/never", delay_s))
    with lab.trial(f"10 s to read, an answer after {LATE_S} s, and {SHORT_S} s to connect"):
        lab.service.answer("GET", "/aris3/late", Step(status=200, json={}, delay_s=LATE_S))
        patient = lab.http(config=lab.config(read_timeout_seconds=10.0, connect_timeout_seconds=SHORT_S))

        def gave_up(delay_s: float) -> str:
            got, took_s = _timed(lab, patient, "/aris3/late")
            # In an event loop, where time-outs are virtual, all ten seconds may pass within those of the service.
            in_time = got.error is None or got.elapsed_s > 9.0
            return "" if in_time else f"after {max(took_s, got.elapsed_s):.1f} s, it {got.said()}"

        _holds(lab, patient, LATE_S, gave_up)


@promise("transport.connect-timeout-is-kept")
def check_connect_timeout(lab: CheckContext) -> None:
    times = {"connect_timeout_seconds": SHORT_S, "read_timeout_seconds": 30.0}
    with lab.trial(f"{SHORT_S} s to connect, and nobody accepts"):

        def waited(delay_s: float) -> str:
            with deaf_port(lab.clock.real.sleep) as port:
                deaf = lab.http(config=lab.config(api_base_url=f"http://127.0.0.1:{port}", **times))
                return _waited_long(lab, deaf, PATH, delay_s)

        _holds(lab, lab.http(config=lab.config(**times)), SOON_S, waited)


# ── retries ──────────────────────────────────────────────────────────────────


@promise("transport.gets-are-retried")
def check_gets_are_retried(lab: CheckContext) -> None:
    for retries in (1, 3):
        http = lab.http(config=lab.config(retries=retries, retry_backoff_seconds=0.1))
        kinds = {"closed": (CLOSED,), "busy": (BUSY,), "mixed": (CLOSED, BUSY)}
        for kind, steps in kinds.items():
            failing = list(itertools.islice(itertools.cycle(steps), retries))
            with lab.trial(f"{retries} retries, as many failures ({kind}), and an answer"):
                path = f"/aris3/{kind}/{retries}"
                lab.service.answer("GET", path, *failing, OK)
                got = lab.get(http, path)
                require(got.error is None, f"the call {got.said()}, with {len(lab.log(path))} requests sent")
                _sent(lab, path, retries + 1)
            if kind != "mixed":
                with lab.trial(f"{retries} retries, failures for ever ({kind})"):
                    path = f"/aris3/{kind}/{retries}/always"
                    lab.service.answer("GET", path, *steps)
                    got = lab.get(http, path)
                    require(got.error is not None, f"it never succeeded, and yet the call {got.said()}")
                    _sent(lab, path, retries + 1)
    with lab.trial("30 retries, failures for ever (busy)"):
        lab.service.answer("GET", "/aris3/many", BUSY)
        lab.get(lab.http(config=lab.config(retries=30)), "/aris3/many")
        _sent(lab, "/aris3/many", 31)


@promise("transport.server-errors-are-retried")
def check_server_errors_are_retried(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=1))
    sent = {}
    for status in (500, 501, 502, 503, 504, 505, 507, 511, 599):
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status), OK)
            lab.get(http, f"/aris3/s{status}")
            sent[status] = len(lab.log(f"/aris3/s{status}"))
    if 2 not in sent.values():
        raise CannotTell("none of them is tried again: see transport.gets-are-retried")
    others = [status for status, count in sent.items() if count != 2]
    require(not others, f"it is not tried again once after a status of {words(others)}")


@promise("transport.network-failures-are-retried")
def check_network_failures_are_retried(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=1, read_timeout_seconds=PATIENT_S))
    _need_retries(lab, http)
    cases = {fault: _spoilt(fault) for fault in HARD_FAULTS} | {"late": Step(status=200, delay_s=NEVER_S)}
    for label, step in cases.items():
        with lab.trial(f"{label} once, and then an answer"):

            def amiss(delay_s: float, label: str = label, step: Step = step) -> str:
                lab.service.answer("GET", f"/aris3/{label}", step, OK)
                before = len(lab.log(f"/aris3/{label}"))
                got = lab.get(http, f"/aris3/{label}")
                sent = len(lab.log(f"/aris3/{label}")) - before
                if label == "late" and got.error is None and sent == 1:
                    raise CannotTell("it was waited for all the same: see transport.read-timeout-is-kept")
                if got.error is not None:
                    return f"the call {got.said()}"
                return "" if sent == 2 else f"{sent} requests on the wire instead of 2"

            _holds(lab, http, PATIENT_S, amiss)


@promise("transport.heads-are-retried")
def check_heads_are_retried(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=2))
    lab.service.answer("HEAD", "/aris3/head", Step(status=200))
    lab.attempt(partial(http.request, "HEAD", "/aris3/head"), "HEAD")
    if not lab.log("/aris3/head", "HEAD"):
        raise NotApplicable("this SDK does not send HEAD")
    _need_retries(lab, http)
    for label, step in (("busy", BUSY), ("closed", CLOSED)):
        with lab.trial(label):
            lab.service.answer("HEAD", f"/aris3/{label}", step, step, Step(status=200))
            got = lab.attempt(partial(http.request, "HEAD", f"/aris3/{label}"), "HEAD")
            require(got.error is None, f"with two retries, two failures were too many: {got.said()}")
            _sent(lab, f"/aris3/{label}", 3)


@promise("transport.zero-retries-is-one-attempt")
def check_zero_retries(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=0))
    for label, step in (("busy", BUSY), ("closed", CLOSED)):
        with lab.trial(f"GET, {label}"):
            lab.service.answer("GET", f"/aris3/{label}", step)
            got = lab.get(http, f"/aris3/{label}")
            require(got.error is not None, f"it failed, and yet the call {got.said()}")
            _sent(lab, f"/aris3/{label}", 1)
    with lab.trial("GET, answered"):
        got = lab.get(http, "/aris3/answered")
        require(got.error is None, f"the call {got.said()}")
        _sent(lab, "/aris3/answered", 1)


@promise("transport.posts-are-not-retried")
def check_posts_are_not_retried(lab: CheckContext) -> None:
    _mutations_are_sent_once(lab, "POST")
    if lab.sdk.has("retry-mutation"):
        http = lab.http(config=lab.config(retries=2))
        with lab.trial("a retry refused by name"):
            lab.service.answer("POST", "/aris3/refused", BUSY)
            _call(lab, http, "POST", "/aris3/refused", retry_mutation=False)
            _sent(lab, "/aris3/refused", 1)


@promise("transport.other-mutations-are-not-retried")
def check_other_mutations_are_not_retried(lab: CheckContext) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        _mutations_are_sent_once(lab, method)


@promise("transport.mutations-are-retried-on-demand")
def check_mutations_are_retried_on_demand(lab: CheckContext) -> None:
    lab.sdk.needs("retry-mutation")
    http = lab.http(config=lab.config(retries=2))
    _need_retries(lab, http)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for label, step in (("busy", BUSY), ("closed", CLOSED)):
            with lab.trial(f"{method}, {label}"):
                path = f"/aris3/{method.lower()}/{label}"
                lab.service.answer(method, path, step, step, OK)
                got = _call(lab, http, method, path, retry_mutation=True)
                require(got.error is None, f"with two retries, two failures were too many: {got.said()}")
                bodies = {seen.body for seen in lab.log(path)}
                _sent(lab, path, 3)
                require(len(bodies) == 1, f"the attempts did not have one body: {short(bodies)}")


@promise("transport.client-errors-are-not-retried")
def check_client_errors_are_not_retried(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=2))
    after = {"Retry-After": "1"}
    for status in (400, 401, 403, 404, 408, 409, 410, 422, 425, 429, 451, 499):
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status, headers=after))
            lab.get(http, f"/aris3/s{status}")
            _sent(lab, f"/aris3/s{status}", 1)
    for status in (200, 204):
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status))
            lab.get(http, f"/aris3/s{status}")
            _sent(lab, f"/aris3/s{status}", 1)


# ── pauses ───────────────────────────────────────────────────────────────────


@promise("transport.backoff-doubles")
def check_backoff_doubles(lab: CheckContext) -> None:
    for backoff_s, retries in ((0.05, 3), (1.0, 5), (0.0, 2), (100.0, 4)):
        asked = _doubling(backoff_s, retries)
        gaps = _gaps(lab, asked=asked, retries=retries, retry_backoff_seconds=backoff_s)
        for number, gap in enumerate(gaps):
            with lab.trial(f"backoff {backoff_s:g} s, pause {number + 1}"):
                require(
                    _near([gap], asked[number : number + 1]),
                    f"{gap:.3f} s instead of {asked[number]:g} s (all: {_seconds(gaps)})",
                )


@promise("transport.backoff-after-network-failures")
def check_backoff_after_network_failures(lab: CheckContext) -> None:
    _usual_gaps(lab, 0.5, 3)
    for fault in ("close", "reset", "truncated-body"):
        with lab.trial(fault):
            asked = _doubling(0.5, 3)
            gaps = _gaps(lab, _spoilt(fault), asked=asked, retries=3, retry_backoff_seconds=0.5)
            require(_near(gaps, asked), f"the pauses were {_seconds(gaps)} s instead of {_seconds(asked)} s")


@promise("transport.no-pause-but-between-attempts")
def check_no_pause_but_between_attempts(lab: CheckContext) -> None:
    http = lab.http(config=lab.config(retries=1, retry_backoff_seconds=4.0))
    cases = (
        ("GET, failing for ever", "GET", BUSY),
        ("GET, closed for ever", "GET", CLOSED),
        ("POST, failing", "POST", BUSY),
        ("POST, closed", "POST", CLOSED),
        ("GET, answered", "GET", OK),
        ("GET, refused", "GET", Step(status=404)),
        ("GET, too many", "GET", Step(status=429, headers={"Retry-After": "9"})),
    )
    for number, (label, method, step) in enumerate(cases):
        with lab.trial(label):
            path = f"/aris3/p{number}"
            lab.service.answer(method, path, step)
            got = _call(lab, http, method, path)
            at_s = [lab.at_s(seen) for seen in lab.log(path)]
            if not at_s:
                raise CannotTell(f"nothing was sent: the call {got.said()}")
            before, after = at_s[0] - got.started_s, got.started_s + got.elapsed_s - at_s[-1]
            require(before < 0.5, f"it paused for {before:.1f} s before its first attempt")
            require(after < 0.5, f"it paused for {after:.1f} s after its last attempt")


@promise("transport.retry-after-is-ignored")
def check_retry_after_is_ignored(lab: CheckContext) -> None:
    _usual_gaps(lab, 1.0, 2)
    for value in ("0", "30", "Fri, 31 Dec 2049 23:59:59 GMT"):
        with lab.trial(f"503 with Retry-After: {value}"):
            step = Step(status=503, headers={"Retry-After": value})
            asked = _doubling(1.0, 2)
            gaps = _gaps(lab, step, asked=asked, retries=2, retry_backoff_seconds=1.0)
            require(_near(gaps, asked), f"the pauses were {_seconds(gaps)} s instead of 1.00, 2.00 s")


@promise("transport.jitter-stays-in-range")
def check_jitter_stays_in_range(lab: CheckContext) -> None:
    lab.sdk.needs("jitter")
    stretch = _stretch(lab)
    cases = (
        ("1 to 2 s on no backoff", 0.0, 1.0, 2.0, 40),
        ("1.5 s exactly on no backoff", 0.0, 1.5, 1.5, 4),
        ("0 to 1 s on no backoff", 0.0, 0.0, 1.0, 20),
        ("1 to 2 s on a backoff of 2 s", 2.0, 1.0, 2.0, 3),
    )
    for label, backoff_s, least_s, most_s, retries in cases:
        settings = {"retry_backoff_seconds": backoff_s, **_jitter(least_s, most_s)}
        lows = [pause + least_s for pause in _doubling(backoff_s, retries)]
        highs = [(pause + most_s) * stretch + 0.01 for pause in _doubling(backoff_s, retries)]
        gaps = _gaps(lab, asked=lows, most=highs, retries=retries, **settings)
        for number, (gap, low, high) in enumerate(zip(gaps, lows, highs, strict=True)):
            with lab.trial(f"{label}, pause {number + 1}"):
                require(low * STRICT <= gap <= high, f"it took {gap:.3f} s")
    with lab.trial("2 to 1 s less than a backoff of 1 s, and so nothing at first"):
        settings = {"retries": 2, "retry_backoff_seconds": 1.0, **_jitter(-2.0, -1.0)}
        config = lab.given(partial(lab.config, **settings), "a configuration whose jitter is below nothing")
        path = f"/aris3/gaps/{next(_numbers)}"
        lab.service.answer("GET", path, BUSY)
        got = lab.get(lab.http(config=config), path)
        gaps = [later - earlier for earlier, later in pairwise(map(lab.at_s, lab.log(path)))]
        paused = len(gaps) == 2 and gaps[0] <= 0.01 and gaps[1] <= 1.01 * stretch
        told = f"the pauses were {_seconds(gaps) or 'none'} instead of 0 and at most 1 s"
        require(paused, f"{told}: the call {got.said()}")


@promise("transport.jitter-is-drawn-anew")
def check_jitter_is_drawn_anew(lab: CheckContext) -> None:
    lab.sdk.needs("jitter")
    with lab.trial("forty pauses with 1 to 2 s of jitter"):
        gaps = _gaps(lab, retries=40, retry_backoff_seconds=0.0, **_jitter(1.0, 2.0))
        if not all(STRICT <= gap <= 2.0 * LENIENT for gap in gaps):
            raise CannotTell(f"pauses outside the range ({_seconds(gaps)}): see transport.jitter-stays-in-range")
        # That no draw of forty falls into the lowest, or the highest, third is one chance in ten million.
        require(max(gaps) - min(gaps) > 0.01, f"each pause has the same jitter: {gaps[0]:.3f} s")
        require(min(gaps) < 4 / 3 < 5 / 3 < max(gaps), f"all between {min(gaps):.2f} and {max(gaps):.2f} s")
    jittered: dict[str, Any] = {"retries": 40, "retry_backoff_seconds": 0.0, **_jitter(0.0, 10.0)}
    with lab.trial("480 pauses with nothing to 10 s of jitter"):
        _is_even(lab, [gap / 10.0 for _ in range(12) for gap in _gaps(lab, **jittered)])


@promise("transport.jitter-off-adds-nothing")
def check_jitter_off_adds_nothing(lab: CheckContext) -> None:
    lab.sdk.needs("jitter")
    _usual_gaps(lab, 1.0, 3)
    for label, jitter in (
        ("switched off, with a range of 5 to 9 s", {**_jitter(5.0, 9.0), "retry_jitter_enabled": False}),
        ("switched on, with a range of nothing", _jitter(0.0, 0.0)),
    ):
        with lab.trial(label):
            asked = _doubling(1.0, 3)
            gaps = _gaps(lab, asked=asked, retries=3, retry_backoff_seconds=1.0, **jitter)
            require(_near(gaps, asked), f"the pauses were {_seconds(gaps)} s instead of 1, 2, 4 s")


# ── errors ───────────────────────────────────────────────────────────────────


@promise("transport.errors-follow-the-status")
def check_errors_follow_the_status(lab: CheckContext) -> None:
    http = lab.http()
    special = lab.sdk.MustChangePasswordError if exists("MustChangePasswordError") else ()
    for status, name in BY_STATUS.items():
        for method in ("GET", "POST"):
            with lab.trial(f"{method}, status {status}"):
                lab.service.answer(method, f"/aris3/s{status}", Step(status=status))
                got = _call(lab, http, method, f"/aris3/s{status}")
                require(isinstance(got.error, getattr(lab.sdk, name)), f"{got.said()} instead of {name}")
                require(not isinstance(got.error, special), f"{got.said()}: no password is at stake")
    for status in (400, 403, 404, 409, 422, 429):
        for code in ("MUST_CHANGE_PASSWORD", "NOT_FOUND", "CONFLICT", "RATE_LIMITED", "VALIDATION_ERROR"):
            with lab.trial(f"GET, status {status} with the code {code}"):
                lab.service.answer("GET", f"/aris3/c{status}", Step(status=status, json={"code": code}))
                got, name = lab.get(http, f"/aris3/c{status}"), BY_STATUS[status]
                require(isinstance(got.error, getattr(lab.sdk, name)), f"{got.said()} instead of {name}")
                require(not isinstance(got.error, special), f"{got.said()}: no password is at stake")
    for status in range(500, 600, 7):
        with lab.trial(f"DELETE, status {status}"):
            lab.service.answer("DELETE", f"/aris3/s{status}", Step(status=status, json={"code": "NOT_FOUND"}))
            got = _call(lab, http, "DELETE", f"/aris3/s{status}")
            require(isinstance(got.error, lab.sdk.ServerError), f"{got.said()} instead of ServerError")
    named = tuple({getattr(lab.sdk, name) for name in BY_STATUS.values()})
    for status in UNNAMED:
        with lab.trial(f"GET, status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status, json={"code": "AUTH_FAILED"}))
            got = lab.get(http, f"/aris3/s{status}")
            general = isinstance(got.error, lab.sdk.ApiError) and not isinstance(got.error, named)
            require(general, f"{got.said()} instead of the general ApiError")


@promise("transport.errors-carry-the-answer")
def check_errors_carry_the_answer(lab: CheckContext) -> None:
    http = lab.http()
    body = {"code": "QUOTA", "message": "no more today", "details": {"left": 0}, "trace_id": "t-1"}
    nothing = {"code": "HTTP_ERROR", "message": "Request failed", "details": None}
    cases: tuple[tuple[str, Step, dict[str, Any]], ...] = (
        ("all four keys", Step(status=422, json=body), {**body, "status_code": 422}),
        ("all four keys, of the service's own error", Step(status=500, json=body), {**body, "status_code": 500}),
        ("none of them", Step(status=400, json={"other": 1}), {**nothing, "status_code": 400}),
        ("an empty object", Step(status=409, json={}), {**nothing, "status_code": 409}),
        ("only a code", Step(status=403, json={"code": "C"}), {**nothing, "code": "C", "status_code": 403}),
        ("only a message", Step(status=429, json={"message": "M"}), {**nothing, "message": "M", "status_code": 429}),
        ("details that are a list", Step(status=422, json={"details": ["a", 1]}), {"details": ["a", 1]}),
        ("details that are text", Step(status=422, json={"details": "why"}), {"details": "why"}),
        ("details that are zero", Step(status=422, json={"details": 0}), {"details": 0}),
        ("details that are empty", Step(status=422, json={"details": {}}), {"details": {}}),
        ("no code, and a message", Step(status=400, json={"code": None, "message": "M"}), {**nothing, "message": "M"}),
        ("empty texts", Step(status=400, json={"code": "", "message": "", "details": ""}), {**nothing, "details": ""}),
        ("nulls", Step(status=503, json=dict.fromkeys(("code", "message", "details", "trace_id"))), nothing),
        ("odd texts", Step(status=409, json={"code": "código-ñ", "message": LONG_TEXT}), {"message": LONG_TEXT}),
        ("other alphabets", Step(status=404, json=body | {"message": "нет – 无 – 🚚"}), {"message": "нет – 无 – 🚚"}),
        (
            "keys that nobody knows",
            Step(status=403, json=body | {"status": 7, "größe": [1]}),
            {**body, "status_code": 403},
        ),
    )
    for number, (label, step, expected) in enumerate(cases):
        with lab.trial(label):
            lab.service.answer("GET", f"/aris3/e{number}", step)
            error = _api_error(lab, lab.get(http, f"/aris3/e{number}"))
            for field, value in expected.items():
                _has(error, field, value)
    for code in (42, -7, 4.5):
        with lab.trial(f"a code that is the number {code}"):
            lab.service.answer("GET", f"/aris3/c{code}", Step(status=422, json=body | {"code": code}))
            error = _api_error(lab, lab.get(http, f"/aris3/c{code}"))
            require(error.code in (code, str(code)), f"code is {short(error.code)}, not {code}")
            require(str(code) in str(error), f"its text is {short(str(error))}")
            _has(error, "message", body["message"])
    for number, body_of_nothing in enumerate(("null", "[]", "")):
        with lab.trial(f"a body of {body_of_nothing or 'no byte'}"):
            path = f"/aris3/nothing{number}"
            lab.service.answer("GET", path, Step(status=404, raw=body_of_nothing.encode()))
            error = _api_error(lab, lab.get(http, path))
            for field, value in (nothing | {"status_code": 404}).items():
                _has(error, field, value)
    texts = (
        (503, "<html>busy</html>"),
        (404, "no such page"),
        (502, '{"cut'),
        (500, LONG_TEXT),
        (400, " "),
        (429, "[429"),
    )
    for number, (status, text) in enumerate(texts):
        with lab.trial(f"{status} with a body that is not JSON"):
            path = f"/aris3/text{number}"
            lab.service.answer("GET", path, Step(status=status, raw=text.encode()))
            got = lab.get(http, path)
            if isinstance(got.error, lab.sdk.TransportError):
                raise CannotTell(f"the call {got.said()}")
            require(isinstance(got.error, lab.sdk.ApiError), f"the call {got.said()} instead of an ApiError")
            for field, value in (("code", "HTTP_ERROR"), ("message", text), ("status_code", status)):
                _has(got.error, field, value)


@promise("transport.raw-payload-is-the-body")
def check_raw_payload(lab: CheckContext) -> None:
    body = {"code": "C", "message": "M", "details": [1], "trace_id": "t", "more": {"deep": True}}
    odd = {"code": 42, "message": "Größe", "details": {"A": 1, "a": [None, 0, ""]}, "": None, "ключ": "x" * 5000}
    for status, sent in ((422, body), (500, body), (400, {"other": 1}), (404, {}), (409, odd)):
        with lab.trial(f"status {status}, {len(sent)} keys"):
            path = f"/aris3/raw{status}"
            lab.service.answer("GET", path, Step(status=status, json=sent))
            _has(_api_error(lab, lab.get(lab.http(), path)), "raw_payload", sent)
    if exists("map_error"):
        with lab.trial("a body that is changed later"):
            made: Any = lab.given(partial(lab.sdk.map_error, 422, body, "t"), "map_error")
            if getattr(made, "raw_payload", None) != body:
                raise CannotTell("map_error keeps no body")
            body["code"] = "changed"
            require(made.raw_payload["code"] == "C", "raw_payload is the body itself, and no copy of it")


@promise("transport.error-tree")
def check_error_tree(lab: CheckContext) -> None:
    classes: dict[str, type] = {name: getattr(lab.sdk, name) for name in ("ApiError", *TREE)}
    above: dict[str, set[str]] = {"ApiError": {"ApiError"}}
    for name, parent in TREE.items():
        above[name] = {name, *above[parent]}
    for name, kind in classes.items():
        for other, ancestor in classes.items():
            with lab.trial(f"{name} and {other}"):
                if other in above[name]:
                    require(issubclass(kind, ancestor), f"{name} is no {other}")
                else:
                    require(not issubclass(kind, ancestor), f"{name} is a {other}")
        with lab.trial(f"{name} and the built-in errors"):
            require(not issubclass(kind, TimeoutError), f"{name} is the built-in TimeoutError")
            require(not issubclass(kind, OSError), f"{name} is the built-in OSError")


@promise("transport.error-fields")
def check_error_fields(lab: CheckContext) -> None:
    given = ("C", "M", {"a": 1}, "t-1", 418)
    for name in ("ApiError", *TREE):
        for label, more, raw in (("", (), None), (" with a body", ({"b": 2},), {"b": 2})):
            with lab.trial(f"{name}{label}"):
                kind = getattr(lab.sdk, name)
                try:
                    error = kind(*given, *more)
                except Exception as why:
                    raise Broken(f"it cannot be built from its fields in order: {describe(why)}") from why
                for field, value in zip(FIELDS, (*given, raw), strict=True):
                    _has(error, field, value)


@promise("transport.error-text")
def check_error_text(lab: CheckContext) -> None:
    for name in ("ApiError", *TREE):
        for label, trace_id, text in (
            ("a trace id", "t-1", "[418] C: some words trace_id=t-1"),
            ("no trace id", None, "[418] C: some words"),
        ):
            with lab.trial(f"{name} with {label}"):
                fields = ("C", "some words", None, trace_id, 418)
                error = lab.given(partial(getattr(lab.sdk, name), *fields), name)
                if [getattr(error, field, error) for field in FIELDS[:5]] != list(fields):
                    raise CannotTell("its fields are not those that it was built from: see transport.error-fields")
                require(str(error) == text, f"its text is {str(error)!r}, not {text!r}")


@promise("transport.map-error-returns")
def check_map_error_returns(lab: CheckContext) -> None:
    if not exists("map_error"):
        raise NotApplicable("this SDK has no map_error")
    named = tuple({getattr(lab.sdk, name) for name in BY_STATUS.values()})
    for status in range(400, 600):
        with lab.trial(f"status {status}"):
            made = lab.attempt(partial(lab.sdk.map_error, status, {"code": "C"}, "t-1"), "map_error")
            require(isinstance(made.value, lab.sdk.ApiError), f"map_error {made.said()} instead of an error")
            kind = BY_STATUS.get(status, "ServerError" if status >= 500 else "")
            right = isinstance(made.value, getattr(lab.sdk, kind) if kind else named) is bool(kind)
            require(right, f"map_error {made.said()} instead of {kind or 'the general ApiError'}")
            _has(made.value, "status_code", status)
            _has(made.value, "trace_id", "t-1")
    with lab.trial("no body at all"):
        made = lab.attempt(partial(lab.sdk.map_error, 404, None, "t-1"), "map_error")
        require(isinstance(made.value, lab.sdk.NotFoundError), f"map_error {made.said()} instead of NotFoundError")


# ── what is sent ─────────────────────────────────────────────────────────────


@promise("transport.base-path-is-kept")
def check_base_path_is_kept(lab: CheckContext) -> None:
    cases = [
        (prefix, path, f"{prefix}/aris3/exports")
        for prefix in ("/gateway/v1", "/one", "")
        for path in ("/aris3/exports", "aris3/exports", "//aris3/exports")
    ]
    for prefix, path, expected in cases:
        with lab.trial(f"base path {prefix!r}, path {path!r}"):
            before = len(lab.log())
            http = lab.http(config=lab.config(api_base_url=f"{lab.service.base_url}{prefix}"))
            lab.get(http, path)
            paths = [seen.path for seen in lab.log()[before:]]
            require(paths == [expected], f"it was sent to {words(paths) or 'nobody'}")


@promise("transport.paths-arrive-as-given")
def check_paths_arrive_as_given(lab: CheckContext) -> None:
    for path in ("/aris3/a%2Fb", "/aris3/a%20b", "/aris3/A/b.c-d_e", "/aris3/x/", "/aris3/one/two/three/four"):
        with lab.trial(path):
            before = len(lab.log())
            lab.get(lab.http(), path)
            paths = [seen.path for seen in lab.log()[before:]]
            require(paths == [path], f"it arrived as {words(paths) or 'nothing'}")


@promise("transport.query-arrives")
def check_query_arrives(lab: CheckContext) -> None:
    cases: tuple[tuple[str, Any, dict[str, list[str]]], ...] = (
        ("text and number", {"q": "abc", "page_size": 5}, {"q": ["abc"], "page_size": ["5"]}),
        ("zero and nothing", {"page": 0, "q": ""}, {"page": ["0"], "q": [""]}),
        ("what means something in a query", {"q": "a b&c=d+e#f?g/h%20"}, {"q": ["a b&c=d+e#f?g/h%20"]}),
        ("beyond ASCII", {"q": "año €"}, {"q": ["año €"]}),
        ("a name with spaces", {"from to": "x"}, {"from to": ["x"]}),
        ("a name beyond ASCII", {"tamaño": "5"}, {"tamaño": ["5"]}),
        ("capitals", {"PageSize": "A", "pagesize": "a"}, {"PageSize": ["A"], "pagesize": ["a"]}),
        ("5,000 characters", {"q": "ñ +&=" * 1000}, {"q": ["ñ +&=" * 1000]}),
        ("spaces and line ends", {"q": " a\r\nb\t "}, {"q": [" a\r\nb\t "]}),
        ("numbers of all kinds", {"a": -1, "b": 2.5, "c": 2**60}, {"a": ["-1"], "b": ["2.5"], "c": [str(2**60)]}),
        ("one name twice", {"id": ["a", "b"], "c": "d"}, {"id": ["a", "b"], "c": ["d"]}),
        ("pairs of one name", [("id", "a"), ("id", "b")], {"id": ["a", "b"]}),
    )
    for number, (label, params, expected) in enumerate(cases):
        for method in ("GET", "POST"):
            with lab.trial(f"{method}, {label}"):
                path = f"/aris3/q{number}"
                _call(lab, lab.http(), method, path, params=params)
                asked = [seen.path.partition("?")[2] for seen in lab.log(path, method)]
                if not asked and number == 0:
                    raise CannotTell("nothing was sent")
                require(bool(asked), "nothing was sent, though an ordinary query is")
                got = parse_qs(asked[-1], keep_blank_values=True)
                require(got == expected, f"the query is {asked[-1]!r}, which means {short(got)}")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        with lab.trial(f"{method}, a parameter of None"):
            path = f"/aris3/none/{method.lower()}"
            sent = _call(lab, lab.http(), method, path, params={"a": None, "b": "c"})
            asked = _only(lab, path, sent, method).path.partition("?")[2]
            got = parse_qs(asked, keep_blank_values=True)
            # Some libraries leave it out, and some send its name alone.
            right = got.get("b") == ["c"] and got.get("a", [""]) == [""]
            require(right, f"the query is {asked!r}, which means {short(got)}")
        with lab.trial(f"{method}, behind a query in the path"):
            sent = _call(lab, lab.http(), method, "/aris3/both?z=1", params={"q": 1})
            asked = _only(lab, "/aris3/both", sent, method).path.partition("?")[2]
            got = parse_qs(asked, keep_blank_values=True)
            require(got == {"z": ["1"], "q": ["1"]}, f"the query is {asked!r}, which means {short(got)}")


@promise("transport.body-is-json")
def check_body_is_json(lab: CheckContext) -> None:
    bodies: tuple[Any, ...] = (
        {"a": 1, "b": [True, None, 1.5], "c": {"d": "año €"}},
        [1, {"a": 2}],
        {},
        "text",
        {"ts": "2030-01-01"},
        {"ключ": "🚚 ñ €" * 800, "": None, "A": 0, "a": False},
        [{"id": number, "name": f"Zoë {number}"} for number in range(500)],
        0,
        False,
        [],
        "",
    )
    for number, (method, body) in enumerate(itertools.product(("POST", "PUT", "PATCH"), bodies)):
        with lab.trial(f"{method} {short(body)}"):
            path = f"/aris3/b{number}"
            call = partial(lab.http().request, method, path, json_body=body)
            got = lab.attempt(call, f"{method} {path}")
            seen = _only(lab, path, got)
            _holds_json(seen, body)
    for method in ("DELETE", "OPTIONS"):
        with lab.trial(f"{method} with a body"):
            path = f"/aris3/body/{method.lower()}"
            call = partial(lab.http().request, method, path, json_body={"ids": [1]})
            seen = _only(lab, path, lab.attempt(call, f"{method} {path}"), method)
            require(bool(seen.body), "it was sent without the body")
            _holds_json(seen, {"ids": [1]})
    for method in ("GET", "POST", "DELETE"):
        with lab.trial(f"{method} without a body"):
            path = f"/aris3/none/{method.lower()}"
            got = lab.attempt(partial(lab.http().request, method, path), f"{method} {path}")
            seen = _only(lab, path, got)
            require(not seen.body, f"a body was sent: {short(seen.body)}")


@promise("transport.accepts-json")
def check_accepts_json(lab: CheckContext) -> None:
    for method in ("GET", "POST"):
        with lab.trial(method):
            got = _call(lab, lab.http(), method, "/aris3/accept")
            accept = _only(lab, "/aris3/accept", got, method).headers.get("accept")
            require(accept == "application/json", f"Accept is {short(accept)}")


@promise("transport.callers-headers-are-sent")
def check_callers_headers_are_sent(lab: CheckContext) -> None:
    cases = (
        ("one of the caller's own", {"X-Feature": "beta"}, {"x-feature": "beta"}),
        ("Accept over the SDK's", {"Accept": "text/csv"}, {"accept": "text/csv"}),
        ("several", {"X-A": "1", "X-B": "2", "Accept": "*/*"}, {"x-a": "1", "x-b": "2", "accept": "*/*"}),
        ("Accept in small letters", {"accept": "text/csv"}, {"accept": "text/csv"}),
        ("Accept in capitals", {"ACCEPT": "application/pdf", "X-a": "Ab"}, {"accept": "application/pdf", "x-a": "Ab"}),
        (
            "a long one, and an empty one",
            {"X-Long": "aB;=, " * 500 + "z", "X-Empty": ""},
            {"x-long": "aB;=, " * 500 + "z"},
        ),
        ("a language and a type", {"Accept-Language": "es-ES"}, {"accept-language": "es-ES"}),
    )
    for number, (label, headers, expected) in enumerate(cases):
        for method in ("GET", "POST"):
            with lab.trial(f"{method}, {label}"):
                path = f"/aris3/h{number}"
                sent = _only(lab, path, _call(lab, lab.http(), method, path, headers=headers), method).headers
                for name, value in expected.items():
                    require(sent.get(name) == value, f"{name} is {short(sent.get(name))}, not {value!r}")
    merge = "application/merge-patch+json"
    for method, name in itertools.product(("POST", "PATCH"), ("Content-Type", "content-type")):
        with lab.trial(f"{method}, {name} over the type of a JSON body"):
            path = f"/aris3/type/{name}"
            call = partial(lab.http().request, method, path, json_body={"a": 1}, headers={name: merge})
            sent = _only(lab, path, lab.attempt(call, f"{method} {path}"), method).headers
            require(sent.get("content-type") == merge, f"{name} is {short(sent.get('content-type'))}, not {merge!r}")


# ── what is answered ─────────────────────────────────────────────────────────


@promise("transport.answers-are-decoded")
def check_answers_are_decoded(lab: CheckContext) -> None:
    http = lab.http()
    values: tuple[Any, ...] = (
        {"a": 1, "b": {"c": [1, 2]}},
        [1, {"a": 2}],
        "text",
        "año €",
        7,
        1.5,
        True,
        False,
        0,
        "",
        [],
        {},
        -1,
        2**60,
        1e300,
        " \n\t\0",
        "€ 🚚 ñ" * 1000,
        {"ключ €": {"": None, "A": 1, "a": 2}, "nested": [[[[{}]]]]},
        [{"id": f"Row_{n * 7919 % 500}", "name": "Zoë", "at": None} for n in range(500)],
        {"code": 42, "message": "no error", "details": None, "trace_id": "t"},
    )
    for number, value in enumerate(values):
        for method in ("GET", "POST"):
            with lab.trial(f"{method}, {short(value)}"):
                path = f"/aris3/v{number}"
                lab.service.answer(method, path, Step(status=200, json=value))
                _returns(_call(lab, http, method, path), value)
    for status in (201, 202, 203, 206, 226, 299):
        with lab.trial(f"status {status}"):
            lab.service.answer("GET", f"/aris3/s{status}", Step(status=status, json={"s": status}))
            _returns(lab.get(http, f"/aris3/s{status}"), {"s": status})
    for kind in ("text/plain", "application/problem+json", "application/json; charset=utf-8"):
        with lab.trial(f"Content-Type: {kind}"):
            # Nothing beyond ASCII: some libraries take text of an unnamed encoding for Latin-1.
            step = Step(status=200, raw=b'{"a": "n"}', headers={"Content-Type": kind})
            lab.service.answer("GET", f"/aris3/{kind.partition(';')[0]}", step)
            _returns(lab.get(http, f"/aris3/{kind.partition(';')[0]}"), {"a": "n"})
    for kind in (
        'application/json; profile="x; charset=utf-8"; charset=latin-1',
        "application/json;charset=LATIN-1;q=1",
    ):
        with lab.trial(f"Content-Type: {kind}"):
            lab.service.answer(
                "GET", "/aris3/latin", Step(status=200, raw=b'{"a": "a\xf1o"}', headers={"Content-Type": kind})
            )
            _returns(lab.get(http, "/aris3/latin"), {"a": "año"})
    for kind, encoding in itertools.product(
        ("application/vnd.x+json", "application/octet-stream"), ("UTF-16", "UTF-16-LE", "UTF-32", "UTF-32-BE")
    ):
        with lab.trial(f"Content-Type: {kind}, in {encoding}"):
            path = f"/aris3/{kind}/{encoding}"
            step = Step(status=200, raw='{"a": "año"}'.encode(encoding), headers={"Content-Type": kind})
            lab.service.answer("GET", path, step)
            _returns(lab.get(http, path), {"a": "año"})


@promise("transport.empty-answers-are-none")
def check_empty_answers_are_none(lab: CheckContext) -> None:
    http = lab.http()
    for number, (label, step) in enumerate(
        (
            ("200 and nothing", Step(status=200, raw=b"")),
            ("201 and nothing", Step(status=201)),
            ("204", Step(status=204)),
            ("null", Step(status=200, json=None)),
        )
    ):
        for method in ("GET", "POST", "DELETE"):
            with lab.trial(f"{method}, {label}"):
                lab.service.answer(method, f"/aris3/n{number}", step)
                _returns(_call(lab, http, method, f"/aris3/n{number}"), None)


@promise("transport.redirects-are-followed")
def check_redirects_are_followed(lab: CheckContext) -> None:
    http = lab.http()
    for status in (301, 302, 303, 307, 308):
        for label, base in (("a path", ""), ("an address", lab.service.base_url)):
            with lab.trial(f"GET, {status} to {label}"):
                path, there = f"/aris3/{status}/{len(base)}", f"/aris3/there/{status}/{len(base)}"
                step = Step(status=status, headers={"Location": f"{base}{there}"})
                lab.service.answer("GET", path, step)
                lab.service.answer("GET", there, Step(status=200, json={"moved": status}))
                _returns(lab.get(http, path), {"moved": status})
    with lab.trial("POST, 302"):
        lab.service.answer("POST", "/aris3/p302", Step(status=302, headers={"Location": "/aris3/answer"}))
        lab.service.answer("GET", "/aris3/answer", OK)
        _returns(lab.post(http, "/aris3/p302"), {"ok": True})
        methods = [seen.method for seen in lab.log("/aris3/answer")]
        require(methods == ["GET"], f"it was followed with {words(methods) or 'nothing'}")


# ── what the checks share ────────────────────────────────────────────────────


def _call(lab: CheckContext, http: Any, method: str, path: str, **options: Any) -> Attempt:
    """One request; with a body, where the method has one."""
    body = {} if method in ("GET", "DELETE") else {"json_body": {"a": 1}}
    return lab.attempt(partial(http.request, method, path, **body, **options), f"{method} {path}")


def _spoilt(fault: str) -> Step:
    """An answer that a fault spoils."""
    return Step(status=200, json=LONG.json, fault=fault)


def _is_transport_error(lab: CheckContext, got: Attempt) -> None:
    require(isinstance(got.error, lab.sdk.TransportError), f"{got.said()} instead of TransportError")
    require(not isinstance(got.error, TimeoutError), "the TransportError is a TimeoutError too")


def _asks(lab: CheckContext, server: Scope, *, verify_ssl: bool) -> Attempt:
    """A GET with a token, to a server that speaks TLS."""
    http = lab.http(config=lab.config(api_base_url=server.base_url, verify_ssl=verify_ssl))
    return lab.get(http, "/health", headers={"Authorization": "Bearer secret-token"})


def _refuses(lab: CheckContext, server: Scope) -> None:
    got = _asks(lab, server, verify_ssl=True)
    require(not server.log(), f"the server was sent a request, with the token; the call {got.said()}")
    require(got.error is not None, f"the call {got.said()}")
    if not isinstance(got.error, lab.sdk.TransportError):
        nobody = lab.http(config=lab.config(api_base_url=f"http://127.0.0.1:{closed_port()}"))
        if not isinstance(lab.get(nobody, PATH).error, lab.sdk.TransportError):
            raise CannotTell(f"the call {got.said()}: see transport.failures-are-transport-errors")
        raise Broken(f"the call {got.said()} instead of TransportError")


def _chain(error: BaseException) -> list[BaseException]:
    """An error, and those that it came from."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain


def _api_error(lab: CheckContext, got: Attempt) -> Any:
    if not isinstance(got.error, lab.sdk.ApiError):
        raise CannotTell(f"there is no ApiError to read: the call {got.said()}")
    return got.error


def _has(error: Any, field: str, expected: Any) -> None:
    seen = getattr(error, field, "nothing at all")
    require(seen == expected, f"{field} is {short(seen)}, not {expected!r}")


def _returns(got: Attempt, expected: Any) -> None:
    """What came back is this value, and of this type: True is no 1."""
    same = got.error is None and type(got.value) is type(expected) and got.value == expected
    require(same, f"the call {got.said()} instead of {short(expected)}")


def _sent(lab: CheckContext, path: str, expected: int) -> None:
    count = len(lab.log(path))
    require(count == expected, f"{count} requests on the wire instead of {expected}")


def _only(lab: CheckContext, path: str, got: Attempt, method: str = "") -> Any:
    """The one request that a call has sent."""
    seen = lab.log(path, method)
    if len(seen) != 1:
        raise CannotTell(f"{len(seen)} requests arrived at {path}: the call {got.said()}")
    return seen[0]


def _need_retries(lab: CheckContext, http: Any) -> None:
    """Go on only with an SDK that tries a GET again after a 503.

    :raises CannotTell: it does not.
    """
    lab.service.answer("GET", "/aris3/control", BUSY, OK)
    got = lab.get(http, "/aris3/control")
    if got.error is not None or len(lab.log("/aris3/control")) != 2:
        raise CannotTell(f"even a GET is not tried again, it {got.said()}: see transport.gets-are-retried")


def _mutations_are_sent_once(lab: CheckContext, method: str) -> None:
    http = lab.http(config=lab.config(retries=2))
    steps = {"500": Step(status=500), "503": BUSY, "closed": CLOSED, "reset": Step(fault="reset")}
    for label, step in steps.items():
        with lab.trial(f"{method}, {label}"):
            path = f"/aris3/{method.lower()}/{label}"
            lab.service.answer(method, path, step)
            got = _call(lab, http, method, path)
            count = len(lab.log(path))
            require(count <= 1, f"{count} requests on the wire instead of 1")
            if not count:
                raise CannotTell(f"nothing was sent: the call {got.said()}")


_numbers = itertools.count(1)


def _gaps(
    lab: CheckContext,
    step: Step = BUSY,
    *,
    asked: Sequence[float] = (),
    most: Sequence[float] = (),
    retries: int,
    **settings: Any,
) -> list[float]:
    """Virtual seconds between the attempts of one GET that always fails.

    Where they are not those asked, they are measured once more: in an event loop of the SDK's, a busy machine can
    let a time-out strike that nobody has earned. What is a fault comes again.

    :param most: the longest that the pauses may be; without it, they may be a bit longer than asked.
    :raises CannotTell: it was not tried so many times.
    """
    gaps = _measured(lab, step, retries, settings)
    if asked and not _near(gaps, asked, most):
        return _measured(lab, step, retries, settings)
    return gaps


def _measured(lab: CheckContext, step: Step, retries: int, settings: Mapping[str, Any]) -> list[float]:
    path = f"/aris3/gaps/{next(_numbers)}"
    lab.service.answer("GET", path, step)
    got = lab.get(lab.http(config=lab.config(retries=retries, **settings)), path)
    at_s = [lab.at_s(seen) for seen in lab.log(path)]
    if len(at_s) != retries + 1:
        if got.error is not None and not isinstance(got.error, lab.sdk.ApiError):
            raise got.error  # a crash between two attempts is the SDK's answer
        raise CannotTell(f"{len(at_s)} requests on the wire instead of {retries + 1}: no pauses to measure")
    return [later - earlier for earlier, later in pairwise(at_s)]


def _doubling(first_s: float, count: int) -> list[float]:
    return [first_s * 2**number for number in range(count)]


def _near(gaps: Sequence[float], asked: Sequence[float], most: Sequence[float] = ()) -> bool:
    """Whether each pause is as long as asked, or a bit longer."""
    highs = most or [pause * LENIENT + 0.02 for pause in asked]
    return all(low * STRICT <= gap <= high for gap, low, high in zip(gaps, asked, highs, strict=True))


def _usual_gaps(lab: CheckContext, backoff_s: float, retries: int) -> list[float]:
    """The pauses after a 503, where they double as they should.

    :raises CannotTell: they do not.
    """
    asked = _doubling(backoff_s, retries)
    gaps = _gaps(lab, asked=asked, retries=retries, retry_backoff_seconds=backoff_s)
    if not _near(gaps, asked):
        raise CannotTell(f"the plain pauses are {_seconds(gaps)} s: see transport.backoff-doubles")
    return gaps


def _stretch(lab: CheckContext) -> float:
    """By what factor the longest pauses of this SDK may be longer than asked, judged by its pauses without jitter."""
    pairs = [pair for _ in range(2) for pair in zip(_usual_gaps(lab, 1.0, 5), _doubling(1.0, 5), strict=True)]
    most = max(gap / asked for gap, asked in pairs)
    return min(1.0 + (most - 1.0) * 2 + 0.05, LENIENT)


def _holds_json(seen: Seen, body: Any) -> None:
    try:
        sent = json.loads(seen.body)
    except ValueError:
        raise Broken(f"the body is not JSON: {short(seen.body)}") from None
    require(sent == body, f"the body is {short(sent)}")
    kind = seen.headers.get("content-type", "")
    require(kind.partition(";")[0].strip() == "application/json", f"its Content-Type is {kind!r}")


def _jitter(least_s: float, most_s: float) -> dict[str, Any]:
    return {"retry_jitter_enabled": True, "retry_jitter_min_seconds": least_s, "retry_jitter_max_seconds": most_s}


def _is_even(lab: CheckContext, draws: Sequence[float]) -> None:
    """The draws, as shares of the whole range, fall into each part of it as often as it is wide.

    An SDK whose pauses are a bit longer than asked moves them up. By Hoeffding's inequality each of the bounds is
    passed by an even draw once in ten thousand million times at most.
    """
    stretch, count = _stretch(lab), len(draws)
    by_chance = math.sqrt(math.log(1e10) / (2 * count))
    for low, high in ((0.0, 0.25), (0.0, 0.5), (0.0, 0.75), (0.25, 0.75)):
        share = sum(low <= draw < high for draw in draws) / count
        least, most = (high - low) / stretch - by_chance, (high - low) / STRICT + by_chance
        require(least <= share <= most, f"{share:.0%} of its draws are between {low:.0%} and {high:.0%} of the range")


def _seconds(gaps: Sequence[float]) -> str:
    return words([f"{gap:.2f}" for gap in gaps])


class _Timed(NamedTuple):
    got: Attempt
    took_s: float


def _timed(lab: CheckContext, http: Any, path: str) -> _Timed:
    """A GET, and the real seconds that it took."""
    started_s = lab.clock.real.monotonic()
    got = lab.get(http, path)
    return _Timed(got, lab.clock.real.monotonic() - started_s)


def _waited_long(lab: CheckContext, http: Any, path: str, delay_s: float) -> str:
    """How a GET did not fail after a short time-out: neither in real time, nor in virtual time as in an event loop."""
    got, took_s = _timed(lab, http, path)
    virtual = SHORT_S * 0.9 <= got.elapsed_s <= SOON_S
    soon = got.error is not None and (took_s - delay_s < SOON_S or virtual)
    return "" if soon else f"it waited for {max(took_s, got.elapsed_s):.1f} s, and {got.said()}"


def _holds(lab: CheckContext, http: Any, limit_s: float, amiss: Callable[[float], str]) -> None:
    """Require what is measured in real time, beside a plain call of the same client that warms it up.

    :param limit_s: what the machine's own delay could be taken for.
    :param amiss: measures, given the seconds of the plain call, and says what is amiss; nothing where it holds.
    :raises CannotTell: each time that something was amiss, the machine was as slow as that.
    """
    for _ in range(TRIES):
        delay_s = _plain_s(lab, http, limit_s)
        if not (found := amiss(delay_s)):
            return
        delay_s = max(delay_s, _plain_s(lab, http, limit_s))
        require(delay_s > FAIR_PART * limit_s, found)
    raise CannotTell(f"this machine takes {delay_s:.2f} s for a plain answer, and {limit_s:g} s is the limit")


def _plain_s(lab: CheckContext, http: Any, limit_s: float) -> float:
    """The real seconds of a plain GET; the limit, where the machine was too slow for it.

    :raises CannotTell: it fails at once.
    """
    got, took_s = _timed(lab, http, "/aris3/plain")
    if got.error is not None and took_s < SHORT_S * 0.9:
        raise CannotTell(f"a plain GET fails, so there is nothing to judge: it {got.said()}")
    return took_s if got.error is None else max(took_s, limit_s)
