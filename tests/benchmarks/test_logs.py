"""Benchmarks of the reading of a large log, beside `grep -c` and a loop over its lines.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all events are found.
"""

from __future__ import annotations

import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SIZE_BYTES = int(os.environ.get("BENCH_LOG_BYTES", "200_000_000"))  # 1_000_000_000 takes half a minute
BLOCK_LINES = 200_000
ERRORS = 20  # in a block, each of another cause
WORDS = "error|exception|timeout|timed out|refused|reset"

# One of these a line, and how often: what a job of CI writes.
LINES: tuple[tuple[int, str], ...] = (
    (50, "INFO request GET /orders/{n} -> 200 in {ms} ms"),
    (20, "tests/test_orders.py::test_order_{n}[{ms}] PASSED [ 42%]"),
    (20, 'DEBUG urllib3.connectionpool http://127.0.0.1:8080 "POST /v1/exports/{n} HTTP/1.1" 201 {ms}'),
    (10, "Downloading package_{n}-1.2.3-py3-none-any.whl (45.3 kB)"),
)
# The same with lines that speak of errors, and requests that fail and are answered later: each is looked at.
TELLING: tuple[tuple[int, str], ...] = (
    *LINES,
    (10, "tests/test_timeouts.py::test_connection_refused_{n}[{ms}] PASSED [ 42%]"),
    (5, "DEBUG acme.client connection pool: 0 errors, timeout={ms} retries=3"),
)
KINDS = {"quiet": LINES, "that speaks of errors": TELLING}
READ = """
import re, sys
from pathlib import Path
from atalaya.evidence.readers import logs
log = logs.read(Path(sys.argv[1]), scrub=str)
print(len(log.events), log.lines, log.unclassified)
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def block(kind: str) -> bytes:
    """Lines of which a few tell of an error, the same for each run."""
    chance = random.Random(BLOCK_LINES)
    weights, texts = zip(*KINDS[kind], strict=True)
    lines = [
        f"2026-01-01T00:{chance.randrange(60):02}:{chance.randrange(60):02}.{chance.randrange(10**7):07}Z "
        + text.format(n=chance.randrange(10**6), ms=chance.randrange(900))
        for text in chance.choices(texts, weights, k=BLOCK_LINES)
    ]
    for number in range(ERRORS):
        stamp = "2026-01-01T00:00:00.0000000Z"
        lines[number * BLOCK_LINES // ERRORS] = f"{stamp} ERROR smoke: ConnectionError: order {number} was refused"
    return "\n".join(lines).encode() + b"\n"


def write(path: Path, size_bytes: int, kind: str) -> int:
    """Write a log of about a size; how many lines it has."""
    lines, once = 0, block(kind)
    with path.open("wb") as file:
        while file.tell() < size_bytes:
            file.write(once)
            lines += BLOCK_LINES
    return lines


def line_by_line(path: Path) -> int:
    """The least that a loop over the lines does: ask one pattern of each."""
    wanted = re.compile(WORDS, re.IGNORECASE)
    with path.open(encoding="utf-8", errors="replace") as file:
        return sum(wanted.search(line) is not None for line in file)


def cpu_s(call: Callable[[], object]) -> float:
    """The CPU time of this process and of those that it starts."""
    used = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    call()
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) - sum(used)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak, and grep for a speed")
@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_large_log_in_one_pass(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    lines = write(path, SIZE_BYTES, kind)
    size_mb = path.stat().st_size / 1e6
    said: list[str] = []

    def ours() -> None:
        done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
        said.extend(done.stdout.splitlines())

    def grep() -> None:
        subprocess.run(["grep", "-ciE", WORDS, str(path)], capture_output=True, check=False)

    began_s = time.perf_counter()
    taken = {"Atalaya": cpu_s(ours)}
    wall_s = time.perf_counter() - began_s
    taken |= {"grep -ciE": cpu_s(grep), "a loop over the lines": cpu_s(lambda: line_by_line(path))}
    print(f"\na log {kind}, of {lines} lines, {size_mb:.0f} MB; at most {said[1]} MB of memory, {wall_s:.1f} s")
    for name, took_s in taken.items():
        print(f"  {name:24}{size_mb / took_s:6.0f} MB/s of CPU time")
    assert said[0] == f"{ERRORS} {lines} 0"
