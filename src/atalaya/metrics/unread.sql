-- Counts the parts of CI's runs that could not be read: reports in artifacts and logs of failed jobs, each by its
-- newest reading. What another tool wrote, in a dialect that is not read, is no such part.
WITH readings_of_parts AS (
  SELECT
    file,
    status,
    reason,
    ROW_NUMBER() OVER (
      PARTITION BY file
      ORDER BY recorded_at DESC NULLS LAST, run_id ASC NULLS LAST, sha256 ASC NULLS LAST
    ) AS place
  FROM readings
  WHERE SUBSTR(file, 1, 12) = 'github/runs/'
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND (environment = 'rehearsal') = $rehearsal
)
SELECT CAST(COUNT(*) AS BIGINT) AS parts, MIN(reason) AS reason
FROM readings_of_parts
WHERE place = 1
  AND status IN ('unreadable', 'declined')
