"""Benchmarks the import of 10,000 job attempts from GitHub: time and number of requests."""

from __future__ import annotations

import time
from pathlib import Path

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import JobAttempt
from tests.evidence.github.stand_in import job, serving
from tests.evidence.github.watching import Watch

RUNS, ATTEMPTS, JOBS = 500, 2, 10


def test_ten_thousand_attempts_of_jobs_cost_a_request_a_page_and_nothing_the_second_time(tmp_path: Path) -> None:
    with serving() as github:
        watch = Watch(tmp_path, github)
        for run in range(RUNS):
            first = run * ATTEMPTS * JOBS
            github.add_run(
                run, *([job(first + n * JOBS + k, f"test ({k})") for k in range(JOBS)] for n in range(ATTEMPTS))
            )
        began_s = time.perf_counter()
        watch.take()
        took_s = time.perf_counter() - began_s
        pages = RUNS // 100 + RUNS * ATTEMPTS * 2 + RUNS
        assert {200: pages} == github.counted()
        assert len(ledger.read(watch.folder, JobAttempt)) == RUNS * ATTEMPTS * JOBS
        began_s = time.perf_counter()
        watch.take()
        again_s = time.perf_counter() - began_s
        assert github.counted() == {304: RUNS // 100}
    print(f"\n{RUNS * ATTEMPTS * JOBS} attempts of jobs: {pages} requests, {took_s:.1f} s; again: {again_s:.1f} s")
