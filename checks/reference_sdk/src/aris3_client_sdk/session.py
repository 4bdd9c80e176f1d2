"""Who is logged in, and with which clients do they work?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from .auth_store import AuthStore
from .clients import AuthClient, BaseClient, ExportsClient, HealthClient, ReportsClient
from .config import ClientConfig
from .http_client import HttpClient
from .models import SessionData, UserResponse
from .tracing import TraceContext

Client = TypeVar("Client", bound=BaseClient)


@dataclass
class ApiSession:
    """A token, its owner and one trace. Picks up the stored token unless one is given."""

    config: ClientConfig
    auth_store: AuthStore | None = None
    trace: TraceContext | None = None
    token: str | None = field(default=None, repr=False)
    user: UserResponse | None = None

    def __post_init__(self) -> None:
        self.auth_store = self.auth_store or AuthStore()
        self.trace = self.trace or TraceContext()
        stored = self.auth_store.load()
        if stored and self.token is None:
            self.token = stored.access_token
            self.user = self.user or stored.user

    def exports_client(self) -> ExportsClient:
        return self._client(ExportsClient)

    def reports_client(self) -> ReportsClient:
        return self._client(ReportsClient)

    def auth_client(self) -> AuthClient:
        return self._client(AuthClient)

    def health_client(self) -> HealthClient:
        return self._client(HealthClient)

    def save(self) -> None:
        """Keep the token for later processes."""
        assert self.auth_store is not None
        self.auth_store.save(
            SessionData(access_token=self.token, user=self.user, env_name=self.config.env_name)
        )

    def logout(self) -> None:
        """Forget the token, here and in the store."""
        assert self.auth_store is not None
        self.token = self.user = None
        self.auth_store.clear()

    def _client(self, client_type: type[Client]) -> Client:
        """Each client has an HttpClient, thus a cache, of its own; the token is that of this moment."""
        return client_type(http=HttpClient(self.config, trace=self.trace), access_token=self.token)
