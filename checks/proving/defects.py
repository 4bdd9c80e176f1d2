"""Plants a seeded defect: one small, plausible change to a pack's reference SDK."""

from __future__ import annotations

import shutil
from pathlib import Path

from checks.contracts.pack import Pack
from checks.declare import Defect, StandIn
from checks.errors import HarnessError
from checks.subject.source import folder_of


def plant(pack: Pack, defect: Defect | StandIn, into: Path) -> Path:
    """Copy the source of the pack's reference SDK into a folder, with the change in it; the folder to import from.

    :raises HarnessError: the text to be replaced does not stand there exactly once.
    """
    folder = into / defect.id
    shutil.copytree(pack.source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / folder_of(pack.package) / defect.file
    text = file.read_text(encoding="utf-8")
    found = text.count(defect.old)
    if found != 1:
        raise HarnessError(
            f"{defect.id}: the text that it replaces stands {found} times in {defect.file}, "
            f"not once. Bring its `old` back in line with the reference SDK."
        )
    file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
    return folder
