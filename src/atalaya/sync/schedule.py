"""Decides whether a scheduled run has work: an open watch, or a closed one to bring to the main branch.

The schedule asks each half hour, the whole year: this module needs git and nothing beside the standard library. It
may say yes where the watch itself then says no, and never the other way round.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from atalaya.core import environment, places
from atalaya.core.window import EXTENSION_H, LONGEST_H, WINDOW_H
from atalaya.sync.changed import BRANCH

FETCHED = "refs/atalaya/looked"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")  # what is handed to a workflow holds no line end


class Due(NamedTuple):
    """The releases that are watched now, and those that are sealed on the branch and not here."""

    watched: tuple[str, ...]
    sealed: tuple[str, ...]
    newest: str = ""  # of those that are watched: the one that new evidence belongs to


def look(root: Path, remote: str, branch: str, now: datetime) -> Due:
    """What is due, by the branch and the commit that is checked out."""
    here = _files(root, "HEAD")
    there = _files(root, FETCHED) if _fetched(root, remote, branch) else {}
    both = {**here, **there}
    folders = sorted({path.split("/")[0] for path in both if path.endswith("/release.toml")})
    sealed = [folder for folder in folders if f"{folder}/seal.json" in both]
    watched = tuple(folder for folder in folders if folder not in sealed and _is_watched(root, folder, both, now))
    return Due(
        watched=watched,
        newest=max(filter(_NAME.fullmatch, watched), key=lambda one: (_opened_at(root, one, both), one), default=""),
        sealed=tuple(folder for folder in sealed if f"{folder}/seal.json" not in here),
    )


def _fetched(root: Path, remote: str, branch: str) -> bool:
    """Bring the branch here; False where there is none yet. A remote that cannot be asked is no answer."""
    asked = _run(root, "ls-remote", "--exit-code", "--heads", remote, f"refs/heads/{branch}")
    if asked.returncode == 0:
        # A whole clone stays whole, and one without a history is not made to fetch it.
        shallow = ["--depth=1"] if _git(root, "rev-parse", "--is-shallow-repository").startswith(b"true") else []
        wanted = f"+refs/heads/{branch}:{FETCHED}"
        asked = _run(root, "fetch", "--quiet", "--no-tags", *shallow, remote, wanted)
    if asked.returncode not in (0, 2):
        sys.exit(f"{remote} cannot be asked for {branch}: {asked.stderr.decode('utf-8', 'replace').strip()}")
    return asked.returncode == 0


def _opened_at(root: Path, folder: str, files: Mapping[str, str]) -> str:
    """T+0 of a release as it is written, to be compared; empty where it cannot be read."""
    try:
        table = tomllib.loads(_git(root, "cat-file", "blob", files[f"{folder}/release.toml"]).decode())
        return str(table["opened_at"])
    except (ValueError, KeyError, TypeError):
        return ""


def _is_watched(root: Path, folder: str, files: Mapping[str, str], now: datetime) -> bool:
    try:
        table = tomllib.loads(_git(root, "cat-file", "blob", files[f"{folder}/release.toml"]).decode())
        begins = table["opened_at"]
        if table.get("rehearsal") or folder.startswith("local-"):
            return False
        lasts_h = max(int(table.get("window_h", WINDOW_H)), _extended_h(root, folder, files))
        if lasts_h < LONGEST_H and _may_need_longer(root, folder, files):
            lasts_h += EXTENSION_H  # the first run after the end makes the window longer, or finds that it need not be
        return bool(begins <= now < begins + timedelta(hours=lasts_h))
    except (ValueError, KeyError, TypeError):
        return True  # what cannot be read is told by the watch itself


def _extended_h(root: Path, folder: str, files: Mapping[str, str]) -> int:
    """How long a watch lasts at most, by the steps that were written down."""
    longest = 0
    for path, blob in files.items():
        if not path.startswith(f"{folder}/evidence/watch"):
            continue
        if not path.endswith(".jsonl"):
            return LONGEST_H  # it is packed, and that is not worth unpacking
        for line in _git(root, "cat-file", "blob", blob).splitlines():
            step = json.loads(line)
            longest = max(longest, int(step["window_h"])) if step["state"] == "extended" else longest
    return min(longest, LONGEST_H)


def _may_need_longer(root: Path, folder: str, files: Mapping[str, str]) -> bool:
    """Whether there ever was a critical incident, by its records: the watch knows how it stands."""
    told = [(path, blob) for path, blob in files.items() if path.startswith(f"{folder}/evidence/transition")]
    packed = any(path.endswith((".gz", ".parquet")) for path, _ in told)
    return packed or any(b"critical" in _git(root, "cat-file", "blob", blob) for _, blob in told)


def _files(root: Path, ref: str) -> dict[str, str]:
    below = f"{places.releases_of(root).relative_to(root).as_posix()}/"
    told = _git(root, "ls-tree", "-r", "-z", ref, "--", below)
    rows = [row.decode("utf-8", "replace").partition("\t") for row in told.split(b"\0") if row]
    return {path.removeprefix(below): about.split()[2] for about, _, path in rows}


def _git(root: Path, *arguments: str) -> bytes:
    return _run(root, *arguments).stdout


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    env = environment.everything() | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False, env=env)
    except FileNotFoundError:
        sys.exit("git: no such program. Install git, and run again.")


def main() -> int:
    """Say what is due, a line each, as GitHub Actions takes it: ``watch=true`` and ``propose=true``."""
    parser = argparse.ArgumentParser(prog="python -m atalaya.sync.schedule", description=__doc__)
    parser.add_argument("--branch", default=BRANCH, help="the branch that evidence goes to")
    parser.add_argument("--remote", default="origin")
    args = parser.parse_args()
    due = look(Path.cwd(), args.remote, args.branch, datetime.now(UTC))
    sys.stderr.write(
        f"watched now: {' '.join(due.watched) or 'none'}; sealed and not here: {' '.join(due.sealed) or 'none'}\n"
    )
    sys.stdout.write(f"watch={str(bool(due.watched)).lower()}\npropose={str(bool(due.sealed)).lower()}\n")
    if due.newest:
        at = places.releases_of(Path.cwd()).relative_to(Path.cwd()).as_posix()
        sys.stdout.write(f"release={due.newest}\nreleases={at}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
