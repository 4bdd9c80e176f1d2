-- Lists the jobs of CI, and how the attempts of each ended.
-- A job is one (workflow, job, variant, run); its re-runs are attempts of it. It is decided when an attempt ended
-- as success, failure or timed_out, and its latest decided attempt is its end: a re-run that was cancelled hides
-- no failure. A job without such an attempt has its latest conclusion as its last word, and is in no rate.
-- Where two sources tell of one attempt, a failure stands over a success, and what a job's own files show over what CI
-- reported. The same attempt taken in twice is one.
-- Jobs count when their workflow is listed; those of another commit than the released one, where both are known, are
-- marked. Atalaya's own checks and smoke are no jobs of CI, whatever is listed. Real services are kept apart, and
-- rehearsals count in rehearsals only.
WITH told AS NOT MATERIALIZED (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, origin, occurred_at, of_another_commit,
    COALESCE(event, '') AS event, COALESCE(reported, '') AS reported,
    CASE
      WHEN conclusion IN ('failure', 'timed_out') THEN 0
      WHEN conclusion = 'success' THEN 1
      ELSE 2
    END AS weight,
    HASH(workflow, job, variant, run_id) AS number
  FROM counted_job_attempts
  WHERE NOT list_contains($ours, workflow)
    AND ($any_workflow OR list_contains($workflows, workflow))
),
told_twice AS MATERIALIZED (
  -- Of most jobs one record tells, and then that is the job. Numbers are counted in half the time that the words take;
  -- two jobs of one number do no harm: both are then told apart by their words.
  SELECT number FROM told GROUP BY number HAVING COUNT(*) > 1
),
by_source AS (
  SELECT
    told.workflow, told.job, told.variant, told.run_id, told.attempt, told.conclusion, told.weight,
    told.of_another_commit, told.occurred_at,
    ROW_NUMBER() OVER (
      PARTITION BY told.workflow, told.job, told.variant, told.run_id, told.attempt, told.of_another_commit
      ORDER BY
        CASE WHEN told.weight = 0 THEN 0 WHEN told.reported <> '' THEN 1 ELSE 2 END ASC NULLS LAST,
        told.weight ASC NULLS LAST, told.occurred_at DESC NULLS LAST, told.origin ASC NULLS LAST,
        told.conclusion ASC NULLS LAST
    ) AS place
  FROM told
  INNER JOIN told_twice
    ON told_twice.number = told.number
),
attempts AS (
  SELECT
    workflow, job, variant, run_id, attempt, conclusion, weight, of_another_commit, occurred_at,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id, of_another_commit
      ORDER BY CASE WHEN weight < 2 THEN 0 ELSE 1 END ASC NULLS LAST, attempt DESC NULLS LAST
    ) AS place
  FROM by_source
  WHERE place = 1
),
jobs AS (
  SELECT
    told.workflow, told.job, told.variant, told.run_id, told.of_another_commit, 1 AS attempts,
    CASE WHEN told.weight < 2 THEN 1 ELSE 0 END AS decided,
    CASE WHEN told.weight = 1 THEN 1 ELSE 0 END AS succeeded,
    CASE WHEN told.attempt = 1 AND told.weight < 2 THEN 1 ELSE 0 END AS first_decided,
    CASE WHEN told.attempt = 1 AND told.weight = 1 THEN 1 ELSE 0 END AS first_succeeded,
    told.conclusion AS last_word,
    told.occurred_at AS ended_at
  FROM told
  LEFT JOIN told_twice
    ON told_twice.number = told.number
  WHERE told_twice.number IS NULL
  UNION ALL
  SELECT
    workflow, job, variant, run_id, of_another_commit, COUNT(*) AS attempts,
    MAX(CASE WHEN place = 1 AND weight < 2 THEN 1 ELSE 0 END) AS decided,
    MAX(CASE WHEN place = 1 AND weight = 1 THEN 1 ELSE 0 END) AS succeeded,
    MAX(CASE WHEN attempt = 1 AND weight < 2 THEN 1 ELSE 0 END) AS first_decided,
    MAX(CASE WHEN attempt = 1 AND weight = 1 THEN 1 ELSE 0 END) AS first_succeeded,
    MAX(CASE WHEN place = 1 THEN conclusion END) AS last_word,
    MAX(CASE WHEN place = 1 THEN occurred_at END) AS ended_at
  FROM attempts
  GROUP BY workflow, job, variant, run_id, of_another_commit
),
events AS (
  SELECT workflow, run_id, MAX(event) AS event FROM told GROUP BY workflow, run_id
)
SELECT
  jobs.workflow, jobs.job, jobs.variant, jobs.run_id, jobs.of_another_commit, jobs.attempts, jobs.decided,
  jobs.succeeded, jobs.first_decided, jobs.first_succeeded, jobs.last_word, jobs.ended_at,
  COALESCE(events.event, '') AS event
FROM jobs
LEFT JOIN events
  ON events.workflow = jobs.workflow
  AND events.run_id = jobs.run_id
