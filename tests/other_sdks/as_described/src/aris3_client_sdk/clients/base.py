"""What all clients share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..http_client import HttpClient


@dataclass
class BaseClient:
    http: HttpClient
    access_token: str | None = None
    tenant_id: str | None = None
    app_id: str | None = None
    device_id: str | None = None

    def _auth_headers(self) -> dict[str, str]:
        headers = {}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        if self.tenant_id:
            headers["X-Tenant-ID"] = self.tenant_id
        if self.app_id:
            headers["X-App-ID"] = self.app_id
        if self.device_id:
            headers["X-Device-ID"] = self.device_id
        return headers

    def _request(self, method: str, path: str, *, use_get_cache: bool = True, **kwargs: Any) -> Any:
        headers = {**self._auth_headers(), **(kwargs.pop("headers", None) or {})}
        return self.http.request(method, path, headers=headers, use_get_cache=use_get_cache, **kwargs)
