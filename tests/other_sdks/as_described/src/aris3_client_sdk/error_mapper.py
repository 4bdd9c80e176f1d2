"""From an HTTP status to an exception."""

from __future__ import annotations

from typing import Any

from .exceptions import (
    ApiError,
    AuthError,
    ConflictError,
    NotFoundError,
    PermissionError,
    RateLimitError,
    ServerError,
    ValidationError,
)

_BY_STATUS: dict[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthError,
    403: PermissionError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}


def map_error(status_code: int, payload: dict[str, Any] | None, trace_id: str | None) -> ApiError:
    payload = payload or {}
    error = ServerError if status_code >= 500 else _BY_STATUS.get(status_code, ApiError)
    return error(
        code=payload.get("code") or "HTTP_ERROR",
        message=payload.get("message") or "Request failed",
        details=payload.get("details"),
        trace_id=payload.get("trace_id") or trace_id,
        status_code=status_code,
        raw_payload=dict(payload),
    )
