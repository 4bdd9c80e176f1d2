"""A virtual clock, under which an SDK that sleeps is watched for hours within seconds.

Its process gets a clock of its own. The clock stands still, but for a microsecond each time that it is
read (so that a loop that waits for time to pass ends), and only waiting moves it: when every watched
thread waits, it jumps to the nearest deadline. What an SDK does is then the same on every machine, and
the number of its polls does not depend on how fast the machine is.

Watched are the thread that installs the clock and those that a watched thread starts. All others live in
real time and are never waited for. A watched thread that is blocked below Python (in ``recv``, in a
lock) is not seen to wait, and holds the clock; where that lasts a real second while others wait, the clock
jumps all the same and counts a stall: what was measured then proves nothing.

Not moved: ``datetime.now()``, time-outs of sockets, locks acquired with a time-out, selectors other than
a running asyncio loop's, child processes, and functions that were captured in a closure or as a default
argument. Standard library only.
"""

from __future__ import annotations

import _thread
import functools
import math
import operator
import os
import queue
import selectors
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from atalaya.core.errors import HarnessError

READ_NS = 1_000  # what reading the clock costs, in virtual time
FREE_READS = 20_000  # that cost nothing where the clock is exact; then a loop that waits for time to pass still ends
STALL_S = 1.0  # real seconds without a move, after which the clock jumps though not all threads wait
SLICE_S = 0.002  # how often an event loop that waits looks whether the clock has moved on
GRACE_S = 0.1  # how long an event loop with open connections waits for them before time may pass
MOST_GRACE = 10  # times as long, on a machine with that much more to do than it has processors
LONGEST_SLEEP_S = 9_000_000_000.0  # above this the real sleep raises, and says it best


@dataclass(frozen=True, kw_only=True)
class Sleep:
    """One call of ``time.sleep`` by a watched thread, at ``at_s`` virtual seconds since installation."""

    thread: str
    at_s: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Real:
    """The functions that the clock stands in for.

    They are fields and no module's attributes, since those are what gets replaced.
    """

    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    monotonic: Callable[[], float] = field(default_factory=lambda: time.monotonic)
    monotonic_ns: Callable[[], int] = field(default_factory=lambda: time.monotonic_ns)
    perf_counter: Callable[[], float] = field(default_factory=lambda: time.perf_counter)
    perf_counter_ns: Callable[[], int] = field(default_factory=lambda: time.perf_counter_ns)
    time: Callable[[], float] = field(default_factory=lambda: time.time)
    time_ns: Callable[[], int] = field(default_factory=lambda: time.time_ns)


class _Watched:
    """A watched thread. Its waits are real where ``real_waits``."""

    def __init__(self) -> None:
        self.real_waits = 0


class _Waiter:
    """One wait of one watched thread.

    It stands in for the lock that ``Condition.notify`` releases, so whoever notifies marks the thread as
    running in that very call: nobody can find it asleep between the notice and its waking.
    """

    def __init__(self, clock: VirtualClock, ready: Callable[[], bool] | None = None) -> None:
        self.gate = _thread.allocate_lock()
        self.gate.acquire()
        self.deadline_ns: float = math.inf
        self.parked = False
        self.notified = False
        self.ready = ready
        self._clock = clock

    def release(self) -> None:
        """Called by ``Condition.notify``."""
        self._clock._notify(self)


