-- Lists the attempts of tests that were taken in more than once: mostly there are none, and then no question has to look
-- at each attempt to count it once.
WITH numbered AS NOT MATERIALIZED (
  SELECT
    test, variant, run_id, attempt, origin, HASH(test, variant, run_id, attempt, origin) AS number
  FROM test_attempts
),
again AS (
  -- A number is counted in half the time that the words take; two attempts of one number are told apart below.
  SELECT number FROM numbered GROUP BY number HAVING COUNT(*) > 1
)
SELECT numbered.test, numbered.variant, numbered.run_id, numbered.attempt, numbered.origin
FROM numbered
INNER JOIN again
  ON again.number = numbered.number
GROUP BY numbered.test, numbered.variant, numbered.run_id, numbered.attempt, numbered.origin
HAVING COUNT(*) > 1
