-- Counts the attempts of each test that passed at each of them. flaky_keys.sql says what a key is.
-- needs: flaky_keys
SELECT test, CAST(SUM(attempts) AS BIGINT) AS attempts
FROM flaky_keys
GROUP BY test
HAVING SUM(failures) = 0
ORDER BY test ASC NULLS LAST
