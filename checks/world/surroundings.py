"""What the SDK has round it: the environment it reads, the files it leaves, the addresses it asks, what it says."""

from __future__ import annotations

import importlib
import io
import logging
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from atalaya.harness.api import Step, exists, has_method, is_argument, package

from ..fixture import EXPORT, CheckContext

LIST = "/aris3/exports"
PATH = "/aris3/reports/overview"
PAYLOAD = {
    "source_type": "reports_daily",
    "format": "csv",
    "filters": {"store_id": "store-7"},
    "transaction_id": "tx-1",
}

# What the contract says is read from the environment, each with a value that no default is.
VARIABLES = {
    "ARIS3_ENV": "prod",
    "ARIS3_API_BASE_URL": "http://127.0.0.1:9/general",
    "ARIS3_API_BASE_URL_DEV": "http://127.0.0.1:9/dev",
    "ARIS3_API_BASE_URL_PROD": "http://127.0.0.1:9/prod",
    "ARIS3_API_BASE_URL_CHECK": "http://127.0.0.1:9/check",
    "ARIS3_TIMEOUT_SECONDS": "0.01",
    "ARIS3_CONNECT_TIMEOUT_SECONDS": "0.01",
    "ARIS3_READ_TIMEOUT_SECONDS": "0.01",
    "ARIS3_RETRIES": "5",
    "ARIS3_RETRY_BACKOFF_SECONDS": "7",
    "ARIS3_RETRY_JITTER_ENABLED": "true",
    "ARIS3_RETRY_JITTER_MIN_SECONDS": "11",
    "ARIS3_RETRY_JITTER_MAX_SECONDS": "13",
    "ARIS3_MAX_CONNECTIONS": "1",
    "ARIS3_VERIFY_SSL": "false",
}
# Those, any profile's own, and what tells the platform's folders.
LISTED = re.compile(
    "ARIS3_(ENV|API_BASE_URL(_.*)?|(CONNECT_|READ_)?TIMEOUT_SECONDS|RETRIES|RETRY_BACKOFF_SECONDS|VERIFY_SSL"
    "|RETRY_JITTER_(ENABLED|(MIN|MAX)_SECONDS)|MAX_CONNECTIONS)|PYTHON_DOTENV_DISABLED"
    "|HOME|USERPROFILE|(LOCAL)?APPDATA|XDG_.*"
)
NEW_EACH_TIME = ("x-trace-id", "idempotency-key")


# ── a client's day ───────────────────────────────────────────────────────────


