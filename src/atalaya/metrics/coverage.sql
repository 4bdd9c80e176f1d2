-- Lists the instants at which something that was watched came to an end: an attempt of a job that ended as
-- success, failure or timed_out. Atalaya's own checks and smoke are jobs too. A job that was cancelled, that never
-- started, or that told nothing watched nothing.
-- Other commits' jobs count here: whatever they say of another SDK, somebody was looking.
SELECT DISTINCT occurred_at
FROM counted_job_attempts
WHERE (list_contains($ours, workflow) OR $any_workflow OR list_contains($workflows, workflow))
  AND conclusion IN ('success', 'failure', 'timed_out')
ORDER BY occurred_at ASC NULLS LAST
