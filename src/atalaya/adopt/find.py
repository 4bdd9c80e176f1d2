"""Finds the SDK of a repository, where the repository is on GitHub, and the workflows that test the SDK.

Files are only read, and git is only asked what it knows.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from atalaya.core.places import DISTRIBUTION
from atalaya.sdk.git_repository import asked, is_ours
from atalaya.sdk.source import package_in
from atalaya.sdk.source_version import version_of

PROJECT = "pyproject.toml"
WORKFLOWS = ".github/workflows"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")  # those that a range is made into
# What is installed or built is nobody's source.
_NOT_SOURCE = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "vendor", "__pycache__"})
_DEEPEST = 6
_TESTS = re.compile(r"(?<![a-z])(?:pytest|unittest|tox|nox|smoke|release[-_]gate|tests?)(?![a-z])", re.IGNORECASE)
_NAME = re.compile(r"""^name:\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^#\n]+?))\s*(?:#.*)?$""", re.MULTILINE)
_ON_GITHUB = re.compile(r"^/?(?P<name>[A-Za-z0-9](?:[A-Za-z0-9-]*)/[A-Za-z0-9._-]+?)(?:\.git)?/?$")
_SCP = re.compile(r"^(?:[^@/\s]+@)?(?P<host>[\w.-]+):(?P<path>[^:]+)$")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Sdk(NamedTuple):
    """A Python project that may be the SDK. ``path`` is below the root, ``.`` for the root itself."""

    path: str
    name: str
    version: str = ""  # empty: its pyproject.toml does not say
    pythons: tuple[str, ...] = ()
    is_of_the_pack: bool = False  # whether it holds the package that the check pack is about


class Workflow(NamedTuple):
    """A workflow that tests the SDK."""

    name: str
    file: str
    by_hand: bool  # whether it can be dispatched
    on_push: bool
    pythons: tuple[str, ...] = ()  # of its matrix


class Uses(NamedTuple):
    """Where the reusable workflow is called from, and at which commit; ``tag`` is what that commit is called."""

    repository: str
    commit: str
    tag: str = ""


# ── the repository ───────────────────────────────────────────────────────────


def top_of(folder: Path) -> Path | None:
    """The top of the git repository that a folder lies in, whether or not git is there; None where it lies in none."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def github_repository(root: Path) -> str:
    """The repository on GitHub that the remote ``origin`` is, as ``owner/name``; empty where it is elsewhere."""
    return on_github(asked(root, "config", "--get", "remote.origin.url"))


def on_github(address: str) -> str:
    """The ``owner/name`` of an address on GitHub; empty for any other. What a person signs in with is left behind.

    >>> on_github("git@github.com:acme/shop.git"), on_github("https://x:secret@github.com/acme/shop")
    ('acme/shop', 'acme/shop')
    >>> on_github("https://gitlab.com/acme/shop"), on_github("/srv/git/shop.git")
    ('', '')
    """
    parts = urlsplit(address.removeprefix("git+"))
    host, path = parts.hostname or "", parts.path
    if not parts.scheme and (scp := _SCP.match(address)):
        host, path = scp["host"], scp["path"]
    found = _ON_GITHUB.match(path.partition("@")[0]) if host.lower() in ("github.com", "www.github.com") else None
    return found["name"] if found else ""


# ── the SDK ──────────────────────────────────────────────────────────────────


def sdks(root: Path, *, package: str, distribution: str, bundled: Path) -> tuple[Sdk, ...]:
    """Every Python project below the root, the likeliest SDK first: that of the check pack, then by its name.

    :param package: the name that the check pack's SDK is imported by; ``distribution`` the one it is installed by.
    """
    found = (
        sdk_at(root, file.parent, package=package, distribution=distribution, bundled=bundled)
        for file in sorted(_projects(root))
    )
    return tuple(sorted((one for one in found if one is not None), key=_likeliest_first))


def sdk_at(root: Path, folder: Path, *, package: str, distribution: str, bundled: Path) -> Sdk | None:
    """The project of one folder; None where its ``pyproject.toml`` names none, or there is none."""
    try:
        table = tomllib.loads((folder / PROJECT).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    project, poetry = table.get("project"), table.get("tool", {}).get("poetry")
    about = next((one for one in (project, poetry) if isinstance(one, dict) and one.get("name")), None)
    if about is None:
        return None
    said = version_of(str(folder), root, package=package, distribution=distribution, bundled=bundled)
    return Sdk(
        path=folder.relative_to(root).as_posix(),
        name=str(about["name"]),
        version=said.version or str(about.get("version") or ""),
        pythons=_pythons(about),
        is_of_the_pack=package_in(folder, package) is not None,
    )


def _likeliest_first(one: Sdk) -> tuple[bool, bool, bool, int, str]:
    named = f"{one.path} {one.name}".lower()
    return not one.is_of_the_pack, "sdk" not in named, "client" not in named, one.path.count("/"), one.path


def _projects(root: Path) -> Iterator[Path]:
    """Each ``pyproject.toml``, not of what is hidden, installed or built; links are not followed."""
    for folder, below, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        kept = [one for one in below if not one.startswith(".") and one.lower() not in _NOT_SOURCE]
        below[:] = [one for one in kept if not (Path(folder) / one / "pyvenv.cfg").exists()] if depth < _DEEPEST else []
        if PROJECT in files:
            yield Path(folder) / PROJECT


def _pythons(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The Pythons that a project says it supports: by its classifiers, else by the range that it needs."""
    listed = about.get("classifiers")
    said = [str(one).rpartition(" :: ")[2] for one in listed] if isinstance(listed, list) else []
    if named := [one for one in PYTHONS if one in said]:
        return tuple(named)
    try:
        needed = SpecifierSet(str(about.get("requires-python") or ""))
    except InvalidSpecifier:
        return ()
    return tuple(one for one in PYTHONS if f"{one}.99" in needed) if about.get("requires-python") else ()


