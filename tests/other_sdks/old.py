"""Healthy SDKs that lack a part of the contract, as older versions do.

What such a one lacks is not applicable, and all the rest is kept.
"""

from __future__ import annotations

from tests.other_sdks.sdk import BASE, CONFIG, EXPORTS, FRESH_STATUS, HTTP, MAKE_CACHE, PACKAGE, WRITE_CACHE, Edit, Sdk

CLIENT_PARAMETERS = """\
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        params: Mapping[str, Any] | None = None,
        response_hook: Callable[[requests.Response], None] | None = None,
        retry_mutation: bool = False,
        module: str = "unknown",
        operation: str = "unknown",
"""
INVALIDATES = """\
        if (method != "GET" or not response.content) and invalidate_paths:
            self._invalidate(list(invalidate_paths))
"""
CONTEXT_PARAMETERS = """\
        context_key: str | None = None,
        context_version: int | None = None,
"""

# Status reads have no bypass; a wait has a way of its own.
NO_STATUS_BYPASS = (
    Edit(
        EXPORTS,
        "    def get_export_status(self, export_id: str, *, use_get_cache: bool = True) -> ExportStatus:\n",
        """\
    def get_export_status(self, export_id: str) -> ExportStatus:
        return self._get_status(export_id)

    def _get_status(self, export_id: str, *, use_get_cache: bool = True) -> ExportStatus:
""",
    ),
    Edit(EXPORTS, FRESH_STATUS, "self._get_status(export_id, use_get_cache=False)"),
)

NO_BYPASS = (
    *NO_STATUS_BYPASS,
    Edit(
        HTTP,
        "    def request(\n        self,\n        method: str,\n        path: str,\n        *,\n",
        f"""\
    def request(
        self,
        method: str,
        path: str,
        *,
{CLIENT_PARAMETERS}{CONTEXT_PARAMETERS}        invalidate_paths: Iterable[str] | None = None,
    ) -> dict[str, Any] | list[Any] | None:
        return self._perform(
            method,
            path,
            headers=headers,
            json_body=json_body,
            params=params,
            response_hook=response_hook,
            retry_mutation=retry_mutation,
            module=module,
            operation=operation,
            context_key=context_key,
            context_version=context_version,
            invalidate_paths=invalidate_paths,
        )

    def _perform(
        self,
        method: str,
        path: str,
        *,
""",
    ),
    Edit(BASE, "self.http.request(", "self.http._perform("),
)

NO_CACHE = (
    Edit(HTTP, "    cache_ttl_seconds: float = 3.0\n    enable_get_cache: bool = True\n", ""),
    Edit(HTTP, "    _cache: dict[str, tuple[float, Any]] | None = None\n", ""),
    Edit(HTTP, f"        if self._cache is None:\n{MAKE_CACHE}", ""),
    Edit(HTTP, "        use_get_cache: bool = True,\n", ""),
    Edit(HTTP, "        invalidate_paths: Iterable[str] | None = None,\n", ""),
    Edit(
        HTTP,
        """\
        cache_key = self._cache_key(url, params, request_headers) if method == "GET" else None
        cached = cache_key is not None and self.enable_get_cache and use_get_cache
        if cached:
            payload = self._read_cache(cache_key)
            if payload is not None:
                done("success(cache)")
                return payload

""",
        "",
    ),
    Edit(HTTP, f"        if cached and payload is not None:\n{WRITE_CACHE}", ""),
    Edit(HTTP, INVALIDATES, ""),
    Edit(HTTP, "    def clear_cache(self) -> None:\n        self._cache.clear()\n\n", ""),
    Edit(HTTP, "        self.clear_cache()\n", ""),
    Edit(BASE, "path: str, *, use_get_cache: bool = True, **kwargs: Any)", "path: str, **kwargs: Any)"),
    Edit(BASE, "headers=headers, use_get_cache=use_get_cache, **kwargs)", "headers=headers, **kwargs)"),
    Edit(EXPORTS, "export_id: str, *, use_get_cache: bool = True)", "export_id: str)"),
    Edit(EXPORTS, "            use_get_cache=use_get_cache,\n", ""),
    Edit(EXPORTS, "(export_id, use_get_cache=False)", "(export_id)"),
)