class VirtualClock:
    """The clock of this process. Made by :func:`install`."""

    def __init__(self, stall_after_s: float = STALL_S) -> None:
        self.real = Real()
        self.sleeps: list[Sleep] = []
        self.stalls = 0
        self._stall_after_s = stall_after_s
        self._origin_ns = {
            "monotonic": self.real.monotonic_ns(),
            "perf_counter": self.real.perf_counter_ns(),
            "time": self.real.time_ns(),
        }
        self._ns = 0
        self._free_reads = 0
        # Reentrant, since a signal handler or a finaliser may read the clock in the middle of a move.
        self._lock = threading.RLock()
        self._watched: dict[int, _Watched] = {_thread.get_ident(): _Watched()}
        self._children: dict[threading.Thread, list[_Waiter]] = {}  # watched, not ended; with who joins them
        self._running = 1  # watched threads that do not wait, those about to start included
        self._parked: list[_Waiter] = []
        self._nearest_ns: float = math.inf
        self._moves = 0

    # ── for those who look on ──

    def now(self) -> float:
        """Virtual seconds since installation. Looking does not move the clock; any thread may look."""
        return self._ns / 1e9

    def after_fork(self) -> None:
        """Call it in a child after ``os.fork``: this thread is the only one, and nothing was measured yet."""
        self._lock = threading.RLock()  # another thread may have held the old one, and it is not here
        me = self._watched.get(_thread.get_ident()) or _Watched()
        self._watched = {_thread.get_ident(): me}
        self._children = {}
        self._parked = []
        self._nearest_ns = math.inf
        self._running = 1
        self._moves = 0
        self.sleeps = []
        self.stalls = 0

    # ── for those who set the scene ──

    def step_the_wall_clock(self, seconds: float) -> None:
        """Set the time of day forward or back, as an administrator does: nothing that is measured notices."""
        self._origin_ns["time"] += round(seconds * 1e9)

    @contextmanager
    def exact(self) -> Iterator[None]:
        """Let reading cost nothing, so that the very instant of a deadline can be met; not between watched waits.

        The clocks that measure begin with a whole second: sums of halves and quarters of it are exact in floats too.
        """
        whole_s = 1_000_000_000
        with self._lock:
            self._ns += -(self._origin_ns["monotonic"] + self._ns) % whole_s
            self._origin_ns["perf_counter"] += -(self._origin_ns["perf_counter"] + self._ns) % whole_s
            self._free_reads = FREE_READS
        try:
            yield
        finally:
            self._free_reads = 0

    # ── reading ──

    def _read_ns(self, origin: str) -> int:
        with self._lock:
            if self._free_reads:
                self._free_reads -= 1
            else:
                self._ns += READ_NS
            if self._ns >= self._nearest_ns:
                self._wake_due()
            return self._origin_ns[origin] + self._ns

    def _me(self) -> _Watched | None:
        return self._watched.get(_thread.get_ident())

    # ── waiting ──

    def _sleep(self, seconds: float) -> None:
        if not isinstance(seconds, float):
            seconds = operator.index(seconds)  # whole seconds, or the TypeError that the real one raises
        if self._me() is None or not 0 <= seconds < LONGEST_SLEEP_S:
            self.real.sleep(seconds)
            return
        self.sleeps.append(Sleep(thread=threading.current_thread().name, at_s=self.now(), seconds=float(seconds)))
        if seconds == 0:
            self.real.sleep(0)  # it only lets others run
        else:
            self._wait(_Waiter(self), seconds)

    def _wait(self, waiter: _Waiter, timeout_s: float | None) -> bool:
        """Wait for a notice, or for the clock to reach the deadline. True where the notice came."""
        self._park(waiter, timeout_s)
        try:
            seen = self._progress()
            while waiter.parked and not waiter.gate.acquire(True, self._stall_after_s):
                seen = self._look_for_stall(seen)
        finally:
            self._unpark(waiter)
        return waiter.notified

    def _park(self, waiter: _Waiter, timeout_s: float | None) -> None:
        with self._lock:
            if waiter.notified:
                return
            if timeout_s is not None:
                # Not NaN, not negative: such a time-out is over at once, as it is in a real lock.
                if not timeout_s > 0:
                    return
                waiter.deadline_ns = self._ns + round(timeout_s * 1e9)
            waiter.parked = True
            self._parked.append(waiter)
            self._nearest_ns = min(self._nearest_ns, waiter.deadline_ns)
            self._running -= 1
            self._moves += 1
            self._jump_if_all_wait()

    def _unpark(self, waiter: _Waiter) -> None:
        """Run again, whatever ended the wait: the clock, a notice, or an exception from a signal handler."""
        with self._lock:
            if waiter.parked:
                self._wake(waiter)

    def _notify(self, waiter: _Waiter) -> None:
        with self._lock:
            waiter.notified = True
            if waiter.parked:
                self._wake(waiter)

    # ── moving; the lock is held ──

    def _wake(self, waiter: _Waiter) -> None:
        waiter.parked = False
        self._parked.remove(waiter)
        self._nearest_ns = min((other.deadline_ns for other in self._parked), default=math.inf)
        self._running += 1
        self._moves += 1
        waiter.gate.release()

    def _wake_due(self) -> None:
        for waiter in [waiter for waiter in self._parked if waiter.deadline_ns <= self._ns]:
            self._wake(waiter)

    def _jump(self) -> None:
        self._ns = max(self._ns, int(self._nearest_ns))
        self._wake_due()

    def _jump_if_all_wait(self) -> None:
        if self._running or self._nearest_ns == math.inf:
            return
        # An event loop that has something to do just has not noticed yet.
        if any(waiter.ready() for waiter in self._parked if waiter.ready is not None):
            return
        self._jump()

    # ── stalls ──

    def _progress(self) -> tuple[int, int]:
        return self._moves, self._ns

    def _look_for_stall(self, seen: tuple[int, int]) -> tuple[int, int]:
        """Jump where nothing has moved since ``seen``, and something could."""
        with self._lock:
            if self._progress() == seen and self._nearest_ns != math.inf:
                self.stalls += 1
                self._jump()
            return self._progress()

    # ── threads ──

    def _start(self, original: Callable[[threading.Thread], None], thread: threading.Thread) -> None:
        me = self._me()
        if me is None:
            original(thread)
            return
        child = thread not in self._children and thread.ident is None
        if child:
            with self._lock:  # counted before it starts: it runs, for all that others can know
                self._children[thread] = []
                self._running += 1
        me.real_waits += 1  # until it is up, its parent does not wait in virtual time but works
        try:
            original(thread)
        except BaseException:
            if child and thread.ident is None:
                self._end(thread)
            raise
        finally:
            me.real_waits -= 1

    def _live(self, original: Callable[[threading.Thread], None], thread: threading.Thread) -> None:
        """The whole life of a thread, called in it."""
        if thread not in self._children:
            original(thread)
            return
        ident = _thread.get_ident()
        self._watched[ident] = _Watched()
        try:
            original(thread)
        finally:
            self._watched.pop(ident, None)
            self._end(thread)

    def _end(self, thread: threading.Thread) -> None:
        with self._lock:
            joiners = self._children.pop(thread, None)
            if joiners is None:
                return  # it was started in a process of which this is a fork
            self._running -= 1
            for waiter in joiners:
                self._notify(waiter)
            self._jump_if_all_wait()

    def _join(self, original: Callable[..., None], thread: threading.Thread, timeout_s: float | None = None) -> None:
        waiter = _Waiter(self)
        with self._lock:
            joiners = self._children.get(thread)
            virtual = self._me() is not None and joiners is not None and thread.ident != _thread.get_ident()
            if joiners is not None and virtual:
                joiners.append(waiter)
        if not virtual:
            original(thread, timeout_s)
        elif self._wait(waiter, timeout_s):
            original(thread)  # it has ended in Python, and does so below within the instant

    def _wait_for_notice(self, original: Callable[..., bool], condition: Any, timeout_s: float | None = None) -> bool:
        """``Condition.wait``, told as the standard library tells it, with a waiter of ours."""
        me = self._me()
        if me is None or me.real_waits:
            return original(condition, timeout_s)
        if timeout_s is not None and timeout_s > threading.TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        if not condition._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        waiter = _Waiter(self)
        condition._waiters.append(waiter)
        saved = condition._release_save()
        try:
            return self._wait(waiter, timeout_s)
        finally:
            condition._acquire_restore(saved)
            if waiter in condition._waiters:
                condition._waiters.remove(waiter)

    # ── event loops ──

    def _select(self, original: Callable[..., Any], selector: Any, timeout_s: float | None = None) -> Any:
        """A running asyncio loop's wait: real for what its sockets bring, virtual for its timers."""
        if self._me() is None or not _belongs_to_running_loop(selector):
            return original(selector, timeout_s)
        ready = original(selector, 0)
        if ready or (timeout_s is not None and timeout_s <= 0):
            return ready
        if len(selector.get_map()) > 1:  # beside the pipe that wakes the loop there are connections
            ready = original(selector, grace_s())
            if ready:
                return ready
        waiter = _Waiter(self, ready=lambda: bool(original(selector, 0)))
        self._park(waiter, timeout_s)
        try:
            seen, look_s = self._progress(), self.real.monotonic() + self._stall_after_s
            while waiter.parked and not ready:
                ready = original(selector, SLICE_S)
                if self.real.monotonic() >= look_s:
                    seen, look_s = self._look_for_stall(seen), self.real.monotonic() + self._stall_after_s
        finally:
            self._unpark(waiter)
        return ready or original(selector, 0)

    # ── taking over ──

    def _take_over(self) -> None:
        replacements: dict[Any, Any] = {self.real.sleep: self._sleep}
        for name in ("monotonic", "perf_counter", "time"):
            replacements[getattr(self.real, name)] = self._reader(name, name, 1e9)
            replacements[getattr(self.real, f"{name}_ns")] = self._reader(name, f"{name}_ns", None)
        # The queue written in C waits where no clock can see it; its twin in Python waits on a Condition.
        python_queue: Any = queue._PySimpleQueue  # type: ignore[attr-defined]
        replacements[queue.SimpleQueue] = type("SimpleQueue", (python_queue,), {})
        _rebind(replacements)
        methods: list[tuple[type, str, Callable[..., Any]]] = [
            (threading.Thread, "start", self._start),
            (threading.Thread, "_bootstrap", self._live),
            (threading.Thread, "join", self._join),
            (threading.Condition, "wait", self._wait_for_notice),
        ]
        methods += [(selector, "select", self._select) for selector in _selectors()]
        for owner, name, act in methods:
            self._replace(owner, name, act)

    def _reader(self, origin: str, name: str, divisor: float | None) -> Any:
        real: Callable[[], float] = getattr(self.real, name)

        def read(clock: VirtualClock) -> float:
            if clock._me() is None:
                return real()
            ns = clock._read_ns(origin)
            return ns / divisor if divisor else ns

        read.__name__ = read.__qualname__ = name
        # Bound already: kept in a class, it must not bind to an instance, as what it replaces does not.
        return types.MethodType(read, self)

    def _replace(self, owner: type, name: str, act: Callable[..., Any]) -> None:
        original = vars(owner)[name]

        @functools.wraps(original)
        def replaced(instance: Any, *args: Any, **kwargs: Any) -> Any:
            # The one argument that these methods take is a time-out, and `timeout` is its name.
            return act(original, instance, *args, *kwargs.values())

        setattr(owner, name, replaced)


