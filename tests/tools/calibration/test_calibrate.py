"""Tests that simulated watches are drawn as their process says, judged by the real rules, and kept where they stop."""

from __future__ import annotations

import argparse
import io
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.core.errors import UsageError
from atalaya.core.kept_record import encoded
from atalaya.core.settings import Settings, Thresholds, load
from atalaya.metrics.definitions import METRICS
from atalaya.records.stored import VerdictStatus
from atalaya.selftest import last_run
from atalaya.selftest.last_run import Run, SelfTest
from atalaya.selftest.prove import Caught
from atalaya.watch.calibration_record import FILE, GOALS, PROCESS_TEXTS, Found, Measure, Truth, World, goals_of, read
from atalaya.watch.outlook import AFTER_H
from tests.tools.calibration.detectors import DETECTORS
from tools.calibration import __main__ as command_module
from tools.calibration import baseline_rules
from tools.calibration import calibrate as module
from tools.calibration.__main__ import WORK
from tools.calibration.__main__ import calibrate as command
from tools.calibration.calibrate import ENOUGH, SIMULATED, Inputs, calibrate, counted, found_in
from tools.calibration.scenarios import BY_ID, SCENARIOS, Sees, draw, errors_by_day

DOCS = Path(__file__).parents[3] / "docs"
WORLD, LIMITS = World(), Thresholds()
T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def inputs(watches: int = 40, seed: int = 1) -> Inputs:
    return Inputs(watches, seed, Settings(), DETECTORS)


def made(*ids: str, watches: int = 40, seed: int = 1, work: Path | None = None, processes: int = 1):
    return calibrate(
        inputs(watches, seed), made_by="a test", scenarios=[BY_ID[id] for id in ids], work=work, processes=processes
    )


def of(id: str, watches: int = 300) -> Found:
    return found_in(BY_ID[id], inputs(watches))


def drawn(id: str, watches: int = 4000, sees: Sees = Sees()):  # noqa: B008
    return draw(BY_ID[id], WORLD, watches=watches, seed=1, sees=sees)


# ── what is drawn ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("id", "rates"),
    [
        ("day-night", [0.99, 0.99, 0.95, 0.95] * 3),
        ("step", [0.99] * 7 + [0.80] * 5),
        ("dead-5-54", [0.99] * 9 + [0.8 * 0.99] * 3),
        ("dead-20-40", [0.99] * 7 + [0.95 * 0.99] * 5),
        ("bad-runner", [0.972] * 12),
        ("bad-runner-any", [0.972] * 12),
        ("drift", [0.999 - 0.099 * (6 * run + AFTER_H) / 72 for run in range(12)]),
    ],
)
def test_each_run_ends_well_as_often_as_its_process_says(id: str, rates: list[float]) -> None:
    assert drawn(id).ended.mean(axis=(0, 2)) == pytest.approx(rates, abs=0.015)


def test_a_dead_variant_is_one_and_the_same() -> None:
    assert not drawn("dead-5-54").ended[:, 9:, 0].any()


def test_a_burst_meets_any_run_after_the_first_with_equal_chance() -> None:
    lost = (~drawn("bursts").ended).mean(axis=(0, 2))
    assert lost[0] == pytest.approx(0.01, abs=0.005)
    assert lost[1:] == pytest.approx([0.01 + 0.29 / 12] * 11, abs=0.01)


def test_errors_rise_and_fall_by_a_factor_of_two_a_day() -> None:
    assert errors_by_day(BY_ID["network-rising-0.01"]) == pytest.approx((0.005, 0.01, 0.02))
    assert errors_by_day(BY_ID["network-falling-0.01"]) == pytest.approx((0.02, 0.01, 0.005))
    assert errors_by_day(BY_ID["network-steady-0.01"]) == (0.01, 0.01, 0.01)
    by_day = drawn("network-rising-0.01").errors.reshape(-1, 3, 24).sum(axis=(0, 2)) / 4000 / WORLD.requests_a_day
    assert by_day == pytest.approx([0.005, 0.01, 0.02], rel=0.03)


def test_one_error_is_one_in_each_watch() -> None:
    assert set(drawn("network-one").errors.sum(axis=1).tolist()) == {1}


def test_what_the_checks_do_not_see_is_not_counted() -> None:
    half = drawn("stale-200", sees=Sees(stale=0.5))
    assert half.stale.mean() / WORLD.waits_per_smoke == pytest.approx(1 / 400, rel=0.05)


def test_a_job_with_the_flaky_test_is_run_again_and_fails_where_both_do() -> None:
    flaky = drawn("flaky-20")
    assert (flaky.flaky > 0).mean() == pytest.approx(1 / 20, rel=0.05)
    assert not flaky.ended[flaky.flaky == 2].any()
    assert flaky.ended.mean() == pytest.approx(0.99 * (1 - 1 / 400), abs=0.002)