# The lifetime is a constant, and there is no way to empty it.
NO_CACHE_CONTROL = (
    Edit(HTTP, "    cache_ttl_seconds: float = 3.0\n", ""),
    Edit(HTTP, "time.monotonic() + self.cache_ttl_seconds", "time.monotonic() + 3.0"),
    Edit(HTTP, "    def clear_cache(self)", "    def _clear_cache(self)"),
    Edit(HTTP, "        self.clear_cache()\n", "        self._clear_cache()\n"),
    Edit(HTTP, "    def switch_context(self", "    def _switch_context(self"),
    Edit(HTTP, "        invalidate_paths: Iterable[str] | None = None,\n", ""),
    Edit(HTTP, INVALIDATES, ""),
)

# They are fields, and known as such, but not arguments: callers assign to them.
SWITCHES_ARE_SET_LATER = (
    Edit(HTTP, "from dataclasses import dataclass\n", "from dataclasses import dataclass, field\n"),
    Edit(HTTP, "cache_ttl_seconds: float = 3.0", "cache_ttl_seconds: float = field(default=3.0, init=False)"),
    Edit(HTTP, "enable_get_cache: bool = True", "enable_get_cache: bool = field(default=True, init=False)"),
)

TELEMETRY = """\
        def emit(event: str, state: str, is_terminal: bool) -> None:
            if telemetry_hook:
                telemetry_hook(
                    {
                        "event": event,
                        "export_id": export_id,
                        "state": state,
                        "attempt": attempt,
                        "elapsed_ms": int((time.monotonic() - start) * 1000),
                        "is_terminal": is_terminal,
                    }
                )

"""

NO_TELEMETRY = (
    Edit(EXPORTS, "        telemetry_hook: Callable[[dict[str, Any]], None] | None = None,\n", ""),
    Edit(EXPORTS, TELEMETRY, ""),
    Edit(EXPORTS, '            emit("export_poll_status", state, outcome is not None)\n', ""),
    Edit(EXPORTS, '                emit("export_poll_timeout", state, True)\n', ""),
)

NO_CANCELLATION = (
    Edit(EXPORTS, "        cancel_check: Callable[[], bool] | None = None,\n", ""),
    Edit(
        EXPORTS,
        """\
            if cancel_check and cancel_check():
                raise TimeoutError(f"Waiting for export {export_id} was cancelled")

""",
        "",
    ),
)

NO_JITTER = (
    Edit(
        CONFIG,
        """\
    retry_jitter_enabled: bool = False
    retry_jitter_min_seconds: float = 0.0
    retry_jitter_max_seconds: float = 0.0
""",
        "",
    ),
    Edit(
        CONFIG,
        """\
        retry_jitter_enabled=jitter,
        retry_jitter_min_seconds=jitter_min,
        retry_jitter_max_seconds=jitter_max,
""",
        "",
    ),
    Edit(
        CONFIG,
        """\
    jitter = _bool("ARIS3_RETRY_JITTER_ENABLED", False)
    jitter_min = _float("ARIS3_RETRY_JITTER_MIN_SECONDS", 0.0, _not_negative, "must be 0 or more")
    jitter_max = _float(
        "ARIS3_RETRY_JITTER_MAX_SECONDS",
        0.0,
        lambda value: value >= 0 and value >= jitter_min,
        "must be 0 or more, and not below ARIS3_RETRY_JITTER_MIN_SECONDS",
    )
""",
        "",
    ),
    Edit(
        HTTP,
        """\
        if self.config.retry_jitter_enabled:
            delay += random.uniform(
                self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
            )
""",
        "",
    ),
)

