"""Extracts the safe entries of a zip archive from an untrusted source, and of the archives in it.

An archive comes from a stranger: it names paths, claims sizes and can be a bomb. Each entry is read in pieces
against limits that count what really comes out, never what is declared; what is refused is named with its reason.
A package in it, such as a wheel, stays closed: the reports among its files are the data of somebody's tests.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from atalaya.evidence.readers.model import PIECE_BYTES, cut_name
from atalaya.records.stored import ReadStatus

ENTRIES = 10_000
ENTRY_BYTES = 64 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
RATIO, RATIO_ABOVE_BYTES = 200, 8 * 1024 * 1024
NAME_BYTES, PART_BYTES = 1_000, 200  # a part of a path is 255 bytes at most on most systems
DEPTH = 3  # of archives in archives

DIRECTORY_ENTRY = b"PK\x01\x02"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
CLOSED = {b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7-Zip"}  # packed by what is not read here
ARCHIVES = (*ZIPS, GZIP, BZIP2, XZ, *CLOSED)
TAR, TAR_AT = b"ustar", 257
XZ_BYTES = 128 * 1024 * 1024  # of memory: its header says how much it takes
# Files that tell a package: of Python, Java, .NET, npm, an office.
PACKAGE = re.compile(
    r".+\.dist-info/WHEEL|[^/]+/PKG-INFO|META-INF/MANIFEST\.MF|[^/]+\.nuspec|package/package\.json"
    r"|\[Content_Types\]\.xml"
)
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
    lzma.LZMAError,
    tarfile.TarError,
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


class _Left:
    """What may still come out of an archive and of those in it."""

    def __init__(self) -> None:
        self.total_bytes, self.entries = TOTAL_BYTES, ENTRIES

    def take(self, content: bytes) -> None:
        self.total_bytes -= len(content)
        self.entries -= 1


def files_in(source: Path | bytes | IO[bytes]) -> Iterator[Member]:
    """Each file of a zip and of the archives in it, one at a time. Nothing that an archive can hold raises.

    What is wrong with an archive as a whole comes as one member with its name, which is empty for the first.
    """
    yield from _files_of(source, _Left(), 0)


def _files_of(source: Path | bytes | IO[bytes], left: _Left, depth: int) -> Iterator[Member]:
    try:
        with _opened(source) as file:
            _check_entries(file)
            with zipfile.ZipFile(file) as archive:
                if depth:
                    _require_no_package(archive.namelist())
                yield from _members(archive, left, depth)
    except Refused as why:
        yield Member("", None, why.status, str(why))
    except BROKEN as why:
        yield Member("", None, ReadStatus.UNREADABLE, f"not a zip that can be read: {_says(why)}.")


def _files_inside(name: str, content: bytes, left: _Left, depth: int) -> Iterator[Member]:
    """Each file of an archive in an archive, below its name."""
    if depth > DEPTH:
        yield Member(name, None, ReadStatus.DECLINED, f"declined: archives nested deeper than {DEPTH}.")
        return
    packed = next((how for magic, how in CLOSED.items() if content.startswith(magic)), "")
    if packed:
        yield Member(name, None, ReadStatus.UNREADABLE, f"packed with {packed}, which is not opened here.")
        return
    inside = _files_of(content, left, depth) if content.startswith(ZIPS) else _unpacked(name, content, left, depth)
    for member in inside:
        whole = f"{name}/{member.name}" if member.name else name
        trouble = trouble_with(whole) if member.content is not None else ""
        if trouble:
            yield Member(cut_name(whole), None, ReadStatus.DECLINED, f"declined: {trouble}.")
        else:
            yield member._replace(name=whole)


def _unpacked(name: str, content: bytes, left: _Left, depth: int) -> Iterator[Member]:
    """What a file that was packed alone holds: a tar's files, or one."""
    try:
        if content[TAR_AT : TAR_AT + len(TAR)] != TAR:
            content = _expanded(content, left)
            left.take(content)
        if content[TAR_AT : TAR_AT + len(TAR)] == TAR:
            with tarfile.open(fileobj=BytesIO(content), mode="r:") as tar:
                yield from _of_tar(tar, left, depth)
        elif content.startswith(ARCHIVES):
            yield from _files_inside(PurePosixPath(name).stem or name, content, left, depth + 1)
        else:
            yield Member(PurePosixPath(name).stem or name, content)
    except Refused as why:
        yield Member("", None, why.status, str(why))
    except BROKEN as why:
        yield Member("", None, ReadStatus.UNREADABLE, f"not an archive that can be read: {_says(why)}.")


