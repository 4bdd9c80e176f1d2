"""Checks that the cache and the waits keep their promises in any order of use."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from atalaya.harness.api import Broken, CannotTell, promise

from ..export_helpers import WAIT, needs
from ..fixture import CheckContext

if TYPE_CHECKING:
    from ..stateful import Sequence

SEQUENCES, STEPS = 40, 14


@promise("cache.holds-in-any-order")
def check_cache_holds_in_any_order(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    _explored(lab, "CacheSequence")


@promise("polling.fresh-in-any-order")
def check_polling_fresh_in_any_order(lab: CheckContext) -> None:
    needs(lab, WAIT)
    _explored(lab, "WaitSequence")


def _explored(lab: CheckContext, kind: str) -> None:
    # Imported here, since Hypothesis may not be there beside an SDK that somebody else has installed.
    try:
        from .. import stateful
    except ImportError as why:
        raise CannotTell(f"there is no exploration without Hypothesis: {why}") from why
    sequence: type[Sequence] = getattr(stateful, kind)
    seed = random.getrandbits(32)
    found = stateful.explore(lab, sequence, seed=seed, sequences=SEQUENCES, steps=STEPS)
    if found is not None:
        lab.script = found.script
        raise Broken(found.reason)
