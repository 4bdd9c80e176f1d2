-- Counts CI's decided jobs in each 6 hours since T+0, by the instant at which their latest decided attempt ended.
-- jobs.sql says what a job is, and which of its attempts is its end.
-- needs: jobs
SELECT
  CAST(FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), ended_at) / 21600000000.0) AS BIGINT) AS part,
  CAST(COUNT(*) AS BIGINT) AS decided,
  CAST(SUM(succeeded) AS BIGINT) AS succeeded
FROM jobs
WHERE decided = 1 AND of_another_commit = 0
GROUP BY 1
ORDER BY part ASC NULLS LAST
