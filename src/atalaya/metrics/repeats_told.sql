-- Lists the names that repeats of a test have in a report, each with the name that all of them have.
SELECT CAST(UNNEST($repeats) AS VARCHAR) AS told, CAST(UNNEST($repeated) AS VARCHAR) AS test
