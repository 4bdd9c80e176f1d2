"""Loads ``fleet.toml``: the repositories, branches and files whose releases one page shows together."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta

from atalaya.core.errors import SettingsError
from atalaya.core.scrub import scrub
from atalaya.core.settings import Key, Section, cannot_be, not_known, refused

FILE = "fleet.toml"
SOURCE = "source"
FLEET = "fleet"
KINDS = ("path", "git", "parquet")  # of a source; each has one of them
# What git is asked for. Other schemes run programs of their own.
REMOTE = r"^((https?|ssh|git|file)://[^\s\\]+|[\w.-]+@[\w.-]+:[^\s\\]+)$"
LONGEST_NAME = 100


class SourceSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place that releases of one subject come from."""

    path: Annotated[
        str,
        Meta(
            description="A repository that watches its releases, or a folder with a folder for each release, relative "
            "to fleet.toml."
        ),
    ] = ""
    git: Annotated[
        str,
        Meta(
            description="A repository that git fetches, as `https://github.com/acme/sdk.git`. How to sign in is git's "
            "own matter: no password belongs here."
        ),
    ] = ""
    parquet: Annotated[
        str,
        Meta(
            description="Compacted evidence, relative to fleet.toml: a folder of the Parquet files of one release, or "
            "with a folder of them for each release."
        ),
    ] = ""
    branch: Annotated[
        str,
        Meta(
            pattern=r"^([^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*)?$",
            description="The branch of `git`. Empty: `evidence`, and where there is none, the repository's default "
            "branch.",
        ),
    ] = ""
    releases: Annotated[
        str,
        Meta(
            pattern=r"^([^/\\\x00-\x1f\x7f\ud800-\udfff]+(/[^/\\\x00-\x1f\x7f\ud800-\udfff]+)*/?)?$",
            description="The folder with a folder for each release, below `path` or in the repository of `git`. Empty: "
            "where Atalaya itself keeps them, such as `docs/releases`.",
        ),
    ] = ""
    subject: Annotated[
        str,
        Meta(
            max_length=LONGEST_NAME,
            pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]*$",
            description="What the releases are of. Empty: the last part of the path or of the address.",
        ),
    ] = ""
    site: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/@?#\\<>\"']+(/[^\s@?#\\<>\"']*)?)?$",
            description="The address of that team's own site, such as `https://watch.example.org/`: each release is a "
            "link to its page there. Empty: no links.",
        ),
    ] = ""

    @property
    def kind(self) -> str:
        """Which of :data:`KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def place(self) -> str:
        """Its path or address, as it was written."""
        return str(getattr(self, self.kind))

    @property
    def name(self) -> str:
        """What its releases are of."""
        return self.subject.strip() or _last_part(self.place)


class FleetSettings(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of ``fleet.toml``."""

    rehearsals: Annotated[
        bool, Meta(description="Whether rehearsals are shown too. Left out, they are counted and said to be left out.")
    ] = False
    source: tuple[SourceSettings, ...] = ()


class LoadedFleet(NamedTuple):
    """The settings of a fleet, and the file that they came from."""

    settings: FleetSettings
    path: Path
    lines: tuple[int, ...] = ()  # on which its sources begin

    def place(self, number: int) -> str:
        """Where a source stands, by its number from 0."""
        return f"{self.path.name}:{self.lines[number] if number < len(self.lines) else 1}"


@cache
def every_key() -> tuple[Key, ...]:
    """Each key of ``fleet.toml``: of the file itself, and of each ``[[source]]``. They have no variables."""
    return (*_keys(FLEET, FleetSettings), *_keys(SOURCE, SourceSettings))


def _keys(section: str, of: type[msgspec.Struct]) -> list[Key]:
    hints = get_type_hints(of, include_extras=True)
    return [
        Key(section, field.name, field.default, str(metadata[0].description), "")
        for field in msgspec.structs.fields(of)
        if (metadata := getattr(hints[field.name], "__metadata__", ()))
        and (metadata := tuple(one for one in metadata if one.description))
    ]


