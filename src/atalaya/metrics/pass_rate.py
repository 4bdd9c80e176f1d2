"""The pass-rate metric: the share of CI's jobs that succeeded, compared with its threshold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from atalaya.core.settings import Thresholds
from atalaya.core.words import N_, Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine.engine import Engine, Row
from atalaya.metrics.stats.clustering import Clustered, Runs, clustered
from atalaya.metrics.stats.distributions import binomial_at_least
from atalaya.metrics.stats.intervals import Estimate, Z, fewest, score_interval, wilson
from atalaya.metrics.stats.rounding import rates, shares, threshold_share
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Metric, State

RED_RUNS = 3  # runs with a failure, below which no rate fails: one bad run may be the machinery's
MANY = 500  # further jobs that no window holds: a number above it says nothing to anybody

SMALL = 0.0001


def pass_rate(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The share of CI's decided jobs whose latest attempt succeeded."""
    (row,) = engine.ask(it.question, span.parameters())
    limits = span.settings.thresholds
    runs = by_run(engine.ask("decided_jobs", span.parameters()))
    of = clustered(runs)
    rate = of.rate
    state, reason = judge_ci(runs, span.look, limits)
    return Metric(
        id=it.id,
        value=rate.value,
        low=rate.low,
        high=rate.high,
        n=of.n,
        k=of.succeeded if of.n else None,
        unit="share",
        exposure=text("decided CI jobs"),
        source=Text(template=it.source, values={"workflows": ", ".join(span.settings.ci.workflows)}),
        state=state,
        threshold=text("at least {target}", target=threshold_share(limits.pass_rate)),
        method=text(
            "Latest decided attempt of each CI job, with Wilson's score interval at 95 % on the effective number of "
            "jobs, since the jobs of a run fail together. Met where the rate reaches the threshold and the lower end "
            "{floor}; proven where the lower end reaches the threshold; failed where an exact binomial test on that "
            "number does at the limit of its look, and jobs failed in at least {runs} runs.",
            floor=threshold_share(_floor(limits)),
            runs=RED_RUNS,
        ),
        text=_rate_in_words(row, rate),
        reason=reason,
        critical=it.critical,
        acts=it.acts,
        inputs={
            **row,
            **_rates_beside(row),
            "icc": of.icc,
            "design_effect": of.design_effect,
            "n_effective": of.n_effective,
            "p": _p(of, limits),
            "same_tree": sorted(span.same_tree),
            "jobs_needed": jobs_needed(runs, limits),
        },
        settles=_settles(state, runs, limits),
        derivation=tuple(_derived(row, of, rate, span)),
    )


def by_run(rows: Iterable[Row]) -> tuple[tuple[int, int], ...]:
    """The decided jobs of each run of CI: those that ended well, and all; in the order in which the runs ended.

    :param rows: what decided_jobs.sql lists, or a part of it.
    """
    runs: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        well, n = runs.pop((row["workflow"], row["run_id"]), (0, 0))
        runs[row["workflow"], row["run_id"]] = (well + row["succeeded"], n + 1)
    return tuple(runs.values())


