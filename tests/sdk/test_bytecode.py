"""Tests that packages are compiled once, and that what was kept is never taken for what it is not."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atalaya.core import environment
from atalaya.sdk.bytecode import STALE_S, compile_packages


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def installed(folder: Path, source: str, *, direct: bool = False, name: str = "thing/__init__.py") -> Path:
    """A folder with one package, as an installer leaves it."""
    module = folder / name
    module.parent.mkdir(parents=True)
    module.write_text(source, encoding="utf-8")
    digest = base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()).decode().rstrip("=")
    about = folder / "thing-1.0.dist-info"
    about.mkdir()
    (about / "RECORD").write_text(f"{name},sha256={digest},{len(source)}\nthing-1.0.dist-info/RECORD,,\n")
    if direct:
        (about / "direct_url.json").write_text("{}")
    return folder


def compiled(folder: Path, kept: Path | None) -> list[str]:
    compile_packages(Path(sys.executable), folder, kept, environment.everything())
    return sorted(file.name.partition(".")[0] for file in folder.rglob("*.pyc"))


def imported(folder: Path) -> str:
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import thing; print(thing.SAYS, thing.__cached__)"
    return subprocess.run([sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_second_environment_gets_the_bytecode_of_the_first(tmp_path: Path, kept: Path) -> None:
    source = "SAYS = 'one'\n"
    first, second = installed(tmp_path / "a", source), installed(tmp_path / "b", source)
    assert compiled(first, kept) == ["__init__"]
    (archive,) = kept.iterdir()
    before = archive.read_bytes()
    (second / "thing" / "__init__.py").write_text("SAYS = (", encoding="utf-8")  # nothing that could be compiled
    assert compiled(second, kept) == ["__init__"]
    assert archive.read_bytes() == before


def test_a_source_that_differs_from_what_was_compiled_is_compiled_by_its_importer(tmp_path: Path, kept: Path) -> None:
    first, second = installed(tmp_path / "a", "SAYS = 'one'\n"), installed(tmp_path / "b", "SAYS = 'one'\n")
    compiled(first, kept)
    (second / "thing" / "__init__.py").write_text("SAYS = 'two'\n", encoding="utf-8")
    assert compiled(second, kept) == ["__init__"]
    assert imported(second).startswith("two")
    assert imported(first).startswith("one")


def test_another_version_has_bytecode_of_its_own(tmp_path: Path, kept: Path) -> None:
    for number in (1, 2):
        compiled(installed(tmp_path / str(number), f"SAYS = {number}\n"), kept)
        assert imported(tmp_path / str(number)).startswith(str(number))
    assert len([*kept.iterdir()]) == 2


def test_what_came_from_a_folder_is_compiled_and_not_kept(tmp_path: Path, kept: Path) -> None:
    assert compiled(installed(tmp_path / "a", "SAYS = 1\n", direct=True), kept) == ["__init__"]
    assert not kept.exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_where_nothing_can_be_kept_all_is_compiled(tmp_path: Path, kept: Path, is_there: bool) -> None:
    if is_there:
        kept.write_text("a file, where the folder would be", encoding="utf-8")
    assert compiled(installed(tmp_path / "a", "SAYS = 1\n"), kept if is_there else None) == ["__init__"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut"])
def test_an_archive_that_cannot_be_read_is_made_again(tmp_path: Path, kept: Path, content: bytes) -> None:
    compiled(installed(tmp_path / "a", "SAYS = 1\n"), kept)
    (archive,) = kept.iterdir()
    whole = len(archive.read_bytes())
    archive.write_bytes(content)
    assert compiled(installed(tmp_path / "b", "SAYS = 1\n"), kept) == ["__init__"]
    assert len(archive.read_bytes()) == whole


@pytest.mark.parametrize("name", ["../thing/__init__.py", "{tmp_path}/thing/__init__.py"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, kept: Path, name: str) -> None:
    folder = installed(tmp_path / "a", "SAYS = 1\n")
    record = folder / "thing-1.0.dist-info" / "RECORD"
    record.write_text(f"{name.format(tmp_path=tmp_path)},sha256=x,9\n", encoding="utf-8")
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "__init__.py").write_text("SAYS = 1\n", encoding="utf-8")
    assert compiled(folder, kept) == []
    assert not [*tmp_path.rglob("*.pyc")]


def test_what_cannot_be_compiled_hinders_no_other_and_is_left_to_its_importer(tmp_path: Path, kept: Path) -> None:
    folder = installed(tmp_path / "a", "SAYS = 1\n")
    (folder / "thing" / "old.py").write_text("print 'of Python 2'\n", encoding="utf-8")
    record = folder / "thing-1.0.dist-info" / "RECORD"
    record.write_text("thing/old.py,sha256=x,9\n" + record.read_text(encoding="utf-8"), encoding="utf-8")
    assert compiled(folder, kept) == ["__init__"]
    assert imported(folder).startswith("1")


def test_what_nobody_asked_for_in_two_months_is_thrown_away(tmp_path: Path, kept: Path) -> None:
    compiled(installed(tmp_path / "a", "SAYS = 1\n"), kept)
    (old,) = kept.iterdir()
    long_ago_s = time.time() - STALE_S - 60
    os.utime(old, (long_ago_s, long_ago_s))
    compiled(installed(tmp_path / "b", "SAYS = 1\n"), kept)  # it is asked for
    compiled(installed(tmp_path / "c", "SAYS = 2\n"), kept)
    assert old.exists()
    os.utime(old, (long_ago_s, long_ago_s))
    compiled(installed(tmp_path / "d", "SAYS = 3\n"), kept)
    assert not old.exists()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"XDG_CACHE_HOME": "/x", "LOCALAPPDATA": "/y"}, Path("/x")),
        ({"LOCALAPPDATA": "/y"}, Path("/y")),
        ({"HOME": "/home/me", "USERPROFILE": "/home/me"}, Path("/home/me/.cache")),
    ],
)
def test_what_can_be_made_again_is_kept_where_the_system_has_it(
    environ: dict[str, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert environment.caches() == place
