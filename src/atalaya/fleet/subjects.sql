-- Counts the releases of each subject by their word, with their open incidents.
SELECT
  subject, word,
  COUNT(*) AS releases,
  CAST(SUM(open_incidents) AS BIGINT) AS open_incidents
FROM fleet_releases
GROUP BY subject, word
ORDER BY subject ASC NULLS LAST, word ASC NULLS LAST
