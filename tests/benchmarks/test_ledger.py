"""Benchmarks the ledger: evidence kept after a thousand kills, read time before and after compaction.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that nothing was lost.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from atalaya.evidence.ledger import ledger, writing
from tests.benchmarks.table import Table
from tests.evidence import ledger_soak


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL there")
def test_a_thousand_kills_lose_nothing(bench: Table, tmp_path: Path) -> None:
    kills = bench.size(1_000, 50)
    said = ledger_soak.soak(tmp_path, kills=kills, writers=8, seed=1)
    kept = f"{said['acknowledged']} segments acknowledged, {len(said['lost'])} lost"
    bench.add(
        "kill writers and compactions", f"{kills} kills of 8 writers", kept, target="none lost", met=not said["lost"]
    )
    assert ledger_soak.well(said)


def test_many_segments_are_the_same_compacted(bench: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = bench.size(2_000, 500)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(writing, "sweep", lambda _: None)
    for number in range(segments):
        at = ledger_soak.T0 + timedelta(seconds=number)
        ledger.write(tmp_path, [msgspec.structs.replace(job, recorded_at=at) for job in ledger_soak.jobs(number)])
    size = f"{segments:,} segments"
    before = timed(bench, "survey segments", size, tmp_path)
    began_s = time.perf_counter()
    ledger.compact(tmp_path)
    bench.add("compact them", size, f"{time.perf_counter() - began_s:.2f} s")
    assert before == timed(bench, "survey them, compacted", size, tmp_path)


def timed(bench: Table, what: str, size: str, folder: Path) -> ledger.Survey:
    began_s = time.perf_counter()
    found = ledger.survey(folder)
    took_s = time.perf_counter() - began_s
    size_mb = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    bench.add(what, f"{size}, {size_mb:.1f} MB", f"{took_s:.2f} s")
    return found
