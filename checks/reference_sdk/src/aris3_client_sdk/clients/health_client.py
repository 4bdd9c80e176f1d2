"""Is the service up?"""

from __future__ import annotations

from typing import Any

from .base import BaseClient


class HealthClient(BaseClient):
    def health(self) -> Any:
        """Whether the service is well. Anybody may ask: no identity is sent."""
        return self.http.request("GET", "/health", module="health", operation="health")
