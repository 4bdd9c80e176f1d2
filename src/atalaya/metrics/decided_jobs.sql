-- Lists the jobs that were decided, each with its run and its end: what share their fate, and what can be compared.
-- needs: jobs
SELECT workflow, job, variant, run_id, succeeded
FROM jobs
WHERE decided = 1 AND of_another_commit = 0
ORDER BY workflow ASC NULLS LAST, job ASC NULLS LAST, variant ASC NULLS LAST, run_id ASC NULLS LAST