# ── its workflows ────────────────────────────────────────────────────────────


def workflows(root: Path, sdk: Sdk, *, leave_out: Sequence[str] = ()) -> tuple[Workflow, ...]:
    """The workflows that test the SDK: they name its folder, or the one that it lies in, and they test something.

    :param leave_out: files that are not looked at: Atalaya's own.
    """
    folder = root / WORKFLOWS
    files = sorted(one for one in folder.glob("*.y*ml") if one.suffix in (".yml", ".yaml") and one.is_file())
    found = (_workflow(file) for file in files if file.relative_to(root).as_posix() not in leave_out)
    return tuple(one for one, text in found if _is_about(text, sdk) and _TESTS.search(text))


def _workflow(file: Path) -> tuple[Workflow, str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    named = _NAME.search(text)
    name = next(filter(None, named.groups()), "").strip() if named else ""
    about = Workflow(
        name=name if name.isprintable() and name else file.stem,
        file=file.name,
        by_hand=re.search(r"\bworkflow_dispatch\b", text) is not None,
        on_push=re.search(r"^\s*(?:push\s*:|on:.*\bpush\b)", text, re.MULTILINE) is not None,
        pythons=_matrix(text),
    )
    return about, text


def _matrix(text: str) -> tuple[str, ...]:
    """The Pythons that a workflow names, on the line of a key such as ``python-version`` or in the list below it.

    >>> _matrix('matrix:\\n  python: ["3.10", 3.9]\\n  include:\\n    - python: "3.12"\\n      os: windows')
    ('3.10', '3.12')
    >>> _matrix('python-version:\\n  - "3.11"\\n  - "3.13"\\nruns-on: x')
    ('3.11', '3.13')
    """
    keyed = re.findall(
        r"^[ \t-]*[\"']?py(?:thon)?[\w-]*[\"']?:(.*(?:\n[ \t]*-[ \t]*[\"']?3\.\d+[\"']?[ \t]*$)*)", text, re.MULTILINE
    )
    named = {number for words in keyed for number in re.findall(r"(?<![\d.])3\.\d+(?![\d.])", words)}
    return tuple(one for one in PYTHONS if one in named)


def _is_about(text: str, sdk: Sdk) -> bool:
    if sdk.path == ".":
        return True
    path = PurePosixPath(sdk.path)
    # A monorepo's workflow often names the folder that holds the SDK with its tests, and never one at the top.
    folders = [path, *(one for one in path.parents if len(one.parts) > 1)]
    words = [*(f"{one.as_posix()}" for one in folders), sdk.name, sdk.name.replace("-", "_")]
    return any(re.search(rf"(?<![\w/-]){re.escape(word)}(?![\w-])", text) for word in words)


# ── where this Atalaya is from ───────────────────────────────────────────────


def own_origin() -> Uses | None:
    """The repository and the commit that this Atalaya came from; None where nothing tells."""
    try:
        said = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        about = json.loads(said) if said else {}
        vcs = about.get("vcs_info", {})
        repository, commit = on_github(str(about.get("url", ""))), str(vcs.get("commit_id", ""))
        tag = str(vcs.get("requested_revision", ""))
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        here = Path(__file__).parent
        if not ((top := top_of(here)) and is_ours(top)):
            return None
        repository, commit = github_repository(here), asked(here, "rev-parse", "HEAD")
        tag = asked(here, "describe", "--tags", "--exact-match")
    return uses(f"{repository}@{commit}", "" if tag == commit else tag)


def uses(text: str, tag: str = "") -> Uses | None:
    """``owner/name@commit``, taken apart; None where it is no such text.

    >>> uses("acme/atalaya@" + "0" * 40).repository, uses("acme/atalaya@main")
    ('acme/atalaya', None)
    """
    repository, _, commit = text.partition("@")
    fits = _ON_GITHUB.fullmatch(repository) and _COMMIT.fullmatch(commit)
    safe = re.fullmatch(r"[\w./-]{1,80}", tag, re.ASCII)
    return Uses(repository, commit, tag if safe else "") if fits else None
