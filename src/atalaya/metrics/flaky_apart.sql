-- Counts the attempts of tests that passed or failed and are shown apart: those outside the window, those in it of
-- another commit, and those in it that do not count for another reason, as a real service's.
-- The same attempt taken in twice is one. Atalaya's own runs are no tests, and are not here either.
WITH own_runs AS (
  SELECT run_id
  FROM job_attempts
  WHERE list_contains($ours, workflow)
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  GROUP BY run_id
),
recorded AS (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome
  FROM test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND (environment = 'rehearsal') = $rehearsal
    AND NOT list_contains($ours, workflow)
  GROUP BY test, variant, run_id, attempt, origin, "commit", outcome
),
in_window AS (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome
  FROM window_test_attempts
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
  SELECT run_id, 1 AS known, 0 AS inside, 0 AS counting, 0 AS elsewhere FROM recorded
  UNION ALL
  SELECT run_id, 0 AS known, 1 AS inside, 0 AS counting, 0 AS elsewhere FROM in_window
  UNION ALL
  SELECT run_id, 0 AS known, 0 AS inside, 1 AS counting, of_another_commit AS elsewhere FROM counted
)
SELECT
  CAST(COALESCE(SUM(everything.known) - SUM(everything.inside), 0) AS BIGINT) AS outside_window,
  CAST(COALESCE(SUM(everything.elsewhere), 0) AS BIGINT) AS of_other_commits,
  CAST(COALESCE(SUM(everything.inside) - SUM(everything.counting), 0) AS BIGINT) AS not_counted
FROM everything
LEFT JOIN own_runs
  ON own_runs.run_id = everything.run_id
WHERE own_runs.run_id IS NULL
