-- Counts what went wrong since one instant, and the requests among which it did: unexpected network errors,
-- polling timeouts and stale reads, beside the requests that jobs say they sent, each attempt of a job once.
WITH bad AS (
  SELECT COUNT(*) AS bad
  FROM events
  WHERE occurred_at > CAST($since AS TIMESTAMPTZ)
    AND occurred_at >= CAST($t0 AS TIMESTAMPTZ)
    AND occurred_at <= CAST($until AS TIMESTAMPTZ)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND environment IN ('loopback', 'ci', 'rehearsal')
    AND (environment = 'rehearsal') = $rehearsal
    AND NOT expected
),
jobs AS (
  SELECT MAX(requests) AS requests
  FROM job_attempts
  WHERE occurred_at > CAST($since AS TIMESTAMPTZ)
    AND occurred_at >= CAST($t0 AS TIMESTAMPTZ)
    AND occurred_at <= CAST($until AS TIMESTAMPTZ)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND environment IN ('loopback', 'ci', 'rehearsal')
    AND (environment = 'rehearsal') = $rehearsal
  GROUP BY workflow, job, variant, run_id, attempt
),
sent AS (
  SELECT COALESCE(SUM(requests), 0) AS total FROM jobs
)
SELECT CAST(bad.bad AS BIGINT) AS bad, CAST(sent.total AS BIGINT) AS total
FROM bad
CROSS JOIN sent
