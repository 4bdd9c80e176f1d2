"""Decides whether the pages must be built again, because a reader would see a change.

Read the Docs asks before anything is installed: this module needs git and nothing beside the standard library.
Whatever is odd is a reason to build.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from atalaya.core import environment

BRANCH = "evidence"  # where none is named
BUILD, SPARE = 0, 183  # a command that ends with 183 cancels a build on Read the Docs
YOUNG_S = 3600  # a build of this age may have been overtaken by the next
FURTHEST = 200  # commits
TRAILER = "Atalaya-Visible"
FORMAT = f"%H%x1f%ct%x1f%(trailers:key={TRAILER},valueonly,separator=%x2C)%x1e"


class Commit(NamedTuple):
    """One commit of the branch: when it was made, and what a reader saw then."""

    name: str
    at_s: int
    visible: str


def decide(root: Path, branch: str) -> tuple[int, str]:
    """Whether HEAD is built, and why: spared where a reader sees what they saw an hour before it."""
    on = environment.readthedocs_branch() or _git(root, "rev-parse", "--abbrev-ref", "HEAD").strip()
    if on != branch or environment.readthedocs_is_preview():
        return BUILD, f"this is {on or 'no branch'}, and builds are spared on {branch} only"
    commits = _history(root)
    if len(commits) < 2 or not commits[0].visible:
        return BUILD, "nothing is known of what a reader saw before"
    head = commits[0]
    for before in commits[1:]:
        if before.visible != head.visible:
            return BUILD, f"since {before.name[:12]} something has changed that a reader sees"
        # The last one before the hour is what the pages were made from when the hour began.
        if before.at_s < head.at_s - YOUNG_S:
            return SPARE, f"a reader sees what they saw at {before.name[:12]}: nothing is built"
    return BUILD, "the history here is too short to tell"


def _history(root: Path) -> list[Commit]:
    told = _git(root, "log", "--first-parent", f"--max-count={FURTHEST}", f"--format={FORMAT}")
    rows = [row.strip("\n").split("\x1f") for row in told.split("\x1e") if row.strip("\n")]
    return [Commit(row[0], int(row[1]), row[2].strip()) for row in rows if len(row) == 3]


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return ""  # nothing can be told, and so the pages are built
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def main() -> int:
    """Decide for the folder that this runs in."""
    parser = argparse.ArgumentParser(prog="python -m atalaya.sync.changed", description=__doc__)
    parser.add_argument("--branch", default=BRANCH, help="the branch on which builds may be spared")
    code, why = decide(Path.cwd(), parser.parse_args().branch)
    sys.stderr.write(f"{why}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
