"""A guard against work that grows with the square of its input: in CPU time, which a busy machine does not change."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def cpu_seconds(at_most: float) -> Iterator[None]:
    """Fail when the block has used so much of the processor: far more than it needs, and less than a day.

    Regular expressions look for signals while they match. Where there are no such timers, nothing is guarded.
    """

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise AssertionError(f"it has used {at_most:g} s of the processor and is not at its end")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, at_most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