NO_CONTEXT = (
    Edit(HTTP, "    _context_versions: dict[str, int] | None = None\n", ""),
    Edit(HTTP, "        if self._context_versions is None:\n            self._context_versions = {}\n", ""),
    Edit(HTTP, "    last_operation: LastOperation | None = None\n", ""),
    Edit(HTTP, CONTEXT_PARAMETERS, ""),
    Edit(
        HTTP,
        """\
        def done(result: str) -> None:
            self.last_operation = LastOperation(module, operation, method, path, result, trace_id)

""",
        "",
    ),
    Edit(HTTP, '            done("error")\n', ""),
    Edit(HTTP, '        done("success")\n', ""),
    Edit(
        HTTP,
        """\
        if context_key is not None and context_version is None:
            context_version = self.get_context_version(context_key)
        self._check_context(context_key, context_version, trace_id)
        response = self._send(method, url, request_headers, json_body, params, retry_mutation, trace_id)
        self._check_context(context_key, context_version, trace_id)
""",
        """\
        response = self._send(method, url, request_headers, json_body, params, retry_mutation, trace_id)
""",
    ),
)
NO_CONTEXT_BESIDE_A_CACHE = (
    *NO_CONTEXT,
    Edit(HTTP, '                done("success(cache)")\n', ""),
    Edit(
        HTTP,
        """\
    def switch_context(self, key: str) -> int:
        self._context_versions[key] = self.get_context_version(key) + 1
        self.clear_cache()
        return self._context_versions[key]

    def get_context_version(self, key: str) -> int:
        return self._context_versions.get(key, 0)

""",
        "",
    ),
)
NO_CONTEXT_WITHOUT_A_CACHE = (
    *NO_CONTEXT,
    Edit(
        HTTP,
        """\
    def switch_context(self, key: str) -> int:
        self._context_versions[key] = self.get_context_version(key) + 1
        return self._context_versions[key]

    def get_context_version(self, key: str) -> int:
        return self._context_versions.get(key, 0)

""",
        "",
    ),
)

NO_VERSION = (Edit(PACKAGE, "__version__ = _read_version()\n", ""), Edit(PACKAGE, '    "__version__",\n', ""))

# The older of the two waits, on its own.
ONLY_WAIT_UNTIL_READY = (
    Edit(EXPORTS, "    def wait_for_export_ready(", "    def _wait("),
    Edit(EXPORTS, "return self.wait_for_export_ready(", "return self._wait("),
)
NO_WAIT = (*ONLY_WAIT_UNTIL_READY, Edit(EXPORTS, "    def wait_until_ready(", "    def _wait_until_ready("))

# A decorator that forgets whom it wraps: what the function takes cannot be seen from outside.
NO_SIGNATURES = (
    Edit(
        HTTP,
        "CACHE_KEY_HEADERS = (",
        """\
def logged(function):
    def call(*args, **kwargs):
        return function(*args, **kwargs)

    return call


CACHE_KEY_HEADERS = (""",
    ),
    Edit(HTTP, "    def request(\n", "    @logged\n    def request(\n"),
    Edit(EXPORTS, "from .base import BaseClient\n", "from ..http_client import logged\nfrom .base import BaseClient\n"),
    Edit(EXPORTS, "    def wait_for_export_ready(", "    @logged\n    def wait_for_export_ready("),
    Edit(EXPORTS, "    def get_export_status(", "    @logged\n    def get_export_status("),
)

