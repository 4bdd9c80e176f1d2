"""What does a program that talks to ARIS 3 import?

Importing is cheap and has no side effect: the HTTP library is loaded with the first client.
"""

from .auth_store import AuthStore
from .config import ClientConfig, ConfigError, load_config
from .exceptions import (
    ApiError,
    AuthError,
    ForbiddenError,
    MustChangePasswordError,
    NotFoundError,
    PermissionError,
    RateLimitError,
    ServerError,
    TransportError,
    UnauthorizedError,
    ValidationError,
)
from .http_client import HttpClient
from .idempotency import (
    IdempotencyKeys,
    idempotency_headers,
    new_idempotency_keys,
    resolve_idempotency_keys,
)
from .models import SessionData, TokenResponse, UserResponse
from .models_exports import (
    ExportArtifact,
    ExportFormat,
    ExportListResponse,
    ExportRequest,
    ExportSourceType,
    ExportStatus,
)
from .models_reports import ReportFilter
from .session import ApiSession
from .tracing import TraceContext

__version__ = "1.1.0"

__all__ = [
    "ApiError",
    "ApiSession",
    "AuthError",
    "AuthStore",
    "ClientConfig",
    "ConfigError",
    "ExportArtifact",
    "ExportFormat",
    "ExportListResponse",
    "ExportRequest",
    "ExportSourceType",
    "ExportStatus",
    "ForbiddenError",
    "HttpClient",
    "IdempotencyKeys",
    "MustChangePasswordError",
    "NotFoundError",
    "PermissionError",
    "RateLimitError",
    "ReportFilter",
    "ServerError",
    "SessionData",
    "TokenResponse",
    "TraceContext",
    "TransportError",
    "UnauthorizedError",
    "UserResponse",
    "ValidationError",
    "idempotency_headers",
    "load_config",
    "new_idempotency_keys",
    "resolve_idempotency_keys",
]