def grace_s() -> float:
    """How long an answer over loopback may take in real time: longer, the busier the machine is."""
    try:
        busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    except (OSError, AttributeError):  # not every system tells
        busy = 1.0
    return GRACE_S * min(max(busy, 1.0), MOST_GRACE)


def _selectors() -> list[type]:
    """The selector classes of this platform that have a ``select`` of their own."""
    found = [thing for thing in vars(selectors).values() if isinstance(thing, type)]
    return [
        thing
        for thing in dict.fromkeys(found)
        if issubclass(thing, selectors.BaseSelector) and "select" in vars(thing) and thing is not selectors.BaseSelector
    ]


def _belongs_to_running_loop(selector: Any) -> bool:
    events: Any = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events is not None else None
    return loop is not None and getattr(loop, "_selector", None) is selector


def _rebind(replacements: dict[Any, Any]) -> None:
    """Replace every attribute of every module that *is* one of these: also ``from time import sleep``.

    Half a patch is worse than none: with waits virtual and the ``monotonic`` that ``threading`` holds
    real, a wait for twenty seconds never ends.
    """
    by_id = {id(old): new for old, new in replacements.items()}
    for module in list(sys.modules.values()):
        if not isinstance(module, types.ModuleType):
            continue
        for name, value in list(vars(module).items()):
            if id(value) in by_id:
                setattr(module, name, by_id[id(value)])


_installed: VirtualClock | None = None


def install(*, stall_after_s: float = STALL_S) -> VirtualClock:
    """Put this process on a virtual clock for good, from the calling thread on. Before the SDK is imported.

    :raises HarnessError: it has one already.
    """
    global _installed
    if _installed is not None:
        raise HarnessError("this process has a virtual clock already. Install one once, in a process of its own.")
    _installed = VirtualClock(stall_after_s)
    _installed._take_over()
    return _installed
