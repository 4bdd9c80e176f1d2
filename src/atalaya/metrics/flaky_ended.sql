-- Lists each execution of a test of CI that passed or failed, by the name that its report gives it: told. Skipped and
-- xfailed cases are no attempts. Atalaya's own runs are none: a step of its smoke is no test, nor is a promise.
-- reads: runs_of_ours
WITH told_attempts AS NOT MATERIALIZED (
  SELECT
    test AS told, variant, run_id, attempt, origin, "commit", of_another_commit, occurred_at, outcome, critical,
    duration_s
  FROM counted_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
)
SELECT
  attempts.told, attempts.variant, attempts.run_id, attempts.attempt, attempts.origin, attempts."commit",
  attempts.of_another_commit, attempts.occurred_at, attempts.outcome,
  CASE WHEN attempts.outcome = 'passed' THEN 1 ELSE 0 END AS passed,
  CASE WHEN attempts.critical THEN 1 ELSE 0 END AS critical,
  CASE
    WHEN attempts.duration_s >= 0 AND attempts.duration_s < 1000000000
      THEN CAST(FLOOR(attempts.duration_s * 1000000) AS BIGINT)
  END AS duration_us
FROM told_attempts AS attempts
LEFT JOIN runs_of_ours
  ON runs_of_ours.run_id = attempts.run_id
WHERE runs_of_ours.run_id IS NULL
