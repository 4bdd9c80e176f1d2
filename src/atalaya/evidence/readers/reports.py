"""Detects the format of a report file and reads it with the matching reader.

The content decides, never the name. The file is read in pieces and nothing is fetched: no DTD, no entity,
no include.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from atalaya.evidence.readers import ctrf, junit, pytest_json, smoke, sniff, strict_json
from atalaya.evidence.readers.model import LIMITS, Contents, Declined, Pieces, Report, beyond, not_read, of_contents
from atalaya.records.stored import ReadStatus

# What tells a format, and what reads it.
JSON_FORMATS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Contents]], ...] = (
    (ctrf.recognises, ctrf.contents),
    (pytest_json.recognises, pytest_json.contents),
    (smoke.recognises, smoke.contents),
)

# What can begin a value of JSON, and a line where each is a document: each costs memory, however short it is.
JSON_MARKS = (b"[", b"{", b",")
LINE_MARKS = (b"\n", b"\r")


def read(source: Path | bytes, *, name: str = "") -> Report:
    """Read one report. ``name`` stands for the file's name where bytes are given.

    Nothing that a file can hold raises: what is wrong with it is in the report.
    """
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), len(source), Path(name).suffix)
    try:
        with source.open("rb") as file:
            return _read(file, os.fstat(file.fileno()).st_size, source.suffix)
    except OSError as why:
        return not_read(ReadStatus.UNREADABLE, f"cannot be opened: {why.strerror or why}.")


def _read(file: IO[bytes], size_bytes: int, suffix: str) -> Report:
    if size_bytes > LIMITS["bytes"].most:
        return not_read(ReadStatus.DECLINED, f"{beyond('bytes')}.", size_bytes=size_bytes)
    pieces = Pieces(file)
    try:
        head = pieces.next()
        found = _not_xml(head, pieces, suffix) or junit.parse(head, pieces)
    except Declined as why:
        found = sniff.Other(ReadStatus.DECLINED, f"declined: {why}.")
    sha256 = pieces.sha256()
    if isinstance(found, Contents):
        return of_contents(found, sha256=sha256, size_bytes=pieces.size_bytes)
    status, reason, at_byte = found
    return not_read(status, reason, sha256=sha256, size_bytes=pieces.size_bytes, at_byte=at_byte)


def _not_xml(head: bytes, pieces: Pieces, suffix: str) -> Contents | sniff.Other | None:
    """What is no XML at all, told from its first sign; None where it may be XML."""
    if not head:
        return sniff.Other(ReadStatus.UNREADABLE, "empty: 0 bytes.", 0)
    if (found := sniff.packed(head)) is not None:
        return found
    if sniff.looks_like_xml(head):
        return None
    content = bytearray()
    piece = head
    while piece and len(content) <= LIMITS["json bytes"].most:
        content += piece
        piece = pieces.next()
    if not sniff.looks_like_json(head):
        return smoke.in_text(bytes(content)) or junit.parse(bytes(content) + piece, pieces)
    if len(content) > LIMITS["json bytes"].most:
        raise beyond("json bytes")
    _check_marks(content, JSON_MARKS)
    if content.startswith(sniff.UTF16):
        try:
            content = bytearray(content.decode("utf-16").encode())
        except UnicodeError:
            return sniff.Other(ReadStatus.UNREADABLE, "not UTF-16, though it begins so.", 0)
    return _json(bytes(content).removeprefix(b"\xef\xbb\xbf"), suffix)


def _check_marks(content: bytes | bytearray, marks: tuple[bytes, ...]) -> None:
    if sum(map(content.count, marks)) > LIMITS["json values"].most:
        raise beyond("json values")


def _json(content: bytes, suffix: str) -> Contents | sniff.Other:
    try:
        document = strict_json.decoded(content)
    except strict_json.SaidTwice as why:
        return sniff.Other(ReadStatus.DECLINED, f"declined: {why}.")
    except strict_json.NotStrict as why:
        _check_marks(content, JSON_MARKS + LINE_MARKS)
        found = smoke.in_text(content) or sniff.of_json_lines(content)
        return found or sniff.Other(ReadStatus.UNREADABLE, f"{why}.", why.at_byte)
    for recognises, contents_of in JSON_FORMATS:
        if recognises(document):
            return contents_of(document)
    return sniff.of_json(document, suffix)
