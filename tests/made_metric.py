"""Makes metrics of which nothing matters but what a test gives them."""

from __future__ import annotations

from typing import Any

from atalaya.core.words import text
from atalaya.records.judged import Metric, State

NOTHING = text("")
WITHOUT: dict[str, Any] = {
    "value": None,
    "low": None,
    "high": None,
    "n": 0,
    "unit": "",
    "exposure": NOTHING,
    "source": NOTHING,
    "threshold": NOTHING,
    "method": NOTHING,
    "text": NOTHING,
    "reason": NOTHING,
    "critical": False,
}


def metric(id: str, state: State, **told: Any) -> Metric:
    """A metric of this name in this state, with the fields that are told."""
    return Metric(id=id, state=state, **WITHOUT | told)
