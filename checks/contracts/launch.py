"""How do the checks begin, in a process of their own beside the SDK?

Run through :mod:`checks.service.bind` by an interpreter that has the SDK, pytest and msgspec, and not
Atalaya, so that nothing of ours comes onto the SDK's path. The clock is installed before
the SDK is imported. One argument: a JSON file with an :class:`checks.contracts.run.Order`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main(arguments: Sequence[str]) -> int:
    """Run the checks, or the smoke, as the order in the file named says."""
    order: dict[str, Any] = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    # Imported before the clock takes over, so that our own machinery is known to work in real time.
    import msgspec
    import pytest

    with contextlib.suppress(ImportError):
        import hypothesis.stateful  # noqa: F401

    sys.path[:0] = order["paths"]
    results = Path(order["results"]).open("ab", buffering=0)  # noqa: SIM115 - open as long as the process

    def say(what: str, content: Any) -> None:
        results.write(msgspec.json.encode({what: content}) + b"\n")

    from checks.contracts import clock as clocks

    if order["smoke"]:
        from checks.contracts import smoke

        clock = clocks.install() if order["control_port"] else None
        say("smoke", smoke.run(order, clock))
        return 0
    clock = clocks.install()
    from checks.contracts.plugin import Recorder

    _warm_up(order["package"])
    recorder = Recorder(
        clock=clock,
        control_port=order["control_port"],
        deadline_s=order["deadline_s"],
        seed=order["seed"],
        wanted=frozenset(order["wanted"]),
        emit=lambda result: say(type(result).__name__, result),
        starting=lambda id: say("starting", id),
    )
    here = Path(__file__).resolve().parent
    code = pytest.main(
        [str(here), "-c", str(here / "pytest.ini"), "--rootdir", str(here)], plugins=[recorder]
    )
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else int(code)


def _warm_up(package: str) -> None:
    """Import the SDK, and what it imports late, once for all the forks instead of once in each.

    What goes wrong here is not judged: the check that meets it will say so.
    """
    __import__(package)
    from checks.subject import capabilities

    with contextlib.suppress(Exception):
        for name in capabilities.NAMES:
            capabilities.resolve(name)
        config = capabilities.resolve("ClientConfig")(env_name="check", api_base_url="http://127.0.0.1:9")
        capabilities.resolve("HttpClient")(config=config)
