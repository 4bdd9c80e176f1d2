"""SDKs with faults that users met, and the promises that each fault breaks."""

from __future__ import annotations

from tests.other_sdks.sdk import BASE, CONFIG, EXPORTS, FRESH_STATUS, HTTP, Edit, Sdk

FALLBACK = "https://api.aris3.example"
NO_URL = """\
    if not base_url:
        raise ConfigError("ARIS3_API_BASE_URL is not set")
"""
PLAIN_URL = '_text("ARIS3_API_BASE_URL")'

WAITS_WITH_THE_SWITCH_OFF = (
    Edit(EXPORTS, "(export_id, use_get_cache=False)", "(export_id)"),
    Edit(
        EXPORTS,
        "    def wait_for_export_ready(\n",
        """\
    def wait_for_export_ready(self, export_id: str, *, timeout_sec: float = 30.0, poll_interval_sec: float = 2.0,
                              cancel_check: Callable[[], bool] | None = None,
                              telemetry_hook: Callable[[dict[str, Any]], None] | None = None) -> ExportWaitResult:
        caching = self.http.enable_get_cache
        self.http.enable_get_cache = False
        try:
            return self._wait(export_id, timeout_sec=timeout_sec, poll_interval_sec=poll_interval_sec,
                              cancel_check=cancel_check, telemetry_hook=telemetry_hook)
        finally:
            self.http.enable_get_cache = caching

    def _wait(
""",
    ),
)

TRANSPORT_ERROR = """\
                    raise TransportError(
                        code="TRANSPORT_ERROR",
                        message=str(exc),
                        details={"type": type(exc).__name__},
                        trace_id=trace_id,
                        status_code=0,
                        raw_payload=None,
                    ) from exc
"""

SICK: tuple[Sdk, ...] = (
    Sdk(
        "fallback-at-the-end",
        "Without an address, a built-in one.",
        breaks=frozenset({"config.no-fallback"}),
        edits=(Edit(CONFIG, NO_URL, f'    base_url = base_url or "{FALLBACK}"\n'),),
    ),
    Sdk(
        "fallback-when-unset",
        "The same, unless the variable is set and empty.",
        breaks=frozenset({"config.no-fallback"}),
        edits=(Edit(CONFIG, PLAIN_URL, f'os.environ.get("ARIS3_API_BASE_URL", "{FALLBACK}").strip()'),),
    ),
    Sdk(
        "fallback-in-dev",
        "The same, in the development profile only.",
        breaks=frozenset({"config.no-fallback"}),
        edits=(
            Edit(CONFIG, NO_URL, f'    if env_name == "dev":\n        base_url = base_url or "{FALLBACK}"\n{NO_URL}'),
        ),
    ),
    Sdk(
        "fallback-to-another-profile",
        "Without the profile's own address, that of another.",
        breaks=frozenset({"config.no-fallback"}),
        edits=(Edit(CONFIG, PLAIN_URL, f'{PLAIN_URL} or _text("ARIS3_API_BASE_URL_PROD")'),),
    ),
    Sdk(
        "waits-with-the-switch-off",
        "A wait turns the cache off for all, and on again at its end.",
        breaks=frozenset(
            {"polling.leaves-cache-flag-alone", "polling.leaves-cache-entries-alone", "polling.overlapping-waits"}
        ),
        edits=WAITS_WITH_THE_SWITCH_OFF,
    ),
    Sdk(
        "waits-with-the-switch-off-without-bypass",
        "The same, in a version that has no bypass.",
        breaks=frozenset(
            {"polling.leaves-cache-flag-alone", "polling.leaves-cache-entries-alone", "polling.overlapping-waits"}
        ),
        edits=(
            *WAITS_WITH_THE_SWITCH_OFF,
            Edit(HTTP, "        use_get_cache: bool = True,\n", ""),
            Edit(HTTP, "self.enable_get_cache and use_get_cache", "self.enable_get_cache"),
            Edit(BASE, "path: str, *, use_get_cache: bool = True, **kwargs: Any)", "path: str, **kwargs: Any)"),
            Edit(BASE, "headers=headers, use_get_cache=use_get_cache, **kwargs)", "headers=headers, **kwargs)"),
            Edit(EXPORTS, "export_id: str, *, use_get_cache: bool = True)", "export_id: str)"),
            Edit(EXPORTS, "            use_get_cache=use_get_cache,\n", ""),
        ),
    ),
    Sdk(
        "waits-through-the-cache",
        "A wait sees what was cached.",
        breaks=frozenset({"polling.fresh-status", "polling.fresh-in-any-order", "polling.leaves-cache-entries-alone"}),
        edits=(Edit(EXPORTS, "(export_id, use_get_cache=False)", "(export_id)"),),
    ),
    Sdk(
        "waits-by-emptying-the-cache",
        "A wait empties the cache before each poll.",
        breaks=frozenset({"polling.leaves-cache-entries-alone", "polling.fresh-in-any-order"}),
        edits=(
            Edit(
                EXPORTS,
                f"                last_status = {FRESH_STATUS}\n",
                "                self.http.clear_cache()\n"
                "                last_status = self.get_export_status(export_id)\n",
            ),
        ),
    ),
    Sdk(
        "bare-value-error",
        "A number that is none is reported by Python's own error.",
        breaks=frozenset({"config.numbers-are-config-errors"}),
        edits=(
            Edit(CONFIG, 'ConfigError(f"{name} must be a number', 'ValueError(f"{name} must be a number'),
            Edit(CONFIG, 'ConfigError(f"{name} must be a whole', 'ValueError(f"{name} must be a whole'),
        ),
    ),
    Sdk(
        "read-timeout-is-timeout-error",
        "A service that hangs looks like an export that takes long.",
        breaks=frozenset({"transport.failures-are-transport-errors"}),
        edits=(
            Edit(
                HTTP,
                TRANSPORT_ERROR,
                "                    if isinstance(exc, requests.Timeout):\n"
                "                        raise TimeoutError(str(exc)) from exc\n" + TRANSPORT_ERROR,
            ),
        ),
    ),
    Sdk(
        "library-errors-leak",
        "What the HTTP library raises reaches the caller.",
        breaks=frozenset({"transport.failures-are-transport-errors", "polling.network-failure-ends-the-wait"}),
        edits=(Edit(HTTP, TRANSPORT_ERROR, "                    raise\n"),),
    ),
    Sdk(
        "verification-of-the-session",
        "Certificates are verified as the client was told for which the session was made.",
        breaks=frozenset({"transport.certificates-are-verified"}),
        edits=(
            Edit(
                HTTP,
                "            self.session = requests.Session()\n",
                "            self.session = requests.Session()\n"
                "            self.session.verify = self.config.verify_ssl\n",
            ),
            Edit(HTTP, "                    verify=self.config.verify_ssl,\n", ""),
        ),
    ),
)
