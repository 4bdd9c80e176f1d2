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


def test_the_home_of_another_check_pack_has_no_guide_that_tells_of_ours(tmp_path: Path) -> None:
    home.complete(tmp_path, guides=False)
    assert (tmp_path / "index.md").read_text(encoding="utf-8").startswith("# Releases")
    assert (tmp_path / "reference" / "metrics.md").is_file()
    assert [name for name in ("guides", "concepts") if (tmp_path / name).exists()] == []


def test_the_reference_of_both_homes_is_the_same(tmp_path: Path) -> None:
    def reference(file: Path) -> list[str]:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("reference/")]

    assert reference(home.INDEX) == reference(home.IN_A_CLONE / "index.md")
