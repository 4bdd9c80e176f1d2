"""Asks whether the service is up."""

from __future__ import annotations

from typing import Any

from .base import BaseClient


class HealthClient(BaseClient):
    def health(self) -> dict[str, Any]:
        return self.http.request("GET", "/health", module="health", operation="health")
