-- Counts the stale reads by a poll, and the trials among which they happened.
-- The stale reads are the unexpected events of kind stale-read, and one for each time that the promise
-- polling.fresh-status was broken. The trials are the waits that began beside a cached, older status, as jobs count
-- them, each attempt of a job once: only these could have read stale. The checks' own cases are no trials.
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
  WHERE event = 'stale-read'
),
broken AS (
  SELECT run_id, occurred_at
  FROM counted_observations
  WHERE promise = 'polling.fresh-status'
    AND outcome = 'broken'
  GROUP BY run_id, occurred_at
),
checked AS (
  SELECT
    COUNT(*) AS broken_checks,
    COUNT(*) FILTER (WHERE occurred_at < CAST($fixed AS TIMESTAMPTZ)) AS broken_before_fix
  FROM broken
),
jobs AS (
  SELECT run_id, MIN(occurred_at) AS occurred_at, MAX(stale_trials) AS stale_trials
  FROM counted_job_attempts
  GROUP BY workflow, job, variant, run_id, attempt
),
tried AS (
  SELECT
    COALESCE(SUM(stale_trials), 0) AS trials,
    COALESCE(SUM(stale_trials) FILTER (WHERE occurred_at < CAST($fixed AS TIMESTAMPTZ)), 0) AS trials_before_fix,
    COUNT(DISTINCT run_id) FILTER (WHERE stale_trials > 0) AS runs,
    COUNT(DISTINCT run_id) FILTER (WHERE stale_trials > 0 AND occurred_at < CAST($fixed AS TIMESTAMPTZ))
      AS runs_before_fix,
    COUNT(*) FILTER (WHERE stale_trials IS NULL) AS jobs_without_count
  FROM jobs
)
SELECT
  CAST(seen.events + checked.broken_checks AS BIGINT) AS events,
  CAST(seen.events_before_fix + checked.broken_before_fix AS BIGINT) AS events_before_fix,
  CAST(seen.bad_runs_before_fix + checked.broken_before_fix AS BIGINT) AS bad_runs_before_fix,
  CAST(checked.broken_checks AS BIGINT) AS broken_checks,
  CAST(seen.expected AS BIGINT) AS expected,
  CAST(tried.trials AS BIGINT) AS trials,
  CAST(tried.trials_before_fix AS BIGINT) AS trials_before_fix,
  CAST(tried.runs AS BIGINT) AS runs,
  CAST(tried.runs_before_fix AS BIGINT) AS runs_before_fix,
  CAST(tried.jobs_without_count AS BIGINT) AS jobs_without_count
FROM seen
CROSS JOIN checked
CROSS JOIN tried
