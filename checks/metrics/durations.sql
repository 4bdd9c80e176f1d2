-- Lists how long each run of Atalaya's own checks and smoke took, each attempt once. Rehearsals keep no durations.
SELECT workflow, run_id, attempt, MIN(occurred_at) AS occurred_at, MAX(duration_s) AS duration_s
FROM job_attempts
WHERE occurred_at >= CAST($t0 AS TIMESTAMPTZ)
  AND occurred_at <= CAST($until AS TIMESTAMPTZ)
  AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  AND environment IN ('loopback', 'ci')
  AND NOT $rehearsal
  AND list_contains($ours, workflow)
  AND duration_s IS NOT NULL
GROUP BY workflow, run_id, attempt
ORDER BY occurred_at ASC NULLS LAST, workflow ASC NULLS LAST, run_id ASC NULLS LAST, attempt ASC NULLS LAST
