"""Reads and writes the records that lie in the tree as JSON: self-tests and the calibration."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from atalaya.core.errors import UsageError

Kept = TypeVar("Kept")


def kept_in(file: Path, kind: type[Kept], *, what: str, again: str) -> Kept | None:
    """The record of a file; None where there is no such file.

    :param what: what the file should be, for the error.
    :param again: how it is made, for the error.
    :raises UsageError: it is there, and is no such record.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as why:
        raise UsageError(f"{file}: this is no {what}: {why}. {again}") from None


def encoded(record: msgspec.Struct) -> str:
    """The text of a file: each field has a line of its own, else a diff would show the whole of it."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"
