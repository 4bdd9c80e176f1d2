"""Ends a process with all that it started, and limits the harm it can do while it runs.

Where the system is Linux nothing escapes: who leaves its process group, or loses its parent, comes back to the
nearest of our processes, and ends there. Elsewhere a process group is what can be ended. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY = 4 << 30  # bytes of address space that a check may take beyond what it begins with
FILE = 256 << 20  # bytes of one file that a check may write

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
_SET_CHILD_SUBREAPER = 36

# An SDK may replace these in its modules. Whoever ends processes must not have to ask it.
_exit, _kill, _waitpid, _select, _close = os._exit, os.kill, os.waitpid, select.select, os.close


def adopt_orphans() -> None:
    """Become the parent of whatever the processes below this one leave behind."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> None:
    """End when ``parent``, which has just forked this process, ends: by whatever signal."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it was faster
        _exit(1)


def lead_a_group(pid: int = 0) -> None:
    """Give a process a group of its own, so that it and what it starts can be ended together."""
    with contextlib.suppress(OSError):  # it has ended, or leads one already
        os.setpgid(pid, pid)


def set_limits() -> None:
    """Bound what this process can take from the machine, and be the first that a machine in need ends."""
    with contextlib.suppress(ImportError):
        import resource

        used = _address_space()
        for which, most in (("AS", used + MEMORY if used else 0), ("FSIZE", FILE), ("CORE", 0)):
            kind = getattr(resource, f"RLIMIT_{which}", None)
            if kind is not None and (most or which == "CORE"):
                with contextlib.suppress(OSError, ValueError):
                    hard = resource.getrlimit(kind)[1]
                    resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def keep_silent() -> None:
    """Send what this process and its children print nowhere. What an SDK prints may hold anything."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:
        os.close(nowhere)


def children() -> set[int]:
    """The processes whose parent this one is; none, where the system does not tell."""
    found: set[int] = set()
    try:
        for task in Path("/proc/self/task").iterdir():
            found.update(map(int, (task / "children").read_text(encoding="ascii").split()))
    except OSError:
        return found or _children_by_looking()
    return found


def end_group(pid: int) -> None:
    """End the group that a process leads, whether or not the process itself is still there."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def end_all(spared: set[int] | None = None) -> None:
    """End every child but those spared, and whatever comes to light below them."""
    for _ in range(100):  # against one that forks as fast as we look: what is left ends with our parent
        strays = children() - (spared or set())
        if not strays:
            return
        for pid in strays:
            end_group(pid)
            with contextlib.suppress(OSError):
                _kill(pid, signal.SIGKILL)
        for pid in strays:
            with contextlib.suppress(ChildProcessError):
                _waitpid(pid, 0)


def wait(pid: int, until: Callable[[], bool], nap: Callable[[float], None] = time.sleep) -> int | None:
    """The exit code of a child, negative for a signal; None where it has not ended when ``until`` holds.

    Where the system tells when a child ends, ``until`` is asked five times a second; else after each nap.
    """
    ending = _descriptor_of(pid)
    try:
        while True:
            try:
                ended, status = _waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has reaped it
                return 0
            if ended:
                return os.waitstatus_to_exitcode(status)
            if until():
                return None
            if ending is None:
                nap(0.001)
            else:
                _select([ending], [], [], 0.2)
    finally:
        if ending is not None:
            _close(ending)


def _descriptor_of(pid: int) -> int | None:
    """What can be read once this child has ended; None where the system has no such thing (before Linux 5.3)."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def cpu_s(pid: int) -> float:
    """The seconds for which a process has worked so far, all its threads together; 0 where the system does not tell."""
    try:
        # The name in brackets may hold spaces and brackets of its own.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def how_it_ended(code: int) -> str:
    """An exit code in words.

    >>> how_it_ended(3), how_it_ended(-9)
    ('exit code 3', 'signal 9')
    """
    return f"signal {-code}" if code < 0 else f"exit code {code}"


class Surroundings:
    """What a process shares with all code in it, as it was at one moment, so that it can be put back."""

    def __init__(self) -> None:
        self._environ = dict(os.environ)
        self._folder = Path.cwd()
        self._recursion = sys.getrecursionlimit()
        self._held: list[tuple[Any, str, Any]] = [
            (owner, name, getattr(owner, name))
            for owner, name in (
                (sys, "stdin"),
                (sys, "stdout"),
                (sys, "stderr"),
                (sys, "excepthook"),
                (sys, "unraisablehook"),
                (threading, "excepthook"),
                (os, "_exit"),
                (os, "fork"),
            )
            if hasattr(owner, name)
        ]
        self._handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}

    def put_back(self, *, environ: bool) -> None:
        """Undo what was changed since, as far as our own code depends on it."""
        if environ and dict(os.environ) != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        with contextlib.suppress(OSError):
            os.chdir(self._folder)
        with contextlib.suppress(RecursionError):
            sys.setrecursionlimit(self._recursion)
        _fill_streams()
        for owner, name, value in self._held:
            setattr(owner, name, value)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                with contextlib.suppress(OSError, ValueError):  # not the main thread, or not to be had
                    signal.signal(number, handler)


def _fill_streams() -> None:
    """Open what is closed of the three standard streams, or the next file opened would be taken for one."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)


def _prctl(what: int, value: int) -> None:
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(what, value, 0, 0, 0)


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _children_by_looking() -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold spaces and brackets of its own.
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == os.getpid():
                found.add(int(entry.parent.name))
    return found
