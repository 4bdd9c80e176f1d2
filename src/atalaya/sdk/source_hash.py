"""Lists the source files of an SDK and computes a digest, to compare two copies.

A version string can be wrong, missing, or that of another copy. The digest is over what is imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def source_files(package: Path) -> dict[str, str]:
    """The ``.py`` files of a package folder: path relative to it, with ``/``, to SHA-256 of the content."""
    found = (path for path in package.rglob("*.py") if "__pycache__" not in path.parts and path.is_file())
    return {path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def is_layer(package: Path, held: Mapping[str, str]) -> bool:
    """Whether a package is none of the modules that a distribution holds: then it stands in front of them.

    :param held: where the distribution's modules are, by their path.
    """
    inside = package.resolve()
    return bool(held) and not any(Path(path).resolve().is_relative_to(inside) for path in held.values())


def subject_files(package: Path, held: Mapping[str, str]) -> dict[str, str]:
    """The files of an SDK that is spoken to through ``package``: all that its distribution holds.

    A distribution that holds this package and nothing else, and one that is not known, are the package's own files.
    """
    inside = package.resolve()
    if all(Path(path).resolve().is_relative_to(inside) for path in held.values()):
        return source_files(package)
    found = ((name, Path(path)) for name, path in held.items() if Path(path).is_file())
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found}


def digest_of(files: Mapping[str, str]) -> str:
    """One SHA-256 over the paths and digests, in the order of the paths.

    >>> one, other = {"a.py": "00", "b.py": "01"}, {"b.py": "01", "a.py": "00"}
    >>> digest_of(one) == digest_of(other)
    True
    >>> digest_of({"a.py": "01", "b.py": "00"}) == digest_of(one)
    False
    """
    whole = hashlib.sha256()
    for name, digest in sorted(files.items()):
        whole.update(f"{name}\0{digest}\n".encode())
    return whole.hexdigest()


def package_digest(package: Path) -> str:
    """The digest of the ``.py`` files of a package folder."""
    return digest_of(source_files(package))


def first_difference(one: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """The first path, in order, that only one of the two has, or has with another content.

    >>> first_difference({"a.py": "00", "b.py": "01"}, {"a.py": "00"})
    'b.py'
    """
    return next((name for name in sorted({*one, *other}) if one.get(name) != other.get(name)), None)
