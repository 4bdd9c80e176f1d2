-- Counts, for each test, its keys with two or more decided attempts, those of them that are mixed, and the attempts of
-- its longest key. flaky_keys.sql says what a key is. It is mixed when at least one attempt passed and at least one
-- failed; a test with a mixed key is flaky, unless it is broken. It is critical if any of its keys says so.
-- needs: flaky_keys
SELECT
  test,
  CAST(MAX(critical) AS BIGINT) AS critical,
  CAST(COUNT(*) FILTER (WHERE attempts > keys) AS BIGINT) AS repeated_keys,
  CAST(COUNT(*) FILTER (WHERE passes > 0 AND failures > 0) AS BIGINT) AS mixed_keys,
  CAST(COALESCE(SUM(attempts) FILTER (WHERE attempts > keys), 0) AS BIGINT) AS attempts,
  CAST(COALESCE(SUM(failures) FILTER (WHERE attempts > keys), 0) AS BIGINT) AS failures,
  CAST(MAX(CASE WHEN attempts > keys THEN attempts ELSE 1 END) AS BIGINT) AS most_attempts
FROM flaky_keys
GROUP BY test
ORDER BY mixed_keys DESC NULLS LAST, test ASC NULLS LAST
