"""Probabilities and quantiles of the usual distributions, by the special functions that they are made of.

:mod:`scipy.special` has them all, and is imported in a quarter of the time that :mod:`scipy.stats` takes: a judgement
of a healthy release needs nothing else. SciPy imports it when it is first asked for, and a command that judges nothing
does not wait for it. The numbers in brackets are formulas of M. Abramowitz and I. A. Stegun, "Handbook of Mathematical
Functions" (1964).
"""

from __future__ import annotations

import math

import scipy


def normal_below(z: float) -> float:
    """The probability of a standard normal up to z.

    >>> f"{normal_below(1.959964):.4f} {normal_below(-8):.3e}"
    '0.9750 6.221e-16'
    """
    return float(scipy.special.ndtr(z))


def normal_quantile(p: float) -> float:
    """The z up to which a standard normal lies with probability p.

    >>> f"{normal_quantile(0.975):.6f}"
    '1.959964'
    """
    return float(scipy.special.ndtri(p))


def binomial_at_least(k: float, n: float, p: float) -> float:
    """The probability of k successes or more in n trials, fractions of a trial too: ``I_p(k, n - k + 1)`` (26.5.24).

    >>> f"{binomial_at_least(7, 60, 0.05):.6f}", binomial_at_least(0, 30, 0.05)
    ('0.029694', 1.0)
    """
    return float(scipy.special.betainc(k, n - k + 1, p)) if k > 0 else 1.0


def beta_quantile(p: float, a: float, b: float) -> float:
    """The share up to which a beta distribution lies with probability p.

    >>> f"{beta_quantile(0.05, 20, 1):.4f}"
    '0.8609'
    """
    return float(scipy.special.betaincinv(a, b, p))


def gamma_quantile(p: float, shape: float) -> float:
    """The number up to which a gamma distribution of scale 1 lies with probability p: half of a chi-squared one's of
    twice as many degrees of freedom (26.4.19).

    >>> f"{gamma_quantile(0.95, 1):.4f}"  # -ln 0.05
    '2.9957'
    """
    return float(scipy.special.gammaincinv(shape, p))


def hypergeometric_at_least(k: int, whole: int, marked: int, drawn: int) -> float:
    """The probability that k or more of the marked are among those drawn, without putting back.

    >>> f"{hypergeometric_at_least(4, 60, 5, 12):.6f}", hypergeometric_at_least(0, 60, 5, 12)
    ('0.004495', 1.0)
    """
    least, most = max(0, drawn + marked - whole), min(marked, drawn)
    if k <= least:
        return 1.0
    if k > most:
        return 0.0
    chances = [math.exp(_ln_choose(marked, k) + _ln_choose(whole - marked, drawn - k) - _ln_choose(whole, drawn))]
    for hit in range(k, most):
        left = whole - marked - drawn + hit + 1
        chances.append(chances[-1] * (marked - hit) * (drawn - hit) / ((hit + 1) * left))
    return min(1.0, math.fsum(chances))


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
