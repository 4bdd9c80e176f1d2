"""The names of the contract and where it puts them, and its parts that an SDK may lack."""

from __future__ import annotations

from atalaya.harness.api import Capability, Vocabulary, WireKind, exists, has_field, has_method, takes

PACKAGE = "aris3_client_sdk"

# Where the contract itself puts its names. Another SDK's are in its adapter.
NAMES: dict[str, str] = {
    "load_config": f"{PACKAGE}:load_config",
    "ClientConfig": f"{PACKAGE}:ClientConfig",
    "ConfigError": f"{PACKAGE}:ConfigError",
    "HttpClient": f"{PACKAGE}:HttpClient",
    "TraceContext": f"{PACKAGE}:TraceContext",
    "ApiError": f"{PACKAGE}:ApiError",
    "AuthError": f"{PACKAGE}:AuthError",
    "PermissionError": f"{PACKAGE}:PermissionError",
    "NotFoundError": f"{PACKAGE}:NotFoundError",
    "ValidationError": f"{PACKAGE}:ValidationError",
    "RateLimitError": f"{PACKAGE}:RateLimitError",
    "ServerError": f"{PACKAGE}:ServerError",
    "TransportError": f"{PACKAGE}:TransportError",
    "ConflictError": f"{PACKAGE}.exceptions:ConflictError",
    "ExportsClient": f"{PACKAGE}.clients.exports_client:ExportsClient",
    "ExportRequest": f"{PACKAGE}:ExportRequest",
    "ExportStatus": f"{PACKAGE}:ExportStatus",
    "ExportListResponse": f"{PACKAGE}:ExportListResponse",
    "ExportArtifact": f"{PACKAGE}:ExportArtifact",
    "ExportResolvedArtifact": f"{PACKAGE}.models_exports:ExportResolvedArtifact",
    "IdempotencyKeys": f"{PACKAGE}:IdempotencyKeys",
    "new_idempotency_keys": f"{PACKAGE}:new_idempotency_keys",
    "resolve_idempotency_keys": f"{PACKAGE}:resolve_idempotency_keys",
    "idempotency_headers": f"{PACKAGE}:idempotency_headers",
    "ApiSession": f"{PACKAGE}:ApiSession",
    "UnauthorizedError": f"{PACKAGE}:UnauthorizedError",
    "ForbiddenError": f"{PACKAGE}:ForbiddenError",
    "MustChangePasswordError": f"{PACKAGE}:MustChangePasswordError",
    "ExportTerminalState": f"{PACKAGE}.models_exports:ExportTerminalState",
    "ExportWaitResult": f"{PACKAGE}.models_exports:ExportWaitResult",
    "map_error": f"{PACKAGE}.error_mapper:map_error",
}

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "load_config": ("env_file",),
    "map_error": ("status_code", "payload", "trace_id"),
    "new_idempotency_keys": (),
    "resolve_idempotency_keys": ("transaction_id", "idempotency_key"),
    "idempotency_headers": ("keys",),
}

METHODS: dict[str, dict[str, tuple[str, ...]]] = {
    "HttpClient": {
        "request": (
            "method",
            "path",
            "headers",
            "json_body",
            "params",
            "response_hook",
            "retry_mutation",
            "module",
            "operation",
            "use_get_cache",
            "context_key",
            "context_version",
            "invalidate_paths",
        ),
        "clear_cache": (),
        "switch_context": ("key",),
        "get_context_version": ("key",),
    },
    "ExportsClient": {
        "request_export": ("payload", "transaction_id", "idempotency_key"),
        "get_export_status": ("export_id", "use_get_cache"),
        "list_recent_exports": ("page_size",),
        "list_exports": ("page_size",),
        "resolve_export_artifact": ("status",),
        "get_export_artifact": ("export_id",),
        "wait_for_export_ready": ("export_id", "timeout_sec", "poll_interval_sec", "cancel_check", "telemetry_hook"),
        "wait_until_ready": ("export_id", "timeout_seconds", "poll_interval_seconds"),
        "download_export": ("export_id",),
    },
    "TraceContext": {"ensure": (), "update_from_headers": ("headers",), "update_from_payload": ("payload",)},
    "ApiSession": {"exports_client": (), "reports_client": (), "auth_client": (), "health_client": ()},
}

