-- Lists the events, each once, whichever report, log, artifact or segment tells of it and however often it was taken
-- in. Equal records within one segment are as many events as there are; across segments the largest count holds.
-- Records are equal where run, job, attempt, source and all that they say of the event are: not when it was written
-- down, nor which bytes a file of that name had. One line of the same bytes is one event whenever it is read: where it
-- tells no time, that of recording stands for it. A record from before jobs were named is that of the job whose record
-- tells of the same line. The log, the report and the artifact of one attempt of a job tell of one event if they say
-- the same: within a source equal records are as many events as there are, across the sources the largest count holds.
-- The number of times that a log adds to a line, white space and capitals are no difference. Two reports of one
-- attempt tell of one event only if they name the same place as well. Of those that tell of one event the earliest
-- record stands for it, so that an earlier instant sees the same.
WITH named AS (
  SELECT
    {columns}, filename AS segment,
    regexp_replace(origin, '@[0-9a-f]+\z', '') AS path,
    CASE
      WHEN line IS NOT NULL AND origin LIKE '%@%'
        THEN MIN(occurred_at) OVER (PARTITION BY run_id, environment, event, origin, line, message)
      ELSE occurred_at
    END AS told_at,
    CASE
      WHEN line IS NULL OR COALESCE(job, '') <> '' THEN NULL
      ELSE MAX(job) OVER (PARTITION BY run_id, environment, event, origin, line, message)
    END AS job_of_line,
    CASE
      WHEN line IS NULL OR COALESCE(job, '') <> '' THEN NULL
      ELSE MAX(workflow) OVER (PARTITION BY run_id, environment, event, origin, line, message)
    END AS workflow_of_line,
    CASE
      WHEN line IS NULL OR COALESCE(job, '') <> '' THEN NULL
      ELSE MAX(attempt) OVER (PARTITION BY run_id, environment, event, origin, line, message)
    END AS attempt_of_line,
    CASE
      WHEN line IS NULL OR COALESCE("commit", '') <> '' THEN NULL
      ELSE MAX("commit") OVER (PARTITION BY run_id, environment, event, origin, line, message)
    END AS commit_of_line,
    regexp_replace(
      regexp_replace(
        regexp_replace(lower(translate(message, 'İΣ', 'iσ')), '\([0-9]+ times\)[ \t\n\f\r]*\z', ''),
        '[ \t\n\f\r]+', ' ', 'g'
      ),
      '^ | ?[.]? ?\z', '', 'g'
    ) AS says,
    CASE
      WHEN COALESCE(quote, '') <> '' OR regexp_replace(origin, '@[0-9a-f]+\z', '') LIKE '%.log' THEN 'log'
      WHEN regexp_replace(origin, '@[0-9a-f]+\z', '') LIKE '%log.txt' THEN 'log'
      WHEN origin LIKE '%/artifacts/%' THEN 'artifact'
      ELSE 'report'
    END AS source
  FROM told_events
),
keyed AS (
  SELECT
    {columns}, segment, path, says, source,
    COALESCE(workflow_of_line, workflow, '') AS of_workflow,
    COALESCE(job_of_line, job, '') AS of_job,
    COALESCE(attempt_of_line, attempt, 1) AS of_attempt,
    COALESCE(commit_of_line, "commit", '') AS of_commit,
    DENSE_RANK() OVER (
      PARTITION BY run_id
      ORDER BY environment ASC NULLS LAST, event ASC NULLS LAST, expected ASC NULLS LAST,
        blocking ASC NULLS LAST, place ASC NULLS LAST, message ASC NULLS LAST, path ASC NULLS LAST,
        line ASC NULLS LAST, told_at ASC NULLS LAST, COALESCE(workflow_of_line, workflow, '') ASC NULLS LAST,
        COALESCE(job_of_line, job, '') ASC NULLS LAST, COALESCE(attempt_of_line, attempt, 1) ASC NULLS LAST,
        COALESCE(commit_of_line, "commit", '') ASC NULLS LAST
    ) AS record
  FROM named
),
copies AS (
  SELECT
    {columns}, segment, path, says, source, of_workflow, of_job, of_attempt, of_commit, record,
    ROW_NUMBER() OVER (
      PARTITION BY run_id, record, segment
      ORDER BY recorded_at ASC NULLS LAST, occurred_at ASC NULLS LAST, quote ASC NULLS LAST
    ) AS copy
  FROM keyed
),
first_told AS (
  SELECT
    {columns}, segment, path, says, source, of_workflow, of_job, of_attempt, of_commit, record, copy,
    ROW_NUMBER() OVER (
      PARTITION BY run_id, record, copy ORDER BY recorded_at ASC NULLS LAST, segment ASC NULLS LAST
    ) AS teller
  FROM copies
),
alike AS (
  SELECT
    {columns}, path, source, record, copy,
    DENSE_RANK() OVER (
      PARTITION BY run_id
      ORDER BY environment ASC NULLS LAST, event ASC NULLS LAST, expected ASC NULLS LAST,
        blocking ASC NULLS LAST, of_workflow ASC NULLS LAST, of_job ASC NULLS LAST, of_attempt ASC NULLS LAST,
        of_commit ASC NULLS LAST, says ASC NULLS LAST,
        CASE WHEN of_job = '' OR says = '' THEN record END ASC NULLS LAST,
        CASE WHEN of_job = '' OR says = '' THEN copy END ASC NULLS LAST
    ) AS same
  FROM first_told
  WHERE teller = 1
),
by_file AS (
  SELECT
    {columns}, path, source, same, record, copy,
    ROW_NUMBER() OVER (
      PARTITION BY run_id, same, source, place, path
      ORDER BY recorded_at ASC NULLS LAST, record ASC NULLS LAST, copy ASC NULLS LAST
    ) AS nth_of_file
  FROM alike
),
by_place AS (
  SELECT
    {columns}, source, same, record, copy,
    ROW_NUMBER() OVER (
      PARTITION BY run_id, same, source, place, nth_of_file
      ORDER BY recorded_at ASC NULLS LAST, record ASC NULLS LAST, copy ASC NULLS LAST
    ) AS file
  FROM by_file
),
by_source AS (
  SELECT
    {columns}, same, record, copy,
    ROW_NUMBER() OVER (
      PARTITION BY run_id, same, source
      ORDER BY recorded_at ASC NULLS LAST, record ASC NULLS LAST, copy ASC NULLS LAST
    ) AS nth
  FROM by_place
  WHERE file = 1
),
told_once AS (
  SELECT
    {columns},
    ROW_NUMBER() OVER (
      PARTITION BY run_id, same, nth
      ORDER BY recorded_at ASC NULLS LAST, record ASC NULLS LAST, copy ASC NULLS LAST
    ) AS place_of_nth
  FROM by_source
)
SELECT {columns}
FROM told_once
WHERE place_of_nth = 1
