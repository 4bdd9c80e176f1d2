"""Extracts the safe entries of a zip archive from an untrusted source.

An archive comes from a stranger: it names paths, claims sizes and can be a bomb. Each entry is read in pieces
against limits that count what really comes out, never what is declared; what is refused is named with its reason.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import IO, NamedTuple

from atalaya.evidence.readers.model import PIECE_BYTES, cut_name
from atalaya.records.stored import ReadStatus

ENTRIES = 10_000
ENTRY_BYTES = 64 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
RATIO, RATIO_ABOVE_BYTES = 200, 8 * 1024 * 1024
NAME_BYTES, PART_BYTES = 1_000, 200  # a part of a path is 255 bytes at most on most systems

DIRECTORY_ENTRY = b"PK\x01\x02"
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf")
# LZMA is left out: its header says how much memory to take.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What broken archives make zipfile raise, beside its own BadZipFile.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
)


class Member(NamedTuple):
    """One file of an archive under a name that is safe to show: its content, or why it was not read.

    Only a name beside a content is also safe as a path.
    """

    name: str
    content: bytes | None
    status: ReadStatus = ReadStatus.READ
    reason: str = ""


class Refused(Exception):
    """An entry that is not read."""

    def __init__(self, status: ReadStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def files_in(source: Path | bytes | IO[bytes]) -> Iterator[Member]:
    """Each file of a zip, one at a time. Nothing that an archive can hold raises.

    What is wrong with the archive as a whole comes as one member without a name.
    """
    try:
        with _opened(source) as file:
            _check_entries(file)
            with zipfile.ZipFile(file) as archive:
                yield from _members(archive)
    except Refused as why:
        yield Member("", None, why.status, str(why))
    except BROKEN as why:
        yield Member("", None, ReadStatus.UNREADABLE, f"not a zip that can be read: {_says(why)}.")


def unpack(source: Path | bytes | IO[bytes], folder: Path) -> Iterator[Member]:
    """The same, each file written below a folder before it is given."""
    for member in files_in(source):
        trouble = "" if member.content is None else _put(folder / member.name, member.content)
        yield Member(member.name, None, ReadStatus.UNREADABLE, trouble) if trouble else member


def _put(path: Path, content: bytes) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as why:  # a file where another needs a folder, or a name that this system does not take
        return f"it cannot be unpacked here: {why.strerror or type(why).__name__}."
    return ""


def _opened(source: Path | bytes | IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, bytes):
        return BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else nullcontext(source)


def trouble_with(name: str) -> str:
    """Why a name is no safe relative path, on any system; empty where it is one.

    >>> trouble_with("junit/report.xml"), trouble_with("../report.xml")
    ('', 'its name leads out of the archive')
    """
    parts = name.split("/")
    if not name or name.startswith("/"):
        return "its name is an absolute path" if name else "it has no name"
    if re.match(r"[A-Za-z]:", name):
        return "its name begins with a drive"
    if ".." in parts:
        return "its name leads out of the archive"
    if "\\" in name:
        return "its name holds a backslash, which is a separator on some systems"
    if not name.isprintable() or any(character in name for character in ':*?"<>|'):
        return "its name holds a character that no file name should"
    if any(part in ("", ".") or part.endswith((".", " ")) for part in parts):
        return "its name is no plain path"
    if len(name.encode()) > NAME_BYTES or any(len(part.encode()) > PART_BYTES for part in parts):
        return "its name is too long"
    return ""


def _check_entries(file: IO[bytes]) -> None:
    """Count the entries before zipfile reads them all into memory. A nested zip's entries count too."""
    found, tail = 0, b""
    while piece := file.read(PIECE_BYTES):
        found += (tail + piece).count(DIRECTORY_ENTRY)
        tail = piece[-(len(DIRECTORY_ENTRY) - 1) :]
        if found > ENTRIES:
            raise Refused(ReadStatus.DECLINED, f"declined: an archive of more than {ENTRIES:,} entries.")
    file.seek(0)


def _members(archive: zipfile.ZipFile) -> Iterator[Member]:
    entries = archive.infolist()
    times = Counter(_same(info.orig_filename) for info in entries)
    left = TOTAL_BYTES
    for info in entries:
        if info.is_dir() and not trouble_with(info.orig_filename.rstrip("/")):
            continue
        try:
            _check(info, times)
            content = _content(archive, info, left)
        except Refused as why:
            yield Member(_shown(info), None, why.status, str(why))
        except BROKEN as why:
            yield Member(_shown(info), None, ReadStatus.UNREADABLE, f"damaged in the archive: {_says(why)}.")
        else:
            left -= len(content)
            yield Member(info.orig_filename, content)


def _same(name: str) -> str:
    """What a file system that folds case and accents would take a name for."""
    return unicodedata.normalize("NFC", name).casefold()


def _check(info: zipfile.ZipInfo, times: Counter[str]) -> None:
    name, mode = info.orig_filename, info.external_attr >> 16
    if trouble := trouble_with(name):
        raise Refused(ReadStatus.DECLINED, f"declined: {trouble}.")
    if times[_same(name)] > 1:
        raise Refused(
            ReadStatus.DECLINED, "declined: its name stands twice in the archive, and one would hide the other."
        )
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise Refused(ReadStatus.DECLINED, "declined: a link or a device, not a file.")
    if info.flag_bits & 1:
        raise Refused(ReadStatus.UNREADABLE, "encrypted: there is no password to read it with.")
    if info.compress_type not in METHODS:
        raise Refused(ReadStatus.UNSUPPORTED, f"compressed by method {info.compress_type}, which is not read here.")


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    content = bytearray()
    with archive.open(info) as file:
        while piece := file.read(PIECE_BYTES):
            if not content and piece.startswith(ARCHIVES):
                raise Refused(ReadStatus.UNSUPPORTED, "an archive in an archive. Unpack it, and collect what is in it.")
            content += piece
            if len(content) > min(ENTRY_BYTES, left):
                raise Refused(
                    ReadStatus.DECLINED, f"declined: it unpacks to more than {min(ENTRY_BYTES, left):,} bytes."
                )
            if len(content) > max(RATIO_ABOVE_BYTES, RATIO * info.compress_size):
                raise Refused(ReadStatus.DECLINED, f"declined: it unpacks to more than {RATIO} times its size.")
    return bytes(content)


def _shown(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename
    return cut_name(name if name.isprintable() else ascii(name)[1:-1])


def _says(why: Exception) -> str:
    return f"{type(why).__name__}: {str(why)[:200]}"
