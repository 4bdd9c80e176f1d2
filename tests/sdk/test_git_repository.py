"""The git repository of the SDK is found, and never mistaken for a clone of Atalaya; its commits and trees are read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from atalaya.core.places import DISTRIBUTION
from atalaya.core.settings import Settings, SubjectSettings
from atalaya.sdk.git_repository import find, resolve, search, tree_of

AUTHOR = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@localhost",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@localhost",
}


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, env={**os.environ, **AUTHOR}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A repository with one commit of these files."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, files)
    return folder.resolve()


def commit(where: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-qm", "Change")
    return git(where, "rev-parse", "HEAD")


def watching(sdk: object = "") -> Settings:
    return Settings(subject=SubjectSettings(sdk=str(sdk)))


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    return repository(tmp_path / "sdk", {"pyproject.toml": '[project]\nname = "acme"\n', "python/acme/api.py": "1\n"})


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of Atalaya, by the name that it distributes itself under."""
    return repository(
        tmp_path / "clone", {"pyproject.toml": f'[project]\nname = "{DISTRIBUTION}"\n', "vendor/api.py": "1\n"}
    )


def test_our_own_name_is_the_one_in_pyproject() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")

    assert f'\nname = "{DISTRIBUTION}"\n' in text


def test_the_repository_of_the_sdk_is_found_by_whatever_path_names_it(sdk: Path, clone: Path, tmp_path: Path) -> None:
    wheel = sdk / "dist" / "acme-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    named = (sdk, sdk / "python", sdk / "python" / "acme", wheel, "../sdk", f"acme @ file://{wheel}", "../sdk/python/")

    assert {str(one): sdk for one in named} == {str(one): find(clone, watching(one)) for one in named}


def test_without_a_path_it_is_the_repository_of_the_settings(sdk: Path) -> None:
    named = ("", "acme==1.0", "acme @ https://localhost/acme.whl", "../gone", "acme @ file:///gone")

    assert dict.fromkeys(named, sdk) == {one: find(sdk / "python", watching(one)) for one in named}


def test_a_clone_of_atalaya_is_never_the_sdks_repository(clone: Path) -> None:
    for named in ("", "vendor", clone, "acme==1.0"):
        found = search(clone, watching(named))

        assert found.repository is None
        assert found.reason == f"{clone} is a clone of Atalaya, not of the SDK"


def test_where_there_is_no_repository_it_is_said(tmp_path: Path) -> None:
    found = search(tmp_path, watching())

    assert found.repository is None
    assert found.reason == f"{tmp_path} is in no git repository"
    assert search(tmp_path / "gone", watching()).reason == f"{tmp_path / 'gone'}: no such folder"


def test_without_git_there_is_no_repository_and_it_is_said(
    sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert search(sdk, watching()) == (None, "git is not installed")
    assert resolve(sdk, "HEAD") is None
    assert tree_of(sdk, "HEAD", "") is None


def test_variables_that_a_hook_sets_do_not_lead_to_another_repository(
    sdk: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = git(sdk, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(clone / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(clone))

    assert find(sdk, watching()) == sdk
    assert resolve(sdk, "HEAD") == released


def test_each_way_to_name_a_commit_gives_its_full_sha(sdk: Path) -> None:
    first = git(sdk, "rev-parse", "HEAD")
    git(sdk, "tag", "light")
    git(sdk, "tag", "-a", "v1.0", "-m", "The release")
    second = commit(sdk, {"python/acme/api.py": "2\n"})
    git(sdk, "branch", "later")
    expected = {first: first, first[:7]: first, first.upper(): first, "light": first, "v1.0": first, "HEAD~1": first}
    expected |= {"HEAD": second, "main": second, "later": second, "refs/heads/later": second}

    assert expected == {ref: resolve(sdk, ref) for ref in expected}


def test_what_names_no_commit_gives_none(sdk: Path) -> None:
    tree = git(sdk, "rev-parse", "HEAD^{tree}")
    git(sdk, "tag", "a-tree", tree)
    for ref in ("", " ", "zzzz", "0" * 40, tree, "a-tree", "HEAD:python", "^HEAD", "HEAD..HEAD", "a\0b", "\ud800"):
        assert resolve(sdk, ref) is None, ref


def test_no_ref_is_an_option_of_git(sdk: Path, tmp_path: Path) -> None:
    for ref in ("--help", "--all", "--git-dir", "-h", "--show-toplevel", f"--output={tmp_path / 'written'}", "--"):
        assert resolve(sdk, ref) is None, ref
        assert tree_of(sdk, ref, "") is None, ref
    assert not (tmp_path / "written").exists()


def test_the_tree_of_a_path_is_gits(sdk: Path) -> None:
    whole, inner = git(sdk, "rev-parse", "HEAD^{tree}"), git(sdk, "rev-parse", "HEAD:python/acme")
    expected = {
        "": whole,
        ".": whole,
        "./": whole,
        "python/acme": inner,
        "python/acme/": inner,
        "./python//acme": inner,
    }

    assert expected == {path: tree_of(sdk, "HEAD", path) for path in expected}


def test_a_change_elsewhere_leaves_the_tree_of_the_sdk_as_it_was(sdk: Path) -> None:
    released = tree_of(sdk, "HEAD", "python")
    elsewhere = commit(sdk, {"README.md": "more\n"})
    in_it = commit(sdk, {"python/acme/api.py": "2\n"})

    assert released is not None
    assert tree_of(sdk, elsewhere, "python") == released
    assert tree_of(sdk, in_it, "python") not in (released, None)


def test_what_is_no_folder_of_the_commit_has_no_tree(sdk: Path) -> None:
    for path in ("gone", "pyproject.toml", "..", "../sdk", "python/../python", "/etc", "python\nacme", "a\0b"):
        assert tree_of(sdk, "HEAD", path) is None, path
    assert tree_of(sdk, "gone", "python") is None
