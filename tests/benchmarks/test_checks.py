"""Benchmarks the checks of an SDK: the whole set of them, the smoke, and a soak of 72 hours in virtual time.

Run by ``nox -s bench``. Figures are never asserted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from pathlib import Path

from atalaya.harness.runner import run_checks, run_smoke
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.sdk.prepare import Prepared
from tests.benchmarks.table import Table
from tests.ours import PACK

ROOT = Path(__file__).parents[2]
EVERY_S = 2
SIDES = min(2, os.cpu_count() or 1)  # as the command has it
SHARE = 0.8  # of the requests a second of the same client in a bare loop


def test_the_whole_set_of_checks(bench: Table, prepared: Prepared) -> None:
    run = run_checks(prepared, sides=SIDES)
    assert run.checks
    size = f"{len(run.checks)} promises and {len(run.findings)} probes"
    bench.add("check, all of it", size, f"{run.duration_s:.1f} s in {SIDES} processes, start-up included")


def test_the_smoke_in_virtual_time(bench: Table, prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=bench.size(500, 100))
    assert run.waits == bench.size(500, 100)
    a_second = run.requests / run.duration_s
    bench.add("smoke, in virtual time", f"{run.waits} waits, {run.requests} requests", f"{a_second:.0f} requests/s")


def requests_a_second(prepared: Prepared, service: ServiceProcess, how: str, polls: int) -> float:
    source = str(prepared.paths[0]) if prepared.paths else ""
    worker = [str(prepared.python), str(Path(__file__).with_name("soak.py"))]
    done = subprocess.run(
        [*worker, str(ROOT), source, str(service.control_port), how, str(polls)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_a_soak_of_72_virtual_hours(bench: Table, prepared: Prepared) -> None:
    hours = bench.size(72, 8)
    polls = hours * 3600 // EVERY_S
    shares = []
    with ServiceProcess(pack=PACK.folder) as service:
        for _ in range(3):  # in turn, so that a machine that slows down slows both
            bare = requests_a_second(prepared, service, "bare", polls // 10)
            clocked = requests_a_second(prepared, service, "clock", polls // 10)
            shares.append(clocked / bare)
        whole = requests_a_second(prepared, service, "clock", polls)
    share = statistics.median(shares)
    bench.add(
        "soak, in virtual time",
        f"{hours} h, a poll each {EVERY_S} s",
        f"{polls / whole:.0f} s, {whole:.0f} requests/s",
        floor=("the same client in a bare loop", 1 / share),
        target=f"{SHARE:.0%} of the floor's requests a second: at most {1 / SHARE:.2f} times",
        met=None if bench.quick else share >= SHARE,
    )
