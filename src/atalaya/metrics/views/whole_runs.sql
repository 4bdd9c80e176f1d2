-- Lists the records of a kind but for those of runs that nobody named and of which no file counts.
WITH runs AS (
  SELECT of_run FROM pieces WHERE taken = 1 GROUP BY of_run
)
SELECT {columns}, filename
FROM read_{records}
LEFT JOIN runs
  ON runs.of_run = run_id
WHERE runs.of_run IS NOT NULL OR SUBSTR(run_id, 1, 6) <> 'files-'
