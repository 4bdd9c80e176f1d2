"""All that a check pack's service may use of the machine: what a request holds, and how an answer is made."""

from __future__ import annotations

from checks.service.life import Answer, Life, Lives, Resource, Step, Turn
from checks.service.wire import error_object, to_json

__all__ = ["Answer", "Life", "Lives", "Resource", "Step", "Turn", "error_object", "to_json"]
