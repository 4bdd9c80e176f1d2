"""Counts how often the checks call a healthy SDK broken, or unknown.

Runs every healthy SDK many times, each time with another seed, and counts. From the project's folder::

    python -m tests.benchmarks.healthy_sdks --runs 200
    python -m tests.benchmarks.healthy_sdks --runs 200 --family polling --sdk extra-jitter

Each zero that it prints has a denominator: by the rule of three, none in 200 runs means at most 1.5 % (95 %).
Ends with 1 if there was any false alarm or any unknown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed

from atalaya.records.results import CheckRun
from atalaya.records.stored import Outcome
from tests.other_sdks.bench import bench, found
from tests.other_sdks.healthy import HEALTHY
from tests.other_sdks.old import OLD
from tests.ours import PROMISES

WRONG = (Outcome.BROKEN, Outcome.UNKNOWN)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200, help="runs of each SDK, with the seeds 0, 1, 2 and so on")
    parser.add_argument("--first-seed", type=int, default=0, help="where the seeds begin")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--sdk", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--promise", action="append", default=[], help="only this promise; may be given again")
    parser.add_argument("--family", action="append", default=[], help="only its promises; may be given again")
    asked = parser.parse_args(arguments)
    sdks = [sdk for sdk in HEALTHY + OLD if not asked.sdk or sdk.id in asked.sdk]
    if set(asked.sdk) - {sdk.id for sdk in sdks}:
        parser.error(f"--sdk: there are {', '.join(sdk.id for sdk in HEALTHY + OLD)}")
    wanted = *asked.promise, *(promise.id for promise in PROMISES if promise.contract in asked.family)
    counts: Counter[tuple[str, Outcome]] = Counter()
    if asked.family and not wanted:
        parser.error(f"--family: there are {', '.join(sorted({promise.contract for promise in PROMISES}))}")
    began_s, done = time.monotonic(), 0
    with bench() as made, ThreadPoolExecutor(asked.jobs) as pool:
        runs = {
            pool.submit(made.run, sdk, seed=seed, wanted=wanted): (sdk, seed)
            for seed in range(asked.first_seed, asked.first_seed + asked.runs)
            for sdk in sdks
        }
        for future in as_completed(runs):
            sdk, seed = runs.pop(future)
            done += 1
            _count(future.result(), counts, f"{sdk.id}, seed {seed}")
    took_s = time.monotonic() - began_s
    print(f"{done} runs of {len(sdks)} SDKs in {took_s:.0f} s")
    for outcome in WRONG:
        wrong = {promise: n for (promise, kind), n in counts.items() if kind is outcome}
        print(f"{outcome}: {sum(wrong.values())}")
        for promise, n in sorted(wrong.items()):
            print(f"  {promise}: {n} of {done}")
    return 1 if counts else 0


def _count(run: CheckRun, counts: Counter[tuple[str, Outcome]], where: str) -> None:
    for outcome in WRONG:
        for promise, reason in found(run, outcome).items():
            counts[promise, outcome] += 1
            print(f"{where}: {promise} is {outcome}: {reason}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
