"""Reads and writes the records of self-tests that lie in a pack."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from atalaya.core.errors import UsageError

Kept = TypeVar("Kept")


def kept_in(file: Path, kind: type[Kept]) -> Kept | None:
    """The record of a file; None where there is no such file.

    :raises UsageError: it is there, and is not what ``prove`` writes.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as why:
        raise UsageError(f"{file}: this is no self-test: {why}. Write it anew: atalaya prove") from None


def encoded(record: msgspec.Struct) -> str:
    """The text of a file: each field has a line of its own, else a diff would show the whole of it."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"
