-- Lists how long each run of Atalaya's own checks and smoke took, each attempt once. Rehearsals keep no durations.
SELECT workflow, run_id, attempt, MIN(occurred_at) AS occurred_at, MAX(duration_s) AS duration_s
FROM counted_job_attempts
WHERE NOT $rehearsal
  AND list_contains($ours, workflow)
  AND duration_s IS NOT NULL
GROUP BY workflow, run_id, attempt
ORDER BY occurred_at ASC NULLS LAST, workflow ASC NULLS LAST, run_id ASC NULLS LAST, attempt ASC NULLS LAST
