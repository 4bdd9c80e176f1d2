"""What the SDK raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ApiError(Exception):
    code: str
    message: str
    details: object | None
    trace_id: str | None
    status_code: int
    raw_payload: object | None = None

    def __str__(self) -> str:
        text = f"[{self.status_code}] {self.code}: {self.message}"
        if self.trace_id:
            text += f" trace_id={self.trace_id}"
        return text


@dataclass
class UnauthorizedError(ApiError):
    pass


@dataclass
class AuthError(UnauthorizedError):
    pass


@dataclass
class MustChangePasswordError(AuthError):
    pass


@dataclass
class ForbiddenError(ApiError):
    pass


@dataclass
class PermissionError(ForbiddenError):
    pass


@dataclass
class NotFoundError(ApiError):
    pass


@dataclass
class ValidationError(ApiError):
    pass


@dataclass
class ConflictError(ApiError):
    pass


@dataclass
class RateLimitError(ApiError):
    pass


@dataclass
class ServerError(ApiError):
    pass


@dataclass
class TransportError(ApiError):
    pass
