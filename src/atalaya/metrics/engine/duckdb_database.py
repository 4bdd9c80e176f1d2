"""Loads one folder of evidence into DuckDB tables for the SQL queries.

DuckDB in memory: one connection, UTC, and nothing of its own on disk. A table for each kind of record holds its
segments, packed, compacted or not, with columns declared from the records themselves. They are read lot by lot, and a
lot is compressed before the next is read: words repeat in them. They go straight from the files into the tables, since
a table of all that was read would be a second copy. Of large files whose columns are kept, the table is a view.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import msgspec

from atalaya.core.errors import EvidenceError, interrupted
from atalaya.evidence.ledger.listing import LISTINGS, size_bytes, sources
from atalaya.evidence.ledger.parquet import lacks_room
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.metrics.engine.duckdb_rows import Stored, lots, read, stored
from atalaya.metrics.engine.engine import WHOLE, Database, LacksRoom, QueryFailed, Row, not_read
from atalaya.metrics.engine.tables import TABLES, columns

# Of a view over a long table DuckDB expects a hundredth of the rows that come, and would hold them in memory to look up
# the few others. The questions are written with what is short on the right of a join, which is what is held.
AS_WRITTEN = "join_order,build_side_probe_side"
# It copies each row of a step that two parts of a question read, which takes three times as long as to read it twice,
# and twice the memory of all that was loaded.
COPIES = "common_subplan"
# Of a whole ledger, as it lies: some thousand records, and some hundred thousand.
SMALL_BYTES, MIDDLING_BYTES = 400_000, 8_000_000

T = TypeVar("T")


class DuckDB(Database):
    """A database in this process."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._defined: set[str] = set()

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of a query."""

        def fetched() -> list[Row]:
            answer = self._connection.execute(sql, dict(parameters))
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

        return self._done(fetched)

    def keep(self, table: str, sql: str, parameters: Mapping[str, Any]) -> None:
        """Make a table of a query's rows."""
        self._run(f"CREATE TEMP TABLE {table} AS {sql}", parameters)

    def put(self, table: str, record: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> None:
        """Make a table of records that this process holds."""
        lines = msgspec.json.Encoder().encode_lines(rows)

        def made() -> None:
            with tempfile.TemporaryDirectory(prefix="atalaya-") as folder:
                file = Path(folder) / f"{table}.jsonl"
                file.write_bytes(lines)
                read(self._connection, record, [file]).create(table)

        self._done(made)

    def define(self, table: str, sql: str) -> None:
        """Give a query a name."""
        self._run(f"CREATE TEMP VIEW {table} AS {sql}", {})
        self._defined.add(table)

    def drop(self, table: str) -> None:
        """Forget a table."""
        self._run(f"DROP {'VIEW' if table in self._defined else 'TABLE'} IF EXISTS {table}", {})
        self._defined.discard(table)  # a table may have its name next

    def length(self, table: str) -> int:
        """How many rows a table has."""
        return self._done(lambda: len(self._connection.table(table)))

    def _run(self, sql: str, parameters: Mapping[str, Any]) -> None:
        self._done(lambda: self._connection.execute(sql, dict(parameters)))

    def _done(self, act: Callable[[], T]) -> T:
        """What comes of something that is done with the connection, on which alone all else here rests."""
        try:
            return act()
        except (duckdb.Error, OSError, MemoryError) as why:
            raise _failed(why) from why


def _failed(why: Exception) -> QueryFailed:
    """The same failure as each database tells it."""
    return LacksRoom(str(why)) if lacks_room(why) else QueryFailed(str(why))


class Ledger(DuckDB):
    """The same over the segments of one folder, but for the damaged ones."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, evidence: Path, damaged: Container[str], cache: ReadCache | None
    ) -> None:
        super().__init__(connection)
        self._evidence = evidence
        self._damaged = damaged
        self._cache = cache
        self._views: dict[str, tuple[str, str, Stored]] = {}  # what each says, of what, and where that lies
        with suppress(duckdb.Error):  # versions before 1.4 cannot
            connection.execute("ATTACH ':memory:' AS evidence (COMPRESS)")
            connection.execute("USE evidence")
        for table in TABLES.keys() - WHOLE.keys():
            self.take(table, f"FROM read_{table}", f"read_{table}")

    def take(self, table: str, sql: str, of: str) -> None:
        """Make a table of what a query says of the records of a kind: a compaction beside us takes files away, and then
        we look again."""
        record = TABLES[of.removeprefix("read_")]
        for left in reversed(range(LISTINGS)):
            compacted, alone = sources(self._evidence, record.kind, self._damaged)
            try:
                at = stored(self._connection, record, compacted, alone, self._cache)
                if at.columns:
                    self._view(table, sql, of, at)
                else:
                    self._fill(table, sql, of, lots(self._connection, record, at))
            except (duckdb.Error, QueryFailed, EvidenceError, OSError) as why:
                if interrupted(why):
                    raise
                if left and not all(file.exists() for file in alone):
                    continue
                if self._cache is not None:  # what is kept may be at fault: then the evidence itself is read
                    self._cache = None
                    return self.take(table, sql, of)
                raise not_read(
                    f"{self._evidence}: its {record.kind} segments cannot be opened",
                    _failed(why),
                    "Restore them from git.",
                ) from None
            else:
                return None
        return None

    def _fill(self, table: str, sql: str, of: str, some: Iterable[duckdb.DuckDBPyRelation]) -> None:
        for number, lot in enumerate(some):
            lot.create_view(of, replace=True)
            self._connection.execute(
                f"INSERT INTO {table} {sql}" if number else f"CREATE OR REPLACE TABLE {table} AS {sql}"
            )
            if number:
                self._connection.execute("CHECKPOINT")
        self._connection.execute(f"DROP VIEW {of}")

    def _view(self, table: str, sql: str, of: str, at: Stored) -> None:
        """Have a table read from columns where they lie: to copy a million rows takes longer than all questions do.

        Rows that are not kept as columns are copied all the same.
        """
        _turn_off(self._connection, COPIES, AS_WRITTEN)
        rows = [*at.columns]
        if at.lines or at.compacted:
            self._fill(f"{of}_lines", f"FROM {of}", of, lots(self._connection, TABLES[of.removeprefix("read_")], at))
            rows.append(f"FROM {of}_lines")
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {of} AS {' UNION ALL '.join(rows)}")
        self.define(table, sql)
        self._views[table] = sql, of, at

    def drop(self, table: str) -> None:
        """Forget a table."""
        self._views.pop(table, None)
        super().drop(table)

    def _done(self, act: Callable[[], T]) -> T:
        try:
            return super()._done(act)
        except QueryFailed:
            if all(file.exists() for _, _, at in self._views.values() for file in at.files):
                raise
        # Somebody took away what is kept while questions were asked: from here on, the evidence itself is read.
        self._cache = None
        for table, (said, of, _) in [*self._views.items()]:
            self.drop(table)
            self._run(f"DROP VIEW IF EXISTS {of}", {})
            self.take(table, said, of)
        return super()._done(act)


@contextmanager
def _connected(*without: str, **settings: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database of its own.

    :param without: optimizers of DuckDB's that do harm.
    :param settings: DuckDB's own.
    """
    with duckdb.connect(":memory:", config={"threads": 2, "temp_directory": "", **settings}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET parquet_metadata_cache = true")  # each question opens the same files
        connection.execute("SET enable_progress_bar = false")  # it would stand in what a program reads
        _turn_off(connection, COPIES, *without)
        yield connection


def _turn_off(connection: duckdb.DuckDBPyConnection, *optimizers: str) -> None:
    """Turn off these of DuckDB's optimizers, and only these; one that this version lacks is passed over."""
    known = {name for (name, *_) in connection.table_function("duckdb_optimizers").fetchall()}
    off = known.intersection(",".join(optimizers).split(","))
    connection.execute(f"SET disabled_optimizers = '{','.join(sorted(off))}'")


@contextmanager
def on_columns(folder: Path, limits: Mapping[str, str]) -> Iterator[DuckDB]:
    """A database that reads Parquet files of columns where they lie.

    :param limits: settings of DuckDB's own.
    :raises EvidenceError: the files are not there, or not what they should be.
    """
    with _connected(AS_WRITTEN, preserve_insertion_order="false", **limits) as connection:
        database = DuckDB(connection)
        for table, record in TABLES.items():
            try:
                rows = connection.read_parquet(f"{glob.escape(str(folder / table))}/*.parquet")
                declared = [f'CAST("{name}" AS {of}) AS "{name}"' for name, of in columns(record).items()]
                declared.append("segment AS filename")
                database.define(
                    f"read_{table}" if table in WHOLE else table, rows.project(", ".join(declared)).sql_query()
                )
            except (duckdb.Error, QueryFailed) as why:
                raise not_read(
                    f"{folder / table}: its columns cannot be read", _failed(why), "Write them again."
                ) from None
        yield database


@contextmanager
def empty() -> Iterator[DuckDB]:
    """A database without tables."""
    with _connected() as connection:
        yield DuckDB(connection)


@contextmanager
def loaded(evidence: Path, damaged: Container[str] = (), cache: ReadCache | None = None) -> Iterator[DuckDB]:
    """A database with the segments of one folder, but for the damaged ones.

    :param cache: what is kept of the columns of large files.
    :raises EvidenceError: a segment cannot be opened.
    """
    # To make a good plan takes longer than to answer a question about a few records. And where all answers take less
    # than a second, a second thread saves little time, and takes memory of its own.
    size = size_bytes(evidence)
    with _connected(threads="1" if size <= MIDDLING_BYTES else "2") as connection:
        if size <= SMALL_BYTES:
            connection.execute("PRAGMA disable_optimizer")
        yield Ledger(connection, evidence, damaged, cache if size > SMALL_BYTES else None)
