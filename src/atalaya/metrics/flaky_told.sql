-- Lists the attempts of tests that say something, each as often as it was taken in.
-- Only the released commit counts, where it and the attempt's are known. A version is that commit; where the commit is
-- not known, it does not reach beyond its run. A job attempt decides nothing when it never started, or when it is one
-- of those that flaky_set_aside.sql lists.
-- reads: flaky_decided
-- needs: flaky_set_aside
WITH never_started AS (
  SELECT run_id, attempt, origin
  FROM job_attempts
  WHERE conclusion = 'startup_failure'
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  GROUP BY run_id, attempt, origin
)
SELECT
  decided.test, decided.told,
  CASE
    WHEN decided."commit" = '' THEN decided.run_id
    WHEN $commit <> '' THEN $commit
    ELSE decided."commit"
  END AS version,
  decided.variant, decided.run_id, decided.attempt, decided.origin, decided.passed, decided.critical,
  decided.occurred_at, decided.duration_us
FROM flaky_decided AS decided
LEFT JOIN flaky_set_aside AS set_aside
  ON set_aside.run_id = decided.run_id
  AND set_aside.variant = decided.variant
  AND set_aside.attempt = decided.attempt
  AND set_aside.origin = decided.origin
  AND set_aside."commit" = decided."commit"
LEFT JOIN never_started
  ON never_started.run_id = decided.run_id
  AND never_started.attempt = decided.attempt
  AND never_started.origin = decided.origin
WHERE set_aside.run_id IS NULL
  AND never_started.run_id IS NULL
  AND decided.of_another_commit = 0
