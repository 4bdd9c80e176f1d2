-- Lists the keys of each test, with how many of its attempts passed and how many failed.
-- A key is one (test, commit, variant): nothing that we know of changed between its attempts. Where the commit is not
-- known, a key does not reach beyond its run. Skipped and xfailed cases are no attempts.
-- Each run of a check is an attempt of a test too: kept is a pass, broken a failure, all else is no outcome; its
-- commit is the digest of the SDK.
-- Only the released commit counts, where it and the attempt's are known; Atalaya's own runs always count.
-- A job attempt, one (run, variant, attempt, origin), decides nothing when it never started, or when more than 80 %
-- of at least 5 tests that it decided failed: then it was the machinery. With fewer than 5 tests it is believed, since
-- one true flake in a report of one test is 100 %. A re-run of less than half of the tests is believed too: it is of
-- those that failed. Nothing of Atalaya's own is set aside so.
-- The same attempt taken in twice is one. Most keys show that they hold none: they have one record, or two or three
-- whose attempts are numbered from 1. Only the others are looked at again, attempt by attempt.
WITH decided AS NOT MATERIALIZED (
  SELECT
    test, variant, run_id, attempt, origin, "commit", of_another_commit, occurred_at,
    CASE WHEN outcome = 'passed' THEN 1 ELSE 0 END AS passed,
    CASE WHEN critical THEN 1 ELSE 0 END AS critical,
    CASE
      WHEN duration_s >= 0 AND duration_s < 1000000000 THEN CAST(FLOOR(duration_s * 1000000) AS BIGINT)
    END AS duration_us
  FROM counted_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
),
own_runs AS (
  SELECT run_id
  FROM job_attempts
  WHERE list_contains($ours, workflow)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  GROUP BY run_id
),
never_started AS (
  SELECT run_id, attempt, origin
  FROM job_attempts
  WHERE conclusion = 'startup_failure'
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  GROUP BY run_id, attempt, origin
),
troubled AS (
  SELECT run_id, variant, "commit"
  FROM decided
  WHERE passed = 0
  GROUP BY run_id, variant, "commit"
  HAVING COUNT(*) >= 5
),
executions AS (
  SELECT
    decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit",
    COUNT(*) AS records,
    COUNT(*) - SUM(decided.passed) AS failures,
    MAX(COUNT(*)) OVER (PARTITION BY decided.run_id, decided.variant, decided."commit") AS most_records
  FROM decided
  INNER JOIN troubled
    ON troubled.run_id = decided.run_id
    AND troubled.variant = decided.variant
    AND troubled."commit" = decided."commit"
  GROUP BY decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit"
),
doubtful AS (
  SELECT
    executions.run_id AS run_id, executions.variant AS variant, executions.attempt AS attempt,
    executions.origin AS origin, executions."commit" AS "commit"
  FROM executions
  LEFT JOIN own_runs
    ON own_runs.run_id = executions.run_id
  WHERE own_runs.run_id IS NULL
    AND executions.failures >= 5
    AND executions.failures * 2 >= executions.records
    AND (executions.attempt = 1 OR executions.records * 2 >= executions.most_records)
),
doubted AS (
  SELECT
    decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit", decided.test,
    1 - MIN(decided.passed) AS failed
  FROM decided
  INNER JOIN doubtful
    ON doubtful.run_id = decided.run_id
    AND doubtful.variant = decided.variant
    AND doubtful.attempt = decided.attempt
    AND doubtful.origin = decided.origin
    AND doubtful."commit" = decided."commit"
  GROUP BY decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit", decided.test
),
set_aside AS (
  SELECT run_id, variant, attempt, origin, "commit"
  FROM doubted
  GROUP BY run_id, variant, attempt, origin, "commit"
  HAVING COUNT(*) >= 5 AND SUM(failed) * 5 > COUNT(*) * 4
),
told AS NOT MATERIALIZED (
  SELECT
    decided.test,
    CASE
      WHEN decided."commit" = '' THEN decided.run_id
      WHEN $commit <> '' AND decided.of_another_commit = 0 THEN $commit
      ELSE decided."commit"
    END AS version,
    decided.variant, decided.run_id, decided.attempt, decided.origin, decided.passed, decided.critical,
    decided.occurred_at, decided.duration_us
  FROM decided
  LEFT JOIN set_aside
    ON set_aside.run_id = decided.run_id
    AND set_aside.variant = decided.variant
    AND set_aside.attempt = decided.attempt
    AND set_aside.origin = decided.origin
    AND set_aside."commit" = decided."commit"
  LEFT JOIN never_started
    ON never_started.run_id = decided.run_id
    AND never_started.attempt = decided.attempt
    AND never_started.origin = decided.origin
  LEFT JOIN own_runs
    ON own_runs.run_id = decided.run_id
  WHERE set_aside.run_id IS NULL
    AND never_started.run_id IS NULL
    AND (own_runs.run_id IS NOT NULL OR decided.of_another_commit = 0)
),
seen AS (
  SELECT
    test, version, variant,
    COUNT(*) AS attempts,
    COUNT(*) FILTER (WHERE passed = 1) AS passes,
    MAX(critical) AS critical,
    MIN(occurred_at) AS first_at,
    SUM(duration_us) AS duration_us,
    COUNT(duration_us) AS timed,
    CASE
      WHEN COUNT(*) = 1 THEN 0
      WHEN COUNT(*) = 2 AND MAX(attempt) = 2 AND SUM(attempt) = 3 THEN 0
      WHEN COUNT(*) = 3 AND MAX(attempt) = 3 AND SUM(attempt) = 6 AND MIN(attempt) = 1 THEN 0
      ELSE 1
    END AS doubtful
  FROM told
  GROUP BY test, version, variant
),
again AS (
  SELECT
    told.test, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed,
    MAX(told.critical) AS critical,
    MIN(told.occurred_at) AS first_at,
    MAX(told.duration_us) AS duration_us
  FROM told
  INNER JOIN seen
    ON seen.test = told.test
    AND seen.version = told.version
    AND seen.variant = told.variant
  WHERE seen.doubtful = 1
  GROUP BY told.test, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed
),
checked AS (
  SELECT
    promise, subject_digest, run_id, occurred_at,
    CASE WHEN outcome = 'kept' THEN 1 ELSE 0 END AS passed,
    MAX(CASE WHEN severity = 'critical' THEN 1 ELSE 0 END) AS critical,
    MAX(
      CASE
        WHEN duration_s >= 0 AND duration_s < 1000000000 THEN CAST(FLOOR(duration_s * 1000000) AS BIGINT)
      END
    ) AS duration_us
  FROM counted_observations
  WHERE outcome IN ('kept', 'broken')
  GROUP BY promise, subject_digest, run_id, occurred_at, CASE WHEN outcome = 'kept' THEN 1 ELSE 0 END
)
SELECT test, version, variant, attempts, passes, attempts - passes AS failures, critical, first_at, duration_us, timed
FROM seen
WHERE doubtful = 0
UNION ALL
SELECT
  test, version, variant, COUNT(*) AS attempts, SUM(passed) AS passes, COUNT(*) - SUM(passed) AS failures,
  MAX(critical) AS critical, MIN(first_at) AS first_at, SUM(duration_us) AS duration_us, COUNT(duration_us) AS timed
FROM again
GROUP BY test, version, variant
UNION ALL
SELECT
  promise AS test, subject_digest AS version, 'checks' AS variant, COUNT(*) AS attempts, SUM(passed) AS passes,
  COUNT(*) - SUM(passed) AS failures, MAX(critical) AS critical, MIN(occurred_at) AS first_at,
  SUM(duration_us) AS duration_us, COUNT(duration_us) AS timed
FROM checked
GROUP BY promise, subject_digest
