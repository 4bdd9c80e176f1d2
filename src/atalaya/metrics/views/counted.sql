-- Lists the records of a kind that count: those that belong to the watch, but for a real service's and for those of runs
-- that test another tree, which are shown apart and decide nothing.
SELECT {columns}, of_another_commit
FROM window_{records}
WHERE of_a_service = 0
  AND of_another_event = 0
