"""Canaries: a test in each run that every family of checks can still detect a defect.

Beside the real checks of an observation runs one seeded defect of each family, another one each hour. Where it
is caught, a detector was alive when it said "kept"; where it is not, its word counts for nothing.
"""

from __future__ import annotations

import os
from datetime import datetime

import msgspec

from atalaya.harness.declare import Defect
from atalaya.harness.pack import Pack
from atalaya.records.results import Canary, CheckResult, CheckRun
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.prove import catch, in_order

TRIES = 2  # a machine that was busy for a moment is no sleeping detector


def choose(pack: Pack, at: datetime) -> dict[str, Defect]:
    """The defect of each family that is due in this hour: each hour the next one, round and round."""
    hour = int(at.timestamp() // 3600)
    return {one.name: one.defects[hour % len(one.defects)] for one in pack.families if one.defects}


def run_canaries(prepared: Prepared, *, at: datetime) -> tuple[Canary, ...]:
    """Run the defects that are due at ``at``, each against the promises that should catch it.

    :param prepared: an environment that has what the reference SDK needs.
    """
    due = choose(prepared.pack, at).items()
    return tuple(in_order(lambda one: _one(*one, prepared), due, jobs=os.cpu_count() or 1))


def _one(family: str, defect: Defect, prepared: Prepared) -> Canary:
    canary = Canary(family=family, defect=defect.id, expected=defect.expected, caught_by=())
    for _ in range(TRIES):
        red = catch(defect, prepared, wanted=defect.expected).caught_by
        canary = msgspec.structs.replace(canary, caught_by=red)
        if canary.caught:
            break
    return canary


def discount_by_canaries(pack: Pack, run: CheckRun, canaries: tuple[Canary, ...], *, why_none: str = "") -> CheckRun:
    """The run as it counts, beside its canaries: what a family that slept has called kept is unknown.

    :param why_none: why no canary could be run at all, which leaves no family awake.
    """
    slept = {
        canary.family: f"the seeded defect {canary.defect}, run beside it, was not caught"
        for canary in canaries
        if not canary.caught
    }
    if why_none:
        slept = {one.name: f"no seeded defect could be run beside it: {why_none}" for one in pack.families}
    checks = tuple(_as_it_counts(check, slept.get(check.contract, "")) for check in run.checks)
    return msgspec.structs.replace(run, checks=checks, canaries=canaries)


def _as_it_counts(check: CheckResult, why_not: str) -> CheckResult:
    if not why_not or check.outcome is not Outcome.KEPT:
        return check
    return msgspec.structs.replace(check, outcome=Outcome.UNKNOWN, reason=f"kept, it said; but {why_not}")
