"""Benchmarks a fleet of a hundred, a thousand and ten thousand releases: at first, after new evidence of one of them,
and where nothing is new.

Run by ``nox -s bench``. Of each ten releases of a subject nine are sealed, and the word of the newest was recorded; all
have the evidence of a rehearsal. The floor of the first time is to read each file once and to take its digest, that of
the others to look once at each file. Figures are never asserted; what is asserted is that only what is new was read.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import JobAttempt
from tests.benchmarks.table import Spent, Table, spent
from tests.fleet import many

ROOT = Path(__file__).parents[2]
SIZES = (100, 1_000, 10_000)
QUICK = SIZES[:1]
EACH = 10  # releases of a subject

READ_ALL = """
import hashlib, os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            hashlib.file_digest(file, "sha256")
"""
LOOK_AT_ALL = """
import os, sys
def look(folder):
    with os.scandir(folder) as entries:
        for entry in entries:
            look(entry.path) if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False)
look(sys.argv[1])
"""


@pytest.mark.parametrize("releases", SIZES)
def test_a_fleet_of_releases(bench: Table, releases: int, tmp_path: Path) -> None:
    if bench.quick and releases not in QUICK:
        pytest.skip("not in a quick run")
    root, of = tmp_path / "ours", tmp_path / "theirs"
    root.mkdir()
    made = many.fleet(of, releases // EACH, EACH)
    (root / "watch.toml").write_text('[watch]\nlanguage = "en"\n', encoding="utf-8")
    listed = made.read_text(encoding="utf-8").replace('path = "', f'path = "{of}/')
    (root / "fleet.toml").write_text(listed, encoding="utf-8")

    def shown() -> tuple[Spent, int]:
        took = spent([sys.executable, "-m", "atalaya", "--root", root, "fleet", "--json"], cwd=ROOT, fine=False)
        (read,) = re.findall(r" opened, ([\d,]+) read, ", took.said)
        return took, int(read.replace(",", ""))

    def floor_of(code: str) -> Spent:
        return spent([sys.executable, "-c", code, of], cwd=ROOT)

    all_read, all_looked_at = floor_of(READ_ALL), floor_of(LOOK_AT_ALL)
    rows = [("fleet, at first", shown(), ("read and digest each file", all_read), releases)]
    newest = of / "team-0000" / "1.9.0" / "evidence"
    job = ledger.readable(newest, JobAttempt)[-1]
    ledger.write(newest, [replace(job, run_id="added")])
    rows.append(("fleet, new evidence of one release", shown(), ("look at each file", all_looked_at), 1))
    rows.append(("fleet, nothing new", shown(), ("look at each file", all_looked_at), 0))
    for what, (took, read), (floor, of_floor), expected in rows:
        assert read == expected, what
        bench.add(
            what,
            f"{releases:,} releases of {releases // EACH:,} subjects",
            f"{took.cpu_s:.1f} s of CPU time, {took.wall_s:.1f} s, {took.peak_mb:.0f} MB",
            floor=(floor, took.cpu_s / of_floor.cpu_s),
        )
