"""Tests of what the Sphinx project of the release pages is made of."""

import shutil
from pathlib import Path

import pytest

from atalaya.core.places import EXTENSION
from atalaya.site.build import home
from tests.commands import ROOT, in_processes


def test_a_home_is_completed_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "reference" / "promises").mkdir(parents=True)
    kept = tmp_path / "index.md"
    kept.write_text("# Ours\n", encoding="utf-8")
    home.complete(tmp_path)
    assert EXTENSION in (tmp_path / "conf.py").read_text(encoding="utf-8")
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


def test_the_site_of_another_check_pack_is_built_from_nothing(tmp_path: Path) -> None:
    """No page that goes with it leads to one that does not."""
    root = shutil.copytree(ROOT / "examples" / "replicate", tmp_path / "replicate")
    in_processes(root)("site")
    assert (root / "docs" / "_build" / "html" / "reference" / "fleet.html").is_file()


def test_the_reference_of_both_homes_is_the_same(tmp_path: Path) -> None:
    def reference(file: Path) -> list[str]:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("reference/")]

    assert reference(home.INDEX) == reference(home.IN_A_CLONE / "index.md")


def test_a_project_that_nobody_keeps_is_made_anew_where_another_version_made_it(tmp_path: Path) -> None:
    project = tmp_path / "site"
    home.renew(project)
    page, built = project / "guides" / "gone.md", project / "_build" / "x"
    page.touch()
    built.parent.mkdir()
    built.touch()
    home.renew(project)
    assert (page.exists(), built.exists()) == (True, True)
    (project / home.MADE_FROM).write_text("another", encoding="utf-8")
    home.renew(project)
    assert (page.exists(), (project / "guides" / "embed.md").exists()) == (False, True)


def test_a_project_is_made_anew_for_what_people_write_and_not_for_what_a_build_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, project = tmp_path / "source", tmp_path / "site"
    (source / "locale").mkdir(parents=True)
    monkeypatch.setattr(home, "PACKAGED", source)

    def made_from() -> str:
        home.renew(project)
        return (project / home.MADE_FROM).read_text(encoding="utf-8")

    (source / "conf.py").write_text("x")
    (source / "index.md").write_text("y")
    first = made_from()
    (source / "locale" / "docs.mo").write_text("compiled")
    assert first == made_from()
    (source / "locale" / "docs.po").write_text("words")
    assert first != made_from()
    (source / "locale" / "docs.po").unlink()
    (source / "index.md").unlink()
    (source / "conf.py").write_text("xindex.md\0y")  # the same signs in a row, in one file fewer
    assert first != made_from()
