"""Makes the releases of many subjects cheaply: copies of the rehearsals by hard links, most of them closed.

``python -m tests.fleet.many FOLDER SUBJECTS RELEASES`` writes so many, and a ``fleet.toml`` beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from atalaya.evidence.ledger import ledger, manifest
from atalaya.fleet import reading
from atalaya.fleet.tallies import tallied
from atalaya.records.stored import (
    Environment,
    Release,
    SegmentManifest,
    VerdictRecord,
    VerdictStatus,
    WatchTransition,
    record_metadata,
)
from atalaya.watch.folder import _toml
from atalaya.watch.seal import SCHEMA, Seal, _files
from atalaya.watch.states import OPEN

RELEASES = Path(__file__).parents[2] / "docs" / "releases"
KINDS = ("rehearsal-1", "rehearsal-2", "rehearsal-3")
WORDS = ("GO", "GO", "GO", "GO", "GO", "INCONCLUSIVE", "EXTEND", "GO", "NO-GO", "GO")
T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SAID_AT = T0 + timedelta(days=25)

read = partial(reading.read, tally=tallied)  # as the fleet reads


def metrics(version: str, word: str, at: datetime = SAID_AT, *, state: str = "MEETS") -> dict[str, Any]:
    """A document of the schema ``atalaya.metrics/1``, as far as the fleet reads it."""
    stamp = at.isoformat().replace("+00:00", "Z")
    until = (at + timedelta(hours=25)).isoformat().replace("+00:00", "Z")
    zero = {"value": 0.0, "low": 0.0, "high": 0.02, "n": 400, "unit": "events"}
    return {
        "schema": "atalaya.metrics/1",
        "release": {"version": version},
        "as_of": stamp,
        "verdict": {
            "word": word,
            "rule": "all-met",
            "window": "ended",
            "digest": hashlib.sha256(version.encode()).hexdigest(),
            "valid_until": until,
            "because": [f"It is {word} by its report."],
        },
        "metrics": [
            {"id": "pass-rate", "state": state, "value": 0.95, "low": 0.89, "high": 0.98, "n": 60, "unit": "share"},
            {"id": "stale-cache", "state": "PROVEN", **zero},
        ],
    }


def release(releases: Path, version: str, *, kind: str = KINDS[0], at: datetime = T0, real: bool = False) -> Path:
    """A release with the evidence of a rehearsal, by hard links; one that is ``real`` was opened, and no more."""
    folder = releases / version
    (folder / "evidence").mkdir(parents=True)
    opened = Release(version=version, commit="0123abc", opened_at=at, rehearsal=not real)
    (folder / "release.toml").write_text(_toml(opened), encoding="utf-8")
    for file in _segments(kind) if not real else ():
        os.link(file, folder / "evidence" / file.name)
    if real:
        ledger.write(folder / "evidence", [step(at, OPEN)])
    return folder


def step(at: datetime, state: str, **changes: Any) -> WatchTransition:
    """A watch takes a step."""
    taken = {"state": state, "window_h": 72, "by": "ana", "why": "it is time"}
    return WatchTransition(**(record_metadata(f"{state}-{at.isoformat()}", Environment.LOOPBACK, at) | taken | changes))


@cache
def _segments(kind: str) -> tuple[Path, ...]:
    return tuple(sorted((RELEASES / kind / "evidence").iterdir()))


def sealed(folder: Path, word: str = "GO", *, state: str = "MEETS") -> Path:
    """The same release, closed with a word: its report, and the seal over all that is there."""
    content = json.dumps({"schema": "atalaya.closing/1", "report": metrics(folder.name, word, state=state)}).encode()
    (folder / "report.json").write_bytes(content)
    seal = Seal(
        schema=SCHEMA,
        release=folder.name,
        state="closed",
        closed_at=SAID_AT,
        by="ana",
        why="it is over",
        word=word,
        rule="all-met",
        verdict="",
        settings="",
        files=tuple(_files(folder)),
    )
    (folder / "seal.json").write_bytes(msgspec.json.encode(seal))
    return folder


def said(folder: Path, word: str = "GO", at: datetime = SAID_AT, *, real: bool = False) -> Path:
    """The same release, with a verdict that was recorded as said at an instant."""
    environment = Environment.LOOPBACK if real else Environment.REHEARSAL
    verdict = VerdictRecord(
        **record_metadata(f"said-{at.isoformat()}", environment, at),
        word=VerdictStatus(word),
        rule="all-met",
        verdict="0" * 64,
        because=("Everything that was asked for is met.",),
    )
    call_the_roll(folder / "evidence", at, run_id=verdict.run_id)
    ledger.write(folder / "evidence", [verdict])
    return folder


def call_the_roll(evidence: Path, at: datetime = SAID_AT, run_id: str = "roll") -> None:
    """Write down which segments are there, as each command that adds evidence does."""
    names, digests = manifest.unnamed(evidence)
    call = SegmentManifest(**record_metadata(run_id, Environment.LOOPBACK, at), segments=names, digests=digests)
    ledger.write(evidence, [call] if names else [])


def fleet(folder: Path, subjects: int, each: int) -> Path:
    """So many subjects with so many releases each: all are closed but for the newest, whose last word was recorded."""
    for subject in range(subjects):
        for number, place in enumerate(_places(folder / f"team-{subject:04}", each)):
            kind = KINDS[(subject + number) % 3]
            made = release(place.parent, place.name, kind=kind, at=T0 + timedelta(hours=number))
            word = WORDS[(subject * 7 + number) % 10]
            if number == each - 1:
                said(made, word if word != "INCONCLUSIVE" else "WAITING")
            else:
                sealed(made, word, state={"GO": "PROVEN", "NO-GO": "FAIL"}.get(word, "INCONCLUSIVE"))
    sources = "".join(f'\n[[source]]\npath = "team-{number:04}"\n' for number in range(subjects))
    (folder / "fleet.toml").write_text(f"rehearsals = true\n{sources}", encoding="utf-8")
    return folder / "fleet.toml"


def _places(folder: Path, each: int) -> Iterator[Path]:
    for number in range(each):
        yield folder / f"{number // 10 + 1}.{number % 10}.0"


if __name__ == "__main__":
    print(fleet(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))  # noqa: T201
