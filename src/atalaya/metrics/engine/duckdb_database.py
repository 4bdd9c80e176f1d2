"""Loads one folder of evidence into DuckDB tables for the SQL queries.

DuckDB in memory: one connection, UTC, nothing on disk. A table for each kind of record holds its
segments, packed, compacted or not, with columns declared from the records themselves.
"""

from __future__ import annotations

import glob
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from atalaya.core.errors import EvidenceError
from atalaya.evidence.ledger.ledger import LISTINGS, sources
from atalaya.evidence.ledger.parquet import as_columns
from atalaya.metrics.engine.engine import WHOLE, QueryFailed, Row
from atalaya.metrics.engine.questions import HERE
from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.records.stored import Evidence

# Of a view over a long table DuckDB expects a hundredth of the rows that come, and would hold them in memory to look up
# the few others. The questions are written with what is short on the right of a join, which is what is held.
AS_WRITTEN = "join_order,build_side_probe_side"
NOTHING = HERE / "nothing.jsonl"  # a segment without records: a kind without evidence is a table without rows


class DuckDB:
    """A database in this process."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._defined: set[str] = set()

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of a query."""
        answer = self._run(sql, parameters)
        try:
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        except duckdb.Error as why:
            raise QueryFailed(str(why)) from why

    def keep(self, table: str, sql: str, parameters: Mapping[str, Any]) -> None:
        """Make a table of a query's rows."""
        self._run(f"CREATE TEMP TABLE {table} AS {sql}", parameters)

    def define(self, table: str, sql: str) -> None:
        """Give a query a name."""
        self._run(f"CREATE TEMP VIEW {table} AS {sql}", {})
        self._defined.add(table)

    def drop(self, table: str) -> None:
        """Forget a table."""
        self._run(f"DROP {'VIEW' if table in self._defined else 'TABLE'} IF EXISTS {table}", {})

    def length(self, table: str) -> int:
        """How many rows a table has."""
        return len(self._connection.table(table))

    def _run(self, sql: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(parameters))
        except duckdb.Error as why:
            raise QueryFailed(str(why)) from why


@contextmanager
def _connected(limits: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 2, **limits}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it would stand in what a program reads
        yield connection


@contextmanager
def on_columns(folder: Path, limits: Mapping[str, str]) -> Iterator[DuckDB]:
    """A database that reads Parquet files of columns where they lie.

    :param limits: settings of DuckDB's own.
    :raises EvidenceError: the files are not there, or not what they should be.
    """
    with _connected({"temp_directory": "", "preserve_insertion_order": "false", **limits}) as connection:
        connection.execute(f"SET disabled_optimizers = '{AS_WRITTEN}'")
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
                raise EvidenceError(f"{folder / table}: its columns cannot be read: {why}. Write them again.") from None
        yield database


@contextmanager
def loaded(evidence: Path, damaged: Container[str] = ()) -> Iterator[DuckDB]:
    """A database with the segments of one folder, but for the damaged ones.

    :raises EvidenceError: a segment cannot be opened.
    """
    with _connected({"temp_directory": ""}) as connection:
        for table, record in TABLES.items():
            _load(connection, evidence, f"read_{table}" if table in WHOLE else table, record, damaged)
        yield DuckDB(connection)


def _load(
    connection: duckdb.DuckDBPyConnection, evidence: Path, table: str, record: type[Evidence], damaged: Container[str]
) -> None:
    """The rows of one kind, in memory: a compaction beside us takes files away, and then we look again."""
    for left in reversed(range(LISTINGS)):
        compacted, alone = sources(evidence, record.kind, damaged)
        # DuckDB takes a path for a pattern, and a folder may have a star in its name.
        segments = [glob.escape(str(file)) for file in alone]
        try:
            rows = connection.read_json(
                segments or [glob.escape(str(NOTHING))],
                columns=columns(record),
                format="newline_delimited",
                filename=True,  # the last column: the segment that a row lies in
            )
            for source in compacted:
                rows = rows.union(connection.sql(as_columns(source.path, shape(record), source.passed_over)))
            rows.create(table)
        except (duckdb.Error, OSError) as why:
            if left and not all(file.exists() for file in alone):
                continue
            raise EvidenceError(
                f"{evidence}: its {record.kind} segments cannot be opened: {why}. Restore them from git."
            ) from None
        else:
            return


def shape(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns as ``from_json`` wants them: a list is a list with its type in it."""
    types = columns(record)
    return {name: [of.removesuffix("[]")] if of.endswith("[]") else of for name, of in types.items()}
