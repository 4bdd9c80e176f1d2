-- Lists the tests whose name ends as that of a repeat does, in a digit and a bracket, by the report that names them, with
-- how many tests that report names in all. A report is one (run, variant, origin).
WITH numbered AS (
  SELECT run_id, variant, origin, test
  FROM counted_test_attempts
  -- Hardly a name ends so, and to find its last character but one takes counting them all.
  WHERE test LIKE '%]'
    AND SUBSTR(test, LENGTH(test) - 1, 1) IN ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
  GROUP BY run_id, variant, origin, test
),
reports AS (
  SELECT run_id, variant, origin FROM numbered GROUP BY run_id, variant, origin
),
named AS (
  SELECT attempts.run_id, attempts.variant, attempts.origin, COUNT(DISTINCT attempts.test) AS tests
  FROM counted_test_attempts AS attempts
  INNER JOIN reports
    ON reports.run_id = attempts.run_id
    AND reports.variant = attempts.variant
    AND reports.origin = attempts.origin
  GROUP BY attempts.run_id, attempts.variant, attempts.origin
)
SELECT
  numbered.run_id, numbered.variant, numbered.origin, numbered.test,
  CAST(named.tests AS BIGINT) AS tests
FROM numbered
INNER JOIN named
  ON named.run_id = numbered.run_id
  AND named.variant = numbered.variant
  AND named.origin = numbered.origin
ORDER BY
  numbered.run_id ASC NULLS LAST, numbered.variant ASC NULLS LAST, numbered.origin ASC NULLS LAST,
  numbered.test ASC NULLS LAST
