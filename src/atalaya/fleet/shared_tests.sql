-- Lists the tests that passed and failed on one commit in several releases, with how many releases of each subject.
-- Those of the most subjects come first, and no more than are asked for.
WITH of_subject AS (
  SELECT
    test, subject,
    COUNT(DISTINCT release) AS releases,
    MAX(CASE WHEN critical THEN 1 ELSE 0 END) AS critical
  FROM fleet_tests
  GROUP BY test, subject
),
of_all AS (
  SELECT test, COUNT(*) AS subjects, SUM(releases) AS releases, MAX(critical) AS critical
  FROM of_subject
  GROUP BY test
),
ranked AS (
  SELECT
    test, subjects, releases, critical,
    ROW_NUMBER() OVER (
      ORDER BY subjects DESC NULLS LAST, releases DESC NULLS LAST, critical DESC NULLS LAST, test ASC NULLS LAST
    ) AS place
  FROM of_all
  WHERE releases > 1
)
SELECT
  ranked.place, ranked.test, ranked.critical, CAST(ranked.releases AS BIGINT) AS releases, of_subject.subject,
  of_subject.releases AS of_subject
FROM ranked
INNER JOIN of_subject
  ON of_subject.test = ranked.test
WHERE ranked.place <= CAST($most AS BIGINT)
ORDER BY ranked.place ASC NULLS LAST, of_subject.subject ASC NULLS LAST
