-- Lists, for each of Atalaya's own workflows, its runs that were decided, the runs that were not, and the latest end.
-- They are no jobs of CI, on whatever machine they ran, and are in no rate. A run is one (workflow, job, variant, run),
-- and its latest decided attempt is its end. Where two sources tell of one attempt, a failure stands over a success.
WITH attempts AS (
  SELECT
    workflow, job, variant, run_id, attempt,
    MAX(CASE WHEN conclusion IN ('success', 'failure', 'timed_out') THEN 1 ELSE 0 END) AS decided,
    MIN(CASE WHEN conclusion IN ('failure', 'timed_out') THEN 0 ELSE 1 END) AS not_failed,
    MAX(occurred_at) AS ended_at
  FROM counted_job_attempts
  WHERE list_contains($ours, workflow)
  GROUP BY workflow, job, variant, run_id, attempt
),
ends AS (
  SELECT
    workflow, job, variant, run_id, decided, not_failed, ended_at,
    ROW_NUMBER() OVER (
      PARTITION BY workflow, job, variant, run_id
      ORDER BY decided DESC NULLS LAST, attempt DESC NULLS LAST
    ) AS place
  FROM attempts
)
SELECT
  workflow,
  CAST(SUM(decided) AS BIGINT) AS decided,
  CAST(SUM(CASE WHEN decided = 1 THEN not_failed ELSE 0 END) AS BIGINT) AS succeeded,
  CAST(SUM(1 - decided) AS BIGINT) AS undecided,
  MAX(ended_at) AS last_at
FROM ends
WHERE place = 1
GROUP BY workflow
ORDER BY workflow ASC NULLS LAST
