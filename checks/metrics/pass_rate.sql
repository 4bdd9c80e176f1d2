-- Counts the SDK's jobs by how their attempts ended.
-- A job is one (workflow, job, variant, run); its re-runs are attempts of it. It is decided when an attempt ended
-- as success, failure or timed_out, and its latest decided attempt is its end: a re-run that was cancelled hides
-- no failure. A job without such an attempt is counted by its latest conclusion, and is in no rate.
-- Where two sources tell of one attempt, a failure stands over a success.
-- Jobs count when their workflow is listed and their commit is the released one, or is not known; Atalaya's own
-- checks and smoke always count. Real services are kept apart, and rehearsals count in rehearsals only.
WITH told AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, origin, occurred_at,
    CASE
      WHEN list_contains($ours, workflow) THEN 0
      WHEN $commit = '' OR "commit" = '' THEN 0
      WHEN SUBSTR("commit", 1, LENGTH($commit)) = SUBSTR($commit, 1, LENGTH("commit")) THEN 0
      ELSE 1
    END AS of_another_commit,
    CASE
      WHEN conclusion IN ('failure', 'timed_out') THEN 0
      WHEN conclusion = 'success' THEN 1
      ELSE 2
    END AS weight
  FROM job_attempts
  WHERE occurred_at >= CAST($t0 AS TIMESTAMPTZ)
    AND occurred_at <= CAST($until AS TIMESTAMPTZ)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND environment IN ('loopback', 'ci', 'rehearsal')
    AND (environment = 'rehearsal') = $rehearsal
    AND (list_contains($ours, workflow) OR $any_workflow OR list_contains($workflows, workflow))
),
by_source AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, weight,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id, attempt
      ORDER BY weight ASC NULLS LAST, occurred_at DESC NULLS LAST, origin ASC NULLS LAST, conclusion ASC NULLS LAST
    ) AS place
  FROM told
  WHERE of_another_commit = 0
),
attempts AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, weight,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id
      ORDER BY CASE WHEN weight < 2 THEN 0 ELSE 1 END ASC NULLS LAST, attempt DESC NULLS LAST
    ) AS place
  FROM by_source
  WHERE place = 1
),
jobs AS (
  SELECT
    workflow, job, variant, run_id,
    MAX(CASE WHEN place = 1 AND weight < 2 THEN 1 ELSE 0 END) AS decided,
    MAX(CASE WHEN place = 1 AND weight = 1 THEN 1 ELSE 0 END) AS succeeded,
    MAX(CASE WHEN attempt = 1 AND weight < 2 THEN 1 ELSE 0 END) AS first_decided,
    MAX(CASE WHEN attempt = 1 AND weight = 1 THEN 1 ELSE 0 END) AS first_succeeded,
    MAX(CASE WHEN place = 1 THEN conclusion END) AS last_word
  FROM attempts
  GROUP BY workflow, job, variant, run_id
),
runs AS (
  SELECT workflow, run_id, MIN(succeeded) AS succeeded
  FROM jobs
  WHERE decided = 1
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
    COUNT(*) FILTER (WHERE decided = 0 AND last_word = 'unknown') AS not_told
  FROM jobs
),
in_runs AS (
  SELECT COUNT(*) AS runs, COALESCE(SUM(succeeded), 0) AS runs_succeeded FROM runs
),
elsewhere AS (
  SELECT COALESCE(SUM(of_another_commit), 0) AS attempts_of_other_commits FROM told
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
  CAST(in_runs.runs AS BIGINT) AS runs,
  CAST(in_runs.runs_succeeded AS BIGINT) AS runs_succeeded,
  CAST(elsewhere.attempts_of_other_commits AS BIGINT) AS attempts_of_other_commits
FROM in_jobs
CROSS JOIN in_runs
CROSS JOIN elsewhere