_ARTIFACT = ("export_id", "status", "url", "file_name", "content_type", "file_size_bytes", "checksum_sha256")

FIELDS: dict[str, tuple[str, ...]] = {
    "ClientConfig": (
        "env_name",
        "api_base_url",
        "connect_timeout_seconds",
        "read_timeout_seconds",
        "retries",
        "retry_backoff_seconds",
        "retry_jitter_enabled",
        "retry_jitter_min_seconds",
        "retry_jitter_max_seconds",
        "max_connections",
        "verify_ssl",
        "normalized_env",
    ),
    "HttpClient": (
        "config",
        "trace",
        "session",
        "before_request",
        "after_response",
        "cache_ttl_seconds",
        "enable_get_cache",
        "last_operation",
    ),
    "ExportsClient": ("http", "access_token", "tenant_id", "app_id", "device_id"),
    "TraceContext": ("trace_id",),
    "IdempotencyKeys": ("transaction_id", "idempotency_key"),
    "ApiSession": ("config", "auth_store", "trace", "token", "user"),
    "ExportRequest": ("source_type", "format", "filters", "transaction_id", "file_name"),
    "ExportStatus": (
        "export_id",
        "tenant_id",
        "store_id",
        "source_type",
        "format",
        "filters_snapshot",
        "status",
        "row_count",
        "created_at",
        "checksum_sha256",
        "failure_reason_code",
        "generated_by_user_id",
        "generated_at",
        "trace_id",
        "file_size_bytes",
        "content_type",
        "file_name",
        "updated_at",
    ),
    "ExportListResponse": ("rows",),
    "ExportArtifact": _ARTIFACT,
    "ExportResolvedArtifact": _ARTIFACT,
    "ExportWaitResult": ("export_id", "outcome", "status"),
    "ApiError": ("code", "message", "details", "trace_id", "status_code", "raw_payload"),
}

ERRORS = (
    "ConfigError",
    "ApiError",
    "UnauthorizedError",
    "AuthError",
    "MustChangePasswordError",
    "ForbiddenError",
    "PermissionError",
    "NotFoundError",
    "ValidationError",
    "ConflictError",
    "RateLimitError",
    "ServerError",
    "TransportError",
)

# What crosses the wire, and the keys of a telemetry event.
PATHS = (
    "/aris3/auth/login",
    "/aris3/me",
    "/aris3/exports",
    "/aris3/exports/{export_id}",
    "/aris3/exports/{export_id}/download",
    "/aris3/reports/overview",
    "/aris3/reports/daily",
    "/aris3/reports/calendar",
    "/health",
)
HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID", "X-Trace-ID", "Idempotency-Key")
BODIES = tuple(
    dict.fromkeys((*FIELDS["ExportStatus"], *FIELDS["ExportRequest"], "rows", "code", "message", "details", "trace_id"))
)
TELEMETRY = ("event", "export_id", "state", "attempt", "elapsed_ms", "is_terminal")

# Which arguments, results and fields hold them.
WIRE: dict[str, WireKind] = {
    "HttpClient.before_request": WireKind.REQUEST_HOOK,
    "HttpClient.request": WireKind.BODY,
    "HttpClient.request.path": WireKind.PATH,
    "HttpClient.request.invalidate_paths": WireKind.PATH,
    "HttpClient.request.headers": WireKind.HEADERS,
    "HttpClient.request.json_body": WireKind.BODY,
    "ExportsClient.request_export.payload": WireKind.BODY,
    "ExportsClient.wait_for_export_ready.telemetry_hook": WireKind.TELEMETRY,
    "TraceContext.update_from_headers.headers": WireKind.HEADERS,
    "TraceContext.update_from_payload.payload": WireKind.BODY,
    "ExportArtifact.url": WireKind.URL,
    "ExportResolvedArtifact.url": WireKind.URL,
    "idempotency_headers": WireKind.HEADERS,
    "map_error.payload": WireKind.BODY,
    "ApiError.raw_payload": WireKind.BODY,
}