def _expanded(content: bytes, left: _Left) -> bytes:
    packed = BytesIO(content)
    if content.startswith(GZIP):
        return _read(io.BufferedReader(gzip.GzipFile(fileobj=packed)), len(content), left)
    if content.startswith(BZIP2):
        return _read(bz2.BZ2File(packed), len(content), left)
    decompressor = lzma.LZMADecompressor(memlimit=XZ_BYTES)
    return _read(BytesIO(decompressor.decompress(content, ENTRY_BYTES + 1)), len(content), left)


def _of_tar(tar: tarfile.TarFile, left: _Left, depth: int) -> Iterator[Member]:
    times: Counter[str] = Counter()
    entries: list[tarfile.TarInfo] = []
    for info in tar:
        if len(entries) >= left.entries:
            raise Refused(ReadStatus.DECLINED, f"declined: archives of more than {ENTRIES:,} entries.")
        entries.append(info)
        times[_same(_of_tar_name(info))] += 1
    _require_no_package(map(_of_tar_name, entries))
    for info in entries:
        name = _of_tar_name(info)
        if info.isdir():
            continue
        try:
            _check_name(name, times)
            file = tar.extractfile(info) if info.isreg() else None
            if file is None:
                raise Refused(ReadStatus.DECLINED, "declined: a link or a device, not a file.")
            content = _read(file, info.size, left)
        except Refused as why:
            yield Member(_printable(name), None, why.status, str(why))
        else:
            yield from _one(name, content, left, depth)


def _of_tar_name(info: tarfile.TarInfo) -> str:
    return info.name.removeprefix("./")


def _require_no_package(names: Iterable[str]) -> None:
    if any(PACKAGE.fullmatch(name) for name in names):
        raise Refused(ReadStatus.UNSUPPORTED, "a package: the files in it are no results of tests.")


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


def _members(archive: zipfile.ZipFile, left: _Left, depth: int) -> Iterator[Member]:
    entries = archive.infolist()
    if len(entries) > left.entries:
        raise Refused(ReadStatus.DECLINED, f"declined: archives of more than {ENTRIES:,} entries.")
    times = Counter(_same(info.orig_filename) for info in entries)
    for info in entries:
        if info.is_dir() and not trouble_with(info.orig_filename.rstrip("/")):
            continue
        try:
            _check(info, times)
            with archive.open(info) as file:
                content = _read(file, info.compress_size, left)
        except Refused as why:
            yield Member(_printable(info.orig_filename), None, why.status, str(why))
        except BROKEN as why:
            reason = f"damaged in the archive: {_says(why)}."
            yield Member(_printable(info.orig_filename), None, ReadStatus.UNREADABLE, reason)
        else:
            yield from _one(info.orig_filename, content, left, depth)


def _one(name: str, content: bytes, left: _Left, depth: int) -> Iterator[Member]:
    """A file of an archive, or the files of one that is an archive itself."""
    left.take(content)
    if content.startswith(ARCHIVES) or content[TAR_AT : TAR_AT + len(TAR)] == TAR:
        yield from _files_inside(name, content, left, depth + 1)
    else:
        yield Member(name, content)


def _same(name: str) -> str:
    """What a file system that folds case and accents would take a name for."""
    return unicodedata.normalize("NFC", name).casefold()


def _check(info: zipfile.ZipInfo, times: Counter[str]) -> None:
    _check_name(info.orig_filename, times)
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise Refused(ReadStatus.DECLINED, "declined: a link or a device, not a file.")
    if info.flag_bits & 1:
        raise Refused(ReadStatus.UNREADABLE, "encrypted: there is no password to read it with.")
    if info.compress_type not in METHODS:
        raise Refused(ReadStatus.UNREADABLE, f"compressed by method {info.compress_type}, which is not read here.")


def _check_name(name: str, times: Counter[str]) -> None:
    if trouble := trouble_with(name):
        raise Refused(ReadStatus.DECLINED, f"declined: {trouble}.")
    if times[_same(name)] > 1:
        raise Refused(
            ReadStatus.DECLINED, "declined: its name stands twice in the archive, and one would hide the other."
        )


def _read(file: IO[bytes], packed_bytes: int, left: _Left) -> bytes:
    """What comes out of a file that is read, within the limits."""
    content = bytearray()
    most = min(ENTRY_BYTES, left.total_bytes)
    while piece := file.read(PIECE_BYTES):
        content += piece
        if len(content) > most:
            raise Refused(ReadStatus.DECLINED, f"declined: it unpacks to more than {most:,} bytes.")
        if len(content) > max(RATIO_ABOVE_BYTES, RATIO * packed_bytes):
            raise Refused(ReadStatus.DECLINED, f"declined: it unpacks to more than {RATIO} times its size.")
    return bytes(content)


def _printable(name: str) -> str:
    return cut_name(name if name.isprintable() else ascii(name)[1:-1])


def _says(why: Exception) -> str:
    return f"{type(why).__name__}: {str(why)[:200]}"
