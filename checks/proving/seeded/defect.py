"""What is a seeded defect, and how is it planted?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from checks.errors import HarnessError
from checks.subject.capabilities import PACKAGE

CONFIG, HTTP, EXPORTS, BASE, ERRORS = (
    "config.py",
    "http_client.py",
    "clients/exports_client.py",
    "clients/base.py",
    "error_mapper.py",
)


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


def plant(defect: Defect | StandIn, source: Path, into: Path) -> Path:
    """Copy the reference SDK's ``src`` into a folder, with the change in it; returns the folder to import from.

    :raises HarnessError: the text to be replaced does not stand there exactly once.
    """
    folder = into / defect.id
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / PACKAGE / defect.file
    file.write_text(changed(defect, file.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def changed(defect: Defect | StandIn, text: str) -> str:
    """The text of the defect's file with the change in it.

    :raises HarnessError: the text to be replaced does not stand there exactly once.
    """
    found = text.count(defect.old)
    if found != 1:
        raise HarnessError(
            f"{defect.id}: the text that it replaces stands {found} times in {defect.file}, "
            f"not once. Bring its `old` back in line with the reference SDK."
        )
    return text.replace(defect.old, defect.new)
