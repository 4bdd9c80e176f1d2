-- Counts the stale reads by a poll, and the trials among which they happened. The stale reads are the events of kind
-- stale-read, each once, of the runs that count as CI's jobs do, and of Atalaya's own, and one for each run that broke
-- the promise that a poll is fresh. The trials are the waits that began beside a cached, older status, as jobs count
-- them, each attempt of a job once: only these could have read stale. The checks' own cases are no trials. A stale
-- read of a run that does not say how often it tried enters no rate and counts all the same. Expected ones, those of
-- another commit or workflow and those outside the window are counted apart. What happened before a fix landed is
-- counted by itself, and by runs, since the trials of one run share its fate.
-- needs: event_tallies
SELECT runs_kind, since_fix, bin, part, events, in_rate, blocking, trials, runs, bad_runs, blocked_runs, silent_jobs
FROM event_tallies
WHERE event = 'stale-read'
ORDER BY runs_kind ASC NULLS LAST, since_fix ASC NULLS LAST, part ASC NULLS LAST
