"""Signing in."""

from __future__ import annotations

from ..exceptions import MustChangePasswordError
from ..models import TokenResponse, UserResponse
from .base import BaseClient


class AuthClient(BaseClient):
    def login(self, username_or_email: str, password: str) -> TokenResponse:
        data = self.http.request(
            "POST",
            "/aris3/auth/login",
            json_body={"username_or_email": username_or_email, "password": password},
            module="auth",
            operation="login",
        )
        token = TokenResponse.model_validate(data)
        if token.must_change_password:
            raise MustChangePasswordError(
                code="MUST_CHANGE_PASSWORD",
                message="The password must be changed first",
                details=None,
                trace_id=token.trace_id,
                status_code=200,
                raw_payload=data,
            )
        return token

    def me(self) -> UserResponse:
        return UserResponse.model_validate(self._request("GET", "/aris3/me", module="auth", operation="me"))
