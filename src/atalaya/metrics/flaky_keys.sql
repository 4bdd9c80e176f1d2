-- Lists the keys of each test, with how many of its attempts passed and how many failed.
-- A key is one (test, version, variant): nothing that we know of changed between its attempts. They are joined over the
-- re-runs of a job, the runs, the repeats of a test and the retries within a report. flaky_told.sql says what counts.
-- The same attempt taken in twice is one: only the keys with such an attempt are looked at attempt by attempt.
-- Where no commit was released, the keys of a (test, variant) that were tried once and passed are one row without a
-- version: keys says how many they are, and first_at when the newest of them was first seen.
-- reads: flaky_told
WITH numbered AS NOT MATERIALIZED (
  SELECT
    test, told, version, variant, run_id, attempt, origin, passed, critical, occurred_at, duration_us,
    HASH(test, version, variant) AS number
  FROM flaky_told
),
tried_twice AS MATERIALIZED (
  -- Of millions of keys hardly any was tried twice, and a number is counted in half the time that three words take. Two
  -- keys of one number do no harm: both are then counted by their words. Of one commit there are few keys, and all are.
  SELECT number
  FROM numbered
  WHERE $commit = ''
  GROUP BY number
  HAVING COUNT(*) > 1
),
marked AS NOT MATERIALIZED (
  SELECT
    numbered.test, numbered.told, numbered.variant, numbered.run_id, numbered.attempt, numbered.origin,
    numbered.passed, numbered.critical, numbered.occurred_at, numbered.duration_us,
    CASE WHEN $commit <> '' OR numbered.passed = 0 OR tried_twice.number IS NOT NULL THEN numbered.version END AS version
  FROM numbered
  LEFT JOIN tried_twice
    ON tried_twice.number = numbered.number
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
  SELECT marked.test, marked.version, marked.variant
  FROM marked
  INNER JOIN taken_twice
    ON taken_twice.test = marked.told
    AND taken_twice.variant = marked.variant
    AND taken_twice.run_id = marked.run_id
    AND taken_twice.attempt = marked.attempt
    AND taken_twice.origin = marked.origin
  WHERE marked.version IS NOT NULL
  GROUP BY marked.test, marked.version, marked.variant
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
