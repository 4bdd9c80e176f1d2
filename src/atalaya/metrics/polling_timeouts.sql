-- Counts the unexpected polling timeouts, and the waits among which they happened.
-- The timeouts are the events of kind polling-timeout; the waits are those that jobs say they made, each attempt of
-- a job once. Expected timeouts were provoked by a test, and are shown beside the others. A broken promise about
-- timeouts (polling.timeout-is-timeout-error) is no timeout: the check asked for one, and judged its class.
-- What happened before a fix landed is counted once more by itself, and by runs, since the trials of one run share its
-- fate; without a fix, the fix is T+0.
WITH seen AS (
  SELECT
    COUNT(*) FILTER (WHERE NOT expected) AS events,
    COUNT(*) FILTER (WHERE NOT expected AND occurred_at < CAST($fixed AS TIMESTAMPTZ)) AS events_before_fix,
    COUNT(DISTINCT run_id) FILTER (WHERE NOT expected AND occurred_at < CAST($fixed AS TIMESTAMPTZ))
      AS bad_runs_before_fix,
    COUNT(*) FILTER (WHERE expected) AS expected
  FROM counted_events
  WHERE event = 'polling-timeout'
),
jobs AS (
  SELECT run_id, MIN(occurred_at) AS occurred_at, MAX(waits) AS waits
  FROM counted_job_attempts
  GROUP BY workflow, job, variant, run_id, attempt
),
tried AS (
  SELECT
    COALESCE(SUM(waits), 0) AS trials,
    COALESCE(SUM(waits) FILTER (WHERE occurred_at < CAST($fixed AS TIMESTAMPTZ)), 0) AS trials_before_fix,
    COUNT(DISTINCT run_id) FILTER (WHERE waits > 0) AS runs,
    COUNT(DISTINCT run_id) FILTER (WHERE waits > 0 AND occurred_at < CAST($fixed AS TIMESTAMPTZ))
      AS runs_before_fix,
    COUNT(*) FILTER (WHERE waits IS NULL) AS jobs_without_count
  FROM jobs
)
SELECT
  CAST(seen.events AS BIGINT) AS events,
  CAST(seen.events_before_fix AS BIGINT) AS events_before_fix,
  CAST(seen.bad_runs_before_fix AS BIGINT) AS bad_runs_before_fix,
  CAST(seen.expected AS BIGINT) AS expected,
  CAST(tried.trials AS BIGINT) AS trials,
  CAST(tried.trials_before_fix AS BIGINT) AS trials_before_fix,
  CAST(tried.runs AS BIGINT) AS runs,
  CAST(tried.runs_before_fix AS BIGINT) AS runs_before_fix,
  CAST(tried.jobs_without_count AS BIGINT) AS jobs_without_count
FROM seen
CROSS JOIN tried
