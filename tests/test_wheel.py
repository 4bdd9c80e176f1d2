"""The wheel carries the machine and its pack, and runs in a folder that has a checks/ of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is to be published, where one is named; else one of the tree."""
    if named := os.environ.get("WHEEL"):
        return Path(named)
    uv = os.environ.get("ATALAYA_UV") or shutil.which("uv")
    folder = tmp_path_factory.mktemp("dist")
    by_pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    argv = [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)] if uv else by_pip
    built = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, without what it needs: that is here already."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Somebody's project, with packages of the names that a clone of ours has at its top."""
    for name in ("checks", "docs", "tests", "tools"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('another program ran')\n", encoding="utf-8")
    (tmp_path / "docs" / "conf.py").write_text("project = 'theirs'\n", encoding="utf-8")
    return tmp_path


def atalaya(installed: Path, foreign: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-m", "atalaya", *arguments],
        cwd=foreign,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_wheel_has_one_top_level_package_and_the_whole_pack(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"atalaya"}
    for needed in (
        "pack.py",
        "config/check_config.py",
        "config/selftest.json",
        "detectors.json",
        "reference_sdk/pyproject.toml",
        "reference_sdk/tests/test_config.py",
    ):
        assert f"atalaya/packs/aris3/{needed}" in names
    assert [name for name in names if name.endswith(".pyc")] == []


def test_help_is_ours_in_a_folder_with_its_own_checks(installed: Path, foreign: Path) -> None:
    done = atalaya(installed, foreign, "--help")
    assert (done.returncode, "another program ran" in done.stdout + done.stderr) == (0, False), done.stderr
    assert done.stdout.startswith("usage: atalaya")


def test_checks_are_ours_in_a_folder_with_its_own_checks(installed: Path, foreign: Path) -> None:
    done = atalaya(
        installed, foreign, "check", "--promise", "config.no-fallback", "--no-self-test", "--report", "r.json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((foreign / "r.json").read_text(encoding="utf-8"))
    assert [(check["id"], check["outcome"]) for check in report["checks"]] == [("config.no-fallback", "kept")]


def test_the_site_is_built_from_what_the_wheel_holds(installed: Path, tmp_path: Path) -> None:
    done = atalaya(installed, tmp_path, "site")
    assert done.returncode == 0, done.stderr
    (front,) = tmp_path.rglob("html/index.html")
    assert (front.parent / "history.html").is_file()
    assert (front.parent / "guides").is_dir()


@pytest.mark.long
def test_a_whole_watch_leaves_what_is_theirs_alone(installed: Path, foreign: Path) -> None:
    before = {path: path.read_bytes() for path in foreign.rglob("*") if path.is_file()}
    done = atalaya(installed, foreign, "watch")
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert (foreign / ".atalaya" / "site" / "_build" / "html" / "index.html").is_file()
