"""The pass-rate metric: the share of the SDK's jobs that succeeded, compared with its threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.core.words import N_, Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine import Engine, Row
from atalaya.metrics.stats.clustering import (
    Runs,
    design_effect,
    effective_n,
    intraclass_correlation,
    typical_size,
    wilson_clustered,
)
from atalaya.metrics.stats.intervals import Estimate, Z, clean_runs_needed, score_interval, wilson
from atalaya.metrics.stats.rounding import rates, shares, threshold_share
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import OUR_WORKFLOWS, MetricQuery
from atalaya.records.judged import Metric, State


def pass_rate(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The share of decided jobs whose latest attempt succeeded."""
    (row,) = engine.ask(it.question, span.parameters())
    limits = span.settings.thresholds
    rate = wilson(row["succeeded"], row["decided"])
    shared = cluster_correction(_by_run(engine, span))
    of_ci = _by_run(engine, span, ours=False)
    ci = Ci(*_summed(of_ci), cluster_correction(of_ci).n_effective)
    state, reason = beside_ci(judge_rate(row["succeeded"], rate, limits), ci, span.look, limits)
    beside = _rates_beside(row)
    return Metric(
        id=it.id,
        value=rate.value,
        low=rate.low,
        high=rate.high,
        n=row["decided"],
        k=row["succeeded"] if row["decided"] else None,
        unit="share",
        exposure=text("decided jobs"),
        source=Text(template=it.source, values={"workflows": ", ".join(span.settings.ci.workflows)}),
        state=state,
        threshold=text("at least {target}", target=threshold_share(limits.pass_rate)),
        method=text(
            "Latest decided attempt of each job, with Wilson's score interval at 95 %. Met where the rate reaches the "
            "threshold and the lower end {floor}; proven where the lower end reaches the threshold; failed where "
            "the upper end does not.",
            floor=threshold_share(_floor(limits)),
        ),
        text=_rate_in_words(row, rate),
        reason=reason,
        critical=it.critical,
        acts=it.acts,
        inputs={
            **row,
            **beside,
            **{f"shared_{name}": value for name, value in shared._asdict().items()},
            "ci_succeeded": ci.well,
            "ci_decided": ci.n,
            "ci_p": ci.p(limits.pass_rate),
        },
        settles=_settles(state, row, ci, limits),
        derivation=tuple(_derived(row, rate, shared, ci, limits)),
    )


class Shared(NamedTuple):
    """What jobs that share the fate of their run leave of the number of jobs; None where nothing can be told."""

    icc: float | None = None
    design_effect: float | None = None
    n_effective: float | None = None
    low: float | None = None
    high: float | None = None


def cluster_correction(runs: Runs) -> Shared:
    """The correlation within runs, and the interval on as many jobs as would say as much on their own."""
    icc, size = intraclass_correlation(runs), typical_size(runs)
    if icc is None or size is None:
        return Shared()
    well, n = _summed(runs)
    rate = wilson_clustered(well, n, size, icc)
    return Shared(icc, design_effect(size, icc), effective_n(n, size, icc), rate.low, rate.high)


class Ci(NamedTuple):
    """CI's own decided jobs, and as how many they count that fail on their own, where that can be told."""

    well: int
    n: int
    n_effective: float | None = None

    def p(self, target: float) -> float | None:
        """How likely so low a rate, or one as far above, would be at the target: the score test, two-sided.

        It is what Wilson's interval inverts, so at 5 % it says what the interval says.

        >>> f"{Ci(51, 60).p(0.95):.5f}", Ci(0, 0).p(0.95) is None
        ('0.00038', True)
        """
        if not self.n or not 0 < target < 1:
            return None
        n = self.n if self.n_effective is None else self.n_effective
        return float(2 * stats.norm.sf(abs(target - self.well / self.n) / math.sqrt(target * (1 - target) / n)))


def beside_ci(found: tuple[State, Text], ci: Ci, look: int, limits: Thresholds) -> tuple[State, Text]:
    """The state of all jobs, but never better than CI's own allow.

    Atalaya's checks and smoke run each hour and hardly ever fail by themselves: among so many of them, a CI that is
    sick would not show in the rate. Being a second test of the same jobs, it has the limit of its look.
    """
    target, p = limits.pass_rate, ci.p(limits.pass_rate)
    if p is None or ci.well / ci.n >= target or found[0] not in (State.PROVEN, State.MEETS, State.INCONCLUSIVE):
        return found
    rate, wanted = shares(ci.well / ci.n, target)
    if p <= limit(look):
        chance, most = rates(p, limit(look))
        return State.FAIL, text(
            "CI's own jobs fail: {rate} of {n} ended well, below the threshold, {target}; p = {p}, at or below "
            "{limit}, the limit of look {look}.",
            rate=rate,
            n=ci.n,
            target=wanted,
            p=chance,
            limit=most,
            look=look,
        )
    if found[0] is State.INCONCLUSIVE:
        return found
    return State.INCONCLUSIVE, text(
        "All jobs together reach the threshold, but CI's own do not: {rate} of {n} is below {target}, not proven.",
        rate=rate,
        n=ci.n,
        target=wanted,
    )


