"""Benchmarks the first run on a machine that has nothing yet, beside the bare installation of the same versions and the
time that the checks themselves take.

Run by ``nox -s bench``; it needs the network. Both installations begin with an empty environment and an empty cache of
the installer. How long the checks took, their report says: what is above both is ours.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.table import Table, spent

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".git", ".nox", ".venv", ".atalaya", "_build", "_generated", "__pycache__", "dist")
CONSTRAINTS = "requirements/constraints.txt"
TIMES = 1.3


def test_the_first_run_beside_a_bare_installation(bench: Table, tmp_path: Path) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("there is no uv here to install with")
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATALAYA", "NOX", "PYTHON"))}

    def fresh(name: str) -> dict[str, str]:
        return kept | {"UV_CACHE_DIR": str(tmp_path / f"{name}-cache"), "PIP_CACHE_DIR": str(tmp_path / f"{name}-pip")}

    began_s = time.perf_counter()
    spent([uv, "venv", "--python", sys.executable, tmp_path / "bare"], cwd=clone, env=fresh("bare"))
    python = tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [uv, "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS]
    spent([*install, ".[site]"], cwd=clone, env=fresh("bare"))
    bare_s = time.perf_counter() - began_s

    report = tmp_path / "report.json"
    check = [sys.executable, "noxfile.py", "-s", "check", "--", "--report", report]
    run = spent(check, cwd=clone, env=fresh("run"), fine=False)
    assert run.code in (0, 1, 3), run.output
    checks_s = json.loads(report.read_bytes())["duration_s"]
    bench.add(
        "first run: nox -s check",
        "an empty machine",
        f"{run.wall_s:.0f} s, of which the checks took {checks_s:.0f} s",
        floor=("install the same versions, and check", run.wall_s / (bare_s + checks_s)),
        target=f"at most {TIMES} times that",
        met=None if bench.quick else run.wall_s <= TIMES * (bare_s + checks_s),
    )
