-- Counts the attempts of tests that passed or failed and are shown apart: those outside the window, those in it of
-- another commit, and those in it that do not count for another reason, as a real service's.
-- The same attempt taken in twice is one. Atalaya's own runs are no tests, and are not here either.
-- reads: runs_of_ours
WITH attempts AS NOT MATERIALIZED (
  SELECT
    test, variant, run_id, attempt, origin, "commit", outcome, outside_window AS outside,
    CASE WHEN outside_window = 0 AND of_a_service = 0 AND of_another_event = 0 THEN 1 ELSE 0 END AS counting,
    of_another_commit
  FROM recorded_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
),
as_told AS (
  SELECT
    run_id,
    COUNT(*) AS attempts,
    SUM(outside) AS outside,
    SUM(counting) AS counting,
    SUM(counting * of_another_commit) AS elsewhere
  FROM attempts
  GROUP BY run_id
),
again AS (
  SELECT
    attempts.run_id,
    COUNT(*) AS told,
    SUM(attempts.outside) AS told_outside,
    SUM(attempts.counting) AS told_counting,
    SUM(attempts.counting * attempts.of_another_commit) AS told_elsewhere,
    MIN(attempts.outside) AS outside,
    MAX(attempts.counting) AS counting,
    MAX(attempts.counting * attempts.of_another_commit) AS elsewhere
  FROM attempts
  INNER JOIN taken_twice
    ON taken_twice.test = attempts.test
    AND taken_twice.variant = attempts.variant
    AND taken_twice.run_id = attempts.run_id
    AND taken_twice.attempt = attempts.attempt
    AND taken_twice.origin = attempts.origin
  GROUP BY
    attempts.test, attempts.variant, attempts.run_id, attempts.attempt, attempts.origin, attempts."commit",
    attempts.outcome
),
everything AS (
  -- Mostly none was taken in twice: then no attempt is looked at by its words.
  SELECT run_id, outside, attempts - outside AS inside, counting, elsewhere FROM as_told
  UNION ALL
  SELECT
    run_id,
    outside - told_outside AS outside,
    1 - outside - (told - told_outside) AS inside,
    counting - told_counting AS counting,
    elsewhere - told_elsewhere AS elsewhere
  FROM again
)
SELECT
  CAST(COALESCE(SUM(everything.outside), 0) AS BIGINT) AS outside_window,
  CAST(COALESCE(SUM(everything.elsewhere), 0) AS BIGINT) AS of_other_commits,
  CAST(COALESCE(SUM(everything.inside) - SUM(everything.counting), 0) AS BIGINT) AS not_counted
FROM everything
LEFT JOIN runs_of_ours
  ON runs_of_ours.run_id = everything.run_id
WHERE runs_of_ours.run_id IS NULL
