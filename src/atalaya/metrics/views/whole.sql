-- Lists the records of a kind that tell of a piece of evidence that counts, and those that are of no file.
-- A reading is written last. Where nobody named the run, a record without one was left by a writer that was killed: what
-- it tells is told again by the one that finishes.
SELECT {columns}, filename
FROM read_{records}
LEFT JOIN pieces
  ON pieces.of_run = run_id
  AND pieces.of_origin = origin
WHERE COALESCE(pieces.taken, CASE WHEN SUBSTR(run_id, 1, 6) = 'files-' THEN 0 ELSE 1 END) = 1
