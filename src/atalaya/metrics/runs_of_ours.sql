-- Lists the runs of Atalaya's own checks and smoke: a step of its smoke is no test of CI, nor is a promise.
SELECT run_id
FROM job_attempts
WHERE list_contains($ours, workflow)
  AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
GROUP BY run_id
