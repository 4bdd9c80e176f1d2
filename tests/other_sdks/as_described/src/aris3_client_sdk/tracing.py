"""Trace ids that go along with requests."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TRACE_HEADER = "X-Trace-ID"


@dataclass
class TraceContext:
    trace_id: str | None = None

    def ensure(self) -> str:
        if not self.trace_id:
            self.trace_id = str(uuid.uuid4())
        return self.trace_id

    def update_from_headers(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if name.lower() == TRACE_HEADER.lower() and value:
                self.trace_id = value
                return

    def update_from_payload(self, payload: Mapping[str, Any]) -> None:
        value = payload.get("trace_id")
        if isinstance(value, str) and value:
            self.trace_id = value
