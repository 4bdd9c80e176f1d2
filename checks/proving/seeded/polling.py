"""Which small changes to the SDK break what it promises: polling?"""

from __future__ import annotations

from checks.proving.seeded.defect import EXPORTS, Defect, StandIn

MODELS = "models_exports.py"

_POLL = "status = self.get_export_status(export_id, use_get_cache=False)"
_STATE = "state = status.status.upper()\n            outcome"
_OUTCOME = "outcome = OUTCOME_BY_STATE.get(state)"
_RESULT = "return ExportWaitResult(export_id, outcome, status)"
_GONE = "return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)"
_MISSING = "                if status is None:\n                    raise\n"
_CAUGHT = "            except NotFoundError:\n                if status is None:"
_CANCEL = "if cancel_check and cancel_check():"
_CANCELLED = 'raise TimeoutError(f"The wait for export {export_id} was cancelled")'
_TELL = 'tell("export_poll_status", state, is_terminal=outcome is not None)'
_LATE = "if time.monotonic() >= deadline:"
_TELL_LATE = 'tell("export_poll_timeout", state, is_terminal=True)'
_TEXT = 'f"Export {export_id} was still {status.status} after {timeout_sec} seconds"'
_PAUSE = "            time.sleep(interval)\n"
_INTERVAL = "interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec)"
_BUDGET = "deadline = start + max(0.0, timeout_sec)"
_UNTIL_READY = """        return self.wait_for_export_ready(
            export_id, timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds
        ).status"""


def _forgiving(which: str) -> str:
    """What a wait does that goes on after these errors, until its budget is spent."""
    return (
        "            except Exception as error:\n"
        f"                if ({which}) and time.monotonic() < deadline:\n"
        "                    time.sleep(interval)\n"
        "                    continue\n"
        "                if not isinstance(error, NotFoundError) or status is None:"
    )


