"""Tests that stateful exploration detects its faults, reports them briefly and repeatably, with no false alarm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from atalaya.packs.aris3.stateful import BYPASS, PLAIN, Asked, Fetched, Model, Target

from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckResult
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.seeded_faults import inject
from tests.ours import DEFECT, PACK
from tests.tables import each_row

PATIENCE_S = 600.0
IDS = ("cache.holds-in-any-order", "polling.fresh-in-any-order")
ALICE = Asked("the client", "alice", Target("/aris3/stores"))


def explored(sdk: Prepared, id: str, seed: int = 0) -> CheckResult:
    """What a search finds."""
    return run_checks(sdk, wanted=[id], seed=seed, deadline_s=PATIENCE_S).checks[0]


def sick(prepared: Prepared, folder: Path, defect: str) -> Prepared:
    return msgspec.structs.replace(prepared, paths=(inject(PACK, DEFECT[defect], folder),))


@pytest.mark.parametrize("seeds", [(1,), pytest.param((2, 3, 4, 5, 6), marks=pytest.mark.long)])
def test_the_healthy_sdk_survives_other_seeds(seeds: tuple[int, ...], prepared: Prepared) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda seed: run_checks(prepared, wanted=IDS, seed=seed, deadline_s=PATIENCE_S), seeds))
    assert [(run.seed, c.id, c.reason) for run in runs for c in run.checks if c.outcome is not Outcome.KEPT] == []


@pytest.mark.parametrize(("defect", "id"), [("key-without-query", IDS[0]), ("polls-read-the-cache", IDS[1])])
def test_a_failure_is_found_and_told_step_by_step(defect: str, id: str, prepared: Prepared, tmp_path: Path) -> None:
    found = explored(sick(prepared, tmp_path, defect), id)
    assert found.outcome is Outcome.BROKEN, found.reason
    assert found.script[0].startswith("1. ")
    assert all(line.startswith(f"{number}. ") for number, line in enumerate(found.script, start=1))


def test_a_search_takes_all_its_sequences_however_long_a_busy_machine_needs(prepared: Prepared) -> None:
    found = run_checks(prepared, wanted=IDS[:1], deadline_s=5.0).checks[0]
    assert found.outcome is Outcome.KEPT, found.reason
    assert found.trials >= 40  # Hypothesis begins with one or two of its own


def test_the_same_seed_tells_the_same_story_and_no_step_too_many(prepared: Prepared, tmp_path: Path) -> None:
    sdk = sick(prepared, tmp_path, "one-cache-for-all")
    first, second = (explored(sdk, IDS[0], seed=7).script for _ in range(2))
    assert first == second
    assert len(first) == 2, first


@each_row(
    ("asked", "now_s", "expected"),
    [
        (ALICE, 2.9, ""),
        (ALICE, 3.5, "lifetime"),
        (ALICE._replace(who="bob"), 1.0, "for alice"),
        (ALICE._replace(client="a second client"), 1.0, "with the client"),
        (ALICE._replace(target=Target("/aris3/users")), 1.0, "from /aris3/stores"),
    ],
)
def test_an_answer_is_served_only_to_its_own_question_and_in_its_time(
    asked: Asked, now_s: float, expected: str
) -> None:
    model = Model({1: Fetched(PLAIN, 1, ALICE, at_s=0.0, ends_s=3.0)})
    why_not = model.why_not(1, asked, now_s)
    assert bool(expected) == bool(why_not)
    assert expected in why_not


def test_what_a_bypass_fetched_is_never_served() -> None:
    assert BYPASS in Model({1: Fetched(BYPASS, 1, ALICE, at_s=0.0)}).why_not(1, ALICE, 0.0)


def test_what_was_removed_is_not_served_again() -> None:
    model = Model({1: Fetched(PLAIN, 1, ALICE, at_s=0.0, ends_s=3.0)})
    model.empty(ALICE.client, "step 2")
    assert "step 2 had removed" in model.why_not(1, ALICE, 1.0)
