"""Which weaknesses beyond the contract are looked for?

None of them is a broken promise: they are shown, and they feed the backlog.
"""

from __future__ import annotations

from checks.contracts.promises import FAMILIES
from checks.records import Weakness

WEAKNESSES: tuple[Weakness, ...] = tuple(weakness for family in FAMILIES for weakness in family.WEAKNESSES)