VOCABULARY = Vocabulary(
    package=PACKAGE,
    prefix="ARIS3_",
    names=NAMES,
    functions=FUNCTIONS,
    methods=METHODS,
    fields=FIELDS,
    errors=ERRORS,
    base_error="ApiError",
    plain_error="ConfigError",
    enum="ExportTerminalState",
    outcomes=("COMPLETED", "FAILED", "EXPIRED", "NOT_FOUND"),
    required=(
        "load_config",
        "ClientConfig",
        "ConfigError",
        "HttpClient",
        "ExportsClient",
        "ApiError",
        "TransportError",
    ),
    loader="load_config",
    subclassed="HttpClient",
    paths=PATHS,
    headers=HEADERS,
    bodies=BODIES,
    telemetry=TELEMETRY,
    wire=WIRE,
)

CAPABILITIES: dict[str, Capability] = {
    "cache": Capability("a cache of GETs", lambda: has_field("HttpClient", "enable_get_cache")),
    "cache-ttl": Capability("a lifetime for cached answers", lambda: has_field("HttpClient", "cache_ttl_seconds")),
    "cache-clear": Capability("a way to empty the cache", lambda: has_method("HttpClient", "clear_cache")),
    "invalidation": Capability("an invalidation by path", lambda: takes("HttpClient", "request", "invalidate_paths")),
    "bypass": Capability("a bypass for one request", lambda: takes("HttpClient", "request", "use_get_cache")),
    "status-bypass": Capability(
        "a bypass for one status", lambda: takes("ExportsClient", "get_export_status", "use_get_cache")
    ),
    "telemetry": Capability(
        "a telemetry of its waits", lambda: takes("ExportsClient", "wait_for_export_ready", "telemetry_hook")
    ),
    "cancellation": Capability(
        "a way to cancel a wait", lambda: takes("ExportsClient", "wait_for_export_ready", "cancel_check")
    ),
    "jitter": Capability("a jitter between retries", lambda: has_field("ClientConfig", "retry_jitter_enabled")),
    "waiting": Capability("a wait for an export", lambda: has_method("ExportsClient", "wait_for_export_ready")),
    "wait-until-ready": Capability(
        "a wait that returns the status", lambda: has_method("ExportsClient", "wait_until_ready")
    ),
    "list": Capability("a list of exports", lambda: has_method("ExportsClient", "list_exports")),
    "list-recent": Capability("a list of recent exports", lambda: has_method("ExportsClient", "list_recent_exports")),
    "artifact": Capability("a way to ask for an artifact", lambda: has_method("ExportsClient", "get_export_artifact")),
    "resolve-artifact": Capability(
        "an artifact made from a status", lambda: has_method("ExportsClient", "resolve_export_artifact")
    ),
    "download": Capability("a download", lambda: has_method("ExportsClient", "download_export")),
    "idempotency": Capability(
        "an idempotency key for a request", lambda: takes("ExportsClient", "request_export", "idempotency_key")
    ),
    "idempotency-keys": Capability(
        "a maker of idempotency keys", lambda: exists("new_idempotency_keys") and exists("resolve_idempotency_keys")
    ),
    "trace": Capability("a trace context", lambda: exists("TraceContext") and has_field("HttpClient", "trace")),
    "hooks": Capability(
        "hooks round a request",
        lambda: has_field("HttpClient", "before_request") and has_field("HttpClient", "after_response"),
    ),
    "retry-mutation": Capability(
        "a retry for mutations on demand", lambda: takes("HttpClient", "request", "retry_mutation")
    ),
    "context": Capability("a context for requests", lambda: takes("HttpClient", "request", "context_key")),
    "context-switch": Capability("a way to switch the context", lambda: has_method("HttpClient", "switch_context")),
    "last-operation": Capability("a note of the last operation", lambda: has_field("HttpClient", "last_operation")),
}
