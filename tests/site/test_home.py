"""Tests of where the release pages live, and of what their home is completed with."""

from pathlib import Path

from atalaya.site.build import home

OURS = f'extensions = ["{home.EXTENSION}"]\n'


def test_docs_is_the_home_unless_it_holds_other_peoples_pages(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    assert docs == home.find(tmp_path)
    docs.mkdir()
    assert docs / "atalaya" == home.find(tmp_path)
    (docs / "conf.py").write_text("project = 'theirs'\n", encoding="utf-8")
    assert docs / "atalaya" == home.find(tmp_path)
    (docs / "conf.py").write_text(OURS, encoding="utf-8")
    assert docs == home.find(tmp_path)


def test_a_folder_of_releases_makes_docs_the_home(tmp_path: Path) -> None:
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    assert tmp_path / "docs" == home.find(tmp_path)


def test_a_home_is_completed_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "reference" / "promises").mkdir(parents=True)
    kept = tmp_path / "index.md"
    kept.write_text("# Ours\n", encoding="utf-8")
    home.complete(tmp_path)
    assert home.EXTENSION in (tmp_path / "conf.py").read_text(encoding="utf-8")
    assert (tmp_path / "reference" / "metrics.md").is_file()
    assert kept.read_text(encoding="utf-8") == "# Ours\n"
    (tmp_path / "reference" / "metrics.md").unlink()
    home.complete(tmp_path)  # it has a conf.py, so it is whole
    assert not (tmp_path / "reference" / "metrics.md").exists()
