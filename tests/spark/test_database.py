"""Tests that Spark reads what DuckDB reads, and computes what the portable subset says."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atalaya.core.errors import EngineError, EvidenceError
from atalaya.metrics.engine.duckdb_database import DuckDB
from atalaya.metrics.engine.engine import Database, LacksRoom, QueryFailed, opened, opened_columns
from atalaya.records.stored import Event
from tools.at_scale import fleet
from tools.at_scale.run import QUESTIONS, answered

BIN = """
SELECT CAST(
  FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), CAST($at AS TIMESTAMPTZ)) / 86400000000.0) AS BIGINT
) AS bin
"""
PATTERNS = r"""
SELECT
  regexp_replace(a, '@[0-9a-f]+\z', '') AS x,
  regexp_replace(a, '[ \t\n\f\r]+', ' ', 'g') AS y,
  regexp_replace(a, '^ | ?[.]? ?\z', '', 'g') AS z
FROM (SELECT $a AS a) AS t
"""


@pytest.fixture
def both() -> Iterator[tuple[Database, Database]]:
    """One database of each kind, without tables."""
    from atalaya.metrics.engine import spark_database

    with duckdb.connect(":memory:") as connection, spark_database.session() as session:
        connection.execute("SET TimeZone = 'UTC'")
        yield DuckDB(connection), spark_database.Spark(session)


def alike(both: tuple[Database, Database], sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query, which both give."""
    ours, theirs = (database.rows(sql, parameters) for database in both)
    assert ours == theirs
    return ours


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        # NULL in a list, in a comparison, in a group, in an order
        ("SELECT list_contains($of, a) AS x FROM (SELECT CAST(NULL AS VARCHAR) AS a) AS t", {"of": ["b"]}),
        ("SELECT list_contains($of, 'b') AS x", {"of": []}),
        ("SELECT LEAST(a, 2) AS x FROM (SELECT CAST(NULL AS BIGINT) AS a) AS t", {}),
        ("SELECT CAST(COALESCE(SUM(a), 0) AS BIGINT) AS x, COUNT(a) AS n FROM (SELECT 1 AS a) AS t WHERE a = 2", {}),
        ("SELECT MAX(a) AS x FROM (SELECT 1 AS a) AS t WHERE a = 2", {}),
        ("SELECT CAST(a AS DOUBLE) / NULLIF(0, 0) AS x FROM (SELECT 1 AS a) AS t", {}),
        # bins before, at and after T+0, and the microsecond before a bin ends
        *(
            (BIN, {"t0": "2026-03-02T09:00:00+00:00", "at": at})
            for at in (
                "2026-03-02T08:59:59.999999+00:00",
                "2026-03-02T09:00:00+00:00",
                "2026-03-03T08:59:59.999999+00:00",
                "2026-03-03T10:00:00+01:00",
                "2026-03-29T03:30:00+02:00",
            )
        ),
        # patterns at the ends of lines
        *(
            (PATTERNS, {"a": a})
            for a in ("", "x@0f", "x@0f\n", "x@0f\u2028", "a\x0bb\x0cc\xa0d", " a . ", " . .", "(3 times) .", "é ü\t\n")
        ),
    ],
)
def test_both_compute_the_same(both: tuple[Database, Database], sql: str, parameters: dict[str, Any]) -> None:
    alike(both, sql, **parameters)


def test_both_write_every_letter_small_alike(both: tuple[Database, Database]) -> None:
    """But for those that one of them does not know yet: they are newer than Java 17."""
    letters = [chr(n) for n in range(0x11_0000) if unicodedata.category(chr(n)) in ("Lu", "Lt", "Ll", "So", "Nl")]
    sql = (
        "WITH t AS (SELECT UNNEST(CAST($rows AS VARCHAR[][])) AS r) "
        "SELECT r[1] AS a, lower(translate(r[1], 'İΣ', 'iσ')) AS x FROM t"
    )
    ours, theirs = (
        {row["a"]: row["x"] for row in database.rows(sql, {"rows": [[one] for one in letters]})} for database in both
    )
    assert {one for one in letters if ours[one] != theirs[one]} == set()


def test_an_order_is_that_of_the_bytes(both: tuple[Database, Database]) -> None:
    names = ["b", "a", "B", "é", "e\u0301", "z", "\U0001f600", "\uffff", "", "a\x00", "a "]
    sql = (
        "WITH t AS (SELECT UNNEST(CAST($rows AS VARCHAR[][])) AS r) "
        "SELECT r[1] AS a, ROW_NUMBER() OVER (ORDER BY r[1] DESC NULLS LAST) AS n FROM t ORDER BY r[1] ASC NULLS LAST"
    )
    assert [row["a"] for row in alike(both, sql, rows=[[one] for one in names])] == sorted(names, key=str.encode)


