"""Tests that the simulation agrees with exact computations, and that these are correct."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from atalaya.core.settings import Settings, Thresholds
from atalaya.metrics.pass_rate import judge_ci
from atalaya.records.judged import State
from atalaya.watch.calibration_record import COMPUTED_TEXTS, World
from tests.tools.calibration.detectors import DETECTORS
from tools.calibration import analytic
from tools.calibration.calibrate import Inputs, found_in
from tools.calibration.scenarios import SCENARIOS, Sees

WORLD, LIMITS = World(), Thresholds()
WATCHES = 300
COMPUTED = [one for one in SCENARIOS if one.process in analytic.PROCESSES]


@pytest.fixture(scope="module")
def comparisons():
    """How many there are over all scenarios."""
    return sum(len(analytic.expected(one, WORLD, LIMITS, Sees())) for one in COMPUTED)


@pytest.mark.parametrize("scenario", [one for one in COMPUTED if one.value("jobs") <= 5], ids=lambda one: one.id)
def test_what_is_simulated_is_what_theory_says(scenario, comparisons):
    """At 5 % over all comparisons together, so that none is out by chance."""
    found = found_in(scenario, Inputs(WATCHES, 1, Settings(), DETECTORS))
    for beside in found.theory:
        assert beside.p(WATCHES) > 0.05 / comparisons, beside


def test_everything_that_can_be_computed_has_a_sentence():
    computed = [(one, analytic.expected(one, WORLD, LIMITS, Sees())) for one in SCENARIOS]
    assert {id for _, figures in computed for id in figures} == set(COMPUTED_TEXTS)
    assert [one for one, figures in computed if figures] == COMPUTED


@pytest.mark.parametrize(("jobs", "p", "correlation"), [(1, 0.9, 0.0), (3, 0.9, 0.0), (3, 0.9, 0.4)])
def test_the_chances_of_all_outcomes_are_those_of_each_order_of_runs(jobs, p, correlation):
    """Three runs in each order they can end in, against the sums over outcomes whatever the order."""
    run = analytic.run_of(jobs, p, correlation)
    by_order = dict.fromkeys(State, 0.0)
    for well in itertools.product(range(jobs + 1), repeat=3):
        state = judge_ci(tuple((one, jobs) for one in well), 3, LIMITS)[0]
        by_order[state] += float(np.prod(run[list(well)]))
    summed = dict.fromkeys(State, 0.0)
    for well, state in analytic.states_of_rate(3, jobs, LIMITS).items():
        summed[state] += analytic._chance(well, run)
    assert summed == pytest.approx(by_order)
    assert sum(summed.values()) == pytest.approx(1)


def test_jobs_that_fail_together_have_the_same_mean_and_a_larger_spread():
    alone, together = (analytic.run_of(5, 0.96, icc) for icc in (0.0, 0.3))
    x = np.arange(6)
    assert (together * x).sum() == pytest.approx((alone * x).sum())
    spread = [(run * x**2).sum() - (run * x).sum() ** 2 for run in (alone, together)]
    assert spread[1] - spread[0] == pytest.approx(5 * 0.96 * 0.04 * 4 * 0.3)


def test_a_flaky_test_is_seen_where_some_attempt_passes_and_some_fails():
    """By enumeration: one attempt at T+0, then two runs, each of which is tried again once where it fails."""
    fails, seen = 0.3, 0.0
    for repeat, *firsts in itertools.product((0, 1), repeat=3):
        for agains in itertools.product((0, 1), repeat=2):
            attempts = [repeat, *firsts, *(again for first, again in zip(firsts, agains, strict=True) if first)]
            weight = np.prod([fails if one else 1 - fails for one in (repeat, *firsts, *agains)])
            seen += weight * (0 < sum(attempts) < len(attempts))
    assert analytic._flaky_seen(fails, 1, 2) == pytest.approx(seen)


# ── the floor ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("jobs", "lost", "at_99", "at_90"), [(30, 0, 0.740, 0.042), (48, 1, 0.917, 0.0403), (60, 2, 0.978, 0.0530)]
)
def test_the_floor_lets_so_many_be_lost_and_is_met_so_often(jobs, lost, at_99, at_90):
    """48 jobs: 92 % at 0.99 and 4 % at 0.90; 60: 98 % and 5.3 %."""
    (row,) = [row for row in analytic.floor(LIMITS) if row.jobs == jobs]
    assert row.most_lost == lost
    assert row.go["0.99"] == pytest.approx(stats.binom.cdf(lost, jobs, 0.01)) == pytest.approx(at_99, abs=5e-4)
    assert row.go["0.9"] == pytest.approx(stats.binom.cdf(lost, jobs, 0.1)) == pytest.approx(at_90, abs=5e-4)


def test_a_higher_floor_would_lose_the_second_job_of_60():
    """At 0.8864, which 30 clean jobs of 30 still reach, 58 of 60 do not; at 0.885 they do."""
    higher = Thresholds(pass_rate_tolerance=0.95 - 0.8864)
    assert [analytic.most_lost(jobs, higher) for jobs in (30, 60)] == [0, 1]
    assert [analytic.most_lost(jobs, LIMITS) for jobs in (30, 60)] == [0, 2]
