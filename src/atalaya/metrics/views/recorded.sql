-- Lists the records of a kind that a watch can have: written down by the instant asked about, and rehearsed if the watch
-- is a rehearsal, and only then.
-- Each says whether it lies outside the window, whether it is of a real service, whether it is of another commit than the
-- released one, where both are known, and whether it is of a run that tests another tree: one of a pull request, a merge
-- queue, or of any other event than those that CI counts. Either commit may be cut short, as people write them. A commit
-- that holds the same SDK counts as the released one. Records without a commit are of none. A run is of an event that
-- one of its jobs tells.
SELECT
  {columns},
  CASE
    WHEN occurred_at < CAST($t0 AS TIMESTAMPTZ) OR occurred_at > CAST($until AS TIMESTAMPTZ) THEN 1
    ELSE 0
  END AS outside_window,
  CASE WHEN environment IN ('loopback', 'ci', 'rehearsal') THEN 0 ELSE 1 END AS of_a_service,
  CASE
    WHEN $commit = '' OR COALESCE({commit}, '') = '' OR list_contains($same_tree, {commit}) THEN 0
    WHEN SUBSTR({commit}, 1, LENGTH($commit)) = SUBSTR($commit, 1, LENGTH({commit})) THEN 0
    ELSE 1
  END AS of_another_commit,
  CASE
    WHEN run_id IN (
      SELECT run_id
      FROM job_attempts
      WHERE NOT list_contains($ci_events, event)
        AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    ) THEN 1
    ELSE 0
  END AS of_another_event
FROM {records}
WHERE recorded_at <= CAST($as_of AS TIMESTAMPTZ)
  AND (environment = 'rehearsal') = $rehearsal
