"""One signed-in user, and the clients that act for them."""

from __future__ import annotations

from .auth_store import AuthStore
from .clients.auth_client import AuthClient
from .clients.exports_client import ExportsClient
from .clients.health_client import HealthClient
from .clients.reports_client import ReportsClient
from .config import ClientConfig
from .http_client import HttpClient
from .models import SessionData, UserResponse
from .tracing import TraceContext


class ApiSession:
    def __init__(
        self,
        config: ClientConfig,
        auth_store: AuthStore | None = None,
        trace: TraceContext | None = None,
        token: str | None = None,
        user: UserResponse | None = None,
    ) -> None:
        self.config = config
        self.auth_store = auth_store or AuthStore()
        self.trace = trace or TraceContext()
        self.token = token
        self.user = user
        stored = self.auth_store.load()
        if stored is not None:
            self.token = self.token or stored.access_token
            self.user = self.user or stored.user

    def establish(self, token: str, user: UserResponse | None = None) -> None:
        self.token = token
        self.user = user
        self.auth_store.save(SessionData(access_token=token, user=user, env_name=self.config.env_name))

    def logout(self) -> None:
        self.token = None
        self.user = None
        self.auth_store.clear()

    def auth_client(self) -> AuthClient:
        return AuthClient(http=self._http(), access_token=self.token)

    def exports_client(self) -> ExportsClient:
        return ExportsClient(http=self._http(), access_token=self.token)

    def health_client(self) -> HealthClient:
        return HealthClient(http=self._http(), access_token=self.token)

    def reports_client(self) -> ReportsClient:
        return ReportsClient(http=self._http(), access_token=self.token)

    def _http(self) -> HttpClient:
        return HttpClient(config=self.config, trace=self.trace)
