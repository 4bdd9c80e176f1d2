"""Makes a thing once in a run of the tests, however many processes run them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import pytest

try:
    import fcntl
except ImportError:  # Windows: each process makes its own
    fcntl = None  # type: ignore[assignment]

Made = TypeVar("Made")


def shared_folder(made: pytest.TempPathFactory, name: str) -> Path:
    """A folder that all processes of this run know."""
    base = made.getbasetemp()
    at_once = "PYTEST_XDIST_WORKER" in os.environ
    folder = (base.parent if at_once and fcntl else base) / name
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def made_once(folder: Path, make: Callable[[], AbstractContextManager[Made]]) -> Iterator[Made]:
    """What ``make`` gives: made by the first process that asks, and kept until the last one has let it go.

    Each process has to take its own copy (by pickle), and may only read what that names.

    :param folder: one that all these processes know, with nothing else in it.
    """
    kept = folder / "made"
    with ExitStack() as stack, (folder / "in-use").open("a") as in_use:
        with _turn(folder):
            first = not kept.exists()
            if first:
                kept.write_bytes(pickle.dumps(stack.enter_context(make())))
            _lock(in_use, alone=False)
        try:
            yield pickle.loads(kept.read_bytes())
        finally:
            if first:
                with _turn(folder):
                    kept.unlink()
                    _lock(in_use, alone=True)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    with (folder / "turn").open("a") as turn:
        _lock(turn, alone=True)
        yield


def _lock(file: IO[Any], *, alone: bool) -> None:
    """Wait for the file's lock. The system takes it back when the file is closed, or when the process dies."""
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
