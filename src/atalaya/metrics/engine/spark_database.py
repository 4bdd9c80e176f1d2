"""Loads one folder of evidence into Spark for the SQL queries: on a cluster, or on this machine.

``SPARK_REMOTE`` names a Spark Connect server; without it Spark runs in a Java process of this one. The texts are those
that DuckDB runs, translated (:mod:`~atalaya.metrics.engine.portable`). Segments and compacted files are read where
they lie, if Spark sees them; those of a cluster that does not share our files are sent to it.
"""

from __future__ import annotations

import logging
import shutil
import socket
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from atalaya.core import environment
from atalaya.core.errors import EvidenceError, NetworkError, UsageError
from atalaya.evidence.ledger.file_lines import lines_in
from atalaya.evidence.ledger.listing import LISTINGS, Source, size_bytes, sources
from atalaya.evidence.ledger.parquet import lacks_room
from atalaya.evidence.ledger.read_cache import ReadCache
from atalaya.metrics.engine.engine import WHOLE, Database, LacksRoom, QueryFailed, Row, not_read
from atalaya.metrics.engine.portable import NotPortable, translate
from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.records.stored import Evidence

TYPES = {"VARCHAR": "STRING", "TIMESTAMPTZ": "TIMESTAMP"}
LINES = pa.schema([("segment", pa.string()), ("line", pa.string())])
PORT = 15002  # of Spark Connect, where its address names none
REACH_S = 10.0
LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",  # it would stand in what a program reads
    "spark.sql.shuffle.partitions": "2",  # a start: adaptive execution parts what is larger
}
SESSION = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
# For a ledger of this size, to compile a query and to part its rows takes longer than to run it.
SMALL_BYTES = 64 * 1024 * 1024
FEW = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
FAILED = (PySparkException, Py4JError)
CALLED = "An error occurred while calling"  # the line that Py4J writes above what Java says
OUT_OF_MEMORY = "java.lang.OutOfMemoryError"
FULL = "java.io.IOException: No space left on device"

# What fails is raised; PySpark would write it to the screen as well, with the whole of a query.
logging.getLogger("SQLQueryContextLogger").disabled = True
# It speaks of pandas, which we hand nothing to.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark\.")


