"""Who may come in, and who is it?"""

from __future__ import annotations

from ..exceptions import MustChangePasswordError
from ..models import TokenResponse, UserResponse
from .base import BaseClient


class AuthClient(BaseClient):
    def login(self, username_or_email: str, password: str) -> TokenResponse:
        """Trade a password for a token. Raises ``MustChangePasswordError`` when it must be changed first.

        No identity is sent: a token that has expired must not keep its owner from a new one.
        """
        credentials = {"username_or_email": username_or_email, "password": password}
        answer = self.http.request(
            "POST", "/aris3/auth/login", json_body=credentials, module="auth", operation="login"
        )
        token = TokenResponse.model_validate(answer)
        if token.must_change_password:
            raise MustChangePasswordError(
                code="MUST_CHANGE_PASSWORD",
                message="The password must be changed before this account can be used",
                details=None,
                trace_id=token.trace_id,
                status_code=200,
            )
        return token

    def me(self) -> UserResponse:
        return UserResponse.model_validate(self._request("GET", "/aris3/me", module="auth", operation="me"))
