"""Tests that the simulation agrees with exact computations, and that these are correct."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from atalaya.core.settings import Settings, Thresholds
from atalaya.metrics.pass_rate import judge_rate
from atalaya.metrics.stats.intervals import trend, wilson
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.judged import State
from atalaya.watch.calibration_record import COMPUTED_TEXTS, Beside, World
from tests.ours import PACK
from tools.calibration import analytic
from tools.calibration.calibrate import Bench, Seen, counted, happened_in, sees_of
from tools.calibration.scenarios import BY_ID, FIRST_DAY, SCENARIOS, Sees, draw

WORLD, LIMITS = World(), Thresholds()
DETECTOR = DetectorPower(shown=100, caught=100)
SEEN = Seen(dict.fromkeys(("network-errors", "polling-timeouts", "stale-cache"), DETECTOR), 100, 100, PACK.duties)
WATCHES = 2000
COMPUTED = [one for one in SCENARIOS if analytic.expected(one, WORLD, LIMITS, Sees())]
COMPARISONS = sum(len(analytic.expected(one, WORLD, LIMITS, Sees())) for one in COMPUTED)


@pytest.mark.parametrize("scenario", COMPUTED, ids=lambda one: one.id)
def test_what_is_simulated_is_what_theory_says(scenario):
    """At 5 % over all comparisons together, so that none is out by chance."""
    drawn = draw(scenario, WORLD, watches=WATCHES, seed=1, sees=sees_of(SEEN.detectors))
    bench = Bench(drawn, WORLD, Settings(), SEEN)
    seen = Counter(id for looks in counted(drawn, WORLD) for id in happened_in(bench, looks, LIMITS))
    for id, chance in analytic.expected(scenario, WORLD, LIMITS, Sees()).items():
        beside = Beside(id=id, expected=chance, seen=seen[id])
        assert beside.p(WATCHES) > 0.05 / COMPARISONS, beside


def test_every_sick_scenario_has_a_probability_that_can_be_computed():
    sick = {one.id for one in SCENARIOS if str(one.truth) == "sick"}
    assert sick <= {one.id for one in COMPUTED}


@pytest.mark.parametrize("n", [5, 68, 136, 204])
def test_the_limits_are_those_of_the_rule(n):
    states = [judge_rate(x, wilson(x, n), LIMITS)[0] for x in range(n + 1)]
    assert sum(state is State.FAIL for state in states) == analytic.most_failing(n, LIMITS) + 1
    assert sum(state in analytic.MET for state in states) == n + 1 - analytic.least_met(n, LIMITS)


def test_one_look_alone_is_the_binomial_tail():
    day = analytic.day_of_jobs(0.9, 0.0, WORLD)
    assert day == pytest.approx(stats.binom.pmf(np.arange(day.size), WORLD.jobs_a_day, 0.9))
    one_day = World(hours=24, ci_runs=4)
    tail = stats.binom.cdf(analytic.most_failing(one_day.jobs, LIMITS), one_day.jobs, 0.9)
    assert analytic.ever_fails(day, one_day, LIMITS) == pytest.approx(tail)


def test_jobs_that_fail_together_have_the_same_mean_and_a_larger_spread():
    alone, together = (analytic.day_of_jobs(0.96, icc, WORLD) for icc in (0.0, 0.3))
    x = np.arange(alone.size)
    assert (together * x).sum() == pytest.approx((alone * x).sum())
    of_ci = WORLD.ci_runs_a_day * WORLD.jobs_per_ci_run * 0.96 * 0.04
    spread = [(day * x**2).sum() - (day * x).sum() ** 2 for day in (alone, together)]
    assert spread[1] - spread[0] == pytest.approx(of_ci * (WORLD.jobs_per_ci_run - 1) * 0.3)


@pytest.mark.parametrize(("counts", "events"), [((12, 7, 3), 22), ((0, 1, 3), 4), ((40, 30, 20), 90)])
def test_the_tails_of_the_score_are_those_of_the_trend_test(counts, events):
    chances = np.ones(1)
    for _ in range(events):
        chances = np.convolve(chances, np.full(3, 1 / 3))
    low, high = analytic._tails(chances, events, 3)
    score, found = counts[1] + 2 * counts[2], trend(counts, (24, 24, 24))
    assert (low[score], high[score]) == pytest.approx((found.p_decreasing, found.p_increasing))


@pytest.mark.parametrize("look", [2, 3])
def test_the_power_of_the_trend_is_the_sum_over_all_counts_that_show_one(look):
    means = [0.5, 1.0, 2.0]
    rise = fall = 0.0
    for counts in itertools.product(range(5), range(7), range(10)):
        found = trend(counts, (24, 24, 24))
        weight = float(np.prod([stats.poisson.pmf(n, mean) for n, mean in zip(counts, means, strict=True)]))
        if found.events >= 4:
            rise += weight * (found.p_increasing <= limit(look))
            fall += weight * (found.p_decreasing <= limit(look))
    assert analytic.trend_power(means, look) == pytest.approx((rise, fall), abs=5e-4)


def test_the_rising_errors_are_those_that_the_last_look_finds_in_80_of_100_watches():
    means = [rate * WORLD.requests_a_day for rate in BY_ID["rising-errors"].errors_per_request]
    assert means == pytest.approx([FIRST_DAY * WORLD.requests_a_day * factor for factor in (1, 2, 4)])
    assert analytic.trend_power(means)[0] == pytest.approx(0.80, abs=0.01)


def test_from_the_jobs_that_settle_a_rate_on_it_is_met_in_80_of_100_watches():
    n = analytic.jobs_that_settle(0.97, LIMITS)
    met = [stats.binom.sf(analytic.least_met(jobs, LIMITS) - 1, jobs, 0.97) for jobs in range(n - 1, n + 200)]
    assert met[0] < 0.8 <= min(met[1:])


def test_no_number_of_jobs_settles_a_rate_that_is_the_threshold():
    assert analytic.jobs_that_settle(0.95, LIMITS) is None


def test_everything_that_can_be_computed_has_a_sentence():
    ids = {id for one in SCENARIOS for id in analytic.expected(one, WORLD, LIMITS, Sees())}
    assert ids == set(COMPUTED_TEXTS)