class Spark(Database):
    """A database on a cluster, or in a Java process of this one."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._kept: dict[str, DataFrame] = {}  # Spark forgets what nobody holds

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of a query."""
        with _telling():
            found: list[Row] = self._query(sql, parameters).toArrow().to_pylist()
        return found

    def keep(self, table: str, sql: str, parameters: Mapping[str, Any]) -> None:
        """Compute a query's rows where its data lies, and let them stay there."""
        with _telling():
            self.hold(table, self._query(sql, parameters))

    def hold(self, table: str, rows: DataFrame) -> None:
        """Compute rows now, and give them a name."""
        _activate(self._session)
        with _telling():
            self._kept[table] = rows.localCheckpoint(eager=True)
            self._kept[table].createOrReplaceTempView(table)

    def put(self, table: str, record: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> None:
        """Send records that this process holds to where the tables lie."""
        with _telling():
            lines = [msgspec.json.encode(row) for row in rows]
            # Of no row at all Spark does not infer what its columns are.
            found = _decoded(_sent(self._session, [("", lines)]), record) if lines else _empty(self._session, record)
            self.hold(table, found.drop("filename"))

    def define(self, table: str, sql: str) -> None:
        """Give a query a name."""
        with _telling():
            self._query(sql, {}).createOrReplaceTempView(table)

    def drop(self, table: str) -> None:
        """Forget a table."""
        with _telling():
            self._session.catalog.dropTempView(table)
        self._kept.pop(table, None)

    def length(self, table: str) -> int:
        """How many rows a table has."""
        with _telling():
            rows: int = self._session.table(table).count()
        return rows

    def _query(self, sql: str, parameters: Mapping[str, Any]) -> DataFrame:
        given = {name: _json(value) if isinstance(value, list) else value for name, value in parameters.items()}
        try:
            return self._session.sql(translate(sql, parameters), args=given)
        except NotPortable as why:
            raise QueryFailed(str(why)) from why


def _json(value: list[Any]) -> str:
    return msgspec.json.encode(value).decode()


@contextmanager
def _telling() -> Iterator[None]:
    """Whatever PySpark raises, said as each database says it.

    :raises QueryFailed: Spark could not do it. :raises NetworkError: nobody answers.
    """
    try:
        yield
    except (*FAILED, OSError) as why:
        raise _failed(why) from why


def _failed(why: Exception) -> QueryFailed | NetworkError:
    """What Spark says of a failure, in its first line; where nobody answers any more, nothing is known."""
    lines = [line.strip(" :") for line in str(why).splitlines() if line.strip() and not line.startswith(CALLED)]
    says = lines[0] if lines else type(why).__name__
    is_small = OUT_OF_MEMORY in str(why)
    if is_small:
        says += ". Its Java process had too little memory: docs/guides/at-scale.md says how to give it more"
    if "StatusCode.UNAVAILABLE" in str(why):
        return NetworkError(
            f"SPARK_REMOTE: the connection to Spark is lost: {says}. Look at the server, and run again."
        )
    return LacksRoom(says) if is_small or FULL in str(why) or lacks_room(why) else QueryFailed(says)


# ── sessions ─────────────────────────────────────────────────────────────────


@contextmanager
def session() -> Iterator[SparkSession]:
    """A session of its own, so that the tables of two folders do not meet.

    :raises UsageError: there is no Java. :raises NetworkError: the server cannot be reached.
    """
    remote = environment.spark_remote()
    if not remote:
        environment.forget("SPARK_REMOTE")  # PySpark takes also an empty one for an address
    made = _connected(remote) if remote else _on_this_machine().newSession()
    _set(made, SESSION)
    try:
        yield made
    finally:
        if remote:
            with suppress(Exception):  # the server forgets a session by itself
                made.stop()


def _set(of: SparkSession, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        of.conf.set(name, value)


def _connected(remote: str) -> SparkSession:
    where = urlsplit(remote)
    try:
        host, port = where.hostname or "", where.port or PORT
    except ValueError:
        host = ""
    if where.scheme != "sc" or not host:
        raise UsageError(
            f"SPARK_REMOTE={remote}: not the address of a Spark Connect server. Write it as sc://host or sc://host:port."
        )
    try:
        # Its client would try for minutes before it says that nobody is there.
        socket.create_connection((host, port), timeout=REACH_S).close()
        return _client(remote)
    except (OSError, *FAILED) as why:
        raise NetworkError(
            f"SPARK_REMOTE={remote}: no Spark Connect server answers at {host}:{port}: "
            f"{str(why).strip().splitlines()[0] if str(why).strip() else type(why).__name__}. "
            f"Start it, or unset SPARK_REMOTE to run Spark on this machine."
        ) from None


def _client(remote: str) -> Any:
    # SparkSession.builder would let no Spark of this process run beside it.
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    return ConnectSession.builder.remote(remote).create()


def _activate(session: SparkSession) -> None:
    """Of several sessions with a server, PySpark gives checkpointed rows to the thread's active one: the first made."""
    of_thread = getattr(type(session), "_active_session", None)  # none where Spark runs here
    if of_thread is not None:
        of_thread.session = session


@cache
def _on_this_machine() -> SparkSession:
    """One Java process for all sessions; it ends with this one."""
    home = environment.java_home()
    if not shutil.which(str(home / "bin" / "java") if home else "java"):
        raise UsageError(
            "--engine spark: there is no Java, which Spark needs on this machine. Install version 17 or newer "
            "(Debian and Ubuntu: apt install openjdk-17-jre-headless), or set SPARK_REMOTE to a Spark Connect server."
        )
    builder = SparkSession.builder.master("local[*]").appName("atalaya")
    for name, value in LOCAL.items():
        builder = builder.config(name, value)
    try:
        made = builder.getOrCreate()
    except FAILED as why:
        raise UsageError(
            f"--engine spark: Spark does not start: {_failed(why)}. Look at what Java says above."
        ) from None
    made.sparkContext.setLogLevel("OFF")  # what fails is raised
    return made


# ── loading ──────────────────────────────────────────────────────────────────


@contextmanager
def empty() -> Iterator[Spark]:
    """A database without tables.

    :raises UsageError: there is no Java. :raises NetworkError: the server cannot be reached.
    """
    with session() as without_tables:
        _set(without_tables, FEW)
        yield Spark(without_tables)


@contextmanager
def loaded(evidence: Path, damaged: Container[str] = (), cache: ReadCache | None = None) -> Iterator[Spark]:
    """A database with the segments of one folder, but for the damaged ones.

    :param cache: not asked: Spark reads the evidence itself.
    :raises EvidenceError: a segment cannot be opened.
    :raises UsageError: there is no Java. :raises NetworkError: the server cannot be reached.
    """
    with session() as of_folder:
        database = Spark(of_folder)
        if size_bytes(evidence) < SMALL_BYTES:
            _set(of_folder, FEW)
        for table, record in TABLES.items():
            _load(database, of_folder, evidence, f"read_{table}" if table in WHOLE else table, record, damaged)
        yield database


@contextmanager
def on_columns(folder: Path, limits: Mapping[str, str]) -> Iterator[Spark]:
    """A database that reads Parquet files of columns where they lie, which Spark has to see.

    :param limits: settings of DuckDB's own, which are not Spark's.
    :raises EvidenceError: the files are not there, or not what they should be.
    :raises UsageError: there is no Java. :raises NetworkError: the server cannot be reached.
    """
    with session() as of_folder:
        for table, record in TABLES.items():
            try:
                with _telling():
                    rows = of_folder.read.schema(f"{_shape(record)}, segment STRING").parquet(_seen(folder / table))
                    rows.withColumnRenamed("segment", "filename").createOrReplaceTempView(
                        f"read_{table}" if table in WHOLE else table
                    )
            except QueryFailed as why:
                raise not_read(f"{folder / table}: its columns cannot be read", why, "Write them again.") from None
        yield Spark(of_folder)


def _load(
    database: Spark, session: SparkSession, evidence: Path, table: str, record: type[Evidence], damaged: Container[str]
) -> None:
    """The rows of one kind: a compaction beside us takes files away, and then we look again."""
    for left in reversed(range(LISTINGS)):
        compacted, alone = sources(evidence, record.kind, damaged)
        try:
            with _telling():
                lines = _lines(session, compacted, alone)
                if lines is None:
                    _empty(session, record).createOrReplaceTempView(table)
                    return
            try:
                database.hold(table, _decoded(lines, record))
            except LacksRoom:
                raise
            except QueryFailed as why:
                with _telling():
                    raise QueryFailed(_not_a_record(lines, record) or str(why)) from why
        except (QueryFailed, EvidenceError) as why:
            if left and not all(file.exists() for file in alone):
                continue
            raise not_read(
                f"{evidence}: its {record.kind} segments cannot be opened", why, "Restore them from git."
            ) from None
        else:
            return


def _lines(session: SparkSession, compacted: list[Source], alone: list[Path]) -> DataFrame | None:
    """The lines of all segments, each with the segment that it lies in, as DuckDB names it; None where none is."""
    found = [_of_files(session, alone)] if alone else []
    for source in compacted:
        rows = _of_compacted(session, source.path)
        but = ", ".join(map(_quoted, source.passed_over))
        found.append(rows.where(f"segment NOT IN ({but})") if but else rows)
    return reduce(lambda some, more: some.union(more), found) if found else None


def _of_files(session: SparkSession, files: list[Path]) -> DataFrame:
    rows = _if_seen(lambda: session.read.text([_seen(file) for file in files], lineSep="\n"))
    if rows is not None:
        folder = _quoted(f"{files[0].parent}/")
        return rows.selectExpr(f"{folder} || _metadata.file_name AS segment", "value AS line").where("line <> ''")
    return _sent(session, ((str(file), lines) for file in files for _, lines in lines_in(file)))


def _of_compacted(session: SparkSession, file: Path) -> DataFrame:
    rows = _if_seen(lambda: session.read.schema("segment STRING, line STRING").parquet(_seen(file)))
    return _sent(session, lines_in(file)) if rows is None else rows


def _seen(path: Path) -> str:
    """A file as Spark names it: one of ours, and no pattern."""
    return "file://" + "".join(f"\\{sign}" if sign in "\\*?[]{}" else sign for sign in str(path.resolve()))


def _if_seen(read: Callable[[], DataFrame]) -> DataFrame | None:
    """What is read, if Spark sees the files: a cluster may have others than we."""
    try:
        rows = read()
        rows.schema  # noqa: B018 - only this asks a server
    except AnalysisException as why:
        if why.getCondition() == "PATH_NOT_FOUND":
            return None
        raise
    return rows


def _sent(session: SparkSession, segments: Any) -> DataFrame:
    """Lines that only we can read."""
    rows = [(segment, line.decode()) for segment, lines in segments for line in lines if line]
    names, lines = zip(*rows, strict=True) if rows else ((), ())
    return session.createDataFrame(pa.table([pa.array(names, pa.string()), pa.array(lines, pa.string())], LINES))


def _quoted(text: str) -> str:
    """A text as Spark's SQL has it.

    >>> print(_quoted("it's"))
    'it\\'s'
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _empty(session: SparkSession, record: type[msgspec.Struct]) -> DataFrame:
    """The columns of a kind without a row."""
    declared = [f"CAST(NULL AS {_type(of)}) AS `{name}`" for name, of in columns(record).items()]
    return session.range(0).selectExpr(*declared, "'' AS filename")


def _decoded(lines: DataFrame, record: type[msgspec.Struct]) -> DataFrame:
    """The columns of a kind, as its records declare them. A line that is no such record is an error."""
    found = f"from_json(line, {_quoted(_shape(record))}, map('mode', 'FAILFAST')) AS record"
    return lines.selectExpr(found, "segment AS filename").selectExpr("record.*", "filename")


def _not_a_record(lines: DataFrame, record: type[Evidence]) -> str:
    """The first segment with a line that is no record, for people; empty where there is none."""
    shape = _quoted(f"{_shape(record)}, not_a_record STRING")
    options = "map('mode', 'PERMISSIVE', 'columnNameOfCorruptRecord', 'not_a_record')"
    bad = lines.selectExpr(f"from_json(line, {shape}, {options}) AS record", "segment")
    first = bad.where("record.not_a_record IS NOT NULL").orderBy("segment").first()
    return f"{first['segment']} holds a line that is no record" if first else ""


def _shape(record: type[msgspec.Struct]) -> str:
    """The columns as Spark declares them.

    >>> from atalaya.records.stored import CommitTree
    >>> _shape(CommitTree)[:44]
    '`run_id` STRING, `environment` STRING, `occu'
    """
    return ", ".join(f"`{name}` {_type(of)}" for name, of in columns(record).items())


def _type(of: str) -> str:
    inner = of.removesuffix("[]")
    spark = TYPES.get(inner, inner)
    return f"ARRAY<{spark}>" if of.endswith("[]") else spark
