"""Reads which package index pip is set up with, so that uv, which reads nothing of pip's, asks the same one.

A team whose machines know a private index by pip's settings alone must not have their SDK looked up on PyPI.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path
from typing import Any

# What uv is told of an index by; any of them stands over pip's settings.
OF_UV = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")
_KEYS = {"index-url", "extra-index-url", "index", "find-links", "no-index"}
# pip's key, and the variable by which uv is told the same. uv separates several by blanks, or find-links by commas.
_SAME = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


def for_uv(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that tell uv of pip's index; none where uv has settings of its own for one."""
    if any(environ.get(name) for name in OF_UV) or any(map(_names_an_index, _files_of_uv(environ))):
        return {}
    found = _of_pip(environ)
    said = {
        variable: (",".join if key == "find-links" else " ".join)(found[key].split())
        for key, variable in _SAME.items()
        if found.get(key, "").strip()
    }
    if "UV_INDEX" in said and not environ.get("UV_INDEX_STRATEGY"):
        said["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip takes the best version of all indexes, uv of the first
    return said | ({"UV_NO_INDEX": "1"} if found.get("no-index", "").lower() in ("1", "true", "yes", "on") else {})


def _of_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings: its files from the widest to the nearest, then its variables, as pip has it."""
    found: dict[str, str] = {}
    for file in _files_of_pip(environ):
        read = ConfigParser(interpolation=None, strict=False)
        try:
            read.read(file, encoding="utf-8")
        except (Error, OSError, UnicodeDecodeError):
            continue  # pip itself will say so, where it is asked
        for section in ("global", "install"):
            found |= {key.replace("_", "-"): value for key, value in read[section].items()} if section in read else {}
    named = {key: environ.get(f"PIP_{key.upper().replace('-', '_')}", "") for key in (*_SAME, "no-index")}
    return found | {key: value for key, value in named.items() if value}


def _files_of_pip(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where pip looks: the machine's, the user's, the environment's, and what ``PIP_CONFIG_FILE`` names."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    home, name = Path.home(), "pip.ini" if os.name == "nt" else "pip.conf"
    if os.name == "nt":
        yield Path(environ.get("PROGRAMDATA") or "C:/ProgramData") / "pip" / name
        yield home / "pip" / name
        yield Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip" / name
    else:
        yield from (Path("/etc/xdg/pip") / name, Path("/etc") / name, home / ".pip" / name)
        if sys.platform == "darwin":
            yield home / "Library" / "Application Support" / "pip" / name
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / name
    yield Path(sys.prefix) / name
    if named:
        yield Path(named)


def _files_of_uv(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where uv looks, beside the project that it is called in: we call it in an empty folder."""
    if environ.get("UV_NO_CONFIG"):
        return
    if named := environ.get("UV_CONFIG_FILE"):
        yield Path(named)
        return
    if os.name == "nt":
        yield Path(environ.get("PROGRAMDATA") or "C:/ProgramData") / "uv" / "uv.toml"
        yield Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "uv" / "uv.toml"
        return
    yield from (Path("/etc/xdg/uv/uv.toml"), Path("/etc/uv/uv.toml"))
    yield Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv" / "uv.toml"


def _names_an_index(file: Path) -> bool:
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    pip = table.get("pip")
    return bool(_KEYS & (table.keys() | (pip.keys() if isinstance(pip, dict) else set())))
