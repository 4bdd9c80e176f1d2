-- Lists the records of a kind that belong to the watch: they happened inside its window, had been written down by the
-- instant asked about, and were rehearsed if the watch is a rehearsal, and only then.
-- Each says whether it is of another commit than the released one, where both are known. Either may be cut short, as
-- people write them. A commit that holds the same SDK counts as the released one. Records without a commit are of none.
SELECT
  {columns},
  CASE
    WHEN $commit = '' OR {commit} = '' OR list_contains($same_tree, {commit}) THEN 0
    WHEN SUBSTR({commit}, 1, LENGTH($commit)) = SUBSTR($commit, 1, LENGTH({commit})) THEN 0
    ELSE 1
  END AS of_another_commit
FROM {records}
WHERE occurred_at >= CAST($t0 AS TIMESTAMPTZ)
  AND occurred_at <= CAST($until AS TIMESTAMPTZ)
  AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  AND (environment = 'rehearsal') = $rehearsal
