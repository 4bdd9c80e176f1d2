"""What do our checks have to catch?

Each seeded defect is one small, plausible change to the bundled reference SDK. The text that it replaces
must stand there exactly once, so a defect can never miss its place in silence.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from checks.errors import HarnessError
from checks.subject.capabilities import PACKAGE

CONFIG, HTTP, EXPORTS, BASE, ERRORS = (
    "config.py", "http_client.py", "clients/exports_client.py", "clients/base.py", "error_mapper.py",
)  # fmt: skip


class Defect(NamedTuple):
    """One change, in words and in text, and the promises that it breaks."""

    id: str
    says: str
    file: str
    old: str
    new: str
    expected: tuple[str, ...]


_POLL = "status = self.get_export_status(export_id, use_get_cache=False)"
_CACHING = 'caching = method == "GET" and self.enable_get_cache and use_get_cache'
_BASE_URL = '_text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")'

DEFECTS: tuple[Defect, ...] = (
    # ── configuration ──
    Defect("fallback-address", "A built-in address steps in when none is set.", CONFIG,
        _BASE_URL, _BASE_URL + ' or "https://api.aris3.example"',
        ("config.no-fallback", "config.blank-url-is-an-error")),
    Defect("fallback-when-blank", "A built-in address steps in when the variable is there and blank.", CONFIG,
        _BASE_URL,
        _BASE_URL + ' or ("https://api.aris3.example" if os.environ.get("ARIS3_API_BASE_URL") else "")',
        ("config.blank-url-is-an-error",)),
    Defect("fallback-to-another-profile", "Production's address steps in for a profile that has none.", CONFIG,
        _BASE_URL, _BASE_URL + ' or _text("ARIS3_API_BASE_URL_PROD")',
        ("config.no-fallback",)),
    Defect("blank-url-kept", "A base URL of spaces is taken as it is.", CONFIG,
        'return os.environ.get(name, "").strip()', 'return os.environ.get(name, "")',
        ("config.blank-url-is-an-error", "config.profile-comes-first", "config.trailing-slashes-removed",
         "config.booleans")),
    Defect("bare-value-error", "A number that is none raises a bare ValueError.", CONFIG,
        'raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause', "raise",
        ("config.numbers-are-config-errors",)),
    Defect("range-not-checked", "A number below its range is accepted.", CONFIG,
        "if at_least is not None and not value >= at_least:", "if at_least is not None and value != value:",
        ("config.numbers-are-config-errors",)),
    Defect("empty-number-is-default", "An empty number counts as not set.", CONFIG,
        "value = parse(os.environ[name]) if name in os.environ else default",
        "value = parse(os.environ[name]) if os.environ.get(name) else default",
        ("config.numbers-are-config-errors",)),
    Defect("nameless-error", "The error for a number does not say which.", CONFIG,
        'raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause',
        'raise ConfigError("a setting is not a number") from cause',
        ("config.error-names-the-variable",)),
    Defect("general-url-first", "The general URL stands over the profile's own.", CONFIG,
        _BASE_URL, '_text("ARIS3_API_BASE_URL") or _text(f"ARIS3_API_BASE_URL_{env_name.upper()}")',
        ("config.profile-comes-first",)),
    Defect("one-slash-removed", "Only the last of several slashes is removed.", CONFIG,
        'api_base_url=base_url.rstrip("/")', 'api_base_url=base_url.removesuffix("/")',
        ("config.trailing-slashes-removed",)),
    Defect("read-timeout-ignores-connect", "The read time-out does not follow the connect time-out.", CONFIG,
        "max(timeout, connect), above=0", "timeout, above=0",
        ("config.defaults",)),
    Defect("on-is-not-true", "The word `on` is not understood.", CONFIG,
        'frozenset({"1", "true", "yes", "on"})', 'frozenset({"1", "true", "yes"})',
        ("config.booleans",)),
    Defect("file-overrides-environment", "The env file stands over the environment.", CONFIG,
        "load_dotenv(env_file)", "load_dotenv(env_file, override=True)",
        ("config.env-file-fills-gaps",)),
    # ── transport ──
    Defect("timeout-for-transport", "A network failure raises a TimeoutError.", HTTP,
        "            raise TransportError(\n                code=\"TRANSPORT_ERROR\",",
        "            raise TimeoutError(str(cause)) from cause\n            raise TransportError(\n"
        "                code=\"TRANSPORT_ERROR\",",
        ("transport.failures-are-transport-errors", "transport.gets-are-retried",
         "polling.network-failure-ends-the-wait", "polling.timeout-is-timeout-error")),
    Defect("one-retry-too-few", "A GET is tried once less than the limit allows.", HTTP,
        "last = attempt == self.config.retries or not may_retry",
        "last = attempt >= max(self.config.retries - 1, 0) or not may_retry",
        ("transport.gets-are-retried",)),
    Defect("posts-retried", "Every method is retried.", HTTP,
        'may_retry = method in ("GET", "HEAD") or retry_mutation',
        'may_retry = method in ("GET", "HEAD", "POST") or retry_mutation',
        ("transport.posts-are-not-retried",)),
    Defect("client-errors-retried", "429 is retried like a failure of the service.", HTTP,
        "if response.status_code < 500 or last:",
        "if (response.status_code < 500 and response.status_code != 429) or last:",
        ("transport.client-errors-are-not-retried",)),
    Defect("flat-backoff", "The pause between retries does not grow.", HTTP,
        "delay = self.config.retry_backoff_seconds * 2.0**attempt", "delay = self.config.retry_backoff_seconds",
        ("transport.backoff-doubles",)),
    Defect("jitter-below-minimum", "Jitter begins at zero, whatever its minimum.", HTTP,
        "self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds",
        "0.0, self.config.retry_jitter_max_seconds / 2",
        ("transport.jitter-stays-in-range",)),
    Defect("conflict-unmapped", "409 raises the general error.", ERRORS,
        "    409: ConflictError,\n", "", ("transport.errors-follow-the-status",)),
    Defect("details-lost", "The details of an error answer are dropped.", ERRORS,
        'details=fields.get("details")', "details=None", ("transport.errors-carry-the-answer",)),
    Defect("trace-id-reused", "Requests without a context share one id.", HTTP,
        "trace = self.trace or TraceContext()", 'trace = self.trace or TraceContext("0")',
        ("transport.trace-id-is-sent",)),
    Defect("base-path-lost", "The path of the base URL is dropped.", HTTP,
        'f"./{path.lstrip(\'/\')}"', 'f"/{path.lstrip(\'/\')}"', ("transport.base-path-is-kept",)),
    Defect("tenant-not-sent", "The tenant is left out.", BASE,
        '            "X-Tenant-ID": self.tenant_id,\n', "", ("transport.identity-is-sent",)),
    # ── polling ──
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
    # ── cache ──
    Defect("bypass-reads", "A bypass still reads the cache.", HTTP,
        "if caching and (cached := self._read_cache(key)) is not None:",
        'if method == "GET" and self.enable_get_cache and (cached := self._read_cache(key)) is not None:',
        ("cache.bypass-per-request", "polling.fresh-status")),
    Defect("bypass-writes", "A bypass still writes its answer into the cache.", HTTP,
        "if caching and response.content:", 'if method == "GET" and self.enable_get_cache and response.content:',
        ("cache.bypass-per-request", "polling.leaves-cache-entries-alone")),
    Defect("bypass-removes", "A bypass removes the cached answer.", HTTP,
        "        if caching and response.content:",
        "        if not use_get_cache:\n            self._cache.pop(key, None)\n"
        "        if caching and response.content:",
        ("cache.bypass-per-request", "polling.leaves-cache-entries-alone")),
    Defect("status-bypass-ignored", "The status request does not pass the bypass on.", EXPORTS,
        "            use_get_cache=use_get_cache,\n            module", "            module",
        ("cache.bypass-per-request", "polling.fresh-status")),
    Defect("never-a-hit", "The cache is written and never read.", HTTP,
        "if time.monotonic() < expires_at:", "if time.monotonic() < expires_at - self.cache_ttl_seconds:",
        ("cache.repeats-are-served",)),
    Defect("entries-live-twice-as-long", "Answers live twice their lifetime.", HTTP,
        "time.monotonic() + self.cache_ttl_seconds", "time.monotonic() + 2 * self.cache_ttl_seconds",
        ("cache.entries-expire",)),
    Defect("key-without-query", "The cache is keyed without the query.", HTTP,
        "json.dumps([url, params, identity]", "json.dumps([url, identity]", ("cache.query-is-part-of-the-key",)),
    Defect("key-without-token", "The cache is keyed without the token.", HTTP,
        'IDENTITY_HEADERS = ("Authorization", ', "IDENTITY_HEADERS = (", ("cache.identities-are-kept-apart",)),
    Defect("key-without-device", "The cache is keyed without the device.", HTTP,
        '"X-App-ID", "X-Device-ID")', '"X-App-ID")', ("cache.identities-are-kept-apart",)),
    Defect("empty-answers-stored", "An empty answer is stored, as an empty object.", HTTP,
        "        if caching and response.content:\n            self._write_cache(key, payload)",
        "        if caching:\n            self._write_cache(key, payload or {})",
        ("cache.errors-are-not-stored",)),
    Defect("posts-cached", "A POST is cached like a GET.", HTTP,
        _CACHING, 'caching = method in ("GET", "POST") and self.enable_get_cache and use_get_cache',
        ("cache.only-gets",)),
    Defect("one-cache-for-all", "All clients of a process share one cache.", HTTP,
        "self._cache = {} if self._cache is None else self._cache",
        "self._cache = vars(type(self)).get('_shared') or {}\n        HttpClient._shared = self._cache",
        ("cache.clients-are-kept-apart",)),
    Defect("switch-ignored", "The client's cache switch is ignored.", HTTP,
        _CACHING, 'caching = method == "GET" and use_get_cache', ("cache.switch-is-honoured",)),
    Defect("invalidation-by-whole-key", "Invalidation wants the whole key, and so removes nothing.", HTTP,
        "if any(path in key for path in wanted):", "if any(path == key for path in wanted):",
        ("cache.invalidation-by-path",)),
    Defect("clear-forgets-to", "clear_cache replaces the cache by a copy of itself.", HTTP,
        "        self._cache.clear()\n", "        self._cache = dict(self._cache)\n", ("cache.clear-empties-it",)),
)  # fmt: skip

BY_ID: dict[str, Defect] = {defect.id: defect for defect in DEFECTS}


def plant(defect: Defect, source: Path, into: Path) -> Path:
    """Copy the reference SDK's ``src`` into a folder, with the defect in it; returns the folder to import from.

    :raises HarnessError: the text to be replaced does not stand there exactly once.
    """
    folder = into / defect.id
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / PACKAGE / defect.file
    text = file.read_text(encoding="utf-8")
    found = text.count(defect.old)
    if found != 1:
        raise HarnessError(f"defect {defect.id}: the text that it replaces stands {found} times in {defect.file}, "
                           f"not once. Bring its `old` back in line with the reference SDK.")  # fmt: skip
    file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
    return folder
