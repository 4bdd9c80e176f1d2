"""Checks that the ledger keeps what it acknowledged when its writers are killed at random moments.

``python -m tests.evidence.ledger_soak --kills 1000 --writers 8``: real processes that write overlapping
contents, compact now and then, and note the name of each segment once ``ledger.write`` has returned. A reader
reads all along. What was found is printed as JSON; the exit code is 1 when something was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from atalaya.core.errors import AtalayaError
from atalaya.evidence.ledger import ledger, naming
from atalaya.records.stored import Conclusion, Environment, JobAttempt

T0 = datetime(2026, 1, 1, tzinfo=UTC)
RECORDS = 5  # in a segment
CONTENTS = 150  # different ones: few, so that writers meet
COMPACT_EVERY = 8  # writes, about


def jobs(number: int) -> list[JobAttempt]:
    """One content. Whoever writes it, it is the same segment."""
    return [
        JobAttempt(
            run_id=f"r{number}",
            environment=Environment.CI,
            occurred_at=T0,
            recorded_at=datetime.now(UTC),
            workflow="w",
            job=f"j{place}",
            variant="",
            attempt=1,
            commit="c",
            conclusion=Conclusion.SUCCESS,
            origin="o",
        )
        for place in range(RECORDS)
    ]


def work(folder: Path, acknowledged: Path, seed: int) -> None:
    """Write until killed. What a killed process had handed to the system by ``os.write`` stays."""
    draw = random.Random(seed)
    acks = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        (path,) = ledger.write(folder, jobs(draw.randrange(CONTENTS)))
        os.write(acks, f"{path.name}\n".encode())
        if draw.randrange(COMPACT_EVERY) == 0:
            ledger.compact(folder)


def watch(folder: Path, problems: Path, stop: Path) -> None:
    """Read until told to stop, and note every reading that was not whole."""
    while not stop.exists():
        found = list(ledger.survey(folder).problems)
        with problems.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(problem) + "\n" for problem in found)
            file.write("read\n")


def started(target: object, *args: object) -> int:
    """A process of its own, by ``fork``: a thousand fresh interpreters would be most of the time."""
    if process := os.fork():
        return process
    code = 1
    try:
        target(*args)  # type: ignore[operator]
        code = 0
    except AtalayaError as why:
        sys.stderr.write(f"writer: {why}\n")
    finally:
        os._exit(code)


def soak(folder: Path, *, kills: int, writers: int, seed: int) -> dict[str, object]:
    """Kill so often, always with so many writers at work, and look at what is there afterwards.

    On a busy machine more often, and after longer lives: until something has been compacted, so that this was tried.
    """
    draw, begun = random.Random(seed), time.monotonic()
    book, acknowledged = folder / "book", folder / "acknowledged"
    problems, stop = folder / "problems", folder / "stop"
    reader = started(watch, book, problems, stop)
    alive = [started(work, book, acknowledged, draw.randrange(2**32)) for _ in range(writers)]
    died_alone = killed = 0
    while killed < kills or (killed < 20 * kills and not list(book.glob("*.parquet"))):
        killed += 1
        time.sleep(draw.uniform(0.001, 0.2) * max(1.0, killed / kills))
        victim = alive.pop(draw.randrange(len(alive)))
        os.kill(victim, signal.SIGKILL)
        died_alone += os.WIFEXITED(os.waitpid(victim, 0)[1])
        alive.append(started(work, book, acknowledged, draw.randrange(2**32)))
    for process in alive:
        os.kill(process, signal.SIGKILL)
        died_alone += os.WIFEXITED(os.waitpid(process, 0)[1])
    stop.touch()
    reader_code = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
    return {
        "kills": killed + writers,
        "died_alone": died_alone,
        "reader_code": reader_code,
        "seconds": round(time.monotonic() - begun, 1),
    } | found(book, acknowledged, problems)


def found(book: Path, acknowledged: Path, problems: Path) -> dict[str, object]:
    """What was acknowledged beside what is there."""
    acks = acknowledged.read_text().splitlines() if acknowledged.exists() else []
    notes = problems.read_text().splitlines()
    survey = ledger.survey(book)
    names = [naming.identity(segment.info.name) for segment in survey.segments]
    return {
        "acknowledged": len(acks),
        "segments": len(names),
        "compacted_files": len(list(book.glob("*.parquet"))),
        "lost": sorted(set(map(naming.identity, acks)) - set(names)),
        "twice": len(names) - len(set(names)) + len(ledger.read(book, "job")) - RECORDS * len(names),
        "problems": [*survey.problems, *(note for note in notes if note != "read")],
        "readings": notes.count("read"),
    }


def well(said: dict[str, object]) -> bool:
    """Whether nothing was lost, nothing counted twice, and something was tried."""
    bad = ("died_alone", "reader_code", "lost", "twice", "problems")
    tried = ("acknowledged", "readings", "compacted_files")
    return not any(said[name] for name in bad) and all(said[name] for name in tried)


def main() -> int:
    """Run it in a folder that is taken away again."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=1000)
    asked.add_argument("--writers", type=int, default=8)
    asked.add_argument("--seed", type=int, default=1)
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="atalaya-soak-") as folder:
        said = soak(Path(folder), kills=args.kills, writers=args.writers, seed=args.seed)
    json.dump(said, sys.stdout)
    return 0 if well(said) else 1


if __name__ == "__main__":
    sys.exit(main())
