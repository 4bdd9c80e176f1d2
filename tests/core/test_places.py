"""Tests of where a project's things lie."""

from __future__ import annotations

from pathlib import Path

from atalaya.core import places

OURS = f'extensions = ["{places.EXTENSION}"]\n'


def test_docs_is_the_home_unless_it_holds_other_peoples_pages(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    assert docs == places.pages_of(tmp_path)
    docs.mkdir()
    assert docs / "atalaya" == places.pages_of(tmp_path)
    (docs / "conf.py").write_text("project = 'theirs'\n", encoding="utf-8")
    assert docs / "atalaya" == places.pages_of(tmp_path)
    (docs / "conf.py").write_text(OURS, encoding="utf-8")
    assert docs == places.pages_of(tmp_path)


def test_a_folder_of_releases_makes_docs_the_home_unless_there_is_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    assert tmp_path / "docs" == places.pages_of(tmp_path)
    (tmp_path / "docs" / "atalaya").mkdir()  # theirs are notes of their own, then
    assert tmp_path / "docs" / "atalaya" / "releases" == places.releases_of(tmp_path)


def test_beside_other_peoples_pages_what_is_generated_is_hidden_in_one_folder(tmp_path: Path) -> None:
    assert tmp_path / "docs" == places.project_of(tmp_path)
    (tmp_path / "docs").mkdir()
    assert tmp_path / ".atalaya" / "site" == places.project_of(tmp_path)


def test_the_root_is_the_nearest_folder_with_settings_and_none_beyond_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "clients" / "python"
    inner.mkdir(parents=True)
    (tmp_path / "watch.toml").touch()
    assert tmp_path == places.root_of(inner)
    (tmp_path / "repository" / ".git").mkdir()
    assert inner == places.root_of(inner)
    (tmp_path / "repository" / "watch.toml").touch()
    assert tmp_path / "repository" == places.root_of(inner)
