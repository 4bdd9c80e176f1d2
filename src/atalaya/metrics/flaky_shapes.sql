-- Counts, for each test that failed at least once, its keys by their shape: so many failures, so many passes.
-- flaky_keys.sql says what a key is.
-- needs: flaky_keys
WITH shapes AS (
  SELECT
    test, failures, CASE WHEN attempts > keys THEN passes ELSE 1 - failures END AS passes,
    SUM(keys) AS keys,
    SUM(failures) AS lost
  FROM flaky_keys
  GROUP BY test, failures, CASE WHEN attempts > keys THEN passes ELSE 1 - failures END
),
lost AS (
  SELECT test FROM shapes GROUP BY test HAVING SUM(lost) > 0
)
SELECT
  shapes.test AS test,
  CAST(shapes.failures AS BIGINT) AS failures,
  CAST(shapes.passes AS BIGINT) AS passes,
  CAST(shapes.keys AS BIGINT) AS keys
FROM shapes
INNER JOIN lost
  ON lost.test = shapes.test
ORDER BY test ASC NULLS LAST, failures ASC NULLS LAST, passes ASC NULLS LAST
