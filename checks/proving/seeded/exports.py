"""Which small changes to the SDK break what it promises: exports?"""

from __future__ import annotations

from checks.proving.seeded.defect import Defect, StandIn

DEFECTS: tuple[Defect, ...] = ()

# With one change each, the reference SDK has a weakness that it lacks, or lacks one that it has.
STAND_INS: tuple[StandIn, ...] = ()
