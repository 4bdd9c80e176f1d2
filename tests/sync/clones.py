"""A bare repository that runners share, their clones, and real evidence for them to write."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Conclusion, Environment, JobAttempt, Release
from atalaya.sync.branch import Branch, Plan
from atalaya.watch.folder import open_release

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VERSION = "1.1.1"
NOBODY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@localhost",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@localhost",
}


def git(where: Path, *arguments: str, **env: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, env={**os.environ, **NOBODY, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


def seen(root: Path, run: str, hour: float = 1, version: str = VERSION) -> Path:
    """One run's evidence, written by the ledger; the segment."""
    at = T0 + timedelta(hours=hour)
    job = JobAttempt(
        run_id=run,
        environment=Environment.LOOPBACK,
        occurred_at=at,
        recorded_at=at,
        workflow="w",
        job="j",
        variant="3.12",
        attempt=1,
        commit="",
        conclusion=Conclusion.SUCCESS,
        origin="x",
    )
    (path,) = ledger.write(root / "docs" / "releases" / version / "evidence", [job])
    return path


def opened(root: Path, version: str = VERSION, opened_at: datetime = T0) -> Path:
    pages = {"t00.md": "# T+0\n", "incidents.md": "# Incidents\n"}
    return open_release(root / "docs" / "releases", Release(version=version, commit="abc", opened_at=opened_at), pages)


class Shared:
    """A bare repository and its clones; ``said`` is what they were told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bare, self.said = folder, folder / "shared.git", list[str]()
        first = folder / "first"
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(folder, "init", "-q", "-b", "main", str(first))
        (first / "README.md").write_text("the project\n")
        git(first, "add", "-A")
        git(first, "commit", "-qm", "Begin")
        git(first, "push", "-q", str(self.bare), "main")

    def clone(self, name: str, *options: str) -> Path:
        git(self.folder, "clone", "-q", *options, self.bare.as_uri(), name)
        return self.folder / name

    def branch(self, root: Path) -> Branch:
        return Branch(root, "origin", "evidence", self.said.append)

    def pull(self, root: Path) -> tuple[str, ...]:
        return self.branch(root).pull()

    def push(self, root: Path, *, edited: bool = False) -> Plan:
        return self.branch(root).push(message="", edited=edited, visible=lambda: "seen")

    def files(self, branch: str = "evidence") -> set[str]:
        return set(git(self.bare, "ls-tree", "-r", "--name-only", branch, "docs/releases").splitlines())

    def content(self, path: str) -> str:
        return git(self.bare, "show", f"evidence:docs/releases/{path}")

    def commit(self, path: str, content: str) -> None:
        """Somebody writes to the branch by hand."""
        git(self.folder, "clone", "-q", "-b", "evidence", self.bare.as_uri(), "by-hand")
        file = self.folder / "by-hand" / "docs" / "releases" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        git(self.folder / "by-hand", "add", "-A")
        git(self.folder / "by-hand", "commit", "-qm", "By hand")
        git(self.folder / "by-hand", "push", "-q", "origin", "evidence")
        subprocess.run(["rm", "-r", str(self.folder / "by-hand")], check=True)
