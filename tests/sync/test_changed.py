"""Tests that pages are built where a reader would see a change, or where that is uncertain."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from atalaya.sync.changed import decide
from tests.commands import ROOT
from tests.sync.clones import T0, Shared, git


def built(shared: Shared, *commits: tuple[int, str], depth: int = 0, on: str = "evidence") -> int:
    """What is decided at the last of these commits: each so many minutes after the first, and what a reader saw."""
    root = shared.clone("writer")
    git(root, "checkout", "-q", "-B", "evidence", "origin/main")
    for minutes, visible in commits:
        date = (T0 + timedelta(minutes=minutes)).isoformat()
        trailer = f"\n\nAtalaya-Visible: {visible}" if visible else ""
        git(root, "commit", "-q", "--allow-empty", "-m", f"Add{trailer}", GIT_COMMITTER_DATE=date)
    git(root, "push", "-q", "-f", "origin", "evidence")
    options = (f"--depth={depth}",) if depth else ()
    return decide(shared.clone("reader", "-b", "evidence", *options), on)[0]


def test_a_build_is_spared_where_a_reader_sees_what_they_saw_an_hour_before(shared: Shared) -> None:
    assert built(shared, (0, "a"), (50, "a"), (100, "a")) == 183


def test_a_change_is_built(shared: Shared) -> None:
    assert built(shared, (0, "a"), (100, "a"), (200, "b")) == 0


def test_a_change_whose_own_build_may_have_been_overtaken_is_built(shared: Shared) -> None:
    assert built(shared, (0, "a"), (100, "a"), (170, "b"), (200, "b")) == 0


def test_what_was_there_and_came_back_within_the_hour_is_built(shared: Shared) -> None:
    assert built(shared, (0, "a"), (170, "b"), (180, "a"), (200, "a")) == 0


@pytest.mark.parametrize(
    "commits",
    [((0, "a"), (100, "a"), (200, "")), ((0, "a"), (190, ""), (200, "a")), ((0, ""), (200, ""))],
    ids=["at the head", "before it", "anywhere"],
)
def test_where_a_commit_says_nothing_of_what_is_seen_pages_are_built(
    shared: Shared, commits: tuple[tuple[int, str], ...]
) -> None:
    assert built(shared, *commits) == 0


def test_where_the_history_is_cut_off_pages_are_built(shared: Shared) -> None:
    assert built(shared, (0, "a"), (170, "a"), (200, "a"), depth=2) == 0


def test_on_another_branch_pages_are_built_whatever_its_commits_say(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READTHEDOCS_GIT_IDENTIFIER", "main")
    assert built(shared, (0, "a"), (100, "a"), (200, "a")) == 0


def test_where_there_is_no_git_repository_pages_are_built(tmp_path: Path) -> None:
    assert decide(tmp_path, "evidence")[0] == 0


@pytest.mark.parametrize(("head", "code"), [("a", 183), ("b", 0)])
def test_read_the_docs_own_command_cancels_a_build_with_nothing_installed(shared: Shared, head: str, code: int) -> None:
    built(shared, (0, "a"), (100, "a"), (200, head))
    tree = shared.folder / "reader"
    for name in ("__init__.py", "core/__init__.py", "core/environment.py", "sync/__init__.py", "sync/changed.py"):
        file = tree / "src" / "atalaya" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ROOT / "src" / "atalaya" / name).read_bytes())
    (command,) = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())["build"]["jobs"]["post_checkout"]
    # -S hides what is installed: only the standard library is left.
    bin = shared.folder / "bin"
    bin.mkdir()
    (bin / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    (bin / "python3").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": f"{bin}:/usr/bin:/bin", "READTHEDOCS_GIT_IDENTIFIER": "evidence"},
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
