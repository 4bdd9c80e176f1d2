"""Supervises the process that holds the SDK, and starts another one when it dies.

The supervisor holds no SDK. It forks the process that does, follows the results as they are written, and ends that
process when it has said nothing for too long. Where it died in the middle of a check, that check alone is lost:
another one goes on with the rest. Whatever was started below ends with the supervisor, and the supervisor ends with
whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from atalaya.harness import process_group

GRACE_S = 5.0  # beyond a check's own deadline, which is kept one floor below


class Stage(Enum):
    """How far a process with the SDK has come; the value is what it is called in a reason."""

    BEGINNING = "before the SDK was imported"
    IMPORTING = "while the SDK was imported"
    WARMING = "while a first client was built"
    CHECKING = "between two checks"


class Task(NamedTuple):
    """What the next process with the SDK is to do.

    ``lost`` are the ids without a result, each with the reason; with ``all_lost`` no check is run at all,
    and whatever has no result yet has that reason. ``warm`` says whether to build a client before the forks.
    """

    settled: frozenset[str] = frozenset()
    lost: dict[str, str] = {}  # noqa: RUF012 - never changed
    all_lost: str = ""
    warm: bool = True


class _Progress:
    """What the file of results tells of the process that writes it."""

    def __init__(self, results: Path) -> None:
        self.settled: set[str] = set()
        self._results = results
        self._read = 0
        self.begin()

    def begin(self) -> None:
        """Another process writes from here on."""
        with self._results.open("ab") as file:  # a sign of life, for whoever waits for one
            file.write(json.dumps({"stage": Stage.BEGINNING.name}).encode() + b"\n")
        self.stage = Stage.BEGINNING
        self.testing = ""
        self.moved = False

    def look(self) -> bool:
        """Read on. Whether anything was new."""
        with self._results.open("rb") as file:
            file.seek(self._read)
            *whole, _ = file.read().split(b"\n")
        for line in whole:
            self._read += len(line) + 1
            self._take(json.loads(line))
        return bool(whole)

    def _take(self, line: dict[str, Any]) -> None:
        if "stage" in line:
            self.stage = Stage[line["stage"]]
        if "starting" in line:
            self.testing, self.moved = line["starting"], True
        for kind in ("CheckResult", "FindingResult"):
            if kind in line:
                self.settled.add(line[kind]["id"])
                if line[kind]["id"] == self.testing:
                    self.testing = ""


def keep_watch(order: dict[str, Any], work: Callable[[Task], int]) -> int:
    """Let forks of this process do ``work`` until everything has a result. The exit code of the last."""
    parent = os.getppid()
    os.setsid()  # whoever ends our process group, ends nobody else
    process_group.adopt_orphans()
    signal.signal(signal.SIGTERM, _end)
    progress = _Progress(Path(order["results"]))
    patience_s = max(float(order["deadline_s"]), 1.0) + GRACE_S
    task = Task()
    try:
        while True:
            progress.begin()
            code = _one_life(work, task, progress, patience_s, parent)
            if code == 0 or order["smoke"] or task.all_lost or os.getppid() != parent:
                return 0 if code == 0 else code if code is not None and code > 0 else 1
            task = _after(task, progress, code, patience_s)
    finally:
        process_group.end_all()


def _one_life(
    work: Callable[[Task], int], task: Task, progress: _Progress, patience_s: float, parent: int
) -> int | None:
    """One process with the SDK, from its fork to its end. None where it had to be ended."""
    child = _forked(lambda: _shielded(work, task))
    ends_s = time.monotonic() + patience_s
    looked_s = 0.0

    def enough() -> bool:
        nonlocal ends_s, looked_s
        now_s = time.monotonic()
        if now_s - looked_s < 0.02:
            return False
        looked_s = now_s
        if progress.look():
            ends_s = now_s + patience_s
        # Until the SDK is imported all is our own work: how long it takes is the machine's matter.
        silent = now_s >= ends_s and progress.stage is not Stage.BEGINNING
        return silent or os.getppid() != parent

    code = process_group.wait(child, enough, _doze)
    process_group.end_group(child)
    process_group.end_all()
    progress.look()
    return code


def _shielded(work: Callable[[Task], int], task: Task) -> int:
    """Stand between the supervisor and the SDK process, which may kill its parent. As that one ends, so do we."""

    def with_the_sdk() -> int:
        process_group.adopt_orphans()
        process_group.set_limits()
        return work(task)

    process_group.adopt_orphans()
    code = process_group.wait(_forked(with_the_sdk), lambda: False, _doze)
    assert code is not None
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _doze(seconds: float) -> None:
    """Look less often than who waits for a check: nobody is waiting for us, and each look takes time from the SDK."""
    time.sleep(20 * seconds)


def _forked(act: Callable[[], int]) -> int:
    """The id of a process that does what ``act`` does and ends with its answer, or with us."""
    me, leave = os.getpid(), os._exit
    child = os.fork()
    if child == 0:
        said = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setsid()  # a session and a group of its own: what it is to its children, we are not
            process_group.end_with_parent(me)
            said = act()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            leave(said)
    return child


def _after(task: Task, progress: _Progress, code: int | None, patience_s: float) -> Task:
    """What is left to do, now that a process has died."""
    how = (
        f"gave no sign of life for {patience_s:g} real seconds, and was stopped,"
        if code is None
        else f"ended ({process_group.how_it_ended(code)})"
    )
    settled = frozenset(progress.settled)
    if progress.testing:
        lost = {progress.testing: f"the SDK's process {how} while testing {progress.testing}"}
        return Task(settled | lost.keys(), lost, warm=task.warm)
    if progress.stage is Stage.WARMING and task.warm:
        return Task(settled, warm=False)
    if progress.moved:
        return Task(settled, warm=task.warm)
    return Task(settled, all_lost=f"the SDK's process {how} {progress.stage.value}")


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
