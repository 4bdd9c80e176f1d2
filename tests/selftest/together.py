"""Runs some checks against many changed copies of the SDK, at the price of two starts."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from atalaya.harness.declare import Defect, StandIn
from atalaya.harness.runner import ResultLine, RunRequest
from atalaya.mock_server import isolated_entry
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.records.results import CheckResult, FindingResult
from atalaya.sdk.prepare import Prepared, scrubbed_environ
from atalaya.selftest.prove import PATIENCE_S
from atalaya.selftest.seeded_faults import inject
from tests.selftest import forks

AT_ONCE = 2


class Ask(NamedTuple):
    """A change of the SDK, and the ids of promises and limitations that are to look at it."""

    change: Defect | StandIn
    wanted: tuple[str, ...]


def looked_at(prepared: Prepared, asked: Sequence[Ask]) -> list[list[CheckResult | FindingResult]]:
    """What became of each: the results that there are. One that lacks any was not looked at to its end."""
    with tempfile.TemporaryDirectory(prefix="atalaya-together-", ignore_cleanup_errors=True) as name:
        folders = [Path(name) / str(number) for number in range(len(asked))]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            shares = range(AT_ONCE)
            list(pool.map(lambda n: _one_process(prepared, asked[n::AT_ONCE], folders[n::AT_ONCE]), shares))
        return [_results(folder / "results.jsonl") for folder in folders]


def _one_process(prepared: Prepared, asked: Sequence[Ask], folders: Sequence[Path]) -> None:
    with ServiceProcess(pack=prepared.pack.folder) as service:
        for ask, folder in zip(asked, folders, strict=True):
            (folder / "home").mkdir(parents=True)
            (folder / "results.jsonl").touch()
            (folder / "environ.json").write_text(json.dumps(scrubbed_environ(folder / "home")), encoding="utf-8")
            order = RunRequest(
                pack=str(prepared.pack.folder),
                paths=(str(inject(prepared.pack, ask.change, folder)),),
                package=prepared.package,
                adapter=prepared.adapter,
                results=str(folder / "results.jsonl"),
                control_port=service.control_port,
                deadline_s=PATIENCE_S,
                wanted=ask.wanted,
            )
            (folder / "order.json").write_bytes(msgspec.json.encode(order))
        subprocess.run(
            [str(prepared.python), "-I", "-B", forks.__file__, isolated_entry.__file__, *map(str, folders)],
            cwd=folders[0] / "home",
            env=scrubbed_environ(folders[0] / "home"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )


def _results(file: Path) -> list[CheckResult | FindingResult]:
    lines = (msgspec.json.decode(line, type=ResultLine) for line in file.read_bytes().splitlines())
    return [result for line in lines for result in (line.CheckResult, line.FindingResult) if result is not None]
