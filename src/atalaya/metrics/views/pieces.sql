-- Lists the files of test results by run and by what their records call them, and whether those count.
-- A piece of evidence is its run, its place and its bytes. Where nobody named the run, overlapping calls, calls at once
-- and merged branches make several of it: then the earliest reading counts, and no record of another does.
WITH readings_of_pieces AS (
  SELECT
    run_id, file || '@' || SUBSTR(sha256, 1, 12) AS origin,
    ROW_NUMBER() OVER (
      PARTITION BY
        environment,
        CASE WHEN SUBSTR(run_id, 1, 6) = 'files-' THEN '' ELSE run_id END,
        CASE WHEN COALESCE(place, '') = '' THEN file ELSE place END,
        sha256
      ORDER BY recorded_at ASC NULLS LAST, run_id ASC NULLS LAST, file ASC NULLS LAST
    ) AS nth
  FROM readings
)
SELECT run_id AS of_run, origin AS of_origin, MAX(CASE WHEN nth = 1 THEN 1 ELSE 0 END) AS taken
FROM readings_of_pieces
GROUP BY run_id, origin
