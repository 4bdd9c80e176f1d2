-- Lists the keys of each test, with how many of its attempts passed and how many failed.
-- A key is one (test, version, variant): nothing that we know of changed between its attempts. They are joined over the
-- re-runs of a job, the runs, the repeats of a test and the retries within a report. flaky_told.sql says what counts.
-- The same attempt taken in twice is one: only the keys with such an attempt are looked at attempt by attempt.
-- The keys of a (test, variant) that were tried once and passed are one row without a version: keys says how many they
-- are, and first_at when the newest of them was first seen.
-- reads: flaky_told
WITH numbered AS NOT MATERIALIZED (
  SELECT
    test, told, version, variant, run_id, attempt, origin, passed, critical, occurred_at, duration_us,
    HASH(test, version, variant) AS number
  FROM flaky_told
),
telling AS MATERIALIZED (
  -- Of millions of keys hardly any was tried twice or failed, and a number is counted in half the time that three words
  -- take. Two keys of one number do no harm: both are then counted by their words.
  SELECT number
  FROM numbered
  GROUP BY number
  HAVING COUNT(*) > 1 OR MIN(passed) = 0
),
marked AS NOT MATERIALIZED (
  SELECT
    numbered.test, numbered.variant, numbered.passed, numbered.critical, numbered.occurred_at, numbered.duration_us,
    CASE WHEN telling.number IS NOT NULL THEN numbered.version END AS version
  FROM numbered
  LEFT JOIN telling
    ON telling.number = numbered.number
),
seen AS (
  SELECT
    test, version, variant,
    COUNT(*) AS attempts,
    SUM(passed) AS passes,
    MAX(critical) AS critical,
    MIN(occurred_at) AS first_at,
    MAX(occurred_at) AS last_at,
    SUM(duration_us) AS duration_us,
    COUNT(duration_us) AS timed
  FROM marked
  GROUP BY test, version, variant
),
doubtful AS (
  SELECT numbered.test, numbered.version, numbered.variant
  FROM numbered
  INNER JOIN taken_twice
    ON taken_twice.test = numbered.told
    AND taken_twice.variant = numbered.variant
    AND taken_twice.run_id = numbered.run_id
    AND taken_twice.attempt = numbered.attempt
    AND taken_twice.origin = numbered.origin
  -- Of what was taken in twice an earlier instant knows one record.
  INNER JOIN telling
    ON telling.number = numbered.number
  GROUP BY numbered.test, numbered.version, numbered.variant
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
  seen.test, seen.version, seen.variant,
  CASE WHEN seen.version IS NULL THEN seen.attempts ELSE 1 END AS keys,
  seen.attempts, seen.passes, seen.attempts - seen.passes AS failures, seen.critical,
  CASE WHEN seen.version IS NULL THEN seen.last_at ELSE seen.first_at END AS first_at,
  seen.duration_us, seen.timed
FROM seen
LEFT JOIN doubtful
  ON doubtful.test = seen.test
  AND doubtful.version = seen.version
  AND doubtful.variant = seen.variant
WHERE doubtful.test IS NULL
UNION ALL
SELECT
  test, version, variant, 1 AS keys,
  COUNT(*) AS attempts, SUM(passed) AS passes, COUNT(*) - SUM(passed) AS failures, MAX(critical) AS critical,
  MIN(first_at) AS first_at, SUM(duration_us) AS duration_us, COUNT(duration_us) AS timed
FROM again
GROUP BY test, version, variant
