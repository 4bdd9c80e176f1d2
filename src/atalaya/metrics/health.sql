-- Lists what each run of Atalaya's own tells of the SDK's health, each attempt of a run once, oldest first: the waits of
-- its smoke, its retries, and whether the SDK could be imported and a client of it be built. Runs against a real
-- service are listed too: they are shown apart and decide nothing.
WITH told AS (
  SELECT
    environment, occurred_at, run_id, producer, attempt, python, start_error, clock, requests, retries, states, took_ms,
    ROW_NUMBER() OVER (
      PARTITION BY environment, run_id, producer, attempt
      ORDER BY
        recorded_at ASC NULLS LAST, start_error DESC NULLS LAST, retries DESC NULLS LAST, requests DESC NULLS LAST,
        occurred_at ASC NULLS LAST
    ) AS place
  FROM window_health_records
)
SELECT environment, occurred_at, python, start_error, clock, requests, retries, states, took_ms
FROM told
WHERE place = 1
ORDER BY
  occurred_at ASC NULLS LAST, run_id ASC NULLS LAST, producer ASC NULLS LAST, attempt ASC NULLS LAST,
  environment ASC NULLS LAST
