"""What the loopback service answers: predictions."""

from collections.abc import Mapping
from typing import Any

from atalaya.harness.serving import Lives, Resource


class Service(Lives):
    """Predictions and their lives."""

    def resource_at(self, method: str, path: str) -> tuple[str, bool] | None:
        """The prediction of a path. Asking for it moves it on."""
        return (path.rpartition("/")[2], method == "GET") if path.startswith("/v1/predictions/") else None

    def state_object(self, resource: Resource, stamp: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A prediction."""
        return {"id": "p1", "model": "acme/echo", "version": "v1", "status": resource.state, **fields}
