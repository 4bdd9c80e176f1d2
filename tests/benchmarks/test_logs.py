"""Benchmarks of the reading of a large log, beside `grep -c` and a loop over its lines.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all events are found.
"""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.table import Table, spent

ROOT = Path(__file__).parents[2]
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
import sys
from pathlib import Path
from atalaya.evidence.readers import logs
log = logs.read(Path(sys.argv[1]), scrub=str)
print(len(log.events), log.lines, log.unclassified)
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks grep for a speed, and the system for a peak")
@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_large_log_in_one_pass(bench: Table, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    lines = write(path, bench.size(200_000_000, 40_000_000), kind)
    size_mb = path.stat().st_size / 1e6
    took = spent([sys.executable, "-c", READ, path], cwd=ROOT)
    assert took.output.split() == [str(ERRORS), str(lines), "0"]
    grep = spent(["grep", "-ciE", WORDS, path], cwd=ROOT)
    began_s = time.process_time()
    line_by_line(path)
    loop_s = time.process_time() - began_s
    bench.add(
        f"read a log {kind}",
        f"{lines:,} lines, {size_mb:.0f} MB",
        f"{size_mb / took.cpu_s:.0f} MB/s of CPU time, {took.peak_mb:.0f} MB of memory",
        floor=("grep -ciE", took.cpu_s / grep.cpu_s),
        peers={"a loop over the lines": took.cpu_s / loop_s},
    )
