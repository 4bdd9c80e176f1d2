"""Makes a stand-in of a team's repository: a monorepo with its SDK, its CI and its runbooks, and a bare remote."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.commands import ROOT

SDK = "clients/python/aris3_client_sdk"
ORIGIN = "git@github.com:acme/aris3.git"
QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{role}_NAME": "Ana" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "ana@example.invalid" for role in ("AUTHOR", "COMMITTER")},
}
FILES = {
    f"{SDK}/pyproject.toml": """[build-system]
requires = ["hatchling>=1.24"]
build-backend = "hatchling.build"

[project]
name = "aris3-client-sdk"
version = "1.1.1"
requires-python = ">=3.10"
classifiers = [
  "Programming Language :: Python :: 3.10",
  "Programming Language :: Python :: 3.11",
  "Programming Language :: Python :: 3.12",
]
dependencies = ["httpx>=0.27", "python-dotenv>=1.0"]
""",
    "clients/python/requirements.txt": "httpx==0.28.1\n",
    "clients/python/tests/test_config.py": "def test_config(): pass\n",
    "clients/python/aris3_cli/pyproject.toml": '[project]\nname = "aris3-cli"\nversion = "0.4.0"\n',
    "app/pyproject.toml": '[project]\nname = "aris3"\nversion = "9.0.0"\n',
    "app/main.py": "print('backend')\n",
    "docs/sdk_post_release_72h.md": "# Vigilancia de 72 horas\n",
    "docs/sdk_backlog_v1.1.1_top10.md": "# Backlog\n",
    ".gitignore": "__pycache__/\n*.log\n",
    ".github/workflows/backend.yml": "name: backend\non: [push]\njobs: {t: {steps: [{run: pytest app}]}}\n",
    ".github/workflows/clients-python-sdk.yml": """name: clients-python-sdk
on:
  pull_request:
    branches: [main]
    paths: ["clients/python/**"]
  workflow_dispatch:
jobs:
  gate:
    name: ${{ matrix.os }} / py${{ matrix.python }} / ${{ matrix.profile }}
    runs-on: ubuntu-latest
    steps:
      - run: python scripts/sdk_release_gate.py
""",
    ".github/workflows/post-release-smoke.yml": """name: post-release-smoke
on:
  workflow_dispatch:
jobs:
  smoke:
    runs-on: ubuntu-latest
    steps:
      - run: python clients/python/smoke/post_release_smoke.py | tee artifacts/post_release_smoke_stdout.log
""",
}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, env=os.environ | QUIET, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    """The working tree, at its first commit; nothing is sent anywhere, whatever ``origin`` says."""
    root = folder / "aris3"
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    ours = ROOT / "checks" / "reference_sdk" / "src"
    shutil.copytree(ours, root / SDK / "src", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Release 1.1.1 (#412)")
    git(root, "remote", "add", "origin", ORIGIN)
    return root


def tree(root: Path) -> dict[str, bytes]:
    """Each file that git knows or would add, with its bytes."""
    listed = git(root, "ls-files", "-co", "--exclude-standard").splitlines()
    return {name: (root / name).read_bytes() for name in listed if (root / name).is_file()}
