"""How do the checks begin, in a process of their own beside the SDK?

Run through :mod:`checks.service.bind` by an interpreter that has the SDK, pytest and msgspec, and not
Atalaya, so that nothing of ours comes onto the SDK's path. The clock is installed before
the SDK is imported. One argument: a JSON file with an :class:`checks.contracts.run.Order`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checks.contracts.warden import Stage, Task, keep_watch

HERE = Path(__file__).resolve().parent
EXPLORATION = HERE / "check_exploration.py"  # the one file that needs Hypothesis

# What the SDK leaves behind when it is imported or first used must not be thrown away: it may not like to go.
_kept: list[Any] = []


def main(arguments: Sequence[str]) -> int:
    """Run the checks, or the smoke, as the order in the file named says."""
    order: dict[str, Any] = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    # What the SDK leaves in the folder for temporary files goes when the run's own folder goes.
    scratch = Path(order["results"]).parent / "tmp"
    scratch.mkdir(exist_ok=True)
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)))
    tempfile.tempdir = str(scratch)
    if hasattr(os, "fork"):
        return keep_watch(order, lambda task: work(order, task))
    return work(order, Task())


def work(order: dict[str, Any], task: Task) -> int:
    """Import the SDK and do what the order says; of that, what the task leaves to do."""
    sys.path[:0] = order["paths"]
    # Imported before the clock takes over, so that our own machinery is known to work in real time.
    import msgspec
    import pytest

    files = files_of(order["wanted"])
    if EXPLORATION in files:
        with contextlib.suppress(ImportError):
            import hypothesis.stateful  # noqa: F401

    results = Path(order["results"])

    def say(what: str, content: Any) -> None:
        # Opened for each line: whoever imports an SDK that closes what is open has lost nothing.
        with results.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode({what: content}) + b"\n")

    from checks.contracts import clock as clocks

    if order["smoke"]:
        from checks.contracts import smoke

        _speak(order)
        say("smoke", smoke.run(order, clocks.install() if order["control_port"] else None))
        return 0

    from checks.contracts.plugin import Recorder, unknown
    from checks.contracts.promises import PROMISES

    for id, reason in task.lost.items():
        found = unknown(id, reason)
        say(type(found).__name__, found)
    clock = clocks.install()
    _speak(order)
    if why_not := task.all_lost or _import(order["package"], warm=task.warm, say=say):
        for id in order["wanted"] or [promise.id for promise in PROMISES]:
            if id not in task.settled:
                found = unknown(id, why_not)
                say(type(found).__name__, found)
        return 0
    recorder = Recorder(
        clock=clock,
        folder=results.parent,
        control_port=order["control_port"],
        deadline_s=order["deadline_s"],
        seed=order["seed"],
        wanted=frozenset(order["wanted"]),
        settled=task.settled,
        emit=lambda result: say(type(result).__name__, result),
        starting=lambda id: say("starting", id),
    )
    options = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), "--capture=no"]
    code = pytest.main([*map(str, files), *options], plugins=[recorder])
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else int(code)


def files_of(wanted: Sequence[str]) -> list[Path]:
    """The files that hold what is wanted; none wanted means all of them. To import the others takes longest of all."""
    files = sorted([*HERE.glob("check_*.py"), *HERE.glob("probe_*.py")])
    named = [file for file in files if _names_one_of(wanted, file)]
    return named or files


def _names_one_of(ids: Sequence[str], file: Path) -> bool:
    text = file.read_text(encoding="utf-8")
    return any(f'("{id}")' in text for id in ids)


def _speak(order: dict[str, Any]) -> None:
    """Let the names of the contract be those of the SDK, where it has names of its own."""
    if order.get("adapter"):
        import msgspec

        from checks.subject import capabilities
        from checks.subject.adapter import Adapter

        adapter = msgspec.convert(order["adapter"], Adapter)
        capabilities.use(adapter, ours=Path(order["results"]).parent)


def _import(package: str, *, warm: bool, say: Any) -> str:
    """Import the SDK, and what it imports late, once for all the forks instead of once in each.

    Why it cannot be imported; empty where it can. What else goes wrong here is not judged: the check that
    meets it will say so.
    """
    from checks.contracts.judging import describe
    from checks.contracts.processes import Surroundings

    before, me, leave = Surroundings(), os.getpid(), os._exit
    try:
        say("stage", Stage.IMPORTING.name)
        try:
            __import__(package)
        except BaseException as why:
            return f"the SDK cannot be imported: {describe(why)}"
        finally:
            if os.getpid() != me:  # a copy that the SDK has made of this process
                leave(0)
        if warm:
            say("stage", Stage.WARMING.name)
            _warm_up()
            if os.getpid() != me:
                leave(0)
        say("stage", Stage.CHECKING.name)
        return ""
    finally:
        # The variables stay as the SDK has set them: so they are for its users.
        before.put_back(environ=False)


def _warm_up() -> None:
    from checks.subject import capabilities

    with contextlib.suppress(BaseException):
        for name in capabilities.NAMES:
            with contextlib.suppress(ImportError, AttributeError):
                capabilities.resolve(name)
        config = capabilities.resolve("ClientConfig")(env_name="check", api_base_url="http://127.0.0.1:9")
        _kept.append(capabilities.resolve("HttpClient")(config=config))
