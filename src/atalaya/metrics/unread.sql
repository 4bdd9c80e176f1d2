-- Counts the parts of CI's runs that could not be read: reports in artifacts and logs of failed jobs, each by its
-- newest reading. What another tool wrote, in a dialect that is not read, is no such part. Counts beside them the lines
-- of logs, of jobs or given by hand, that hold words of an error and that nobody could classify.
WITH readings_of_parts AS (
  SELECT
    file,
    status,
    reason,
    CASE WHEN outside_window = 1 THEN 0 ELSE COALESCE(unclassified, 0) END AS unclassified,
    ROW_NUMBER() OVER (
      PARTITION BY file, COALESCE(place, '')
      ORDER BY recorded_at DESC NULLS LAST, run_id ASC NULLS LAST, sha256 ASC NULLS LAST, status ASC NULLS LAST,
        reason ASC NULLS LAST
    ) AS nth
  FROM recorded_readings
),
newest AS (
  SELECT
    reason,
    unclassified,
    CASE WHEN SUBSTR(file, 1, 12) = 'github/runs/' AND status IN ('unreadable', 'declined') THEN 1 ELSE 0 END AS unread
  FROM readings_of_parts
  WHERE nth = 1
)
SELECT
  CAST(COALESCE(SUM(unread), 0) AS BIGINT) AS parts,
  MIN(CASE WHEN unread = 1 THEN reason END) AS reason,
  CAST(COALESCE(SUM(unclassified), 0) AS BIGINT) AS unclassified,
  MIN(CASE WHEN unclassified > 0 THEN reason END) AS unclassified_reason
FROM newest