def _by_run(engine: Engine, span: MetricQuery, *, ours: bool = True) -> list[tuple[int, int]]:
    """The decided jobs of each run: those that ended well, and all. Without ``ours``, CI's alone."""
    runs: dict[tuple[str, str], tuple[int, int]] = {}
    for row in engine.ask("decided_jobs", span.parameters()):
        if ours or row["workflow"] not in OUR_WORKFLOWS:
            well, n = runs.get((row["workflow"], row["run_id"]), (0, 0))
            runs[row["workflow"], row["run_id"]] = (well + row["succeeded"], n + 1)
    return list(runs.values())


def _summed(runs: Runs) -> tuple[int, int]:
    return sum(well for well, _ in runs), sum(n for _, n in runs)


def _settles(state: State, row: Row, ci: Ci, limits: Thresholds) -> Text | None:
    """How many more clean jobs would give a better state."""
    if state not in (State.INCONCLUSIVE, State.MEETS):
        return None
    if state is State.MEETS:
        needed = clean_runs_needed(row["succeeded"], row["decided"], limits.pass_rate)
        return None if needed is None else text("{k} more clean jobs would prove it.", k=needed)
    needed = _clean_jobs_needed(row["succeeded"], row["decided"], limits)
    if ci.n and ci.well / ci.n < limits.pass_rate:
        of_ci = _clean_jobs_needed(ci.well, ci.n, limits)
        needed = None if needed is None or of_ci is None else max(needed, of_ci)
    return None if needed is None else text("{k} more clean jobs would do.", k=needed)


def _derived(row: Row, rate: Estimate, shared: Shared, ci: Ci, limits: Thresholds) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    x, n = row["succeeded"], row["decided"]
    yield text(
        "Counted: {n} jobs were decided, by their latest decided attempt; {x} of them ended well. In no rate: "
        "{excluded} that were cancelled, skipped or neutral, {infra} that never started, {pending} pending, {nothing} "
        "in which nothing ran, {unknown} that told nothing.",
        n=n,
        x=x,
        excluded=row["excluded"],
        infra=row["not_started"],
        pending=row["pending"],
        nothing=row["nothing_ran"],
        unknown=row["not_told"],
    )
    if rate.value is None or rate.low is None or rate.high is None:
        return
    centre, half = score_interval(rate.value, n)
    yield text("Rate: p = {x} / {n} = {p:.6f}.", x=x, n=n, p=rate.value)
    yield text(
        "Wilson's interval, z = {z:.6f}: centre (p + z²/2n) / (1 + z²/n) = {centre:.6f}, half width "
        "z √(p(1 - p)/n + z²/4n²) / (1 + z²/n) = {half:.6f}; so from {low:.6f} to {high:.6f}.",
        z=Z,
        centre=centre,
        half=half,
        low=rate.low,
        high=rate.high,
    )
    yield text(
        "Threshold {target} and floor {floor}: proven if {low:.6f} reaches the threshold; met if {p:.6f} reaches it "
        "and {low:.6f} the floor; failed if {high:.6f} is below the threshold; else inconclusive.",
        target=limits.pass_rate,
        floor=_floor(limits),
        low=rate.low,
        p=rate.value,
        high=rate.high,
    )
    alone = wilson(ci.well, ci.n)
    if alone.value is not None and ci.n < n:
        value, low, high = shares(alone.value, alone.low or 0.0, alone.high or 0.0)
        yield text(
            "CI's own jobs alone, without Atalaya's checks and smoke: {decided} decided, {rate} ({low} to {high}). The "
            "state is never better than they allow.",
            decided=ci.n,
            rate=value,
            low=low,
            high=high,
        )
    yield from _beside_in_words(row)
    if shared.icc is not None:
        yield text(
            "Jobs of one run share its fate: intraclass correlation {icc:.4f}, design effect {deff:.3f}, so {n} jobs "
            "weigh as {effective:.2f} would that fail on their own. The interval on those: {low:.4f} to {high:.4f}.",
            icc=shared.icc,
            deff=shared.design_effect,
            n=n,
            effective=shared.n_effective,
            low=shared.low,
            high=shared.high,
        )


def _beside_in_words(row: Row) -> Iterator[Text]:
    first, rescue, runs = (wilson(row[part], row[whole]) for _, part, whole in BESIDE)
    for said, rate, part, whole in (
        (N_("At the first attempt: {part} of {whole} = {rate} ({low} to {high})."), first, *BESIDE[0][1:]),
        (N_("Rescued by a re-run: {part} of {whole} = {rate} ({low} to {high})."), rescue, *BESIDE[1][1:]),
        (N_("Whole runs that ended well: {part} of {whole} = {rate} ({low} to {high})."), runs, *BESIDE[2][1:]),
    ):
        if rate.value is not None:
            value, low, high = shares(rate.value, rate.low or 0.0, rate.high or 0.0)
            yield Text(
                template=said, values={"part": row[part], "whole": row[whole], "rate": value, "low": low, "high": high}
            )


