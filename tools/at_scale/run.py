"""Has one engine answer the questions from a fleet's tables, and says what it cost and what the answers were."""

from __future__ import annotations

import hashlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from atalaya.core.engines import DUCKDB
from atalaya.core.settings import Settings
from atalaya.metrics.engine.engine import Row, opened_columns
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import Release
from tools.at_scale.fleet import AS_OF, T0

# Each reads what it needs of the steps: jobs, events told once, keys of tests.
QUESTIONS = (
    "pass_rate",
    "decided_jobs",
    "event_tallies",
    "own_runs",
    "coverage",
    "unread",
    "flaky_tests",
    "flaky_shapes",
    "broken_tests",
)
EVERY_S = 0.5


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one question cost, and a digest of its rows, sorted."""

    question: str
    rows: int
    sha256: str
    wall_s: float
    cpu_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One engine's answers. CPU and memory are those of this process and of all that it started."""

    engine: str
    open_s: float
    wall_s: float
    cpu_s: float
    peak_bytes: int
    load: tuple[float, float, float]
    answers: tuple[Answer, ...]


def answered(folder: Path, engine: str, into: Path, *, memory: str, spill: Path) -> Report:
    """Ask each question once; the rows go into a file for each.

    :param memory: what DuckDB may use before it writes to ``spill``, as ``3GB``.
    """
    into.mkdir(parents=True, exist_ok=True)
    release = Release(version="1.0.0", commit="", opened_at=datetime.fromisoformat(T0))
    settings = Settings()
    settings = replace(settings, ci=replace(settings.ci, workflows=()))  # all of them: each SDK has its own
    span = MetricQuery(release=release, as_of=datetime.fromisoformat(AS_OF), settings=settings)
    limits = {"memory_limit": memory, "temp_directory": str(spill)} if engine == DUCKDB else {}
    began, cpu = time.monotonic(), _cpu_s()
    found = []
    with _peak() as peak, opened_columns(folder, engine=engine, **limits) as asked:
        open_s = time.monotonic() - began
        given = parameters(asked, span)
        for question in QUESTIONS:
            wall_before, cpu_before = time.monotonic(), _cpu_s()
            rows = asked.ask(question, given)
            taken = time.monotonic() - wall_before, _cpu_s() - cpu_before
            lines = _lines(rows)
            (into / f"{question}.jsonl").write_bytes(lines)
            answer = Answer(
                question=question,
                rows=len(rows),
                sha256=hashlib.sha256(lines).hexdigest(),
                wall_s=round(taken[0], 2),
                cpu_s=round(taken[1], 2),
            )
            found.append(answer)
            print(msgspec.json.encode(answer).decode(), flush=True)
        return Report(
            engine=engine,
            open_s=round(open_s, 2),
            wall_s=round(time.monotonic() - began, 2),
            cpu_s=round(_cpu_s() - cpu, 2),
            peak_bytes=peak[0],
            load=os.getloadavg(),
            answers=tuple(found),
        )


def _lines(rows: list[Row]) -> bytes:
    """Rows as text that is equal where they are: a step has no order of its own."""
    return b"\n".join(sorted(msgspec.json.encode(row, order="sorted") for row in rows)) + b"\n"


@contextmanager
def _peak() -> Iterator[list[int]]:
    """The largest that this process and its children were at once, looked at twice a second."""
    largest, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(EVERY_S):
            largest[0] = max(largest[0], sum(_resident_bytes(one) for one in _family()))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield largest
    finally:
        over.set()
        looking.join()


def _family() -> list[int]:
    """This process and those below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                parents[int(entry.name)] = int(fields[1])
    found = [os.getpid()]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _stat(process: int) -> list[str]:
    """What stands behind the name in a process's ``stat``; nothing where it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _resident_bytes(process: int) -> int:
    fields = _stat(process)
    return int(fields[21]) * resource.getpagesize() if fields else 0


def _cpu_s() -> float:
    """The CPU time of this process and of those below it, which are alive."""
    tick = os.sysconf("SC_CLK_TCK")
    times: list[list[Any]] = [_stat(process) for process in _family()]
    return sum((int(fields[11]) + int(fields[12])) / tick for fields in times if fields)
