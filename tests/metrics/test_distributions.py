"""Tests that the distributions are those of scipy.stats, to the last digits that a figure is told with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from atalaya.metrics.stats.comparison import benjamini_hochberg
from atalaya.metrics.stats.distributions import (
    beta_quantile,
    binomial_at_least,
    gamma_quantile,
    hypergeometric_at_least,
    normal_below,
    normal_quantile,
)

CHANCES = st.floats(1e-6, 1 - 1e-6)


def alike(value: float) -> object:
    return pytest.approx(value, rel=1e-8, abs=1e-15)


@given(z=st.floats(-12, 12), p=CHANCES)
def test_the_normal_is_that_of_scipy(z: float, p: float) -> None:
    assert (normal_below(z), normal_quantile(p)) == (alike(stats.norm.cdf(z)), alike(stats.norm.ppf(p)))


@given(p=CHANCES, a=st.integers(1, 4000), b=st.integers(1, 4000))
def test_the_quantiles_are_those_of_scipy(p: float, a: int, b: int) -> None:
    assert beta_quantile(p, a, b) == alike(stats.beta.ppf(p, a, b))
    assert gamma_quantile(p, a) == alike(stats.chi2.ppf(p, 2 * a) / 2)


@given(n=st.integers(0, 5000), part=st.floats(0, 1), p=CHANCES)
def test_the_binomial_is_that_of_scipy(n: int, part: float, p: float) -> None:
    k = round(n * part)
    assert binomial_at_least(k, n, p) == alike(stats.binom.sf(k - 1, n, p))


@given(whole=st.integers(1, 3000), of_marked=st.floats(0, 1), of_drawn=st.floats(0, 1), more=st.integers(-3, 30))
def test_the_hypergeometric_is_that_of_scipy(whole: int, of_marked: float, of_drawn: float, more: int) -> None:
    marked, drawn = round(whole * of_marked), round(whole * of_drawn)
    k = max(0, marked * drawn // max(1, whole) + more)
    assert hypergeometric_at_least(k, whole, marked, drawn) == alike(stats.hypergeom.sf(k - 1, whole, marked, drawn))


@given(ps=st.lists(st.floats(0, 1), max_size=30), q=st.sampled_from([0.01, 0.05, 0.2]))
def test_the_tests_called_significant_are_those_of_scipy(ps: list[float], q: float) -> None:
    by_scipy = tuple(bool(p <= q) for p in stats.false_discovery_control(ps)) if ps else ()
    assert benjamini_hochberg(ps, q) == by_scipy
