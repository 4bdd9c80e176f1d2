"""Finds a check pack's folder, and binds one module name to it wherever it lies.

Standard library only: the SDK's own interpreter runs it too.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya import packs
from atalaya.core.errors import SettingsError

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack

GROUP = "atalaya.packs"
TREE = Path(__file__).resolve().parents[3] / "checks"  # the pack of a source tree
DECLARATION = "pack.py"


def load(folder: Path) -> Pack:
    """The pack that lies in a folder, under its own name.

    :raises SettingsError: the folder holds no pack, or another pack has its name already.
    """
    module = mount(name_of(folder), folder)
    declared: Pack = importlib.import_module(f"{module}.{DECLARATION.removesuffix('.py')}").PACK
    return declared


def mount(name: str, folder: Path) -> str:
    """Bind ``atalaya.packs.NAME`` to a folder; the module's name. A second call with the same folder changes nothing.

    :raises SettingsError: that name belongs to another folder.
    """
    folder = folder.resolve()
    module = f"{packs.__name__}.{name}"
    if (known := sys.modules.get(module)) is not None:
        if list(known.__path__) != [str(folder)]:
            raise SettingsError(
                f"{folder}: the check pack in {known.__path__[0]} is named {name!r} too. Rename one of them."
            )
        return module
    spec = importlib.util.spec_from_file_location(
        module, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise SettingsError(f"{folder}: it cannot be imported. Name the folder of a check pack.")
    package = importlib.util.module_from_spec(spec)
    sys.modules[module] = package
    try:
        spec.loader.exec_module(package)
    except BaseException:
        del sys.modules[module]
        raise
    setattr(packs, name, package)
    return module


def mounted() -> tuple[Path, ...]:
    """The folders of the packs that are bound in this process."""
    prefix = f"{packs.__name__}."
    names = sorted(name for name in sys.modules if name.startswith(prefix) and name.count(".") == prefix.count("."))
    return tuple(Path(next(iter(sys.modules[name].__path__))) for name in names)


def name_of(folder: Path) -> str:
    """The name of the pack in a folder: its ``pack.py`` says ``NAME = "..."``. Nothing is run to read it.

    :raises SettingsError: there is no pack in the folder.
    """
    file = folder / DECLARATION
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as why:
        raise SettingsError(f"{file}: it cannot be read: {why}. Name the folder of a check pack.") from None
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["NAME"]:
            name = ast.literal_eval(node.value)
            if isinstance(name, str) and name.isidentifier() and (folder / "__init__.py").is_file():
                return name
    raise SettingsError(f'{file}: a check pack has an `__init__.py`, and `NAME = "..."` here. Add what is missing.')


def find(named: Sequence[str] = (), base: Path | None = None) -> Path:
    """The folder of the pack to use: the one that is named, else the source tree's, else the one that is installed.

    :param named: what ``[checks] packs`` says: folders relative to ``base``, or names of installed packs.
    :raises SettingsError: more than one is named, or none can be found.
    """
    if len(named) > 1:
        raise SettingsError(f"watch.toml checks.packs: {len(named)} packs are named, and one can be used. Leave one.")
    if named:
        folder = (base or Path.cwd()) / named[0]
        return folder if folder.is_dir() else _installed(named[0])
    return TREE if (TREE / DECLARATION).is_file() else _installed()


def _installed(name: str = "") -> Path:
    """The folder of an installed pack; of the only one, where no name is given."""
    entries = {entry.name: entry.value for entry in metadata.entry_points(group=GROUP)}
    if name and name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise SettingsError(
            f"watch.toml checks.packs: {name!r} is no folder and no installed check pack ({known}). Give one of these."
        )
    if not name and len(entries) != 1:
        known = ", ".join(sorted(entries)) or "none"
        raise SettingsError(f"watch.toml checks.packs: name the check pack to use. Installed: {known}.")
    module = entries[name] if name else next(iter(entries.values()))
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(f"{module}: this check pack is installed without its folder. Install it again.")
    return Path(next(iter(spec.submodule_search_locations)))
