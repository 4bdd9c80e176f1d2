-- Lists the keys of each test, with how many of its attempts passed and how many failed.
-- A key is one (test, version, variant): nothing that we know of changed between its attempts. They are joined over the
-- re-runs of a job, the runs, the repeats of a test and the retries within a report. flaky_told.sql says what counts.
-- The same attempt taken in twice is one. Most keys show that they hold none: they have one record, or two or three
-- whose attempts are numbered from 1. Only the others are looked at again, attempt by attempt.
-- reads: flaky_told
WITH seen AS (
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
  FROM flaky_told
  GROUP BY test, version, variant
),
again AS (
  SELECT
    told.test, told.told, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed,
    MAX(told.critical) AS critical,
    MIN(told.occurred_at) AS first_at,
    MAX(told.duration_us) AS duration_us
  FROM flaky_told AS told
  INNER JOIN seen
    ON seen.test = told.test
    AND seen.version = told.version
    AND seen.variant = told.variant
  WHERE seen.doubtful = 1
  GROUP BY told.test, told.told, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed
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
