"""What can a call to the service raise?

::

    ApiError
    ├── UnauthorizedError        401
    │   └── AuthError
    │       └── MustChangePasswordError
    ├── ForbiddenError           403
    │   └── PermissionError
    ├── NotFoundError            404
    ├── ValidationError          400, 422
    ├── ConflictError            409
    ├── RateLimitError           429
    ├── ServerError              500 and above
    └── TransportError           no answer at all: status 0
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)  # an exception is itself, not its text: it stays hashable
class ApiError(Exception):
    code: str
    message: str
    details: object | None
    trace_id: str | None
    status_code: int
    raw_payload: object | None = None

    def __post_init__(self) -> None:
        # Exception.args is what pickling and copying rebuild an exception from.
        super().__init__(
            self.code, self.message, self.details, self.trace_id, self.status_code, self.raw_payload
        )

    def __str__(self) -> str:
        trace = f" trace_id={self.trace_id}" if self.trace_id else ""
        return f"[{self.status_code}] {self.code}: {self.message}{trace}"


class UnauthorizedError(ApiError):
    """The service does not know who is asking."""


class AuthError(UnauthorizedError):
    """401: the token is missing, wrong or expired."""


class MustChangePasswordError(AuthError):
    """The login is right, and good for nothing until the password is changed."""


class ForbiddenError(ApiError):
    """The service knows who is asking, and refuses."""


class PermissionError(ForbiddenError):
    """403. Not the built-in of the same name."""


class NotFoundError(ApiError):
    """404."""


class ValidationError(ApiError):
    """400 or 422: the service refuses what it was sent."""


class ConflictError(ApiError):
    """409."""


class RateLimitError(ApiError):
    """429."""


class ServerError(ApiError):
    """500 and above."""


class TransportError(ApiError):
    """The network failed, or the request was cancelled: there is no answer to speak of."""
