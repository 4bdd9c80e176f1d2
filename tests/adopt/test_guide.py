"""Tests that the guide "In your repository" does what it says, each command as it is pasted, in a team's repository."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adopt.team import git, repository, tree
from tests.commands import ROOT
from tests.sync.clones import NOBODY

GUIDE = ROOT / "docs" / "guides" / "in-your-repository.md"


def blocks() -> list[str]:
    return re.findall(r"```shell\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


class Shell:
    """A person's shell in a folder of the repository, with what the first block has installed."""

    def __init__(self, folder: Path, *, watch: str) -> None:
        self.root, self.bin = repository(folder), folder / "bin"
        self.bin.mkdir()
        git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
        git(self.root, "remote", "set-url", "origin", (folder / "remote.git").as_uri())
        git(self.root, "push", "-q", "origin", "main")
        python = f"{shlex.quote(sys.executable)} -m atalaya"
        self._program("uv", "exit 0")
        self._program("atalaya", f'[ "$*" = watch ] && set -- {watch}\nexec {python} "$@"')

    def _program(self, name: str, does: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def paste(self, block: str) -> str:
        found = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", block],
            cwd=self.root / "app",
            env=os.environ | NOBODY | found,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in ((0,) if "status" not in block else (0, 3)), done.stderr
        return done.stdout + done.stderr


def follow(shell: Shell) -> list[str]:
    return [shell.paste(block) for block in blocks()]


def test_each_block_does_what_the_guide_says_from_beginning_to_end(tmp_path: Path) -> None:
    shell = Shell(tmp_path, watch="--version")  # what takes minutes is left out
    before = tree(shell.root)
    _, looked, written, _, _, opened, stands, taken_back = follow(shell)
    assert ("watch.toml: write" in looked, "write     watch.toml" in written) == (True, True)
    assert ("open: " in opened, "files were added" in opened, "T+0 of 72 h" in stands) == (True, True, True)
    assert "taken back" in taken_back
    assert "docs/atalaya/releases/1.1.1/release.toml" in git(tmp_path / "remote.git", "ls-tree", "-r", "evidence")
    left = {name: content for name, content in tree(shell.root).items() if "/releases/1.1.1/" not in name}
    assert {name for name in left if not name.startswith(".atalaya/")} == before.keys()


@pytest.mark.long
def test_the_first_page_is_built(tmp_path: Path) -> None:
    shell = Shell(tmp_path, watch="watch")
    said = follow(shell)[4]
    assert "read it: " in said
    assert len(said.partition("── the watch ──")[2].splitlines()) <= 24
    assert not (shell.root / "docs" / "_build").exists()
