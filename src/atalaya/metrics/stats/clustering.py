"""The effective number of independent trials among jobs of the same run.

The jobs of a run share its fate: where they fail together, sixty jobs say less than sixty trials. How much less is
in the intraclass correlation; what is left is the effective number of trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.metrics.stats.distributions import beta_quantile
from atalaya.metrics.stats.intervals import ALPHA, Estimate, must_be_counts, wilson

Runs = Sequence[tuple[int, int]]  # for each run, how many of its jobs passed, and how many there were


def intraclass_correlation(runs: Runs) -> float | None:
    """How much alike the outcomes within a run are: 0 as if drawn singly, 1 if a run passes or fails as a whole.

    The estimator of the analysis of variance, for runs of unequal size: M. S. Ridout, C. G. B. Demétrio and
    D. Firth, "Estimating Intraclass Correlation for Binary Data", Biometrics 55 (1999). Below zero it is noise, and
    clamped. None where nothing can be told: fewer than two runs, no run with two jobs, or outcomes all alike.

    Four runs of 5 with 5, 5, 2 and 4 passes: mean squares .4 between them and .125 within, .275 / .9.

    >>> f"{intraclass_correlation([(5, 5), (5, 5), (2, 5), (4, 5)]):.4f}"
    '0.3056'
    >>> intraclass_correlation([(2, 2), (0, 2)]), intraclass_correlation([(2, 2), (2, 2)]) is None
    (1.0, True)

    :raises ValueError: a count is negative, or a part more than its whole.
    """
    for passes, jobs in runs:
        must_be_counts(passes, jobs)
    ran = [(passes, jobs) for passes, jobs in runs if jobs]
    n = sum(jobs for _, jobs in ran)
    share = sum(passes for passes, _ in ran) / n if n else 0
    if len(ran) < 2 or n == len(ran) or share in (0, 1):
        return None
    # Exact sums: since Python 3.12 `sum` itself rounds otherwise than before, and a replay gives the same bytes.
    between = math.fsum(jobs * (passes / jobs - share) ** 2 for passes, jobs in ran) / (len(ran) - 1)
    within = math.fsum(passes * (jobs - passes) / jobs for passes, jobs in ran) / (n - len(ran))
    size = (n - sum(jobs**2 for _, jobs in ran) / n) / (len(ran) - 1)
    return max(0.0, (between - within) / (between + (size - 1) * within))


def typical_size(runs: Runs) -> float | None:
    """The size of the run that a job finds itself in: sizes weighted by themselves. None without a job.

    It is what stands for m in :func:`design_effect` where runs are of unequal size.

    >>> typical_size([(5, 5), (4, 5)]), typical_size([(9, 9), (1, 1)])
    (5.0, 8.2)
    """
    n = sum(jobs for _, jobs in runs)
    return sum(jobs**2 for _, jobs in runs) / n if n else None


def design_effect(m: float, icc: float) -> float:
    """By what factor the variance of a share grows with runs of m jobs: ``1 + (m - 1) icc``.

    L. Kish, "Survey Sampling" (1965).

    >>> design_effect(5, 0.3)
    2.2

    :raises ValueError: a run is smaller than one job, or the correlation is not from 0 to 1.
    """
    if m < 1:
        raise ValueError(f"a run has one job at the least, and not {m}")
    if not 0 <= icc <= 1:
        raise ValueError(f"an intraclass correlation is from 0 to 1, and not {icc}")
    return 1 + (m - 1) * icc


def effective_n(n: int, m: float, icc: float) -> float:
    """How many independent trials say as much as n jobs in runs of m.

    >>> f"{effective_n(60, 5, 0.3):.2f}"
    '27.27'
    """
    must_be_counts(0, n)
    return n / design_effect(m, icc)


def wilson_clustered(successes: int, n: int, m: float, icc: float) -> Estimate:
    """The share of successes with Wilson's interval on the effective number of trials. ``n`` stays the jobs.

    >>> share = wilson_clustered(57, 60, m=5, icc=0.3)
    >>> f"{share.value:.3f} ({share.low:.4f} to {share.high:.4f})"
    '0.950 (0.7998 to 0.9891)'
    """
    must_be_counts(successes, n)
    effective = effective_n(n, m, icc)
    method = text("Wilson score interval on {effective:.2f} effective trials, two-sided, 95 %", effective=effective)
    # The formula holds for a fraction of a trial as well. All of them stay all, whatever the rounding.
    part = effective if successes == n else successes * (effective / n)
    return replace(wilson(part, effective), n=n, method=method)


class Clustered(NamedTuple):
    """The jobs of some runs, and what is needed to say as how many they count that fail on their own.

    ``icc`` is None where the correlation cannot be estimated. ``size`` is that of a run, as its jobs find it.
    """

    succeeded: int
    n: int
    red_runs: int  # those in which a job failed
    size: float
    icc: float | None

    @property
    def design_effect(self) -> float:
        """By what factor the variance of the share is greater than that of independent jobs."""
        return design_effect(self.size, self.icc or 0.0)

    @property
    def n_effective(self) -> float:
        """How many independent trials say as much."""
        return effective_n(self.n, self.size, self.icc or 0.0)

    @property
    def failed_effective(self) -> float:
        """The failures among the effective trials: the same share of them."""
        return (self.n - self.succeeded) * self.n_effective / self.n if self.n else 0.0

    @property
    def rate(self) -> Estimate:
        """The share of jobs that succeeded, with the interval on the effective number of trials."""
        return wilson_clustered(self.succeeded, self.n, self.size, self.icc or 0.0)


def clustered(runs: Runs) -> Clustered:
    """The jobs of all runs, weighed by how much alike the outcomes of a run are.

    Where that cannot be estimated, since all jobs ended alike, or each ran alone, or all in one run, they count in
    full: thirty clean jobs are thirty. An estimate below zero is noise, and they count in full as well. A job that ran
    alone says nothing of how alike the jobs of a run are, so one lost job beside clean runs is one lost job.

    >>> clustered([(5, 5)] * 6).n_effective, clustered([(0, 20)] + [(20, 20)] * 11).n_effective
    (30.0, 12.0)
    >>> clustered([(0, 1)] + [(5, 5)] * 16).n_effective
    81.0
    """
    return Clustered(
        succeeded=sum(passes for passes, _ in runs),
        n=sum(jobs for _, jobs in runs),
        red_runs=sum(passes < jobs for passes, jobs in runs),
        size=typical_size(runs) or 1.0,
        icc=intraclass_correlation([run for run in runs if run[1] > 1]),
    )


def clopper_pearson(successes: int, n: int) -> Estimate:
    """The share of successes with the exact interval: never too narrow, and often too wide. For gates.

    C. J. Clopper and E. S. Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
    Binomial", Biometrika 26 (1934).

    >>> share = clopper_pearson(57, 60)
    >>> f"{share.value:.3f} ({share.low:.4f} to {share.high:.4f})"
    '0.950 (0.8608 to 0.9896)'
    >>> clopper_pearson(0, 0).value is None
    True
    """
    must_be_counts(successes, n)
    method = text("Clopper-Pearson exact interval, two-sided, 95 %")
    if n == 0:
        return Estimate(value=None, low=None, high=None, n=0, method=method)
    low = beta_quantile(ALPHA / 2, successes, n - successes + 1) if successes else 0.0
    high = beta_quantile(1 - ALPHA / 2, successes + 1, n - successes) if successes < n else 1.0
    return Estimate(value=successes / n, low=low, high=high, n=n, method=method)
