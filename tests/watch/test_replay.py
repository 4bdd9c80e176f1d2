"""The same evidence gives the same bytes: by every Python, time zone, locale and hash seed, in any order of files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = "rehearsal-2"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Each is far from the others in what a figure or a sentence could lean on.
SURROUNDINGS = (
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/Lima", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2", "PYTHONUTF8": "1"},
)


def answer(python: str | Path, root: Path, surroundings: dict[str, str]) -> bytes:
    environ = {**os.environ, **surroundings, "PYTHONPATH": str(ROOT / "src")}
    argv = [str(python), "-m", "atalaya", "--root", str(root), "judge", "--release", VERSION, "--json"]
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert done.stdout, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("watched")
    shutil.copytree(ROOT / "docs" / "releases" / VERSION, root / "docs" / "releases" / VERSION)
    (root / "watch.toml").touch()
    return root


def test_a_replay_gives_the_same_bytes_wherever_it_runs(watched: Path, tmp_path: Path) -> None:
    expected = answer(sys.executable, watched, {})
    assert expected == answer(sys.executable, watched, SURROUNDINGS[0])
    # A folder lists its files in the order in which they were written.
    was = watched / "docs" / "releases" / VERSION
    for file in sorted((one for one in was.rglob("*") if one.is_file()), reverse=True):
        copy = tmp_path / file.relative_to(watched)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (tmp_path / "watch.toml").touch()
    assert expected == answer(sys.executable, tmp_path, SURROUNDINGS[1])


@pytest.mark.long
@pytest.mark.parametrize("version", PYTHONS)
def test_a_replay_gives_the_same_bytes_by_every_python(version: str, watched: Path, tmp_path: Path) -> None:
    uv = os.environ.get("ATALAYA_UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not here, which finds the Pythons")
    made = subprocess.run([uv, "venv", "--quiet", "--python", version, tmp_path / "v"], check=False)
    if made.returncode:
        pytest.skip(f"there is no Python {version} here, and none can be had")
    python = tmp_path / "v" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, ROOT], check=True)
    assert answer(sys.executable, watched, {}) == answer(python, watched, {})