def a_day(lab: CheckContext, exports: Any) -> dict[str, Callable[[], Any]]:
    """Each thing that a client does, those that fail too: the calls, by name. The service is told what to answer."""
    service, http = lab.service, exports.http
    token = getattr(exports, "access_token", None)
    who = {"headers": {"Authorization": f"Bearer {token}"} if token else {}}
    service.script(EXPORT, "CREATED", "CREATED", "READY")
    service.script("failing", "CREATED", "ERROR")
    service.script("gone", "CREATED", Step(status=404))
    service.script("slow", "CREATED")
    service.script("cut", Step(fault="close"))
    service.answer("GET", f"{LIST}/cut/download", Step(fault="close"))
    for status in (401, 404, 422, 429, 503):
        service.answer("GET", f"/aris3/s{status}", Step(status=status))
    service.answer("GET", "/aris3/closed", Step(fault="close"))
    service.answer("GET", "/aris3/once", Step(status=503), Step(status=200, json={"ok": True}))
    service.answer("GET", "/aris3/text", Step(status=200, raw=b"no JSON"))
    service.answer("POST", "/aris3/p503", Step(status=503))
    brief = {"timeout_sec": 1.0, "poll_interval_sec": 0.2}
    calls: dict[str, Callable[[], Any]] = {
        "a GET": partial(http.request, "GET", PATH, params={"q": "a"}, **who),
        "the same GET": partial(http.request, "GET", PATH, params={"q": "a"}, **who),
        "a POST": partial(http.request, "POST", "/aris3/p", json_body={"a": 1}, **who),
        "a GET that is retried": partial(http.request, "GET", "/aris3/once", **who),
        "a GET that meets a closed connection": partial(http.request, "GET", "/aris3/closed", **who),
        "a GET that is answered no JSON": partial(http.request, "GET", "/aris3/text", **who),
        "a POST that meets 503": partial(http.request, "POST", "/aris3/p503", json_body={}, **who),
    }
    calls |= {
        f"a GET that meets {s}": partial(http.request, "GET", f"/aris3/s{s}", **who) for s in (401, 404, 422, 429, 503)
    }
    wanted: dict[str, tuple[str, Callable[[], Any]]] = {
        "an export": ("request_export", lambda: exports.request_export(PAYLOAD)),
        "a list": ("list_exports", lambda: exports.list_exports(7)),
        "a wait": ("wait_for_export_ready", lambda: exports.wait_for_export_ready(EXPORT, **brief)),
        "a wait that fails": ("wait_for_export_ready", lambda: exports.wait_for_export_ready("failing", **brief)),
        "a wait for what is gone": ("wait_for_export_ready", lambda: exports.wait_for_export_ready("gone", **brief)),
        "a wait that runs out": ("wait_for_export_ready", lambda: exports.wait_for_export_ready("slow", **brief)),
        "a status that meets a closed connection": ("get_export_status", lambda: exports.get_export_status("cut")),
        "a download that is closed": ("download_export", lambda: exports.download_export("cut")),
        "a status": ("get_export_status", lambda: exports.get_export_status(EXPORT)),
        "an artifact": ("get_export_artifact", lambda: exports.get_export_artifact(EXPORT)),
        "a download": ("download_export", lambda: exports.download_export(EXPORT)),
        "a download of nothing": ("download_export", lambda: exports.download_export("unknown")),
    }
    return calls | {what: call for what, (method, call) in wanted.items() if has_method("ExportsClient", method)}


def lived(lab: CheckContext, exports: Any) -> list[tuple[Any, ...]]:
    """A client's day, as it reached the service: each request, the virtual pause before it, and how each call ended."""
    seen: list[tuple[Any, ...]] = []
    for what, call in a_day(lab, exports).items():
        before = len(lab.log())
        made = lab.attempt(call, what)
        ended = type(made.error).__name__ if made.error is not None else "returned"
        log, last_s = lab.log()[before:], made.started_s
        for one in log:
            pause_s, last_s = lab.at_s(one) - last_s, lab.at_s(one)
            headers = {name: value for name, value in one.headers.items() if name not in NEW_EACH_TIME}
            seen.append((what, one.method, one.path, tuple(sorted(headers.items())), one.body, pause_s))
        seen.append((what, ended))
    return seen


# ── the environment ──────────────────────────────────────────────────────────


class _Names(set[str]):
    """The variables that the SDK's own code has asked for."""


@contextmanager
def reads() -> Iterator[set[str]]:
    """The names of the variables that the SDK's own code reads meanwhile, whether they are there or not."""
    names: set[str] = set()
    kind, own = type(os.environ), f"{package()}."
    original, contains = kind.__getitem__, kind.__contains__

    def note(key: Any) -> None:
        if isinstance(key, str) and _asked_by(own, sys._getframe(2)):
            names.add(key)

    def getitem(self: Any, key: Any) -> Any:
        note(key)
        return original(self, key)

    def contained(self: Any, key: Any) -> bool:
        note(key)
        return contains(self, key)

    kind.__getitem__, kind.__contains__ = getitem, contained  # type: ignore[method-assign, assignment]
    try:
        yield names
    finally:
        kind.__getitem__, kind.__contains__ = original, contains  # type: ignore[method-assign]


def _asked_by(own: str, frame: FrameType | None) -> bool:
    """Whether the nearest code outside the mapping itself is the SDK's."""
    while frame is not None and frame.f_globals.get("__name__") in ("os", "_collections_abc", "collections.abc"):
        frame = frame.f_back
    return frame is not None and f"{frame.f_globals.get('__name__', '')}.".startswith(own)


