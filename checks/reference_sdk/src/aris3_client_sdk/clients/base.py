"""What do all clients share? An HttpClient, and the headers that say who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..http_client import HttpClient


@dataclass
class BaseClient:
    http: HttpClient
    access_token: str | None = field(default=None, repr=False)
    tenant_id: str | None = None
    app_id: str | None = None
    device_id: str | None = None

    def _request(self, method: str, path: str, *, use_get_cache: bool = True, **kwargs: Any) -> Any:
        """``HttpClient.request`` with the identity headers, over which the caller's own go."""
        headers = {**self._identity_headers(), **(kwargs.pop("headers", None) or {})}
        return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)

    def _identity_headers(self) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.access_token}" if self.access_token else None,
            "X-Tenant-ID": self.tenant_id,
            "X-App-ID": self.app_id,
            "X-Device-ID": self.device_id,
        }
        return {name: value for name, value in headers.items() if value}
