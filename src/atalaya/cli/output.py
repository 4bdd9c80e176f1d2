"""Writes files and JSON, and says before a long run whether they can be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from atalaya.cli.console import put_out
from atalaya.core.errors import UsageError
from atalaya.core.whole_file import write_whole


def built(value: Any) -> Any:
    return msgspec.to_builtins(value)


def write_json(path: Path, content: Any) -> None:
    _write(path, as_json(content))


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    _write(path, text.encode("utf-8", "backslashreplace"))


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except (OSError, ValueError) as why:
        says = getattr(why, "strerror", None) or why
        raise UsageError(f"{path}: cannot be written: {says}. Name another file.") from None


def require_writable(*files: str | None) -> None:
    """Before a run that takes time, and keeps evidence: whether the files that it is to write can be.

    :raises UsageError: one of them cannot.
    """
    for file in files:
        if file is None:
            continue
        if not file.strip():
            raise UsageError("A file to be written was given an empty path. Name one, or leave the option out.")
        path = Path(file)
        above = next((one for one in path.parents if one.exists()), path)
        # A pipe takes what is written when somebody reads it, which may be never.
        if path.is_dir() or path.is_fifo() or not above.is_dir() or not os.access(above, os.W_OK):
            raise UsageError(f"{path}: it cannot be written there. Name another file.")


def print_json(content: Any) -> None:
    """Print JSON in UTF-8, whatever the encoding of the terminal: a program reads it."""
    put_out(as_json(content))


def as_json(content: Any) -> bytes:
    """A document as it is published: UTF-8, indented, with the end of a line."""
    try:
        encoded = msgspec.json.encode(content)
    except UnicodeEncodeError:  # a file's name may be no text
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(content)))
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, (list, tuple)) else value
