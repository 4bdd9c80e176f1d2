"""Lets one process at a time do what two would spoil for each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, busy: Callable[[], object]) -> Iterator[None]:
    """Hold a lock, which ends with the process that holds it, however that ends. Windows has none, nor have some
    file systems.

    :param lock: the file to hold; it is made, and stays.
    :param busy: called where another process holds it. It may raise; else this waits until the other is done.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        if os.name != "nt":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy()
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError:
                pass  # there is no lock to be had
        yield
