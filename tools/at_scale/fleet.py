"""Makes the evidence of a fleet: releases of hundreds of SDKs, as tables of Parquet columns.

Made up, and the same for the same number and seed and version of DuckDB: what is drawn is a hash of what it is drawn
for. Sizes are skewed, as those of real projects are: the largest SDK has more than thirty times the tests of another.
Jobs are run again, tests are flaky or broken, machinery fails, a report is taken in twice, fields of old records
are NULL, runs are of pull requests, of another commit, outside the window, or written down too late to be known.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from atalaya.metrics.engine.tables import TABLES, columns

SDKS = 400
LARGEST, SMALLEST, SKEW = 2500, 20, 0.6  # tests of an SDK: LARGEST / rank ** SKEW
VARIANTS = (3, 8)
RUNS = (12, 28)
RERUN = 1.12  # executions of a job for each of its runs, about: re-runs, and reports that were taken in twice
FILE_ROWS = 4_000_000
T0 = "2026-03-02T09:00:00+00:00"
AS_OF = "2026-03-05T09:00:00+00:00"


class Subject(NamedTuple):
    """One release of one SDK."""

    sdk: int
    release: int
    tests: int
    variants: int
    runs: int


def subjects(attempts: int, seed: int) -> list[Subject]:
    """Releases whose tests were executed about so often in all."""
    draw = random.Random(seed)
    found: list[Subject] = []
    left = float(attempts)
    order = list(range(SDKS))
    for release in range(attempts):
        draw.shuffle(order)
        for sdk in order:
            of_sdk = random.Random(f"{seed}/{sdk}")
            tests = max(SMALLEST, int(LARGEST / (1 + of_sdk.randrange(SDKS)) ** SKEW))
            variants, runs = of_sdk.randint(*VARIANTS), draw.randint(*RUNS)
            runs = min(runs, max(1, round(left / (tests * variants * RERUN))))
            found.append(Subject(sdk, release, tests, variants, runs))
            left -= tests * variants * runs * RERUN
            if left < SMALLEST * VARIANTS[0]:
                return found
    return found


def _chunks(of: Sequence[Subject]) -> Iterator[list[Subject]]:
    some: list[Subject] = []
    rows = 0
    for one in of:
        some.append(one)
        rows += one.tests * one.variants * one.runs
        if rows >= FILE_ROWS:
            yield some
            some, rows = [], 0
    if some:
        yield some


# Each execution of a job: what the tests, the events and the reports of it have in common.
EXECUTIONS = """
CREATE OR REPLACE TEMP TABLE executions AS
WITH runs AS (
  SELECT s.*, r.run, hash({seed}, 'run', s.sdk, s.release, r.run) AS draw
  FROM subjects AS s, LATERAL (SELECT unnest(range(s.runs)) AS run) AS r
),
named AS (
  SELECT
    *,
    CASE WHEN sdk % 30 = 11 THEN 'files-' ELSE 'gh-' END || sdk || '-' || release || '-' || run AS run_id,
    CASE WHEN draw % 100 = 0 THEN 'service' ELSE 'ci' END AS environment,
    CASE
      WHEN sdk % 20 = 7 THEN ''
      WHEN draw // 100 % 100 < 3 THEN 'ffff' || printf('%08x', run)
      ELSE printf('%04x%08x', sdk, release)
    END AS "commit",
    CASE WHEN draw // 10000 % 100 < 5 THEN 'pull_request' WHEN sdk % 9 = 2 THEN '' ELSE 'push' END AS event,
    CASE WHEN draw // 1000000 % 100 = 1 THEN -5 ELSE 72.0 * run / runs END AS hours,
    CASE WHEN draw // 100000000 % 200 = 1 THEN 90 ELSE 0.25 END AS late,
    sdk % 25 = 3 AS is_old
  FROM runs
),
jobs AS (
  SELECT n.*, v.variant, hash({seed}, 'job', n.draw, v.variant) AS job_draw
  FROM named AS n, LATERAL (SELECT unnest(range(n.variants)) AS variant) AS v
)
SELECT
  j.*, a.attempt, c.copy,
  hash({seed}, 'attempt', j.job_draw, a.attempt) AS attempt_draw,
  CAST('{t0}' AS TIMESTAMPTZ) + to_microseconds(CAST((j.hours + 0.4 * a.attempt) * 3600e6 AS BIGINT)) AS began_at,
  'sdk' || j.sdk || '-ci' AS workflow,
  '3.' || (8 + j.variant) AS variant_name,
  'reports/' || j.variant || '-' || a.attempt || '.xml' AS file,
  md5(j.run_id || j.variant || a.attempt) || md5(j.run_id) AS sha256
