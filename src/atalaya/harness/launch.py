"""Starts the checks in a separate process, next to the SDK.

Run through :mod:`atalaya.mock_server.isolated_entry` by an interpreter that has the SDK, pytest and msgspec, and not
Atalaya, so that nothing of ours comes onto the SDK's path. The clock is installed before
the SDK is imported. One argument: a JSON file with an :class:`atalaya.harness.runner.RunRequest`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atalaya.harness.supervisor import Stage, Task, keep_watch

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack

HERE = Path(__file__).resolve().parent
EXPLORATION = "check_exploration.py"  # in a pack, the one file that needs Hypothesis

ENDED = "the SDK's process ended"

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

    from atalaya.core.pack_loader import load

    pack = load(Path(order["pack"]))
    files = files_of(pack, order["wanted"])
    if EXPLORATION in [file.name for file in files]:
        with contextlib.suppress(ImportError):
            import hypothesis.stateful  # noqa: F401

    results = Path(order["results"])

    def say(what: str, content: Any) -> None:
        # Opened for each line: whoever imports an SDK that closes what is open has lost nothing.
        with results.open("ab", buffering=0) as file:
            file.write(msgspec.json.encode({what: content}) + b"\n")

    from atalaya.harness import virtual_clock as clocks

    if order["smoke"]:
        from atalaya.harness import smoke

        _speak(pack, order)
        clock = clocks.install() if order["control_port"] else None
        say("smoke", smoke.run(order, clock, pack.load("smoke"), pack.load("fixture")))
        return 0

    from atalaya.harness.missing_results import unknown, without_sdk
    from atalaya.harness.recorder import Recorder

    for id, reason in task.lost.items():
        found = unknown(pack, id, reason)
        say(type(found).__name__, found)
    clock = clocks.install()
    _speak(pack, order)
    why_not, no_client = (task.all_lost, "") if task.all_lost else _import(pack, order["package"], task.warm, say)
    of_start = not task.all_lost or Stage.IMPORTING.value in task.all_lost  # whatever else took all was not the SDK
    if of_start:
        say("start_error", why_not or no_client)
    if why_not:
        for id in order["wanted"] or pack.promise:
            if id not in task.settled:
                found = without_sdk(pack, id, why_not, broken=pack.imports if of_start else "")
                say(type(found).__name__, found)
        return 0
    recorder = Recorder(
        pack=pack,
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
    options = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(pack.folder), "--capture=no"]
    code = pytest.main([*map(str, files), *options], plugins=[recorder])
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else int(code)


def files_of(pack: Pack, wanted: Sequence[str]) -> list[Path]:
    """The files that hold what is wanted; none wanted means all of them. To import the others takes longest of all."""
    files = pack.files("check_*.py", "probe_*.py")
    named = [file for file in files if _names_one_of(wanted, file)]
    return named or files


def _names_one_of(ids: Sequence[str], file: Path) -> bool:
    text = file.read_text(encoding="utf-8")
    return any(f'("{id}")' in text for id in ids)


def _speak(pack: Pack, order: dict[str, Any]) -> None:
    """Speak the names of the pack's contract, and let them be those of the SDK, where it has names of its own."""
    import msgspec

    from atalaya.sdk import binding
    from atalaya.sdk.adapter import Adapter

    words, adapter = pack.load("capabilities"), msgspec.convert(order["adapter"], Adapter | None)
    known = getattr(words, "CAPABILITIES", {})
    binding.activate_adapter(words.VOCABULARY, known, adapter, ours=Path(order["results"]).parent)


def _import(pack: Pack, package: str, warm: bool, say: Any) -> tuple[str, str]:
    """Import the SDK, and what it imports late, once for all the forks instead of once in each.

    Why it cannot be imported, and why no client of it can be built; empty where it can. Without a client the checks
    go on: the one that meets it will say so.

    :param warm: whether to build a client: not where one has taken this process with it.
    """
    from atalaya.harness.process_group import Surroundings
    from atalaya.harness.start import why_not_imported

    before, me, leave = Surroundings(), os.getpid(), os._exit
    try:
        say("stage", Stage.IMPORTING.name)
        why_not = why_not_imported(package)
        if os.getpid() != me:  # a copy that the SDK has made of this process
            leave(0)
        if why_not:
            return why_not, ""
        no_client = f"{ENDED} {Stage.WARMING.value}"
        if warm:
            say("stage", Stage.WARMING.name)
            no_client = _warm_up(pack)
            if os.getpid() != me:
                leave(0)
        say("stage", Stage.CHECKING.name)
        return "", no_client
    finally:
        # The variables stay as the SDK has set them: so they are for its users.
        before.put_back(environ=False)


def _warm_up(pack: Pack) -> str:
    """Import what the SDK imports late, and build a first client. Why none can be built; empty where one can."""
    from atalaya.harness.start import why_no_client
    from atalaya.sdk import binding

    with contextlib.suppress(BaseException):
        for name in binding.NAMES:
            with contextlib.suppress(ImportError, AttributeError):
                binding.resolve(name)
    return why_no_client(getattr(pack.load("fixture"), "warm_up", None), _kept.append)
