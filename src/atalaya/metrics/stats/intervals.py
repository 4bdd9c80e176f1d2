"""Confidence intervals, bounds and tests for rates and counts.

Each estimate is a value with an interval, the trials behind it and the method. Without trials there is no
value: None, never zero. Distributions are SciPy's; written here is only what it lacks.
Intervals are two-sided at 95 %; bounds and tests are one-sided at 5 %, since their questions are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

from atalaya.core.words import Record, Text, text
from atalaya.metrics.stats.distributions import beta_quantile, binomial_at_least, gamma_quantile, normal_below

ALPHA = 0.05
Z = 1.959963984540054  # normal_quantile(1 - ALPHA / 2), told rather than asked for: to ask imports SciPy's functions

EXACT_UP_TO = 60  # events; beyond it the normal approximation of the trend test is as good
TOO_FEW = 4  # events; with fewer, even the steepest fall over three equal bins is not significant


class Estimate(Record, frozen=True, kw_only=True):
    """A value, its interval, and the trials behind both. All three are None where there was no trial."""

    value: float | None
    low: float | None
    high: float | None
    n: float
    method: Text


class Trend(Record, frozen=True, kw_only=True):
    """How likely so strong a fall, or so strong a rise, would be if the rate never changed.

    ``z`` is the standardised score, negative for a fall; it and both probabilities are None where nothing
    happened. ``exact`` says that the probabilities are not approximations.
    """

    events: int
    p_decreasing: float | None
    p_increasing: float | None
    z: float | None
    exact: bool


def wilson(successes: float, n: float) -> Estimate:
    """The share of successes with the score interval of Wilson, clamped to [0, 1].

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).

    >>> share = wilson(57, 60)
    >>> f"{share.value:.3f} ({share.low:.4f} to {share.high:.4f})"
    '0.950 (0.8630 to 0.9829)'
    >>> wilson(0, 0).value is None
    True
    """
    must_be_counts(successes, n)
    method = text("Wilson score interval, two-sided, 95 %")
    if n == 0:
        return Estimate(value=None, low=None, high=None, n=0, method=method)
    share = successes / n
    centre, half = score_interval(share, n)
    # At the ends the formula gives 0 and 1 but for the last digit, and a bound must not lie outside by that.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Estimate(value=share, low=low, high=high, n=n, method=method)


def score_interval(share: float, n: float) -> tuple[float, float]:
    """The centre and the half width of Wilson's interval, before its ends are clamped. ``n`` is above zero.

    >>> centre, half = score_interval(0.95, 60)
    >>> f"{centre - half:.4f} {centre + half:.4f}"
    '0.8630 0.9829'
    """
    scale = 1 + Z**2 / n
    centre = (share + Z**2 / (2 * n)) / scale
    return centre, Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / scale


def clean_runs_needed(successes: int, n: int, floor: float) -> int | None:
    """The fewest further trials, all of them successes, with which Wilson's lower end reaches ``floor``.

    None where no number of them can: a floor of 1 is never reached.

    >>> clean_runs_needed(57, 60, 0.90), clean_runs_needed(57, 60, 0.95), clean_runs_needed(0, 0, 0.95)
    (24, 113, 73)
    """
    if floor >= 1:
        return None

    def reaches(extra: int) -> bool:
        low = wilson(successes + extra, n + extra).low
        return low is not None and low >= floor

    return fewest(reaches)


def fewest(reaches: Callable[[int], bool]) -> int:
    """The fewest with which something is reached that all larger numbers reach too.

    >>> fewest(lambda n: n * n >= 50), fewest(lambda n: True)
    (8, 0)
    """
    if reaches(0):
        return 0
    enough = 1
    while not reaches(enough):
        enough *= 2
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if reaches(middle) else (middle, enough)
    return enough


def joint_upper(n: float, *, shown: int, caught: int, alpha: float = ALPHA) -> float | None:
    """With no event seen in ``n`` trials, by a detector that caught ``caught`` of ``shown`` seeded ones: the bound.

    It is the rate r at which the largest, over all sensitivities s, of P(at least ``caught`` of ``shown`` | s) times
    exp(-n r s) is ``alpha``: one joint test of rate and sensitivity, not the bound of one put into that of the other.
    It is a number of events (:func:`events_ruled_out`) over ``n``. None where nothing bounds the rate: no trial, no
    seeded event, or none that was caught.

    Where at least three were shown and all were caught, the largest lies at s = 1, whatever ``n`` is: no discount.

    >>> [f"{joint_upper(n, shown=20, caught=20):.6f}" for n in (60, 300, 600, 4320)]
    ['0.049929', '0.009986', '0.004993', '0.000693']
    >>> f"{joint_upper(4320, shown=20, caught=19):.6f} {joint_upper(4320, shown=2, caught=1):.6f}"
    '0.000697 0.003289'
    >>> joint_upper(4320, shown=0, caught=0) is None, joint_upper(0, shown=3, caught=3) is None
    (True, True)
    """
    must_be_counts(0, n)
    events = events_ruled_out(shown, caught, alpha)
    return None if events is None or n == 0 else events / n


@cache
def events_ruled_out(shown: int, caught: int, alpha: float = ALPHA) -> float | None:
    """The expected events of which none is seen with probability ``alpha`` at most, by a detector so tested.

    It is the largest, over the sensitivities s, of (ln P(at least ``caught`` of ``shown`` | s) - ln ``alpha``) / s.
    With all M caught, P is s^M and the slope of it at s = 1 is M + ln ``alpha``: from M = 3 on it rises up to s = 1,
    and the bound is -ln ``alpha`` = 2.9957. Below, it lies at s = e ``alpha``^(1/M), and is M / s. In between, P as a
    function of s is a beta distribution's, whose logarithm is concave: there is one maximum, and it is searched for
    above the s at which P is ``alpha``.

    The numbers beside 2.9957 are those of a search over two million values of s:

    >>> [f"{events_ruled_out(m, m):.4f}" for m in (1, 2, 3, 4, 20)]
    ['7.3576', '3.2904', '2.9957', '2.9957', '2.9957']
    >>> [f"{events_ruled_out(*of):.4f}" for of in ((2, 1), (3, 2), (5, 4), (20, 19), (20, 10))]
    ['14.2065', '4.9408', '3.3844', '3.0089', '4.9531']
    """
    must_be_counts(caught, shown)
    if caught == 0:
        return None
    level = -math.log(alpha)
    if caught == shown:
        s = min(1.0, math.exp(1 - level / shown))
        return (shown * math.log(s) + level) / s
    from scipy import optimize  # here, since it takes long to import and few judgements need it

    least = beta_quantile(alpha, caught, shown - caught + 1)  # P(at least so many | s) is alpha there

    def cost(s: float) -> float:
        return -(math.log(binomial_at_least(caught, shown, s)) + level) / s

    return -float(optimize.minimize_scalar(cost, bounds=(least, 1.0), method="bounded", options={"xatol": 1e-12}).fun)


def trials_for(upper: float, *, shown: int, caught: int, alpha: float = ALPHA) -> int | None:
    """The fewest trials without an event whose bound is at most ``upper``; None where no number of them is enough.

    >>> trials_for(0.05, shown=3, caught=3), trials_for(0.01, shown=3, caught=3), trials_for(0.01, shown=2, caught=1)
    (60, 300, 1421)
    >>> trials_for(0.01, shown=0, caught=0) is None
    True
    """
    events = events_ruled_out(shown, caught, alpha)
    if events is None or upper <= 0:
        return None
    needed = max(1, math.ceil(events / upper))
    while needed > 1 and events / (needed - 1) <= upper:
        needed -= 1
    while events / needed > upper:
        needed += 1
    return needed


def garwood(events: int, exposure: float = 1.0) -> Estimate:
    """The rate of events in so much exposure, with the exact Poisson interval. ``n`` is the events.

    F. Garwood, "Fiducial Limits for the Poisson Distribution", Biometrika 28 (1936).

    >>> rate = garwood(3, 24)
    >>> f"{rate.value:.3f} ({rate.low:.4f} to {rate.high:.4f})"
    '0.125 (0.0258 to 0.3653)'
    >>> garwood(0, 24).low, garwood(0, 0).value is None
    (0.0, True)
    """
    must_be_counts(0, events)
    method = text("Garwood exact Poisson interval, two-sided, 95 %")
    if exposure <= 0:
        return Estimate(value=None, low=None, high=None, n=events, method=method)
    low = gamma_quantile(ALPHA / 2, events) if events else 0.0
    high = gamma_quantile(1 - ALPHA / 2, events + 1)
    return Estimate(value=events / exposure, low=low / exposure, high=high / exposure, n=events, method=method)


def trend(counts: Sequence[int], exposures: Sequence[float]) -> Trend:
    """Do the counts fall, or rise, faster than the exposure of their bins explains?

    Given their total, counts at a constant rate are multinomial with shares as the exposures. The score is
    the sum of bin number times count; up to 60 events its distribution is computed exactly, as that of a
    sum of independent draws, and beyond by the normal approximation. This is the score test for a linear
    trend of P. Armitage, "Tests for Linear Trends in Proportions and Frequencies", Biometrics 11 (1955).

    >>> f"{trend([12, 7, 3], [24, 24, 24]).p_decreasing:.5f}"
    '0.01258'
    >>> f"{trend([12, 7, 3], [8000, 6000, 1500]).p_decreasing:.4f}"
    '0.6016'
    >>> trend([0, 0, 0], [24, 24, 24]).p_decreasing is None
    True

    :raises ValueError: a bin has events and no exposure, so that no rate can be said of it.
    """
    if len(counts) != len(exposures):
        raise ValueError(f"{len(counts)} counts and {len(exposures)} exposures: give one of each for each bin")
    if any(count > 0 and exposure <= 0 for count, exposure in zip(counts, exposures, strict=True)):
        raise ValueError("a bin has events and no exposure")
    events = sum(counts)
    if events == 0:
        return Trend(events=0, p_decreasing=None, p_increasing=None, z=None, exact=True)
    whole = sum(exposures)
    shares = [exposure / whole for exposure in exposures]
    score = sum(number * count for number, count in enumerate(counts))
    z = _standardised(score, events, shares)
    if events > EXACT_UP_TO:
        falls, rises = normal_below(z), normal_below(-z)
        return Trend(events=events, p_decreasing=falls, p_increasing=rises, z=z, exact=False)
    chances = _scores(events, shares)
    return Trend(
        events=events,
        p_decreasing=min(1.0, math.fsum(chances[: score + 1])),
        p_increasing=min(1.0, math.fsum(chances[score:])),
        z=z,
        exact=True,
    )


def _scores(events: int, shares: Sequence[float]) -> list[float]:
    """The probability of each score: the bins' shares convolved with themselves, once for each event.

    It is what adding up all the multinomial outcomes gives, without listing them.
    """
    chances = [1.0]
    for _ in range(events):
        longer = [0.0] * (len(chances) + len(shares) - 1)
        for score, chance in enumerate(chances):
            for number, share in enumerate(shares):
                longer[score + number] += chance * share
        chances = longer
    return chances


def _standardised(score: int, events: int, shares: Sequence[float]) -> float:
    mean = math.fsum(number * share for number, share in enumerate(shares))
    variance = math.fsum(number**2 * share for number, share in enumerate(shares)) - mean**2
    # All exposure in one bin: the score cannot differ from its mean.
    return (score - events * mean) / math.sqrt(events * variance) if variance > 1e-12 else 0.0


def must_be_counts(part: float, whole: float) -> None:
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole}: counts cannot be negative, nor a part more than its whole")
