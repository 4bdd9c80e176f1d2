"""Answers questions from one folder of evidence, on whichever database holds it.

An engine computes each step that questions share once an instant, and keeps what it has answered; a database runs a
text and knows nothing of questions.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from atalaya.core.engines import DUCKDB, SPARK
from atalaya.core.errors import EngineError, EvidenceError, UsageError
from atalaya.evidence.ledger.parquet import MAKE_ROOM
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.metrics.engine.questions import RECORDED, Question, named, names_in, view, written
from atalaya.metrics.engine.tables import TABLES
from atalaya.records.stored import Event, Reading

# The records of a kind that a watch can have are a step of its own where they are few: then to plan it in each question
# takes longer than to read it. Of a long table a question reads the few columns that it asks for, and a copy would have
# all of them.
SHORT = 50_000  # rows

# Of a larger table no copy is made at all: what of it counts is read anew by each question.
LARGE = 2_000_000  # rows

# A file may be taken in more than once, and a writer be killed: of these kinds all that was read is one table, and what
# each piece of evidence tells once, which all questions read, another that takes its place.
WHOLE = {"job_attempts": "whole_runs", "test_attempts": "whole", "events": "whole"}
# Events may be told more than once also by several files. What was told is one table, and each event once another.
TOLD = "told_events"
ONCE = "events"
# The attempts of tests that several records tell of: what counts each once has to look at those alone.
TWICE = "taken_twice"

Row = dict[str, Any]


class QueryFailed(Exception):
    """A database could not run a text; it says why in its own words."""


class LacksRoom(QueryFailed):
    """It has too little memory, or no room on its disk: the text and the records are not at fault."""


class Database(Protocol):
    """Runs SQL in the portable subset over tables. Parameters are written ``$name``; lists are among them.

    Each of its methods raises :class:`QueryFailed`, which is a :class:`LacksRoom` where no text and no record is at
    fault; NetworkError where it is on another machine that does not answer any more; over the segments of a ledger also
    EvidenceError, where they changed and cannot be read again.
    """

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of a query. Times in them are aware, and in UTC."""

    def keep(self, table: str, sql: str, parameters: Mapping[str, Any]) -> None:
        """Make a table of a query's rows, computed now and read as often as asked."""

    def put(self, table: str, record: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> None:
        """Make a table of records of one kind that this process holds, with the columns that the kind declares."""

    def take(self, table: str, sql: str, of: str) -> None:
        """Make a table of what a query says of the records that were read under the name ``of``, which is forgotten. Of
        very many records no copy need be made."""
        if self.length(of) > LARGE:
            self.define(table, sql)
        else:
            self.keep(table, sql, {})
            self.drop(of)

    def define(self, table: str, sql: str) -> None:
        """Give a query a name, under which it is read; nothing is computed."""

    def drop(self, table: str) -> None:
        """Forget a table that was kept."""

    def length(self, table: str) -> int:
        """How many rows a table has."""


class Databases(Protocol):
    """Opens the databases of one engine, as its module does."""

    def loaded(
        self, evidence: Path, damaged: Container[str], cache: ReadCache | None
    ) -> AbstractContextManager[Database]:
        """A database with the segments of one folder, but for the damaged ones."""

    def on_columns(self, folder: Path, limits: Mapping[str, str]) -> AbstractContextManager[Database]:
        """A database that reads Parquet files of columns where they lie."""

    def empty(self) -> AbstractContextManager[Database]:
        """A database without tables."""


class Engine:
    """Answers the questions of the ``.sql`` files from one folder of evidence."""

    def __init__(self, database: Database, evidence: Path) -> None:
        self._database = database
        self._evidence = evidence
        self._long = {f"{RECORDED}_{table}" for table in TABLES if database.length(table) > SHORT}
        self._answers: dict[tuple[str, str], list[Row]] = {}  # the evidence does not change while it is open
        self._tables: dict[tuple[str, str], str] = {}  # the steps that were computed, of the instant asked about last
        self._instant: Any = None

    def ask(self, question: str | Path, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows that one ``.sql`` file gives: one of the metrics' folder by its name, or a file. Parameters that it
        does not name are left out.

        :raises EvidenceError: a segment cannot be read as what its name says.
        :raises EngineError: the database has too little memory, or no room on its disk.
        """
        asked = str(question), repr(named(written(question).names, parameters))
        if asked not in self._answers:
            self._answers[asked] = self._answer(question, parameters)
        return self._answers[asked]

    def _answer(self, question: str | Path, parameters: Mapping[str, Any]) -> list[Row]:
        try:
            if (instant := parameters.get("as_of")) != self._instant:
                self._forget(instant)
            sql = self._sql(written(question), parameters)
            return self._database.rows(sql, named(names_in(sql), parameters))
        except QueryFailed as why:
            raise not_read(
                f"{self._evidence}: {question} cannot be answered", why, "Restore the segment that it names from git."
            ) from None

    def _sql(self, question: Question, parameters: Mapping[str, Any]) -> str:
        """The text of a question, over the steps that it needs, which are there when this returns."""
        return question.over({name: self._step(name, parameters) for name in question.needs})

    def _step(self, name: str, parameters: Mapping[str, Any]) -> str:
        """What to read a step's rows by: a table of them, made where there is none yet."""
        step = written(name)
        if name in self._long:
            return step.sql
        key = name, repr(named(step.names, parameters))
        if key not in self._tables:
            # The same names at each instant, so that a text that was translated once is known again.
            table = f"{name}_{sum(name == made for made, _ in self._tables) + 1}"
            sql = self._sql(step, parameters)
            self._database.keep(table, sql, named(names_in(sql), parameters))
            self._tables[key] = table
        return f"FROM {self._tables[key]}"

    def _forget(self, instant: Any) -> None:
        """Drop the steps of another instant: a judgement goes from one to the next, and does not come back."""
        for table in self._tables.values():
            self._database.drop(table)
        self._tables.clear()
        self._answers.clear()
        self._instant = instant


def prepare(database: Database) -> None:
    """Make the tables that questions read from those that were loaded: ``read_`` ones of the kinds in ``WHOLE``."""
    database.keep("pieces", view("pieces", Reading), {})
    for table, by in WHOLE.items():
        database.take(TOLD if table == ONCE else table, view(by, TABLES[table], table), f"read_{table}")
    database.keep(TWICE, written(TWICE).sql, {})
    database.keep(ONCE, view("once", Event), {})
    database.drop(TOLD)


@contextmanager
def opened(
    evidence: Path, *, damaged: Container[str] = (), engine: str = DUCKDB, cache: ReadCache | None = None
) -> Iterator[Engine]:
    """An engine over the segments of one folder, but for the damaged ones. No folder means no evidence.

    :param engine: one of :data:`~atalaya.core.engines.ENGINES`.
    :param cache: what is kept of the columns of large files. Spark does not ask for it.
    :raises EvidenceError: a segment cannot be opened.
    :raises EngineError: the engine has too little memory, or no room on its disk.
    :raises UsageError: what the engine needs is not installed.
    :raises NetworkError: the engine is on another machine, which cannot be reached.
    """
    with _module_of(engine).loaded(evidence, damaged, cache) as database:
        yield _over(database, evidence)


@contextmanager
def opened_columns(folder: Path, *, engine: str = DUCKDB, **limits: str) -> Iterator[Engine]:
    """An engine over tables that are too large for a ledger: a folder of Parquet files for each kind of record, with
    the columns that it declares, and ``segment``. The files are read where they lie.

    :param limits: for DuckDB: ``memory_limit``, and the ``temp_directory`` for what goes beyond it.
    :raises EvidenceError: the tables are not there, or not what they should be.
    :raises EngineError: the engine has too little memory, or no room on its disk.
    :raises UsageError: what the engine needs is not installed.
    :raises NetworkError: the engine is on another machine, which cannot be reached.
    """
    with _module_of(engine).on_columns(folder, limits) as database:
        yield _over(database, folder)


@contextmanager
def opened_empty(*, engine: str = DUCKDB) -> Iterator[Database]:
    """A database without tables, for questions that are asked of no evidence.

    :param engine: one of :data:`~atalaya.core.engines.ENGINES`.
    :raises UsageError: what the engine needs is not installed.
    :raises NetworkError: the engine is on another machine, which cannot be reached.
    """
    with _module_of(engine).empty() as database:
        yield database


def _over(database: Database, evidence: Path) -> Engine:
    try:
        prepare(database)
        return Engine(database, evidence)
    except QueryFailed as why:
        raise not_read(f"{evidence}: its records cannot be read", why, "Restore them from git.") from None


def not_read(what: str, why: Exception, remedy: str) -> EvidenceError | EngineError:
    """The error for evidence that a database does not read: whether that is at fault, or the database.

    :param remedy: what to do where the evidence is at fault.
    """
    if isinstance(why, LacksRoom):
        return EngineError(f"{what}: {str(why).strip().splitlines()[0].rstrip('.')}. {MAKE_ROOM}")
    return EvidenceError(f"{what}: {why}. {remedy}")


def _module_of(engine: str) -> Databases:
    """The module of an engine: no command imports one that it does not ask."""
    if engine != SPARK:
        from atalaya.metrics.engine import duckdb_database

        return duckdb_database
    try:
        from atalaya.metrics.engine import spark_database
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"--engine spark: {missing}. Install what the extra `scale` brings: pip install 'pyspark[connect]' sqlglot."
        ) from None
    return spark_database
