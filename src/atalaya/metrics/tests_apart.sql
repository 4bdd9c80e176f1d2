-- Counts what CI's reports tell of tests, by the commit, by whether it failed, and by the side of the window that it lies
-- on. What of it counts in nothing is shown apart.
WITH told AS (
  SELECT
    COALESCE("commit", '') AS "commit",
    CASE WHEN outcome IN ('failed', 'errored') THEN 1 ELSE 0 END AS failed,
    CASE
      WHEN occurred_at < CAST($t0 AS TIMESTAMPTZ) THEN -1
      WHEN occurred_at > CAST($ends AS TIMESTAMPTZ) THEN 1
      ELSE 0
    END AS side,
    occurred_at
  FROM recorded_test_attempts
  WHERE environment IN ('ci', 'rehearsal')
    AND NOT list_contains($ours, COALESCE(workflow, ''))
)
SELECT "commit", failed, MIN(occurred_at) AS first_at, CAST(COUNT(*) AS BIGINT) AS attempts
FROM told
GROUP BY "commit", failed, side
ORDER BY "commit" ASC NULLS LAST, failed ASC NULLS LAST, first_at ASC NULLS LAST
