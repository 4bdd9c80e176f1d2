"""Tests that jobs with a shared cause of failure count for less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from atalaya.metrics.stats.clustering import (
    clopper_pearson,
    clustered,
    design_effect,
    effective_n,
    intraclass_correlation,
    typical_size,
    wilson_clustered,
)
from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.intervals import wilson
from tests.tables import each_row

RUN = st.integers(1, 6).flatmap(lambda jobs: st.tuples(st.integers(0, jobs), st.just(jobs)))


def by_definition(runs: list[tuple[int, int]]) -> float:
    """From the outcomes themselves: mean squares between and within, as a table of variance has them."""
    outcomes = [np.array([1.0] * passes + [0.0] * (jobs - passes)) for passes, jobs in runs]
    everything = np.concatenate(outcomes)
    k, n = len(outcomes), len(everything)
    between = sum(len(run) * (run.mean() - everything.mean()) ** 2 for run in outcomes) / (k - 1)
    within = sum(((run - run.mean()) ** 2).sum() for run in outcomes) / (n - k)
    size = (n - sum(len(run) ** 2 for run in outcomes) / n) / (k - 1)
    return float((between - within) / (between + (size - 1) * within))


def test_runs_that_pass_or_fail_as_a_whole_are_one_trial_each() -> None:
    assert intraclass_correlation([(5, 5), (0, 5), (5, 5)]) == 1


def test_runs_that_are_more_alike_than_chance_makes_them_do_not_count_for_more() -> None:
    assert intraclass_correlation([(1, 2), (1, 2), (1, 2)]) == 0


@each_row("runs", [[], [(3, 5)], [(1, 1), (0, 1), (1, 1)], [(5, 5), (5, 5)], [(0, 5), (0, 5)], [(0, 0), (3, 5)]])
def test_nothing_is_told_where_nothing_can_be(runs: list[tuple[int, int]]) -> None:
    assert intraclass_correlation(runs) is None


@settings(max_examples=40, deadline=None)
@given(runs=st.lists(RUN, min_size=2, max_size=8))
def test_the_correlation_is_that_of_the_table_of_variance(runs: list[tuple[int, int]]) -> None:
    found = intraclass_correlation(runs)
    if found is not None:
        assert pytest.approx(max(0.0, by_definition(runs)), abs=1e-9) == found
        assert 0 <= found <= 1


def test_a_run_without_jobs_is_no_run() -> None:
    runs = [(5, 5), (2, 5), (4, 4)]
    assert intraclass_correlation(runs) == intraclass_correlation([*runs, (0, 0)])


def test_sizes_are_weighted_by_the_jobs_that_find_themselves_in_them() -> None:
    assert [typical_size([(5, 5)] * 3), typical_size([(9, 9), (1, 1)]), typical_size([])] == [5.0, 8.2, None]


def test_sixty_jobs_in_runs_of_five_are_worth_what_was_worked_out() -> None:
    share = wilson_clustered(57, 60, m=5, icc=0.3)
    assert (pytest.approx(2.2), pytest.approx(27.27, abs=5e-3)) == (design_effect(5, 0.3), effective_n(60, 5, 0.3))
    assert (0.95, pytest.approx(0.7998, abs=5e-5), pytest.approx(0.9891, abs=5e-5), 60) == (
        share.value,
        share.low,
        share.high,
        share.n,
    )
    assert "27.27 effective trials" in str(share.method)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 300), m=st.floats(1, 20), icc=st.floats(0, 1), data=st.data())
def test_the_interval_is_never_narrower_than_that_of_independent_trials(
    n: int, m: float, icc: float, data: st.DataObject
) -> None:
    successes = data.draw(st.integers(0, n))
    clustered, independent = wilson_clustered(successes, n, m, icc), wilson(successes, n)
    assert 0 <= (clustered.low or 0) <= (independent.low or 0) + 1e-12
    assert 1 >= (clustered.high or 0) >= (independent.high or 0) - 1e-12


def test_without_correlation_it_is_wilsons_interval() -> None:
    clustered, independent = wilson_clustered(57, 60, m=5, icc=0), wilson(57, 60)
    assert (independent.low, independent.high) == (clustered.low, clustered.high)


@each_row(
    ("low", "high", "successes", "n"),
    [
        (0.8608, 0.9896, 57, 60),
        (0.9100, 0.9758, 190, 200),
        (0.9404, 1, 60, 60),
        (0.4782, 1, 5, 5),
        (0, 0.5218, 0, 5),
        (0.0250, 1, 1, 1),
    ],
)
def test_clopper_pearson_gives_the_worked_interval(low: float, high: float, successes: int, n: int) -> None:
    share = clopper_pearson(successes, n)
    assert (successes / n, pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5)) == (
        share.value,
        share.low,
        share.high,
    )


def test_without_jobs_there_is_no_share() -> None:
    assert [
        bound
        for share in (clopper_pearson(0, 0), wilson_clustered(0, 0, 5, 0.3))
        for bound in (share.value, share.low, share.high)
    ] == [None] * 6


@pytest.mark.parametrize(("passes", "jobs"), [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(passes: int, jobs: int) -> None:
    for refuses in (
        lambda: intraclass_correlation([(passes, jobs), (1, 2)]),
        lambda: clopper_pearson(passes, jobs),
        lambda: wilson_clustered(passes, jobs, 5, 0.3),
    ):
        with pytest.raises(ValueError, match="counts cannot be negative"):
            refuses()


@pytest.mark.parametrize(("m", "icc"), [(0.5, 0.3), (5, -0.1), (5, 1.1)])
def test_a_design_that_cannot_be_is_refused(m: float, icc: float) -> None:
    with pytest.raises(ValueError, match="not"):
        design_effect(m, icc)


@given(n=st.integers(1, 400), share=st.floats(0.001, 0.5), part=st.floats(0, 1))
def test_so_many_failures_or_more_are_as_likely_as_the_binomial_sums_say(n: int, share: float, part: float) -> None:
    failed = round(part * n)
    assert binomial_at_least(failed, n, share) == pytest.approx(float(stats.binom.sf(failed - 1, n, share)), abs=1e-12)


@given(n=st.floats(1, 400), share=st.floats(0.001, 0.5), part=st.floats(0.001, 0.99))
def test_a_fraction_of_a_failure_more_is_less_likely(n: int, share: float, part: float) -> None:
    assert binomial_at_least(part * n, n, share) >= binomial_at_least(min(n, part * n + 0.01), n, share)


@given(st.lists(RUN, max_size=12))
def test_jobs_never_count_for_more_than_they_are_nor_for_less_than_their_runs(runs: list[tuple[int, int]]) -> None:
    of = clustered(runs)
    n = sum(jobs for _, jobs in runs)
    assert (of.n, of.succeeded, of.red_runs) == (n, sum(well for well, _ in runs), sum(a < b for a, b in runs))
    assert (n / of.size if n else 0) - 1e-9 <= of.n_effective <= n


def test_without_a_run_there_is_no_rate() -> None:
    assert (clustered([]).n_effective, clustered([]).rate.value) == (0.0, None)