def judge_rate(successes: int, rate: Estimate, limits: Thresholds) -> tuple[State, Text]:
    """The state of a rate of successes, and why."""
    target, floor = limits.pass_rate, _floor(limits)
    if rate.value is None or rate.low is None or rate.high is None:
        return State.UNKNOWN, text("No job has been decided, so nothing is known of the rate.")
    if rate.low >= target:
        low, wanted = shares(rate.low, target)
        return State.PROVEN, text(
            "Even the lower end of the interval, {low}, reaches the threshold, {target}.", low=low, target=wanted
        )
    if rate.high < target:
        high, wanted = shares(rate.high, target)
        return State.FAIL, text(
            "Even the upper end of the interval, {high}, is below the threshold, {target}.", high=high, target=wanted
        )
    if rate.value >= target and rate.low >= floor:
        value, low, wanted, least = shares(rate.value, rate.low, target, floor)
        return State.MEETS, text(
            "The rate, {rate}, reaches the threshold, {target}, and the lower end of the interval, {low}, reaches "
            "{floor}.",
            rate=value,
            target=wanted,
            low=low,
            floor=least,
        )
    return State.INCONCLUSIVE, _not_proven(successes, int(rate.n), rate.value, rate.low, rate.high, limits)


def _not_proven(successes: int, n: int, rate: float, low: float, high: float, limits: Thresholds) -> Text:
    value, low_said, high_said, target, floor = shares(rate, low, high, limits.pass_rate, _floor(limits))
    needed = _clean_jobs_needed(successes, n, limits)
    would_do = (
        text("No number of further jobs can change that.")
        if needed is None
        else text("{k} more clean jobs would do.", k=needed)
    )
    side = (
        text("above the threshold, {target}, but the lower end is below {floor}", target=target, floor=floor)
        if rate >= limits.pass_rate
        else text("below the threshold, {target}, but the upper end is not", target=target)
    )
    return text(
        "{x}/{n} ({rate}, {low} to {high}) is not proven: the rate is {side}. {would_do}",
        x=successes,
        n=n,
        rate=value,
        low=low_said,
        high=high_said,
        side=side,
        would_do=would_do,
    )


def _clean_jobs_needed(successes: int, n: int, limits: Thresholds) -> int | None:
    """The fewest further clean jobs with which the rate meets its threshold, and its lower end the floor."""
    target = limits.pass_rate
    for_the_floor = clean_runs_needed(successes, n, _floor(limits))
    if for_the_floor is None or (target >= 1 and successes < n):
        return None
    for_the_rate = 0 if target >= 1 else max(0, math.floor((target * n - successes) / (1 - target)))
    while (successes + for_the_rate) / (n + for_the_rate) < target:
        for_the_rate += 1
    return max(for_the_floor, for_the_rate)


def _floor(limits: Thresholds) -> float:
    # 0.95 - 0.05 is 0.8999999999999999, which nobody wrote.
    return max(0.0, round(limits.pass_rate - limits.pass_rate_tolerance, 12))


def _rate_in_words(row: Row, rate: Estimate) -> Text:
    undecided = sum(row[name] for name in ("excluded", "not_started", "pending", "nothing_ran", "not_told"))
    apart = (
        text("Jobs that no attempt decided, and that are in no rate: {n}.", n=undecided)
        if undecided
        else text("Every job was decided.")
    )
    if rate.value is None:
        return text("No decided job.") if not undecided else text("No decided job. {apart}", apart=apart)
    value, low, high = shares(rate.value, rate.low or 0.0, rate.high or 0.0)
    return text(
        "{succeeded} of {decided} decided jobs ended well: {rate} ({low} to {high}). At the first attempt "
        "{first_succeeded} of {first_decided} did; re-runs rescued {rescued} of {failed_first}. {apart}",
        succeeded=row["succeeded"],
        decided=row["decided"],
        rate=value,
        low=low,
        high=high,
        first_succeeded=row["first_succeeded"],
        first_decided=row["first_decided"],
        rescued=row["rescued"],
        failed_first=row["failed_first"],
        apart=apart,
    )


# The rates that stand beside the eventual one: a re-run hides what the first attempt showed.
BESIDE = (
    ("first_attempt_rate", "first_succeeded", "first_decided"),
    ("rescue_rate", "rescued", "failed_first"),
    ("run_rate", "runs_succeeded", "runs"),
)


def _rates_beside(row: Row) -> dict[str, Any]:
    beside: dict[str, Any] = {}
    for name, part, whole in BESIDE:
        rate = wilson(row[part], row[whole])
        beside |= {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
    return beside
