"""What moved under the release, so that "it broke at T+30" has an answer?

Runs are compared with the one before them of the same producer on the same machine and Python: two that take turns on
different machines move nothing. What installing the release brings along is compared from look to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from checks.records import Artefact, Evidence, Move, RunContext

BEFORE_H = 12  # how far back an incident looks for what moved


def moves(records: Sequence[Evidence]) -> tuple[Move, ...]:
    """Every change, the oldest first. ``records`` are those that count, oldest first."""
    found = [*_of_runs([one for one in records if isinstance(one, RunContext)]),
             *_of_looks([one for one in records if isinstance(one, Artefact)])]  # fmt: skip
    return tuple(sorted(found, key=lambda move: (move.at, move.what, move.where)))


def before(found: Iterable[Move], at: datetime) -> tuple[Move, ...]:
    """What moved in the hours before something broke, the nearest first."""
    near = [move for move in found if at - timedelta(hours=BEFORE_H) <= move.at <= at]
    return tuple(sorted(near, key=lambda move: (at - move.at, move.what)))


def _of_runs(runs: Sequence[RunContext]) -> Iterator[Move]:
    last: dict[tuple[str, str, str], RunContext] = {}
    for run in runs:
        # The patch level may move on one machine; the machine itself is its system and its minor version of Python.
        key = (run.producer, run.os.partition("-")[0], ".".join(run.python.split(".")[:2]))
        was = last.get(key)
        last[key] = run
        if was is not None:
            yield from _changed(_parts(was), _parts(run), run.occurred_at, run.producer)


def _parts(run: RunContext) -> dict[str, str]:
    packages = dict(_named(line) for line in run.freeze)
    return packages | {"Python": run.python, "system": run.os, "SDK": run.subject_digest[:12]}


def _of_looks(looks: Sequence[Artefact]) -> Iterator[Move]:
    known = [one for one in looks if one.resolved]
    for was, now in pairwise(known):
        yield from _changed(
            dict(_named(line) for line in was.resolved), dict(_named(line) for line in now.resolved), now.occurred_at,
            "index",
        )  # fmt: skip


def _named(line: str) -> tuple[str, str]:
    """A line of a freeze: a name and its version, or an address."""
    for sign in ("==", " @ "):
        name, found, version = line.partition(sign)
        if found:
            return name.strip(), version.strip()
    return line, ""


def _changed(was: Mapping[str, str], now: Mapping[str, str], at: datetime, where: str) -> Iterator[Move]:
    for what in sorted(was.keys() | now.keys()):
        if was.get(what) != now.get(what):
            yield Move(what=what, before=was.get(what, ""), after=now.get(what, ""), at=at, where=where)
