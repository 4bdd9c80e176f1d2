"""All that a check pack's service may use of the machine: what a request holds, and how an answer is made."""

from __future__ import annotations

from atalaya.mock_server.http1 import error_object, to_json
from atalaya.mock_server.scenario import Answer, Life, Lives, Resource, Step, Turn

__all__ = ["Answer", "Life", "Lives", "Resource", "Step", "Turn", "error_object", "to_json"]
