-- Counts, for each test that CI's reports name, what its class is made from. flaky_keys.sql says what a key is.
-- A mixed key has a pass and a failure; a lost key has only failures, and is lone when it was tried once. A lost key is
-- standing when no later version passed with the same variant: versions are in the order in which they were first
-- seen, and those first seen at one instant are all the latest. Standing keys of a variant begin at the first of them;
-- they begin after a pass when an earlier version passed. A test without a key was seen, and nothing decided it.
-- There may be very many that only passed: who looks at the others alone asks for those.
-- reads: runs_of_ours
-- reads: repeats_told
-- needs: flaky_keys
WITH variants AS (
  SELECT
    test, variant,
    MAX(critical) AS critical,
    SUM(keys) AS keys,
    COUNT(*) FILTER (WHERE passes > 0 AND failures > 0) AS mixed_keys,
    COUNT(*) FILTER (WHERE passes = 0) AS lost_keys,
    COUNT(*) FILTER (WHERE passes = 0 AND failures = 1) AS lone_keys,
    SUM(attempts) AS attempts,
    SUM(failures) AS failures,
    SUM(duration_us) AS duration_us,
    SUM(timed) AS timed,
    MAX(first_at) FILTER (WHERE passes > 0) AS passed_at
  FROM flaky_keys
  GROUP BY test, variant
),
lost AS (
  SELECT test, version, variant, first_at, failures
  FROM flaky_keys
  WHERE passes = 0
),
standing AS (
  SELECT
    lost.test, lost.version, lost.variant, lost.failures,
    CASE WHEN variants.passed_at IS NULL THEN 0 ELSE 1 END AS after_a_pass,
    ROW_NUMBER() OVER (
      PARTITION BY lost.test, lost.variant
      ORDER BY lost.first_at ASC NULLS LAST, lost.version ASC NULLS LAST
    ) AS place
  FROM lost
  INNER JOIN variants
    ON variants.test = lost.test
    AND variants.variant = lost.variant
  WHERE variants.passed_at IS NULL OR lost.first_at >= variants.passed_at
),
stood AS (
  SELECT
    test,
    COUNT(*) AS standing_keys,
    COUNT(*) FILTER (WHERE failures >= 2) AS standing_retried_keys,
    MIN(after_a_pass) AS begin_after_a_pass,
    CASE WHEN MIN(CASE WHEN place = 1 THEN version END) = MAX(CASE WHEN place = 1 THEN version END) THEN 1 ELSE 0 END
      AS begin_at_one_version
  FROM standing
  GROUP BY test
),
together AS (
  SELECT test, version, COUNT(*) AS variants
  FROM lost
  GROUP BY test, version
),
widest AS (
  SELECT test, MAX(variants) AS lost_variants
  FROM together
  GROUP BY test
),
totals AS (
  SELECT
    test,
    MAX(critical) AS critical,
    SUM(keys) AS keys,
    SUM(mixed_keys) AS mixed_keys,
    SUM(lost_keys) AS lost_keys,
    SUM(lone_keys) AS lone_keys,
    SUM(attempts) AS attempts,
    SUM(failures) AS failures,
    SUM(duration_us) AS duration_us,
    SUM(timed) AS timed
  FROM variants
  GROUP BY test
),
in_reports AS NOT MATERIALIZED (
  SELECT test, run_id, critical
  FROM counted_test_attempts
  WHERE NOT list_contains($ours, workflow)
),
named AS (
  SELECT in_reports.test, MAX(CASE WHEN in_reports.critical THEN 1 ELSE 0 END) AS critical
  FROM in_reports
  LEFT JOIN runs_of_ours
    ON runs_of_ours.run_id = in_reports.run_id
  WHERE runs_of_ours.run_id IS NULL
  GROUP BY in_reports.test
),
tests AS (
  SELECT COALESCE(repeats_told.test, named.test) AS test, MAX(named.critical) AS critical
  FROM named
  LEFT JOIN repeats_told
    ON repeats_told.told = named.test
  GROUP BY COALESCE(repeats_told.test, named.test)
)
SELECT
  tests.test AS test,
  CAST(COALESCE(totals.critical, tests.critical) AS BIGINT) AS critical,
  CAST(COALESCE(totals.keys, 0) AS BIGINT) AS keys,
  CAST(COALESCE(totals.mixed_keys, 0) AS BIGINT) AS mixed_keys,
  CAST(COALESCE(totals.lost_keys, 0) AS BIGINT) AS lost_keys,
  CAST(COALESCE(totals.lone_keys, 0) AS BIGINT) AS lone_keys,
  CAST(COALESCE(totals.attempts, 0) AS BIGINT) AS attempts,
  CAST(COALESCE(totals.failures, 0) AS BIGINT) AS failures,
  CAST(totals.duration_us AS BIGINT) AS duration_us,
  CAST(COALESCE(totals.timed, 0) AS BIGINT) AS timed,
  CAST(COALESCE(stood.standing_keys, 0) AS BIGINT) AS standing_keys,
  CAST(COALESCE(stood.standing_retried_keys, 0) AS BIGINT) AS standing_retried_keys,
  CAST(COALESCE(stood.begin_after_a_pass, 0) AS BIGINT) AS begin_after_a_pass,
  CAST(COALESCE(stood.begin_at_one_version, 0) AS BIGINT) AS begin_at_one_version,
  CAST(COALESCE(widest.lost_variants, 0) AS BIGINT) AS lost_variants
FROM tests
LEFT JOIN totals
  ON totals.test = tests.test
LEFT JOIN stood
  ON stood.test = tests.test
LEFT JOIN widest
  ON widest.test = tests.test
WHERE NOT $only_failed OR totals.failures > 0
ORDER BY test ASC NULLS LAST
