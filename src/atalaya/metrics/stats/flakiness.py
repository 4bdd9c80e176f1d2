"""Scores how flaky a test is, and how certain it is that the test is fixed.

A test that failed and then passed on the same commit is flaky; one that failed at every attempt may be flaky, or may
have met a version that is broken. The share of failed attempts cannot tell the two apart. :func:`score` can.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from atalaya.metrics.stats.intervals import ALPHA
from atalaya.records.judged import Score

CELLS = 400  # midpoints on each axis of the grid: the score has a resolution of 1 / 400
BAD_PRIOR = (1, 9)  # Beta: one version in ten is broken for a test
FAILURE_PRIOR = (1, 19)  # Beta: a good version fails one attempt in twenty
ACCEPTABLE = 0.01  # a probability of failure that a suite can live with
POWER = 0.8  # with which a flake rate that is called visible would have been seen
HALVINGS = 60  # of an interval of 1 / 2: to the last digit of a float

Grid = np.ndarray[Any, np.dtype[np.float64]]


class Shape(NamedTuple):
    """How the attempts of a key (test, commit, variant) ended, and how many keys ended just so."""

    failures: int
    passes: int
    keys: int


def score(shapes: Iterable[Shape]) -> Score:
    """The flakiness of one test, from how the attempts of its keys ended.

    A version is bad with probability b, and then all attempts fail, or good, and then each fails with probability
    q: a key with f failures and s passes has the likelihood ``b [s = 0] + (1 - b) q^f (1 - q)^s``. With
    b ~ Beta(1, 9) and q ~ Beta(1, 19), the posterior is summed over the midpoints of a grid of 400 x 400; a
    quantile is the first midpoint at which the distribution reaches it. Trying again until it passes needs
    no correction, since a stopping rule has no part in a likelihood. After M. Machalica et al., "Probabilistic
    flakiness: How do you test your tests?", Engineering at Meta (2020).

    Nothing below 1 / 800 can be told from it: a test that never failed in thousands of attempts reads .00125.

    >>> flaky = score([Shape(0, 1, keys=36), Shape(1, 1, keys=3), Shape(3, 0, keys=1)])
    >>> f"{flaky.mean:.4f} ({flaky.low:.5f} to {flaky.high:.5f}), a version is bad with {flaky.bad_mean:.4f}"
    '0.0655 (0.01875 to 0.14125), a version is bad with 0.0395'
    >>> f"{score([Shape(0, 1, keys=36), Shape(3, 0, keys=4)]).mean:.4f}"  # more failures, and not flaky
    '0.0180'
    >>> score([]).mean is None
    True

    :raises ValueError: a count is negative.
    """
    failed_outright: Counter[int] = Counter()
    passed_keys = failures = passes = 0
    for shape, times in Counter(shapes).items():
        if min(shape) < 0:
            raise ValueError(f"{shape}: counts cannot be negative")
        alike = times * shape.keys
        if shape.passes:
            passed_keys += alike
            failures += alike * shape.failures
            passes += alike * shape.passes
        elif shape.failures:
            failed_outright[shape.failures] += alike
    keys = passed_keys + failed_outright.total()
    if keys == 0:
        return Score(keys=0)

    # In logarithms, since the likelihood of some hundred keys is below the smallest float. A key that passed once
    # gives a product of a term in b and one in q, so that all of those are two vectors; the others need the grid.
    at, log_at, log_rest = _midpoints()
    in_b = _log_prior(BAD_PRIOR) + passed_keys * log_rest
    in_q = _log_prior(FAILURE_PRIOR) + failures * log_at + passes * log_rest
    posterior = in_b[:, None] + in_q
    for each, number in failed_outright.items():
        posterior += number * _log_failed_outright(each)
    posterior -= posterior.max()
    np.exp(posterior, out=posterior)
    whole = posterior.sum()
    of_b, of_q = posterior.sum(axis=1) / whole, posterior.sum(axis=0) / whole

    reached = np.cumsum(of_q)
    low, high = (float(at[int(np.searchsorted(reached, p))]) for p in (ALPHA / 2, 1 - ALPHA / 2))
    return Score(
        mean=float(of_q @ at),
        low=low,
        high=high,
        above_one_percent=float(of_q[at > ACCEPTABLE].sum()),
        bad_mean=float(of_b @ at),
        keys=keys,
    )


@cache
def _midpoints() -> tuple[Grid, Grid, Grid]:
    at = (np.arange(CELLS) + 0.5) / CELLS
    return at, np.log(at), np.log1p(-at)


@lru_cache(maxsize=16)  # a megabyte each; attempts of a key are few, and the same numbers come again
def _log_failed_outright(failures: int) -> Grid:
    at, _, _ = _midpoints()
    likelihood: Grid = np.log(at[:, None] + np.outer(1 - at, at**failures))
    return likelihood


@cache
def _log_prior(beta: tuple[int, int]) -> Grid:
    """But for a constant, which the posterior does without."""
    _, log_at, log_rest = _midpoints()
    prior: Grid = (beta[0] - 1) * log_at + (beta[1] - 1) * log_rest
    return prior


def rank(low: float | None, runs_per_day: float, cost: float) -> float:
    """The key by which flaky tests are put in order, the worst first: what a test surely costs in a day.

    ``low`` is the lower end for its probability of failure, so that a lucky guess from five runs does not stand above
    what six hundred have shown; ``cost`` is of one failure (minutes, or blocked changes). Unobserved comes last.

    >>> rank(0.0353, runs_per_day=40, cost=5) > rank(0.0362, runs_per_day=2, cost=5) > rank(None, 40, 5)
    True
    """
    _must_not_be_negative(runs_per_day, cost)
    return 0.0 if low is None else _probability(low) * runs_per_day * cost


def impact(q: float, runs: int) -> float | None:
    """The probability that at least one of so many runs is red, if each fails with probability q. None for no run.

    >>> f"{impact(0.0655, 40):.3f}"
    '0.933'
    """
    _must_not_be_negative(runs)
    return 1 - (1 - _probability(q)) ** runs if runs else None


def clean_runs_to_prove(q: float) -> int | None:
    """How many clean runs in a row reject, at 95 %, that the test still fails with probability q.

    The smallest n with ``(1 - q)^n <= .05``. None for q = 0: a failure that never comes is not disproved.

    >>> [clean_runs_to_prove(q) for q in (0.25, 0.10, 0.05, 0.02, 0.01)]
    [11, 29, 59, 149, 299]
    """
    if _probability(q) == 0:
        return None
    return 1 if q == 1 else max(1, math.ceil(math.log(ALPHA) / math.log1p(-q)))


@lru_cache(maxsize=4096)  # thousands of tests were run as often as each other
def mixed_by_chance(q: float, attempts: float, keys: int = 1) -> float:
    """The probability that a test whose attempts fail with probability q is seen to pass and to fail in one key.

    A key of m attempts has only passes with ``(1 - q)^m`` and only failures with ``q^m``; ``keys`` of them have so many
    attempts each, on average.

    >>> f"{mixed_by_chance(0.01, 5):.4f}", f"{mixed_by_chance(0.01, 5, keys=4):.4f}", mixed_by_chance(0.01, 1)
    ('0.0490', '0.1821', 0.0)
    """
    _must_not_be_negative(attempts - 1, keys)
    return float(1 - min(1.0, (1 - _probability(q)) ** attempts + q**attempts) ** keys)


def detectable(attempts: int, power: float = POWER) -> float | None:
    """The lowest flake rate that so many attempts show, with a pass and a failure among them, so often.

    The q up to 1 / 2 at which ``1 - (1 - q)^m - q^m`` is the power; None where even 1 / 2 is not seen so often, as with
    three attempts.

    >>> [f"{detectable(attempts):.3f}" for attempts in (4, 5, 10, 60)], detectable(3)
    (['0.343', '0.276', '0.149', '0.026'], None)
    """
    low, high = 0.0, 0.5
    if attempts < 1 or mixed_by_chance(high, attempts) < power:
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if mixed_by_chance(middle, attempts) >= power else (middle, high)
    return high


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"a probability is from 0 to 1, and not {p}")
    return p


def _must_not_be_negative(*values: float) -> None:
    if min(values) < 0:
        raise ValueError(f"{min(values)}: counts and costs cannot be negative")
