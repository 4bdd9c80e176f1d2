"""Benchmarks the import of 10,000 job attempts from GitHub: time and number of requests."""

from __future__ import annotations

import time
from pathlib import Path

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import JobAttempt
from tests.benchmarks.table import Table
from tests.evidence.github.stand_in import job, serving
from tests.evidence.github.watching import Watch

ATTEMPTS, JOBS = 2, 10


def test_ten_thousand_attempts_of_jobs_cost_a_request_a_page_and_nothing_the_second_time(
    bench: Table, tmp_path: Path
) -> None:
    runs = bench.size(500, 100)
    with serving() as github:
        watch = Watch(tmp_path, github)
        for run in range(runs):
            first = run * ATTEMPTS * JOBS
            github.add_run(
                run, *([job(first + n * JOBS + k, f"test ({k})") for k in range(JOBS)] for n in range(ATTEMPTS))
            )
        began_s = time.perf_counter()
        watch.take()
        took_s = time.perf_counter() - began_s
        asked = github.counted()
        listed = asked[200] - (runs * ATTEMPTS * 2 + runs)
        assert set(asked) == {200}
        assert 0 < listed <= runs // 100 + 3
        assert len(ledger.read(watch.folder, JobAttempt)) == runs * ATTEMPTS * JOBS
        began_s = time.perf_counter()
        watch.take()
        again_s = time.perf_counter() - began_s
        assert github.counted() == {304: listed}
    size = f"{runs * ATTEMPTS * JOBS:,} attempts of jobs"
    bench.add("GitHub, from nothing", size, f"{took_s:.1f} s, {asked[200]:,} requests")
    bench.add("GitHub, nothing new", size, f"{again_s:.1f} s, {listed} requests, none of them counted")
