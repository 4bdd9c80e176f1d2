"""Tests that a misbehaving SDK can harm only its own check."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckRun
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from tests.ours import PACKAGE, PROMISES, REFERENCE
from tests.tables import each_row

SECRET = "ghp_0123456789abcdefghijklmnop"  # not one: what a token looks like
HEAD = '"""Where is the service, and how patient is a client with it?"""\n\nfrom __future__ import annotations\n'
BUILD = "    def __post_init__(self) -> None:\n"
DEED = "        import os; exec(DEEDS.get(testing(), ''), {'os': os, '__name__': 'deed'})\n"
DEADLINE_S = 5.0

VICTIM, BYSTANDER = "config.no-fallback", "cache.repeats-are-served"

# Which promise is being tested, as an SDK could find out: this side of the run writes it down.
TESTING = """

def testing() -> str:
    import json, os, pathlib
    folder = pathlib.Path(os.environ.get("TMPDIR", "/")).parent
    last = (folder / "results.jsonl").read_text().splitlines()[-1]
    return json.loads(last).get("starting", "")

"""
# One that is stopped has perhaps had no time: how long it worked decides, and not only what it did.
STOPPED = (Outcome.BROKEN, Outcome.UNKNOWN)
ANYTHING = (Outcome.KEPT, Outcome.BROKEN, Outcome.UNKNOWN)

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells enough about processes")

DAEMON = """import signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: signal.pause()
    os._exit(0)"""
CHATTER = f"""import sys; print('Bearer {SECRET} ' * 200_000); sys.stdout.flush()
os.write(2, b'password={SECRET}'); os._exit(1)"""
TAKEOVER = """import signal, sys; sys.stdout = sys.stderr = sys.excepthook = None
for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT): signal.signal(number, signal.SIG_IGN)"""

WHEN_IMPORTED = """
import atexit, os, signal, socket, subprocess, sys, threading
subprocess.Popen(['sleep', '300'], start_new_session=True)
threading.Thread(target=threading.Event().wait).start()
atexit.register(lambda: all(True for _ in iter(int, 1)))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 3.0)
socket.setdefaulttimeout(5.0)
print('x' * 5_000_000)
os.fork()
os.environ.clear()
os.chdir('/')
os.closerange(0, 4096)
sys.stdout = sys.stderr = sys.stdin = sys.excepthook = None
sys.setrecursionlimit(200)
"""

# What the SDK does when a client is built, what becomes of the check that builds it, and what the reason says.
DEEDS: dict[str, tuple[str, tuple[Outcome, ...], str]] = {
    "hangs in Python": ("while True: pass", STOPPED, "within 5 real seconds"),
    "hangs in C": (
        "import _thread; lock = _thread.allocate_lock(); lock.acquire(); lock.acquire()",
        (Outcome.BROKEN,),
        "real time leaked",
    ),
    "leaves a thread that never ends": (
        "import threading; threading.Thread(target=threading.Event().wait).start()",
        (Outcome.KEPT,),
        "",
    ),
    "leaves a thread that works without end": (
        "import threading; threading.Thread(target=lambda: all(True for _ in iter(int, 1))).start()",
        ANYTHING,
        "",
    ),
    "leaves a daemon thread that never ends": (
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        (Outcome.KEPT,),
        "",
    ),
    "hangs when the interpreter ends": (
        "import atexit; atexit.register(lambda: all(True for _ in iter(int, 1)))",
        (Outcome.KEPT,),
        "",
    ),
    "hangs when an object goes": (
        "type('Clinging', (), {'__del__': lambda self: all(True for _ in iter(int, 1))})()",
        STOPPED,
        "within 5 real seconds",
    ),
    "ends the process": ("os._exit(3)", (Outcome.BROKEN,), "exit code 3"),
    "ends the process and calls it a success": ("os._exit(0)", (Outcome.BROKEN,), "exit code 0"),
    "calls sys.exit": ("import sys; sys.exit(3)", (Outcome.BROKEN,), "SystemExit"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", (Outcome.BROKEN,), "KeyboardInterrupt"),
    "raises what is no Exception": ("raise type('Odd', (BaseException,), {})('no')", (Outcome.BROKEN,), "Odd: no"),
    "calls pytest.exit": ("import pytest; pytest.exit('no')", (Outcome.BROKEN,), "Exit"),
    "calls pytest.skip": ("import pytest; pytest.skip('no')", (Outcome.BROKEN,), "Skipped"),
    "starts a child that stays": ("import subprocess; subprocess.Popen(['sleep', '300'])", (Outcome.KEPT,), ""),
    "starts a child in a session of its own": (
        "import subprocess; subprocess.Popen(['sleep', '300'], start_new_session=True)",
        (Outcome.KEPT,),
        "",
    ),
    "forks a copy that stays": (
        "import signal\nif os.fork() == 0:\n    while True: signal.pause()",
        (Outcome.KEPT,),
        "",
    ),
    "forks a daemon": (DAEMON, (Outcome.KEPT,), ""),
    "prints secrets and megabytes, and ends": (CHATTER, (Outcome.BROKEN,), "exit code 1"),
    "empties the environment": ("os.environ.clear()", (Outcome.KEPT,), ""),
    "changes the working folder": ("os.chdir('/')", (Outcome.KEPT,), ""),
    "closes what is open": ("os.closerange(0, 4096)", (Outcome.UNKNOWN,), "the loopback service"),
    "replaces the clock": ("import time; time.sleep = time.monotonic = lambda *_: 0.0", ANYTHING, ""),
    "replaces sockets": ("import socket; socket.socket = None; socket.setdefaulttimeout(0.001)", ANYTHING, ""),
    "calls itself without end": ("(f := lambda: f())()", (Outcome.BROKEN,), "RecursionError"),
    "overflows the stack": (
        "import sys; sys.setrecursionlimit(10**9); (f := lambda: [*map(lambda _: f(), [0])])()",
        (Outcome.BROKEN,),
        "signal",
    ),
    "takes all memory": ("held = []\nwhile True: held.append(bytearray(256 << 20))", (Outcome.BROKEN,), ""),
    "fills the disk": (
        "file = open('full', 'wb')\nwhile True: file.write(bytes(16 << 20))",
        (Outcome.BROKEN,),
        "File too large",
    ),
    "kills its parent": ("os.kill(os.getppid(), 9)", (Outcome.UNKNOWN,), "signal 9"),
    "kills its group": ("os.killpg(0, 9)", (Outcome.UNKNOWN,), "signal 9"),
    "kills its parent's group": ("os.killpg(os.getpgid(os.getppid()), 9)", (Outcome.UNKNOWN,), "signal 9"),
    "kills its session's leader": ("os.kill(os.getsid(0), 15)", (Outcome.UNKNOWN,), ""),
    "replaces streams, hooks and handlers": (TAKEOVER, (Outcome.KEPT,), ""),
    "raises an alarm": ("import signal; signal.raise_signal(signal.SIGALRM)", (Outcome.BROKEN,), "signal 14"),
}


# A deed is done where a client is built. These build none, or many, or are spoken of elsewhere.
NO_CLIENT_AT_FIRST = {
    BYSTANDER,
    "polling.outcome-is-a-str-enum",
    "polling.fresh-in-any-order",
    "cache.holds-in-any-order",
}

DEED_OF = dict(
    zip(
        DEEDS,
        (p.id for p in PROMISES if p.id.startswith(("cache.", "polling.")) and p.id not in NO_CLIENT_AT_FIRST),
        strict=False,
    )
)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of these tests' own for temporary files: its path is in the command line of each process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def harmed(prepared: Prepared, elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> CheckRun:
    """One run in which each deed is done to a check of its own."""
    sick = planted(prepared, tmp_path_factory.mktemp("sick"), "http_client.py", BUILD, BUILD + DEED)
    file = sick.paths[0] / PACKAGE / "http_client.py"
    deeds = {DEED_OF[deed]: code for deed, (code, _, _) in DEEDS.items()}
    file.write_text(f"{file.read_text()}{TESTING}DEEDS = {deeds!r}\n")
    return run_checks(sick, wanted=[*DEED_OF.values(), BYSTANDER, VICTIM], deadline_s=DEADLINE_S)


def planted(prepared: Prepared, folder: Path, file: str, old: str, new: str) -> Prepared:
    """The reference SDK with one text of one file replaced."""
    source = folder / "src"
    shutil.copytree(REFERENCE, source, dirs_exist_ok=True)
    target = source / PACKAGE / file
    text = target.read_text()
    assert old in text
    target.write_text(text.replace(old, new, 1))
    return msgspec.structs.replace(prepared, paths=(source,))


def strays(folder: Path) -> list[str]:
    """The processes that name the folder in their command line, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in line or str(folder) in where:
            found.append(line)
    return found


