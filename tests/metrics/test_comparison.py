"""Tests that a release is called worse only where it is, by enough, and where the data can show it."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from atalaya.metrics.stats.comparison import (
    Arm,
    Drop,
    _u_outside,
    _u_outside_normal,
    benjamini_hochberg,
    counts,
    fisher,
    latency,
    minimum_effect,
    needed_per_arm,
    regressed,
    risen,
    slower,
)
from atalaya.metrics.stats.sequential import limit
from atalaya.records.judged import Compared
from tests.tables import each_row

WORSE, NOT_WORSE, UNTOLD = Compared.REGRESSED, Compared.NOT_SHOWN, Compared.TOO_FEW
BASE = [102, 98, 110, 105, 95, 101, 99, 104]
NEW = [120, 118, 131, 109, 125, 122, 117, 140]
BURST, QUIET = (0, 1, 2, 1, 0, 0), (0, 0, 0, 0, 0, 0)  # errors in six intervals: spinnaker/kayenta#426
ARM = st.integers(1, 80).flatmap(lambda n: st.builds(Arm, st.integers(0, n), st.just(n)))
TIMES = st.lists(st.integers(1, 10_000), min_size=6, max_size=25)


def drop(p: float, value: float, *, failures: int = 10, smallest: float = 0.05) -> Drop:
    return Drop(failures=failures, n=60, base_n=200, value=value, low=0, high=1, p=p, smallest=smallest)


# ── shares ───────────────────────────────────────────────────────────────────


def test_a_fall_from_97_to_87_percent_is_a_regression_as_was_worked_out() -> None:
    found = fisher(Arm(194, 200), Arm(52, 60))
    # By hand, in fractions: .00489547.
    ways = [math.comb(14, x) * math.comb(246, 60 - x) for x in range(15)]
    assert pytest.approx(float(Fraction(sum(ways[8:]), sum(ways)))) == found.p
    assert found.p == pytest.approx(0.004896, abs=1e-6)
    assert pytest.approx([found.value, found.low, found.high], abs=5e-5) == [0.1033, 0.0307, 0.2129]
    assert regressed(found) is WORSE


@pytest.mark.parametrize(
    ("p", "unit", "passes", "verdict"), [(0.1934, 5e-5, 18, NOT_WORSE), (0.01453, 5e-6, 16, WORSE)]
)
def test_two_failures_of_twenty_show_nothing_and_four_do(p: float, unit: float, passes: int, verdict: Compared) -> None:
    found = fisher(Arm(97, 100), Arm(passes, 20))
    assert pytest.approx(p, abs=unit) == found.p
    assert regressed(found) is verdict


def test_without_failures_nothing_is_unlikely() -> None:
    found = fisher(Arm(100, 100), Arm(20, 20))
    assert (found.p, found.value, regressed(found)) == (1.0, 0.0, NOT_WORSE)


@pytest.mark.parametrize(("base", "new"), [(Arm(0, 0), Arm(5, 9)), (Arm(5, 9), Arm(0, 0))])
def test_an_empty_side_is_compared_with_nothing(base: Arm, new: Arm) -> None:
    found = fisher(base, new)
    assert [found.value, found.low, found.high, found.p, regressed(found)] == [None, None, None, None, UNTOLD]


def test_a_fall_must_be_sure_and_large_and_of_three_failures() -> None:
    assert [
        regressed(drop(0.01, 0.10)),
        regressed(drop(0.06, 0.10)),
        regressed(drop(0.01, 0.04)),
        regressed(drop(0.01, 0.10, failures=2)),
    ] == [WORSE, NOT_WORSE, NOT_WORSE, NOT_WORSE]


def test_an_open_regression_does_not_blink() -> None:
    less_sure, smaller = drop(0.09, 0.10), drop(0.01, 0.04)
    assert [regressed(less_sure), regressed(smaller)] == [NOT_WORSE, NOT_WORSE]
    assert [regressed(less_sure, already_open=True), regressed(smaller, already_open=True)] == [WORSE, WORSE]


def test_an_open_regression_ends_where_it_is_neither_sure_nor_large() -> None:
    ended = [drop(0.11, 0.10), drop(0.01, 0.02), drop(0.01, 0.0, smallest=0.02), drop(0.01, 0.1, failures=2)]
    assert [regressed(one, already_open=True) for one in ended] == [NOT_WORSE] * 4


def test_the_first_look_asks_for_more() -> None:
    found = fisher(Arm(194, 200), Arm(52, 60))
    assert [regressed(found, limit=limit(look)) for look in (1, 2, 3)] == [NOT_WORSE, WORSE, WORSE]


@each_row(("effect", "n"), [(0.1225, 5), (0.05, 30), (0.0274, 100), (0.02, 1000), (0.02, 10**6)])
def test_the_fall_that_matters_is_larger_among_few(effect: float, n: int) -> None:
    assert minimum_effect(n) == pytest.approx(effect, abs=5e-5)


def test_the_smaller_side_says_what_matters() -> None:
    assert fisher(Arm(97, 100), Arm(18, 20)).smallest == minimum_effect(20)
    assert fisher(Arm(18, 20), Arm(97, 100)).smallest == minimum_effect(20)
    assert minimum_effect(0) is None


def test_a_fall_of_five_points_needs_254_a_side() -> None:
    assert needed_per_arm(0.97, 0.92) == 254
    assert needed_per_arm(0.97, 0.92, power=0.9) > needed_per_arm(0.97, 0.92, alpha=0.10)


@pytest.mark.parametrize(("power", "n"), [(0.76, 254), (0.80, 280)])
def test_the_exact_test_finds_that_fall_as_often_as_is_said(power: float, n: int) -> None:
    before, after = stats.binom(n, 0.03).pmf(np.arange(40)), stats.binom(n, 0.08).pmf(np.arange(70))
    x0, x1 = np.arange(40)[:, None], np.arange(70)[None, :]
    p = stats.hypergeom.sf(x1 - 1, 2 * n, x0 + x1, n)
    assert float((before[:, None] * after * (p < 0.05)).sum()) == pytest.approx(power, abs=5e-3)


@settings(max_examples=50, deadline=None)
@given(base=ARM, new=ARM)
def test_the_difference_lies_in_its_interval_and_turns_round_with_its_sides(base: Arm, new: Arm) -> None:
    there, back = fisher(base, new), fisher(new, base)
    assert there.value is not None
    assert there.low is not None
    assert there.high is not None
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert [-there.value, -there.high, -there.low] == pytest.approx([back.value, back.low, back.high])
    assert 0 <= (there.p or 0) <= 1


@settings(max_examples=50, deadline=None)
@given(base=ARM, new=ARM)
def test_the_probability_is_that_of_fishers_own_table(base: Arm, new: Arm) -> None:
    table = [[new.n - new.passes, new.passes], [base.n - base.passes, base.passes]]
    assert fisher(base, new).p == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)


# ── counts of events ─────────────────────────────────────────────────────────


@each_row(
    ("p", "unit", "new", "new_exposure", "base", "base_exposure"),
    [
        (0.0181, 5e-5, 9, 40_000, 6, 90_000),
        (0.0291, 5e-5, 3, 40_000, 0, 90_000),
        (0.03125, 1e-12, 5, 72, 0, 72),
        (0.0625, 1e-12, 4, 72, 0, 72),
        (1, 1e-12, 0, 72, 0, 72),
    ],
)
def test_counts_are_compared_as_was_worked_out(
    p: float, unit: float, new: int, new_exposure: float, base: int, base_exposure: float
) -> None:
    assert counts(new, new_exposure, base, base_exposure).p == pytest.approx(p, abs=unit)


def test_the_ratio_is_of_rates_and_lies_in_its_interval() -> None:
    found = counts(9, 40_000, 6, 90_000)
    assert found.ratio == pytest.approx(3.375)
    # Clopper and Pearson's interval of 9 / 15, .3229 to .8366, as odds over those of the exposures.
    assert pytest.approx([found.low, found.high], rel=1e-3) == [0.3229 / 0.6771 * 2.25, 0.8366 / 0.1634 * 2.25]


def test_a_ratio_to_nothing_is_not_told() -> None:
    new_only, old_only, none = counts(3, 1, 0, 1), counts(0, 1, 3, 1), counts(0, 1, 0, 1)
    assert (new_only.ratio, new_only.high, new_only.low is None) == (None, None, False)
    assert (old_only.ratio, old_only.low, old_only.high is None) == (0, 0, False)
    assert (none.ratio, none.low, none.high) == (None, None, None)


def test_a_burst_of_four_errors_is_inconclusive_and_never_ranked() -> None:
    found = counts(sum(BURST), len(BURST), sum(QUIET), len(QUIET))
    assert (found.p, found.least_p, risen(found)) == (0.0625, 0.0625, UNTOLD)
    assert latency(QUIET, BURST).p is None

    # What ranks would have said, and what is true of them when all orders are looked at.
    ranked = stats.mannwhitneyu(BURST, QUIET, alternative="greater", method="asymptotic")
    assert ranked.pvalue == pytest.approx(0.0366, abs=5e-5)
    picked = [sum(six) for six in combinations((*BURST, *QUIET), 6)]
    assert (sum(errors >= sum(BURST) for errors in picked), len(picked)) == (84, 924)
    assert pytest.approx(0.0909, abs=5e-5) == 84 / 924


def test_more_exposure_settles_the_burst() -> None:
    assert [risen(counts(5, 6, 0, 6)), risen(counts(4, 6, 0, 12)), risen(counts(4, 6, 4, 6))] == [
        WORSE,
        WORSE,
        NOT_WORSE,
    ]


def test_fewer_events_than_in_the_base_are_no_rise_that_more_exposure_would_show() -> None:
    assert [risen(counts(1, 6, 3, 6)), risen(counts(2, 6, 2, 6)), risen(counts(3, 6, 1, 6))] == [
        NOT_WORSE,
        NOT_WORSE,
        UNTOLD,
    ]


def test_two_events_are_no_rise_however_unlikely() -> None:
    assert risen(counts(2, 10, 0, 1000)) is NOT_WORSE
    assert risen(counts(3, 10, 0, 1000)) is WORSE


def test_without_events_no_rise_is_claimed() -> None:
    assert [risen(counts(0, 5, 0, 5)), risen(counts(0, 5, 9, 5))] == [NOT_WORSE, NOT_WORSE]


def test_without_exposure_nothing_is_compared() -> None:
    assert [risen(counts(0, 0, 3, 5)), risen(counts(3, 5, 0, 0)), risen(counts(0, 0, 0, 0))] == [UNTOLD] * 3


def test_an_open_rise_does_not_blink() -> None:
    found = counts(8, 1, 3, 1)  # p = .113
    assert [risen(found, limit=0.08), risen(found, limit=0.08, already_open=True)] == [NOT_WORSE, WORSE]


@each_row(
    ("new", "new_exposure", "base", "base_exposure"),
    [(-1, 5, 0, 5), (0, 5, -1, 5), (0, -5, 0, 5), (1, 0, 0, 5), (0, 5, 1, 0)],
)
def test_counts_that_cannot_be_are_refused(new: int, new_exposure: float, base: int, base_exposure: float) -> None:
    with pytest.raises(ValueError, match="exposure"):
        counts(new, new_exposure, base, base_exposure)


@settings(max_examples=50, deadline=None)
@given(new=st.integers(0, 40), base=st.integers(0, 40), exposure=st.floats(0.1, 10))
def test_one_more_event_is_never_more_likely(new: int, base: int, exposure: float) -> None:
    fewer, more = counts(new, 1, base, exposure), counts(new + 1, 1, base, exposure)
    assert fewer.least_p is not None
    assert fewer.p is not None
    assert more.p is not None
    assert fewer.least_p * (1 - 1e-9) <= fewer.p <= 1 + 1e-12
    assert more.p <= fewer.p + 1e-12


# ── measured times ───────────────────────────────────────────────────────────


def test_eight_longer_times_are_a_shift_as_was_worked_out() -> None:
    found = latency(BASE, NEW)
    assert (found.u, found.value, found.low, found.high, found.exact) == (63, 20.0, 13, 29, True)
    assert found.p == pytest.approx(0.0001554, abs=5e-8)
    assert 2 * (found.p or 0) == pytest.approx(0.0003108, abs=5e-8)
    assert found.cles == pytest.approx(0.984, abs=5e-4)


def test_the_normal_approximation_is_four_times_as_large_there() -> None:
    # Twenty-one a side take it; of the worked case itself it makes .00068.
    assert latency([*range(21)], [*range(100, 121)]).exact is False
    normal = stats.mannwhitneyu(NEW, BASE, alternative="greater", method="asymptotic")
    assert normal.pvalue == pytest.approx(0.00068, abs=5e-6)


def test_ties_are_not_judged_by_the_exact_distribution() -> None:
    tied = latency([*BASE[:-1], NEW[0]], NEW)
    assert tied.exact is False
    assert tied.p == pytest.approx(
        stats.mannwhitneyu(NEW, [*BASE[:-1], NEW[0]], alternative="greater", method="asymptotic").pvalue
    )


def test_longer_times_are_slower_only_where_the_slowest_are_by_thirty_percent() -> None:
    found = latency(BASE, NEW)
    assert found.p95_ratio == pytest.approx(np.percentile(NEW, 95) / np.percentile(BASE, 95))
    assert [slower(found), slower(latency(BASE, [time * 1.2 for time in NEW]))] == [NOT_WORSE, WORSE]
    assert slower(found, ratio=(found.p95_ratio or 0) + 0.01) is NOT_WORSE
    assert slower(found, ratio=(found.p95_ratio or 0) + 0.01, already_open=True) is WORSE


def test_slow_ends_that_ranks_do_not_show_are_no_slowness() -> None:
    found = latency(BASE, [*BASE[:-1], 900])
    assert (found.p95_ratio or 0) > 1.3
    assert slower(found) is NOT_WORSE


@pytest.mark.parametrize(("base", "new"), [(BASE[:5], NEW), (BASE, NEW[:5]), ([], []), ([7] * 9, [7] * 9)])
def test_few_times_and_times_that_are_the_same_are_not_ranked(base: list[int], new: list[int]) -> None:
    found = latency(base, new)
    assert (found.p, found.value, found.u, slower(found)) == (None, None, None, UNTOLD)
    assert (found.n, found.base_n) == (len(new), len(base))


@pytest.mark.parametrize("time", [-1, math.nan, math.inf])
def test_what_is_no_time_is_refused(time: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        latency(BASE, [*NEW, time])


@settings(max_examples=40, deadline=None)
@given(base=TIMES, new=TIMES)
def test_the_shift_is_the_median_of_all_differences_and_lies_in_its_interval(base: list[int], new: list[int]) -> None:
    found = latency(base, new)
    if found.value is not None:
        assert found.value == pytest.approx(float(np.median(np.subtract.outer(new, base))))
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
        assert 0 <= (found.cles or 0) <= 1


@settings(max_examples=40, deadline=None)
@given(base=TIMES, new=TIMES)
def test_a_faster_release_is_a_slower_one_seen_backwards(base: list[int], new: list[int]) -> None:
    there, back = latency(base, new), latency(new, base)
    if there.value is not None:
        assert [-there.value, -(there.high or 0), -(there.low or 0)] == pytest.approx([back.value, back.low, back.high])
        assert (there.cles or 0) + (back.cles or 0) == pytest.approx(1)


@settings(max_examples=15, deadline=None)
@given(times=st.lists(st.integers(0, 10_000), min_size=14, max_size=14, unique=True))
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(times: list[int]) -> None:
    base, new = times[:7], [time + 0.5 for time in times[7:]]
    found = latency(base, new)
    for end, out in ((found.low, -1e-6), (found.high, 1e-6)):
        assert end is not None
        beyond, within = (
            stats.mannwhitneyu([time - end - by for time in new], base, method="exact").pvalue for by in (out, -out)
        )
        assert beyond <= 0.05 < within


def test_the_interval_leaves_out_what_the_published_table_says_and_more_with_ties() -> None:
    assert [_u_outside(8, 8), _u_outside(6, 6), _u_outside(20, 20)] == [13, 5, 127]
    assert _u_outside_normal(20, 20, [1] * 40) == 127
    # Two values, twenty times each: 200 - 1.96 sqrt(400 / 12 (41 - 15960 / 1560)) - .5 = 136.7
    assert _u_outside_normal(20, 20, [20, 20]) == 136


def test_a_day_of_polls_on_each_side_needs_no_memory_for_its_pairs() -> None:
    base = np.linspace(1, 2, 43_200).tolist()
    found = latency(base, [time + 0.25 for time in base])
    assert found.value == pytest.approx(0.25)
    assert found.exact is False


# ── many tests ───────────────────────────────────────────────────────────────


def test_of_ten_tests_exactly_two_are_significant() -> None:
    ps = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    assert benjamini_hochberg(ps, 0.05) == (True, True, *[False] * 8)
    assert benjamini_hochberg(ps[::-1], 0.05) == (*[False] * 8, True, True)
    assert benjamini_hochberg([0.25], 0.25) == (True,)
    assert benjamini_hochberg([]) == ()


@settings(max_examples=50, deadline=None)
@given(ps=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_significant_are_all_up_to_the_last_one_under_the_line(ps: list[float]) -> None:
    line = [(p * len(ps) / k, p) for k, p in enumerate(sorted(ps), start=1)]
    assume(all(abs(scaled - 0.05) > 1e-9 for scaled, _ in line))  # on the line itself, the last bit decides
    under = [p for scaled, p in line if scaled <= 0.05]
    assert benjamini_hochberg(ps) == tuple(p <= max(under, default=-1) for p in ps)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        benjamini_hochberg([0.01, p])


@each_row(
    ("p0", "p1", "alpha", "power"),
    [(0.9, 0.9, 0.05, 0.8), (0.9, 0.95, 0.05, 0.8), (1.1, 0.9, 0.05, 0.8), (0.9, 0.8, 0, 0.8), (0.9, 0.8, 0.05, 1)],
)
def test_a_fall_that_is_none_needs_no_number(p0: float, p1: float, alpha: float, power: float) -> None:
    with pytest.raises(ValueError):
        needed_per_arm(p0, p1, alpha, power)