def test_two_scenarios_do_not_share_their_draws() -> None:
    assert not np.array_equal(drawn("healthy-99-5-0").ended, drawn("bad-runner").ended)


# ── what is counted ──────────────────────────────────────────────────────────


def test_the_counts_of_a_look_are_those_until_then() -> None:
    it = drawn("network-rising-0.1", watches=3)
    for number, looks in enumerate(counted(it, WORLD)):
        assert [len(counts.errors) for counts in looks] == [1, 2, 3]
        assert sum(looks[-1].errors) == int(it.errors[number].sum())
        assert [counts.flaky for counts in looks] == [(0, 5 + 4), (0, 5 + 8), (0, 5 + 12)]


def test_each_metric_beside_cis_rate_is_simulated() -> None:
    assert {*SIMULATED, "pass-rate"} == set(METRICS)


# ── what becomes of it ───────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    assert encoded(made("sick-90", "flaky-20")) == encoded(made("sick-90", "flaky-20"))
    assert made("sick-90").found != made("sick-90", seed=2).found


def test_a_scenario_is_drawn_alike_whatever_is_drawn_beside_it_and_by_however_many_processes() -> None:
    one, other = made("healthy-97-5-0", "sick-90"), made("sick-90", "healthy-97-5-0", processes=2)
    assert one.found == other.found[::-1]


def test_every_watch_has_one_word() -> None:
    for found in made("healthy-97-5-3", "asked-90", "network-steady-0.01").found:
        assert (sum(found.ended.values()), sum(found.decided_by.values())) == (40, 40)


# The goals hold for 10,000 watches; for a few hundred, with some room for chance.
LOOSE = 0.04


@pytest.mark.parametrize("id", [*GOALS, "healthy-97-5-0", "healthy-97-5-6", "healthy-99-1-0", "healthy-99-20-3"])
def test_a_few_hundred_watches_are_near_their_goals(id: str) -> None:
    found = of(id)
    for goal in goals_of(found.scenario):
        count = found.alarmed if goal.measure is Measure.ALARM else found.ended_in(VerdictStatus.GO)
        room = 0 if goal.most == 0 or goal.least == 1 else LOOSE
        assert goal.least - room <= count / 300 <= goal.most + room, (id, goal, found.ended)


def test_what_nobody_saw_is_never_go_and_the_naive_rules_say_go() -> None:
    for found in made("ci-silent", "ci-once").found:
        assert found.ended == {"INCONCLUSIVE": 40}
        assert all(simple.go == 40 for simple in found.naive)


def test_a_stale_read_is_an_alarm_and_never_go() -> None:
    found = of("stale-20", watches=40)
    assert (found.alarmed, found.ended) == (40, {"NO-GO": 40})


def test_network_errors_above_the_level_are_no_go_and_such_that_only_rise_extend_the_watch() -> None:
    """The row of the table that applies says whether a failure is critical."""
    assert of("network-steady-0.05", watches=20).ended == {"NO-GO": 20}
    assert of("network-rising-0.005", watches=40).ended.get("EXTEND", 0) > 20


# ── naive rules ──────────────────────────────────────────────────────────────


def test_the_naive_rules_are_as_naive_as_they_are_said_to_be() -> None:
    it = drawn("network-steady-0.0001", watches=3)
    it.errors[:] = 0
    it.ended[0, :, :2] = False
    it.errors[1, 48:] = 1
    assert [rule(it, LIMITS, 72).tolist() for rule in baseline_rules.RULES.values()] == [
        [True, False, False],
        [False, True, False],
        [True, True, False],
    ]
    assert not baseline_rules.rank_test(it, LIMITS, 24).any()


def test_the_rank_test_is_the_known_one_on_sparse_counts() -> None:
    """p = .0366 for (0, 1, 2, 1, 0, 0) against zeros is a false alarm that a rank test raised on a known tool."""
    it = drawn("network-steady-0.0001", watches=1)
    it.errors[:] = 0
    it.errors[0, 48:54] = (0, 1, 2, 1, 0, 0)
    assert baseline_rules.rank_test(it, LIMITS, 72).tolist() == [True]


# ── going on where it stopped ────────────────────────────────────────────────


