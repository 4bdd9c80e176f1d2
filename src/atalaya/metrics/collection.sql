-- Says how the newest collection of what GitHub knows ended: its reading of the list of runs, which is read only if
-- the whole period was. None where GitHub was never asked.
WITH collections AS (
  SELECT
    status,
    reason,
    ROW_NUMBER() OVER (
      ORDER BY
        recorded_at DESC NULLS LAST, run_id ASC NULLS LAST, sha256 ASC NULLS LAST, status ASC NULLS LAST,
        reason ASC NULLS LAST
    ) AS place
  FROM readings
  WHERE file = $period
    AND recorded_at <= CAST($as_of AS TIMESTAMPTZ)
    AND (environment = 'rehearsal') = $rehearsal
)
SELECT status, reason
FROM collections
WHERE place = 1
ORDER BY status ASC NULLS LAST
