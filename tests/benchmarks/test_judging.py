"""Benchmarks a judgement of a million attempts of tests, from the ledger to the verdict, in a process of its own.

Run by ``nox -s bench``. The first judgement reads everything, and keeps what it read; the next one reads what is new,
and here nothing is. What is asserted is that segments and compacted evidence give the same verdict, at first and again.
The floor is to read each file once and to decode each record, as the check of its digest does; the peer is one query
over the same files that somebody wrote by hand.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from tests.benchmarks import release
from tests.benchmarks.table import Table, spent

ROOT = Path(__file__).parents[2]
CPU_S, PEAK_MB = 5, 500
AS_OF = (release.T0 + timedelta(hours=72)).isoformat()

FLOOR = """
import sys, zlib
from pathlib import Path
import msgspec
from atalaya.records.stored import TestAttempt
decoder = msgspec.json.Decoder(TestAttempt)
for path in Path(sys.argv[1]).glob("test-*.jsonl.gz"):
    content = zlib.decompress(path.read_bytes(), zlib.MAX_WBITS | 16)
    for begin in range(0, len(content), 2**20):
        pass
    decoder.decode_lines(content).clear()
"""

BY_HAND = """
import sys
import duckdb
duckdb.connect(config={"threads": 2}).execute('''
    SELECT test, count(*) FILTER (attempts >= 2), count(*) FILTER (passes > 0 AND passes < attempts) AS mixed
    FROM (
      SELECT test, "commit", variant, count(*) AS attempts, count(*) FILTER (outcome = 'passed') AS passes
      FROM read_json($files, format = 'newline_delimited', columns = {
        'test': 'VARCHAR', 'commit': 'VARCHAR', 'variant': 'VARCHAR', 'outcome': 'VARCHAR'
      })
      WHERE outcome IN ('passed', 'failed', 'errored')
      GROUP BY ALL
    )
    GROUP BY test ORDER BY mixed DESC, test
''', {"files": sys.argv[1] + "/test-*.jsonl.gz"}).fetchall()
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "wait4"), reason="the system does not say what a process took")
def test_judging_all_attempts_of_a_release(bench: Table, tmp_path: Path) -> None:
    tests = bench.size(20_000, 5_000)
    runs = bench.size(50, 20)
    evidence = release.make(tmp_path, runs=runs, tests=tests)
    size = f"{runs * tests:,} attempts of {tests:,} tests"
    floor = spent([sys.executable, "-c", FLOOR, evidence], cwd=ROOT)
    by_hand = spent([sys.executable, "-c", BY_HAND, evidence], cwd=ROOT)
    atalaya = [sys.executable, "-m", "atalaya", "--root", tmp_path]
    said = {}
    for how in ("segments", "compacted"):
        if how == "compacted":
            ledger.compact(evidence)
        for turn in ("at first", "again"):
            took = spent(
                [*atalaya, "judge", "--json", "--as-of", AS_OF, "--release", release.VERSION], cwd=ROOT, fine=False
            )
            said[how, turn] = json.loads(took.output)
            bench.add(
                f"judge {turn}, from {how}",
                size,
                f"{took.cpu_s:.1f} s of CPU time, {took.wall_s:.1f} s, {took.peak_mb:.0f} MB",
                floor=("decode each record once", took.cpu_s / floor.cpu_s),
                peers={"one query by hand, of the segments": took.cpu_s / by_hand.cpu_s},
                target=f"at most {CPU_S} s of CPU time and {PEAK_MB} MB at 1,000,000",
                met=None if bench.quick else took.cpu_s <= CPU_S and took.peak_mb <= PEAK_MB,
            )
    assert all(one == said["segments", "at first"] for one in said.values())
