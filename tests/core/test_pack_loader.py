"""Tests that a check pack is found, and bound to one name wherever it lies."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from atalaya.core import pack_loader
from atalaya.core.errors import SettingsError
from atalaya.core.pack_loader import find, load, mount, mounted, name_of
from tests.ours import PACK

ROOT = Path(__file__).parents[2]
NAME = "made_up"


def pack(folder: Path, name: str = NAME) -> Path:
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""A pack."""\n')
    (folder / "pack.py").write_text(f'NAME = "{name}"\nPACK = __name__\n')
    (folder / "sibling.py").write_text("from .pack import NAME\n")
    return folder


@pytest.fixture(autouse=True)
def unbound() -> Iterator[None]:
    yield
    for module in [module for module in sys.modules if module.startswith(f"atalaya.packs.{NAME}")]:
        del sys.modules[module]


def test_a_pack_is_bound_to_its_name_and_imports_its_siblings(tmp_path: Path) -> None:
    folder = pack(tmp_path / "anywhere")
    assert load(folder) == f"atalaya.packs.{NAME}.pack"
    assert importlib.import_module(f"atalaya.packs.{NAME}.sibling").NAME == NAME
    assert folder in mounted()


def test_to_bind_it_once_more_changes_nothing(tmp_path: Path) -> None:
    folder = pack(tmp_path / "pack")
    mount(NAME, folder)
    bound = sys.modules[f"atalaya.packs.{NAME}"]
    mount(NAME, tmp_path / "." / "pack")
    assert bound is sys.modules[f"atalaya.packs.{NAME}"]


def test_a_name_belongs_to_one_folder(tmp_path: Path) -> None:
    load(pack(tmp_path / "one"))
    with pytest.raises(SettingsError, match=r"is named 'made_up' too"):
        load(pack(tmp_path / "two"))


@pytest.mark.parametrize("text", [None, "PACK = 1\n", "NAME = 3\n", 'NAME = "not a name"\n', "NAME = (\n"])
def test_a_folder_without_a_declaration_is_no_pack(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "__init__.py").touch()
    if text is not None:
        (tmp_path / "pack.py").write_text(text)
    with pytest.raises(SettingsError, match=r"pack\.py: "):
        name_of(tmp_path)


def test_to_read_its_name_runs_nothing_of_it(tmp_path: Path) -> None:
    folder = pack(tmp_path / "pack")
    (folder / "pack.py").write_text(f'NAME = "{NAME}"\nraise SystemExit\n')
    assert name_of(folder) == NAME


# ── which one ──


def test_without_a_name_the_trees_own_is_taken() -> None:
    assert (find(), name_of(find())) == (PACK.folder, PACK.name)


def test_a_folder_is_named_from_where_the_settings_lie(tmp_path: Path) -> None:
    folder = pack(tmp_path / "checks")
    assert find(["checks"], tmp_path) == folder


def test_more_than_one_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"checks\.packs: 2 packs are named"):
        find(["one", "two"])


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No tree, and two packs that are installed, one of them without its folder."""
    folder = pack(tmp_path / "site" / "acme_pack", "acme")
    monkeypatch.syspath_prepend(str(folder.parent))
    entries = [
        metadata.EntryPoint(name, module, pack_loader.GROUP)
        for name, module in (("acme", "acme_pack"), ("gone", "no_such_pack"))
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
    monkeypatch.setattr(pack_loader, "TREE", tmp_path / "no-tree")
    return folder


def test_an_installed_pack_is_found_by_its_name(installed: Path) -> None:
    assert find(["acme"]) == installed


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (["other"], r"'other' is no folder and no installed check pack \(acme, gone\)"),
        ([], r"name the check pack to use\. Installed: acme, gone"),
        (["gone"], r"no_such_pack: this check pack is installed without its folder"),
    ],
)
def test_a_pack_that_cannot_be_told_is_refused_with_those_that_are_there(
    installed: Path, named: list[str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        find(named)


def test_finding_one_needs_nothing_but_python() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from atalaya.core.pack_loader import find, name_of; "
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program + "print(name_of(find()))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == PACK.name
