"""The result of the self-test, one file a family: which seeded defect was caught by what, and when.

``prove`` leaves it beside the defects, so that a site that is built without the SDK can say of each promise when it
was last seen red, and by what. A whole ``prove`` writes all files; that of single defects replaces their rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from atalaya.core.kept_record import encoded, kept_in
from atalaya.core.words import Record
from atalaya.harness.declare import Family
from atalaya.harness.pack import Pack
from atalaya.sdk.source import folder_of
from atalaya.sdk.source_hash import package_digest
from atalaya.selftest.prove import Caught, Proven, proven

SCHEMA = "atalaya.self-test/2"
NAME = "selftest.json"  # in the folder of its family


class Run(Record, frozen=True, kw_only=True):
    """One ``prove``: when, on which Python, against which source of the reference SDK, and what was caught.

    ``requirement`` is what the reference SDK was installed by, where the pack does not hold it.
    ``to_all`` is False where each defect was shown only to the promises that it should turn red.
    """

    made_at: datetime
    python: str
    subject_digest: str
    to_all: bool
    defects: tuple[Caught, ...]
    requirement: str = ""


class Kept(Record, frozen=True, kw_only=True):
    """What one file holds: for each defect of the family the last run that showed it, the oldest run first."""

    runs: tuple[Run, ...]
    schema: str = SCHEMA


class SelfTest(Record, frozen=True, kw_only=True):
    """What the files of all families of a pack say together."""

    pack: Pack
    runs: tuple[Run, ...]

    @property
    def made_at(self) -> datetime:
        """The time of the oldest run: no defect was shown before it."""
        return min(run.made_at for run in self.runs)

    @property
    def python(self) -> str:
        """The version of Python, or those of several runs."""
        return ", ".join(sorted({run.python for run in self.runs}))

    @property
    def to_all(self) -> bool:
        """Whether every run has shown its defects to all promises."""
        return all(run.to_all for run in self.runs)

    @property
    def defects(self) -> tuple[Caught, ...]:
        """What became of each defect, in the order in which they are declared."""
        rows = [one for run in self.runs for one in run.defects]
        order = {id: at for at, id in enumerate(self.pack.defect)}
        return tuple(sorted(rows, key=lambda one: (order.get(one.id, len(order)), one.id)))

    @property
    def proven(self) -> Proven:
        """What follows from all of them."""
        return proven(self.defects, tuple(self.pack.promise))

    def is_of(self, subject_digest: str) -> bool:
        """Whether every run was against this source of the reference SDK."""
        return {run.subject_digest for run in self.runs} == {subject_digest}

    def turned_red(self) -> dict[str, tuple[Caught, ...]]:
        """The defects that turned each promise red, in the order in which they are declared.

        A promise that was never red is not among them.
        """
        found: dict[str, list[Caught]] = {}
        for caught in self.defects:
            for promise in caught.caught_by:
                found.setdefault(promise, []).append(caught)
        return {promise: tuple(defects) for promise, defects in found.items()}

    def last_red(self) -> dict[str, datetime]:
        """When each promise was last seen red. One that never was is not among them."""
        found: dict[str, datetime] = {}
        for run in self.runs:
            for promise in {promise for caught in run.defects for promise in caught.caught_by}:
                found[promise] = max(run.made_at, found.get(promise, run.made_at))
        return found


def path(family: Family) -> Path:
    """The file of one family."""
    return family.folder / NAME


def place(pack: Pack) -> Path:
    """All files of a pack, as a message names them."""
    return pack.folder / "*" / NAME


def read(pack: Pack) -> SelfTest | None:
    """The self-test of the pack; None where there is none yet.

    :raises UsageError: a file is there, and is not what ``prove`` writes.
    """
    runs = tuple(run for family in pack.families for run in _read(path(family)))
    return SelfTest(pack=pack, runs=runs) if runs else None


def counted(pack: Pack) -> tuple[int, int] | None:
    """How many defects the self-test in the pack has seeded, and how many were caught by each promise they break.

    None where there is none, or where it is of another reference SDK or of other defects than those that are here:
    it says nothing of these checks then.
    """
    kept = read(pack)
    declared = {defect.id: defect.expected for defect in pack.defects}
    if kept is None or {one.id: one.expected for one in kept.defects} != declared:
        return None
    here = pack.requirement or package_digest(pack.source / folder_of(pack.package))
    if {run.requirement or run.subject_digest for run in kept.runs} != {here}:
        return None
    return len(kept.defects), sum(not one.survived for one in kept.defects)


def write(pack: Pack, run: Run, *, whole: bool) -> None:
    """Keep a run: in place of all that was kept before where it is whole, else in place of the same defects' rows."""
    for family in pack.families:
        declared = {defect.id for defect in family.defects}
        rows = [one for one in run.defects if one.id in declared]
        if rows or whole:
            before = () if whole else _read(path(family))
            kept = [_only(one, declared - {row.id for row in rows}) for one in before] + [_only(run, declared)]
            path(family).write_text(encoded(_kept(kept)), encoding="utf-8")


def _read(file: Path) -> tuple[Run, ...]:
    kept = kept_in(file, Kept, what="self-test", again="Write it anew: atalaya prove")
    return kept.runs if kept is not None else ()


def _only(run: Run, ids: set[str]) -> Run:
    """The run with the rows of these defects alone, sorted: a row stays where it is, whatever its neighbours do."""
    rows = sorted((one for one in run.defects if one.id in ids), key=lambda one: one.id)
    return msgspec.structs.replace(run, defects=tuple(rows))


def _kept(runs: Iterable[Run]) -> Kept:
    return Kept(runs=tuple(run for run in runs if run.defects))
