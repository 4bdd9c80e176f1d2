-- Lists the unexpected events of the watch that count, each once, oldest first: those of a real service and of runs
-- that test another tree are shown apart, and are of no incident.
SELECT
  run_id, environment, occurred_at, recorded_at, format, event, expected, blocking, place, message, origin, line,
  COALESCE(quote, '') AS quote, COALESCE("commit", '') AS "commit", COALESCE(workflow, '') AS workflow,
  COALESCE(job, '') AS job, COALESCE(attempt, 1) AS attempt
FROM counted_events
WHERE NOT expected
ORDER BY
  occurred_at ASC NULLS LAST, run_id ASC NULLS LAST, event ASC NULLS LAST, origin ASC NULLS LAST, line ASC NULLS LAST,
  message ASC NULLS LAST, job ASC NULLS LAST, attempt ASC NULLS LAST, place ASC NULLS LAST, recorded_at ASC NULLS LAST,
  format ASC NULLS LAST, environment ASC NULLS LAST
