"""Detects real time that passes in a check where only virtual time should pass.

An SDK that waits below Python, in a lock with a time-out, in ``select``, for a child process, is not seen by
the virtual clock: its waits take real time and no virtual time, so whatever is measured by the clock is wrong.
A thread of our own looks, many times a second and in real time, where the SDK's threads are. Where all of them
sleep in the kernel, in one and the same wait, for longer than a loopback answer takes, and no request of
theirs is on its way, real time has leaked.

It needs Linux, which tells of each thread whether it sleeps and how often it has run. Elsewhere nothing is
found, and what waits for ever ends at the check's deadline.
"""

from __future__ import annotations

import _thread
import dis
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from atalaya.harness import virtual_clock as clocks

LOOK_S = 0.01  # between two looks
LEAST_S = 0.08  # the shortest pause that a contract of ours knows is 0.1 s
MOST_S = 2.0  # of leaked time, after which nothing more can be learnt

OURS = str(Path(clocks.__file__).resolve().parents[1]) + os.sep
# Where the clock itself lets a thread wait: virtual time passes there, or is about to.
VIRTUAL = frozenset({"_wait", "_select", "_sleep", "_join", "_wait_for_notice", "_start"})
# What waits for the network, by the name it is called by. A read time-out is real in any case.
NETWORK = frozenset(
    {
        "recv",
        "recv_into",
        "recvfrom",
        "recvfrom_into",
        "recvmsg",
        "send",
        "sendall",
        "sendto",
        "sendmsg",
        "sendfile",
        "connect",
        "connect_ex",
        "accept",
        "do_handshake",
        "read",
        "readinto",
        "readline",
        "write",
        "unwrap",
        "getaddrinfo",
        "gethostbyname",
        "gethostbyaddr",
    }
)


class Leak(NamedTuple):
    """A wait in real time: how long, in what, where in the SDK's code, and in which case of the check."""

    seconds: float
    called: str
    place: str
    case: str = ""

    def __str__(self) -> str:
        waited = f"waited {self.seconds:.1f} s in {self.called or 'a call'} at {self.place}"
        said = f"real time leaked into the check: the SDK {waited}, which the virtual clock cannot see"
        return f"{self.case}: {said}" if self.case else said


class _Wait(NamedTuple):
    """One wait of one thread in the kernel: the same as long as neither its place nor its count changes."""

    frame: int
    instruction: int
    times_run: str


class Watch:
    """Looks from a thread of its own, until the process ends. ``enough`` is called once ``MOST_S`` have leaked."""

    def __init__(self, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.longest: Leak | None = None  # of the first case in which it waited
        self.case: Callable[[], str] = lambda: ""
        self.enough: Callable[[Leak], None] = lambda leak: None
        self._monotonic = monotonic
        self._sleep = sleep
        self._heard = 0  # requests that have reached the service
        self._total_s = 0.0
        self._scheduled: dict[int, tuple[str, str]] = {}

    def begin(self) -> None:
        """Look from now on. Below :mod:`threading`, so that no clock counts it and no SDK finds it."""
        if sys.platform == "linux":
            _thread.start_new_thread(self._look_on, (threading.main_thread(), os.getpid()))

    def request_arrived(self) -> None:
        """Whoever waits just now may be waiting for the answer."""
        self._heard += 1

    def _look_on(self, main: threading.Thread, pid: int) -> None:
        last: dict[int, _Wait] = {}
        heard, since_s, counted_s = -1, self._monotonic(), 0.0
        while os.getpid() == pid:
            waits, leak = self._look(main)
            now_s = self._monotonic()
            if leak is None or waits != last or heard != self._heard:
                last, heard, since_s, counted_s = waits, self._heard, now_s, 0.0
            elif now_s - since_s >= LEAST_S:
                self._note(leak._replace(seconds=now_s - since_s), now_s - since_s - counted_s)
                counted_s = now_s - since_s
            self._sleep(LOOK_S)

    def _note(self, leak: Leak, more_s: float) -> None:
        leak = leak._replace(case=self.case())
        if self.longest is None or (leak.case == self.longest.case and leak.seconds > self.longest.seconds):
            self.longest = leak
        self._total_s += more_s
        if self._total_s >= MOST_S:
            self.enough(self.longest)

    def _look(self, main: threading.Thread) -> tuple[dict[int, _Wait], Leak | None]:
        """Where each thread waits; and the leak, if all wait and one of them where no clock can see it."""
        threads = {os.getpid() if one is main else one.native_id or 0: one for one in threading.enumerate()}
        if not self._all_sleep(threads):
            return {}, None
        frames = sys._current_frames()
        waits: dict[int, _Wait] = {}
        leak = None
        for number, thread in threads.items():
            frame = frames.get(thread.ident or 0)
            if frame is None or _in_virtual_wait(frame):
                continue
            if frame.f_code.co_filename.startswith(OURS):
                return {}, None
            if (called := _called(frame)) in NETWORK:
                return {}, None
            waits[number] = _Wait(id(frame), frame.f_lasti, self._scheduled[number][1])
            leak = Leak(0.0, called, _place(frame))
        return waits, leak

    def _all_sleep(self, threads: Iterable[int]) -> bool:
        """Whether none of them has run since the last look: only then are their frames looked at.

        CPython 3.11 can crash when the frames of a thread that runs are taken often, and they tell nothing.
        """
        before, self._scheduled = self._scheduled, {number: _scheduling(number) for number in threads}
        return before == self._scheduled and all(state == "S" for state, _ in self._scheduled.values())


def _in_virtual_wait(frame: FrameType) -> bool:
    """Whether one of the innermost calls is the clock's own way of waiting."""
    looked: FrameType | None = frame
    for _ in range(6):
        if looked is None:
            return False
        if looked.f_code.co_filename == clocks.__file__ and looked.f_code.co_name in VIRTUAL:
            return True
        looked = looked.f_back
    return False


def _scheduling(number: int) -> tuple[str, str]:
    """A thread's state as one letter, and how often it has gone to sleep; nothing where it is not told."""
    try:
        text = Path(f"/proc/self/task/{number}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    told = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return told.get("State", "")[:1], told.get("voluntary_ctxt_switches", "")


def _called(frame: FrameType) -> str:
    """The name by which a frame calls what it is in just now; nothing where that cannot be told."""
    name, start = "", None
    instructions = list(dis.get_instructions(frame.f_code))
    for instruction in instructions:
        if instruction.offset == frame.f_lasti and instruction.positions is not None:
            start = instruction.positions[0], instruction.positions[2]
    for instruction in instructions:
        if instruction.offset >= frame.f_lasti:
            break
        at = instruction.positions
        if at is not None and (at[0], at[2]) == start and instruction.opname.startswith("LOAD_"):
            name = str(instruction.argval)
    return name.removeprefix("NULL + ")


def _place(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
