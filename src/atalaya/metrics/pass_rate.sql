-- Counts CI's jobs by how their attempts ended. jobs.sql says what a job is, and which of its attempts is its end.
-- What does not count is counted apart, by attempts, each once and by the first of these that holds: outside the window,
-- of a run of a pull request or another event, of another commit than the released one, of a workflow that is not listed.
-- needs: jobs
WITH runs AS (
  SELECT workflow, run_id, MIN(succeeded) AS succeeded
  FROM jobs
  WHERE decided = 1 AND of_another_commit = 0
  GROUP BY workflow, run_id
),
in_jobs AS (
  SELECT
    COALESCE(SUM(decided), 0) AS decided,
    COALESCE(SUM(succeeded), 0) AS succeeded,
    COALESCE(SUM(first_decided), 0) AS first_decided,
    COALESCE(SUM(first_succeeded), 0) AS first_succeeded,
    COUNT(*) FILTER (WHERE first_decided = 1 AND first_succeeded = 0) AS failed_first,
    COUNT(*) FILTER (WHERE first_decided = 1 AND first_succeeded = 0 AND succeeded = 1) AS rescued,
    COUNT(*) FILTER (
      WHERE decided = 0 AND last_word IN ('cancelled', 'skipped', 'neutral', 'stale', 'action_required')
    ) AS excluded,
    COUNT(*) FILTER (WHERE decided = 0 AND last_word = 'startup_failure') AS not_started,
    COUNT(*) FILTER (WHERE decided = 0 AND last_word = 'pending') AS pending,
    COUNT(*) FILTER (WHERE decided = 0 AND last_word = 'nothing-ran') AS nothing_ran,
    COUNT(*) FILTER (WHERE decided = 0 AND last_word = 'unknown') AS not_told,
    COUNT(*) FILTER (WHERE decided = 1 AND event = '') AS event_not_told
  FROM jobs
  WHERE of_another_commit = 0
),
in_runs AS (
  SELECT COUNT(*) AS runs, COALESCE(SUM(succeeded), 0) AS runs_succeeded FROM runs
),
recorded AS (
  SELECT
    workflow, job, variant, run_id, attempt,
    MIN(outside_window) AS outside_window,
    MAX(CASE WHEN conclusion IN ('failure', 'timed_out') THEN 1 ELSE 0 END) AS failed,
    MAX(of_another_event) AS of_another_event,
    MAX(of_another_commit) AS of_another_commit,
    CASE WHEN $any_workflow OR list_contains($workflows, workflow) THEN 0 ELSE 1 END AS of_another_workflow
  FROM recorded_job_attempts
  WHERE NOT list_contains($ours, workflow)
  GROUP BY workflow, job, variant, run_id, attempt
),
apart AS (
  SELECT
    COUNT(*) FILTER (WHERE of_another_workflow = 0 AND outside_window = 1) AS outside_window,
    COUNT(*) FILTER (WHERE of_another_workflow = 0 AND outside_window = 1 AND failed = 1) AS failed_outside_window,
    COUNT(*) FILTER (
      WHERE of_another_workflow = 0 AND outside_window = 0 AND of_another_event = 1
    ) AS of_other_events,
    COUNT(*) FILTER (
      WHERE of_another_workflow = 0 AND outside_window = 0 AND of_another_event = 0 AND of_another_commit = 1
    ) AS of_other_commits,
    COUNT(*) FILTER (WHERE of_another_workflow = 1 AND outside_window = 0) AS of_other_workflows
  FROM recorded
)
SELECT
  CAST(in_jobs.decided AS BIGINT) AS decided,
  CAST(in_jobs.succeeded AS BIGINT) AS succeeded,
  CAST(in_jobs.first_decided AS BIGINT) AS first_decided,
  CAST(in_jobs.first_succeeded AS BIGINT) AS first_succeeded,
  CAST(in_jobs.failed_first AS BIGINT) AS failed_first,
  CAST(in_jobs.rescued AS BIGINT) AS rescued,
  CAST(in_jobs.excluded AS BIGINT) AS excluded,
  CAST(in_jobs.not_started AS BIGINT) AS not_started,
  CAST(in_jobs.pending AS BIGINT) AS pending,
  CAST(in_jobs.nothing_ran AS BIGINT) AS nothing_ran,
  CAST(in_jobs.not_told AS BIGINT) AS not_told,
  CAST(in_jobs.event_not_told AS BIGINT) AS event_not_told,
  CAST(in_runs.runs AS BIGINT) AS runs,
  CAST(in_runs.runs_succeeded AS BIGINT) AS runs_succeeded,
  CAST(in_runs.runs - in_runs.runs_succeeded AS BIGINT) AS runs_failed,
  CAST(apart.of_other_commits AS BIGINT) AS of_other_commits,
  CAST(apart.of_other_events AS BIGINT) AS of_other_events,
  CAST(apart.of_other_workflows AS BIGINT) AS of_other_workflows,
  CAST(apart.outside_window AS BIGINT) AS outside_window,
  CAST(apart.failed_outside_window AS BIGINT) AS failed_outside_window
FROM in_jobs
CROSS JOIN in_runs
CROSS JOIN apart