def load(path: Path) -> LoadedFleet:
    """Read a ``fleet.toml``.

    :raises SettingsError: it is not there, cannot be read, names nothing, names one subject twice, or holds a key or a
        value that is not known or cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no such file. Write one with a [[source]] for each repository, as "
            f'`[[source]]` and below it `path = "../sdk"`, or name another with --fleet.'
        ) from None
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{path}: not TOML: {why}. Mend that line.") from None
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: cannot be read: {why}. Give it back as UTF-8 text.") from None
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*source\s*\]\]", line)]
    if isinstance(table.get(SOURCE), dict):
        raise SettingsError(
            f"{path.name}:{_line_of_section(text)} [{SOURCE}]: there may be several. Write it with two brackets: "
            f"[[{SOURCE}]]."
        )
    loaded = LoadedFleet(_convert(table, path, text, lines), path, tuple(lines))
    _require_sources(loaded)
    return loaded


def _line_of_section(text: str) -> int:
    begins = (n for n, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\s*{SOURCE}\s*\]", line))
    return next(begins, 1)


def _convert(table: dict[str, Any], path: Path, text: str, lines: list[int]) -> FleetSettings:
    try:
        return msgspec.convert(table, FleetSettings)
    except msgspec.ValidationError as why:
        message, dotted, unknown = refused(why)
        found = re.match(rf"{SOURCE}\[(\d+)\]\.?(.*)", dotted)
        number = int(found[1]) if found else None
        key = unknown or (found[2] if found else dotted)
        place = f"{path.name}:{_line_of(text, lines, number, key)}"
        if unknown:
            known = [one.name for one in every_key() if one.section == (FLEET if number is None else SOURCE)]
            known += [] if number is not None else [f"[[{SOURCE}]]"]
            raise not_known(place, f"key '{key}'", known) from None
        declared = next((one for one in every_key() if one.name == key), None)
        raise cannot_be(f"{place} {key}", message, declared, f"reference of {FILE}") from None


def _require_sources(loaded: LoadedFleet) -> None:
    if not loaded.settings.source:
        raise SettingsError(
            f"{loaded.path.name}: it names no source, so there is nothing to show. Add a [[{SOURCE}]] with one of "
            f"{', '.join(KINDS)}."
        )
    taken: dict[str, str] = {}
    for number, source in enumerate(loaded.settings.source):
        place = loaded.place(number)
        named = [kind for kind in KINDS if getattr(source, kind)]
        if len(named) != 1:
            says = f"{' and '.join(named)} are both named" if named else "nothing says where it is"
            raise SettingsError(f"{place} {SOURCE}: {says}. Give one of {', '.join(KINDS)}.")
        _require_git(source, place)
        if source.releases and source.parquet:
            raise SettingsError(
                f"{place} releases: a `parquet` folder holds the releases itself. Take it out, or name the folder of "
                f"releases with `path`."
            )
        name = source.name
        if not name:
            raise SettingsError(f'{place} {SOURCE}: its path has no name of its own. Give it one: subject = "NAME".')
        if (before := taken.setdefault(name.casefold(), place)) != place:
            raise SettingsError(
                f"{place} {SOURCE}: its releases are of {name!r}, and so are those of {before}. Give each a name of "
                f'its own: subject = "NAME".'
            )


def _require_git(source: SourceSettings, place: str) -> None:
    if source.branch and not source.git:
        raise SettingsError(f"{place} branch: only `git` has a branch. Take it out, or name a repository with `git`.")
    if source.git and not re.match(REMOTE, source.git):
        raise SettingsError(
            f"{place} git: {scrub(source.git)!r} is no address that git is asked for. Give one such as "
            f"https://github.com/acme/sdk.git or git@github.com:acme/sdk.git; a folder here is a `path`, and a bare "
            f"repository here is file:///PATH."
        )
    if re.match(r"https?://[^/@\s]*@", source.git):
        raise SettingsError(
            f"{place} git: the address holds a name or a password, and this file is read by others. Take it out; git's "
            f"credential helper signs in."
        )


def _line_of(text: str, lines: list[int], source: int | None, key: str) -> int:
    """The line of a key: of a source by its number, from 0, or of the file itself; 1 where it cannot be told."""
    begins = 0 if source is None else lines[source] if source < len(lines) else 0
    for number, line in enumerate(text.splitlines(), start=1):
        if number > begins and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return begins or 1


def _last_part(place: str) -> str:
    """What a path or an address ends in.

    >>> _last_part("https://github.com/acme/sdk.git"), _last_part("git@host:acme/sdk"), _last_part("../orders/")
    ('sdk', 'sdk', 'orders')
    """
    last = re.split(r"[/\\:]", place.rstrip("/\\"))[-1].removesuffix(".git")
    return "" if last in (".", "..") else last[:LONGEST_NAME]
