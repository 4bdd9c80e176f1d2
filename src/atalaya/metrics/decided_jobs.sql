-- Lists the jobs of CI that were decided, in the order in which they ended, each with its run and its end: what share
-- their fate, what can be compared, and how each variant is now. jobs.sql says what a job is, and which of its attempts
-- is its end.
-- needs: jobs
SELECT workflow, job, variant, run_id, succeeded, ended_at
FROM jobs
WHERE decided = 1 AND of_another_commit = 0
ORDER BY
  ended_at ASC NULLS LAST, workflow ASC NULLS LAST, job ASC NULLS LAST, variant ASC NULLS LAST, run_id ASC NULLS LAST
