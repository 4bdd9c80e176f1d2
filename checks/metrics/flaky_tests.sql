-- Counts, for each test, its keys with two or more decided attempts, and those of them that are mixed.
-- A key is one (test, commit, variant): nothing that we know of changed between its attempts. It is mixed when at
-- least one attempt passed and at least one failed; a test with a mixed key is flaky. Where the commit is not known,
-- a key does not reach beyond its run. Skipped cases are not attempts, nor are those of a job that never started.
-- Each run of a check is an attempt of a test too: kept is a pass, broken a failure, all else is no outcome; its
-- commit is the digest of the SDK. The same attempt taken in twice is one.
-- Only the released commit counts, where it and the attempt's are known; Atalaya's own runs always count.
WITH own_runs AS (
  SELECT DISTINCT run_id
  FROM job_attempts
  WHERE list_contains($ours, workflow)
),
never_started AS (
  SELECT DISTINCT run_id, attempt, origin
  FROM job_attempts
  WHERE conclusion = 'startup_failure'
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
),
told AS (
  SELECT
    tests.test AS test,
    COALESCE(NULLIF(tests."commit", ''), tests.run_id) AS version,
    tests.variant AS variant,
    tests.run_id AS run_id,
    tests.attempt AS attempt,
    tests.origin AS origin,
    CASE WHEN tests.outcome = 'passed' THEN 1 ELSE 0 END AS passed,
    MAX(CASE WHEN tests.critical THEN 1 ELSE 0 END) AS critical
  FROM test_attempts AS tests
  LEFT JOIN never_started
    ON never_started.run_id = tests.run_id
    AND never_started.attempt = tests.attempt
    AND never_started.origin = tests.origin
  LEFT JOIN own_runs
    ON own_runs.run_id = tests.run_id
  WHERE tests.occurred_at >= CAST($t0 AS TIMESTAMPTZ)
    AND tests.occurred_at <= CAST($until AS TIMESTAMPTZ)
    AND tests.recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND tests.environment IN ('loopback', 'ci', 'rehearsal')
    AND (tests.environment = 'rehearsal') = $rehearsal
    AND tests.outcome IN ('passed', 'failed', 'errored')
    AND never_started.run_id IS NULL
    AND (
      own_runs.run_id IS NOT NULL
      OR $commit = ''
      OR tests."commit" = ''
      OR SUBSTR(tests."commit", 1, LENGTH($commit)) = SUBSTR($commit, 1, LENGTH(tests."commit"))
    )
  GROUP BY
    tests.test, COALESCE(NULLIF(tests."commit", ''), tests.run_id), tests.variant, tests.run_id, tests.attempt,
    tests.origin, CASE WHEN tests.outcome = 'passed' THEN 1 ELSE 0 END
),
checked AS (
  SELECT
    promise AS test,
    subject_digest AS version,
    'checks' AS variant,
    run_id,
    CASE WHEN outcome = 'kept' THEN 1 ELSE 0 END AS passed,
    MAX(CASE WHEN severity = 'critical' THEN 1 ELSE 0 END) AS critical
  FROM observations
  WHERE occurred_at >= CAST($t0 AS TIMESTAMPTZ)
    AND occurred_at <= CAST($until AS TIMESTAMPTZ)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND environment IN ('loopback', 'ci', 'rehearsal')
    AND (environment = 'rehearsal') = $rehearsal
    AND outcome IN ('kept', 'broken')
  GROUP BY promise, subject_digest, run_id, occurred_at, CASE WHEN outcome = 'kept' THEN 1 ELSE 0 END
),
decided AS (
  SELECT test, version, variant, passed, critical FROM told
  UNION ALL
  SELECT test, version, variant, passed, critical FROM checked
),
keys AS (
  SELECT
    test,
    COUNT(*) AS attempts,
    SUM(passed) AS passes,
    COUNT(*) - SUM(passed) AS failures,
    MAX(critical) AS critical
  FROM decided
  GROUP BY test, version, variant
)
SELECT
  test,
  CAST(MAX(critical) AS BIGINT) AS critical,
  CAST(COUNT(*) AS BIGINT) AS repeated_keys,
  CAST(COUNT(*) FILTER (WHERE passes > 0 AND failures > 0) AS BIGINT) AS mixed_keys,
  CAST(SUM(attempts) AS BIGINT) AS attempts,
  CAST(SUM(failures) AS BIGINT) AS failures
FROM keys
WHERE attempts >= 2
GROUP BY test
ORDER BY mixed_keys DESC NULLS LAST, test ASC NULLS LAST