def test_what_is_not_portable_is_not_run(both: tuple[Database, Database]) -> None:
    with pytest.raises(QueryFailed, match="ARG_MAX"):
        both[1].rows("SELECT arg_max(a, b) AS x FROM (SELECT 1 AS a, 2 AS b) AS t", {})


def test_no_error_of_pysparks_own_gets_out(both: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    def failing(*asked: Any, **how: Any) -> None:
        raise PySparkException("it is gone")

    monkeypatch.setattr(SparkSession, "createDataFrame", failing)
    monkeypatch.setattr(both[1]._session.catalog, "dropTempView", failing)  # type: ignore[attr-defined]
    rows: list[Any] = [{"run_id": "x"}]
    for asked in (lambda: both[1].put("events", Event, rows), lambda: both[1].drop("events")):
        with pytest.raises(QueryFailed, match="it is gone"):
            asked()


def test_a_line_that_is_no_record_names_its_segment(tmp_path: Path) -> None:
    segment = tmp_path / f"event-{'0' * 32}.jsonl"
    segment.write_text('{"run_id": "cut\n')
    with (
        pytest.raises(EvidenceError, match=f"{segment.name} holds a line that is no record"),
        opened(tmp_path, engine="spark"),
    ):
        pass


def test_a_damaged_segment_is_left_out(tmp_path: Path) -> None:
    segment = tmp_path / f"event-{'0' * 32}.jsonl"
    segment.write_text('{"run_id": "cut\n')
    with opened(tmp_path, engine="spark", damaged={segment.name}) as engine:
        assert engine._database.length("events") == 0


def test_a_fleet_is_answered_alike_by_both(tmp_path: Path) -> None:
    rows = fleet.make(tmp_path / "fleet", 20_000)
    assert 10_000 < rows["test_attempts"] < 40_000
    ours, theirs = (
        answered(tmp_path / "fleet", engine, tmp_path / engine, memory="1GB", spill=tmp_path / "spill")
        for engine in ("duckdb", "spark")
    )
    assert [(one.question, one.rows, one.sha256) for one in ours.answers] == [
        (one.question, one.rows, one.sha256) for one in theirs.answers
    ]
    assert [one.question for one in ours.answers if not one.rows] == ["own_runs"]
    assert len(ours.answers) == len(QUESTIONS)


def test_tables_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    for engine in ("duckdb", "spark"):
        with pytest.raises(EvidenceError, match="columns cannot be read"), opened_columns(tmp_path, engine=engine):
            pass


def test_what_java_says_is_told_and_not_what_was_called() -> None:
    from atalaya.metrics.engine.spark_database import _failed

    called = "An error occurred while calling o98.localCheckpoint.\n"
    aborted = f"{called}: org.apache.spark.SparkException: Job aborted\n\tat a.b(C.scala)\n"
    memory = "Caused by: java.lang.OutOfMemoryError: Java heap space\n"
    assert str(_failed(RuntimeError(aborted))) == "org.apache.spark.SparkException: Job aborted"
    assert str(_failed(RuntimeError(aborted + memory))).startswith(
        "org.apache.spark.SparkException: Job aborted. Its Java process had too little memory"
    )
    assert [str(_failed(RuntimeError(says))) for says in ("", "one\ntwo")] == ["RuntimeError", "one"]
    full = "Caused by: java.io.IOException: No space left on device\n"
    assert [type(_failed(RuntimeError(aborted + says))) for says in ("", memory, full)] == [
        QueryFailed,
        LacksRoom,
        LacksRoom,
    ]


def test_evidence_that_finds_no_room_in_java_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.errors import PySparkException

    from atalaya.metrics.engine import spark_database

    def failing(*asked: Any) -> None:
        raise PySparkException("Job aborted: java.lang.OutOfMemoryError: Java heap space")

    monkeypatch.setattr(spark_database, "_lines", failing)
    with pytest.raises(EngineError, match=r"little memory.*run again"), opened(tmp_path, engine="spark"):
        pass


MEMORY = """
from atalaya.metrics.engine.spark_database import session
with session() as spark:
    print(spark._jvm.java.lang.Runtime.getRuntime().maxMemory() // 2**20)
"""


def test_spark_on_this_machine_has_the_memory_that_it_is_given() -> None:
    given = {"PYSPARK_SUBMIT_ARGS": "--driver-memory 700m pyspark-shell"}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], env=os.environ | given, capture_output=True, text=True, check=True
    )
    assert 600 < int(done.stdout.split()[-1]) <= 700
