"""Checks that a client leaves, sends and tells nothing that nobody asked for."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from atalaya.harness.api import (
    TOGETHER_S,
    CannotTell,
    NotApplicable,
    Step,
    exists,
    is_argument,
    promise,
    require,
    short,
    words,
)

from ..export_helpers import needs
from ..fixture import EXPORT, CheckContext
from .surroundings import (
    LIST,
    a_day,
    audited,
    changed,
    connections_to,
    descriptors,
    files_in,
    globals_now,
    heard,
    imported_anew,
    in_a_home_of_its_own,
    neutral,
    session,
)

CANARY = "Kanari3nv0gel-7f3a9c"
PASSWORD = "Ge4eim-5d1e"
WHO = {"access_token": CANARY, "tenant_id": "tenant-1", "app_id": "app-1", "device_id": "device-1"}

# What the usual HTTP libraries send by themselves, and what the contract names beside it.
PLAIN = frozenset(
    ("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length", "te")
)
IDENTITY = frozenset(("authorization", "x-tenant-id", "x-app-id", "x-device-id"))
REQUESTS = 200
SLACK = 8  # threads or descriptors that a pool may open late

BURST = 5  # requests that are under way at the same time

WRITES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "shutil.copyfile", "os.chmod")
ASKS = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
)


# ── what is there afterwards ─────────────────────────────────────────────────


@promise("world.import-does-nothing")
def check_import_does_nothing(lab: CheckContext) -> None:
    home = in_a_home_of_its_own(lab)
    neutral()
    before, threads = globals_now(), threading.active_count()
    done: list[str] = []
    with audited(lambda event, arguments: done.extend(_acts(event, arguments))), heard() as said:
        imported_anew()
    for label, amiss in (
        ("whom it asks, and what it writes", done),
        ("files", sorted(files_in(home))),
        ("what all code of the process shares", changed(before, globals_now())),
        ("threads", ["a thread that it has started"] * (threading.active_count() > threads)),
        ("what it prints", [line for line in said if line.startswith("printed")]),
    ):
        with lab.trial(label):
            require(not amiss, f"the import did this: {words(amiss[:5])}")


@promise("world.leaves-nothing-behind")
def check_leaves_nothing_behind(lab: CheckContext) -> None:
    needs(lab, "get_export_status")
    home = in_a_home_of_its_own(lab)
    for call in a_day(lab, lab.exports(lab.http())).values():  # what its libraries set when they are imported is theirs
        lab.attempt(call)
    neutral()
    before = globals_now()
    with lab.trial("a configuration and its clients"):
        lab.attempt(partial(lab.sdk.load_config, ""), "load_config")
        exports = lab.exports(lab.http(config=lab.config(retries=1)), **WHO)
        _unchanged(before)
    for what, call in a_day(lab, exports).items():
        with lab.trial(what):
            lab.attempt(call, what)
            _unchanged(before)
            left = files_in(home)
            require(not left, f"these files are there now: {words(sorted(left))}")
    with lab.trial("a session, and a request of each of its clients"):
        api = session(lab, token=CANARY)
        if api is None:
            raise NotApplicable("this SDK has no session")
        for maker in ("exports_client", "health_client", "auth_client", "reports_client"):
            if callable(getattr(api, maker, None)):
                lab.given(getattr(api, maker), maker)
        _unchanged(before)
        beside = [name for name in files_in(home) if "aris" not in name.lower()]
        require(not beside, f"outside its own folder there are now {words(sorted(beside))}")


@promise("world.two-hundred-requests-leak-nothing")
def check_two_hundred_requests(lab: CheckContext) -> None:
    exports = lab.exports(lab.uncached(), **WHO)
    if descriptors() is None:
        raise CannotTell("this system does not tell what is open")
    http, service = exports.http, lab.service
    service.script(EXPORT, "READY")
    for status in (404, 503):
        service.answer("GET", f"/aris3/s{status}", Step(status=status))
    service.answer("GET", "/aris3/closed", Step(fault="close"))
    service.answer("GET", "/aris3/cut", Step(fault="truncated-body", status=200, json={"a": "b" * 400}))
    service.answer("GET", "/aris3/moved", Step(status=302, headers={"Location": "/aris3/there"}))
    kinds: dict[str, Any] = {
        "answered": partial(http.request, "GET", "/aris3/a"),
        "posted": partial(http.request, "POST", "/aris3/p", json_body={"a": 1}),
        "refused": partial(http.request, "GET", "/aris3/s404"),
        "failing": partial(http.request, "GET", "/aris3/s503"),
        "closed": partial(http.request, "GET", "/aris3/closed"),
        "cut": partial(http.request, "GET", "/aris3/cut"),
        "moved": partial(http.request, "GET", "/aris3/moved"),
    }
    for method, arguments in (
        ("get_export_status", (EXPORT,)),
        ("download_export", (EXPORT,)),
        ("download_export", ("unknown",)),
        ("wait_for_export_ready", (EXPORT,)),
    ):
        if hasattr(exports, method):
            kinds[f"{method} of {arguments[0]}"] = partial(getattr(exports, method), *arguments)
    rounds = -(-REQUESTS // len(kinds))
    counts = []
    for number in range(rounds):
        for what, call in kinds.items():
            lab.attempt(call, what)
        if number in (1, rounds - 1):
            gc.collect()
            counts.append((threading.active_count(), descriptors() or 0))
    (threads, opened), (threads_now, opened_now) = counts
    with lab.trial(f"threads after {rounds * len(kinds)} calls"):
        require(threads_now <= threads + SLACK, f"there are {threads_now}, and there were {threads}")
    with lab.trial("files and sockets"):
        require(opened_now <= opened + SLACK, f"{opened_now} are open, and {opened} were")


@promise("world.pool-is-of-the-configured-size")
def check_pool_size(lab: CheckContext) -> None:
    if descriptors() is None:
        raise CannotTell("this system does not tell what is open")
    port = int(lab.service.base_url.rpartition(":")[2])
    clients = []  # the connections of one that is gone would be missed in the count
    for size in (1, 3):
        with lab.trial(f"{BURST} requests at once, and a pool of {size}"):
            clients.append(http := lab.uncached(config=lab.config(max_connections=size, retries=0)))
            if not lab.library_of(http):
                raise NotApplicable("what this SDK's clients send by is not a session that keeps connections")
            path = f"/aris3/at-once/{size}"
            lab.service.answer("GET", path, Step(status=200, json={}, together=BURST))
            before = connections_to(port)
            made = lab.together(*[partial(http.request, "GET", path)] * BURST)
            came = [one.arrived_s for one in lab.log(path)]
            if len(came) != BURST or max(came) - min(came) > TOGETHER_S / 2:
                raise CannotTell("the requests did not come at once")
            for one in made:
                require(one.error is None, f"a request {one.said()}")
            gc.collect()  # an answer that is still held holds its socket
            kept = connections_to(port) - before
            require(kept == size, f"{kept} connections are kept afterwards")


# ── what is sent, and to whom ────────────────────────────────────────────────


@promise("world.contacts-nobody-else")
def check_contacts_nobody_else(lab: CheckContext) -> None:
    port = int(lab.service.base_url.rpartition(":")[2])
    exports = lab.exports(lab.http(config=lab.config(retries=1)), **WHO)
    for what, call in a_day(lab, exports).items():
        with lab.trial(what):
            others: list[str] = []

            def hear(event: str, arguments: tuple[Any, ...], others: list[str] = others) -> None:
                others.extend(_asks(event, arguments, port))

            with audited(hear):
                lab.attempt(call, what)
            require(not others, f"it asked {words(others)}, and the service is at port {port}")
    with lab.trial("a configuration and a client"):
        asked: list[str] = []
        with audited(lambda event, arguments: asked.extend(_asks(event, arguments, port))):
            lab.exports(lab.http())
            session(lab, token=CANARY)
        require(not asked, f"it asked {words(asked)}, before there was a request")


@promise("world.no-header-of-its-own")
def check_no_header_of_its_own(lab: CheckContext) -> None:
    exports = lab.exports(lab.http(config=lab.config(retries=1)), **WHO)
    for what, call in a_day(lab, exports).items():
        with lab.trial(what):
            before = len(lab.log())
            lab.attempt(call, what)
            for seen in lab.log()[before:]:
                key = {"idempotency-key"} if (seen.method, seen.path) == ("POST", LIST) else set()
                allowed = PLAIN | IDENTITY | key | {"x-trace-id"}
                more = [f"{name}: {short(value)}" for name, value in seen.headers.items() if name not in allowed]
                require(not more, f"{seen.method} {seen.path} has {words(more)} too")
                agent = seen.headers.get("user-agent", "")
                require("aris" not in agent.lower(), f"User-Agent is {agent!r}, and not the library's")
    for method in ("GET", "HEAD", "DELETE"):
        with lab.trial(f"a {method} without a body"):
            path = f"/aris3/bare/{method.lower()}"
            made = lab.attempt(partial(lab.http().request, method, path), f"{method} {path}")
            if not lab.log(path, method):
                raise CannotTell(f"nothing was sent: the call {made.said()}")
            kind = lab.log(path, method)[0].headers.get("content-type")
            require(kind is None, f"it says that it has a body: Content-Type is {short(kind)}")


# ── what is told ─────────────────────────────────────────────────────────────


@promise("world.token-stays-inside")
def check_token_stays_inside(lab: CheckContext) -> None:
    home = in_a_home_of_its_own(lab)
    trace = {"trace": lab.sdk.TraceContext("trace-1")} if exists("TraceContext") else {}
    exports = lab.exports(lab.http(config=lab.config(retries=1), **trace), **WHO)
    for what, call in a_day(lab, exports).items():
        with lab.trial(what):
            before = len(lab.log())
            with heard() as said:
                made = lab.attempt(call, what)
            for where, text in _told_by(made.error):
                _silent(where, text)
            _silent("what is returned", repr(made.value))
            _silent("what is said", "\n".join(said))
            _silent("last_operation", repr(getattr(exports.http, "last_operation", None)))
            for seen in lab.log()[before:]:
                rest = {name: value for name, value in seen.headers.items() if name != "authorization"}
                _silent(f"{seen.method} {seen.path}", f"{seen.path} {rest} {seen.body!r}")
    with lab.trial("the telemetry of a wait"):
        needs(lab, "wait_for_export_ready")
        lab.sdk.needs("telemetry")
        events: list[Any] = []
        lab.service.script(EXPORT, "CREATED", "READY")
        lab.wait(exports, telemetry_hook=events.append)
        _silent("an event", repr(events))
    with lab.trial("what all code of the process shares"):
        shared = globals_now()
        _silent("the environment", repr(shared["the environment"]))
        for name in files_in(home):
            if (home / name).is_file():
                _silent(f"the file {name}", (home / name).read_text(encoding="utf-8", errors="replace"))
    if exists("ApiSession") and is_argument("ApiSession", "token"):
        with lab.trial("a login that is refused"):
            auth = lab.given(session(lab, token=CANARY).auth_client, "auth_client")
            lab.service.answer("POST", "/aris3/auth/login", Step(status=401))
            with heard() as said:
                made = lab.attempt(partial(auth.login, "somebody", PASSWORD), "a login")
            for where, text in (*_told_by(made.error), ("what is said", "\n".join(said))):
                require(PASSWORD not in text, f"the password stands in {where}")
                _silent(where, text)


# ── what the checks share ────────────────────────────────────────────────────


def _acts(event: str, arguments: tuple[Any, ...]) -> Iterator[str]:
    """What an audit event says that is done to the world."""
    if event in ASKS or event in WRITES:
        yield f"{event} {short(arguments[-1] if event == 'socket.connect' else arguments[0])}"
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        yield f"open({short(arguments[0])}, {arguments[1]!r})"


def _asks(event: str, arguments: tuple[Any, ...], port: int) -> Iterator[str]:
    """Whom an audit event asks, where it is not the service."""
    if event == "socket.connect":
        address = arguments[1]
        if not isinstance(address, tuple) or address[:2] != ("127.0.0.1", port):
            yield f"{address}"
    elif event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if host != "127.0.0.1":
            yield f"the address of {host}"
    elif event in ASKS:
        yield f"{event} {short(arguments)}"


def _unchanged(before: dict[str, Any]) -> None:
    now = changed(before, globals_now())
    require(not now, f"it has changed {words(now)}")


def _told_by(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """Each text that an error, or one that it came from, has for whoever prints or logs it."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        name = type(error).__name__
        yield f"the text of {name}", str(error)
        yield f"the repr of {name}", repr(error)
        yield f"the args of {name}", repr(error.args)
        for field in ("details", "raw_payload", "message", "code", "__notes__"):
            yield f"{field} of {name}", repr(getattr(error, field, None))
        error = error.__cause__ or error.__context__


def _silent(where: str, text: str) -> None:
    require(CANARY not in text, f"the token stands in {where}: {short(text[max(text.find(CANARY) - 60, 0) :])}")
