-- Lists the tests that passed and failed on one commit in several releases, with how many releases of each subject.
-- Those of the most subjects come first, and no more than are asked for: in_all is how many there are.
WITH of_subject AS (
  SELECT
    id, subject,
    MIN(test) AS test,
    COUNT(DISTINCT release) AS releases,
    MAX(CASE WHEN critical THEN 1 ELSE 0 END) AS critical
  FROM fleet_tests
  GROUP BY id, subject
),
of_all AS (
  SELECT id, MIN(test) AS test, COUNT(*) AS subjects, SUM(releases) AS releases, MAX(critical) AS critical
  FROM of_subject
  GROUP BY id
),
ranked AS (
  SELECT
    id, test, subjects, releases, critical,
    COUNT(*) OVER () AS in_all,
    ROW_NUMBER() OVER (
      ORDER BY
        subjects DESC NULLS LAST, releases DESC NULLS LAST, critical DESC NULLS LAST, test ASC NULLS LAST,
        id ASC NULLS LAST
    ) AS place
  FROM of_all
  WHERE releases > 1
)
SELECT
  ranked.place, ranked.in_all, ranked.test, ranked.critical, CAST(ranked.releases AS BIGINT) AS releases,
  of_subject.subject, of_subject.releases AS of_subject
FROM ranked
INNER JOIN of_subject
  ON of_subject.id = ranked.id
WHERE ranked.place <= CAST($most AS BIGINT)
ORDER BY ranked.place ASC NULLS LAST, of_subject.subject ASC NULLS LAST
