-- Counts, for each 24 hours since T+0, the unexpected network errors and the requests among which they happened.
-- The errors are the events of kind network-error, each once, of the runs that count as CI's jobs do, and of Atalaya's
-- own; the requests are those that jobs say they sent, each attempt of a job once. An error of a run that does not say
-- how many it sent, as the log of a job, enters no rate and counts all the same. Blocking errors stopped a run.
-- Expected ones were provoked by a test; they, those of another commit or workflow and those outside the window are
-- counted apart. What happened before a fix landed is counted by itself, and by runs.
-- needs: event_tallies
SELECT runs_kind, since_fix, bin, part, events, in_rate, blocking, trials, runs, bad_runs, blocked_runs, silent_jobs
FROM event_tallies
WHERE event = 'network-error'
ORDER BY runs_kind ASC NULLS LAST, since_fix ASC NULLS LAST, part ASC NULLS LAST
