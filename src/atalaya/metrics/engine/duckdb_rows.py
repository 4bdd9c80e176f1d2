"""Reads the rows of evidence files as DuckDB relations, lot by lot, from the lines or from columns that are kept."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from atalaya.core.errors import interrupted
from atalaya.evidence.ledger.file_lines import blocks_in
from atalaya.evidence.ledger.listing import Source
from atalaya.evidence.ledger.naming import PACKED
from atalaya.evidence.ledger.parquet import SUFFIX, as_columns, quoted, rows_in
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.metrics.engine.questions import HERE
from atalaya.metrics.engine.tables import columns
from atalaya.records.stored import Evidence

# Of segments, unpacked, and of a compacted file. Of a lot DuckDB holds some six times its bytes until it is compressed.
LOT_BYTES, LOT_ROWS = 16e6, 150_000
GROUP_ROWS = 32_768  # of columns: a group is held in memory until it is written
UNPACKED = 16  # times the size of a packed segment, about
NOTHING = HERE / "nothing.jsonl"  # a segment without records: a kind without evidence is a table without rows


class Stored(NamedTuple):
    """Where the rows of one kind lie: in files of lines, in compacted files, and in columns that are kept of either."""

    lines: tuple[Path, ...]
    compacted: tuple[Source, ...]
    columns: tuple[str, ...]  # statements for the rows of them
    files: tuple[Path, ...] = ()  # that hold the columns


def stored(
    connection: duckdb.DuckDBPyConnection,
    record: type[Evidence],
    compacted: Sequence[Source],
    alone: Sequence[Path],
    cache: ReadCache | None,
) -> Stored:
    """Where the rows of some files are to be read.

    :param cache: what is kept of the columns of large files; they are written where they are not there yet.
    :raises duckdb.Error: a file cannot be read as such rows.
    """
    if cache is None:
        return Stored(tuple(alone), tuple(compacted), ())
    lines, packed = [], []
    kept: dict[tuple[str, ...], list[Path]] = {}  # by what is passed over in them
    with _writing(record) as write:
        for source in (*(Source(path, ()) for path in alone), *compacted):
            columns_of = cache.columns(source.path, partial(write, source.path))
            if columns_of is not None:
                kept.setdefault(source.passed_over, []).append(columns_of)
            elif source.path.suffix == SUFFIX:
                packed.append(source)
            else:
                lines.append(source.path)
    statements = (_of_columns(connection, record, files, but) for but, files in kept.items())
    return Stored(tuple(lines), tuple(packed), tuple(statements), tuple(chain(*kept.values())))


def lots(
    connection: duckdb.DuckDBPyConnection, record: type[Evidence], at: Stored
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The rows that are not kept as columns, as many at a time as are compressed together: at least one lot, which may
    have no row.

    Each lot is there until the next is asked for. Its last column, ``filename``, is the segment that a row lies in.

    :raises duckdb.Error: a file cannot be read as such rows.
    """
    for files in _together(at.lines) or [[NOTHING]]:
        if _unpacked_bytes(files[0]) > LOT_BYTES:
            yield from _parts(connection, record, files[0])
        else:
            yield read(connection, record, files, filename=True)
    for source in at.compacted:
        for begin in range(0, rows_in(source.path), LOT_ROWS):
            yield connection.sql(as_columns(source.path, shape(record), source.passed_over, begin, LOT_ROWS))


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
        hive_partitioning=False,  # a folder may be called variant=x
    )


def shape(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns as ``from_json`` wants them: a list is a list with its type in it."""
    types = columns(record)
    return {name: [of.removesuffix("[]")] if of.endswith("[]") else of for name, of in types.items()}


@contextmanager
def _writing(record: type[Evidence]) -> Iterator[Callable[[Path, Path], None]]:
    """What writes all rows of a file as Parquet columns, with the segment that each lies in.

    It raises an OSError where they cannot be read, or not be written.
    """
    # To connect takes as long as to read a thousand rows: once for all files, and not where none is to be written.
    connection: duckdb.DuckDBPyConnection | None = None

    def write(path: Path, to: Path) -> None:
        nonlocal connection
        try:
            if connection is None:
                # One thread: each holds the rows that it reads and those that it writes, and two take no less time.
                connection = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})
            if path.suffix == SUFFIX:
                rows = connection.sql(as_columns(path, shape(record)))
            else:
                rows = read(connection, record, [path], filename=True)
            rows.write_parquet(str(to), compression="snappy", row_group_size=GROUP_ROWS)
        except duckdb.Error as why:
            raise why if interrupted(why) else OSError(str(why)) from why

    try:
        yield write
    finally:
        if connection is not None:
            connection.close()


def _of_columns(
    connection: duckdb.DuckDBPyConnection, record: type[Evidence], files: Sequence[Path], but: Sequence[str]
) -> str:
    """A statement for the rows of files by their columns, but for those of some segments."""
    # One step over all files: a step for each would have its buffers for each. What is no such file is found here.
    rows = connection.read_parquet([glob.escape(str(file)) for file in files], hive_partitioning=False)
    if but:
        rows = rows.filter(f"filename NOT IN ({', '.join(map(quoted, but))})")
    return rows.project(", ".join(f'"{name}"' for name in (*columns(record), "filename"))).sql_query()


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


def _together(files: Sequence[Path]) -> list[list[Path]]:
    """Files in lots of no more than so many bytes, unpacked; one that is larger is a lot of its own."""
    found: list[list[Path]] = []
    left = 0.0
    for file in files:
        size_bytes = _unpacked_bytes(file)
        if not found or left < size_bytes:
            found.append([])
            left = LOT_BYTES
        found[-1].append(file)
        left -= size_bytes
    return found


def _unpacked_bytes(file: Path) -> int:
    """How large a segment is, unpacked: about."""
    return file.stat().st_size * (UNPACKED if file.suffix == PACKED else 1)
