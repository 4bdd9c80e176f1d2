"""Reads the rows of evidence files as DuckDB relations, lot by lot, from the lines or from columns that are kept."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb
import msgspec

from atalaya.evidence.ledger.ledger import PACKED, Source, blocks_in
from atalaya.evidence.ledger.parquet import SUFFIX, as_columns, quoted, rows_in
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.metrics.engine.questions import HERE
from atalaya.metrics.engine.tables import columns
from atalaya.records.stored import Evidence

# Of segments, unpacked, and of a compacted file. Of a lot DuckDB holds some six times its bytes until it is compressed.
LOT_BYTES, LOT_ROWS = 16e6, 150_000
UNPACKED = 16  # times the size of a packed segment, about
NOTHING = HERE / "nothing.jsonl"  # a segment without records: a kind without evidence is a table without rows

Item = TypeVar("Item")


def lots(
    connection: duckdb.DuckDBPyConnection,
    record: type[Evidence],
    compacted: Sequence[Source],
    alone: Sequence[Path],
    cache: ReadCache | None,
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The rows of one kind, as many at a time as are compressed together: at least one lot, which may have no row.

    Each lot is there until the next is asked for. Its last column, ``filename``, is the segment that a row lies in.

    :param cache: what is kept of the columns of large files; they are written where they are not there yet.
    :raises duckdb.Error: a file cannot be read as such rows.
    """
    kept: list[_Kept] = []
    lines, packed = [], []
    for source in (*(Source(path, ()) for path in alone), *compacted):
        write = partial(_write_columns, connection, record, source.path)
        if cache and (stored := cache.columns(source.path, write)):
            kept += _ranges(connection, record, source, stored)
        elif source.path.suffix == SUFFIX:
            packed.append(source)
        else:
            lines.append(source.path)
    for some in _together(kept, lambda one: one.rows, LOT_ROWS):
        yield connection.sql(" UNION ALL ".join(one.sql for one in some))
    for files in _together(lines, _unpacked_bytes, LOT_BYTES):
        if _unpacked_bytes(files[0]) > LOT_BYTES:
            yield from _parts(connection, record, files[0])
        else:
            yield read(connection, record, files, filename=True)
    for source in packed:
        for begin in range(0, rows_in(source.path), LOT_ROWS):
            yield connection.sql(as_columns(source.path, shape(record), source.passed_over, begin, LOT_ROWS))
    if not alone and not compacted:
        yield read(connection, record, [NOTHING], filename=True)


def read(
    connection: duckdb.DuckDBPyConnection,
    record: type[msgspec.Struct],
    files: Sequence[Path],
    *,
    filename: bool = False,
) -> duckdb.DuckDBPyRelation:
    """The rows of segments, as their lines tell them."""
    return connection.read_json(
        [glob.escape(str(file)) for file in files],  # DuckDB takes a path for a pattern: a folder may have a star
        columns=columns(record),
        format="newline_delimited",
        filename=filename,
    )


def shape(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns as ``from_json`` wants them: a list is a list with its type in it."""
    types = columns(record)
    return {name: [of.removesuffix("[]")] if of.endswith("[]") else of for name, of in types.items()}


def _write_columns(connection: duckdb.DuckDBPyConnection, record: type[Evidence], path: Path, to: Path) -> None:
    """Write all rows of a file as Parquet columns; of a compacted one with the segment that each lies in."""
    is_packed = path.suffix == SUFFIX
    rows = connection.sql(as_columns(path, shape(record))) if is_packed else read(connection, record, [path])
    rows.write_parquet(str(to), compression="zstd")


class _Kept(NamedTuple):
    """A statement for some rows that are kept as columns, and how many rows they are at most."""

    sql: str
    rows: int


def _ranges(
    connection: duckdb.DuckDBPyConnection, record: type[Evidence], source: Source, stored: Path
) -> Iterator[_Kept]:
    """The rows of one file, no more than a lot in each statement."""
    names = ", ".join(f'"{name}"' for name in columns(record))
    segment = "filename" if source.path.suffix == SUFFIX else f"{quoted(str(source.path))} AS filename"
    file = quoted(glob.escape(str(stored)))
    but = f" AND filename NOT IN ({', '.join(map(quoted, source.passed_over))})" if source.passed_over else ""
    number = len(connection.read_parquet(glob.escape(str(stored))))
    for begin in range(0, number, LOT_ROWS):
        some = f"file_row_number BETWEEN {begin} AND {begin + LOT_ROWS - 1}"
        rows = f"FROM read_parquet({file}, file_row_number = true) WHERE {some}{but}"
        yield _Kept(f"SELECT {names}, {segment} {rows}", min(LOT_ROWS, number - begin))


def _parts(
    connection: duckdb.DuckDBPyConnection, record: type[Evidence], file: Path
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The rows of a segment that is longer than a lot, a lot at a time. Each is there until the next is asked for."""
    segment = duckdb.ConstantExpression(str(file)).alias("filename")
    with tempfile.TemporaryDirectory(prefix="atalaya-") as folder, blocks_in(file) as blocks:
        for number, first in enumerate(blocks):
            part = Path(folder) / f"{number}.jsonl"
            with part.open("wb") as some:
                written = some.write(first)
                while written < LOT_BYTES and (more := next(blocks, b"")):
                    written += some.write(more)
            yield read(connection, record, [part]).select(duckdb.StarExpression(), segment)
            part.unlink()


def _together(items: Sequence[Item], size_of: Callable[[Item], float], most: float) -> list[list[Item]]:
    """What comes in order in lots of no more than so much; one that is larger is a lot of its own."""
    found: list[list[Item]] = []
    left = 0.0
    for item in items:
        size = size_of(item)
        if not found or left < size:
            found.append([])
            left = most
        found[-1].append(item)
        left -= size
    return found


def _unpacked_bytes(file: Path) -> int:
    """How large a segment is, unpacked: about."""
    return file.stat().st_size * (UNPACKED if file.suffix == PACKED else 1)
