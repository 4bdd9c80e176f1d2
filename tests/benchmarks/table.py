"""The one table of a benchmark: each figure beside its floor, its peers and its target, measured in the same run.

Ways to do one thing take turns, so that a machine that is busy for a while is so for all of them, and what is compared
is compared turn by turn. A row says a ratio as "how many times as long", so 1 is equal and less is faster.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Taken = dict[str, list[float]]  # what each way took each time, by its name
HEADS = ("What", "Size", "Atalaya", "Times the floor", "Times each peer", "Target", "Met")


def paired(
    ways: Mapping[str, Callable[[], object]], *, turns: int, clock: Callable[[], float] = time.process_time
) -> Taken:
    """How long each way took each time, in seconds. They take turns, and the first turn is to warm up."""
    taken: Taken = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, way in ways.items():
            gc.collect()
            began_s = clock()
            way()
            if turn:
                taken[name].append(clock() - began_s)
    return taken


def times(taken: Taken, one: str, other: str) -> float:
    """How many times as long one way took as another, the median over the turns."""
    return statistics.median(a / b for a, b in zip(taken[one], taken[other], strict=True))


# Starts a command from a process that is small: the system counts as a peak also what the one had that it came from.
WAITS = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss], file)
"""


class Spent(NamedTuple):
    """What a process and all that it waited for took: CPU and wall in seconds, the largest of them in MB.

    ``output`` is its standard output, and ``said`` what it wrote beside it.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str
    said: str
    code: int


def spent(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None, fine: bool = True
) -> Spent:
    """Run a command, and say what it took.

    :param fine: whether it must end with 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        began_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-S", "-c", WAITS, str(told), *map(str, command)],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        wall_s = time.perf_counter() - began_s
        code, cpu_s, peak = json.loads(told.read_text())
    assert code == 0 or not fine, done.stdout + done.stderr
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of the peak: bytes there, kB here
    return Spent(cpu_s, wall_s, peak / unit, done.stdout, done.stderr, code)


class Row(NamedTuple):
    """One figure. ``met`` is None where there is no target, or the run is too small to say."""

    what: str
    size: str
    ours: str
    floor: str = ""
    peers: str = ""
    target: str = ""
    met: bool | None = None


class Table:
    """The rows of one run. ``quick`` asks for inputs of which a run takes a few minutes."""

    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self.rows: list[Row] = []

    @property
    def turns(self) -> int:
        return 3 if self.quick else 7

    def size(self, whole: int, quick: int) -> int:
        """How much to measure with."""
        return quick if self.quick else whole

    def add(
        self,
        what: str,
        size: str,
        ours: str,
        *,
        floor: tuple[str, float] | None = None,
        peers: Mapping[str, float] | None = None,
        target: str = "",
        met: bool | None = None,
    ) -> None:
        """Add a row, and print it.

        :param floor: the least that any way can take, by its name, and how many times as long ours took.
        :param peers: how many times as long ours took as each other way.
        """
        beside = "; ".join(f"{name}: {ratio:.2f}" for name, ratio in (peers or {}).items())
        row = Row(what, size, ours, f"{floor[0]}: {floor[1]:.2f}" if floor else "", beside, target, met)
        self.rows.append(row)
        print(f"\n  {' | '.join(_cells(row))}")

    def compare(
        self,
        what: str,
        size: str,
        taken: Taken,
        *,
        ours: str,
        floor: str = "",
        peers: Sequence[str] = (),
        amount: tuple[float, str] | None = None,
        target: str = "",
        met: Callable[[dict[str, float]], bool] | None = None,
    ) -> None:
        """Add a row of ways that took turns.

        :param amount: how much was done, and of what, so that ours is told as a speed; in seconds without it.
        :param met: of the ratios by name, whether the target is met.
        """
        took_s = statistics.median(taken[ours])
        ratios = {name: times(taken, ours, name) for name in taken if name != ours}
        self.add(
            what,
            size,
            f"{amount[0] / took_s:,.0f} {amount[1]}/s" if amount else f"{took_s:.2f} s",
            floor=(floor, ratios[floor]) if floor else None,
            peers={name: ratios[name] for name in peers},
            target=target,
            met=met(ratios) if met and not self.quick else None,
        )

    def markdown(self, machine: str) -> str:
        """The page of results."""
        how = "a quick run: sizes are small, and targets are not held against it" if self.quick else "a full run"
        lines = [
            "# Benchmark",
            "",
            f"Measured on {machine}; {how}.",
            "A ratio says how many times as long Atalaya took, the median of turns: 1 is equal, less is faster.",
            "Readers, queries and judgements are compared by CPU time, other commands by time on the wall.",
            "",
            f"| {' | '.join(HEADS)} |",
            f"|{'|'.join(' --- ' for _ in HEADS)}|",
            *(f"| {' | '.join(_cells(row))} |" for row in self.rows),
        ]
        return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    return [*row[:-1], met]
