"""Tests that flaky tests and broken versions are distinguished, and a fix counts only once it is shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atalaya.metrics.stats.flakiness import Score, Shape, clean_runs_to_prove, impact, rank, score
from atalaya.metrics.stats.intervals import wilson
from tests.tables import each_row

PASSED = Shape(0, 1, keys=36)
CASES = {
    "A all pass": [Shape(0, 1, keys=40)],
    "B three failed, then passed": [PASSED, Shape(1, 1, keys=3), Shape(3, 0, keys=1)],
    "C four failed three times": [PASSED, Shape(3, 0, keys=4)],
    "D four failed, not tried again": [PASSED, Shape(1, 0, keys=4)],
    "E five keys": [Shape(0, 1, keys=4), Shape(1, 1, keys=1)],
}
SHAPES = st.lists(st.builds(Shape, st.integers(0, 3), st.integers(0, 2), st.integers(1, 9)), min_size=1)


def share_failed(shapes: list[Shape]) -> float:
    failed = sum(shape.failures * shape.keys for shape in shapes)
    return failed / sum((shape.failures + shape.passes) * shape.keys for shape in shapes)


@each_row(
    ("raw", "mean", "low", "high", "bad", "case"),
    [
        (0, 0.0167, 0.0013, 0.0613, 0.0200, "A all pass"),
        (0.133, 0.0655, 0.0188, 0.1413, 0.0395, "B three failed, then passed"),
        (0.250, 0.0180, 0.0013, 0.0663, 0.1000, "C four failed three times"),
        (0.100, 0.0443, 0.0013, 0.1288, 0.0684, "D four failed, not tried again"),
        (0.167, 0.0769, 0.0088, 0.2038, 0.0667, "E five keys"),
    ],
)
def test_the_score_is_as_was_worked_out(
    raw: float, mean: float, low: float, high: float, bad: float, case: str
) -> None:
    # The ends are midpoints, which have a digit more: half a unit of the last digit given, and no more.
    found = score(CASES[case])
    assert raw == pytest.approx(share_failed(CASES[case]), abs=5e-4)
    assert [mean, bad] == pytest.approx([found.mean, found.bad_mean], abs=5e-5)
    assert [low, high] == pytest.approx([found.low, found.high], abs=5.001e-5)


def test_all_that_pass_give_what_algebra_gives() -> None:
    assert pytest.approx(1 / 60, abs=5e-5) == score(CASES["A all pass"]).mean


def test_a_broken_version_is_not_called_flaky_though_more_of_its_attempts_failed() -> None:
    broken, flaky = CASES["C four failed three times"], CASES["B three failed, then passed"]
    assert [share_failed(broken) > share_failed(flaky), (score(broken).mean or 1) < (score(flaky).mean or 0)] == [
        True,
        True,
    ]


@pytest.mark.parametrize("nothing", [[], [Shape(0, 0, keys=7)], [Shape(3, 1, keys=0)]])
def test_a_test_without_an_attempt_is_unobserved_and_not_the_prior(nothing: list[Shape]) -> None:
    assert Score(keys=0, mean=None, low=None, high=None, above_one_percent=None, bad_mean=None) == score(nothing)


def test_ten_thousands_of_keys_do_not_vanish_below_the_smallest_float() -> None:
    many = score([Shape(1, 1, keys=20_000), Shape(0, 2, keys=20_000), Shape(2, 0, keys=5_000)])
    # 4/9 once, 4/9 not at all and 1/9 twice: so end two attempts of which each fails with 1/3.
    assert pytest.approx(1 / 3, abs=0.0025) == many.mean
    assert many.keys == 45_000


@settings(max_examples=20, deadline=None)
@given(shapes=SHAPES)
def test_the_score_is_the_plain_product_of_the_likelihoods(shapes: list[Shape]) -> None:
    at = (np.arange(400) + 0.5) / 400
    b, q = at[:, None], at[None, :]
    product = (1 - b) ** 8 * (1 - q) ** 18
    for failures, passes, keys in shapes:
        product *= (b * (passes == 0) + (1 - b) * q**failures * (1 - q) ** passes) ** keys
        product /= product.max()
    product /= product.sum()
    found = score(shapes)
    if found.keys:
        assert pytest.approx(
            [(product.sum(0) * at).sum(), (product.sum(1) * at).sum(), product.sum(0)[at > 0.01].sum()]
        ) == [found.mean, found.bad_mean, found.above_one_percent]


@settings(max_examples=20, deadline=None)
@given(shapes=SHAPES)
def test_shapes_may_come_one_by_one_and_in_any_order(shapes: list[Shape]) -> None:
    together = score(shapes)
    apart = score([shape._replace(keys=1) for shape in reversed(shapes) for _ in range(shape.keys)])
    assert (together.mean, together.low, together.high, together.keys) == (
        pytest.approx(apart.mean),
        apart.low,
        apart.high,
        apart.keys,
    )


@settings(max_examples=20, deadline=None)
@given(keys=st.integers(1, 60), mixed=st.integers(0, 10))
def test_one_more_failure_that_was_rescued_never_lowers_the_score(keys: int, mixed: int) -> None:
    before, after = (score([Shape(0, 1, keys=keys), Shape(1, 1, keys=number)]) for number in (mixed, mixed + 1))
    assert (after.mean or 0) > (before.mean or 1)
    assert (after.above_one_percent or 0) >= (before.above_one_percent or 1)


@pytest.mark.parametrize("shape", [Shape(-1, 1, 1), Shape(1, -1, 1), Shape(1, 1, -1)])
def test_a_count_below_zero_is_refused(shape: Shape) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        score([shape])


# ── how it behaves ───────────────────────────────────────────────────────────


def test_the_lower_end_brings_lucky_guesses_down_to_what_many_runs_have_shown() -> None:
    seen = [(3, 40), (1, 5), (30, 600)]
    lows = [wilson(*one).low or 0 for one in seen]
    assert pytest.approx(lows, abs=6e-5) == [0.0258, 0.0362, 0.0353]
    points, ranks = [x / n for x, n in seen], [rank(low, 1, 1) for low in lows]
    assert pytest.approx(points[1] / points[2]) == 4
    assert 1.05 > ranks[1] / ranks[2] > 1


def test_a_test_that_costs_more_in_a_day_comes_first_and_an_unobserved_one_last() -> None:
    ranks = {"often": rank(0.02, 40, 5), "dear": rank(0.02, 10, 60), "seldom": rank(0.03, 1, 5)}
    ranks["unobserved"] = rank(None, 100, 100)
    assert sorted(ranks, key=lambda name: -ranks[name]) == ["dear", "often", "seldom", "unobserved"]


# ── what it costs, and when it is mended ─────────────────────────────────────


def test_the_impact_is_as_was_worked_out() -> None:
    assert pytest.approx(0.933, abs=5e-4) == impact(0.0655, 40)


def test_no_run_says_nothing() -> None:
    assert impact(0.5, 0) is None


@each_row(("runs", "q"), [(11, 0.25), (29, 0.10), (59, 0.05), (149, 0.02), (299, 0.01), (1, 1)])
def test_a_fix_is_proven_by_the_worked_number_of_clean_runs(runs: int, q: float) -> None:
    assert runs == clean_runs_to_prove(q)


@settings(max_examples=50, deadline=None)
@given(q=st.floats(1e-4, 0.99))
def test_a_fix_is_proven_by_the_fewest_runs_that_reject_the_old_rate(q: float) -> None:
    runs = clean_runs_to_prove(q) or 0
    assert (1 - q) ** runs <= 0.05 * (1 + 1e-9)
    assert (1 - q) ** (runs - 1) > 0.05 * (1 - 1e-9)


def test_a_failure_that_never_comes_is_not_disproved() -> None:
    assert clean_runs_to_prove(0) is None


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        clean_runs_to_prove(p)


def test_runs_and_costs_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        rank(0.1, 1, -1)
    with pytest.raises(ValueError, match="cannot be negative"):
        impact(0.1, -1)
