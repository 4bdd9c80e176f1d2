"""Fetches one branch of a repository into a folder of the cache, and brings its releases out there.

What is fetched is a stranger's: no hook, filter or link of it is followed, and nothing but what the releases need is
written down. A file that has not changed since the last fetch is not written again.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import NamedTuple

from atalaya.core import environment, places
from atalaya.core.errors import UsageError
from atalaya.core.file_lock import alone
from atalaya.core.fleet_settings import SourceSettings
from atalaya.sync.changed import BRANCH
from atalaya.sync.git import Git, failure, run

FETCHED = "refs/atalaya/fleet"
CHECKED_OUT = "atalaya-checked-out"
# Bytes as they were committed, whatever the settings of this machine or of that repository do to them.
ATTRIBUTES = "* -text -filter -ident -working-tree-encoding\n"
CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = false
\tlogallrefupdates = false
\thooksPath = /dev/null
\tsymlinks = false
\tautocrlf = false
\tfsmonitor = false
\tsparseCheckout = true
\tsparseCheckoutCone = false
"""
# A hook runs with these set, to what it is a hook of (`git rev-parse --local-env-vars`): none of it is meant here.
OF_A_HOOK = (
    *("GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX"),
    *("GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_QUARANTINE_PATH"),
)
ENVIRONMENT: dict[str, str | None] = {
    **dict.fromkeys(OF_A_HOOK),
    "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
    "GIT_LFS_SKIP_SMUDGE": "1",
    # A server that took the question and sends next to nothing is given up.
    "GIT_HTTP_LOW_SPEED_LIMIT": "100",
    "GIT_HTTP_LOW_SPEED_TIME": "30",
}
SSH = "ssh -oBatchMode=yes -oConnectTimeout=30"  # nobody is there to answer it, and many repositories are waiting


class Checkout(NamedTuple):
    """A branch as it was fetched: the folder that its files lie in, and its commit."""

    root: Path
    commit: str


def fetch(cache: Path, source: SourceSettings) -> Checkout:
    """The branch of a source as its remote has it now; nothing is fetched where it has not moved.

    :raises NetworkError: the remote cannot be reached. :raises UsageError: it refuses, or has no such branch.
    """
    named = "\0".join((source.git, source.branch, source.releases))
    root = cache / hashlib.sha256(named.encode()).hexdigest()[:24]
    with alone(root.with_suffix(".lock"), busy=lambda: None):
        for left in (root / ".git").rglob("*.lock"):  # by a git that was killed
            left.unlink(missing_ok=True)
        git = _repository(root)
        _settle(root, source)
        commit, ref = _wanted(git, source)
        if git.tried("rev-parse", "--quiet", "--verify", FETCHED)[1].decode().strip() != commit:
            git.output("fetch", "--quiet", "--no-tags", "--depth=1", "--", source.git, f"+{ref}:{FETCHED}")
            commit = git.line("rev-parse", FETCHED)  # it may have moved on since
        _check_out(git, commit)
        return Checkout(git.root, commit)


def _repository(root: Path) -> Git:
    """The repository of a source in the cache, made where there is none, or what is left of one."""
    told = _environment(root)
    if not (root / ".git").is_dir() or run(root, "rev-parse", "--git-dir", env=told)[0]:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        code, _, said = run(root, "init", "--quiet", "--template=", env=told)
        if code:
            raise failure("init", said)
    return Git(root, told)


def _environment(root: Path) -> dict[str, str | None]:
    """What its git is called with. It is told where its repository is: the cache may lie in a clone of somebody's, in
    which git would look for one."""
    found: dict[str, str | None] = {**ENVIRONMENT, "GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)}
    if not environment.says_ssh_of_git() and not run(root.parent, "config", "core.sshCommand")[1]:
        found["GIT_SSH_COMMAND"] = SSH
    return found


def _settle(root: Path, source: SourceSettings) -> None:
    """Write down what it is to do, and what it is to bring out."""
    (root / ".git" / "config").write_text(CONFIG, encoding="utf-8")
    info = root / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(ATTRIBUTES, encoding="utf-8")
    wanted = [source.releases.strip("/")] if source.releases else ["docs/releases", f"{places.BESIDE}/releases"]
    patterns = [f"/{places.SETTINGS}", *(f"/{_literal(folder)}/" for folder in wanted)]
    (info / "sparse-checkout").write_text("".join(f"{one}\n" for one in patterns), encoding="utf-8")


def _literal(folder: str) -> str:
    """A folder as a pattern that means it alone."""
    return "".join(f"\\{sign}" if sign in "\\*?[]!# " else sign for sign in folder)


def _wanted(git: Git, source: SourceSettings) -> tuple[str, str]:
    """The commit and the name of the branch that is wanted."""
    branch = source.branch or BRANCH
    asked = [f"refs/heads/{branch}", *([] if source.branch else ["HEAD"])]
    rows = git.line("ls-remote", "--", source.git, *asked).splitlines()
    there = {name: commit for commit, _, name in (row.partition("\t") for row in rows)}
    ref = next((one for one in asked if one in there), None)
    if ref is None and not source.branch:
        raise UsageError("it has no branch yet. Push one.")
    if ref is None:
        raise UsageError(f'it has no branch {branch!r}. Name one that it has: branch = "NAME".')
    return there[ref], ref


def _check_out(git: Git, commit: str) -> None:
    done = git.root / ".git" / CHECKED_OUT
    if done.is_file() and done.read_text(encoding="utf-8") == commit:
        return
    done.unlink(missing_ok=True)
    git.output("checkout", "--quiet", "--force", "--detach", commit)
    git.output("clean", "--quiet", "-ffdx")
    done.write_text(commit, encoding="utf-8")
