-- Counts the events of each kind, and the trials among which they happened, of the runs that count: by kind of run, by
-- 24 hours since T+0 and the 6 hours (part) within them, and apart before and since a fix. The questions of the three
-- metrics read their kind from it. Runs count as jobs do: of a listed workflow and of the released commit, or Atalaya's
-- own. Events of others, those outside the window and those that a test provoked are rows of their own. Trials are what
-- jobs say that they tried, each attempt of a job once. An event is among them (in_rate) where its job says how often
-- it tried, and as far as the attempt of the run has as many trials as events; where an event names no job, all jobs of
-- its run have to say so. Else it counts, and enters no rate. A run counts once for each kind: telling (it says how
-- often it tried), silent (it does not, as a log of CI), check (it decided the promise polling.fresh-status, which is a
-- stale read where it is broken). It lies before a fix if its first record does, with all that is counted of it.
-- Without a fix, all lies since.
WITH listed AS (
  SELECT
    workflow, job, variant, run_id, COALESCE(attempt, 1) AS attempt, occurred_at, requests, waits, stale_trials,
    CASE WHEN list_contains($ours, workflow) THEN 0 ELSE of_another_commit END AS of_another_commit,
    CASE
      WHEN list_contains($ours, workflow) OR $any_workflow OR list_contains($workflows, workflow) THEN 0
      ELSE 1
    END AS of_another_workflow,
    CASE WHEN list_contains($ours, workflow) THEN 1 ELSE 0 END AS is_ours
  FROM counted_job_attempts
),
runs AS (
  SELECT
    run_id,
    MAX(is_ours) AS is_ours,
    MIN(of_another_workflow) AS of_another_workflow,
    MIN(CASE WHEN of_another_workflow = 0 THEN of_another_commit END) AS of_another_commit
  FROM listed
  GROUP BY run_id
),
attempts AS (
  SELECT
    job, run_id, attempt, MIN(occurred_at) AS occurred_at, MAX(requests) AS requests, MAX(waits) AS waits,
    MAX(stale_trials) AS stale_trials
  FROM listed
  WHERE of_another_commit = 0
    AND of_another_workflow = 0
  GROUP BY workflow, job, variant, run_id, attempt
),
tried AS (
  SELECT 'network-error' AS event, job, run_id, attempt, occurred_at, requests AS trials FROM attempts
  UNION ALL
  SELECT 'polling-timeout' AS event, job, run_id, attempt, occurred_at, waits AS trials FROM attempts
  UNION ALL
  SELECT 'stale-read' AS event, job, run_id, attempt, occurred_at, stale_trials AS trials FROM attempts
),
told_by_job AS (
  SELECT event, run_id, attempt, job, CASE WHEN COUNT(*) = COUNT(trials) THEN 1 ELSE 0 END AS tells
  FROM tried
  GROUP BY event, run_id, attempt, job
),
told_by_run AS (
  SELECT
    event, run_id, CASE WHEN COUNT(*) = COUNT(trials) THEN 1 ELSE 0 END AS tells, MIN(attempt) AS first_attempt
  FROM tried
  GROUP BY event, run_id
),
told_by_attempt AS (
  SELECT event, run_id, attempt, COALESCE(SUM(trials), 0) AS trials
  FROM tried
  GROUP BY event, run_id, attempt
),
seen AS (
  SELECT
    counted_events.event AS event, counted_events.run_id AS run_id, COALESCE(counted_events.attempt, 1) AS attempt,
    COALESCE(counted_events.job, '') AS job, counted_events.occurred_at AS occurred_at,
    CASE WHEN counted_events.blocking THEN 1 ELSE 0 END AS blocking,
    CASE
      WHEN counted_events.expected THEN 'expected'
      WHEN list_contains($ours, COALESCE(counted_events.workflow, '')) THEN 'counts'
      WHEN COALESCE(counted_events.workflow, '') = '' AND runs.is_ours = 1 THEN 'counts'
      WHEN COALESCE(counted_events.workflow, '') <> '' AND NOT $any_workflow
        AND NOT list_contains($workflows, counted_events.workflow) THEN 'of another workflow'
      WHEN counted_events.of_another_commit = 1 THEN 'of another commit'
      WHEN COALESCE(counted_events.workflow, '') = '' AND runs.of_another_workflow = 1 THEN 'of another workflow'
      WHEN COALESCE(counted_events."commit", '') = '' AND runs.of_another_commit = 1 THEN 'of another commit'
      ELSE 'counts'
    END AS counts
  FROM counted_events
  LEFT JOIN runs
    ON runs.run_id = counted_events.run_id
),
placed AS (
  SELECT
    seen.event AS event, seen.run_id AS run_id, seen.occurred_at AS occurred_at, seen.blocking AS blocking,
    CASE
      WHEN seen.job <> '' OR told_by_attempt.run_id IS NOT NULL THEN seen.attempt
      ELSE COALESCE(told_by_run.first_attempt, seen.attempt)
    END AS attempt,
    CASE
      WHEN seen.job <> '' THEN COALESCE(told_by_job.tells, 0)
      ELSE COALESCE(told_by_run.tells, 0)
    END AS tells,
    CASE
      WHEN seen.job <> '' AND told_by_job.run_id IS NOT NULL THEN 1
      WHEN seen.job = '' AND told_by_run.run_id IS NOT NULL THEN 1
      ELSE 0
    END AS has_job
  FROM seen
  LEFT JOIN told_by_job
    ON told_by_job.event = seen.event AND told_by_job.run_id = seen.run_id
    AND told_by_job.attempt = seen.attempt AND told_by_job.job = seen.job
  LEFT JOIN told_by_run
    ON told_by_run.event = seen.event AND told_by_run.run_id = seen.run_id
  LEFT JOIN told_by_attempt
    ON told_by_attempt.event = seen.event AND told_by_attempt.run_id = seen.run_id
    AND told_by_attempt.attempt = seen.attempt
  WHERE seen.counts = 'counts'
),
numbered AS (
  SELECT
    event, run_id, attempt, occurred_at, blocking, tells, has_job,
    ROW_NUMBER() OVER (
      PARTITION BY event, run_id, attempt, tells
      ORDER BY occurred_at ASC NULLS LAST, blocking ASC NULLS LAST, has_job ASC NULLS LAST
    ) AS number
  FROM placed
),
decided AS (
  SELECT run_id, occurred_at, MAX(CASE WHEN outcome = 'broken' THEN 1 ELSE 0 END) AS broken
  FROM counted_observations
  WHERE promise = 'polling.fresh-status'
    AND outcome IN ('kept', 'broken')
  GROUP BY run_id, occurred_at
),
told AS (
  SELECT
    event, CASE WHEN trials IS NULL THEN 'silent' ELSE 'telling' END AS runs_kind, run_id, attempt, -1 AS own_side,
    occurred_at, 0 AS events, 0 AS in_rate, 0 AS blocking, COALESCE(trials, 0) AS trials,
    CASE WHEN trials IS NULL THEN 1 ELSE 0 END AS silent_jobs
  FROM tried
  UNION ALL
  SELECT
    numbered.event, CASE WHEN tells = 1 THEN 'telling' ELSE 'silent' END AS runs_kind, numbered.run_id,
    numbered.attempt,
    CASE
      WHEN has_job = 1 THEN -1
      WHEN numbered.occurred_at < CAST($fixed AS TIMESTAMPTZ) THEN 0
      ELSE 1
    END AS own_side,
    numbered.occurred_at, 1 AS events,
    CASE WHEN tells = 1 AND number <= told_by_attempt.trials THEN 1 ELSE 0 END AS in_rate,
    numbered.blocking, 0 AS trials, 0 AS silent_jobs
  FROM numbered
  LEFT JOIN told_by_attempt
    ON told_by_attempt.event = numbered.event AND told_by_attempt.run_id = numbered.run_id
    AND told_by_attempt.attempt = numbered.attempt
  UNION ALL
  SELECT
    'stale-read' AS event, 'check' AS runs_kind, run_id, 1 AS attempt, -1 AS own_side, occurred_at, broken AS events,
    0 AS in_rate, 0 AS blocking, 0 AS trials, 0 AS silent_jobs
  FROM decided
),
by_run AS (
  SELECT
    event, runs_kind, run_id, occurred_at, own_side, events, in_rate, blocking, trials, silent_jobs,
    MIN(occurred_at) OVER (PARTITION BY event, runs_kind, run_id, attempt, own_side) AS run_at,
    SUM(trials) OVER (PARTITION BY event, runs_kind, run_id, attempt, own_side) AS run_trials,
    MAX(events) OVER (PARTITION BY event, runs_kind, run_id, attempt, own_side) AS run_is_bad,
    MAX(blocking) OVER (PARTITION BY event, runs_kind, run_id, attempt, own_side) AS run_is_blocked,
    ROW_NUMBER() OVER (
      PARTITION BY event, runs_kind, run_id, attempt, own_side
      ORDER BY occurred_at ASC NULLS LAST, events ASC NULLS LAST
    ) AS row_of_run
  FROM told
),
sided AS (
  SELECT
    event, runs_kind, run_id, occurred_at, events, in_rate, blocking, trials, silent_jobs, run_is_bad, run_is_blocked,
    CASE
      WHEN own_side >= 0 THEN own_side
      WHEN run_at < CAST($fixed AS TIMESTAMPTZ) THEN 0
      ELSE 1
    END AS since_fix,
    CASE WHEN row_of_run = 1 AND (runs_kind <> 'telling' OR run_trials > 0) THEN 1 ELSE 0 END AS is_run
  FROM by_run
),
aside AS (
  SELECT event, counts AS runs_kind, occurred_at
  FROM seen
  WHERE counts <> 'counts'
  UNION ALL
  SELECT event, 'outside the window' AS runs_kind, CAST($t0 AS TIMESTAMPTZ) AS occurred_at
  FROM events
  WHERE NOT expected
    AND environment <> 'service'
    AND (environment = 'rehearsal') = $rehearsal
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND (occurred_at < CAST($t0 AS TIMESTAMPTZ) OR occurred_at > CAST($ends AS TIMESTAMPTZ))
),
all_of_it AS (
  SELECT
    event, runs_kind, since_fix, occurred_at, events, in_rate, blocking, trials, silent_jobs, is_run,
    is_run * run_is_bad AS is_bad, is_run * run_is_blocked AS is_blocked
  FROM sided
  UNION ALL
  SELECT
    event, runs_kind, 1 AS since_fix, occurred_at, 1 AS events, 0 AS in_rate, 0 AS blocking, 0 AS trials,
    0 AS silent_jobs, 0 AS is_run, 0 AS is_bad, 0 AS is_blocked
  FROM aside
)
SELECT
  event,
  runs_kind,
  CAST(since_fix AS BIGINT) AS since_fix,
  LEAST(
    CAST(FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), occurred_at) / 86400000000.0) AS BIGINT),
    $last_bin
  ) AS bin,
  LEAST(
    CAST(FLOOR(date_diff('microsecond', CAST($t0 AS TIMESTAMPTZ), occurred_at) / 21600000000.0) AS BIGINT),
    4 * $last_bin + 3
  ) AS part,
  CAST(SUM(events) AS BIGINT) AS events,
  CAST(SUM(in_rate) AS BIGINT) AS in_rate,
  CAST(SUM(blocking) AS BIGINT) AS blocking,
  CAST(SUM(trials) AS BIGINT) AS trials,
  CAST(SUM(is_run) AS BIGINT) AS runs,
  CAST(SUM(is_bad) AS BIGINT) AS bad_runs,
  CAST(SUM(is_blocked) AS BIGINT) AS blocked_runs,
  CAST(SUM(silent_jobs) AS BIGINT) AS silent_jobs
FROM all_of_it
GROUP BY 1, 2, 3, 4, 5
