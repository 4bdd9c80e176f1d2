"""Statistical tests of whether a release is worse than the last accepted one.

Shares are compared with Fisher's exact test, counts of events with the binomial one that takes their exposure into
account, and only measured times by rank. A difference must be surely there, and large enough to matter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from atalaya.core.words import Record
from atalaya.metrics.stats.burn import FEWEST
from atalaya.metrics.stats.clustering import clopper_pearson
from atalaya.metrics.stats.distributions import binomial_at_least, hypergeometric_at_least, normal_quantile
from atalaya.metrics.stats.intervals import ALPHA, Z, must_be_counts, wilson
from atalaya.records.judged import Compared

# A regression that is open is judged a little harder, lest it closes and opens again at each look.
OPEN_P, OPEN_EFFECT = 0.05, 0.02

FEWEST_TIMES = 6  # a side; with fewer, hardly any order of the times is unlikely enough
EXACT_UP_TO = 20  # times a side
HALVINGS = 80  # more than a float has digits
SLOWER = 1.30  # times the 95th percentile of the base


# ── shares ───────────────────────────────────────────────────────────────────


class Arm(NamedTuple):
    """One side of a comparison: how many passed, and how many there were."""

    passes: int
    n: int


class Drop(Record, frozen=True, kw_only=True):
    """By how much the share of passes fell, with its 95 % interval; negative where it rose.

    ``p`` is the one-sided probability of so many failures among the new ones if nothing had changed. ``smallest`` is
    the drop that matters at this size. All five are None where a side is empty.
    """

    failures: int
    n: int
    base_n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    smallest: float | None = None


def fails_more(failed: int, n: int, others_failed: int, others_n: int) -> float:
    """The one-sided probability of R. A. Fisher's exact test: so many of all the failures among the n, or more.

    >>> from scipy.stats import fisher_exact
    >>> f"{fails_more(4, 12, 1, 48):.6f} {fisher_exact([[4, 8], [1, 47]], 'greater')[1]:.6f}"
    '0.004495 0.004495'
    """
    return hypergeometric_at_least(failed, n + others_n, failed + others_failed, n)


def fisher(base: Arm, new: Arm) -> Drop:
    """Whether fewer pass than did: the exact test of R. A. Fisher, "The Logic of Inductive Inference", JRSS 98 (1935).

    The interval is R. G. Newcombe's, "Interval Estimation for the Difference between Independent Proportions",
    Statistics in Medicine 17 (1998), method 10: Wilson's intervals of both shares, put together.

    >>> drop = fisher(Arm(194, 200), Arm(52, 60))
    >>> f"{drop.value:.4f} ({drop.low:.4f} to {drop.high:.4f}), p = {drop.p:.5f}"
    '0.1033 (0.0307 to 0.2129), p = 0.00490'
    """
    before, after = _share(base), _share(new)
    failures = new.n - new.passes
    if before is None or after is None:
        return Drop(failures=failures, n=new.n, base_n=base.n)
    (was, was_low, was_high), (now, now_low, now_high) = before, after
    return Drop(
        failures=failures,
        n=new.n,
        base_n=base.n,
        value=was - now,
        low=was - now - math.hypot(was - was_low, now_high - now),
        high=was - now + math.hypot(was_high - was, now - now_low),
        p=fails_more(failures, new.n, base.n - base.passes, base.n),
        smallest=minimum_effect(min(base.n, new.n)),
    )


def _share(arm: Arm) -> tuple[float, float, float] | None:
    share = wilson(*arm)
    if share.value is None or share.low is None or share.high is None:
        return None
    return share.value, share.low, share.high


def regressed(drop: Drop, *, limit: float = ALPHA, already_open: bool = False) -> Compared:
    """Whether it is surely worse (p below the look's limit), by enough to matter, and with three failures or more.

    A regression that is ``already_open`` stays so up to a p of five points more and for an effect of two points less.
    Too few to tell where there is nothing to compare.

    >>> regressed(fisher(Arm(194, 200), Arm(52, 60))), regressed(fisher(Arm(97, 100), Arm(18, 20)))
    (<Compared.REGRESSED: 'regressed'>, <Compared.NOT_SHOWN: 'no regression shown'>)
    """
    if drop.value is None or drop.p is None or drop.smallest is None:
        return Compared.TOO_FEW
    smallest = drop.smallest - OPEN_EFFECT if already_open else drop.smallest
    return _word(drop.p < hysteresis_limit(limit, already_open) and drop.value > smallest and drop.failures >= FEWEST)


def minimum_effect(n: int) -> float | None:
    """The drop that matters among n: two points, and more where n is small and shares jump by themselves.

    For two sides of unequal size n is that of the smaller. None for n = 0.

    >>> [f"{minimum_effect(n):.4f}" for n in (5, 30, 100, 1000)]
    ['0.1225', '0.0500', '0.0274', '0.0200']
    """
    must_be_counts(0, n)
    return max(0.02, 0.2739 / math.sqrt(n)) if n else None


def needed_per_arm(p0: float, p1: float, alpha: float = ALPHA, power: float = 0.8) -> int:
    """How many trials each side needs to show a fall from ``p0`` to ``p1``, one-sided.

    The normal approximation with each share's own variance: J. L. Fleiss, "Statistical Methods for Rates and
    Proportions" (1981). Fisher's test, which is exact, finds the fall of the example with 76 % at this n, and with
    80 % at 280.

    >>> needed_per_arm(0.97, 0.92)
    254

    :raises ValueError: there is no fall, or a share, alpha or power outside (0, 1).
    """
    if not 0 <= p1 < p0 <= 1:
        raise ValueError(f"from {p0} to {p1}: give two shares, the second below the first")
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha {alpha} and power {power} have to be between 0 and 1")
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    return max(1, math.ceil(z**2 * (p0 * (1 - p0) + p1 * (1 - p1)) / (p0 - p1) ** 2))


# ── counts of events ─────────────────────────────────────────────────────────


class RateRatio(Record, frozen=True, kw_only=True):
    """How many times as often events happen as in the base, for the same exposure, with its 95 % interval.

    ``p`` is the one-sided probability of so many of all events in the new release, and ``least_p`` that of all of
    them: where even that is above the limit, so few events can show nothing. ``ratio`` and ``high`` are None where
    the base has no event, ``ratio`` and ``low`` where there is none at all, and all where a side has no exposure.
    """

    events: int
    base_events: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    least_p: float | None = None


def counts(new: int, new_exposure: float, base: int, base_exposure: float) -> RateRatio:
    """Whether events are more frequent than they were, given how many there were on both sides together.

    Given the total, the new ones are binomial with the new side's share of the exposure: J. Przyborowski and
    H. Wilenski, "Homogeneity of Results in Testing Samples from Poisson Series", Biometrika 31 (1940).

    >>> more = counts(9, 40_000, 6, 90_000)
    >>> f"{more.ratio:.3f} times, p = {more.p:.4f}"
    '3.375 times, p = 0.0181'
    >>> f"{counts(5, 1, 0, 1).p:.5f} {counts(4, 1, 0, 1).p:.4f}"
    '0.03125 0.0625'

    :raises ValueError: a count or an exposure is negative, or there are events without exposure.
    """
    if min(new, new_exposure, base, base_exposure) < 0:
        raise ValueError("counts and exposures cannot be negative")
    if (new and not new_exposure) or (base and not base_exposure):
        raise ValueError("a side has events and no exposure")
    if not new_exposure or not base_exposure:
        return RateRatio(events=new, base_events=base)
    total, share = new + base, new_exposure / (new_exposure + base_exposure)
    part = clopper_pearson(new, total)

    def as_ratio(of_all: float | None) -> float | None:
        return None if of_all in (None, 1) else of_all / (1 - of_all) * base_exposure / new_exposure

    return RateRatio(
        events=new,
        base_events=base,
        ratio=as_ratio(part.value),
        low=as_ratio(part.low),
        high=as_ratio(part.high),
        p=binomial_at_least(new, total, share),
        least_p=share**total,
    )


def risen(found: RateRatio, *, limit: float = ALPHA, already_open: bool = False) -> Compared:
    """Whether events are surely more frequent than in the base, and three or more.

    Too few to tell where a side has no exposure, and where there are events that look like a rise but are too few to
    show one, however they fell: more exposure would tell. Without any, no rise is claimed.

    >>> risen(counts(9, 40_000, 6, 90_000)), risen(counts(4, 6, 0, 6))
    (<Compared.REGRESSED: 'regressed'>, <Compared.TOO_FEW: 'too few to tell'>)
    """
    if found.p is None or found.least_p is None:
        return Compared.TOO_FEW
    allowed = hysteresis_limit(limit, already_open)
    if found.events and found.least_p >= allowed and (found.ratio is None or found.ratio > 1):
        return Compared.TOO_FEW
    return _word(found.p < allowed and found.events >= FEWEST)


# ── measured times ───────────────────────────────────────────────────────────


class Shift(Record, frozen=True, kw_only=True):
    """By how much measured times went up: the shift (in their unit) with its 95 % interval.

    ``p`` is the one-sided probability of such ranks if nothing had changed, ``u`` the statistic behind it and ``exact``
    whether it is no approximation. ``cles`` is how often a new time is above one of the base, ``p95_ratio`` is new over
    base. All are None below six times a side, and where most times are the same: those are counts, or a coarse
    clock, and ranks cannot tell them apart.
    """

    n: int
    base_n: int
    exact: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    u: float | None = None
    cles: float | None = None
    p95_ratio: float | None = None


def latency(base: Sequence[float], new: Sequence[float]) -> Shift:
    """Whether times are longer than they were: the rank test of Mann and Whitney, and the shift of Hodges and Lehmann.

    Exact for 20 times a side or fewer without ties, else normal, corrected for ties and continuity. H. B. Mann and
    D. R. Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other", Annals of
    Mathematical Statistics 18 (1947); J. L. Hodges and E. L. Lehmann, "Estimates of Location Based on Rank Tests",
    same 34 (1963). The effect ``cles`` is U / (n m).

    >>> up = latency([102, 98, 110, 105, 95, 101, 99, 104], [120, 118, 131, 109, 125, 122, 117, 140])
    >>> f"{up.value} ({up.low} to {up.high}), U = {up.u}, p = {up.p:.7f}, CLES {up.cles:.3f}"
    '20.0 (13.0 to 29.0), U = 63.0, p = 0.0001554, CLES 0.984'

    :raises ValueError: a time is negative or no number.
    """
    if not all(0 <= time < math.inf for time in (*base, *new)):
        raise ValueError("a time is a finite number, not below zero")
    n, base_n = len(new), len(base)
    ties = list(Counter([*base, *new]).values())
    if min(n, base_n) < FEWEST_TIMES or max(ties) * 2 > n + base_n:
        return Shift(n=n, base_n=base_n)
    from scipy import stats  # here, since it takes long to import and few judgements need it

    exact = max(n, base_n) <= EXACT_UP_TO and max(ties) == 1
    ranked = stats.mannwhitneyu(new, base, alternative="greater", method="exact" if exact else "asymptotic")
    outside = _u_outside(n, base_n) if exact else _u_outside_normal(n, base_n, ties)
    before = float(np.percentile(base, 95))
    pairs = n * base_n
    return Shift(
        n=n,
        base_n=base_n,
        exact=exact,
        value=(_shift(base, new, (pairs - 1) // 2) + _shift(base, new, pairs // 2)) / 2,
        low=_shift(base, new, outside),
        high=_shift(base, new, pairs - 1 - outside),
        p=float(ranked.pvalue),
        u=float(ranked.statistic),
        cles=float(ranked.statistic) / pairs,
        p95_ratio=float(np.percentile(new, 95)) / before if before else None,
    )


def slower(found: Shift, *, limit: float = ALPHA, ratio: float = SLOWER, already_open: bool = False) -> Compared:
    """Whether times are surely longer, and their 95th percentile by more than 30 %.

    >>> slower(latency([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16])), slower(latency([1], [2]))
    (<Compared.REGRESSED: 'regressed'>, <Compared.TOO_FEW: 'too few to tell'>)
    """
    if found.p is None or found.p95_ratio is None:
        return Compared.TOO_FEW
    least = ratio - OPEN_EFFECT if already_open else ratio
    return _word(found.p < hysteresis_limit(limit, already_open) and found.p95_ratio > least)


def _shift(base: Sequence[float], new: Sequence[float], place: int) -> float:
    """Of all differences of a new time and one of the base, the one at this place, counted from 0.

    Halved to, since a day of polls on each side has more pairs than memory has room for.
    """
    of_base, of_new = np.sort(np.asarray(base, float)), np.sort(np.asarray(new, float))
    low, high = float(of_new[0] - of_base[-1]), float(of_new[-1] - of_base[0])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        up_to = of_base.size * of_new.size - int(np.searchsorted(of_base, of_new - middle).sum())
        low, high = (low, middle) if up_to > place else (middle, high)
    # Halving ends a few digits beside a difference that is one of ours; take that one.
    nearest = of_new - of_base[np.minimum(np.searchsorted(of_base, of_new - high), of_base.size - 1)]
    return float(nearest[np.argmin(np.abs(nearest - high))])


def _u_outside(n: int, m: int) -> int:
    """The largest U that, with all below it, has 2.5 % at the most: so many shifts are left out at each end.

    The orders of n and m times by their U are the coefficients of the Gaussian binomial.
    """
    orders = [1] + [0] * (n * m)
    for size in range(1, n + 1):
        for u in range(n * m, m + size - 1, -1):
            orders[u] -= orders[u - m - size]
        for u in range(size, n * m + 1):
            orders[u] += orders[u - size]
    return sum(upto * 2 <= ALPHA * math.comb(n + m, n) for upto in accumulate(orders)) - 1


def _u_outside_normal(n: int, m: int, ties: Sequence[int]) -> int:
    whole = n + m
    variance = n * m / 12 * (whole + 1 - math.fsum(tie**3 - tie for tie in ties) / (whole * (whole - 1)))
    return max(0, math.floor(n * m / 2 - Z * math.sqrt(variance) - 0.5))


# ── many tests ───────────────────────────────────────────────────────────────


def benjamini_hochberg(ps: Sequence[float], q: float = ALPHA) -> tuple[bool, ...]:
    """Which of many tests may be called significant, if a share q of those called so may be false.

    Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57 (1995). In the order given.

    >>> sum(benjamini_hochberg([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216], 0.05))
    2
    """
    if not all(0 <= p <= 1 for p in ps):
        raise ValueError("a probability is from 0 to 1")
    called = [p for rank, p in enumerate(sorted(ps), start=1) if p <= rank / len(ps) * q]
    return tuple(bool(called) and p <= called[-1] for p in ps)


def _word(is_worse: bool) -> Compared:
    return Compared.REGRESSED if is_worse else Compared.NOT_SHOWN


def hysteresis_limit(limit: float, already_open: bool) -> float:
    """The limit that a regression is judged by which was found at the look before."""
    return limit + OPEN_P if already_open else limit
