"""Tests that the checks of the cache pass a correct one, with limitations present or fixed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from atalaya.harness.declare import StandIn
from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.seeded_faults import inject
from tests.ours import EXPLORING, PACK

FAMILY = next(family for family in PACK.families if family.name == "cache")
STAND_INS = FAMILY.stand_ins
# Those that explore have tests of their own: here they would take most of the time.
IDS = tuple(promise.id for promise in FAMILY.promises if promise.id not in EXPLORING)


@pytest.mark.parametrize("stand_in", STAND_INS, ids=[stand_in.id for stand_in in STAND_INS])
def test_a_limitation_breaks_no_promise_whether_it_is_there_or_mended(
    stand_in: StandIn, prepared: Prepared, tmp_path: Path
) -> None:
    source = inject(PACK, stand_in, tmp_path)
    run = run_checks(msgspec.structs.replace(prepared, paths=(source,)), wanted=IDS)
    assert {c.id: c.reason for c in run.checks if c.outcome is not Outcome.KEPT} == {}
