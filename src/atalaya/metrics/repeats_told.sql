-- Lists the names that repeats of a test have in a report, each with the name that all of them have.
WITH pairs_of_names AS (
  SELECT UNNEST(CAST($repeats AS VARCHAR[][])) AS pair
)
SELECT pair[1] AS told, pair[2] AS test
FROM pairs_of_names
