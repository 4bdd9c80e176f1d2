-- Counts the unexpected polling timeouts, and the waits among which they happened.
-- The timeouts are the events of kind polling-timeout, each once, of the runs that count as CI's jobs do, and of
-- Atalaya's own; the waits are those that jobs say they made, each attempt of a job once. A timeout of a run that does
-- not say how often it waited, as the log of a job, enters no rate and counts all the same. Expected ones were provoked
-- by a test; they, those of another commit or workflow and those outside the window are counted apart. A broken promise
-- about the class of a timeout is no timeout: the check asked for one, and judged its class.
-- What happened before a fix landed is counted by itself, and by runs, since the trials of one run share its fate.
-- needs: event_tallies
SELECT runs_kind, since_fix, bin, part, events, in_rate, blocking, trials, runs, bad_runs, blocked_runs, silent_jobs
FROM event_tallies
WHERE event = 'polling-timeout'
ORDER BY runs_kind ASC NULLS LAST, since_fix ASC NULLS LAST, part ASC NULLS LAST
