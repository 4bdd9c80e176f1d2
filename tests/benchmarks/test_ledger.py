"""Benchmarks the ledger: evidence kept after a thousand kills, read time before and after compaction.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that nothing was lost.
"""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from atalaya.evidence.ledger import ledger
from tests.evidence import ledger_soak

SEGMENTS = 2_000


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL there")
def test_a_thousand_kills_lose_nothing(tmp_path: Path) -> None:
    said = ledger_soak.soak(tmp_path, kills=1_000, writers=8, seed=1)
    print("\n ", json.dumps(said))
    assert ledger_soak.well(said)


def test_many_segments_are_the_same_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(ledger, "_sweep", lambda _: None)
    for number in range(SEGMENTS):
        at = ledger_soak.T0 + timedelta(seconds=number)
        ledger.write(tmp_path, [msgspec.structs.replace(job, recorded_at=at) for job in ledger_soak.jobs(number)])
    before = timed("a survey of segments", tmp_path)
    begun_s = time.perf_counter()
    ledger.compact(tmp_path)
    print(f"  {'to compact them':28}{time.perf_counter() - begun_s:6.2f} s")
    assert before == timed("a survey, compacted", tmp_path)


def timed(what: str, folder: Path) -> ledger.Survey:
    begun_s = time.perf_counter()
    found = ledger.survey(folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"  {what:28}{time.perf_counter() - begun_s:6.2f} s  {size / 1e6:.1f} MB")
    return found
