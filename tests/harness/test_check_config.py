"""Tests that the configuration checks pass a correct SDK, and distinguish a missing part from a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from atalaya.harness.declare import StandIn
from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.seeded_faults import inject
from tests.ours import PACK

FAMILY = next(family for family in PACK.families if family.name == "config")
STAND_INS = FAMILY.stand_ins
IDS = tuple(promise.id for promise in FAMILY.promises)


def not_kept(sdk: Prepared, *ids: str) -> dict[str, Outcome]:
    run = run_checks(sdk, wanted=ids or IDS)
    return {check.id: check.outcome for check in run.checks if check.outcome is not Outcome.KEPT}


@pytest.mark.parametrize("stand_in", STAND_INS, ids=[stand_in.id for stand_in in STAND_INS])
def test_a_limitation_breaks_no_promise_but_the_one_that_asks_for_it_whether_it_is_there_or_mended(
    stand_in: StandIn, prepared: Prepared, tmp_path: Path
) -> None:
    source = inject(PACK, stand_in, tmp_path)
    against = next(one.against for one in FAMILY.limitations if one.id == stand_in.limitation)
    broken = {against: Outcome.BROKEN} if against in IDS and not stand_in.has else {}
    assert not_kept(msgspec.structs.replace(prepared, paths=(source,))) == broken


def test_an_sdk_without_jitter_is_not_asked_about_it(sdk_with: Callable[[str, str, str], Prepared]) -> None:
    without = sdk_with(
        "config.py",
        "",
        """
import dataclasses as _d

ClientConfig = _d.make_dataclass(
    "ClientConfig",
    [(f.name, f.type, f) if f.default is _d.MISSING else (f.name, f.type, f.default)
     for f in _d.fields(ClientConfig) if "jitter" not in f.name],
    frozen=True,
    namespace={"normalized_env": ClientConfig.normalized_env},
)
_build, _number_of = ClientConfig.__init__, _number


def __init__(self, *values, **fields):
    _build(self, *values, **{name: value for name, value in fields.items() if "jitter" not in name})


__init__.__signature__ = __import__("inspect").signature(_build)
ClientConfig.__init__ = __init__


def _number(name, *rest, **limits):
    return 0.0 if "JITTER" in name else _number_of(name, *rest, **limits)
""",
    )
    assert not_kept(without) == {}


def test_files_beside_the_sdk_itself_are_never_written(prepared: Prepared, tmp_path: Path) -> None:
    stand_in = STAND_INS[0]
    source = inject(PACK, stand_in, tmp_path)
    before = sorted(source.rglob("*"))
    not_kept(
        msgspec.structs.replace(prepared, paths=(source,)),
        "config.search-starts-at-the-sdk",
        "config.empty-path-reads-no-file",
        "config.missing-file-is-passed-over",
    )
    assert before == sorted(source.rglob("*"))
