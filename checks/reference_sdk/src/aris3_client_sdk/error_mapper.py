"""Which exception stands for which HTTP status?"""

from __future__ import annotations

import copy
from collections.abc import Mapping

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

ERROR_BY_STATUS: dict[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthError,
    403: PermissionError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}


def map_error(status_code: int, payload: object, trace_id: str | None) -> ApiError:
    """Make (not raise) the exception for an error answer; ``payload`` is its decoded body, of any shape."""
    fields = payload if isinstance(payload, Mapping) else {}
    error_type = ServerError if status_code >= 500 else ERROR_BY_STATUS.get(status_code, ApiError)
    return error_type(
        code=fields.get("code") or "HTTP_ERROR",
        message=fields.get("message") or "Request failed",
        details=fields.get("details"),
        trace_id=fields.get("trace_id") or trace_id,
        status_code=status_code,
        raw_payload=copy.deepcopy(payload),
    )
