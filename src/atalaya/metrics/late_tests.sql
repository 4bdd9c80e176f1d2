-- Counts the attempts of tests that tell of before an instant, and were written down after it.
SELECT CAST(COUNT(*) AS BIGINT) AS late
FROM window_test_attempts
WHERE environment <> 'service'
  AND occurred_at <= CAST($at AS TIMESTAMPTZ)
  AND recorded_at > CAST($at AS TIMESTAMPTZ)
