-- Counts what went wrong since one instant, and the requests among which it did: unexpected network errors,
-- polling timeouts and stale reads, beside the requests that jobs say they sent, each attempt of a job once.
WITH bad AS (
  SELECT COUNT(*) AS bad
  FROM counted_events
  WHERE occurred_at > CAST($since AS TIMESTAMPTZ)
    AND NOT expected
),
jobs AS (
  SELECT MAX(requests) AS requests
  FROM counted_job_attempts
  WHERE occurred_at > CAST($since AS TIMESTAMPTZ)
  GROUP BY workflow, job, variant, run_id, attempt
),
sent AS (
  SELECT COALESCE(SUM(requests), 0) AS total FROM jobs
)
SELECT CAST(bad.bad AS BIGINT) AS bad, CAST(sent.total AS BIGINT) AS total
FROM bad
CROSS JOIN sent
