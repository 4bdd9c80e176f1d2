"""ARIS 3 client SDK."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

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
from .idempotency import IdempotencyKeys, idempotency_headers, new_idempotency_keys, resolve_idempotency_keys
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


def _read_version() -> str:
    try:
        return metadata.version("aris3-client-sdk")
    except metadata.PackageNotFoundError:
        pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
        with pyproject.open("rb") as file:
            return tomllib.load(file)["project"]["version"]


__version__ = _read_version()

__all__ = [
    "ApiError",
    "ApiSession",
    "AuthError",
    "AuthStore",
    "ClientConfig",
    "ConfigError",
    "ConflictError",
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
    "__version__",
    "idempotency_headers",
    "load_config",
    "new_idempotency_keys",
    "resolve_idempotency_keys",
]
