-- Lists, for each (test, variant) with three failures or more, its failures since its last pass, one a row. Equal times
-- are all listed, passes among them: which came first, the numbers of the attempts tell.
-- The same attempt taken in twice is one, and the first record tells its time. flaky_told.sql says what counts.
-- reads: flaky_told
-- needs: flaky_keys
WITH failing AS (
  SELECT test, variant
  FROM flaky_keys
  GROUP BY test, variant
  HAVING SUM(failures) >= 3
),
critical AS (
  SELECT test, MAX(critical) AS critical FROM flaky_keys GROUP BY test
),
attempts AS (
  SELECT
    told.test, told.told, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed,
    MIN(told.occurred_at) AS occurred_at
  FROM flaky_told AS told
  INNER JOIN failing
    ON failing.test = told.test
    AND failing.variant = told.variant
  GROUP BY told.test, told.told, told.version, told.variant, told.run_id, told.attempt, told.origin, told.passed
),
ends AS (
  SELECT test, variant, MAX(occurred_at) FILTER (WHERE passed = 1) AS passed_at
  FROM attempts
  GROUP BY test, variant
)
SELECT
  attempts.test, attempts.told, attempts.variant,
  CAST(critical.critical AS BIGINT) AS critical,
  attempts.run_id, attempts.attempt, attempts.origin,
  CAST(attempts.passed AS BIGINT) AS passed,
  attempts.occurred_at
FROM attempts
INNER JOIN ends
  ON ends.test = attempts.test
  AND ends.variant = attempts.variant
INNER JOIN critical
  ON critical.test = attempts.test
WHERE ends.passed_at IS NULL OR attempts.occurred_at >= ends.passed_at
ORDER BY
  attempts.test ASC NULLS LAST, attempts.variant ASC NULLS LAST, attempts.occurred_at ASC NULLS LAST,
  attempts.attempt ASC NULLS LAST, attempts.run_id ASC NULLS LAST, attempts.origin ASC NULLS LAST,
  attempts.told ASC NULLS LAST, attempts.passed ASC NULLS LAST
