"""What do our checks have to catch?

Each seeded defect is one small, plausible change to the bundled reference SDK, with the promises that it
breaks. They lie in :mod:`checks.proving.seeded`, a module for each family.
"""

from __future__ import annotations

from checks.proving.seeded import cache, config, exports, polling, transport
from checks.proving.seeded.defect import Defect, StandIn, plant

__all__ = ["BY_ID", "DEFECTS", "STAND_INS", "Defect", "StandIn", "plant"]

FAMILIES = (config, transport, exports, polling, cache)

DEFECTS: tuple[Defect, ...] = tuple(defect for family in FAMILIES for defect in family.DEFECTS)

# For each weakness, the reference SDK with one change: see :class:`StandIn`.
STAND_INS: tuple[StandIn, ...] = tuple(stand_in for family in FAMILIES for stand_in in family.STAND_INS)

BY_ID: dict[str, Defect] = {defect.id: defect for defect in DEFECTS}
