-- Counts the checks of a promise that nobody makes, and those of them that took longer than ten seconds.
SELECT
  CAST(COUNT(*) AS BIGINT) AS trials,
  CAST(COUNT(*) FILTER (WHERE duration_s > 10) AS BIGINT) AS events
FROM counted_observations
WHERE promise = 'exports.made-up'
