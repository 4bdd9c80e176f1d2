"""Burn rates of an error budget, and a test that a fast burn is not chance.

An objective of 99.9 % leaves a budget of one bad event in a thousand. At a burn rate of 1 it lasts for the window.
The method is that of B. Beyer et al., "The Site Reliability Workbook" (2018), chapter 5, with the window of a watch.
"""

from __future__ import annotations

from typing import NamedTuple

from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.intervals import must_be_counts
from atalaya.records.judged import Burning

FEWEST = 3  # bad events: one in a quiet hour raises no alarm
CHANCE = 0.01  # of so many bad events within the budget, below which they are not put down to chance


class Events(NamedTuple):
    """How many events of some hours were bad, and how many there were."""

    bad: int
    total: int


class Alert(NamedTuple):
    """A burn rate that is an alarm where the last ``long_h`` hours and the last ``short_h`` both exceed it.

    The long hours say that it matters, and the short ones that it still goes on.
    """

    long_h: float
    short_h: float
    rate: float


# Spent of the budget of 72 h: 10 % in an hour, 25 % in six, half in a day.
ALERTS = (
    Alert(long_h=1, short_h=5 / 60, rate=7.2),
    Alert(long_h=6, short_h=30 / 60, rate=3.0),
    Alert(long_h=24, short_h=2, rate=1.5),
)


def budget(expected: float, slo: float) -> float:
    """How many bad events the objective leaves among so many expected ones.

    >>> f"{budget(43_200, 0.999):.1f}"
    '43.2'
    """
    if expected < 0:
        raise ValueError(f"{expected} events: counts cannot be negative")
    return expected * _left(slo)


def budget_used(bad: int, expected: float, slo: float) -> float | None:
    """The share of the budget that is spent; above 1, it is overspent. None where there is no budget.

    >>> f"{budget_used(9, 43_200, 0.999):.1%}"
    '20.8%'
    """
    if bad < 0:
        raise ValueError(f"{bad} bad events: counts cannot be negative")
    whole = budget(expected, slo)
    return bad / whole if whole else None


def burn_rate(bad: int, total: int, slo: float) -> float | None:
    """How many times faster than the window allows the budget is spent.

    None where nothing happened, and where the objective is 1: without a budget any bad event burns without end,
    and the rule for zero events has to speak (:func:`atalaya.metrics.stats.intervals.joint_upper`).

    >>> f"{burn_rate(9, 1800, 0.999):.1f} {burn_rate(1, 20, 0.99):.1f}"
    '5.0 5.0'
    >>> burn_rate(0, 0, 0.99) is None, burn_rate(1, 20, 1) is None
    (True, True)
    """
    must_be_counts(bad, total)
    left = _left(slo)
    return bad / total / left if total and left else None


def chance(bad: int, total: int, slo: float) -> float:
    """The probability of so many bad events or more, where each is bad as often as the objective leaves room for.

    >>> f"{chance(9, 1800, 0.999):.6f} {chance(1, 20, 0.99):.3f}"
    '0.000108 0.182'
    """
    must_be_counts(bad, total)
    return binomial_at_least(bad, total, _left(slo))


def guard(bad: int, total: int, slo: float) -> bool:
    """Whether there are enough bad events, three, and too many for chance: a burn rate of few events is noise.

    >>> guard(9, 1800, 0.999), guard(1, 20, 0.99)  # both burn at a rate of 5
    (True, False)
    """
    return chance(bad, total, slo) < CHANCE and bad >= FEWEST


def burning(long: Events, short: Events, *, slo: float, rate: float) -> Burning:
    """Whether the budget burns faster than ``rate`` in the long hours and in the short, and not by chance.

    The guard is on the long hours; in the short ones there is little to count. It is unknown, and not quiet, where
    nothing happened in either, and where the objective is 1 (see :func:`burn_rate`).

    >>> burning(Events(15, 1800), Events(2, 150), slo=0.999, rate=7.2)
    <Burning.YES: 'yes'>
    >>> burning(Events(15, 1800), Events(0, 150), slo=0.999, rate=7.2)  # it is over
    <Burning.NO: 'no'>
    >>> burning(Events(0, 1800), Events(0, 0), slo=0.999, rate=7.2)
    <Burning.UNKNOWN: 'not known'>
    """
    rates = burn_rate(*long, slo), burn_rate(*short, slo)
    if rates[0] is None or rates[1] is None:
        return Burning.UNKNOWN
    burns = min(rates[0], rates[1]) > rate and guard(*long, slo)
    return Burning.YES if burns else Burning.NO


def _left(slo: float) -> float:
    if not 0 <= slo <= 1:
        raise ValueError(f"an objective is a share, from 0 to 1, and not {slo}")
    return 1 - slo
