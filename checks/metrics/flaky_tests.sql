-- Counts, for each test, its keys with two or more decided attempts, and those of them that are mixed.
-- flaky_keys.sql says what a key is. It is mixed when at least one attempt passed and at least one failed; a test with
-- a mixed key is flaky.
-- needs: flaky_keys
SELECT
  test,
  CAST(MAX(critical) AS BIGINT) AS critical,
  CAST(COUNT(*) AS BIGINT) AS repeated_keys,
  CAST(COUNT(*) FILTER (WHERE passes > 0 AND failures > 0) AS BIGINT) AS mixed_keys,
  CAST(SUM(attempts) AS BIGINT) AS attempts,
  CAST(SUM(failures) AS BIGINT) AS failures
FROM flaky_keys
WHERE attempts >= 2
GROUP BY test
ORDER BY mixed_keys DESC NULLS LAST, test ASC NULLS LAST
