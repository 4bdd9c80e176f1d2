"""How does the service know that a repeated request is the same one?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class IdempotencyKeys:
    transaction_id: str
    idempotency_key: str


def new_idempotency_keys() -> IdempotencyKeys:
    return IdempotencyKeys(transaction_id=str(uuid.uuid4()), idempotency_key=str(uuid.uuid4()))


def resolve_idempotency_keys(
    transaction_id: str | None = None, idempotency_key: str | None = None
) -> IdempotencyKeys:
    """Keep the keys that were given, and make those that were not."""
    fresh = new_idempotency_keys()
    return IdempotencyKeys(
        transaction_id=transaction_id or fresh.transaction_id,
        idempotency_key=idempotency_key or fresh.idempotency_key,
    )


def idempotency_headers(keys: IdempotencyKeys) -> dict[str, str]:
    return {"Idempotency-Key": keys.idempotency_key}
