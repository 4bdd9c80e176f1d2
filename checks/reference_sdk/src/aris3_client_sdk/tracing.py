"""Under which id do the service's logs know this conversation?"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

TRACE_HEADER = "X-Trace-ID"


@dataclass
class TraceContext:
    trace_id: str | None = None

    def ensure(self) -> str:
        """The id; a random one is made the first time that it is needed."""
        if not self.trace_id:
            self.trace_id = str(uuid.uuid4())
        return self.trace_id

    def update_from_headers(self, headers: Mapping[str, str]) -> None:
        """Adopt the id that the service answered, if it answered one."""
        for name, value in headers.items():
            if name.lower() == TRACE_HEADER.lower() and value:
                self.trace_id = value

    def update_from_payload(self, payload: object) -> None:
        """Adopt the ``trace_id`` of a decoded body, if it is a non-empty text."""
        trace_id = payload.get("trace_id") if isinstance(payload, Mapping) else None
        if isinstance(trace_id, str) and trace_id:
            self.trace_id = trace_id