def outcomes(run: CheckRun) -> dict[str, Outcome]:
    return {check.id: check.outcome for check in run.checks}


def reason(run: CheckRun, id: str) -> str:
    return next(check.reason for check in run.checks if check.id == id)


@each_row("deed", DEEDS)
def test_what_an_sdk_does_in_a_check_harms_that_check_alone(harmed: CheckRun, deed: str) -> None:
    _, permitted, says = DEEDS[deed]
    told = reason(harmed, DEED_OF[deed])
    assert outcomes(harmed)[DEED_OF[deed]] in permitted, told
    assert says in told


def test_each_deed_has_a_check_to_harm() -> None:
    assert list(DEEDS) == list(DEED_OF)


def test_each_promise_has_a_result_and_those_without_a_deed_are_kept(harmed: CheckRun) -> None:
    assert set(outcomes(harmed)) == {*DEED_OF.values(), BYSTANDER, VICTIM}
    assert outcomes(harmed)[BYSTANDER] is Outcome.KEPT
    assert outcomes(harmed)[VICTIM] is Outcome.KEPT


def test_nothing_that_was_printed_is_in_the_report(harmed: CheckRun) -> None:
    assert SECRET not in msgspec.json.encode(harmed).decode()


def test_no_process_and_no_folder_is_left(harmed: CheckRun, elsewhere: Path) -> None:
    assert strays(elsewhere) == []
    assert [path.name for path in elsewhere.iterdir()] == []


