"""What a check pack needs to declare its promises, limitations and seeded defects."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from checks.records import Promise, Statement
from checks.records import Weakness as Limitation


class Defect(NamedTuple):
    """One change, in words and in text, and the promises that it breaks."""

    id: str
    says: str
    file: str
    old: str
    new: str
    expected: tuple[str, ...]


class StandIn(NamedTuple):
    """One change after which the reference SDK has a weakness that it lacks, or lacks one that it has.

    ``has`` says which: whether a probe must see the weakness once the change is made.
    """

    weakness: str
    has: bool
    file: str
    old: str
    new: str

    @property
    def id(self) -> str:
        """The weakness, and which of its two faces this is."""
        return f"{self.weakness}-{'there' if self.has else 'gone'}"


class Family(NamedTuple):
    """One family of a pack: what its three modules declare, and the folder that they lie in."""

    name: str
    folder: Path
    promises: tuple[Promise, ...]
    statements: tuple[Statement, ...]
    limitations: tuple[Limitation, ...]
    defects: tuple[Defect, ...]
    stand_ins: tuple[StandIn, ...]
