"""Benchmarks finding the flaky tests among ten million attempts, beside other tools.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all three count the same.
They take turns, so that a machine that is busy for a while is so for all of them.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas
import pytest

from atalaya.core.settings import Settings
from atalaya.metrics.engine.duckdb_database import DuckDB
from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import Release, TestAttempt

T0 = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
TESTS = 20_000
KEYS = 490  # of each test: with the retries, ten million attempts in all
VARIANTS = 4
TURNS = 5

# One test in 400 is flaky and fails once in 25; what failed is tried again, up to three times in all. One key in 50 is
# run twice for no reason, as jobs are that somebody starts again.
ATTEMPTS = f"""
    WITH keys AS (
      SELECT i % {TESTS} AS test, i // {TESTS} AS key, hash(i) AS luck FROM range({TESTS * KEYS}) AS numbers(i)
    ),
    tried AS (
      SELECT test, key, luck, unnest(range(1, 4)) AS attempt,
        test % 400 = 7 AND luck % 25 = 0 AS flakes,
        test % 400 = 8 AND key >= {KEYS} - 8 AS broken
      FROM keys
    )
    SELECT
      'github/' || (7000000000 + key // {VARIANTS}) AS run_id,
      'ci' AS environment,
      TIMESTAMPTZ '{T0.isoformat()}' + to_milliseconds(500000 * key + 10 * test) AS occurred_at,
      TIMESTAMPTZ '{T0.isoformat()}' + to_milliseconds(500000 * key + 400000) AS recorded_at,
      1::BIGINT AS format,
      'tests.exports.test_' || (test // 40) || ' > TestExports > test_case_' || test AS test,
      'ubuntu-latest, 3.' || (11 + key % {VARIANTS}) AS variant,
      attempt::BIGINT AS attempt,
      sha1((key // {VARIANTS})::VARCHAR) AS "commit",
      CASE
        WHEN broken OR (flakes AND attempt <= 1 + luck % 2) THEN 'failed'
        WHEN luck % 50 = 1 THEN 'skipped'
        ELSE 'passed'
      END AS outcome,
      test % 50 = 0 AS critical,
      'artifacts/' || key || '/report.xml@' || substr(md5(key::VARCHAR), 1, 12) AS origin,
      (luck % 1000) / 1e4 AS duration_s,
      '' AS message,
      test::BIGINT AS line,
      '' AS workflow,
      '' AS job
    FROM tried
    WHERE attempt = 1 OR broken OR (flakes AND attempt <= 2 + luck % 2) OR (luck % 50 = 2 AND attempt = 2)
    ORDER BY key, attempt, test
"""

BY_HAND = """
    SELECT
      test,
      count(*) FILTER (attempts >= 2) AS repeated,
      count(*) FILTER (passes > 0 AND passes < attempts) AS mixed
    FROM (
      SELECT test, "commit", variant, count(*) AS attempts, count(*) FILTER (outcome = 'passed') AS passes
      FROM read_parquet($file)
      WHERE outcome IN ('passed', 'failed', 'errored')
      GROUP BY ALL
    )
    GROUP BY test
    HAVING repeated > 0
    ORDER BY mixed DESC, test
"""

Counts = list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("attempts") / "attempts.parquet"
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({ATTEMPTS}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        made = connection.read_parquet(str(file))
        assert made.columns == list(columns(TestAttempt))
        ((rows,),) = connection.execute(f"SELECT count(*) FROM '{file}'").fetchall()
    print(f"\n  {rows:,} attempts, {file.stat().st_size / 1e6:.0f} MB of Parquet")
    return file


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 2, "temp_directory": ""}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def ours(connection: duckdb.DuckDBPyConnection, file: Path) -> Callable[[], Counts]:
    """The question as the metric asks it, of a view over the file and of tables without rows for the other kinds."""
    for table, record in TABLES.items():
        declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns(record).items())
        connection.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{file}')"
            if record is TestAttempt
            else f"CREATE TABLE {table} ({declared})"
        )
    release = Release(version="1.1.0", commit="", opened_at=T0)
    span = MetricQuery(release=release, as_of=T0 + timedelta(hours=72), settings=Settings())
    return lambda: [
        (row["test"], row["repeated_keys"], row["mixed_keys"])
        for row in ask_anew(connection, file, span)
        if row["repeated_keys"]
    ]


def ask_anew(connection: duckdb.DuckDBPyConnection, file: Path, span: MetricQuery) -> list[Row]:
    """The names of repeats, and the question itself. An engine answers a question once: a new one each time."""
    engine = Engine(DuckDB(connection), file)
    return engine.ask("flaky_tests", parameters(engine, span))


def by_hand(connection: duckdb.DuckDBPyConnection, file: Path) -> Counts:
    return connection.execute(BY_HAND, {"file": str(file)}).fetchall()


def in_pandas(file: Path) -> Counts:
    frame = pandas.read_parquet(file, columns=["test", "commit", "variant", "outcome"])
    frame = frame[frame["outcome"].isin(["passed", "failed", "errored"])]
    frame["passed"] = frame["outcome"] == "passed"
    keys = frame.groupby(["test", "commit", "variant"], sort=False)["passed"].agg(["size", "sum"])
    keys = keys[keys["size"] >= 2]
    keys["mixed"] = (keys["sum"] > 0) & (keys["sum"] < keys["size"])
    tests = keys.groupby("test", sort=False)["mixed"].agg(["size", "sum"]).reset_index()
    tests = tests.sort_values(["sum", "test"], ascending=[False, True])
    return [(name, int(size), int(mixed)) for name, size, mixed in tests.itertuples(index=False)]


def test_the_flaky_tests_of_ten_million_attempts(attempts: Path, connection: duckdb.DuckDBPyConnection) -> None:
    ask = ours(connection, attempts)
    ways: dict[str, Callable[[], Counts]] = {
        "ours": ask,
        "by hand": lambda: by_hand(connection, attempts),
        "pandas": lambda: in_pandas(attempts),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    worked: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, Counts] = {}
    for turn in range(TURNS + 1):
        for name, way in ways.items():
            gc.collect()
            begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
            answers[name] = way()
            if turn:  # the first is to warm up
                took[name].append(time.perf_counter() - begun_s)
                worked[name].append(time.process_time() - begun_cpu_s)
    for name in ways:
        print(
            f"  {name:10}{statistics.median(took[name]):7.2f} s, {beside(took, name):5.2f} times ours; "
            f"of processors{statistics.median(worked[name]):7.2f} s, {beside(worked, name):5.2f} times ours"
        )
    assert sum(mixed for _, _, mixed in answers["ours"]) > 0
    assert answers["by hand"] == answers["ours"]
    assert answers["pandas"] == answers["ours"]


def beside(seconds: dict[str, list[float]], name: str) -> float:
    """How many times as long as ours one took, turn by turn."""
    return statistics.median(one / us for one, us in zip(seconds[name], seconds["ours"], strict=True))
