"""The command line as its users run it: a process of its own, in a project's folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command(*arguments: str | Path, root: Path) -> list[str]:
    return [sys.executable, "-m", "checks", "--root", str(root), *map(str, arguments)]


def run(*arguments: str | Path, root: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, root=root), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | environ,
    )  # fmt: skip


def opened(root: Path, at: str = "2026-01-05T09:00:00Z") -> Path:
    done = run("release", "open", "1.1.1", "--commit", "abc", "--at", at, root=root)
    assert done.returncode == 0, done.stderr
    return root / "docs" / "releases" / "1.1.1"