def judge_ci(runs: Runs, look: int, limits: Thresholds) -> tuple[State, Text]:
    """The state of CI's runs at a look, and why.

    :param runs: how many jobs of each run succeeded, of how many that were decided, in the order of time.
    """
    of, target, floor = clustered(runs), limits.pass_rate, _floor(limits)
    rate = of.rate
    if rate.value is None or rate.low is None or rate.high is None:
        return State.UNKNOWN, text("No CI job has been decided, so nothing is known of the rate.")
    if rate.low >= target:
        low, wanted = shares(rate.low, target)
        return State.PROVEN, text(
            "Even the lower end of the interval, {low}, reaches the threshold, {target}.", low=low, target=wanted
        )
    p = _p(of, limits)
    if p is not None and p <= limit(look):
        value, wanted = shares(rate.value, target)
        chance, most = _chance(p, limit(look))
        return State.FAIL, text(
            "{rate} of {n} CI jobs ended well, below the threshold, {target}: {p}, at or below {limit}, the limit of "
            "look {look}. Jobs failed in {red} of {runs} runs.",
            rate=value,
            n=of.n,
            target=wanted,
            p=chance,
            limit=most,
            look=look,
            red=of.red_runs,
            runs=len(runs),
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
    return State.INCONCLUSIVE, _not_proven(of, rate.value, rate.low, rate.high, jobs_needed(runs, limits), limits)


def _p(of: Clustered, limits: Thresholds) -> float | None:
    """How likely so many failures would be at the threshold; None where too few runs had one for it to be asked."""
    if of.red_runs < RED_RUNS:
        return None
    return binomial_at_least(of.failed_effective, of.n_effective, 1 - limits.pass_rate)


def _chance(p: float, most: float) -> tuple[Text, Text]:
    """A probability and its limit; what is smaller than anybody reads is only said to be small."""
    if p < SMALL:
        return text("p < {p}", p=rates(SMALL)[0]), rates(most)[0]
    chance, limited = rates(p, most)
    return text("p = {p}", p=chance), limited


def jobs_needed(runs: Runs, limits: Thresholds) -> int | None:
    """The fewest further clean jobs with which the rate meets its threshold, and its lower end the floor.

    Each is taken as one that fails on its own. None where no number of them can.

    >>> three_lost = [(4, 5)] * 3 + [(5, 5)] * 9
    >>> jobs_needed([(4, 4)] * 4, Thresholds()), jobs_needed(three_lost, Thresholds()), jobs_needed([], Thresholds())
    (14, 13, 30)
    >>> jobs_needed([(0, 20)] + [(20, 20)] * 11, Thresholds())
    160
    """
    return _fewest(clustered(runs), limits.pass_rate, _floor(limits))


def _fewest(of: Clustered, target: float, floor: float) -> int | None:
    """The fewest further clean jobs with which the rate reaches ``target``, and the interval's lower end ``floor``."""
    if floor >= 1 or (target >= 1 and of.succeeded < of.n):
        return None

    def reaches(more: int) -> bool:
        n, effective = of.n + more, of.n_effective + more
        share = (of.succeeded + more) / n if n else 0.0
        low = wilson(effective if share == 1 else share * effective, effective).low
        return share >= target and low is not None and low >= floor

    return fewest(reaches)


def _settles(state: State, runs: Runs, limits: Thresholds) -> Text | None:
    """How many more clean jobs would give a better state."""
    match state:
        case State.MEETS:
            needed = _fewest(clustered(runs), limits.pass_rate, limits.pass_rate)
            return None if needed is None or needed > MANY else text("{k} more clean CI jobs would prove it.", k=needed)
        case State.INCONCLUSIVE | State.UNKNOWN:
            needed = jobs_needed(runs, limits)
            return None if needed is None or needed > MANY else text("{k} more clean CI jobs would do.", k=needed)
        case _:
            return None


def _derived(row: Row, of: Clustered, rate: Estimate, span: MetricQuery) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    yield text(
        "Counted: {n} jobs of CI were decided, by their latest decided attempt; {x} of them ended well. In no rate: "
        "{excluded} that were cancelled, skipped or neutral, {infra} that never started, {pending} pending, {nothing} "
        "in which nothing ran, {unknown} that told nothing.",
        n=row["decided"],
        x=row["succeeded"],
        excluded=row["excluded"],
        infra=row["not_started"],
        pending=row["pending"],
        nothing=row["nothing_ran"],
        unknown=row["not_told"],
    )
    yield text(
        "Not counted, by their attempts: {commits} of other commits, {events} of pull requests and other events that "
        "test another tree, {outside} outside the window, {workflows} of workflows that are not listed. Counted, "
        "though nothing tells which event started their run: {untold} jobs. Atalaya's own checks and smoke are no jobs "
        "of CI.",
        commits=row["of_other_commits"],
        events=row["of_other_events"],
        outside=row["outside_window"],
        workflows=row["of_other_workflows"],
        untold=row["event_not_told"],
    )
    alike = sorted(commit for commit in span.same_tree if not commit.startswith(span.release.commit.lower()))
    if alike:
        yield text(
            "Commits that hold the same SDK as the released one, and count as it: {commits}.",
            commits=", ".join(commit[:12] for commit in alike),
        )
    if rate.value is None or rate.low is None or rate.high is None:
        return
    yield from _interval_in_words(of, rate.value, rate.low, rate.high)
    yield from _test_in_words(of, rate.value, rate.low, span)
    yield from _beside_in_words(row)


def _interval_in_words(of: Clustered, rate: float, low: float, high: float) -> Iterator[Text]:
    yield text("Rate: p = {x} / {n} = {p:.6f}.", x=of.succeeded, n=of.n, p=rate)
    if of.icc is None:
        yield text(
            "How much alike the jobs of a run end cannot be estimated: all ended alike, or none ran beside another, or "
            "all ran in one run. So {n} jobs count in full.",
            n=of.n,
        )
    else:
        yield text(
            "Jobs of one run share its fate: intraclass correlation {icc:.4f}, design effect {deff:.3f}, so {n} jobs "
            "weigh as {effective:.2f} would that fail on their own.",
            icc=of.icc,
            deff=of.design_effect,
            n=of.n,
            effective=of.n_effective,
        )
    centre, half = score_interval(rate, of.n_effective)
    yield text(
        "Wilson's interval on n = {n:.2f}, z = {z:.6f}: centre (p + z²/2n) / (1 + z²/n) = {centre:.6f}, half width "
        "z √(p(1 - p)/n + z²/4n²) / (1 + z²/n) = {half:.6f}; so from {low:.6f} to {high:.6f}.",
        n=of.n_effective,
        z=Z,
        centre=centre,
        half=half,
        low=low,
        high=high,
    )


def _test_in_words(of: Clustered, rate: float, low: float, span: MetricQuery) -> Iterator[Text]:
    limits = span.settings.thresholds
    yield text(
        "Threshold {target} and floor {floor}: proven if {low:.6f} reaches the threshold; met if {p:.6f} reaches it "
        "and {low:.6f} the floor; failed by a test; else inconclusive.",
        target=limits.pass_rate,
        floor=_floor(limits),
        low=low,
        p=rate,
    )
    p = _p(of, limits)
    if p is None:
        yield text(
            "The test for a rate below the threshold is asked from {most} runs with a failure on; there are {red}.",
            most=RED_RUNS,
            red=of.red_runs,
        )
        return
    chance, most = _chance(p, limit(span.look))
    yield text(
        "The test for a rate below the threshold: with n = {n:.2f} and k = {k:.2f} failures among them, so many or "
        "more have the probability I(k, n - k + 1) at {share:.4f}: {p}; it fails at {limit} or below, the limit of "
        "look {look}.",
        n=of.n_effective,
        k=of.failed_effective,
        share=1 - limits.pass_rate,
        p=chance,
        limit=most,
        look=span.look,
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


def _not_proven(of: Clustered, rate: float, low: float, high: float, needed: int | None, limits: Thresholds) -> Text:
    value, low_said, high_said, target, floor = shares(rate, low, high, limits.pass_rate, _floor(limits))
    if rate >= limits.pass_rate:
        side = text("reaches the threshold, {target}, but the lower end is below {floor}", target=target, floor=floor)
    elif of.red_runs < RED_RUNS:
        side = text(
            "is below the threshold, {target}, but jobs failed in fewer than {runs} runs", target=target, runs=RED_RUNS
        )
    else:
        side = text("is below the threshold, {target}, but by no more than chance allows", target=target)
    return text(
        "{x}/{n} ({rate}, {low} to {high}) is not proven: the rate {side}. {would_do}",
        x=of.succeeded,
        n=of.n,
        rate=value,
        low=low_said,
        high=high_said,
        side=side,
        would_do=_would_do(needed),
    )


def _would_do(needed: int | None) -> Text:
    if needed is None:
        return text("No number of further jobs can change that.")
    if needed > MANY:
        return text("It would take more than {most} clean CI jobs: look first for what fails.", most=MANY)
    return text("{k} more clean CI jobs would do.", k=needed)


def _floor(limits: Thresholds) -> float:
    # 0.95 - 0.065 is 0.8849999999999999, which nobody wrote.
    return max(0.0, round(limits.pass_rate - limits.pass_rate_tolerance, 12))


def _rate_in_words(row: Row, rate: Estimate) -> Text:
    undecided = sum(row[name] for name in ("excluded", "not_started", "pending", "nothing_ran", "not_told"))
    said: list[Text] = []
    if rate.value is not None:
        value, low, high = shares(rate.value, rate.low or 0.0, rate.high or 0.0)
        said.append(
            text(
                "{succeeded} of {decided} decided CI jobs ended well: {rate} ({low} to {high}). At the first attempt "
                "{first_succeeded} of {first_decided} did; re-runs rescued {rescued} of {failed_first}.",
                succeeded=row["succeeded"],
                decided=row["decided"],
                rate=value,
                low=low,
                high=high,
                first_succeeded=row["first_succeeded"],
                first_decided=row["first_decided"],
                rescued=row["rescued"],
                failed_first=row["failed_first"],
            )
        )
        if not undecided:
            said.append(text("Every job was decided."))
    else:
        said.append(text("No decided CI job.") if undecided else text("No CI job was taken in."))
    if undecided:
        said.append(text("Jobs that no attempt decided, and that are in no rate: {n}.", n=undecided))
    return _joined([*said, *_apart_in_words(row)])


def _apart_in_words(row: Row) -> Iterator[Text]:
    """What was taken in and does not count, where there is any."""
    if row["of_other_commits"] or row["of_other_events"] or row["outside_window"]:
        yield text(
            "Not counted, by their attempts: {commits} of other commits, {events} of pull requests and other events, "
            "{outside} outside the window, of which {failed} failed.",
            commits=row["of_other_commits"],
            events=row["of_other_events"],
            outside=row["outside_window"],
            failed=row["failed_outside_window"],
        )
    if row["event_not_told"]:
        yield text("Jobs whose run does not say which event started it, and that count: {n}.", n=row["event_not_told"])


def _joined(said: Sequence[Text]) -> Text:
    first, *others = said
    for one in others:
        first = text("{first} {then}", first=first, then=one)
    return first


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
