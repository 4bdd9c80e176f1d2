"""Benchmarks the questions about flaky tests and about the pass rate over Parquet, beside other tools.

Run by ``nox -s bench``. Figures are never asserted: what is asserted is that all count the same. The floor is DuckDB on
the same file, asked by hand for what is shown and for nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas
import polars
import pytest

from atalaya.core.settings import CiSettings, Settings
from atalaya.metrics.engine.duckdb_database import DuckDB
from atalaya.metrics.engine.engine import TWICE, Engine, Row
from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import Evidence, JobAttempt, Release, TestAttempt
from tests.benchmarks.table import Table, paired

T0 = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
RELEASE = Release(version="1.1.0", commit="", opened_at=T0)
TESTS = 20_000
VARIANTS = 4
SIZES = (100_000, 1_000_000, 10_000_000)
QUICK = SIZES[:2]
HELD_AT = SIZES[-1]
FLAKY_FLOOR, FLAKY_PANDAS = 1.2, 1 / 3
BY_HAND = "DuckDB by hand"

# One test in 400 is flaky and fails once in 25; what failed is tried again, up to three times in all. One key in 50 is
# run twice for no reason, as jobs are that somebody starts again.
TEST_ATTEMPTS = f"""
    WITH keys AS (
      SELECT i % $tests AS test, i // $tests AS key, hash(i) AS luck FROM range($keys) AS numbers(i)
    ),
    tried AS (
      SELECT test, key, luck, unnest(range(1, 4)) AS attempt,
        test % 400 = 7 AND luck % 25 = 0 AS flakes,
        test % 400 = 8 AND key >= $keys // $tests - 8 AS broken
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

# A job in 40 fails; half of what failed is tried again, and mostly ends well then.
JOB_ATTEMPTS = f"""
    WITH jobs AS (
      SELECT i // 20 AS run, i % 20 AS job, hash(i) AS luck FROM range($keys) AS numbers(i)
    ),
    tried AS (
      SELECT run, job, luck, unnest(range(1, 3)) AS attempt, luck % 40 = 0 AS fails FROM jobs
    )
    SELECT
      'github/' || (7000000000 + run) AS run_id,
      'ci' AS environment,
      TIMESTAMPTZ '{T0.isoformat()}' + to_microseconds(
        CAST(250000000000 * (run / ($keys / 20.0)) AS BIGINT) + 1000 * attempt
      ) AS occurred_at,
      TIMESTAMPTZ '{T0.isoformat()}' + to_microseconds(
        CAST(250000000000 * (run / ($keys / 20.0)) AS BIGINT) + 2000000
      ) AS recorded_at,
      1::BIGINT AS format,
      'clients-python-sdk' AS workflow,
      'test (' || job || ')' AS job,
      'ubuntu-latest, 3.' || (11 + job % 4) AS variant,
      attempt::BIGINT AS attempt,
      sha1(run::VARCHAR) AS "commit",
      CASE WHEN fails AND (attempt = 1 OR luck % 80 = 0) THEN 'failure' ELSE 'success' END AS conclusion,
      'github/' || run AS origin,
      60.0 AS duration_s,
      NULL::BIGINT AS requests, NULL::BIGINT AS polls, NULL::BIGINT AS waits, NULL::BIGINT AS stale_trials,
      'push' AS event,
      NULL::VARCHAR AS reported,
      '' AS workflow_file
    FROM tried
    WHERE attempt = 1 OR (fails AND luck % 3 = 0)
    ORDER BY run, job, attempt
"""

FLAKY_BY_HAND = """
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
RATE_BY_HAND = """
    SELECT count(*) AS decided, count(*) FILTER (conclusion = 'success') AS succeeded
    FROM (
      SELECT arg_max(conclusion, attempt) AS conclusion
      FROM read_parquet($file)
      WHERE conclusion IN ('success', 'failure', 'timed_out')
      GROUP BY workflow, job, variant, run_id
    )
"""
FLAKY_IN_SQLITE = """
    SELECT test, repeated, mixed
    FROM (
      SELECT test, sum(attempts >= 2) AS repeated, sum(passes > 0 AND passes < attempts) AS mixed
      FROM (
        SELECT test, "commit", variant, count(*) AS attempts, sum(outcome = 'passed') AS passes
        FROM attempts
        WHERE outcome IN ('passed', 'failed', 'errored')
        GROUP BY test, "commit", variant
      )
      GROUP BY test
    )
    WHERE repeated > 0
    ORDER BY mixed DESC, test
"""
RATE_IN_SQLITE = """
    SELECT count(*), sum(conclusion = 'success')
    FROM (
      SELECT conclusion, max(attempt)
      FROM attempts
      WHERE conclusion IN ('success', 'failure', 'timed_out')
      GROUP BY workflow, job, variant, run_id
    )
"""
IN_SQLITE = {
    "flaky": ("test, commit, variant, outcome", FLAKY_IN_SQLITE),
    "rate": ("workflow, job, variant, run_id, attempt, conclusion", RATE_IN_SQLITE),
}
DECIDED_TESTS, DECIDED_JOBS = ["passed", "failed", "errored"], ["success", "failure", "timed_out"]

Counts = list[tuple[object, ...]]


def written(folder: Path, sql: str, keys: int) -> tuple[Path, int]:
    """Parquet with the rows of a query, and how many there are."""
    file = folder / "attempts.parquet"
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        asked = {"keys": keys, "tests": number_of_tests(keys)}
        named = {name: value for name, value in asked.items() if f"${name}" in sql}
        connection.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)", named)
        ((rows,),) = connection.execute(f"SELECT count(*) FROM '{file}'").fetchall()
    return file, rows


def number_of_tests(keys: int) -> int:
    """So many tests that there are keys of each, as in a window with many runs."""
    return min(TESTS, keys // 40)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 2, "temp_directory": ""}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET disabled_optimizers = 'common_subplan'")  # as for a ledger
        yield connection


def engine_over(connection: duckdb.DuckDBPyConnection, file: Path, kind: type[Evidence]) -> Callable[[], Engine]:
    """Makes engines over a view of the file and tables without rows for the other kinds: an engine answers once."""
    for table, record in TABLES.items():
        declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns(record).items())
        connection.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{file}')"
            if record is kind
            else f"CREATE TABLE {table} ({declared})"
        )
    # Which attempts were taken in twice is found as a ledger is loaded, once for all questions; here, none was.
    connection.execute(
        f"CREATE TABLE {TWICE} AS SELECT test, variant, run_id, attempt, origin FROM test_attempts LIMIT 0"
    )
    assert connection.read_parquet(str(file)).columns == list(columns(kind))

    def fresh() -> Engine:
        cursor = connection.cursor()  # the steps that an engine keeps are its connection's
        cursor.execute("SET TimeZone = 'UTC'")
        return Engine(DuckDB(cursor), file)

    return fresh


def span() -> MetricQuery:
    settings = Settings(ci=CiSettings(workflows=("clients-python-sdk",)))
    return MetricQuery(release=RELEASE, as_of=T0 + timedelta(hours=72), settings=settings)


def flaky(engine: Engine) -> Counts:
    rows: list[Row] = engine.ask("flaky_tests", parameters(engine, span()))
    return [(row["test"], row["repeated_keys"], row["mixed_keys"]) for row in rows if row["repeated_keys"]]


def pass_rate(engine: Engine) -> Counts:
    (row,) = engine.ask("pass_rate", span().parameters())
    return [(row["decided"], row["succeeded"])]


def flaky_in_pandas(file: Path) -> Counts:
    frame = pandas.read_parquet(file, columns=["test", "commit", "variant", "outcome"])
    frame = frame[frame["outcome"].isin(DECIDED_TESTS)]
    frame["passed"] = frame["outcome"] == "passed"
    keys = frame.groupby(["test", "commit", "variant"], sort=False)["passed"].agg(["size", "sum"])
    keys = keys[keys["size"] >= 2]
    keys["mixed"] = (keys["sum"] > 0) & (keys["sum"] < keys["size"])
    tests = keys.groupby("test", sort=False)["mixed"].agg(["size", "sum"]).reset_index()
    tests = tests.sort_values(["sum", "test"], ascending=[False, True])
    return [(name, int(size), int(mixed)) for name, size, mixed in tests.itertuples(index=False)]


def rate_in_pandas(file: Path) -> Counts:
    frame = pandas.read_parquet(file, columns=["workflow", "job", "variant", "run_id", "attempt", "conclusion"])
    frame = frame[frame["conclusion"].isin(DECIDED_JOBS)]
    last = frame.loc[frame.groupby(["workflow", "job", "variant", "run_id"], sort=False)["attempt"].idxmax()]
    return [(len(last), int((last["conclusion"] == "success").sum()))]


def flaky_in_polars(file: Path) -> Counts:
    of = polars.col
    found = (
        polars.scan_parquet(file)
        .filter(of("outcome").is_in(DECIDED_TESTS))
        .group_by("test", "commit", "variant")
        .agg(polars.len().alias("attempts"), (of("outcome") == "passed").sum().alias("passes"))
        .filter(of("attempts") >= 2)
        .group_by("test")
        .agg(polars.len(), ((of("passes") > 0) & (of("passes") < of("attempts"))).sum().alias("mixed"))
        .sort("mixed", "test", descending=[True, False])
    )
    return found.collect().rows()


def rate_in_polars(file: Path) -> Counts:
    found = (
        polars.scan_parquet(file)
        .filter(polars.col("conclusion").is_in(DECIDED_JOBS))
        .group_by("workflow", "job", "variant", "run_id")
        .agg(polars.col("conclusion").sort_by("attempt").last())
        .select(polars.len(), (polars.col("conclusion") == "success").sum().alias("succeeded"))
    )
    return found.collect().rows()


def in_sqlite(file: Path, folder: Path, asked: str) -> Callable[[], Counts]:
    """The question of a database that was filled before: SQLite reads no Parquet."""
    names, sql = IN_SQLITE[asked]
    database = sqlite3.connect(folder / "attempts.sqlite")
    database.execute(f"CREATE TABLE attempts ({names.replace('commit', '[commit]')})")
    quoted = names.replace("commit", '"commit"')
    with duckdb.connect() as reader:
        rows = reader.execute(f"SELECT {quoted} FROM '{file}'")
        marks = ", ".join("?" * len(names.split(",")))
        while some := rows.fetchmany(100_000):
            database.executemany(f"INSERT INTO attempts VALUES ({marks})", some)
    database.commit()
    return lambda: database.execute(sql).fetchall()


def measured(bench: Table, what: str, keys: int, ways: dict[str, Callable[[], Counts]], target: str = "") -> None:
    """Time the ways in turn, hold their answers against each other, and add their row."""
    answers: dict[str, Counts] = {}

    def answering(name: str, way: Callable[[], Counts]) -> Callable[[], None]:
        return lambda: answers.__setitem__(name, way())

    turns = 3 if keys >= HELD_AT else bench.turns
    taken = paired({name: answering(name, way) for name, way in ways.items()}, turns=turns)
    bench.compare(
        what,
        f"{keys:,} attempts",
        taken,
        ours="Atalaya",
        floor=BY_HAND,
        peers=[name for name in ways if name not in ("Atalaya", BY_HAND)],
        target=target,
        met=(lambda ratio: ratio[BY_HAND] <= FLAKY_FLOOR and ratio["pandas"] <= FLAKY_PANDAS)
        if target and keys >= HELD_AT
        else None,
    )
    assert all(answer == answers["Atalaya"] for answer in answers.values()), what


def sizes(bench: Table) -> tuple[int, ...]:
    return QUICK if bench.quick else SIZES


@pytest.mark.parametrize("keys", SIZES)
def test_the_flaky_tests(bench: Table, keys: int, tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    if keys not in sizes(bench):
        pytest.skip("not in a quick run")
    file, rows = written(tmp_path, TEST_ATTEMPTS, keys)
    engine = engine_over(connection, file, TestAttempt)
    ways = {
        "Atalaya": lambda: flaky(engine()),
        BY_HAND: lambda: connection.execute(FLAKY_BY_HAND, {"file": str(file)}).fetchall(),
        "pandas": lambda: flaky_in_pandas(file),
        "polars": lambda: flaky_in_polars(file),
    }
    if keys < HELD_AT:
        ways["SQLite"] = in_sqlite(file, tmp_path, "flaky")
    target = f"at {HELD_AT:,}, at most {FLAKY_FLOOR} times the floor, and three times as fast as pandas"
    measured(bench, "flaky tests, of Parquet", rows, ways, target)


@pytest.mark.parametrize("keys", SIZES)
def test_the_pass_rate(bench: Table, keys: int, tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    if keys not in sizes(bench):
        pytest.skip("not in a quick run")
    file, rows = written(tmp_path, JOB_ATTEMPTS, keys)
    engine = engine_over(connection, file, JobAttempt)
    ways = {
        "Atalaya": lambda: pass_rate(engine()),
        BY_HAND: lambda: connection.execute(RATE_BY_HAND, {"file": str(file)}).fetchall(),
        "pandas": lambda: rate_in_pandas(file),
        "polars": lambda: rate_in_polars(file),
    }
    if keys < HELD_AT:
        ways["SQLite"] = in_sqlite(file, tmp_path, "rate")
    measured(bench, "pass rate, of Parquet", rows, ways)
