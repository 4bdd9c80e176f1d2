"""Addresses at which nobody answers: one that refuses, and one that leaves connections waiting."""

from __future__ import annotations

import _thread
import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from atalaya.harness.outcomes import CannotTell, describe

WAITS_S = 4.0  # when nobody waits any more


def closed_port() -> int:
    """A port that nobody listens on: bound and closed again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def deaf_port(sleep: Callable[[float], None]) -> Iterator[int]:
    """A port at which connections wait: its queue is full. Later it refuses them, so that nobody waits for ever.

    :param sleep: sleeps in real time.
    :raises CannotTell: this system answers, whatever the queue.
    """
    listener = socket.socket()
    waiting = []
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        for _ in range(8):
            one = socket.socket()
            waiting.append(one)
            one.settimeout(0.05)
            try:
                one.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        else:
            raise CannotTell("this system accepts connections that nobody has asked for")

        def refuse() -> None:
            sleep(WAITS_S)
            with contextlib.suppress(OSError):
                listener.close()

        _thread.start_new_thread(refuse, ())
        yield port
    except OSError as why:
        raise CannotTell(f"no port could be made that leaves connections waiting: {describe(why)}") from why
    finally:
        for one in (*waiting, listener):
            one.close()
