-- Counts, for each environment, what was tried there and what went wrong. A rehearsal is no environment of a release.
-- Attempts of a job are counted once each; its exposure is what they say of themselves.
WITH attempts AS (
  SELECT
    environment,
    MAX(CASE WHEN conclusion IN ('success', 'failure', 'timed_out') THEN 1 ELSE 0 END) AS decided,
    MAX(CASE WHEN conclusion IN ('failure', 'timed_out') THEN 1 ELSE 0 END) AS lost,
    MAX(requests) AS requests,
    MAX(waits) AS waits,
    MAX(stale_trials) AS stale_trials
  FROM window_job_attempts
  GROUP BY environment, workflow, job, variant, run_id, attempt
),
tried AS (
  SELECT
    environment,
    SUM(decided) AS decided,
    SUM(lost) AS lost,
    COALESCE(SUM(requests), 0) AS requests,
    COALESCE(SUM(waits), 0) AS waits,
    COALESCE(SUM(stale_trials), 0) AS stale_trials
  FROM attempts
  GROUP BY environment
),
seen AS (
  SELECT
    environment,
    COUNT(*) FILTER (WHERE event = 'network-error') AS network_errors,
    COUNT(*) FILTER (WHERE event = 'polling-timeout') AS polling_timeouts,
    COUNT(*) FILTER (WHERE event = 'stale-read') AS stale_reads
  FROM window_events
  WHERE NOT expected
  GROUP BY environment
)
SELECT
  COALESCE(tried.environment, seen.environment) AS environment,
  CAST(COALESCE(tried.decided, 0) AS BIGINT) AS decided,
  CAST(COALESCE(tried.lost, 0) AS BIGINT) AS lost,
  CAST(COALESCE(tried.requests, 0) AS BIGINT) AS requests,
  CAST(COALESCE(tried.waits, 0) AS BIGINT) AS waits,
  CAST(COALESCE(tried.stale_trials, 0) AS BIGINT) AS stale_trials,
  CAST(COALESCE(seen.network_errors, 0) AS BIGINT) AS network_errors,
  CAST(COALESCE(seen.polling_timeouts, 0) AS BIGINT) AS polling_timeouts,
  CAST(COALESCE(seen.stale_reads, 0) AS BIGINT) AS stale_reads
FROM tried
FULL OUTER JOIN seen
  ON seen.environment = tried.environment
ORDER BY environment ASC NULLS LAST
