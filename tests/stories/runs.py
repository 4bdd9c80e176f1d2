"""Real runs of the smoke and the checks, healthy and sick, made once for all stories."""

from __future__ import annotations

import tempfile
from pathlib import Path

from msgspec.structs import replace

from atalaya.core.words import Record
from atalaya.harness.fault_plan import FaultInjection, FaultPlan
from atalaya.harness.runner import run_checks, run_smoke
from atalaya.records.results import CheckRun, SmokeRun
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.seeded_faults import inject
from tests.ours import PACK

WAITS = 20
SICK = ("fallback-address", "polls-read-the-cache")


class Runs(Record, frozen=True, kw_only=True):
    """What each story takes its runs from."""

    healthy_checks: CheckRun
    healthy_smoke: SmokeRun
    one_error: SmokeRun  # one request was lost, and the second try went through
    stale_smoke: SmokeRun  # polls read the cache
    broken_checks: CheckRun  # of an SDK that breaks critical promises


def make(prepared: Prepared, healthy: CheckRun) -> Runs:
    cured = FaultPlan(gusts=(FaultInjection(wait=3, request=1),))
    with tempfile.TemporaryDirectory(prefix="atalaya-stories-") as folder:

        def sick(defect: str) -> Prepared:
            return replace(prepared, paths=(inject(PACK, PACK.defect[defect], Path(folder)),))

        builds = {id: sick(id) for id in SICK}
        broken = [run_checks(build, wanted=PACK.defect[id].expected) for id, build in builds.items()]
        worse = {check.id: check for found in broken for check in found.checks}
        return Runs(
            healthy_checks=healthy,
            healthy_smoke=run_smoke(prepared, waits=WAITS),
            one_error=run_smoke(prepared, waits=WAITS, weather=cured),
            stale_smoke=run_smoke(builds["polls-read-the-cache"], waits=WAITS),
            broken_checks=replace(healthy, checks=tuple(worse.get(check.id, check) for check in healthy.checks)),
        )