def imported_anew() -> None:
    """Import the SDK once more, as a new process does, with the environment as it is now."""
    name = package()
    for module in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[module]
    importlib.import_module(name)


# ── what is there afterwards ─────────────────────────────────────────────────


def in_a_home_of_its_own(lab: CheckContext, name: str = "home") -> Path:
    """An empty home, which is the working folder and the one for temporary files too."""
    home = lab.home / name
    home.mkdir()
    names = ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "TMPDIR")
    os.environ.update(dict.fromkeys(names, str(home)))
    os.chdir(home)
    tempfile.tempdir = str(home)
    return home


def neutral() -> None:
    """Put what a client may have changed before, in this process or the one it comes from, to what no client sets."""
    warnings.resetwarnings()
    socket.setdefaulttimeout(None)
    root = logging.getLogger()
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


def globals_now() -> dict[str, Any]:
    """What all code of a process shares, as far as a client has no business to change it."""
    root = logging.getLogger()
    return {
        "the environment": dict(os.environ),
        "the working folder": str(Path.cwd()),
        "the default time-out of sockets": socket.getdefaulttimeout(),
        "the root logger": (root.level, tuple(map(id, root.handlers)), logging.root.manager.disable),
        "the filters of warnings": len(warnings.filters),
        "the handlers of signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "the hooks for errors": (sys.excepthook, threading.excepthook, sys.unraisablehook),
        "the streams": (sys.stdin, sys.stdout, sys.stderr),
        "the limit of recursion": sys.getrecursionlimit(),
        "the path of imports": tuple(sys.path),
        "the mask of new files": _umask(),
        "what resolves addresses": (socket.getaddrinfo, socket.socket, socket.create_connection),
        "the switch interval": sys.getswitchinterval(),
    }


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [what for what, value in before.items() if after[what] != value]


def descriptors() -> int | None:
    """How many files and sockets this process has open; None where the system does not tell."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return None


def connections_to(port: int) -> int:
    """How many of the sockets that this process has open lead to a port of this machine."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # a file that is closed meanwhile, and a socket that leads nowhere
            if str(one.readlink()).startswith("socket:"):
                with socket.socket(fileno=os.dup(int(one.name))) as opened:
                    found += opened.family == socket.AF_INET and opened.getpeername()[1] == port
    return found


# ── whom it asks ─────────────────────────────────────────────────────────────

_heard: list[Callable[[str, tuple[Any, ...]], None]] = []


@contextmanager
def audited(hear: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Hear what the interpreter does meanwhile, in all threads: its audit events."""
    if not _heard:  # a hook can never be taken away again
        sys.addaudithook(lambda event, arguments: [one(event, arguments) for one in _heard[1:]] and None)
        _heard.append(lambda event, arguments: None)
    _heard.append(hear)
    try:
        yield
    finally:
        _heard.remove(hear)


@contextmanager
def heard() -> Iterator[list[str]]:
    """All that is logged, printed and warned meanwhile, line by line."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(Exception):
                said.append(f"a log line of {record.name}: {record.getMessage()} {vars(record)}")

    root, handler = logging.getLogger(), Keep(level=0)
    loggers = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    levels = [(one, one.level) for one in (root, *loggers)]
    root.addHandler(handler)
    for one, _ in levels:
        one.setLevel(1)
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield said
            said += [f"a warning: {one.message}" for one in warned]
    finally:
        root.removeHandler(handler)
        for one, level in levels:
            one.setLevel(level)
        said += [f"printed: {line}" for text in (out, err) for line in text.getvalue().splitlines()]


def session(lab: CheckContext, **fields: Any) -> Any:
    """A session, where the SDK has one."""
    if not exists("ApiSession") or not is_argument("ApiSession", "config"):
        return None
    return lab.build("ApiSession", config=lab.config(), **fields)
