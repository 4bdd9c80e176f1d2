"""The command line of ``nox -s at_scale``: ``make``, ``run`` or ``compare``, and a folder."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from atalaya.core.engines import DUCKDB, ENGINES


def main() -> int:
    """Make a fleet's tables, have an engine answer from them, or hold the answers of both against each other."""
    of = argparse.ArgumentParser(prog="nox -s at_scale --", description=main.__doc__)
    commands = of.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write the tables of a fleet")
    make.add_argument("folder", type=Path)
    make.add_argument("--attempts", type=int, default=1_000_000, help="executions of tests, about (default: 10^6)")
    make.add_argument("--seed", type=int, default=7)
    run = commands.add_parser("run", help="answer the questions, and say what it cost")
    run.add_argument("folder", type=Path)
    run.add_argument("--engine", choices=ENGINES, default=DUCKDB)
    run.add_argument("--memory", default="3GB", help="what DuckDB may use before it spills (default: 3GB)")
    compare = commands.add_parser("compare", help="hold the answers of both engines against each other")
    compare.add_argument("folder", type=Path)
    given = of.parse_args()
    if given.command == "make":
        return _make(given.folder, given.attempts, given.seed)
    return _run(given.folder, given.engine, given.memory) if given.command == "run" else _compare(given.folder)


def _make(folder: Path, attempts: int, seed: int) -> int:
    from tools.at_scale.fleet import make

    began = time.monotonic()
    rows = make(folder, attempts, seed=seed)
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    print(f"{rows}, {size / 1e6:.0f} MB of Parquet, in {time.monotonic() - began:.0f} s")
    return 0


def _run(folder: Path, engine: str, memory: str) -> int:
    from tools.at_scale.run import answered

    into = folder / "answers" / engine
    report = answered(folder, engine, into, memory=memory, spill=folder / "spill")
    (into / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    print(
        f"{engine}: {report.wall_s:.0f} s, of them {report.open_s:.0f} to open; {report.cpu_s:.0f} CPU-s; "
        f"{report.peak_bytes / 2**30:.2f} GiB; load {report.load[0]:.1f}"
    )
    return 0


def _compare(folder: Path) -> int:
    ours, theirs = (folder / "answers" / engine for engine in ENGINES)
    differ = [
        file.name for file in sorted(ours.glob("*.jsonl")) if file.read_bytes() != (theirs / file.name).read_bytes()
    ]
    print(f"these differ: {', '.join(differ)}" if differ else "both give the same answers, to the last digit")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
