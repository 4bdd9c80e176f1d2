"""What does the SDK promise, and how much does each promise matter?

One table, joined from :mod:`checks.contracts.families`. The checks name its ids, the pages print its
sentences, and a test holds them together.
"""

from __future__ import annotations

from checks.contracts.families import cache, config, exports, polling, transport
from checks.records import Promise, Statement

FAMILIES = (config, transport, exports, polling, cache)

PROMISES: tuple[Promise, ...] = tuple(promise for family in FAMILIES for promise in family.PROMISES)

BY_ID: dict[str, Promise] = {promise.id: promise for promise in PROMISES}

# Every sentence of the contract, with the promises that test it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = tuple(
    sorted((said for family in FAMILIES for said in family.STATEMENTS), key=lambda said: said.section)
)
