-- Lists the latest attempts of each (test, variant) of a test that failed in the window, with how many there are of each
-- outcome, and when the first and the last of them failed.
-- The same attempt taken in twice is one. A skipped case is shown beside them, and is no attempt that decides anything.
-- flaky_told.sql says what counts.
-- reads: flaky_told
-- reads: runs_of_ours
-- reads: repeats_told
-- needs: flaky_keys
WITH failing AS (
  SELECT test, MAX(critical) AS critical FROM flaky_keys GROUP BY test HAVING SUM(failures) > 0
),
skipped AS (
  SELECT
    COALESCE(repeats_told.test, attempts.test) AS test,
    attempts.test AS told, attempts.variant, attempts.run_id, attempts.attempt, attempts.origin, attempts.occurred_at
  FROM counted_test_attempts AS attempts
  LEFT JOIN repeats_told
    ON repeats_told.told = attempts.test
  LEFT JOIN runs_of_ours
    ON runs_of_ours.run_id = attempts.run_id
  WHERE attempts.outcome = 'skipped'
    AND attempts.of_another_commit = 0
    AND NOT list_contains($ours, attempts.workflow)
    AND runs_of_ours.run_id IS NULL
),
shown AS (
  SELECT
    test, told, variant, run_id, attempt, origin, occurred_at,
    CASE WHEN passed = 1 THEN 'passed' ELSE 'failed' END AS outcome
  FROM flaky_told
  UNION ALL
  SELECT test, told, variant, run_id, attempt, origin, occurred_at, 'skipped' AS outcome FROM skipped
),
once AS (
  SELECT
    shown.test, shown.told, shown.variant, shown.run_id, shown.attempt, shown.origin, shown.outcome,
    MAX(failing.critical) AS critical,
    MIN(shown.occurred_at) AS occurred_at
  FROM shown
  INNER JOIN failing
    ON failing.test = shown.test
  GROUP BY shown.test, shown.told, shown.variant, shown.run_id, shown.attempt, shown.origin, shown.outcome
),
totals AS (
  SELECT
    test, variant,
    COUNT(*) FILTER (WHERE outcome = 'passed') AS passed,
    COUNT(*) FILTER (WHERE outcome = 'failed') AS failed,
    COUNT(*) FILTER (WHERE outcome = 'skipped') AS skipped,
    MIN(occurred_at) FILTER (WHERE outcome = 'failed') AS first_failed_at,
    MAX(occurred_at) FILTER (WHERE outcome = 'failed') AS last_failed_at
  FROM once
  GROUP BY test, variant
),
numbered AS (
  SELECT
    test, told, variant, run_id, attempt, origin, outcome, critical, occurred_at,
    ROW_NUMBER() OVER (
      PARTITION BY test, variant
      ORDER BY
        occurred_at DESC NULLS LAST, attempt DESC NULLS LAST, run_id DESC NULLS LAST, origin DESC NULLS LAST,
        told DESC NULLS LAST, outcome DESC NULLS LAST
    ) AS nth
  FROM once
)
SELECT
  numbered.test, numbered.variant, numbered.outcome,
  CAST(numbered.critical AS BIGINT) AS critical,
  CAST(totals.passed AS BIGINT) AS passed,
  CAST(totals.failed AS BIGINT) AS failed,
  CAST(totals.skipped AS BIGINT) AS skipped,
  totals.first_failed_at, totals.last_failed_at
FROM numbered
INNER JOIN totals
  ON totals.test = numbered.test
  AND totals.variant = numbered.variant
WHERE numbered.nth <= 40
ORDER BY
  numbered.test ASC NULLS LAST, numbered.variant ASC NULLS LAST, numbered.nth DESC NULLS LAST
