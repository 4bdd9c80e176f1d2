-- Lists the attempts of tests that were taken in more than once: mostly there are none, and then no question has to look
-- at each attempt to count it once.
SELECT test, variant, run_id, attempt, origin
FROM test_attempts
GROUP BY test, variant, run_id, attempt, origin
HAVING COUNT(*) > 1
