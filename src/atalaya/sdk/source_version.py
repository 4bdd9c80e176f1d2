"""Reads which version an SDK says that it is, where that takes no build and no network."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from atalaya.core.errors import SubjectError
from atalaya.sdk.source import Kind, Source, classify, package_in

_LITERAL = re.compile(r"""^__version__\s*(?::\s*str\s*)?=\s*["']([^"']+)["']""", re.MULTILINE)


class SourceVersion(NamedTuple):
    """A version, and the file or the text that says it; empty where nothing says it cheaply."""

    version: str = ""
    where: str = ""
    is_bundled: bool = False


def version_of(sdk: str, base: Path, *, package: str, distribution: str, bundled: Path) -> SourceVersion:
    """The version of what ``subject.sdk`` names.

    :param base: where relative paths start.
    :param package: the name that it is imported by; ``distribution`` the one that it is installed by.
    :param bundled: the project that no text at all names.
    """
    try:
        source = classify(sdk, base, package=package, bundled=bundled)
    except SubjectError:
        return SourceVersion()  # it is said where it is prepared
    if source.kind is Kind.REQUIREMENT and source.path is None:
        return _of_requirement(source)
    path = source.path
    if path is None:
        return SourceVersion()
    if path.is_file() and source.kind is not Kind.ENVIRONMENT:
        return SourceVersion(_of_archive(path.name), path.name)
    if source.kind is Kind.ENVIRONMENT:
        return _of_installed(path.parents[1], distribution)
    return _of_project(path, package)._replace(is_bundled=source.kind is Kind.BUNDLED)


def differ(release: str, sdk: str) -> bool | None:
    """Whether a release's name is another version than the SDK's; None where one of them is no version.

    >>> differ("v1.1.0", "1.1"), differ("1.1.1", "1.1.0"), differ("spring", "1.1.0"), differ("1.1.0", "1.1.0+build.5")
    (False, True, None, False)
    """
    try:
        ours, theirs = Version(release), Version(sdk)
    except InvalidVersion:
        return None
    return ours.public != theirs.public and Version(ours.public) != Version(theirs.public)


def _of_requirement(source: Source) -> SourceVersion:
    try:
        asked = Requirement(source.asked)
    except InvalidRequirement:
        return SourceVersion()
    if asked.url:
        return SourceVersion(_of_archive(asked.url.split("#")[0].split("?")[0].rsplit("/", 1)[-1]), asked.url)
    pinned = [one.version for one in asked.specifier if one.operator in ("==", "===") and "*" not in one.version]
    return SourceVersion(pinned[0], source.asked) if pinned else SourceVersion()


def _of_archive(name: str) -> str:
    try:
        return str(parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1])
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return ""


def _of_installed(environment: Path, distribution: str) -> SourceVersion:
    for info in sorted(environment.glob("[Ll]ib/**/site-packages/*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        if canonicalize_name(name) == canonicalize_name(distribution):
            return SourceVersion(version, str(info))
    return SourceVersion()


def _of_project(root: Path, package: str) -> SourceVersion:
    file = root / "pyproject.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = {}
    for section in (table.get("project"), table.get("tool", {}).get("poetry")):
        if isinstance(section, dict) and isinstance(version := section.get("version"), str):
            return SourceVersion(version, str(file))
    inner = package_in(root, package)
    if inner is None:
        return SourceVersion()
    code = inner / "__init__.py"
    found = _LITERAL.search(code.read_text(encoding="utf-8", errors="replace"))
    return SourceVersion(found[1], str(code)) if found else SourceVersion()