DEFECTS: tuple[Defect, ...] = (
    # ── how it ends ──
    Defect(
        "ready-not-terminal",
        "READY does not end a wait.",
        EXPORTS,
        '    "READY": ExportTerminalState.COMPLETED,\n',
        "",
        ("polling.created-to-ready", "polling.terminal-states"),
    ),
    Defect(
        "error-not-terminal",
        "ERROR does not end a wait.",
        EXPORTS,
        '    "ERROR": ExportTerminalState.FAILED,\n',
        "",
        ("polling.terminal-states",),
    ),
    Defect(
        "expired-is-failed",
        "EXPIRED is reported as FAILED.",
        EXPORTS,
        '"EXPIRED": ExportTerminalState.EXPIRED',
        '"EXPIRED": ExportTerminalState.FAILED',
        ("polling.terminal-states",),
    ),
    Defect(
        "capitals-only",
        "States are compared with their case.",
        EXPORTS,
        _STATE,
        "state = status.status\n            outcome",
        ("polling.terminal-states", "polling.telemetry-has-its-keys"),
    ),
    Defect(
        "all-small-or-all-capitals",
        "A state in mixed case is not known.",
        EXPORTS,
        _OUTCOME,
        "outcome = OUTCOME_BY_STATE.get(state) if status.status in (state, state.lower()) else None",
        ("polling.terminal-states",),
    ),
    Defect(
        "failed-raises",
        "A wait for an export that failed raises instead of returning.",
        EXPORTS,
        _RESULT,
        "if outcome is ExportTerminalState.FAILED:\n"
        "                    raise RuntimeError(state)\n"
        f"                {_RESULT}",
        ("polling.terminal-states",),
    ),
    Defect(
        "looks-once-more",
        "A wait fetches the status once more when it has seen the end.",
        EXPORTS,
        _RESULT,
        "return ExportWaitResult(export_id, outcome, self.get_export_status(export_id))",
        ("polling.terminal-states", "polling.fresh-status", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "unknown-state-fails",
        "A state that is not known counts as failed.",
        EXPORTS,
        _OUTCOME,
        'outcome = OUTCOME_BY_STATE.get(state, None if state in ("CREATED", "PROCESSING") else '
        "ExportTerminalState.FAILED)",
        ("polling.unknown-states-keep-waiting",),
    ),
    Defect(
        "stray-spaces-dropped",
        "A state is stripped before it is compared.",
        EXPORTS,
        _STATE,
        "state = status.status.strip().upper()\n            outcome",
        ("polling.unknown-states-keep-waiting",),
    ),
    Defect(
        "ready-as-a-prefix",
        "A state that begins with READY is taken for it.",
        EXPORTS,
        _OUTCOME,
        'outcome = OUTCOME_BY_STATE.get("READY" if state.startswith("READY") else state)',
        ("polling.unknown-states-keep-waiting",),
    ),
    Defect(
        "outcome-is-a-text",
        "The outcome is a mere text.",
        EXPORTS,
        _RESULT,
        "return ExportWaitResult(export_id, outcome.value, status)",
        ("polling.outcome-is-a-str-enum",),
    ),
    Defect(
        "outcome-is-no-text",
        "The outcome's enum is none of texts.",
        MODELS,
        "class ExportTerminalState(str, Enum):",
        "class ExportTerminalState(Enum):",
        ("polling.outcome-is-a-str-enum",),
    ),
    Defect(
        "result-named-by-the-service",
        "The result names the export as the service does.",
        EXPORTS,
        _RESULT,
        "return ExportWaitResult(status.export_id, outcome, status)",
        ("polling.result-is-as-asked",),
    ),
    Defect(
        "result-holds-the-first-status",
        "The result holds the first status that was seen.",
        EXPORTS,
        f"            attempt += 1\n            {_STATE[:-7]}{_OUTCOME}\n",
        f"            attempt += 1\n            {_STATE[:-7]}{_OUTCOME}\n"
        "            first = status if attempt == 1 else first\n"
        "            status = first if outcome else status\n",
        ("polling.result-is-as-asked",),
    ),
    Defect(
        "missing-export-is-an-outcome",
        "A first 404 is returned instead of raised.",
        EXPORTS,
        _MISSING,
        "                if status is None:\n"
        "                    return ExportWaitResult(export_id, ExportTerminalState.NOT_FOUND, status)\n",
        ("polling.not-found-at-first-raises",),
    ),
    Defect(
        "first-404-forgiven",
        "A first 404 is asked about once more.",
        EXPORTS,
        _MISSING,
        "                if status is None and time.monotonic() < min(start + interval / 2, deadline):\n"
        "                    time.sleep(interval)\n"
        "                    continue\n" + _MISSING,
        ("polling.not-found-at-first-raises",),
    ),
    Defect(
        "later-404-raises",
        "An export that vanishes raises NotFoundError.",
        EXPORTS,
        _MISSING,
        "                raise\n",
        ("polling.not-found-later-is-expired",),
    ),
    Defect(
        "later-404-is-not-found",
        "An export that vanishes ends the wait with NOT_FOUND.",
        EXPORTS,
        _GONE,
        "return ExportWaitResult(export_id, ExportTerminalState.NOT_FOUND, status)",
        ("polling.not-found-later-is-expired",),
    ),
    Defect(
        "later-404-loses-the-status",
        "The result for an export that vanishes holds no status.",
        EXPORTS,
        _GONE,
        "return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, None)",
        ("polling.not-found-later-is-expired",),
    ),
    Defect(
        "network-failure-swallowed",
        "A wait goes on over a dead network.",
        EXPORTS,
        "            except NotFoundError:\n                if status is None:",
        "            except Exception as error:\n"
        "                if getattr(error, 'status_code', None) == 0 and status is not None:\n"
        "                    if time.monotonic() >= deadline:\n"
        "                        raise TimeoutError(export_id) from error\n"
        "                    time.sleep(interval)\n"
        "                    continue\n"
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.network-failure-ends-the-wait",),
    ),
    Defect(
        "one-network-failure-forgiven",
        "A wait asks once more after a network failure.",
        EXPORTS,
        _POLL,
        "try:\n"
        "                    " + _POLL + "\n"
        "                except Exception as error:\n"
        "                    if getattr(error, 'status_code', None) != 0 or attempt == 0:\n"
        "                        raise\n"
        "                    " + _POLL,
        ("polling.network-failure-ends-the-wait",),
    ),
    Defect(
        "network-failure-is-a-timeout",
        "A wait reports a dead network as a time-out.",
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        "                if getattr(error, 'status_code', None) == 0:\n"
        "                    raise TimeoutError(str(error)) from error\n"
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.timeout-is-timeout-error", "polling.network-failure-ends-the-wait"),
    ),
    Defect(
        "rate-limit-waited-out",
        "A wait goes on when it is told that it asks too often.",
        EXPORTS,
        _CAUGHT,
        _forgiving("getattr(error, 'status_code', 0) == 429"),
        ("polling.errors-end-the-wait",),
    ),
    Defect(
        "failing-service-waited-out",
        "A wait goes on over a service that fails.",
        EXPORTS,
        _CAUGHT,
        _forgiving("getattr(error, 'status_code', 0) >= 500"),
        ("polling.errors-end-the-wait", "polling.polls-are-retried"),
    ),
    Defect(
        "forbidden-is-expired",
        "A 403 after an answered poll counts as expired.",
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        "                if status is None or getattr(error, 'status_code', 0) not in (403, 404):",
        ("polling.errors-end-the-wait",),
    ),
    Defect(
        "errors-become-runtime-errors",
        "A wait wraps the errors of its polls.",
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        "                told = getattr(error, 'status_code', 0)\n"
        "                if told >= 400 and told != 404:\n"
        "                    raise RuntimeError(f'export {export_id}: {error}') from error\n"
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.errors-end-the-wait", "polling.polls-are-retried"),
    ),
    Defect(
        "malformed-is-pending",
        "A wait reads past an answer that is no status.",
        EXPORTS,
        _CAUGHT,
        _forgiving("isinstance(error, ValueError)"),
        ("polling.malformed-answers-end-the-wait",),
    ),
    Defect(
        "polls-not-retried",
        "A poll is made on a client without retries.",
        EXPORTS,
        _POLL,
        "once = replace(self.http, config=replace(self.http.config, retries=0))\n"
        "                status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)",
        ("polling.polls-are-retried",),
    ),
    Defect(
        "later-polls-not-retried",
        "Only the first poll of a wait is retried.",
        EXPORTS,
        _POLL,
        "once = replace(self.http, config=replace(self.http.config, retries=0)) if attempt else self.http\n"
        "                status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)",
        ("polling.polls-are-retried",),
    ),
    # ── what it asks ──
    Defect(
        "polls-without-tenant",
        "A poll leaves the tenant out.",
        EXPORTS,
        _POLL,
        "status = replace(self, tenant_id=None).get_export_status(export_id, use_get_cache=False)",
        ("polling.polls-are-status-requests",),
    ),
    Defect(
        "polls-carry-a-number",
        "A poll carries a query, so that no proxy answers it.",
        EXPORTS,
        _POLL,
        "status = ExportStatus.model_validate(self._request(\n"
        "                    'GET', _path(export_id), params={'_': attempt}, use_get_cache=False))",
        ("polling.polls-are-status-requests",),
    ),
    Defect(
        "until-ready-raises",
        "wait_until_ready raises for an export that failed.",
        EXPORTS,
        _UNTIL_READY,
        _UNTIL_READY.replace("return self", "result = self").replace("        ).status", "        )") + "\n"
        "        if result.outcome is ExportTerminalState.FAILED:\n"
        "            raise RuntimeError(export_id)\n"
        "        return result.status",
        ("polling.wait-until-ready-is-the-same-wait",),
    ),
    Defect(
        "until-ready-looks-once-more",
        "wait_until_ready fetches the status once more.",
        EXPORTS,
        _UNTIL_READY,
        _UNTIL_READY.replace("return self", "self").replace(").status", ")") + "\n"
        "        return self.get_export_status(export_id)",
        ("polling.wait-until-ready-is-the-same-wait",),
    ),
    Defect(
        "until-ready-has-its-own-budget",
        "wait_until_ready does not pass its budget on.",
        EXPORTS,
        "timeout_sec=timeout_seconds, ",
        "",
        ("polling.wait-until-ready-is-the-same-wait",),
    ),
    Defect(
        "until-ready-swaps-its-arguments",
        "wait_until_ready mixes up its budget and its interval.",
        EXPORTS,
        "timeout_sec=timeout_seconds, poll_interval_sec=poll_interval_seconds",
        "timeout_sec=poll_interval_seconds, poll_interval_sec=timeout_seconds",
        ("polling.wait-until-ready-is-the-same-wait", "polling.defaults"),
    ),
    Defect(
        "default-budget-of-a-minute",
        "A wait has a minute, if nothing is said.",
        EXPORTS,
        "timeout_sec: float = 30.0",
        "timeout_sec: float = 60.0",
        ("polling.defaults",),
    ),
    Defect(
        "default-interval-of-a-second",
        "A wait polls every second, if nothing is said.",
        EXPORTS,
        "poll_interval_sec: float = 2.0",
        "poll_interval_sec: float = 1.0",
        ("polling.defaults",),
    ),
    Defect(
        "until-ready-has-a-minute",
        "wait_until_ready has a minute, if nothing is said.",
        EXPORTS,
        "timeout_seconds: float = 30.0",
        "timeout_seconds: float = 60.0",
        ("polling.defaults",),
    ),
    # ── how it keeps time ──
    Defect(
        "transport-error-for-timeout",
        "A wait that runs out of time raises an error of the SDK's.",
        EXPORTS,
        '                raise TimeoutError(\n                    f"Export {export_id} was still',
        "                raise NotFoundError(code='TIMEOUT', message='late', details=None, trace_id=None, "
        'status_code=0)\n                raise TimeoutError(\n                    f"Export {export_id} was still',
        ("polling.timeout-is-timeout-error",),
    ),
    Defect(
        "timeout-is-returned",
        "A wait that runs out of time returns its last status as failed.",
        EXPORTS,
        '                raise TimeoutError(\n                    f"Export {export_id} was still',
        "                return ExportWaitResult(export_id, ExportTerminalState.FAILED, status)\n"
        '                raise TimeoutError(\n                    f"Export {export_id} was still',
        ("polling.timeout-is-timeout-error",),
    ),
    Defect(
        "gives-up-early",
        "The budget counts pauses that have not been made yet.",
        EXPORTS,
        _LATE,
        "if time.monotonic() + interval >= deadline:",
        ("polling.timeout-is-timeout-error",),
    ),
    Defect(
        "mute-timeout",
        "The time-out does not say which export.",
        EXPORTS,
        _TEXT,
        '"The wait took too long"',
        ("polling.timeout-names-the-export",),
    ),
    Defect(
        "timeout-names-created",
        "The time-out names CREATED, whatever the status was.",
        EXPORTS,
        _TEXT,
        'f"Export {export_id} was still CREATED after {timeout_sec} seconds"',
        ("polling.timeout-names-the-export",),
    ),
    Defect(
        "no-floor",
        "An interval of zero is honoured.",
        EXPORTS,
        _INTERVAL,
        "interval = max(0.01, poll_interval_sec)",
        ("polling.never-faster-than-200-ms",),
    ),
    Defect(
        "floor-of-100-ms",
        "Polls may be 0.1 s apart.",
        EXPORTS,
        "MIN_POLL_INTERVAL_SECONDS = 0.2",
        "MIN_POLL_INTERVAL_SECONDS = 0.1",
        ("polling.never-faster-than-200-ms",),
    ),
    Defect(
        "floor-of-half-a-second",
        "Polls are half a second apart at least.",
        EXPORTS,
        "MIN_POLL_INTERVAL_SECONDS = 0.2",
        "MIN_POLL_INTERVAL_SECONDS = 0.5",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "no-interval-is-the-default",
        "An interval of zero counts as not given.",
        EXPORTS,
        _INTERVAL,
        "interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec or 2.0)",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "interval-doubles",
        "The interval grows with each poll.",
        EXPORTS,
        _PAUSE,
        _PAUSE + "            interval *= 1.5\n",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "interval-creeps",
        "The interval grows by a twentieth with each poll.",
        EXPORTS,
        _PAUSE,
        _PAUSE + "            interval *= 1.05\n",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "interval-halved",
        "Polls come twice as often as asked.",
        EXPORTS,
        _INTERVAL,
        "interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec / 2)",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "interval-doubled",
        "Polls come half as often as asked.",
        EXPORTS,
        _INTERVAL,
        "interval = max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec) * 2",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "interval-capped",
        "An interval is ten seconds at most.",
        EXPORTS,
        _INTERVAL,
        "interval = min(max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec), 10.0)",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "jitter-downwards",
        "A pause may be a fifth shorter than asked.",
        EXPORTS,
        _PAUSE,
        "            time.sleep(max(0.2, interval * __import__('random').uniform(0.8, 1.0)))\n",
        ("polling.interval-is-kept",),
    ),
    Defect(
        "budget-begins-again",
        "The budget is counted from the newest poll.",
        EXPORTS,
        "            attempt += 1\n",
        f"            attempt += 1\n            {_BUDGET.replace('start', 'time.monotonic()')}\n",
        ("polling.budget-starts-with-the-wait", "polling.timeout-is-timeout-error"),
    ),
    Defect(
        "budget-counts-pauses",
        "Only pauses count against the budget.",
        EXPORTS,
        _LATE,
        "if (attempt - 1) * interval >= max(0.0, timeout_sec) - 1e-9:",
        ("polling.budget-starts-with-the-wait",),
    ),
    Defect(
        "budget-capped",
        "A budget is two minutes at most.",
        EXPORTS,
        _BUDGET,
        "deadline = start + min(max(0.0, timeout_sec), 120.0)",
        ("polling.budget-starts-with-the-wait",),
    ),
    Defect(
        "pause-before-the-first-poll",
        "A wait begins with a pause.",
        EXPORTS,
        _BUDGET,
        f"{_BUDGET}\n        time.sleep(max(MIN_POLL_INTERVAL_SECONDS, poll_interval_sec))",
        ("polling.first-poll-is-not-late",),
    ),
    Defect(
        "pause-before-the-end",
        "A wait that has seen the end pauses once more.",
        EXPORTS,
        _RESULT,
        f"time.sleep(interval)\n                {_RESULT}",
        ("polling.terminal-states",),
    ),
    Defect(
        "pause-before-an-error",
        "A wait pauses once more before it raises.",
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        "                time.sleep(interval)\n"
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.errors-end-the-wait", "polling.network-failure-ends-the-wait"),
    ),
    Defect(
        "last-pause-without-a-look",
        "A wait that runs out of time in a pause does not look again.",
        EXPORTS,
        _PAUSE,
        _PAUSE + f"            {_LATE}\n                {_TELL_LATE}\n                raise TimeoutError({_TEXT})\n",
        ("polling.last-poll-is-not-early",),
    ),
    Defect(
        "one-poll-at-least-two",
        "A wait without a budget polls twice.",
        EXPORTS,
        _LATE,
        f"if attempt > 1 and {_LATE[3:]}",
        ("polling.short-budget-polls-once",),
    ),
    Defect(
        "no-budget-no-poll",
        "A wait without a budget does not poll.",
        EXPORTS,
        "        while True:\n            if cancel_check",
        "        if timeout_sec <= 0:\n            raise TimeoutError(export_id)\n"
        "        while True:\n            if cancel_check",
        ("polling.short-budget-polls-once",),
    ),
    Defect(
        "late-ready-is-late",
        "An export that is READY when the budget is spent is reported as late.",
        EXPORTS,
        "            if outcome is not None:\n",
        "            if outcome is not None and time.monotonic() < deadline:\n",
        ("polling.short-budget-polls-once",),
    ),
    # ── the cache ──
    Defect(
        "polls-read-the-cache",
        "Polls read the cache like any other GET.",
        EXPORTS,
        _POLL,
        "status = self.get_export_status(export_id)",
        ("polling.fresh-status", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "first-poll-reads-the-cache",
        "Only the first poll of a wait reads the cache.",
        EXPORTS,
        _POLL,
        "status = self.get_export_status(export_id, use_get_cache=attempt == 0)",
        ("polling.fresh-status", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "second-poll-reads-the-cache",
        "The second poll of a wait reads the cache.",
        EXPORTS,
        _POLL,
        "status = self.get_export_status(export_id, use_get_cache=attempt == 1)",
        ("polling.fresh-status", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "wait-empties-the-cache",
        "A wait empties the cache to be sure of a fresh status.",
        EXPORTS,
        _POLL,
        "self.http.clear_cache()\n                " + _POLL,
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "wait-drops-its-entry",
        "A wait drops the export's cached answer when it has seen the end.",
        EXPORTS,
        _RESULT,
        f"self.http._invalidate([_path(export_id)])\n                {_RESULT}",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "timeout-drops-the-entry",
        "A time-out drops the export's cached answer.",
        EXPORTS,
        _TELL_LATE,
        f"{_TELL_LATE}\n                self.http._invalidate([_path(export_id)])",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "poll-renews-the-entry",
        "A poll drops the cached answer and reads through the cache.",
        EXPORTS,
        _POLL,
        "self.http._invalidate([_path(export_id)])\n                status = self.get_export_status(export_id)",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "wait-drops-the-lists",
        "A wait that has seen the end drops the cached lists.",
        EXPORTS,
        _RESULT,
        "for key in [key for key in self.http._cache if EXPORTS_PATH + '\"' in key]:\n"
        f"                    self.http._cache.pop(key, None)\n                {_RESULT}",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "gone-empties-the-cache",
        "An export that vanishes empties the cache.",
        EXPORTS,
        _GONE,
        f"self.http.clear_cache()\n                {_GONE}",
        ("polling.leaves-cache-entries-alone",),
    ),
    Defect(
        "switch-off-and-back",
        "A poll turns the cache off and restores it in `finally`.",
        EXPORTS,
        _POLL,
        "cached, self.http.enable_get_cache = self.http.enable_get_cache, False\n"
        "                try:\n"
        "                    status = self.get_export_status(export_id)\n"
        "                finally:\n"
        "                    self.http.enable_get_cache = cached",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "switch-behind-setattr",
        "A poll turns the cache off where assignments cannot be trapped.",
        EXPORTS,
        _POLL,
        "cached = self.http.enable_get_cache\n"
        "                vars(self.http)['enable_get_cache'] = False\n"
        "                try:\n"
        "                    status = self.get_export_status(export_id)\n"
        "                finally:\n"
        "                    vars(self.http)['enable_get_cache'] = cached",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "switch-back-on-success-only",
        "A poll that fails leaves the cache off.",
        EXPORTS,
        _POLL,
        "cached = self.http.enable_get_cache\n"
        "                object.__setattr__(self.http, 'enable_get_cache', False)\n"
        "                status = self.get_export_status(export_id)\n"
        "                object.__setattr__(self.http, 'enable_get_cache', cached)",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "switch-off-for-the-wait",
        "The cache is off from the start of a wait to its end.",
        EXPORTS,
        "        while True:\n            if cancel_check",
        "        before = self.http.enable_get_cache\n"
        "        vars(self.http)['enable_get_cache'] = False\n"
        "        self = __import__('copy').copy(self)\n"
        "        self.__class__ = type('Restoring', (type(self),), {'__del__': lambda me, http=self.http: "
        "vars(http).update(enable_get_cache=before)})\n"
        "        while True:\n            if cancel_check",
        ("polling.leaves-cache-flag-alone", "polling.leaves-cache-entries-alone"),
    ),
    Defect(
        "switch-on-after-a-timeout",
        "A time-out turns the cache on, whatever it was.",
        EXPORTS,
        _TELL_LATE,
        f"{_TELL_LATE}\n                self.http.enable_get_cache = True",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "switch-assigned-to-itself",
        "A wait assigns the cache switch its own value.",
        EXPORTS,
        _BUDGET,
        f"{_BUDGET}\n        self.http.enable_get_cache = bool(self.http.enable_get_cache)",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "switch-off-when-cancelled",
        "A cancelled wait leaves the cache off.",
        EXPORTS,
        _CANCELLED,
        f"vars(self.http)['enable_get_cache'] = False\n                {_CANCELLED}",
        ("polling.leaves-cache-flag-alone",),
    ),
    Defect(
        "one-end-for-all-waits",
        "What ends one wait ends every other that its client has under way.",
        EXPORTS,
        _OUTCOME,
        f"{_OUTCOME}\n"
        "            if outcome:\n"
        "                vars(self.http)['_end'] = (time.monotonic(), outcome)\n"
        "            ended_at, end = vars(self.http).get('_end', (0.0, None))\n"
        "            outcome = outcome or (end if ended_at > start else None)",
        ("polling.overlapping-waits",),
    ),
    Defect(
        "one-deadline-for-all-waits",
        "Waits at once on one client share the nearest deadline.",
        EXPORTS,
        _LATE,
        "nearest = vars(self.http).setdefault('_deadlines', {})\n"
        "            nearest[export_id] = deadline\n"
        "            if time.monotonic() >= min(at for at in nearest.values() if at > start):",
        ("polling.overlapping-waits",),
    ),
    # ── cancelling ──
    Defect(
        "cancel-after-the-poll",
        "Cancellation is asked about only after a poll.",
        EXPORTS,
        _CANCEL,
        "if attempt and cancel_check and cancel_check():",
        ("polling.cancel-stops-the-wait",),
    ),
    Defect(
        "cancel-every-other-round",
        "Cancellation is asked about in every other round.",
        EXPORTS,
        _CANCEL,
        "if cancel_check and attempt % 2 == 0 and cancel_check():",
        ("polling.cancel-stops-the-wait",),
    ),
    Defect(
        "cancel-returns",
        "A cancelled wait returns what it has seen.",
        EXPORTS,
        _CANCELLED,
        "return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, status)",
        ("polling.cancel-stops-the-wait",),
    ),
    Defect(
        "cancel-interrupts",
        "A cancelled wait raises InterruptedError.",
        EXPORTS,
        _CANCELLED,
        _CANCELLED.replace("TimeoutError", "InterruptedError"),
        ("polling.cancel-stops-the-wait",),
    ),
    Defect(
        "cancel-asked-twice",
        "The cancel check is asked twice in each round.",
        EXPORTS,
        _CANCEL,
        "if cancel_check and (cancel_check() or cancel_check()):",
        ("polling.cancel-is-asked-once-a-round",),
    ),
    Defect(
        "cancel-asked-before-the-pause-too",
        "The cancel check is asked before each pause too.",
        EXPORTS,
        _PAUSE,
        f"            {_CANCEL}\n                {_CANCELLED}\n" + _PAUSE,
        ("polling.cancel-is-asked-once-a-round",),
    ),
    Defect(
        "cancel-says-late",
        "A cancelled wait says that it took too long.",
        EXPORTS,
        '"The wait for export {export_id} was cancelled"',
        '"The wait for export {export_id} took too long"',
        ("polling.cancel-says-so",),
    ),
    Defect(
        "cancel-names-nothing",
        "A cancelled wait does not say which export.",
        EXPORTS,
        'f"The wait for export {export_id} was cancelled"',
        '"The wait was cancelled"',
        ("polling.cancel-says-so",),
    ),
    # ── telling ──
    Defect(
        "telemetry-misses-the-end",
        "The last poll of a wait is not told.",
        EXPORTS,
        _TELL,
        'outcome or tell("export_poll_status", state, is_terminal=False)',
        ("polling.telemetry-tells-each-poll",),
    ),
    Defect(
        "telemetry-misses-the-timeout",
        "A time-out is not told.",
        EXPORTS,
        f"                {_TELL_LATE}\n",
        "",
        ("polling.telemetry-tells-each-poll",),
    ),
    Defect(
        "telemetry-counts-from-zero",
        "The first poll is told as number 0.",
        EXPORTS,
        '"attempt": attempt,',
        '"attempt": attempt - 1,',
        ("polling.telemetry-tells-each-poll",),
    ),
    Defect(
        "telemetry-timeout-is-not-the-end",
        "A time-out is not told as the end.",
        EXPORTS,
        _TELL_LATE,
        _TELL_LATE.replace("True", "False"),
        ("polling.telemetry-tells-each-poll",),
    ),
    Defect(
        "telemetry-tells-twice",
        "A poll that ends a wait is told twice.",
        EXPORTS,
        _RESULT,
        f"{_TELL}\n                {_RESULT}",
        ("polling.telemetry-tells-each-poll",),
    ),
    Defect(
        "telemetry-state-as-it-is",
        "A state is told as the service writes it.",
        EXPORTS,
        _TELL,
        _TELL.replace("state,", "status.status,"),
        ("polling.telemetry-has-its-keys",),
    ),
    Defect(
        "telemetry-in-seconds",
        "The time passed is told in seconds.",
        EXPORTS,
        "int((time.monotonic() - start) * 1000)",
        "int(time.monotonic() - start)",
        ("polling.telemetry-has-its-keys",),
    ),
    Defect(
        "telemetry-in-fractions",
        "The time passed is told as a fraction.",
        EXPORTS,
        "int((time.monotonic() - start) * 1000)",
        "(time.monotonic() - start) * 1000",
        ("polling.telemetry-has-its-keys",),
    ),
    Defect(
        "telemetry-named-by-the-service",
        "An event names the export as the service does.",
        EXPORTS,
        '"export_id": export_id,',
        '"export_id": status.export_id if status else export_id,',
        ("polling.telemetry-has-its-keys",),
    ),
    Defect(
        "telemetry-without-the-time",
        "An event does not tell the time passed.",
        EXPORTS,
        '                        "elapsed_ms": elapsed_ms,\n',
        "",
        ("polling.telemetry-has-its-keys",),
    ),
    Defect(
        "telemetry-counts-for-the-client",
        "Polls are counted on the client instead of in the wait.",
        EXPORTS,
        '"attempt": attempt,',
        '"attempt": vars(self).update(told=1 if attempt == 1 else self.told + (event[12:] == "status")) or self.told,',
        ("polling.telemetry-is-kept-apart",),
    ),
    Defect(
        "telemetry-after-the-pause",
        "A poll that does not end the wait is told after the pause.",
        EXPORTS,
        f"            {_TELL}\n"
        "            if outcome is not None:\n"
        f"                {_RESULT}\n"
        f"            {_LATE}\n"
        f"                {_TELL_LATE}\n"
        "                raise TimeoutError(\n"
        f"                    {_TEXT}\n"
        "                )\n" + _PAUSE,
        "            if outcome is not None:\n"
        f"                {_TELL}\n"
        f"                {_RESULT}\n"
        f"            {_LATE}\n"
        f"                {_TELL}\n"
        f"                {_TELL_LATE}\n"
        "                raise TimeoutError(\n"
        f"                    {_TEXT}\n"
        "                )\n" + _PAUSE + f"            {_TELL}\n",
        ("polling.telemetry-comes-at-once",),
    ),
    Defect(
        "telemetry-tells-a-404",
        "An export that vanishes is told.",
        EXPORTS,
        _GONE,
        f'tell("export_poll_status", "NOT_FOUND", is_terminal=True)\n                {_GONE}',
        ("polling.telemetry-is-silent-otherwise",),
    ),
    Defect(
        "telemetry-tells-a-cancellation",
        "A cancellation is told.",
        EXPORTS,
        _CANCELLED,
        f'tell("export_poll_cancelled", "CANCELLED", is_terminal=True)\n                {_CANCELLED}',
        ("polling.telemetry-is-silent-otherwise",),
    ),
    Defect(
        "telemetry-tells-errors",
        "An error that ends a wait is told.",
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        "                if not isinstance(error, NotFoundError):\n"
        '                    tell("export_poll_error", "ERROR", is_terminal=True)\n'
        "                if status is None or not isinstance(error, NotFoundError):",
        ("polling.telemetry-is-silent-otherwise",),
    ),
    Defect(
        "hook-errors-swallowed",
        "What the telemetry hook raises is dropped.",
        EXPORTS,
        "            if telemetry_hook:\n",
        "            with __import__('contextlib').suppress(Exception):\n",
        ("polling.hook-errors-escape",),
    ),
    Defect(
        "hook-errors-wrapped",
        "What the telemetry hook raises comes out as another error.",
        EXPORTS,
        f"            {_TELL}\n",
        "            try:\n"
        f"                {_TELL}\n"
        "            except Exception as error:\n"
        "                raise RuntimeError('telemetry failed') from error\n",
        ("polling.hook-errors-escape",),
    ),
    Defect(
        "hook-heard-inside-the-poll",
        "An SDK error that a hook raises is taken for the poll's own.",
        EXPORTS,
        f"            {_TELL}\n",
        f"            try:\n                {_TELL}\n            except NotFoundError:\n                {_GONE}\n",
        ("polling.hook-errors-escape",),
    ),
)

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = (
    StandIn(
        "polling.deadline-overshoot",
        False,
        EXPORTS,
        _PAUSE,
        "            time.sleep(min(interval, max(0.0, deadline - time.monotonic())))\n",
    ),
    StandIn(
        "polling.retries-outlast-the-budget",
        False,
        EXPORTS,
        _POLL,
        "once = replace(self.http, config=replace(self.http.config, retries=0))\n"
        "                status = replace(self, http=once).get_export_status(export_id, use_get_cache=False)",
    ),
    StandIn(
        "polling.cancel-looks-like-a-timeout",
        False,
        EXPORTS,
        _CANCELLED,
        "raise type('Cancelled', (TimeoutError,), {})(export_id)",
    ),
    StandIn(
        "polling.cancel-waits-for-the-pause",
        False,
        EXPORTS,
        _PAUSE,
        "            wakes = time.monotonic() + interval\n"
        "            while time.monotonic() < wakes:\n"
        "                if cancel_check and cancel_check():\n"
        "                    raise TimeoutError(export_id)\n"
        "                time.sleep(0.1)\n",
    ),
    StandIn("polling.budget-of-nan-never-ends", True, EXPORTS, _BUDGET, "deadline = start + max(timeout_sec, 0.0)"),
    StandIn(
        "polling.interval-is-not-checked",
        False,
        EXPORTS,
        _INTERVAL,
        f"{_INTERVAL}\n"
        "        if not interval < 86400:\n"
        "            raise ValueError(f'an interval of {poll_interval_sec} seconds')",
    ),
    StandIn(
        "polling.wait-until-ready-hides-the-outcome",
        False,
        EXPORTS,
        _UNTIL_READY,
        _UNTIL_READY.replace("return self", "result = self").replace("        ).status", "        )") + "\n"
        "        if result.outcome is not ExportTerminalState.COMPLETED:\n"
        "            raise RuntimeError(result.outcome)\n"
        "        return result.status",
    ),
    StandIn(
        "polling.expired-beside-created",
        False,
        EXPORTS,
        _GONE,
        "return ExportWaitResult(export_id, ExportTerminalState.EXPIRED, replace(status, status='EXPIRED'))",
    ),
    StandIn(
        "polling.hook-ends-the-wait",
        False,
        EXPORTS,
        "            if telemetry_hook:\n",
        "            with __import__('contextlib').suppress(Exception):\n",
    ),
    StandIn(
        "polling.silent-endings",
        False,
        EXPORTS,
        _CAUGHT,
        "            except Exception as error:\n"
        '                tell("export_poll_error", type(error).__name__, is_terminal=True)\n'
        "                if status is None or not isinstance(error, NotFoundError):",
    ),
    StandIn(
        "polling.stale-after-the-wait",
        False,
        EXPORTS,
        _RESULT,
        f"self.http._invalidate([_path(export_id)])\n                {_RESULT}",
    ),
)
