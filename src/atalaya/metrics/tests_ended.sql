-- Counts, for each of some tests, its attempts in the window that passed or failed. The same attempt taken in twice is
-- one.
WITH ended AS (
  SELECT test, variant, run_id, attempt, origin
  FROM window_test_attempts
  WHERE environment <> 'service'
    AND outcome IN ('passed', 'failed', 'errored')
    AND list_contains($tests, test)
  GROUP BY test, variant, run_id, attempt, origin
)
SELECT test, CAST(COUNT(*) AS BIGINT) AS attempts
FROM ended
GROUP BY test
ORDER BY test ASC NULLS LAST
