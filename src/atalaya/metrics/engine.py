"""Loads one folder of evidence into DuckDB tables for the SQL queries.

DuckDB in memory: one connection, UTC, nothing on disk. A table for each kind of record holds its
segments, packed, compacted or not, with columns declared from the records themselves: what DuckDB guesses from a file
drifts with the file. The questions are the ``.sql`` files beside this module.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from itertools import count, takewhile
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import duckdb
import msgspec

from atalaya.core.errors import EvidenceError
from atalaya.evidence.ledger.ledger import LISTINGS, PACKED, Source, sources
from atalaya.evidence.ledger.parquet import as_columns, rows_in
from atalaya.records.stored import Event, Evidence, Health, JobAttempt, Observation, Reading, TestAttempt

HERE = Path(__file__).parent
NOTHING = HERE / "nothing.jsonl"  # a segment without records: a kind without evidence is a table without rows

TABLES: dict[str, type[Evidence]] = {
    "job_attempts": JobAttempt,
    "test_attempts": TestAttempt,
    "events": Event,
    "observations": Observation,
    "readings": Reading,
    "health_records": Health,
}

# Over each table, and each over the one before it: what a watch of this kind knows, what of it belongs to the window,
# and of that what counts. A query that reads from ``counted_events`` has all three in front of it.
RECORDED = "recorded"
VIEWS = (RECORDED, "window", "counted")
# The first of them is a step of its own where it is short: then to plan it in each question takes longer than to read
# it. Of a long one a question reads the few columns that it asks for, and a copy would have all of them.
SHORT = 50_000  # rows

# A file may be taken in more than once, and a writer be killed: of these kinds all that was read is one table, and what
# each piece of evidence tells once, which all questions read, another that takes its place.
WHOLE = {"job_attempts": "whole_runs", "test_attempts": "whole", "events": "whole"}
# Events may be told more than once also by several files. What was told is one table, and each event once another.
TOLD = "told_events"
ONCE = "events"
# The attempts of tests that several records tell of: what counts each once has to look at those alone.
TWICE = "taken_twice"

LOT_BYTES, LOT_ROWS = 64e6, 150_000  # of segments, unpacked, and of a compacted file
UNPACKED = 16  # times the size of a packed segment, about

COLUMN_TYPES: dict[Any, str] = {
    str: "VARCHAR",
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    datetime: "TIMESTAMPTZ",
}

# A step that a question needs is computed once an instant, whichever questions need it; one that it reads is only
# written down once.
NEEDS = re.compile(r"^-- (needs|reads): (\w+)$", re.MULTILINE)
READ = "{name} AS NOT MATERIALIZED (\n{sql})"

Row = dict[str, Any]


class Engine:
    """Answers the questions of the ``.sql`` files from one folder of evidence."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, evidence: Path) -> None:
        self._connection = connection
        self._evidence = evidence
        self._long = {f"{RECORDED}_{table}" for table in TABLES if len(connection.table(table)) > SHORT}
        self._answers: dict[tuple[str, str], list[Row]] = {}  # the evidence does not change while it is open
        self._tables: dict[tuple[str, str], str] = {}  # the steps that were computed, of the instant asked about last
        self._made = count(1)
        self._instant: Any = None

    def ask(self, question: str | Path, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows that one ``.sql`` file gives: one of this folder by its name, or a file. Parameters that it does
        not name are left out.

        :raises EvidenceError: a segment cannot be read as what its name says.
        """
        named = _named(_written(question).names, parameters)
        asked = str(question), repr(named)
        if asked not in self._answers:
            self._answers[asked] = self._answer(question, parameters)
        return self._answers[asked]

    def _answer(self, question: str | Path, parameters: Mapping[str, Any]) -> list[Row]:
        try:
            if (instant := parameters.get("as_of")) != self._instant:
                self._forget(instant)
            answer = self._run(_written(question), parameters)
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        except duckdb.Error as why:
            raise EvidenceError(
                f"{self._evidence}: {question} cannot be answered: {why}. "
                f"Restore the segment that it names from git, or collect it again."
            ) from None

    def _run(self, asked: Written, parameters: Mapping[str, Any], *, into: str = "") -> duckdb.DuckDBPyConnection:
        """Run a question over the steps that it needs; ``into`` makes a table of its answer."""
        needed = [READ.format(name=name, sql=self._step(name, parameters)) for name in asked.needs]
        sql = _with(asked.sql, [*needed, *asked.reads])
        return self._connection.execute(
            f"CREATE TEMP TABLE {into} AS {sql}" if into else sql, _named(_names(sql), parameters)
        )

    def _step(self, name: str, parameters: Mapping[str, Any]) -> str:
        """What to read a step's rows by: a table of them, made where there is none yet."""
        step = _written(name)
        if name in self._long:
            return step.sql
        key = name, repr(_named(step.names, parameters))
        if key not in self._tables:
            self._tables[key] = f"{name}_{next(self._made)}"
            self._run(step, parameters, into=self._tables[key])
        return f"FROM {self._tables[key]}"

    def _forget(self, instant: Any) -> None:
        """Drop the steps of another instant: a judgement goes from one to the next, and does not come back."""
        for table in self._tables.values():
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._tables.clear()
        self._answers.clear()
        self._instant = instant


def sql_docstring(question: str | Path) -> str:
    """What a question counts, as the comment at its head says it.

    >>> sql_docstring("collection").splitlines()[0]
    'Says how the newest collection of what GitHub knows ended: its reading of the list of runs, which is read only if'
    """
    lines = _file(question).read_text(encoding="utf-8").splitlines()
    head = takewhile(lambda line: line.startswith("-- ") and not NEEDS.match(line), lines)
    return "\n".join(line.removeprefix("-- ") for line in head)


def _file(question: str | Path) -> Path:
    return question if isinstance(question, Path) else HERE / f"{question}.sql"


@dataclass(frozen=True)
class Written:
    """A question as it is run: its text, the steps that it needs, the text of the views and steps that it reads, and
    the names of the parameters of all of them."""

    sql: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    names: frozenset[str]


@cache
def _written(question: str | Path) -> Written:
    sql = _text(question)
    needs: dict[str, None] = {}
    steps: dict[str, str] = {}
    _collect(sql, needs, steps)
    views = tuple(_views("\n".join((sql, *steps.values())), needs))
    reads = (*views, *(READ.format(name=name, sql=step) for name, step in steps.items()))
    names = _names("\n".join((sql, *reads))).union(*(_written(name).names for name in needs))
    return Written(sql, tuple(needs), reads, frozenset(names))


def _text(question: str | Path) -> str:
    """The text of a question or of a step, which may be the records of a kind that a watch can have."""
    view, _, table = str(question).partition("_")
    if view == RECORDED and table in TABLES:
        return _view(view, TABLES[table], table)
    return _file(question).read_text(encoding="utf-8")


def _collect(sql: str, needs: dict[str, None], reads: dict[str, str]) -> None:
    """Add the steps that a text names: those that it only reads after what they rest on in turn."""
    for how, name in NEEDS.findall(sql):
        if how == "needs":
            needs[name] = None
        elif name not in reads:
            step = _text(name)
            _collect(step, needs, reads)
            reads[name] = step


def _views(sql: str, needs: dict[str, None]) -> Iterator[str]:
    """The views over the tables that a text names, each before what reads it; the first of them is needed."""
    for table, record in TABLES.items():
        named = [view for view in VIEWS if f" {view}_{table}\n" in sql]
        if named:
            needs[f"{RECORDED}_{table}"] = None
        for view in VIEWS[1 : VIEWS.index(named[-1]) + 1] if named else ():
            # A view is no step that is computed once: what a query does not use of it is never read.
            yield READ.format(name=f"{view}_{table}", sql=_view(view, record, table))


def _with(sql: str, steps: Sequence[str]) -> str:
    """A question with steps in front of it."""
    if not steps:
        return sql
    begins, with_, rest = sql.partition("\nWITH ")
    return f"{begins}\nWITH {', '.join((*steps, rest))}" if with_ else f"WITH {', '.join(steps)}\n{sql}"


def _names(sql: str) -> set[str]:
    return set(re.findall(r"\$(\w+)", sql))


def _named(names: Collection[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in sorted(names)}


def _view(view: str, record: type[Evidence], table: str = "") -> str:
    names = columns(record)
    written = (HERE / "views" / f"{view}.sql").read_text(encoding="utf-8")
    return written.format(
        columns=", ".join(f'"{name}"' for name in names),
        commit='"commit"' if "commit" in names else "''",
        records=table,
    )


@contextmanager
def opened(evidence: Path, *, damaged: Container[str] = ()) -> Iterator[Engine]:
    """An engine over the segments of one folder, but for the damaged ones. No folder means no evidence.

    :raises EvidenceError: a segment cannot be opened.
    """
    with duckdb.connect(":memory:", config={"threads": 2, "temp_directory": ""}) as connection:
        _prepare(connection)
        for table in TABLES.keys() - WHOLE.keys():
            _load(connection, evidence, table, damaged)
        connection.execute(f"CREATE TABLE pieces AS {_view('pieces', Reading)}")
        for table in WHOLE:
            _load(connection, evidence, table, damaged)
        connection.execute(f"CREATE TABLE {TWICE} AS {_text(TWICE)}")
        connection.execute(f"CREATE TABLE {ONCE} AS {_view('once', Event)}")
        connection.execute(f"DROP TABLE {TOLD}")
        yield Engine(connection, evidence)


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it would stand in what a program reads
    # It would copy each row of a step that two parts of a question read, which takes three times as long as to read it
    # twice, and twice the memory of all that was loaded.
    if connection.table_function("duckdb_optimizers").filter("name = 'common_subplan'").limit(1).fetchall():
        connection.execute("SET disabled_optimizers = 'common_subplan'")
    with suppress(duckdb.Error):  # versions before 1.4 cannot
        connection.execute("ATTACH ':memory:' AS evidence (COMPRESS)")
        connection.execute("USE evidence")


def _load(connection: duckdb.DuckDBPyConnection, evidence: Path, table: str, damaged: Container[str]) -> None:
    """The rows of one kind, in memory: a compaction beside us takes files away, and then we look again.

    Lot by lot, and a lot is compressed before the next is read: words repeat in them. Straight from the files, since a
    table of all that was read would be a second copy.
    """
    record, name = TABLES[table], TOLD if table == ONCE else table
    sql = _view(WHOLE[table], record, table) if table in WHOLE else f"FROM read_{table}"
    for left in reversed(range(LISTINGS)):
        compacted, alone = sources(evidence, record.kind, damaged)
        try:
            lots = list(_lots(connection, record, compacted, alone))
            for number, lot in enumerate(lots):
                lot.create_view(f"read_{table}", replace=True)
                connection.execute(
                    f"INSERT INTO {name} {sql}" if number else f"CREATE OR REPLACE TABLE {name} AS {sql}"
                )
                if len(lots) > 1:
                    connection.execute("CHECKPOINT")
            connection.execute(f"DROP VIEW read_{table}")
        except (duckdb.Error, OSError) as why:
            if left and not all(file.exists() for file in alone):
                continue
            raise EvidenceError(
                f"{evidence}: its {record.kind} segments cannot be opened: {why}. Restore them from git."
            ) from None
        else:
            return


def _lots(
    connection: duckdb.DuckDBPyConnection, record: type[Evidence], compacted: Sequence[Source], alone: Sequence[Path]
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The rows of one kind, as many at a time as are compressed together: at least one lot, which may have no row."""
    for files in _together(alone) or [[NOTHING]]:
        yield connection.read_json(
            [glob.escape(str(file)) for file in files],  # DuckDB takes a path for a pattern: a folder may have a star
            columns=columns(record),
            format="newline_delimited",
            filename=True,  # the last column: the segment that a row lies in
        )
    for source in compacted:
        for begin in range(0, rows_in(source.path), LOT_ROWS):
            yield connection.sql(as_columns(source.path, shape(record), source.passed_over, begin, LOT_ROWS))


def _together(files: Sequence[Path]) -> list[list[Path]]:
    """Files in lots of about the same size, unpacked."""
    lots: list[list[Path]] = []
    left = 0.0
    for file in files:
        if left <= 0:
            lots.append([])
            left = LOT_BYTES
        lots[-1].append(file)
        left -= file.stat().st_size * (UNPACKED if file.suffix == PACKED else 1)
    return lots


def shape(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns as ``from_json`` wants them: a list is a list with its type in it."""
    types = columns(record)
    return {name: [of.removesuffix("[]")] if of.endswith("[]") else of for name, of in types.items()}


@cache
def columns(record: type[msgspec.Struct]) -> dict[str, str]:
    """The columns of a kind of record, by name, in DuckDB's types.

    >>> columns(Event)["occurred_at"], columns(Event)["event"], columns(JobAttempt)["requests"]
    ('TIMESTAMPTZ', 'VARCHAR', 'BIGINT')
    """
    hints = get_type_hints(record)
    return {field.encode_name: _column_type(hints[field.name]) for field in msgspec.structs.fields(record)}


def _column_type(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (inner for inner in get_args(hint) if inner is not type(None))
    if get_origin(hint) is tuple:
        return f"{_column_type(get_args(hint)[0])}[]"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "VARCHAR"
    return COLUMN_TYPES[hint]
