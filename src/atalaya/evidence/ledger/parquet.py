"""Compacts many segments into one Parquet file, in which each segment can still be verified.

A compacted file is Parquet with a row for each record: the segment that it came from, and the line that stood
there. Nothing else: columns taken from a line could come to differ from it, and a line is what a segment's
digest is taken over. So the digest of each segment can be computed again from the rows, and whoever asks for
columns takes them from the very text that was proven. The manifest, in the file's own metadata, says which
segments there are, with the full digest and the number of records of each.

The file's name holds the digest of its bytes: one that was changed is found before any of it is decoded.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from atalaya.core.errors import EngineError, EvidenceError, passes

if TYPE_CHECKING:
    import duckdb  # elsewhere where it is used: it takes as long to import as all the rest, and few commands need it

SUFFIX = ".parquet"
FORMAT = 1  # of the manifest; an older one is read for ever, a newer one is refused
KEY = "atalaya"
LARGEST_BYTES = 2 * 1024 * 1024 * 1024  # of all lines of one file
AT_ONCE = 10_000  # rows
# As systems say it in DuckDB's words for a file that it cannot open or write.
FULL_SAYS = ("No space left on device", "Disk quota exceeded", "not enough space on the disk", "Too many open files")
MAKE_ROOM = "The evidence is not at fault: free memory and disk space, or use a larger machine, and run again."
NAME = re.compile(r"(?P<kind>[a-z]+(?:-[a-z]+)*)-(?P<digest>[0-9a-f]{32})\.parquet")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One segment as the manifest has it: the file that it was, and what it must come to."""

    name: str
    digest: str
    records: int
    size_bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one compacted file says that it holds, in the order of its rows."""

    format: int
    kind: str
    segments: tuple[Entry, ...]


def pack(path: Path, kind: str, segments: Iterable[tuple[Entry, Sequence[bytes]]]) -> Manifest:
    """Write segments, each with its lines, to one file. It is for the caller to make that file appear whole.

    The segments are taken one at a time. What is returned is the manifest that stands in the file.

    :raises OSError: it cannot be written.
    """
    import duckdb

    entries: list[Entry] = []

    def rows() -> Iterator[tuple[str, str]]:
        for entry, lines in segments:
            entries.append(entry)
            yield from ((entry.name, line.decode()) for line in lines)

    try:
        with _database() as database:
            database.execute('CREATE TABLE rows ("segment" VARCHAR, "line" VARCHAR)')
            left = rows()
            while some := list(islice(left, AT_ONCE)):
                database.execute("INSERT INTO rows SELECT unnest(?), unnest(?)", list(zip(*some, strict=True)))
            manifest = Manifest(format=FORMAT, kind=kind, segments=tuple(entries))
            database.execute(
                f"COPY rows TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, "
                f"KV_METADATA {{{KEY}: {quoted(msgspec.json.encode(manifest).decode())}}})"
            )
    except duckdb.Error as why:
        raise OSError(_line(why)) from None
    return manifest


def manifest(path: Path) -> Manifest:
    """What a compacted file says that it holds.

    :raises EvidenceError: it has no manifest, or a newer Atalaya wrote it.
    """
    import duckdb

    try:
        with _reading() as database:
            found = database.execute(
                "SELECT value FROM parquet_kv_metadata(?) WHERE key = ?", [glob.escape(str(path)), KEY.encode()]
            ).fetchone()
        content = bytes(found[0]) if found else b"{}"
        written_as = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("format", msgspec.Raw(b"null"))
        if (number := msgspec.json.decode(written_as)) is not None and number != FORMAT:
            raise EvidenceError(
                f"{path}: compacted in format {number!r}, and this Atalaya reads up to {FORMAT}. "
                f"Install the version that wrote it, or a newer one."
            )
        return msgspec.json.decode(content, type=Manifest)
    except (duckdb.Error, msgspec.MsgspecError, UnicodeError) as why:
        says = f"{path}: no manifest of segments can be read in it: {_line(why)}"
        if lacks_room(why):
            raise EngineError(f"{says}. {MAKE_ROOM}") from None
        raise EvidenceError(f"{says}. Restore it from version control.") from None


def check_name(path: Path, sha256: str) -> str:
    """The kind that a compacted file's name says; its digest must be that of the file's bytes.

    :raises EvidenceError: it is another file's name.
    """
    match = NAME.fullmatch(path.name)
    if match is None:
        raise EvidenceError(
            f"{path.parent}/{path.name!r}: not a compacted file of segments: the name is not <kind>-<32 hex digits>"
            f"{SUFFIX}. Move it out of the ledger, or give it back its name."
        )
    if not sha256.startswith(match["digest"]):
        raise EvidenceError(
            f"{path}: its name says {match['digest']}, its content is {sha256[:32]}: it was changed after it was "
            f"written. Restore it from version control."
        )
    return match["kind"]


def unpack(path: Path) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """Each segment of a compacted file, with its lines, some of them at a time, each with its end.

    The lines are to be taken before the next segment is. Their digest is for the caller to compute.

    :raises EvidenceError: the rows are not those that the manifest tells of.
    """
    entries = manifest(path).segments
    found: list[str] = []
    with _as_the_manifest_tells(path, found):
        for (name, lots), entry in zip(groupby(_lots(path), key=lambda lot: lot.segment), entries, strict=True):
            counts: list[int] = []
            lines = _lines(path, lots, counts, found)
            if name == entry.name:
                yield entry, lines
            for _ in lines:
                pass
            if (entry.name, entry.records) != (name, sum(counts)):
                raise ValueError(
                    f"the manifest tells of {entry.records} in {entry.name}, there are {sum(counts)} in {name}"
                )
            found.append(name)


@contextmanager
def _as_the_manifest_tells(path: Path, found: Sequence[str]) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.Error, ValueError, TypeError) as why:
        if lacks_room(why):
            raise EngineError(f"{path}: cannot be read: {_line(why)}. {MAKE_ROOM}") from None
        raise EvidenceError(
            f"{path}: after {len(found)} segments: its rows are not those of its manifest: {_line(why)}. "
            f"Restore it from version control."
        ) from None


class _Lot(NamedTuple):
    """Some lines of one segment that follow each other, each with its end."""

    segment: str
    lines: bytes
    number: int


def _lines(path: Path, lots: Iterator[_Lot], counts: list[int], found: Sequence[str]) -> Iterator[bytes]:
    with _as_the_manifest_tells(path, found):
        for lot in lots:
            counts.append(lot.number)
            yield lot.lines


def _lots(path: Path) -> Iterator[_Lot]:
    total = 0
    with _reading() as database:
        answer = database.execute('SELECT "segment", "line" FROM read_parquet(?)', [glob.escape(str(path))])
        while some := answer.fetchmany(AT_ONCE):
            # Two columns at once: most lots are of one segment, and then no row is looked at by itself.
            segments, lines = zip(*some, strict=True)
            for name, rows in groupby(range(len(some)), key=segments.__getitem__):
                places = list(rows)
                text = "\n".join(lines[places[0] : places[-1] + 1]).encode() + b"\n"
                total += len(text)
                if total > LARGEST_BYTES:
                    raise ValueError(f"it unpacks to more than {LARGEST_BYTES} bytes")
                yield _Lot(name, text, len(places))


def as_columns(
    path: Path, shape: Mapping[str, Any], passed_over: Sequence[str] = (), begin: int = 0, number: int = LARGEST_BYTES
) -> str:
    """The SQL for some of a compacted file's rows as columns taken from its lines, but for those of some segments.

    The last column names the segment that a row came from.

    :param shape: the columns, as DuckDB's ``from_json`` wants them.
    :param begin: the first of the rows, from 0. :param number: how many at most.
    """
    types = quoted(msgspec.json.encode(shape).decode())
    rows = f"FROM read_parquet({quoted(glob.escape(str(path)))}, file_row_number = true)"
    some = f"WHERE file_row_number BETWEEN {begin} AND {begin + number - 1}"
    but = f' AND "segment" NOT IN ({", ".join(map(quoted, passed_over))})' if passed_over else ""
    return f'SELECT unnest(from_json("line", {types})), "segment" AS filename {rows} {some}{but}'


def rows_in(path: Path) -> int:
    """How many rows a compacted file has.

    :raises EvidenceError: as for :func:`manifest`.
    """
    return sum(entry.records for entry in manifest(path).segments)


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lacks_room(why: BaseException) -> bool:
    """Whether too little memory or a full disk is behind an error of DuckDB's, or of a file.

    >>> import errno
    >>> lacks_room(OSError(errno.ENOSPC, "No space left on device")), lacks_room(OSError(errno.EIO, "I/O error"))
    (True, False)
    """
    import duckdb

    behind: BaseException | None = why
    while behind is not None:
        if isinstance(behind, duckdb.OutOfMemoryException | MemoryError):
            return True
        if passes(behind):
            return True
        if isinstance(behind, duckdb.IOException) and any(says in str(behind) for says in FULL_SAYS):
            return True
        behind = behind.__cause__
    return False


def quoted(text: str) -> str:
    """A text as SQL has it.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _database() -> duckdb.DuckDBPyConnection:
    import duckdb

    # One thread: rows keep their order, and equal contents become equal bytes.
    return duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})


@contextmanager
def _reading() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the database that reads all files of this process."""
    import duckdb

    with _shared(os.getpid()).cursor() as database:
        try:
            yield database
        except (duckdb.FatalException, duckdb.InternalException):  # from here on it answers nothing any more
            _shared.cache_clear()
            raise


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    """One database for each process: to open one takes fifty times as long as to read a manifest."""
    import duckdb

    database = _database()
    with suppress(duckdb.Error):  # versions before 1.3 keep nothing of a file
        database.execute("SET enable_external_file_cache = false")
    return database


def _line(why: Exception) -> str:
    return str(why).strip().splitlines()[0] if str(why).strip() else type(why).__name__