FROM jobs AS j
CROSS JOIN (VALUES (1), (2), (3)) AS a(attempt)
CROSS JOIN (VALUES (0), (1)) AS c(copy)
WHERE (a.attempt = 1 OR j.job_draw % 100 < CASE a.attempt WHEN 2 THEN 8 ELSE 2 END)
  AND (c.copy = 0 OR j.job_draw // 100 % 100 < 1)
"""

COMMON = """
  run_id, environment, {at} AS occurred_at,
  began_at + to_microseconds(CAST((late + copy) * 3600e6 AS BIGINT)) AS recorded_at, 1 AS format,
"""

TABLES_SQL = {
    "test_attempts": """
SELECT {common}
  'sdk' || sdk || '/tests/test_' || (test % 40) || '.py::test_' || test AS test, variant_name AS variant, attempt,
  "commit",
  CASE
    WHEN test_draw % 10000 < 100 THEN 'skipped'
    WHEN attempt_draw % 200 = 0 AND draw_of_case % 10 < 9 THEN 'errored'
    WHEN kind < 3 AND draw_of_case % 100 < 20 THEN 'failed'
    WHEN kind < 23 AND draw_of_case % 100 < 1 THEN 'failed'
    WHEN kind < 25 AND run > runs // 2 THEN 'failed'
    WHEN draw_of_case % 10000 < 1 THEN 'failed'
    ELSE 'passed'
  END AS outcome,
  test % 17 = 0 AS critical, file || '@' || substr(sha256, 1, 12) AS origin,
  CASE WHEN draw_of_case % 33 = 0 THEN NULL ELSE (draw_of_case // 10000 % 5000000) / 1e6 END AS duration_s,
  '' AS message, CASE WHEN is_old THEN NULL ELSE test + 1 END AS line,
  CASE WHEN is_old THEN NULL ELSE workflow END AS workflow, CASE WHEN is_old THEN NULL ELSE 'tests' END AS job,
  'test-' || run_id || '-' || copy AS segment
FROM (
  SELECT
    e.*, t.test, hash({seed}, 'test', e.sdk, t.test) AS test_draw, hash({seed}, 'kind', e.sdk, t.test) % 1000 AS kind,
    hash({seed}, 'case', e.attempt_draw, t.test) AS draw_of_case
  FROM executions AS e, LATERAL (SELECT unnest(range(e.tests)) AS test) AS t
)
""",
    "job_attempts": """
SELECT {common}
  workflow, 'tests' AS job, variant_name AS variant, attempt, "commit",
  CASE
    WHEN attempt_draw % 1000 < 100 THEN 'failure'
    WHEN attempt_draw % 1000 < 110 THEN 'cancelled'
    WHEN attempt_draw % 1000 < 115 THEN 'startup_failure'
    WHEN attempt_draw % 1000 < 118 THEN 'timed_out'
    WHEN attempt_draw % 1000 < 119 THEN 'nothing-ran'
    ELSE 'success'
  END AS conclusion,
  'github/' || run_id AS origin, attempt_draw % 3000 / 1.0 AS duration_s,
  CASE WHEN draw % 5 < 3 THEN attempt_draw % 900 END AS requests, NULL AS polls,
  CASE WHEN draw % 5 < 3 THEN attempt_draw % 90 END AS waits,
  CASE WHEN draw % 5 < 2 THEN attempt_draw % 30 END AS stale_trials,
  CASE WHEN is_old THEN NULL ELSE event END AS event, NULL AS reported,
  CASE WHEN is_old THEN NULL ELSE '' END AS workflow_file, 'job-' || run_id || '-' || copy AS segment
FROM executions
""",
    "events": """
SELECT {common}
  CASE attempt_draw // 1000 % 3 WHEN 0 THEN 'network-error' WHEN 1 THEN 'polling-timeout' ELSE 'stale-read' END
    AS event,
  attempt_draw // 7 % 10 = 0 AS expected, attempt_draw // 11 % 4 = 0 AS blocking, 'smoke' AS place,
  CASE told.source
    WHEN 0 THEN 'ConnectError: Timed out  after ' || (attempt_draw % 7) || ' s'
    ELSE 'connecterror: timed out after ' || (attempt_draw % 7) || ' s. (2 times)'
  END AS message,
  CASE told.source WHEN 0 THEN file ELSE 'logs/' || variant || '.log' END || '@' || substr(sha256, 1, 12) AS origin,
  CASE told.source WHEN 0 THEN NULL ELSE 40 + nth.nth END AS line,
  CASE told.source WHEN 0 THEN NULL ELSE 'GET /jobs' END AS quote, "commit",
  CASE WHEN is_old THEN NULL ELSE workflow END AS workflow, CASE WHEN is_old THEN NULL ELSE 'tests' END AS job,
  CASE WHEN is_old THEN NULL ELSE attempt END AS attempt,
  'event-' || run_id || '-' || copy || '-' || told.source AS segment
FROM executions
CROSS JOIN (VALUES (0), (1)) AS told(source)
CROSS JOIN (VALUES (0), (1), (2)) AS nth(nth)
WHERE attempt_draw % 100 < 12 AND nth.nth <= attempt_draw % 3
""",
    "readings": """
SELECT {common}
  file, sha256, 1000 AS size_bytes, 'read' AS status, 'passed' AS verdict, '' AS reason, tests AS cases,
  tests AS passed, 0 AS failed, 0 AS errored, 0 AS skipped, 0 AS suite_failures, NULL AS at_byte,
  CASE WHEN is_old THEN NULL ELSE '' END AS place, 0 AS unclassified, 'reading-' || run_id || '-' || copy AS segment
FROM executions
WHERE copy = 0 OR sdk % 2 = 0
""",
    "observations": """
SELECT {common}
  CASE n.n WHEN 0 THEN 'polling.fresh-status' ELSE 'config.promise-' || n.n END AS promise, 'major' AS severity,
  CASE WHEN hash(draw, n.n) % 50 = 0 THEN 'broken' ELSE 'kept' END AS outcome, '' AS reason, 0.5 AS duration_s,
  3 AS trials, 'd1' AS subject_digest, '' AS request_log_digest, [] AS log, [] AS script,
  'observation-' || run_id AS segment
FROM executions
CROSS JOIN (VALUES (0), (1), (2), (3)) AS n(n)
WHERE variant = 0 AND attempt = 1 AND copy = 0
""",
    "health_records": """
SELECT {common}
  'smoke' AS producer, '3.12.1' AS python, attempt, CASE WHEN draw % 40 = 0 THEN 'ImportError' ELSE '' END
    AS start_error,
  'virtual' AS clock, 100 AS requests, draw % 4 AS retries, ['READY', 'READY'] AS states,
  [120.5, NULL] AS took_ms, [3, 4] AS polls, 'health-' || run_id AS segment
FROM executions
WHERE variant = 0 AND copy = 0
""",
}
AT = {"test_attempts": "began_at + to_microseconds(50000 * CAST(test AS BIGINT))"}


def make(folder: Path, attempts: int, *, seed: int = 7) -> dict[str, int]:
    """Write a fleet's tables below a folder; how many rows each has.

    :param attempts: of tests, about.
    """
    rows: dict[str, int] = {}
    with duckdb.connect(":memory:", config={"threads": 2}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET enable_progress_bar = false")
        for number, some in enumerate(_chunks(subjects(attempts, seed))):
            database.execute(
                "CREATE OR REPLACE TEMP TABLE subjects AS SELECT unnest(?) AS sdk, unnest(?) AS release, "
                "unnest(?) AS tests, unnest(?) AS variants, unnest(?) AS runs",
                [list(column) for column in zip(*some, strict=True)],
            )
            database.execute(EXECUTIONS.format(seed=seed, t0=T0))
            for table, sql in TABLES_SQL.items():
                file = folder / table / f"part-{number:05}.parquet"
                file.parent.mkdir(parents=True, exist_ok=True)
                common = COMMON.format(at=AT.get(table, "began_at"))
                declared = ", ".join(
                    f'CAST("{name}" AS {of}) AS "{name}"' for name, of in columns(TABLES[table]).items()
                )
                written = database.execute(
                    f"COPY (SELECT {declared}, segment FROM ({sql.format(common=common, seed=seed)})) "
                    f"TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
                ).fetchone()
                rows[table] = rows.get(table, 0) + (written[0] if written else 0)
    return rows
