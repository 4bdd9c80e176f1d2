-- Counts the attempts of tests that passed or failed and are shown apart: those outside the window, those in it of
-- another commit, and those in it that do not count for another reason, as a real service's.
-- The same attempt taken in twice is one. Atalaya's own runs are no tests, and are not here either.
-- reads: runs_of_ours
WITH recorded AS (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome, MIN(outside_window) AS outside
  FROM recorded_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
  GROUP BY test, variant, run_id, attempt, origin, "commit", outcome
),
counted AS (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome, MAX(of_another_commit) AS of_another_commit
  FROM counted_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
  GROUP BY test, variant, run_id, attempt, origin, "commit", outcome
),
everything AS (
  SELECT run_id, outside, 1 - outside AS inside, 0 AS counting, 0 AS elsewhere FROM recorded
  UNION ALL
  SELECT run_id, 0 AS outside, 0 AS inside, 1 AS counting, of_another_commit AS elsewhere FROM counted
)
SELECT
  CAST(COALESCE(SUM(everything.outside), 0) AS BIGINT) AS outside_window,
  CAST(COALESCE(SUM(everything.elsewhere), 0) AS BIGINT) AS of_other_commits,
  CAST(COALESCE(SUM(everything.inside) - SUM(everything.counting), 0) AS BIGINT) AS not_counted
FROM everything
LEFT JOIN runs_of_ours
  ON runs_of_ours.run_id = everything.run_id
WHERE runs_of_ours.run_id IS NULL
