-- Lists the jobs of CI, and how the attempts of each ended.
-- A job is one (workflow, job, variant, run); its re-runs are attempts of it. It is decided when an attempt ended
-- as success, failure or timed_out, and its latest decided attempt is its end: a re-run that was cancelled hides
-- no failure. A job without such an attempt has its latest conclusion as its last word, and is in no rate.
-- Where two sources tell of one attempt, a failure stands over a success, and what a job's own files show over what CI
-- reported. The same attempt taken in twice is one.
-- Jobs count when their workflow is listed; those of another commit than the released one, where both are known, are
-- marked. Atalaya's own checks and smoke are no jobs of CI, whatever is listed. Real services are kept apart, and
-- rehearsals count in rehearsals only.
WITH told AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, origin, occurred_at, of_another_commit,
    COALESCE(event, '') AS event, COALESCE(reported, '') AS reported,
    CASE
      WHEN conclusion IN ('failure', 'timed_out') THEN 0
      WHEN conclusion = 'success' THEN 1
      ELSE 2
    END AS weight
  FROM counted_job_attempts
  WHERE NOT list_contains($ours, workflow)
    AND ($any_workflow OR list_contains($workflows, workflow))
),
by_source AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, weight, of_another_commit, occurred_at,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id, attempt, of_another_commit
      ORDER BY
        CASE WHEN weight = 0 THEN 0 WHEN reported <> '' THEN 1 ELSE 2 END ASC NULLS LAST,
        weight ASC NULLS LAST, occurred_at DESC NULLS LAST, origin ASC NULLS LAST, conclusion ASC NULLS LAST
    ) AS place,
    MAX(event) OVER (PARTITION BY workflow, run_id) AS event_of_run
  FROM told
),
attempts AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, weight, of_another_commit, occurred_at, event_of_run,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id, of_another_commit
      ORDER BY CASE WHEN weight < 2 THEN 0 ELSE 1 END ASC NULLS LAST, attempt DESC NULLS LAST
    ) AS place
  FROM by_source
  WHERE place = 1
)
SELECT
  workflow, job, variant, run_id, of_another_commit, COUNT(*) AS attempts,
  MAX(CASE WHEN place = 1 AND weight < 2 THEN 1 ELSE 0 END) AS decided,
  MAX(CASE WHEN place = 1 AND weight = 1 THEN 1 ELSE 0 END) AS succeeded,
  MAX(CASE WHEN attempt = 1 AND weight < 2 THEN 1 ELSE 0 END) AS first_decided,
  MAX(CASE WHEN attempt = 1 AND weight = 1 THEN 1 ELSE 0 END) AS first_succeeded,
  MAX(CASE WHEN place = 1 THEN conclusion END) AS last_word,
  MAX(CASE WHEN place = 1 THEN occurred_at END) AS ended_at,
  MAX(event_of_run) AS event
FROM attempts
GROUP BY workflow, job, variant, run_id, of_another_commit
ORDER BY
  workflow ASC NULLS LAST, job ASC NULLS LAST, variant ASC NULLS LAST, run_id ASC NULLS LAST,
  of_another_commit ASC NULLS LAST
