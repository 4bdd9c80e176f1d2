"""Plants a seeded defect: one small, plausible change to a pack's reference SDK."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from atalaya.core.errors import HarnessError
from atalaya.harness.declare import Defect, SeededEvent, StandIn
from atalaya.harness.pack import Pack
from atalaya.sdk.source import folder_of

PROJECT = "pyproject.toml"  # a defect in it is one in what the package declares


def inject(pack: Pack, defect: Defect | SeededEvent | StandIn, into: Path) -> Path:
    """Copy the source of the pack's reference SDK into a folder, with the change in it; the folder to import from.

    What is found in the SDK as it was released is mended first, but for the change itself.

    :raises HarnessError: the lines to be replaced do not stand there exactly once, indented alike.
    """
    folder = into / defect.id
    inner = folder_of(pack.package)
    shutil.copytree(pack.source / inner, folder / inner, ignore=shutil.ignore_patterns("__pycache__"))
    mends = [one.mended for one in pack.defects if one.found and one.id != defect.id]
    for change in (*mends, *([] if isinstance(defect, Defect) and defect.found else [defect])):
        if change.file == PROJECT:
            _declare(folder, changed(change, (pack.reference / PROJECT).read_text(encoding="utf-8")))
        else:
            file = folder / inner / change.file
            file.write_text(changed(change, file.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def _declare(folder: Path, project: str) -> None:
    """Lay down what an installer writes beside a package of this project: its name, what it declares and holds."""
    tables = tomllib.loads(project)
    table = tables["project"]
    lines = ["Metadata-Version: 2.1", f"Name: {table['name']}", f"Version: {table['version']}"]
    if "requires-python" in table:
        lines.append(f"Requires-Python: {table['requires-python']}")
    lines += [f"Requires-Dist: {one}" for one in table.get("dependencies", ())]
    info = folder / f"{table['name'].replace('-', '_')}-{table['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    held = tables["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    rows = [f"{Path(one).name}/__init__.py,," for one in held] + [f"{info.name}/METADATA,,"]
    (info / "RECORD").write_text("\n".join(rows) + "\n", encoding="utf-8")


def changed(defect: Defect | SeededEvent | StandIn, text: str) -> str:
    """The text of the defect's file with the change in it.

    :raises HarnessError: the lines to be replaced do not stand there exactly once, indented alike.
    """
    lines, old = text.split("\n"), defect.old.split("\n")
    # The indentation of the first line is that of all: what is declared has none in common.
    places = [
        (at, indent)
        for at, line in enumerate(lines)
        if not (indent := line[: len(line) - len(old[0])]).strip()
        and lines[at : at + len(old)] == _indented(old, indent)
    ]
    if len(places) != 1:
        raise HarnessError(
            f"{defect.id}: the lines that it replaces stand {len(places)} times in {defect.file}, "
            f"not once. Bring its diff back in line with the reference SDK."
        )
    [(at, indent)] = places
    lines[at : at + len(old)] = _indented(defect.new.split("\n"), indent) if defect.new else []
    return "\n".join(lines)


def _indented(lines: list[str], indent: str) -> list[str]:
    return [indent + line if line else "" for line in lines]
