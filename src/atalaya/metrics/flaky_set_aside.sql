-- Lists the job attempts whose tests decide nothing: those in which more than 80 % of the cases of at least 5 tests
-- failed. Then it was the machinery.
-- A job attempt is one (run, variant, attempt, origin). With fewer than 5 tests it is believed, since one true flake in
-- a report of one test is 100 %. A re-run of less than half of the tests is believed too: it is of those that failed.
-- reads: flaky_ended
-- reads: flaky_decided
WITH troubled AS (
  SELECT run_id, variant, "commit"
  -- The names of tests are read for the doubtful alone, and of what passed no column but the outcome.
  FROM flaky_ended
  WHERE outcome <> 'passed'
  GROUP BY run_id, variant, "commit"
  HAVING COUNT(*) >= 5
),
executions AS (
  SELECT
    ended.run_id, ended.variant, ended.attempt, ended.origin, ended."commit",
    COUNT(*) AS records,
    COUNT(*) - SUM(ended.passed) AS failures,
    MAX(COUNT(*)) OVER (PARTITION BY ended.run_id, ended.variant, ended."commit") AS most_records
  FROM flaky_ended AS ended
  INNER JOIN troubled
    ON troubled.run_id = ended.run_id
    AND troubled.variant = ended.variant
    AND troubled."commit" = ended."commit"
  GROUP BY ended.run_id, ended.variant, ended.attempt, ended.origin, ended."commit"
),
doubtful AS (
  SELECT run_id, variant, attempt, origin, "commit"
  FROM executions
  WHERE failures >= 5
    AND failures * 2 >= records
    AND (attempt = 1 OR records * 2 >= most_records)
),
doubted AS (
  SELECT
    decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit", decided.test, decided.told,
    1 - MIN(decided.passed) AS failed
  FROM flaky_decided AS decided
  INNER JOIN doubtful
    ON doubtful.run_id = decided.run_id
    AND doubtful.variant = decided.variant
    AND doubtful.attempt = decided.attempt
    AND doubtful.origin = decided.origin
    AND doubtful."commit" = decided."commit"
  GROUP BY
    decided.run_id, decided.variant, decided.attempt, decided.origin, decided."commit", decided.test, decided.told
)
SELECT run_id, variant, attempt, origin, "commit"
FROM doubted
GROUP BY run_id, variant, attempt, origin, "commit"
HAVING COUNT(DISTINCT test) >= 5 AND SUM(failed) * 5 > COUNT(*) * 4
