-- Lists each execution of a test of CI that passed or failed: those of flaky_ended.sql. A repeat of a test has a name of
-- its own in its report, "test_x[2-5]" for the second of five: told is that name, and test the one that all five have.
-- reads: flaky_ended
-- reads: repeats_told
SELECT
  COALESCE(repeats_told.test, ended.told) AS test,
  ended.told, ended.variant, ended.run_id, ended.attempt, ended.origin, ended."commit", ended.of_another_commit,
  ended.occurred_at, ended.passed, ended.critical, ended.duration_us
FROM flaky_ended AS ended
LEFT JOIN repeats_told
  ON repeats_told.told = ended.told
