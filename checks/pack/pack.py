"""The pack's declaration: its families in order, and what they declare together."""

from __future__ import annotations

from checks.declare import Defect, Family, Limitation, Promise, StandIn, Statement, family

FAMILIES: tuple[Family, ...] = tuple(
    family(__package__, name) for name in ("config", "transport", "exports", "polling", "cache")
)

PROMISES: tuple[Promise, ...] = tuple(promise for family in FAMILIES for promise in family.promises)
PROMISE_BY_ID: dict[str, Promise] = {promise.id: promise for promise in PROMISES}

# Every sentence of the contract, with the promises that test it or the reason why none does.
STATEMENTS: tuple[Statement, ...] = tuple(
    sorted((said for family in FAMILIES for said in family.statements), key=lambda said: said.section)
)

# None of them is a broken promise: they are shown, and they feed the backlog.
LIMITATIONS: tuple[Limitation, ...] = tuple(limitation for family in FAMILIES for limitation in family.limitations)

DEFECTS: tuple[Defect, ...] = tuple(defect for family in FAMILIES for defect in family.defects)
DEFECT_BY_ID: dict[str, Defect] = {defect.id: defect for defect in DEFECTS}

# For each limitation, the reference SDK with one change: see :class:`StandIn`.
STAND_INS: tuple[StandIn, ...] = tuple(stand_in for family in FAMILIES for stand_in in family.stand_ins)
