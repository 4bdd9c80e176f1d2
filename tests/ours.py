"""The check pack of this tree, and what tests take from it."""

from checks.pack_loader import find, load

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
