-- Counts the attempts of tests that passed or failed and are shown apart: those outside the window, those in it of
-- another commit, and those in it that do not count for another reason, as a real service's.
-- The same attempt taken in twice is one. Atalaya's own runs are no tests, and are not here either.
-- reads: runs_of_ours
WITH recorded AS NOT MATERIALIZED (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome, outside_window
  FROM recorded_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
),
counted AS NOT MATERIALIZED (
  SELECT test, variant, run_id, attempt, origin, "commit", outcome, of_another_commit
  FROM counted_test_attempts
  WHERE outcome IN ('passed', 'failed', 'errored')
    AND NOT list_contains($ours, workflow)
),
recorded_twice AS (
  SELECT recorded.run_id, MIN(recorded.outside_window) AS outside
  FROM recorded
  INNER JOIN taken_twice
    ON taken_twice.test = recorded.test
    AND taken_twice.variant = recorded.variant
    AND taken_twice.run_id = recorded.run_id
    AND taken_twice.attempt = recorded.attempt
    AND taken_twice.origin = recorded.origin
  GROUP BY
    recorded.test, recorded.variant, recorded.run_id, recorded.attempt, recorded.origin, recorded."commit",
    recorded.outcome
),
counted_twice AS (
  SELECT counted.run_id, MAX(counted.of_another_commit) AS of_another_commit
  FROM counted
  INNER JOIN taken_twice
    ON taken_twice.test = counted.test
    AND taken_twice.variant = counted.variant
    AND taken_twice.run_id = counted.run_id
    AND taken_twice.attempt = counted.attempt
    AND taken_twice.origin = counted.origin
  GROUP BY
    counted.test, counted.variant, counted.run_id, counted.attempt, counted.origin, counted."commit", counted.outcome
),
recorded_once AS (
  SELECT recorded.run_id, COUNT(*) AS attempts, SUM(recorded.outside_window) AS outside
  FROM recorded
  LEFT JOIN taken_twice
    ON taken_twice.test = recorded.test
    AND taken_twice.variant = recorded.variant
    AND taken_twice.run_id = recorded.run_id
    AND taken_twice.attempt = recorded.attempt
    AND taken_twice.origin = recorded.origin
  WHERE taken_twice.test IS NULL
  GROUP BY recorded.run_id
),
counted_once AS (
  SELECT counted.run_id, COUNT(*) AS attempts, SUM(counted.of_another_commit) AS of_another_commit
  FROM counted
  LEFT JOIN taken_twice
    ON taken_twice.test = counted.test
    AND taken_twice.variant = counted.variant
    AND taken_twice.run_id = counted.run_id
    AND taken_twice.attempt = counted.attempt
    AND taken_twice.origin = counted.origin
  WHERE taken_twice.test IS NULL
  GROUP BY counted.run_id
),
everything AS (
  SELECT run_id, outside, attempts - outside AS inside, 0 AS counting, 0 AS elsewhere FROM recorded_once
  UNION ALL
  SELECT run_id, outside, 1 - outside AS inside, 0 AS counting, 0 AS elsewhere FROM recorded_twice
  UNION ALL
  SELECT run_id, 0 AS outside, 0 AS inside, attempts AS counting, of_another_commit AS elsewhere FROM counted_once
  UNION ALL
  SELECT run_id, 0 AS outside, 0 AS inside, 1 AS counting, of_another_commit AS elsewhere FROM counted_twice
)
SELECT
  CAST(COALESCE(SUM(everything.outside), 0) AS BIGINT) AS outside_window,
  CAST(COALESCE(SUM(everything.elsewhere), 0) AS BIGINT) AS of_other_commits,
  CAST(COALESCE(SUM(everything.inside) - SUM(everything.counting), 0) AS BIGINT) AS not_counted
FROM everything
LEFT JOIN runs_of_ours
  ON runs_of_ours.run_id = everything.run_id
WHERE runs_of_ours.run_id IS NULL
