"""Checks that the environment, the clock on the wall, other code and the machine change nothing for a client."""

from __future__ import annotations

import dataclasses
import os
import socket
import time
from functools import partial
from typing import Any

from atalaya.harness.api import Attempt, CannotTell, Step, has_field, promise, require, short, words

from ..export_helpers import FOREVER, needs, pollster
from ..fixture import EXPORT, CheckContext, outcome_of
from .surroundings import PATH, VARIABLES, imported_anew, lived, reads

URL = "http://127.0.0.1:9/base"
GENERAL = "ARIS3_API_BASE_URL"
HOUR_S = 3600.0

# Names of the platform: they say where its users' files are, and how its sockets and texts are to be treated.
PLATFORM = frozenset({"HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "PYTHON_DOTENV_DISABLED"})
# What a variable that nobody promised may be set to, to see whether it is minded.
ODD_VALUES = ("1", "true", "http://127.0.0.1:9", "0.01", "debug")


# ── the environment ──────────────────────────────────────────────────────────


@promise("world.environment-changes-no-client")
def check_environment_changes_no_client(lab: CheckContext) -> None:
    needs(lab, "get_export_status")
    with reads() as names:
        usual = lived(lab, _client(lab))
    _same(lived(lab, _client(lab)), usual, needed=True)
    with lab.trial("every setting set when the client is built, and later"):
        os.environ.update(VARIABLES)
        _same(lived(lab, _client(lab)), usual)
    _clear()
    others = sorted(name for name in names if name not in PLATFORM and not name.startswith("XDG_"))
    for value in ODD_VALUES if others else ():
        with lab.trial(f"{words(others)}={value!r}, which it reads"):
            os.environ.update(dict.fromkeys(others, value))
            _same(lived(lab, _client(lab)), usual)
        for name in others:
            os.environ.pop(name, None)
    with lab.trial("every setting set when it was imported, and later"):
        os.environ.update(VARIABLES)
        imported_anew()
        _same(lived(lab, _client(lab)), usual)
    for verified in (True, False) if has_field("ClientConfig", "verify_ssl") else ():
        with lab.trial(
            f"certificates {'verified' if verified else 'not verified'}, and a variable that says otherwise"
        ):
            server = lab.another_service(tls="untrusted")
            os.environ["ARIS3_VERIFY_SSL"] = str(not verified).lower()
            client = lab.http(config=lab.config(api_base_url=server.base_url, verify_ssl=verified, retries=0))
            got = lab.get(client, PATH)
            require(
                bool(server.log()) is not verified, f"against a certificate that nobody vouches for it {got.said()}"
            )


@promise("world.import-keeps-no-settings")
def check_import_keeps_no_settings(lab: CheckContext) -> None:
    plain = lab.given(partial(lab.sdk.ClientConfig, env_name="check", api_base_url=URL), "building a ClientConfig")
    usual = lab.load_config({GENERAL: URL})
    if usual.error is not None or getattr(usual.value, "api_base_url", None) != URL:
        raise CannotTell(f"a configuration with nothing but a URL does not load: load_config {usual.said()}")
    if lab.load_config({}).error is None:
        raise CannotTell("a missing URL is no error: see config.no-fallback")
    for label, variables in (("every setting", VARIABLES), ("a URL", {GENERAL: "http://127.0.0.1:9/import"})):
        _clear()
        os.environ.update(variables)
        imported_anew()
        with lab.trial(f"imported with {label}, and then judged without"):
            load = lab.load_config({})
            require(load.error is not None, f"load_config returned {short(load.value)}, with nothing set any more")
            _as_usual(lab.load_config({GENERAL: URL}).value, usual.value)
        with lab.trial(f"imported with {label}, and a configuration built by hand"):
            built = lab.given(partial(lab.sdk.ClientConfig, env_name="check", api_base_url=URL), "building one")
            _as_usual(built, plain)
    _clear()
    imported_anew()
    with lab.trial("imported without, and then judged with a URL"):
        load = lab.load_config({GENERAL: URL, "ARIS3_RETRIES": "7"})
        require(load.error is None, f"load_config {load.said()}")
        require(getattr(load.value, "retries", None) == 7, f"retries is {short(getattr(load.value, 'retries', None))}")


# ── the clock on the wall ────────────────────────────────────────────────────


@promise("world.wall-clock-does-not-count")
def check_wall_clock(lab: CheckContext) -> None:
    for label, step_s in (("an hour forward", HOUR_S), ("an hour back", -HOUR_S)):
        with lab.trial(f"{label} in the middle of a wait that ends"):
            lab.service.script(EXPORT, "CREATED", "CREATED", "CREATED", "READY")
            exports = _waiter(lab)
            wait = _stepped(lab, step_s, partial(exports.wait_for_export_ready, EXPORT, **_brief(5.0)))
            require(wait.error is None, f"the wait {wait.said()} instead of returning COMPLETED")
            require(outcome_of(wait) == "COMPLETED", f"the outcome is {outcome_of(wait)}")
            require(wait.elapsed_s < 3.0, f"the wait took {wait.elapsed_s:.1f} s")
        with lab.trial(f"{label} in the middle of a wait that runs out"):
            exports = _waiter(lab)
            lab.service.script(EXPORT, *FOREVER)
            wait = _stepped(lab, step_s, partial(exports.wait_for_export_ready, EXPORT, **_brief(3.0)))
            require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
            require(2.999 <= wait.elapsed_s <= 4.0, f"it gave up after {wait.elapsed_s:.1f} s of a budget of 3")
        with lab.trial(f"{label}, as its telemetry tells it"):
            lab.sdk.needs("telemetry")
            _tells_the_time(lab, _waiter(lab), step_s)
        with lab.trial(f"{label} between two attempts"):
            http = lab.uncached(config=lab.config(retries=2, retry_backoff_seconds=1.0))
            lab.service.answer("GET", PATH, Step(status=503), Step(status=503), Step(status=200, json={"ok": True}))
            got = _stepped(lab, step_s, partial(http.request, "GET", PATH))
            require(
                got.error is None and 2.9 <= got.elapsed_s <= 5.0, f"it took {got.elapsed_s:.1f} s, and {got.said()}"
            )
        with lab.trial(f"{label} in the lifetime of a cached answer"):
            for capability in ("cache", "cache-ttl"):
                lab.sdk.needs(capability)
            _cached_as_long(lab, step_s)


# ── other code, and the machine ──────────────────────────────────────────────


@promise("world.own-timeouts-hold")
def check_own_timeouts_hold(lab: CheckContext) -> None:
    lab.service.answer("GET", "/aris3/late", Step(status=200, json={"late": True}, delay_s=0.4))
    lab.service.script(EXPORT, "READY")
    default = 0.05
    with lab.trial(f"a default of {default:g} s for all sockets, and 10 s in the configuration"):
        times = {"connect_timeout_seconds": 10.0, "read_timeout_seconds": 10.0}
        made = lab.uncached(config=lab.config(**times))
        lab.given(partial(made.request, "GET", PATH), "a GET")  # it opens whatever it keeps open
        socket.setdefaulttimeout(default)
        try:
            got = [lab.get(http, "/aris3/late") for http in (made, lab.uncached(config=lab.config(**times)))]
            now = socket.getdefaulttimeout()
        finally:
            socket.setdefaulttimeout(None)
        for one in got:
            # In an event loop, where time-outs are virtual, all ten seconds may pass within those of the service.
            in_time = one.error is None or one.elapsed_s > 9.0
            require(in_time, f"an answer after 0.4 s was not waited for: the call {one.said()}")
        require(now == default, f"the default of the process is {now!r} afterwards")


@promise("world.works-without-a-home")
def check_works_without_a_home(lab: CheckContext) -> None:
    file = lab.home / "file"
    file.write_text("", encoding="utf-8")
    usual = lived(lab, _client(lab))
    with lab.trial("a home below a file"):
        names = ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")
        os.environ.update(dict.fromkeys(names, str(file / "nowhere")))
        imported_anew()
        _same(lived(lab, _client(lab)), usual)
        load = lab.load_config({GENERAL: URL})
        require(load.error is None, f"load_config {load.said()}")


@promise("world.threads-do-not-mix")
def check_threads_do_not_mix(lab: CheckContext) -> None:
    http = lab.uncached()
    with lab.trial("twelve threads on one client, six requests each"):
        asked = [(who, number) for who in range(12) for number in range(6)]

        def work(who: int) -> list[Any]:
            answers = []
            for number in range(6):
                headers = {"X-Tenant-ID": f"tenant-{who}", "X-Who": f"{who}"}
                query = {"who": who, "n": number}
                answers.append(
                    http.request("POST", f"/aris3/t/{who}", params=query, headers=headers, json_body={"w": who})
                )
            return answers

        results = lab.together(*[partial(work, who) for who in range(12)])
        for who, made in enumerate(results):
            require(made.error is None, f"a thread's call {made.said()}")
            got = [(one["path"], one["query"]) for one in made.value]
            expected = [(f"/aris3/t/{who}", {"who": [f"{who}"], "n": [f"{number}"]}) for number in range(6)]
            require(got == expected, f"a thread was answered {short(got)} instead of {short(expected)}")
        seen = lab.log()
        require(len(seen) == len(asked), f"{len(seen)} requests on the wire instead of {len(asked)}")
        for one in seen:
            who = one.path.partition("?")[0].rpartition("/")[2]
            own = (one.headers.get("x-tenant-id"), one.headers.get("x-who"), one.body)
            require(
                own[:2] == (f"tenant-{who}", who), f"a request of thread {who} had the headers of another: {own[:2]}"
            )
            require(
                one.body.replace(b" ", b"") == b'{"w":' + who.encode() + b"}", f"thread {who} sent {short(one.body)}"
            )


# ── what the checks share ────────────────────────────────────────────────────


def _client(lab: CheckContext) -> Any:
    config = lab.config(retries=1, retry_backoff_seconds=0.5)
    return lab.exports(lab.http(config=config), access_token="token-1", tenant_id="tenant-1")


def _waiter(lab: CheckContext) -> Any:
    needs(lab, "wait_for_export_ready")
    return pollster(lab)


def _brief(timeout_s: float) -> dict[str, float]:
    return {"timeout_sec": timeout_s, "poll_interval_sec": 0.5}


def _clear() -> None:
    for name in VARIABLES:
        os.environ.pop(name, None)


def _same(got: list[tuple[Any, ...]], usual: list[tuple[Any, ...]], *, needed: bool = False) -> None:
    """A client did what it did before: pauses may differ by a jitter of the SDK's own.

    :param needed: it has to, or nothing can be told of what came between.
    """
    found = _difference(got, usual)
    if needed and found:
        raise CannotTell(f"its days differ by themselves: {found}")
    require(not found, found)


def _difference(got: list[tuple[Any, ...]], usual: list[tuple[Any, ...]]) -> str:
    for one, other in zip(got, usual, strict=False):
        if one[0] != other[0] or len(one) != len(other):
            return f"{other[0]} is {_told(other)} before, and now {one[0]} is {_told(one)}"
        if one[: 5 if len(one) > 2 else 2] != other[: 5 if len(other) > 2 else 2]:
            return f"{one[0]}: {_told(one)} instead of {_told(other)}"
        if len(one) > 2 and abs(one[5] - other[5]) > 0.4 * max(one[5], other[5]) + 0.1:
            return f"{one[0]}: it was sent after {one[5]:.1f} s instead of {other[5]:.1f} s"
    return "" if len(got) == len(usual) else f"{len(got)} events instead of {len(usual)}"


def _told(event: tuple[Any, ...]) -> str:
    return f"{event[1]} {event[2]} with {short(dict(event[3]))}" if len(event) > 2 else str(event[1])


def _as_usual(config: Any, usual: Any) -> None:
    """A configuration has the values of another, whichever class it is of."""
    names = [field.name for field in dataclasses.fields(usual)] if dataclasses.is_dataclass(usual) else ["retries"]
    for name in names:
        got, expected = getattr(config, name, None), getattr(usual, name)
        require(got == expected, f"{name} is {short(got)}, not {short(expected)}")


def _stepped(lab: CheckContext, seconds: float, call: Any) -> Attempt:
    """A call, in the middle of which the clock on the wall is set: while its second request is in flight."""
    before = len(lab.log())

    def step(seen: Any) -> None:
        if seen.number == before + 2:
            lab.clock.step_the_wall_clock(seconds)

    lab.samplers.append(step)
    try:
        return lab.attempt(call)
    finally:
        lab.samplers.clear()


def _tells_the_time(lab: CheckContext, exports: Any, step_s: float) -> None:
    told: list[tuple[float, Any]] = []

    def hook(event: Any) -> None:
        told.append((lab.clock.now(), event.get("elapsed_ms") if isinstance(event, dict) else None))

    lab.service.script(EXPORT, "CREATED", "CREATED", "CREATED", "READY")
    call = partial(exports.wait_for_export_ready, EXPORT, telemetry_hook=hook, **_brief(5.0))
    wait = _stepped(lab, step_s, call)
    if not told:
        raise CannotTell("the hook heard nothing: see polling.telemetry-tells-each-poll")
    for at_s, elapsed_ms in told:
        passed_ms = (at_s - wait.started_s) * 1000
        near = isinstance(elapsed_ms, int) and abs(elapsed_ms - passed_ms) <= 50
        require(near, f"elapsed_ms is {elapsed_ms!r} where {passed_ms:.0f} ms had passed")


def _cached_as_long(lab: CheckContext, step_s: float) -> None:
    http, path = lab.http(cache_ttl_seconds=5.0), f"/aris3/kept/{step_s:g}"
    for _ in range(2):
        lab.given(partial(http.request, "GET", path), "a GET")
    if len(lab.log(path)) != 1:
        raise CannotTell("a GET repeated at once is not served from the cache: see cache.repeats-are-served")
    lab.clock.step_the_wall_clock(step_s)
    time.sleep(4.0)
    lab.given(partial(http.request, "GET", path), "a GET")
    require(len(lab.log(path)) == 1, "after 4 of 5 s it was fetched again")
    time.sleep(1.5)
    lab.given(partial(http.request, "GET", path), "a GET")
    require(len(lab.log(path)) == 2, "after 5.5 of 5 s it is still served")
