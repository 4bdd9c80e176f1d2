"""The promises and the sentences of the contract that the pack declares."""

from __future__ import annotations

from checks.pack.pack import PROMISE_BY_ID as BY_ID
from checks.pack.pack import PROMISES, STATEMENTS

__all__ = ["BY_ID", "PROMISES", "STATEMENTS"]
