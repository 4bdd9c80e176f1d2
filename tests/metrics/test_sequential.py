"""Tests that several looks together raise no more false alarms than one."""

from __future__ import annotations

from collections.abc import Container

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from atalaya.metrics.stats.intervals import Z, wilson
from atalaya.metrics.stats.sequential import boundary, false_alarms, limit
from tests.tables import each_row

LIMITS = (0.00052, 0.0141, 0.0451)


def test_the_limits_of_three_looks_are_as_published() -> None:
    assert [pytest.approx(limit(look), abs=unit) for look, unit in zip((1, 2, 3), (5e-6, 5e-5, 5e-5), strict=True)] == [
        0.00052,
        0.0141,
        0.0451,
    ]
    assert pytest.approx(boundary(3), abs=5e-4) == [3.471, 2.454, 2.004]


def test_the_published_limits_spend_five_percent() -> None:
    published = [float(stats.norm.isf(p / 2)) for p in LIMITS]
    assert pytest.approx(0.0500, abs=5e-5) == false_alarms(published)
    # Simulated, it was .0497: as near as some 10^5 watches come.
    assert pytest.approx(0.0497, abs=5e-4) == false_alarms(published)


def test_three_looks_at_five_percent_are_wrong_more_than_twice_as_often() -> None:
    assert pytest.approx(0.107, abs=5e-4) == false_alarms([Z] * 3)


@each_row("looks", [1, 2, 3, 5, 8])
def test_all_looks_together_spend_five_percent(looks: int) -> None:
    assert pytest.approx(0.05, abs=1e-9) == false_alarms(boundary(looks))


def test_one_look_is_an_ordinary_test() -> None:
    assert pytest.approx(0.05) == limit(1, looks=1)


def test_one_sided_probabilities_under_these_limits_stay_under_five_percent() -> None:
    one_sided = [float(stats.norm.isf(limit(look))) for look in (1, 2, 3)]
    assert 0.049 < false_alarms(one_sided, one_sided=True) < 0.05


def test_the_integral_is_the_joint_normal_distribution_of_the_scores() -> None:
    scores = [2.5, 2.2, 2.0]
    together = [[min(i, j) / max(i, j) for j in (1, 2, 3)] for i in (1, 2, 3)]
    correlations = [[share**0.5 for share in row] for row in together]
    joint = stats.multivariate_normal(cov=correlations, seed=1)
    none = joint.cdf(scores, lower_limit=[-score for score in scores])
    assert pytest.approx(1 - none, abs=2e-4) == false_alarms(scores)
    assert pytest.approx(1 - joint.cdf(scores), abs=2e-4) == false_alarms(scores, one_sided=True)


@settings(max_examples=25, deadline=None)
@given(scores=st.lists(st.floats(0.5, 4), min_size=1, max_size=4))
def test_a_further_look_is_never_free_and_never_dearer_than_its_own_alarms(scores: list[float]) -> None:
    alone = 2 * float(stats.norm.sf(scores[-1]))
    before, after = false_alarms(scores[:-1]), false_alarms(scores)
    assert max(before, alone) - 1e-9 <= after <= before + alone + 1e-9


@pytest.mark.parametrize("scores", [[10.0], [40.0, 40.0, 40.0]])
def test_what_no_path_reaches_raises_no_alarm(scores: list[float]) -> None:
    assert pytest.approx(0, abs=1e-9) == false_alarms(scores)


def test_no_look_raises_no_alarm() -> None:
    assert false_alarms([]) == 0


@pytest.mark.parametrize(("look", "looks"), [(0, 3), (4, 3), (-1, 3), (1, 0)])
def test_a_look_that_there_is_not_is_refused(look: int, looks: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        limit(look, looks)


def test_a_boundary_needs_a_look_and_a_score_is_not_negative() -> None:
    with pytest.raises(ValueError, match="at the least"):
        boundary(0)
    with pytest.raises(ValueError, match="less than nothing"):
        false_alarms([-1.0])


@pytest.mark.parametrize(("share", "unit", "at"), [(0.12, 5e-3, range(1, 73)), (0.008, 5e-4, (24, 48, 72))])
def test_judging_each_hour_fails_twelve_of_a_hundred_healthy_watches(
    share: float, unit: float, at: Container[int]
) -> None:
    """One job an hour that passes with .97, failed as soon as Wilson's upper end is below .95 at a look."""
    failed, paths = 0.0, {0: 1.0}
    for jobs in range(1, 73):
        longer: dict[int, float] = {}
        for passed, weight in paths.items():
            longer[passed + 1] = longer.get(passed + 1, 0) + 0.97 * weight
            longer[passed] = longer.get(passed, 0) + 0.03 * weight
        failing = {passed for passed in longer if jobs in at and (wilson(passed, jobs).high or 0) < 0.95}
        failed += sum(longer.pop(passed) for passed in failing)
        paths = longer
    assert pytest.approx(share, abs=unit) == failed
