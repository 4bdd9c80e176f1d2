"""Do events come less and less often, from the instants at which they came?

Where instants are known, they say more than counts in bins. Each test here gives the probability that something as
strong came about by chance; below four events it can name a direction, and claim nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from checks.records import Record

EXACT_BELOW = 10  # events; from there on the sum of uniform instants is as good as normal


class Laplace(Record, frozen=True, kw_only=True):
    """How likely instants so early, or so late, would be if events came at a constant rate.

    ``u`` is the standardised mean, negative where events came early. It and both probabilities are None without an
    event; ``exact`` says that the probabilities are not approximations.
    """

    events: int
    exact: bool
    u: float | None = None
    p_decreasing: float | None = None
    p_increasing: float | None = None


class Kendall(Record, frozen=True, kw_only=True):
    """Whether values go up or down in order: ``tau`` is 1 if each is above all before it, -1 if below.

    ``p`` is two-sided. Both are None where values are fewer than two, or all the same.
    """

    n: int
    tau: float | None = None
    p: float | None = None


def laplace(instants_h: Sequence[float], window_h: float) -> Laplace:
    """Whether events come early or late in the window: the test of Laplace.

    ``u = (mean - T / 2) / (T sqrt(1 / (12 n)))``, normal; below ten events the sum is compared with its exact
    distribution. D. R. Cox and P. A. W. Lewis, "The Statistical Analysis of Series of Events" (1966). It takes the
    exposure to be constant: where it is not, put :func:`by_exposure` before it.

    >>> few = laplace([5, 30, 40, 60], 72)
    >>> f"{few.u:.4f} {few.p_decreasing:.4f} {few.exact}"
    '-0.2165 0.4173 True'
    >>> more = laplace([1, 2, 3, 5, 8, 9, 14, 20, 31, 47], 72)
    >>> f"{more.u:.4f} {more.p_decreasing:.6f} {more.exact}"
    '-3.3472 0.000408 False'
    >>> laplace([], 72).u is None
    True

    :raises ValueError: the window is empty, or an instant lies outside it.
    """
    n = len(instants_h)
    if not window_h > 0:
        raise ValueError(f"a window of {window_h} hours holds no event")
    if not all(0 <= instant <= window_h for instant in instants_h):
        raise ValueError(f"an instant lies outside the window of {window_h} hours")
    if n == 0:
        return Laplace(events=0, exact=True)
    total = math.fsum(instants_h) / window_h
    u = (total - n / 2) / math.sqrt(n / 12)
    if n >= EXACT_BELOW:
        falls, rises = float(stats.norm.cdf(u)), float(stats.norm.sf(u))
        return Laplace(events=n, exact=False, u=u, p_decreasing=falls, p_increasing=rises)
    falls, rises = irwin_hall(total, n), irwin_hall(n - total, n)
    return Laplace(events=n, exact=True, u=u, p_decreasing=falls, p_increasing=rises)


def irwin_hall(total: float, n: int) -> float:
    """The probability that n instants, each uniform in [0, 1], add up to ``total`` at the most.

    J. O. Irwin and P. Hall, both in Biometrika 19 (1927).

    >>> f"{irwin_hall(140 / 72, 10):.6f} {irwin_hall(135 / 72, 4):.4f}"
    '0.000211 0.4173'

    :raises ValueError: there is no instant.
    """
    if n < 1:
        raise ValueError(f"{n} instants have no sum")
    return min(1.0, max(0.0, float(stats.irwinhall(n).cdf(total))))


def by_exposure(instants_h: Sequence[float], ends_h: Sequence[float], exposures: Sequence[float]) -> list[float]:
    """How much of the exposure had gone by at each instant: the clock on which a constant rate looks constant.

    ``exposures`` are those of the stretches that end at ``ends_h``, the first of which begins at 0; within one the
    exposure is taken to be even. The window on that clock is their sum.

    >>> by_exposure([12, 24, 36, 72], ends_h=[24, 48, 72], exposures=[8000, 6000, 1500])
    [4000.0, 8000.0, 11000.0, 15500.0]

    :raises ValueError: stretches and exposures do not match, do not follow each other, or an instant lies outside.
    """
    edges = [0.0, *ends_h]
    if len(ends_h) != len(exposures) or min(exposures, default=0) < 0:
        raise ValueError("give one exposure, not below zero, for each stretch")
    if any(end <= begin for begin, end in zip(edges, ends_h, strict=False)):
        raise ValueError("each stretch has to end after the one before it")
    if not all(0 <= instant <= edges[-1] for instant in instants_h):
        raise ValueError(f"an instant lies outside the {edges[-1]} hours whose exposure is known")
    return [float(gone) for gone in np.interp(instants_h, edges, [0.0, *np.cumsum(exposures)])]


def last_against_first(last: int, first: int, *, last_exposure: float, first_exposure: float) -> float | None:
    """The probability of so few events in the last days, given all events and the exposure of the first days.

    Binomial. None without an event, or without exposure. 3 in the last 24 h after 19 in 48 h:

    >>> f"{last_against_first(3, 19, last_exposure=24, first_exposure=48):.4f}"
    '0.0351'
    """
    if min(last, first) < 0 or min(last_exposure, first_exposure) < 0:
        raise ValueError("counts and exposures cannot be negative")
    if last + first == 0 or 0 in (last_exposure, first_exposure):
        return None
    share = last_exposure / (last_exposure + first_exposure)
    return float(stats.binom.cdf(last, last + first, share))


def kendall(values: Sequence[float]) -> Kendall:
    """Whether values in order of time go up or down, by M. G. Kendall, "A New Measure of Rank Correlation",
    Biometrika 30 (1938). Exact where no two values are the same.

    >>> fall = kendall([9, 7, 4, 5, 2, 1])
    >>> f"{fall.tau:.4f} {fall.p:.5f}"
    '-0.8667 0.01667'
    """
    n = len(values)
    if len(set(values)) < 2:
        return Kendall(n=n)
    found = stats.kendalltau(range(n), values)
    return Kendall(n=n, tau=float(found.statistic), p=float(found.pvalue))
