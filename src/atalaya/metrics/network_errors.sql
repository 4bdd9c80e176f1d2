-- Counts, for each 24 hours since T+0, the unexpected network errors and the requests among which they happened.
-- The errors are the events of kind network-error; the requests are those that jobs say they sent, each attempt of
-- a job once. Jobs that do not say are counted apart, and so are the errors of runs without one that says: they have
-- no exposure.
-- Blocking errors stopped a run. Expected ones were provoked by a test, and are shown beside the others.
-- What happened before a fix landed is counted once more by itself; without a fix, the fix is T+0.
-- The instant that ends the window belongs to its last 24 hours.
WITH silent_runs AS (
  SELECT run_id
  FROM job_attempts
  WHERE recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  GROUP BY run_id
  HAVING COUNT(requests) = 0
),
seen AS (
  SELECT
    counted_events.run_id AS run_id,
    CASE WHEN NOT expected AND silent_runs.run_id IS NOT NULL THEN 1 ELSE 0 END AS without_count,
    LEAST(
      CAST(FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), occurred_at) / 86400000000.0) AS BIGINT),
      $last_bin
    ) AS bin,
    CASE WHEN expected THEN 0 ELSE 1 END AS unexpected,
    CASE WHEN NOT expected AND blocking THEN 1 ELSE 0 END AS blocking,
    CASE WHEN NOT expected AND occurred_at < CAST($fixed AS TIMESTAMPTZ) THEN 1 ELSE 0 END AS unexpected_before_fix,
    CASE
      WHEN NOT expected AND blocking AND occurred_at < CAST($fixed AS TIMESTAMPTZ) THEN 1
      ELSE 0
    END AS blocking_before_fix,
    CASE WHEN expected THEN 1 ELSE 0 END AS expected
  FROM counted_events
  LEFT JOIN silent_runs
    ON silent_runs.run_id = counted_events.run_id
  WHERE event = 'network-error'
),
jobs AS (
  SELECT run_id, MIN(occurred_at) AS occurred_at, MAX(requests) AS requests
  FROM counted_job_attempts
  GROUP BY workflow, job, variant, run_id, attempt
),
sent AS (
  SELECT
    run_id,
    LEAST(
      CAST(FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), occurred_at) / 86400000000.0) AS BIGINT),
      $last_bin
    ) AS bin,
    COALESCE(requests, 0) AS requests,
    CASE WHEN occurred_at < CAST($fixed AS TIMESTAMPTZ) THEN COALESCE(requests, 0) ELSE 0 END AS requests_before_fix,
    CASE WHEN requests > 0 THEN 1 ELSE 0 END AS counted,
    CASE WHEN requests > 0 AND occurred_at < CAST($fixed AS TIMESTAMPTZ) THEN 1 ELSE 0 END AS counted_before_fix,
    CASE WHEN requests IS NULL THEN 1 ELSE 0 END AS silent
  FROM jobs
),
both_kinds AS (
  SELECT
    bin, run_id, without_count, unexpected, unexpected_before_fix, blocking, blocking_before_fix, expected,
    0 AS requests, 0 AS requests_before_fix, 0 AS counted, 0 AS counted_before_fix, 0 AS silent
  FROM seen
  UNION ALL
  SELECT
    bin, run_id, 0 AS without_count, 0 AS unexpected, 0 AS unexpected_before_fix, 0 AS blocking, 0 AS blocking_before_fix, 0 AS expected,
    requests, requests_before_fix, counted, counted_before_fix, silent
  FROM sent
)
SELECT
  bin,
  CAST(SUM(unexpected) AS BIGINT) AS errors,
  CAST(SUM(unexpected_before_fix) AS BIGINT) AS events_before_fix,
  CAST(SUM(blocking) AS BIGINT) AS blocking,
  CAST(SUM(blocking_before_fix) AS BIGINT) AS blocking_before_fix,
  CAST(SUM(expected) AS BIGINT) AS expected,
  CAST(SUM(requests) AS BIGINT) AS requests,
  CAST(SUM(requests_before_fix) AS BIGINT) AS trials_before_fix,
  CAST(COUNT(DISTINCT run_id) FILTER (WHERE counted = 1) AS BIGINT) AS runs,
  CAST(COUNT(DISTINCT run_id) FILTER (WHERE counted_before_fix = 1) AS BIGINT) AS runs_before_fix,
  CAST(COUNT(DISTINCT run_id) FILTER (WHERE blocking_before_fix = 1) AS BIGINT) AS bad_runs_before_fix,
  CAST(SUM(without_count) AS BIGINT) AS errors_without_count,
  CAST(SUM(silent) AS BIGINT) AS jobs_without_count
FROM both_kinds
GROUP BY bin
ORDER BY bin ASC NULLS LAST
