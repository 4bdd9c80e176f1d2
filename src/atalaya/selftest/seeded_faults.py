"""Plants a seeded defect: one small, plausible change to a pack's reference SDK."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path

from atalaya.core.errors import HarnessError
from atalaya.harness.declare import Defect, SeededEvent, StandIn
from atalaya.harness.pack import Pack
from atalaya.sdk.source import folder_of

PROJECT = "pyproject.toml"  # a defect in it is one in what the package declares


def inject(pack: Pack, defect: Defect | SeededEvent | StandIn, into: Path) -> Path:
    """Copy the source of the pack's reference SDK into a folder, with the change in it; the folder to import from.

    :raises HarnessError: the lines to be replaced do not stand there exactly once, indented alike.
    """
    return inject_together(pack, (defect,), into / defect.id)


def inject_together(pack: Pack, defects: Sequence[Defect | SeededEvent | StandIn], folder: Path) -> Path:
    """Copy the source of the pack's reference SDK to ``folder``, with several changes in it at once.

    What is found in the SDK as it was released is mended first, but for what is among the changes.

    :raises HarnessError: lines to be replaced do not stand there exactly once, indented alike: another change of
        these may have replaced them.
    """
    inner = folder_of(pack.package)
    shutil.copytree(pack.source / inner, folder / inner, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in changed_files(pack, defects).items():
        if name == PROJECT:
            _declare(folder, text)
        else:
            (folder / inner / name).write_text(text, encoding="utf-8")
    return folder


def changed_files(pack: Pack, defects: Sequence[Defect | SeededEvent | StandIn]) -> dict[str, str]:
    """The text of each file that these changes touch, by its name in the package.

    :raises HarnessError: as for :func:`inject_together`.
    """
    ids = {one.id for one in defects}
    mends = [one.mended for one in pack.defects if one.found and one.id not in ids]
    texts: dict[str, str] = {}
    for change in (*mends, *(one for one in defects if not (isinstance(one, Defect) and one.found))):
        if change.file not in texts:
            file = (
                pack.reference / PROJECT
                if change.file == PROJECT
                else pack.source / folder_of(pack.package) / change.file
            )
            texts[change.file] = file.read_text(encoding="utf-8")
        texts[change.file] = changed(change, texts[change.file])
    return texts


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