def test_a_calibration_that_was_stopped_goes_on_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, work = ("sick-90", "healthy-97-5-0", "network-one"), tmp_path / "work" / "w.jsonl"
    whole = encoded(made(*ids))

    def stopped(scenario, of):
        if scenario.id == "network-one":
            raise KeyboardInterrupt
        return found_in(scenario, of)

    monkeypatch.setattr(module, "found_in", stopped)
    with pytest.raises(KeyboardInterrupt):
        made(*ids, work=work)
    with work.open("ab") as file:
        file.write(b'{"scenario": {"id": "cut sh')  # as a kill leaves it
    drawn_again = []

    def noted(scenario, of):
        drawn_again.append(scenario.id)
        return found_in(scenario, of)

    monkeypatch.setattr(module, "found_in", noted)
    assert encoded(made(*ids, work=work)) == whole
    assert drawn_again == ["network-one"]
    made(*ids, work=work)
    assert drawn_again == ["network-one"]


def test_a_result_of_another_seed_is_not_gone_on_with(tmp_path: Path) -> None:
    work = tmp_path / "w.jsonl"
    made("sick-90", work=work)
    assert made("sick-90", work=work, seed=2).found == made("sick-90", seed=2).found


# ── the file, and the command ────────────────────────────────────────────────


def test_the_calibration_in_the_tree_is_of_these_scenarios_and_large_enough() -> None:
    kept = read(DOCS)
    assert kept is not None
    assert tuple(found.scenario for found in kept.found) == SCENARIOS
    assert kept.world == WORLD
    assert kept.watches >= ENOUGH


def test_the_published_goals_are_met() -> None:
    kept = read(DOCS)
    assert kept is not None
    missed = [
        found.scenario.id
        for found in kept.found
        for goal in goals_of(found.scenario)
        if not goal.is_met(found, kept.watches)
    ]
    assert missed == []


def test_no_calibration_is_none_and_a_broken_one_says_how_to_mend_it(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    (tmp_path / "reference").mkdir()
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(UsageError, match="nox -s calibrate"):
        read(tmp_path)


@pytest.fixture
def self_test(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the pack hold a self-test of these defects; of none at all, there is no self-test."""

    def hold(*defects: Caught) -> None:
        run = Run(made_at=T0, python="3.11.7", subject_digest="d", to_all=True, defects=defects)
        monkeypatch.setattr(last_run, "read", lambda pack: SelfTest(pack=pack, runs=(run,)) if defects else None)

    return hold


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scenarios only."""
    monkeypatch.setattr(command_module, "SCENARIOS", (BY_ID["network-one"], BY_ID["ci-once"]))


def place(root: Path) -> Context:
    return Context(root, load(root / "watch.toml"), Console(io.StringIO()))


def asked(report: Path | None = None, watches: int = 2) -> argparse.Namespace:
    return argparse.Namespace(watches=watches, seed=1, report=report, json=False)


CAUGHT = Caught(id="one", expected=("polling.fresh-status",), caught_by=("polling.fresh-status",))


@pytest.mark.usefixtures("few")
def test_a_small_calibration_is_reported_and_kept_nowhere(tmp_path: Path, self_test: Callable[..., None]) -> None:
    self_test(CAUGHT)
    report = tmp_path / "report.json"
    assert command(place(tmp_path), asked(report)) == 0
    assert '"made_by": "nox -s calibrate -- --watches 2 --seed 1"' in report.read_text()
    assert read(tmp_path / "docs") is None
    assert [file.name for file in (tmp_path / WORK).iterdir()] == ["2-1.jsonl"]


@pytest.mark.skipif(os.name == "nt", reason="processes are told to end in another way there")
def test_no_process_is_told_to_end_when_the_work_is_done(tmp_path: Path) -> None:
    """One that had just begun did not hear it, and was waited for without end."""
    told = tmp_path / "told"

    def hear(*_: object) -> None:
        told.touch()
        os._exit(1)

    before = signal.signal(signal.SIGTERM, hear)
    try:
        assert len(made("network-one", "ci-once", watches=2, processes=24).found) == 2
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not told.exists()


def test_without_a_self_test_nothing_could_be_go_and_the_command_says_so(
    tmp_path: Path, self_test: Callable[..., None]
) -> None:
    self_test()
    with pytest.raises(UsageError, match="there is no self-test"):
        command(place(tmp_path), asked())


def test_with_a_defect_that_survived_each_verdict_would_be_invalid_and_the_command_says_so(
    tmp_path: Path, self_test: Callable[..., None]
) -> None:
    survived = Caught(id="two", expected=("polling.fresh-status",), caught_by=())
    self_test(CAUGHT, survived)
    with pytest.raises(UsageError, match="the defect two survived"):
        command(place(tmp_path), asked())


def test_each_truth_has_scenarios_and_each_process_one_sentence() -> None:
    assert set(Truth) == {scenario.truth for scenario in SCENARIOS}
    assert set(PROCESS_TEXTS) == {scenario.process for scenario in SCENARIOS}
    assert len({str(scenario.says) for scenario in SCENARIOS}) == len(SCENARIOS)
    assert set(GOALS) <= set(BY_ID)
