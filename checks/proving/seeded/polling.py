"""Which small changes to the SDK break what it promises: polling?"""

from __future__ import annotations

from checks.proving.seeded.defect import EXPORTS, Defect, StandIn

_POLL = "status = self.get_export_status(export_id, use_get_cache=False)"

DEFECTS: tuple[Defect, ...] = (
    Defect("ready-not-terminal", "READY does not end a wait.", EXPORTS,
        '    "READY": ExportTerminalState.COMPLETED,\n', "",
        ("polling.created-to-ready", "polling.terminal-states", "polling.short-budget-polls-once",
         "polling.unknown-states-keep-waiting", "polling.overlapping-waits")),
    Defect("transport-error-for-timeout", "A wait that runs out of time raises TransportError.", EXPORTS,
        "                raise TimeoutError(\n                    f\"Export {export_id} was still",
        "                raise NotFoundError(code='TIMEOUT', message='late', details=None, trace_id=None, "
        "status_code=0)\n                raise TimeoutError(\n                    f\"Export {export_id} was still",
        ("polling.timeout-is-timeout-error", "polling.short-budget-polls-once")),
    Defect("gives-up-early", "The budget counts pauses that have not been made yet.", EXPORTS,
        "if time.monotonic() >= deadline:", "if time.monotonic() + interval >= deadline:",
        ("polling.timeout-is-timeout-error",)),
    Defect("polls-read-the-cache", "Polls read the cache like any other GET.", EXPORTS,
        _POLL, "status = self.get_export_status(export_id)",
        ("polling.fresh-status", "polling.overlapping-waits")),
    Defect("first-poll-reads-the-cache", "Only the first poll of a wait reads the cache.", EXPORTS,
        _POLL, "status = self.get_export_status(export_id, use_get_cache=attempt == 0)",
        ("polling.fresh-status", "polling.leaves-cache-entries-alone")),
    Defect("switch-off-and-back", "A wait turns the cache off and restores it in `finally`.", EXPORTS,
        _POLL,
        "cached, self.http.enable_get_cache = self.http.enable_get_cache, False\n"
        "                try:\n"
        "                    status = self.get_export_status(export_id)\n"
        "                finally:\n"
        "                    self.http.enable_get_cache = cached",
        ("polling.leaves-cache-flag-alone",)),
    Defect("switch-behind-setattr", "A wait turns the cache off where assignments cannot be trapped.", EXPORTS,
        _POLL,
        "cached = self.http.enable_get_cache\n"
        "                vars(self.http)['enable_get_cache'] = False\n"
        "                try:\n"
        "                    status = self.get_export_status(export_id)\n"
        "                finally:\n"
        "                    vars(self.http)['enable_get_cache'] = cached",
        ("polling.leaves-cache-flag-alone",)),
    Defect("wait-empties-the-cache", "A wait empties the cache to be sure of a fresh status.", EXPORTS,
        _POLL, "self.http.clear_cache()\n                " + _POLL,
        ("polling.leaves-cache-entries-alone",)),
    Defect("one-end-for-all-waits", "What ends one wait ends every other on its client.", EXPORTS,
        "outcome = OUTCOME_BY_STATE.get(state)",
        "outcome = vars(self.http)['_end'] = OUTCOME_BY_STATE.get(state) or vars(self.http).get('_end')",
        ("polling.overlapping-waits",)),
    Defect("error-not-terminal", "ERROR does not end a wait.", EXPORTS,
        '    "ERROR": ExportTerminalState.FAILED,\n', "", ("polling.terminal-states",)),
    Defect("capitals-only", "States are compared with their case.", EXPORTS,
        "state = status.status.upper()\n            outcome", "state = status.status\n            outcome",
        ("polling.terminal-states",)),
    Defect("unknown-state-fails", "A state that is not known counts as failed.", EXPORTS,
        "outcome = OUTCOME_BY_STATE.get(state)",
        'outcome = OUTCOME_BY_STATE.get(state, None if state in ("CREATED", "PROCESSING") else '
        "ExportTerminalState.FAILED)",
        ("polling.unknown-states-keep-waiting",)),
    Defect("missing-export-is-an-outcome", "A first 404 is returned instead of raised.", EXPORTS,
        "                if status is None:\n                    raise\n",
        "                if status is None:\n"
        "                    return ExportWaitResult(export_id, ExportTerminalState.NOT_FOUND, status)\n",
        ("polling.not-found-at-first-raises",)),
    Defect("later-404-raises", "An export that vanishes raises NotFoundError.", EXPORTS,
        "                if status is None:\n                    raise\n", "                raise\n",
        ("polling.not-found-later-is-expired",)),
    Defect("network-failure-swallowed", "A wait goes on over a dead network.", EXPORTS,
        "            except NotFoundError:\n                if status is None:",
        "            except Exception as error:\n"
        "                if not isinstance(error, NotFoundError) and status is not None:\n"
        "                    if time.monotonic() >= deadline:\n"
        "                        raise TimeoutError(export_id) from error\n"
        "                    time.sleep(interval)\n"
        "                    continue\n"
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.network-failure-ends-the-wait",)),
    Defect("no-floor", "An interval of zero is honoured.", EXPORTS,
        "interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)", "interval = max(0.01, poll_interval_sec)",
        ("polling.never-faster-than-200-ms",)),
    Defect("interval-doubles", "The interval grows with each poll.", EXPORTS,
        "            time.sleep(interval)\n", "            time.sleep(interval)\n            interval *= 1.5\n",
        ("polling.interval-is-kept",)),
    Defect("budget-begins-again", "The budget is counted from the newest poll.", EXPORTS,
        "            attempt += 1\n",
        "            attempt += 1\n            deadline = time.monotonic() + max(0.0, timeout_sec)\n",
        ("polling.budget-starts-with-the-wait", "polling.timeout-is-timeout-error")),
    Defect("one-poll-at-least-two", "A wait without a budget polls twice.", EXPORTS,
        "if time.monotonic() >= deadline:", "if attempt > 1 and time.monotonic() >= deadline:",
        ("polling.short-budget-polls-once",)),
    Defect("mute-timeout", "The time-out does not say which export.", EXPORTS,
        'f"Export {export_id} was still {status.status} after {timeout_sec} seconds"', '"The wait took too long"',
        ("polling.timeout-names-the-export",)),
    Defect("cancel-after-the-poll", "Cancellation is asked about only after a poll.", EXPORTS,
        "if cancel_check and cancel_check():", "if attempt and cancel_check and cancel_check():",
        ("polling.cancel-stops-the-wait",)),
    Defect("telemetry-misses-the-end", "The last poll of a wait is not told.", EXPORTS,
        'tell("export_poll_status", state, is_terminal=outcome is not None)',
        'outcome or tell("export_poll_status", state, is_terminal=False)',
        ("polling.telemetry-tells-each-poll",)),
)  # fmt: skip

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = ()
