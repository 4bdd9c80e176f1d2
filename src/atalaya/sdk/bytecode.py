"""Compiles the packages of an environment, and keeps the bytecode for the next one that holds them.

Each run makes its environment anew, and to compile pytest, Hypothesis and an HTTP client takes longer than to install
them. What is kept is known by the digests in a package's ``RECORD``, and each module names the digest of the source
that it was compiled from, which Python holds against the file at each import: what is kept can be old, never wrong.
Packages that came from a folder, the SDK under watch among them, are compiled and not kept.

Standard library only: it runs as a script, on the Python of the environment.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import os
import py_compile
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

STALE_S = 60 * 24 * 3600  # what was not asked for in 60 days is thrown away
WITHIN_S = 300.0


def compile_packages(python: Path, folder: Path, kept: Path | None, environ: Mapping[str, str]) -> None:
    """Compile what is installed in a folder. What cannot be compiled or kept is left to each process that imports it.

    :param python: the interpreter that will import it.
    :param kept: where bytecode is kept; None where there is no such place.
    """
    argv: list[str | Path] = [python, "-I", "-S", "-B", Path(__file__).resolve(), folder, kept or ""]
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(argv, env=environ, capture_output=True, stdin=subprocess.DEVNULL, timeout=WITHIN_S, check=False)


def main(folder: Path, kept: Path | None) -> None:
    """Compile each package that is installed in a folder."""
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        digests = _modules(record)
        # Of what came from a folder, each edit would be kept.
        from_a_folder = (record.parent / "direct_url.json").exists()
        archive = None if kept is None or from_a_folder else kept / f"{_key(digests)}.zip"
        if archive is not None and _put_back(archive, folder, digests):
            continue
        made = {name: code for name in digests if (code := _compiled(folder, name)) is not None}
        if archive is not None:
            _keep(archive, made)


def _modules(record: Path) -> dict[str, str]:
    """The modules of an installed package, with the digests of their sources."""
    with record.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if len(row) > 1 and row[0].endswith(".py")]
    return {name: digest for name, digest, *_ in rows if digest and not Path(name).is_absolute() and ".." not in name}


def _key(digests: Mapping[str, str]) -> str:
    """What bytecode is kept under: the same modules for the same kind of Python.

    >>> _key({"a.py": "sha256=1"}) == _key({"a.py": "sha256=2"}), len(_key({}))
    (False, 32)
    """
    told = [str(sys.implementation.cache_tag), *(f"{name} {digests[name]}" for name in sorted(digests))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def _put_back(archive: Path, folder: Path, digests: Mapping[str, str]) -> bool:
    """Put what is kept of a package beside its sources; whether there was anything."""
    try:
        with zipfile.ZipFile(archive) as kept:
            for name in digests.keys() & set(kept.namelist()):
                into = Path(importlib.util.cache_from_source(str(folder / name)))
                into.parent.mkdir(exist_ok=True)
                into.write_bytes(kept.read(name))
        os.utime(archive)
    except (OSError, zipfile.BadZipFile):
        return False
    return True


def _compiled(folder: Path, name: str) -> bytes | None:
    """The bytecode of a module, which lies beside it now; None where it cannot be compiled."""
    try:
        made = py_compile.compile(
            str(folder / name), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
        )
        return Path(made).read_bytes() if made else None
    except (OSError, py_compile.PyCompileError, ValueError, RecursionError):
        return None  # a test file for another Python, say


def _keep(archive: Path, made: Mapping[str, bytes]) -> None:
    """Write an archive beside its place and rename it, so that two runs at once are in nobody's way."""
    half = archive.with_name(f"{archive.name}-{os.getpid()}")
    with suppress(OSError):
        archive.parent.mkdir(parents=True, exist_ok=True)
        for old in _stale(archive.parent):
            old.unlink(missing_ok=True)
        try:
            with zipfile.ZipFile(half, "w") as kept:
                for name, code in made.items():
                    kept.writestr(name, code)
            half.replace(archive)
        finally:
            half.unlink(missing_ok=True)


def _stale(folder: Path) -> Iterator[Path]:
    before_s = time.time() - STALE_S
    return (one for one in folder.glob("*.zip*") if one.stat().st_mtime < before_s)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
