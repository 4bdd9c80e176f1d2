"""Finds the git repository of the SDK under watch, and asks it for commits and trees.

Nothing is written, fetched or prompted for: git is only asked what the repository on this machine holds.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from atalaya.core import environment
from atalaya.core.errors import SubjectError
from atalaya.core.places import DISTRIBUTION
from atalaya.core.settings import Settings
from atalaya.sdk.source import local_path

LONGEST_S = 60.0
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# They would lead git to another repository than the folder's: a hook sets them, for one.
_ELSEWHERE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)


class Search(NamedTuple):
    """The top folder of the SDK's repository; None, and why there is none to ask."""

    repository: Path | None
    reason: str = ""


class _Answer(NamedTuple):
    text: str | None  # None: git refused
    reason: str = ""


def find(root: Path, settings: Settings) -> Path | None:
    """The top folder of the git repository that holds the SDK under watch; see :func:`search`."""
    return search(root, settings).repository


def search(root: Path, settings: Settings) -> Search:
    """The repository of the path that ``subject.sdk`` names, else that of ``watch.toml``'s folder.

    A clone of Atalaya is never the SDK's: its commits say nothing of the SDK that is watched from it.

    :param root: the folder that holds ``watch.toml``.
    """
    places = [folder for folder in (_folder_of(settings.subject.sdk, root), root) if folder is not None]
    reasons = []
    for folder in dict.fromkeys(places):
        answer = _git(folder, "rev-parse", "--show-toplevel")
        if answer.text is None:
            reasons.append(answer.reason)
        elif is_ours(top := Path(answer.text)):
            reasons.append(f"{top} is a clone of Atalaya, not of the SDK")
        else:
            return Search(top)
    return Search(None, "; ".join(dict.fromkeys(reasons)))


def resolve(repository: Path, ref: str) -> str | None:
    """The full SHA of the commit that a SHA, a short id, a tag, a branch or ``HEAD`` names; None where it names none.

    An annotated tag is followed to its commit.
    """
    if not ref.strip():
        return None
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").text
    # `^HEAD` is answered too, with a mark in front: it is a range, not a commit.
    return found if found is not None and _SHA.fullmatch(found) else None


def tree_of(repository: Path, commit: str, path: str) -> str | None:
    """The id of the git tree that a folder of a commit has; of the whole commit where ``path`` is empty or ``.``.

    None where the commit is not here, or has no such folder: a file and a submodule have no tree.
    """
    sha = resolve(repository, commit)
    if sha is None:
        return None
    inner = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))
    named = f"{sha}:{inner}" if inner else f"{sha}^{{tree}}"
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", named).text
    if found is None or not _SHA.fullmatch(found):
        return None
    return found if _git(repository, "cat-file", "-t", found).text == "tree" else None


def python_files(repository: Path, commit: str, path: str) -> dict[str, bytes]:
    """The content of the ``.py`` files that a folder of a commit has, by their paths in it; nothing where none is."""
    tree = tree_of(repository, commit, path)
    if tree is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="atalaya-git-") as scratch:
        packed = Path(scratch) / "tree.tar"
        if _git(repository, "archive", "--format=tar", f"--output={packed}", tree).text is None:
            return {}
        with tarfile.open(packed) as archive:
            return {
                one.name: held.read()
                for one in archive
                if one.isfile() and one.name.endswith(".py") and (held := archive.extractfile(one)) is not None
            }


def changed_since(folder: Path, commit: str) -> tuple[str, ...]:
    """The ``.py`` files below a folder that are not as they were in a commit, committed since or not.

    Nothing where the commit is not here. What git does not track is not looked at.
    """
    sha = resolve(folder, commit)
    names = asked(folder, "diff", "--name-only", "-z", "--relative", "--no-ext-diff", sha, "--", ".") if sha else ""
    return tuple(name for name in names.split("\0") if name.endswith(".py"))


def user_name(folder: Path) -> str:
    """What ``user.name`` is in git's settings for a folder; empty where it is not set."""
    return asked(folder, "config", "--get", "user.name")


def asked(folder: Path, *arguments: str) -> str:
    """What git answers to a question about a folder; empty where it answers nothing, or is not there."""
    return _git(folder, *arguments).text or ""


def _folder_of(sdk: str, root: Path) -> Path | None:
    """The folder on this machine that holds what ``subject.sdk`` names; None where it names none."""
    try:
        named = local_path(sdk, root)
    except SubjectError:
        return None  # that it is missing is said where it is prepared
    if named is None:
        return None
    return named if named.is_dir() else named.parent


def is_ours(top: Path) -> bool:
    """Whether a folder is the top of a clone of Atalaya."""
    try:
        project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return False
    return isinstance(project, dict) and project.get("name") == DISTRIBUTION


def _git(folder: Path, *arguments: str) -> _Answer:
    """What git answers in a folder, without the end of its line."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    variables = {name: value for name, value in environment.everything().items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=LONGEST_S,
            env={**variables, **quiet},
        )
    except FileNotFoundError:
        missing = "git is not installed" if folder.is_dir() else f"{folder}: no such folder"
        return _Answer(None, missing)
    except (OSError, ValueError, subprocess.TimeoutExpired) as why:
        return _Answer(None, f"git cannot be asked in {folder}: {why}")
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        other = "not a git repository" not in said and said
        return _Answer(None, f"{folder}: git says: {said}" if other else f"{folder} is in no git repository")
    return _Answer(done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n"))
