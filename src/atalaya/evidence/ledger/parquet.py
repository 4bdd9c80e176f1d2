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
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from atalaya.core.errors import EvidenceError

if TYPE_CHECKING:
    import duckdb  # elsewhere where it is used: it takes as long to import as all the rest, and few commands need it

SUFFIX = ".parquet"
FORMAT = 1  # of the manifest; an older one is read for ever, a newer one is refused
KEY = "atalaya"
LARGEST_BYTES = 2 * 1024 * 1024 * 1024  # of all lines of one file
AT_ONCE = 10_000  # rows
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


def pack(path: Path, kind: str, lots: Mapping[Entry, Sequence[bytes]]) -> None:
    """Write segments, each with its lines, to one file. It is for the caller to make that file appear whole.

    :raises OSError: it cannot be written.
    """
    import duckdb

    manifest = Manifest(format=FORMAT, kind=kind, segments=tuple(lots))
    try:
        with _database() as database:
            database.execute('CREATE TABLE rows ("segment" VARCHAR, "line" VARCHAR)')
            rows = ((entry.name, line.decode()) for entry, lines in lots.items() for line in lines)
            while some := list(islice(rows, AT_ONCE)):
                database.execute("INSERT INTO rows SELECT unnest(?), unnest(?)", list(zip(*some, strict=True)))
            database.execute(
                f"COPY rows TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, "
                f"KV_METADATA {{{KEY}: {quoted(msgspec.json.encode(manifest).decode())}}})"
            )
    except duckdb.Error as why:
        raise OSError(_line(why)) from None


def manifest(path: Path) -> Manifest:
    """What a compacted file says that it holds.

    :raises EvidenceError: it has no manifest, or a newer Atalaya wrote it.
    """
    import duckdb

    try:
        with _database() as database:
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
        raise EvidenceError(
            f"{path}: no manifest of segments can be read in it: {_line(why)}. Restore it from version control."
        ) from None


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


def unpack(path: Path) -> Iterator[tuple[Entry, list[bytes]]]:
    """Each segment of a compacted file, with its lines. Their digest is for the caller to compute.

    :raises EvidenceError: the rows are not those that the manifest tells of.
    """
    import duckdb

    entries = manifest(path).segments
    found = 0
    try:
        for (name, rows), entry in zip(groupby(_rows(path), key=lambda row: row[0]), entries, strict=True):
            lines = [line.encode() for _, line in rows]
            if (entry.name, entry.records) != (name, len(lines)):
                raise ValueError(
                    f"the manifest tells of {entry.records} in {entry.name}, there are {len(lines)} in {name}"
                )
            found += 1
            yield entry, lines
    except (duckdb.Error, ValueError, AttributeError) as why:
        raise EvidenceError(
            f"{path}: after {found} segments: its rows are not those of its manifest: {_line(why)}. "
            f"Restore it from version control."
        ) from None


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    total = 0
    with _database() as database:
        answer = database.execute('SELECT "segment", "line" FROM read_parquet(?)', [glob.escape(str(path))])
        while some := answer.fetchmany(AT_ONCE):
            total += sum(len(line) for _, line in some)
            if total > LARGEST_BYTES:
                raise ValueError(f"it unpacks to more than {LARGEST_BYTES} bytes")
            yield from some


def as_columns(path: Path, shape: Mapping[str, Any], passed_over: Sequence[str] = ()) -> str:
    """The SQL for a compacted file's rows as columns taken from its lines, but for some of its segments.

    The last column names the segment that a row came from.

    :param shape: the columns, as DuckDB's ``from_json`` wants them.
    """
    types = quoted(msgspec.json.encode(shape).decode())
    rows = f"FROM read_parquet({quoted(glob.escape(str(path)))})"
    but = f' WHERE "segment" NOT IN ({", ".join(map(quoted, passed_over))})' if passed_over else ""
    return f'SELECT unnest(from_json("line", {types})), "segment" {rows}{but}'


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def _line(why: Exception) -> str:
    return str(why).strip().splitlines()[0] if str(why).strip() else type(why).__name__
