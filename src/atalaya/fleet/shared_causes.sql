-- Lists the causes of events and of incidents that several releases share, with how many releases of each subject.
-- Those of the most subjects come first, and no more than are asked for: in_all is how many there are.
WITH of_subject AS (
  SELECT
    cause, subject,
    COUNT(DISTINCT release) AS releases,
    MAX(CASE WHEN blocking THEN 1 ELSE 0 END) AS blocking,
    MIN(what) AS what, MIN(error) AS error, MIN(place) AS place, MIN(incident) AS incident
  FROM fleet_causes
  GROUP BY cause, subject
),
of_all AS (
  SELECT
    cause, COUNT(*) AS subjects, SUM(releases) AS releases, MAX(blocking) AS blocking,
    MIN(what) AS what, MIN(error) AS error, MIN(place) AS place, MIN(incident) AS incident
  FROM of_subject
  GROUP BY cause
),
ranked AS (
  SELECT
    cause, subjects, releases, blocking, what, error, place, incident,
    COUNT(*) OVER () AS in_all,
    ROW_NUMBER() OVER (
      ORDER BY subjects DESC NULLS LAST, releases DESC NULLS LAST, blocking DESC NULLS LAST, cause ASC NULLS LAST
    ) AS rank
  FROM of_all
  WHERE releases > 1
)
SELECT
  ranked.rank, ranked.in_all, ranked.cause, ranked.what, ranked.error, ranked.place, ranked.incident, ranked.blocking,
  CAST(ranked.releases AS BIGINT) AS releases, of_subject.subject, of_subject.releases AS of_subject
FROM ranked
INNER JOIN of_subject
  ON of_subject.cause = ranked.cause
WHERE ranked.rank <= CAST($most AS BIGINT)
ORDER BY ranked.rank ASC NULLS LAST, of_subject.subject ASC NULLS LAST
