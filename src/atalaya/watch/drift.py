"""Lists dependency, Python and OS changes between comparable runs.

Runs are compared with those before them that were made in a comparable environment: the same producer, in the same
place, on the same family of systems and processors, with the same minor version of Python. Hosts of such an environment
that take turns move nothing: a change is told once. What installing the release brings along is compared from look to
look. A run whose SDK could not be installed had no environment, and is compared with none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from atalaya.records.judged import EnvironmentChange
from atalaya.records.stored import Artefact, Environment, Evidence, RunContext

BEFORE_H = 12  # how far back an incident looks for what moved

# Systems that name their family first. All others are known by the name of a distribution of Linux.
FAMILIES = ("Darwin", "Windows", "FreeBSD", "NetBSD", "OpenBSD", "SunOS", "AIX")


class Comparable(NamedTuple):
    """What makes two environments comparable: between others, different packages are no move."""

    producer: str
    where: Environment
    implementation: str
    python: str
    family: str
    machine: str


def moves(records: Sequence[Evidence]) -> tuple[EnvironmentChange, ...]:
    """Every change, the oldest first. ``records`` are those that count, oldest first."""
    found = [
        *_of_runs([one for one in records if isinstance(one, RunContext) and (one.freeze or one.subject_digest)]),
        *_of_looks([one for one in records if isinstance(one, Artefact)]),
    ]
    return tuple(sorted(found, key=lambda move: (move.at, move.what, move.where)))


def before(found: Iterable[EnvironmentChange], at: datetime) -> tuple[EnvironmentChange, ...]:
    """What moved in the hours before something broke, the nearest first."""
    near = [move for move in found if at - timedelta(hours=BEFORE_H) <= move.at <= at]
    return tuple(sorted(near, key=lambda move: (at - move.at, move.what)))


def _of_runs(runs: Sequence[RunContext]) -> Iterator[EnvironmentChange]:
    """What a host has now and had not when it was last seen, unless it was told of another host before.

    A host that was never seen is held against what was told last; that it is another one is a line of its own.
    """
    told: dict[Comparable, dict[str, str]] = {}
    hosts: dict[tuple[Comparable, str], dict[str, str]] = {}
    for run in runs:
        key, parts = _comparable(run), _parts(run)
        last = told.setdefault(key, parts)
        was = hosts.get((key, run.os), last)
        hosts[key, run.os] = parts
        new = [
            move
            for move in _changed(was, parts, run.occurred_at, run.producer)
            if last.get(move.what, "") != move.after
        ]
        told[key] = last | {move.what: move.after for move in new}
        yield from new


def _comparable(run: RunContext) -> Comparable:
    system, _, machine = run.os.rpartition(", ") if ", " in run.os else (run.os, "", "")
    family = next((name for name in FAMILIES if system.startswith(name)), "Linux" if system else "")
    python = ".".join(run.python.split(".")[:2])
    return Comparable(run.producer, run.environment, run.implementation, python, family, machine)


def _parts(run: RunContext) -> dict[str, str]:
    packages = dict(_named(line) for line in run.freeze)
    return packages | {"Python": run.python, "system": run.os, "SDK": run.subject_digest[:12]}


def _of_looks(looks: Sequence[Artefact]) -> Iterator[EnvironmentChange]:
    known = [one for one in looks if one.resolved]
    for was, now in pairwise(known):
        yield from _changed(
            dict(_named(line) for line in was.resolved),
            dict(_named(line) for line in now.resolved),
            now.occurred_at,
            "index",
        )


def _named(line: str) -> tuple[str, str]:
    """A line of a freeze: a name and its version, or an address."""
    for sign in ("==", " @ "):
        name, found, version = line.partition(sign)
        if found:
            return name.strip(), version.strip()
    return line, ""


def _changed(was: Mapping[str, str], now: Mapping[str, str], at: datetime, where: str) -> Iterator[EnvironmentChange]:
    for what in sorted(was.keys() | now.keys()):
        if was.get(what) != now.get(what):
            yield EnvironmentChange(what=what, before=was.get(what, ""), after=now.get(what, ""), at=at, where=where)
