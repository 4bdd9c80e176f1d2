"""What the loopback service answers by itself: the life of an export, and the routes to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from atalaya.harness.serving import Answer, Life, Lives, Resource, Step, Turn, error_object, to_json

EXPORTS = "/aris3/exports"
HEALTH = "/health"
MADE_AT = "2030-01-01T00:00:00Z"  # always the same, so that two runs of one check are answered alike
CREATED = "CREATED"
ORDINARY_LIFE = (Step(state=CREATED), Step(state=CREATED), Step(state="READY"))


class Service(Lives):
    """Exports that are made, listed, asked for and downloaded."""

    def resource_at(self, method: str, path: str) -> tuple[str, bool] | None:
        """The export of a path. Only asking for its status moves it on."""
        parts = path.split("/")
        if method not in ("GET", "HEAD") or not path.startswith(f"{EXPORTS}/") or not parts[3]:
            return None
        if len(parts) > 5 or (len(parts) == 5 and parts[4] != "download"):
            return None
        return unquote(parts[3]), len(parts) == 4

    def state_object(self, resource: Resource, stamp: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """All fields that a status object must have; ``row_count`` is the stamp of the answer."""
        return {
            "export_id": resource.id,
            "tenant_id": "Mandant-Zürich 1",
            "store_id": "Tienda Ñ-1",
            "source_type": resource.asked.get("source_type", "reports_daily"),
            "format": resource.asked.get("format", "csv"),
            "filters_snapshot": resource.asked.get("filters") or {},
            "status": resource.state or CREATED,
            "row_count": stamp,
            "created_at": MADE_AT,
            **fields,
        }

    def routed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        """What the routes say by themselves."""
        method, path = turn.request.method, turn.path
        if path == EXPORTS and method == "POST":
            return self._made(turn, headers, stamp)
        if method in ("GET", "HEAD"):
            if path == EXPORTS:
                return self._listed(turn, headers, stamp)
            if path.startswith(f"{EXPORTS}/"):
                return self._one(turn, headers, stamp)
            if path == HEALTH:
                return Answer(200, to_json({"status": "ok", "stamp": stamp}), headers, None)
        return super().routed(turn, headers, stamp)

    def _made(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        try:
            asked = json.loads(turn.request.body)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            error = error_object("BAD_REQUEST", "The body must be a JSON object: the export that is wanted.")
            return Answer(400, to_json(error), headers, None)
        number = len(self.resources) + 1
        while f"export-{number}" in self.resources:
            number += 1
        export = Resource(f"export-{number}", Life(self.default or ORDINARY_LIFE), asked)
        self.resources[export.id] = export
        return Answer(201, to_json(self.state_object(export, stamp, {})), headers, export.state or CREATED)

    def _listed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        rows = [self.state_object(export, stamp, {}) for export in reversed(self.resources.values())]
        size = parse_qs(turn.query).get("page_size", [""])[-1]
        rows = rows[: int(size)] if size.isascii() and size.isdigit() else rows
        return Answer(200, to_json({"rows": rows}), headers, None)

    def _one(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        export = turn.resource
        if export is None:
            error = error_object("NOT_FOUND", f"There is no export at {turn.path}.", trace_id=turn.step.trace_id)
            return Answer(404, to_json(error), headers, None)
        if turn.path.endswith("/download") and turn.path.count("/") == 4:
            content = f"export_id,stamp\r\n{export.id},{stamp}\r\n".encode()
            return Answer(200, content, headers, None, "text/csv")
        return Answer(
            200, to_json(self.state_object(export, stamp, turn.step.fields)), headers, export.state or CREATED
        )
