"""Tests that a scope leaves nothing behind: no thread, no socket, no output on the terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atalaya.mock_server.control import Step
from atalaya.mock_server.faults import FAULTS
from atalaya.mock_server.listener import Scope
from atalaya.mock_server.tls import TLS_FAULTS, TRUSTED
from tests.mock_server.raw import ASK, connect, knowing

OPEN_FILES = Path("/proc/self/fd")


def descriptors() -> int:
    """How many descriptors this process has open, where the system says so."""
    return sum(1 for _ in OPEN_FILES.iterdir()) if OPEN_FILES.exists() else 0


@pytest.fixture
def threads(capfd: pytest.CaptureFixture[str]) -> Iterator[int]:
    """How many threads there are. After the test there are as many, and descriptors too; and not a word was said."""
    threads, files = threading.active_count(), descriptors()
    yield threads
    wait_for(lambda: (threading.active_count(), descriptors()) == (threads, files))
    assert capfd.readouterr() == ("", "")


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so."""
    ends_s = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends_s, [thread.name for thread in threading.enumerate()]
        time.sleep(0.01)


def opened(tls: str, fault: str) -> Scope:
    """A scope in this process, with one fault at ``/x``. It has one thread, until there are connections."""
    scope = Scope(tls=tls)
    with scope.lock:
        scope.lives.answer("GET", "/x", (Step(fault=fault),))
    return scope


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("tls", ["", TRUSTED])
def test_a_fault_leaves_nothing_behind_once_its_client_has_left(threads: int, name: str, tls: str) -> None:
    scope = opened(tls, name)
    with connect(scope, knowing() if tls else None) as sock:
        sock.sendall(ASK)
        wait_for(lambda: bool(scope.log(0)))
    wait_for(lambda: threading.active_count() == threads + 1)  # though the scope lives on
    scope.end()


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("tls", ["", TRUSTED])
def test_a_fault_leaves_nothing_behind_once_its_scope_has_ended(threads: int, name: str, tls: str) -> None:
    scope = opened(tls, name)
    with connect(scope, knowing() if tls else None) as sock:
        sock.sendall(ASK)
        wait_for(lambda: bool(scope.log(0)))
        scope.end()
        wait_for(lambda: threading.active_count() == threads)  # though the client stays


@pytest.mark.parametrize("tls", [TRUSTED, *TLS_FAULTS])
def test_handshakes_that_never_end_are_over_with_the_scope(threads: int, tls: str) -> None:
    scope = Scope(tls=tls)
    silent = [connect(scope) for _ in range(10)]
    wait_for(lambda: threading.active_count() == threads + 11)
    scope.end()
    wait_for(lambda: threading.active_count() == threads)
    for sock in silent:
        sock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the descriptors of a process")
def test_descriptors_are_counted_at_all() -> None:
    before = descriptors()
    with OPEN_FILES.parent.joinpath("status").open():
        assert descriptors() == before + 1
