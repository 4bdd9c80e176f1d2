"""Tests that a page is made again wherever it could say something else, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atalaya.site.build import kept_pages
from atalaya.site.build.kept_pages import FOLDER, KeptPages, sweep


def asked(folder: Path, made_from: str = "these", names: tuple[str, ...] = ("a.html",)) -> list[str]:
    """Ask for pages as a build does, which writes them. Returns the names of those that had to be made."""
    made = []
    kept = KeptPages(folder / "seals.json")
    for name in names:
        text = kept.text(folder / name, made_from, lambda name=name: made.append(name) or f"ñ {made_from}")
        assert text == f"ñ {made_from}"
        (folder / name).write_text(text, encoding="utf-8")
    kept.save()
    return made


def test_a_page_is_made_once_and_again_when_what_it_is_made_from_changed(tmp_path: Path) -> None:
    assert asked(tmp_path) == ["a.html"]
    assert asked(tmp_path) == []
    assert asked(tmp_path, "others") == ["a.html"]
    assert asked(tmp_path, "these") == ["a.html"]


def test_a_page_that_somebody_changed_or_took_away_is_made_again(tmp_path: Path) -> None:
    asked(tmp_path)
    for change in (lambda file: file.write_text("mine"), lambda file: file.write_bytes(b"\xff"), Path.unlink):
        change(tmp_path / "a.html")
        assert asked(tmp_path) == ["a.html"]


def test_a_page_is_made_again_by_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(tmp_path)
    for what in ("program", "versions"):
        monkeypatch.setattr(kept_pages, what, lambda *given: "another")
        assert asked(tmp_path) == ["a.html"]


def test_pages_whose_seals_are_damaged_are_made_again(tmp_path: Path) -> None:
    file = tmp_path / "seals.json"
    asked(tmp_path)
    whole = file.read_bytes()
    for damaged in (b"", b"\xff", b"1", b"[]", b"{}", b'{"a.html": 1}', whole[:-2], whole.replace(b': "', b': "0', 1)):
        file.write_bytes(damaged)
        assert asked(tmp_path) == ["a.html"]
        assert file.read_bytes() == whole


def test_no_seal_stays_of_a_page_that_is_gone(tmp_path: Path) -> None:
    asked(tmp_path, names=("a.html", "b.html"))
    assert asked(tmp_path, names=("b.html",)) == []
    assert [*json.loads((tmp_path / "seals.json").read_text())] == ["b.html"]
    assert asked(tmp_path, names=("a.html",)) == ["a.html"]


def test_a_build_that_is_interrupted_leaves_no_page_that_counts_as_made(tmp_path: Path) -> None:
    asked(tmp_path)
    kept = KeptPages(tmp_path / "seals.json")
    kept.text(tmp_path / "a.html", "others", lambda: "new")  # and it ends before anything is written
    assert asked(tmp_path, "others") == ["a.html"]
    kept = KeptPages(tmp_path / "seals.json")
    (tmp_path / "a.html").write_text(kept.text(tmp_path / "a.html", "third", lambda: "newer"))  # before the seals are
    assert asked(tmp_path, "others") == ["a.html"]


def test_what_is_kept_of_a_release_goes_with_it(tmp_path: Path) -> None:
    for name in ("1.0", "2.0"):
        (tmp_path / FOLDER / name).mkdir(parents=True)
        (tmp_path / FOLDER / name / "seals.json").write_text("{}")
    sweep(tmp_path, ["2.0"])
    assert [file.name for file in (tmp_path / FOLDER).iterdir()] == ["2.0"]
    sweep(tmp_path / "nowhere", [])
