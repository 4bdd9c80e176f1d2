"""Group-sequential significance bounds: several looks share one error rate of 5 %.

Three looks at 5 % each raise 10.7 % false alarms. The boundary of O'Brien and Fleming asks for much early, while there
is little to see, and leaves nearly all of the 5 % to the last look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from atalaya.metrics.stats.distributions import normal_below
from atalaya.metrics.stats.intervals import ALPHA

NODES = 64  # of Gauss and Legendre: with as many, the integral is right to some ten digits
HALVINGS = 50  # of an interval of 1.5: to the last digit
FAR = 9.0  # standard deviations beyond which nothing is lost


@cache
def limit(look: int, looks: int = 3) -> float:
    """The probability below which look number ``look`` of ``looks`` is significant, counted from 1.

    The looks are equally far apart. P. C. O'Brien and T. R. Fleming, "A Multiple Testing Procedure for Clinical
    Trials", Biometrics 35 (1979). The limits are two-sided ones. Where a one-sided probability is compared with them,
    false alarms in that direction stay under 5 % as well:

    >>> [f"{limit(look):.5f}" for look in (1, 2, 3)]
    ['0.00052', '0.01411', '0.04507']
    >>> from scipy import stats
    >>> one_sided = [float(stats.norm.isf(limit(look))) for look in (1, 2, 3)]
    >>> f"{false_alarms(one_sided, one_sided=True):.4f}"
    '0.0491'

    :raises ValueError: there is no such look.
    """
    if not 1 <= look <= looks:
        raise ValueError(f"look {look} of {looks}: looks are counted from 1")
    return 2 * normal_below(-boundary(looks)[look - 1])


@cache
def boundary(looks: int = 3) -> tuple[float, ...]:
    """The standardised score that each look must pass: ``c sqrt(looks / look)``, c so that all together are 5 %.

    >>> [f"{z:.3f}" for z in boundary(3)]
    ['3.471', '2.454', '2.004']
    """
    if looks < 1:
        raise ValueError(f"{looks} looks: there is one at the least")

    def scores(c: float) -> list[float]:
        return [c * math.sqrt(looks / look) for look in range(1, looks + 1)]

    low, high = 1.5, 3.0
    for _ in range(HALVINGS):
        c = (low + high) / 2
        low, high = (c, high) if false_alarms(scores(c)) > ALPHA else (low, c)
    return tuple(scores(high))


def false_alarms(scores: Sequence[float], *, one_sided: bool = False) -> float:
    """The probability that any of the looks passes its score while nothing is wrong.

    The looks are equally far apart, so the sum of what they have seen grows by a standard normal from one to the
    next. Its density among the paths that have passed no score yet is integrated on from look to look: P. Armitage,
    C. K. McPherson and B. C. Rowe, "Repeated Significance Tests on Accumulating Data", JRSS A 132 (1969).

    >>> f"{false_alarms([1.959964]):.4f} {false_alarms(3 * [1.959964]):.3f}"
    '0.0500 0.107'

    :raises ValueError: a score is negative.
    """
    if any(score < 0 for score in scores):
        raise ValueError(f"{min(scores)}: a look cannot alarm at less than nothing")
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    at = np.zeros(1)
    still = np.ones(1)  # the probability that stands at each point
    for look, score in enumerate(scores, start=1):
        far = FAR * math.sqrt(look)
        high = min(score * math.sqrt(look), far)
        low = -far if one_sided else -high
        to = (high + low) / 2 + (high - low) / 2 * nodes
        still = (high - low) / 2 * weights * (_normal_density(to[:, None] - at[None, :]) @ still)
        at = to
    return float(1 - still.sum())


def _normal_density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
