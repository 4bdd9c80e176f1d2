-- Counts, for each test, its keys with two or more decided attempts, and those of them that are mixed.
-- flaky_keys.sql says what a key is. It is mixed when at least one attempt passed and at least one failed; a test with
-- a mixed key is flaky. It is critical if any of its keys says so.
-- needs: flaky_keys
SELECT
  test,
  CAST(MAX(critical) AS BIGINT) AS critical,
  CAST(COUNT(*) FILTER (WHERE attempts >= 2) AS BIGINT) AS repeated_keys,
  CAST(COUNT(*) FILTER (WHERE passes > 0 AND failures > 0) AS BIGINT) AS mixed_keys,
  CAST(SUM(attempts) FILTER (WHERE attempts >= 2) AS BIGINT) AS attempts,
  CAST(SUM(failures) FILTER (WHERE attempts >= 2) AS BIGINT) AS failures
FROM flaky_keys
GROUP BY test
HAVING MAX(attempts) >= 2
ORDER BY mixed_keys DESC NULLS LAST, test ASC NULLS LAST
