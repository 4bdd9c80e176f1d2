-- Lists the instants at which something that watched this release came to an end, and whether it was CI: an attempt of
-- a job that ended as success, failure or timed_out. Atalaya's own checks and smoke watch too. A job that was
-- cancelled, that never started, or that told nothing watched nothing.
-- A run of another commit, of a pull request or of a merge queue tests something else: it watched nothing of this.
SELECT occurred_at, MAX(CASE WHEN list_contains($ours, workflow) THEN 0 ELSE 1 END) AS of_ci
FROM counted_job_attempts
WHERE conclusion IN ('success', 'failure', 'timed_out')
  AND (
    list_contains($ours, workflow)
    OR (
      ($any_workflow OR list_contains($workflows, workflow))
      AND of_another_commit = 0
    )
  )
GROUP BY occurred_at
ORDER BY occurred_at ASC NULLS LAST
