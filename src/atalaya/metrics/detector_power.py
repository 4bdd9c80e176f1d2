"""Measures the share of seeded defects that a metric's checks detect.

A zero is worth as much as the detector behind it. Seeded defects tell: those that ``prove`` shows to the checks, and
the canaries that run beside each observation. A defect is one trial however often it was shown, and was caught if it
was caught each time: repeating one defect teaches nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from atalaya.harness.pack import Pack
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.stored import Proof


def sensitivity(pack: Pack, proofs: Iterable[Proof]) -> dict[str, DetectorPower]:
    """For each metric that counts events, and that the pack feeds, how its checks did with the defects of its kind."""
    known = list(proofs)
    return {metric: _detector(known, partial(pack.sees, metric)) for metric in pack.events}


def _detector(proofs: Iterable[Proof], sees: Callable[[str], bool]) -> DetectorPower:
    caught: dict[str, bool] = {}
    for proof in proofs:
        expected = {promise for promise in proof.expected if sees(promise)}
        if expected:
            caught[proof.defect] = caught.get(proof.defect, True) and expected <= set(proof.caught_by)
    shown, well = len(caught), sum(caught.values())
    return DetectorPower(shown=shown, caught=well)
