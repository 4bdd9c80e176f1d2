"""Parses the text that names the SDK to watch.

A path, an archive, a requirement or an environment look alike on a command line; here they are told apart.
Nothing is installed or run: only names and folders are looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from atalaya.core.errors import NoPython, SubjectError
from atalaya.core.words import Record, StrictEnum

BUNDLED_LABEL = "bundled"  # how evidence names it

HINT = "Give a path, a requirement such as 'pkg==1.1.0', or leave it out to watch the bundled SDK."
ARCHIVES = (".whl", ".tar.gz", ".zip")
PROJECT_FILES = ("pyproject.toml", "setup.py")

# PEP 508, as much of it as tells a requirement from a typing error: name, extras, then a version
# specifier, a direct reference, a marker, or nothing. The installer has the last word.
_REQUIREMENT = re.compile(
    r"""^(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) \s*
        (?P<extras>\[[A-Za-z0-9._,\s-]*\])? \s*
        (?: @\s*(?P<url>\S+)(?:\s+;.*)? | (?:\(?(?:===|==|~=|!=|<=|>=|<|>).+)? | ;.* )$""",
    re.VERBOSE,
)


class Kind(StrictEnum):
    """What the text that names the SDK turned out to be."""

    BUNDLED = "bundled"
    PROJECT = "project"  # source code with a build: always built anew
    ARCHIVE = "archive"  # a wheel or a source distribution
    FOLDER = "folder"  # an importable package, without a build
    ENVIRONMENT = "environment"  # a Python that has the SDK already
    REQUIREMENT = "requirement"  # for a package index, or a direct reference


class Source(Record, frozen=True, kw_only=True):
    """What to install or import.

    ``path`` is absolute: the project's root, the archive, the folder to import from, or the interpreter.
    A requirement has one only where it refers to something on this machine.
    """

    kind: Kind
    asked: str
    path: Path | None = None

    @property
    def label(self) -> str:
        """How evidence names it: ``bundled``, or what was asked for, without who asks."""
        return re.sub(r"(?<=://)[^/@\s]*@", "", self.asked) or BUNDLED_LABEL


class Reference(NamedTuple):
    """A requirement with a direct reference, taken apart: ``name[extras] @ url``."""

    name: str
    extras: str
    url: str


def classify(asked: str, base: Path | None = None, *, package: str, bundled: Path) -> Source:
    """Say what the text names; relative paths start at ``base``, or else at the working folder.

    :param package: the name that the SDK is imported by.
    :param bundled: the project that no text at all names.
    :raises SubjectError: a path that does not exist or holds no SDK, or text that is no requirement.
    """
    asked = asked.strip()
    if not asked:
        return Source(kind=Kind.BUNDLED, asked="", path=bundled)
    path = _absolute(Path(asked).expanduser(), base)
    if path.is_dir():
        return _of_folder(asked, path, package)
    if path.is_file():
        return _of_file(asked, path, package)
    if _looks_like_a_path(asked):
        raise SubjectError(f"no such path {asked!r}. {HINT}")
    return _of_requirement(asked)


def local_path(asked: str, base: Path) -> Path | None:
    """The path on this machine that the text names, whatever is there; None where it names none.

    :raises SubjectError: a direct reference to a path that does not exist.
    """
    asked = asked.strip()
    if not asked:
        return None
    path = _absolute(Path(asked).expanduser(), base)
    if path.exists() or _looks_like_a_path(asked):
        return path if path.exists() else None
    found = _REQUIREMENT.match(asked)
    return _local_path(asked, found["url"]) if found else None


def folder_of(package: str) -> str:
    """Where a package lies below what it is imported from.

    >>> folder_of("acme.files")
    'acme/files'
    """
    return package.replace(".", "/")


def package_in(root: Path, package: str) -> Path | None:
    """The SDK's package folder in a project: under ``src/``, at the root, or one folder down."""
    inner = folder_of(package)
    layouts: Iterator[Path] = iter((root / "src" / inner, root / inner, *sorted(root.glob(f"*/{inner}"))))
    return next((folder for folder in layouts if (folder / "__init__.py").is_file()), None)


def reference_of(requirement: str) -> Reference | None:
    """The direct reference of a requirement, if it has one.

    >>> reference_of("pkg[cli] @ file:///tmp/pkg")
    Reference(name='pkg', extras='[cli]', url='file:///tmp/pkg')
    """
    found = _REQUIREMENT.match(requirement)
    return Reference(found["name"], found["extras"] or "", found["url"]) if found and found["url"] else None


def interpreter_of(environment: Path) -> Path | None:
    """The interpreter of an environment's folder, wherever this system puts it."""
    places = (environment / "bin" / "python", environment / "Scripts" / "python.exe")
    return next((place for place in places if place.is_file()), None)


def is_project(folder: Path) -> bool:
    """Whether a folder has a file that says how to build it."""
    return any((folder / name).is_file() for name in PROJECT_FILES)


def _absolute(path: Path, base: Path | None) -> Path:
    """Absolute and without ``..``, but with its symbolic links: resolving ``bin/python`` leaves its venv."""
    return Path(os.path.abspath((base or Path.cwd()) / path))  # noqa: PTH100 - see the docstring


def _looks_like_a_path(asked: str) -> bool:
    if reference_of(asked):
        return False
    separators = "/" in asked or "\\" in asked or bool(PureWindowsPath(asked).drive)  # as typed on any system
    return separators or asked.startswith((".", "~")) or asked.lower().endswith(ARCHIVES)


def _of_file(asked: str, path: Path, package: str) -> Source:
    if path.name.lower().endswith(ARCHIVES):
        return Source(kind=Kind.ARCHIVE, asked=asked, path=path)
    if re.match(r"(python|pypy)[\d.]*w?(\.exe)?$", path.name.lower()) and os.access(path, os.X_OK):
        return Source(kind=Kind.ENVIRONMENT, asked=asked, path=path)
    if path.name in PROJECT_FILES:
        return _of_folder(asked, path.parent, package)
    raise SubjectError(f"{asked!r} is a file, but neither an archive ({', '.join(ARCHIVES)}) nor a Python. {HINT}")


def _of_folder(asked: str, path: Path, package: str) -> Source:
    if (path / "pyvenv.cfg").is_file():
        if python := interpreter_of(path):
            return Source(kind=Kind.ENVIRONMENT, asked=asked, path=python)
        raise NoPython(f"{asked!r} is an environment without a Python in it. Make it anew. {HINT}")
    if root := _project_around(path, package):
        return Source(kind=Kind.PROJECT, asked=asked, path=root)
    inner = folder_of(package)
    for folder in (path, *path.parents[: inner.count("/") + 1]):
        if (folder / inner / "__init__.py").is_file() and folder / inner in (path, path / inner):
            return Source(kind=Kind.FOLDER, asked=asked, path=folder)
    raise SubjectError(f"{asked!r} holds no {' or '.join(PROJECT_FILES)}, no {inner}/ and no pyvenv.cfg. {HINT}")


def _project_around(path: Path, package: str) -> Path | None:
    """The project that a folder is, or whose SDK source it holds or is part of.

    A folder that merely lies in somebody's checkout, such as the target of an install, is no project.
    """
    if is_project(path):
        return path
    for root in path.parents:
        if is_project(root):
            inner = package_in(root, package)
            inside = inner is not None and (path == inner.parent or path.is_relative_to(inner))
            return root if inside else None
    return None


def _of_requirement(asked: str) -> Source:
    found = _REQUIREMENT.match(asked)
    if not found:
        raise SubjectError(f"{asked!r} is neither a path nor a requirement. {HINT}")
    return Source(kind=Kind.REQUIREMENT, asked=asked, path=_local_path(asked, found["url"]))


def _local_path(asked: str, url: str | None) -> Path | None:
    if not url or urlsplit(url).scheme != "file":
        return None
    path = Path(url2pathname(urlsplit(url).path))
    if not path.exists():
        raise SubjectError(f"{asked!r} refers to {str(path)!r}, and there is no such path. {HINT}")
    return path
