"""The check pack of this tree, and what tests take from it."""

import dataclasses
from collections.abc import Iterable

from atalaya.core.pack_loader import find, load
from atalaya.harness.pack import Pack
from atalaya.records.results import Promise

PACK = load(find())

PROMISES = PACK.promises
PROMISE = PACK.promise
IDS = tuple(PACK.promise)
STATEMENTS = PACK.statements
LIMITATIONS = PACK.limitations
DEFECTS = PACK.defects
DEFECT = PACK.defect
STAND_INS = PACK.stand_ins
FAMILIES = PACK.families
EXPLORING = PACK.exploring
SCENARIOS = PACK.scenarios
PACKAGE = PACK.package
BUNDLED = PACK.reference
REFERENCE = PACK.source


def pack_of(promises: Iterable[Promise]) -> Pack:
    """The same pack with some of its promises only, for tests that need no more of them."""
    kept = {promise.id for promise in promises}
    few = (family._replace(promises=tuple(one for one in family.promises if one.id in kept)) for family in FAMILIES)
    return dataclasses.replace(PACK, families=tuple(few))
