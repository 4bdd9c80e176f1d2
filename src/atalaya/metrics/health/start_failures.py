"""Judges, for each Python version, in how many runs the SDK could not be imported or no client of it be built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atalaya.core.settings import HealthSettings
from atalaya.core.words import Text, text
from atalaya.metrics.health.runs import Told
from atalaya.metrics.health.shares import none, share_figures, share_state
from atalaya.metrics.health.signs import NOTHING, START_FAILURES, sign
from atalaya.metrics.stats.clustering import clopper_pearson
from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.intervals import Estimate
from atalaya.metrics.stats.rounding import rates, shares, threshold_share
from atalaya.records.judged import HealthSign, HealthState, SeenRun


def start_failures(runs: Sequence[Told], most: float, limits: HealthSettings) -> Iterator[HealthSign]:
    """For each Python version, whether the SDK surely fails to start in more runs than the limit allows.

    The level is divided among the versions (C. E. Bonferroni, 1936).

    :param most: the probability below which this look is significant.
    """
    allowed = text("at most {share} on each Python version", share=threshold_share(limits.start_failures))
    of_python: dict[str, list[Told]] = {}
    for one in runs:
        if one.start_error is not None:
            of_python.setdefault(minor_version(one.python), []).append(one)
    if not of_python:
        yield sign(START_FAILURES, HealthState.NOTHING, NOTHING, allowed, NOTHING)
    for python, started in sorted(of_python.items(), key=lambda item: _as_numbers(item[0])):
        errors = [one.start_error for one in started if one.start_error]
        share, p = (
            clopper_pearson(len(errors), len(started)),
            binomial_at_least(len(errors), len(started), limits.start_failures),
        )
        level = most / len(of_python)
        shown, shown_level = rates(p, level)
        state = share_state(share, p, level, limits.start_failures, len(errors) / len(started))
        reason = none(state, limits.start_failures)
        if errors:
            last = errors[-1]
            reason = text("The last failure: {error}. p = {p}, limit {limit}.", error=last, p=shown, limit=shown_level)
        yield sign(
            START_FAILURES,
            state,
            _said(len(errors), len(started), share),
            allowed,
            reason,
            about=python,
            p=p,
            runs=tuple(SeenRun(one.at, not one.start_error) for one in started),
            **share_figures(share, len(errors)),
        )


def minor_version(python: str) -> str:
    """The version of Python that an SDK supports or not.

    >>> minor_version("3.11.7"), minor_version("3.13.0rc1")
    ('3.11', '3.13')
    """
    return ".".join(python.split(".")[:2])


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _said(failed: int, n: int, share: Estimate) -> Text:
    value, low, high = shares(share.value or 0.0, share.low or 0.0, share.high or 0.0)
    return text("{failed} of {n} runs, {share} ({low} to {high})", failed=failed, n=n, share=value, low=low, high=high)
