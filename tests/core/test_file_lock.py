"""Tests that two processes that would spoil each other's work go one after the other."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from atalaya.core.file_lock import alone

HANG_S = 60.0

HOLDS = """
import sys
from pathlib import Path
from atalaya.core.file_lock import alone
with alone(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    sys.stdin.readline()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no lock on Windows")


def holder(lock: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_and_waits_until_the_first_is_done(tmp_path: Path) -> None:
    told, done = Event(), Event()

    def second() -> None:
        with alone(tmp_path / "a" / "lock", told.set):
            done.set()

    with holder(tmp_path / "a" / "lock") as first:
        waiting = Thread(target=second, daemon=True)
        waiting.start()
        assert told.wait(HANG_S)
        assert not done.is_set()
        first.communicate("\n", timeout=HANG_S)
    assert done.wait(HANG_S)


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as killed:
        killed.kill()
        killed.wait(HANG_S)
    with alone(tmp_path / "lock", lambda: pytest.fail("nobody holds it")):
        pass


def test_who_would_not_wait_is_refused(tmp_path: Path) -> None:
    def refuse() -> None:
        raise RuntimeError("busy")

    with holder(tmp_path / "lock") as first:
        with pytest.raises(RuntimeError, match="busy"), alone(tmp_path / "lock", refuse):
            pass
        first.communicate("\n", timeout=HANG_S)


def test_where_a_file_system_has_no_locks_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with alone(tmp_path / "lock", lambda: pytest.fail("nobody holds it")):
        pass
