"""Tests that a watch keeps its folder, and never writes into that of another."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.core.errors import ReleaseError
from atalaya.records.stored import Release
from atalaya.watch.folder import find, load, local_name, open_release, to_write

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def release(version: str = "1.1.1", **changes) -> Release:
    return Release(**{"version": version, "commit": 'a"b\\c', "opened_at": T0} | changes)


def test_what_was_opened_is_loaded_again(tmp_path: Path) -> None:
    folder = open_release(tmp_path, release(), {"index.md": "# hello\n", "incidents/x.md": "y"})
    assert load(folder) == release()
    assert (folder / "index.md").read_text() == "# hello\n"
    assert [path.name for path in tmp_path.iterdir()] == ["1.1.1"]


def test_a_release_is_not_opened_twice(tmp_path: Path) -> None:
    open_release(tmp_path, release(), {})
    with pytest.raises(ReleaseError, match="there is such a release"):
        open_release(tmp_path, release(), {})


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x" * 65, "a b"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match="cannot name a release"):
        open_release(tmp_path, release(name), {})
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    folder = open_release(tmp_path, release(), {})
    file = folder / "release.toml"
    file.write_text(file.read_text().replace("format = 1", "format = 2\nnews = 'x'"))
    with pytest.raises(ReleaseError, match="format 2, and this Atalaya knows 1 at most"):
        load(folder)


@pytest.mark.parametrize("text", ["version = [", "format = 1\n", "\xff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    folder = open_release(tmp_path, release(), {})
    (folder / "release.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ReleaseError, match=r"release\.toml"):
        load(folder)


def test_a_folder_under_another_name_is_refused(tmp_path: Path) -> None:
    open_release(tmp_path, release(), {}).rename(tmp_path / "1.2.0")
    with pytest.raises(ReleaseError, match=r"folder is named '1\.2\.0'"):
        find(tmp_path)


def test_the_tracked_release_comes_before_the_local_one(tmp_path: Path) -> None:
    open_release(tmp_path, release("local-1"), {})
    open_release(tmp_path, release("1.1.1"), {})
    found = to_write(tmp_path, now=T0 + timedelta(hours=1))
    assert found is not None
    assert found.version == "1.1.1"


def test_nothing_is_written_after_the_window(tmp_path: Path) -> None:
    open_release(tmp_path, release(), {})
    assert to_write(tmp_path, now=T0 + timedelta(hours=72)) is None


def test_a_rehearsal_is_never_written_to(tmp_path: Path) -> None:
    open_release(tmp_path, release(rehearsal=True), {})
    assert to_write(tmp_path, now=T0) is None


def test_a_local_name_is_free(tmp_path: Path) -> None:
    open_release(tmp_path, release("local-1.1.0"), {})
    assert local_name(tmp_path, "1.1.0") == "local-1.1.0.2"
    assert local_name(tmp_path, "1/../0") == "local-1-..-0"
