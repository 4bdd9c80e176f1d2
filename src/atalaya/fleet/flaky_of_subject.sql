-- Counts the tests of each subject that passed and failed on one commit in any of its releases.
SELECT subject, COUNT(DISTINCT id) AS tests
FROM fleet_tests
GROUP BY subject
ORDER BY subject ASC NULLS LAST