CACHE_PROMISES = frozenset(
    {
        "polling.leaves-cache-flag-alone",
        "polling.leaves-cache-entries-alone",
        "cache.bypass-per-request",
        "cache.repeats-are-served",
        "cache.entries-expire",
        "cache.query-is-part-of-the-key",
        "cache.identities-are-kept-apart",
        "cache.errors-are-not-stored",
        "cache.only-gets",
        "cache.clients-are-kept-apart",
        "cache.switch-is-honoured",
        "cache.invalidation-by-path",
        "cache.clear-empties-it",
    }
)
WAIT_PROMISES = frozenset(
    {
        "polling.created-to-ready",
        "polling.timeout-is-timeout-error",
        "polling.fresh-status",
        "polling.leaves-cache-flag-alone",
        "polling.leaves-cache-entries-alone",
        "polling.overlapping-waits",
        "polling.terminal-states",
        "polling.unknown-states-keep-waiting",
        "polling.not-found-at-first-raises",
        "polling.not-found-later-is-expired",
        "polling.network-failure-ends-the-wait",
        "polling.never-faster-than-200-ms",
        "polling.interval-is-kept",
        "polling.budget-starts-with-the-wait",
        "polling.short-budget-polls-once",
        "polling.timeout-names-the-export",
        "polling.cancel-stops-the-wait",
        "polling.telemetry-tells-each-poll",
    }
)
CANCELLATION = frozenset({"polling.cancel-stops-the-wait"})
TELEMETRY_PROMISES = frozenset({"polling.telemetry-tells-each-poll"})
JITTER = frozenset({"transport.jitter-stays-in-range"})

OLD: tuple[Sdk, ...] = (
    Sdk("no-cache", "It has no cache.", edits=NO_CACHE, lacks=CACHE_PROMISES),
    Sdk(
        "no-cache-control",
        "Its cache has a fixed lifetime, and cannot be emptied.",
        edits=NO_CACHE_CONTROL,
        lacks=frozenset({"cache.entries-expire", "cache.invalidation-by-path", "cache.clear-empties-it"}),
    ),
    Sdk("switches-are-set-later", "The cache's settings are no arguments of the client.", edits=SWITCHES_ARE_SET_LATER),
    Sdk("no-status-bypass", "Requests can pass the cache by, status reads cannot.", edits=NO_STATUS_BYPASS),
    Sdk(
        "no-bypass",
        "Only its wait can pass the cache by.",
        edits=NO_BYPASS,
        lacks=frozenset({"cache.bypass-per-request"}),
    ),
    Sdk("no-telemetry", "Its wait tells nobody.", edits=NO_TELEMETRY, lacks=TELEMETRY_PROMISES),
    Sdk("no-cancellation", "Its wait cannot be cancelled.", edits=NO_CANCELLATION, lacks=CANCELLATION),
    Sdk("no-jitter", "Its retries are evenly spaced.", edits=NO_JITTER, lacks=JITTER),
    Sdk("no-context", "No contexts, and no last operation.", edits=NO_CONTEXT_BESIDE_A_CACHE),
    Sdk("no-version", "It does not say which version it is.", edits=NO_VERSION),
    Sdk(
        "only-wait-until-ready",
        "It has the older of the two waits alone.",
        edits=ONLY_WAIT_UNTIL_READY,
        lacks=WAIT_PROMISES,
    ),
    Sdk("no-wait", "It cannot wait.", edits=NO_WAIT, lacks=WAIT_PROMISES),
    Sdk(
        "oldest",
        "It lacks all that can be lacked.",
        edits=NO_CACHE + NO_TELEMETRY + NO_CANCELLATION + NO_JITTER + NO_CONTEXT_WITHOUT_A_CACHE + NO_VERSION,
        lacks=CACHE_PROMISES | TELEMETRY_PROMISES | CANCELLATION | JITTER,
    ),
)

# What a method takes cannot be seen, so nobody can say whether it has what would be judged.
UNREADABLE: tuple[Sdk, ...] = (
    Sdk(
        "no-signatures",
        "Its methods take any keyword.",
        edits=NO_SIGNATURES,
        unclear=frozenset(
            {
                "cache.bypass-per-request",
                "cache.invalidation-by-path",
                "polling.cancel-stops-the-wait",
                "polling.telemetry-tells-each-poll",
            }
        ),
    ),
)
