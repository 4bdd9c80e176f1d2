-- Lists the keys of each test, with how many of its attempts passed and how many failed.
-- A key is one (test, version, variant): nothing that we know of changed between its attempts. They are joined over the
-- re-runs of a job, the runs, the repeats of a test and the retries within a report. flaky_told.sql says what counts.
-- The same attempt taken in twice is one: only the keys with such an attempt are looked at attempt by attempt.
-- reads: flaky_told
WITH doubtful AS (
  SELECT told.test, told.version, told.variant
  FROM flaky_told AS told
  INNER JOIN taken_twice
    ON taken_twice.test = told.told
    AND taken_twice.variant = told.variant
    AND taken_twice.run_id = told.run_id
    AND taken_twice.attempt = told.attempt
    AND taken_twice.origin = told.origin
  GROUP BY told.test, told.version, told.variant
),
seen AS (
  SELECT
    test, version, variant,
    COUNT(*) AS attempts,
    COUNT(*) FILTER (WHERE passed = 1) AS passes,
    MAX(critical) AS critical,
    MIN(occurred_at) AS first_at,
    SUM(duration_us) AS duration_us,
    COUNT(duration_us) AS timed
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
  INNER JOIN doubtful
    ON doubtful.test = told.test
    AND doubtful.version = told.version
    AND doubtful.variant = told.variant
  GROUP BY told.test, told.told, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed
)
SELECT
  seen.test, seen.version, seen.variant, seen.attempts, seen.passes, seen.attempts - seen.passes AS failures,
  seen.critical, seen.first_at, seen.duration_us, seen.timed
FROM seen
LEFT JOIN doubtful
  ON doubtful.test = seen.test
  AND doubtful.version = seen.version
  AND doubtful.variant = seen.variant
WHERE doubtful.test IS NULL
UNION ALL
SELECT
  test, version, variant, COUNT(*) AS attempts, SUM(passed) AS passes, COUNT(*) - SUM(passed) AS failures,
  MAX(critical) AS critical, MIN(first_at) AS first_at, SUM(duration_us) AS duration_us, COUNT(duration_us) AS timed
FROM again
GROUP BY test, version, variant