@pytest.mark.parametrize(
    ("deed", "says"),
    {
        "import os; os._exit(3)": "ended (exit code 3) while the SDK was imported",
        "while True: pass": "no sign of life",
        "import sys; sys.exit(3)": "the SDK cannot be imported: SystemExit: 3",
    }.items(),
)
def test_an_sdk_that_cannot_be_imported_leaves_a_whole_report(sdk_with, elsewhere: Path, deed: str, says: str) -> None:
    run = run_checks(sdk_with("config.py", HEAD, f"{HEAD}{deed}\n"), deadline_s=1.0)
    assert [promise.id for promise in PROMISES] == [check.id for check in run.checks]
    assert outcomes(run) == dict.fromkeys(outcomes(run), Outcome.UNKNOWN) | {"package.imports": Outcome.BROKEN}
    assert {says in check.reason for check in run.checks} == {True}, run.checks[0].reason
    assert says in str(run.start_error)
    assert strays(elsewhere) == []


def test_what_an_sdk_does_when_it_is_imported_harms_no_check(sdk_with, elsewhere: Path) -> None:
    run = run_checks(sdk_with("config.py", HEAD, HEAD + WHEN_IMPORTED), wanted=[VICTIM, BYSTANDER])
    assert outcomes(run) == {VICTIM: Outcome.KEPT, BYSTANDER: Outcome.KEPT}, run.checks
    assert run.start_error == ""
    assert strays(elsewhere) == []
    assert [path.name for path in elsewhere.iterdir()] == []


@pytest.mark.parametrize("deed", ["while True: pass", "import os; os._exit(3)"])
def test_a_client_that_cannot_be_built_harms_those_who_build_one(sdk_with, elsewhere: Path, deed: str) -> None:
    sick = sdk_with("http_client.py", BUILD, f"{BUILD}        {deed}\n")
    run = run_checks(sick, wanted=["config.fields-in-order", BYSTANDER], deadline_s=2.0)
    assert outcomes(run)["config.fields-in-order"] is Outcome.KEPT, run.checks
    assert outcomes(run)[BYSTANDER] in STOPPED, run.checks
    assert run.start_error == "the SDK's process ended while a first client was built"


# ── real time that leaks ─────────────────────────────────────────────────────

SLEEP = "            time.sleep(interval)\n"
NAPS = {
    "polling.interval-is-kept": (
        "import _thread; lock = _thread.allocate_lock(); lock.acquire(); lock.acquire(timeout=interval)",
        "acquire",
    ),
    "polling.created-to-ready": ("import select; select.select([], [], [], interval)", "select"),
    "polling.terminal-states": ("import subprocess; subprocess.run(['sleep', str(interval)], check=True)", "waitpid"),
    "polling.unknown-states-keep-waiting": ("import ctypes; ctypes.CDLL(None).usleep(int(interval * 1e6))", "usleep"),
    "polling.not-found-later-is-expired": ("import select; select.poll().poll(interval * 1000)", "poll"),
}


@pytest.fixture(scope="module")
def leaky(prepared: Prepared, elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> CheckRun:
    """One run in which each check meets another way of waiting below Python."""
    nap = "            exec(NAPS.get(testing(), ''), {'interval': interval})\n"
    sick = planted(prepared, tmp_path_factory.mktemp("leaky"), "clients/exports_client.py", SLEEP, nap)
    file = sick.paths[0] / PACKAGE / "clients/exports_client.py"
    naps = {id: code for id, (code, _) in NAPS.items()}
    file.write_text(f"{file.read_text()}{TESTING}NAPS = {naps!r}\n")
    return run_checks(sick, wanted=[*NAPS, BYSTANDER])


@each_row("id", NAPS)
def test_a_wait_that_the_clock_cannot_see_breaks_the_promise_and_names_its_place(leaky: CheckRun, id: str) -> None:
    assert outcomes(leaky)[id] is Outcome.BROKEN, reason(leaky, id)
    assert ": real time leaked into the check" in reason(leaky, id)
    assert NAPS[id][1] in reason(leaky, id)


def test_a_check_beside_it_is_kept(leaky: CheckRun) -> None:
    assert outcomes(leaky)[BYSTANDER] is Outcome.KEPT


def test_waiting_for_the_network_is_no_leak(prepared: Prepared) -> None:
    run = run_checks(prepared, wanted=["transport.failures-are-transport-errors"])
    assert [check.outcome for check in run.checks] == [Outcome.KEPT]
