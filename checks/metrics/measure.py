"""What do the five metrics show, as of one instant?

The counts come from one ``.sql`` file a metric; the estimate, the state and the words are made here. Evidence
counts if it happened inside the window and had been written down by the instant asked about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from checks.evidence.runs import CHECKS_WORKFLOW, PERIOD, SMOKE_WORKFLOW
from checks.metrics.digits import rates, shares, threshold_share
from checks.metrics.engine import Engine, Row, opened
from checks.metrics.statistics import (
    ALPHA,
    TOO_FEW,
    Estimate,
    Trend,
    clean_runs_needed,
    garwood,
    trend,
    wilson,
    zero_event_upper,
)
from checks.records import Metric, ReadStatus, Record, Release, State, Text, text
from checks.settings import Settings, Thresholds

OUR_WORKFLOWS = (CHECKS_WORKFLOW, SMOKE_WORKFLOW)
BIN = timedelta(hours=24)
COUNT_EVENTS = ("network-errors", "polling-timeouts", "stale-cache")
LOOKS_H = (24, 48, 72)  # the checkpoints at which statistical rules may act


class Span(Record, frozen=True, kw_only=True):
    """The part of the watch that is asked about, and what it is asked of."""

    release: Release
    as_of: datetime
    settings: Settings

    @property
    def until(self) -> datetime:
        """The end of what counts: the instant asked about, or the end of the window if that was earlier."""
        return min(self.as_of, self.release.opened_at + timedelta(hours=self.release.window_h))

    @property
    def last_bin(self) -> int:
        """The number of the window's last 24 hours."""
        return max(0, math.ceil(timedelta(hours=self.release.window_h) / BIN) - 1)

    @property
    def bins(self) -> int:
        """How many times 24 hours have begun."""
        return min(self.last_bin, max(0, (self.until - self.release.opened_at) // BIN)) + 1

    def parameters(self) -> dict[str, Any]:
        """What the ``.sql`` files may ask for."""
        return {
            "t0": _iso(self.release.opened_at),
            "until": _iso(self.until),
            "as_of": _iso(self.as_of),
            "rehearsal": self.release.rehearsal,
            "commit": self.release.commit.lower(),
            "ours": list(OUR_WORKFLOWS),
            "workflows": list(self.settings.ci.workflows),
            "any_workflow": not self.settings.ci.workflows,
            "period": PERIOD,
            "last_bin": self.last_bin,
        }


def measure(
    evidence: Path, *, release: Release, as_of: datetime, settings: Settings, damaged: Container[str] = ()
) -> tuple[Metric, ...]:
    """The five metrics in the runbook's order, without what damaged segments say.

    Each says in its inputs whether its state ``acts_at_once``; a state that rests on an interval or on a test
    may act at a checkpoint only, since looking at it each hour would raise false alarms.

    :raises EvidenceError: a segment cannot be read.
    """
    with opened(evidence, damaged=damaged) as engine:
        return _measured(engine, Span(release=release, as_of=as_of, settings=settings))


def measure_at_checkpoints(
    evidence: Path, *, release: Release, as_of: datetime, settings: Settings, damaged: Container[str] = ()
) -> dict[int, tuple[Metric, ...]]:
    """The metrics as they were at each checkpoint that has passed, by its hours."""
    due = {hours: release.opened_at + timedelta(hours=hours) for hours in LOOKS_H}
    with opened(evidence, damaged=damaged) as engine:
        return {
            hours: _measured(engine, Span(release=release, as_of=at, settings=settings))
            for hours, at in due.items()
            if at <= as_of
        }


def _measured(engine: Engine, span: Span) -> tuple[Metric, ...]:
    gap = _not_whole(engine, span)
    unread = gap or _unread_parts(engine, span)
    return tuple(
        _held_back(measured(engine, span), unread if id in COUNT_EVENTS else gap)
        for id, measured in MEASURES.items()
    )


def _held_back(metric: Metric, gap: tuple[State, Text] | None) -> Metric:
    """What was seen was seen; but a zero, or nearly, of a part of CI's runs is none of the whole."""
    if gap is None or metric.state not in (State.PROVEN, State.MEETS):
        return metric
    return replace(metric, state=gap[0], reason=gap[1])


# ── pass rate ────────────────────────────────────────────────────────────────


def pass_rate(engine: Engine, span: Span) -> Metric:
    """The share of decided jobs whose latest attempt succeeded."""
    (row,) = engine.ask("pass_rate", span.parameters())
    limits = span.settings.thresholds
    rate = wilson(row["succeeded"], row["decided"])
    state, reason = _not_whole(engine, span) or judge_rate(row["succeeded"], rate, limits)
    return Metric(
        id="pass-rate",
        value=rate.value,
        low=rate.low,
        high=rate.high,
        n=rate.n,
        unit="share",
        exposure=text("decided jobs"),
        source=text(
            "Jobs of {workflows}, and Atalaya's own checks and smoke",
            workflows=", ".join(span.settings.ci.workflows),
        ),
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
        critical=True,
        inputs={**row, **_rates_beside(row), "acts_at_once": False},
    )


def _unread_parts(engine: Engine, span: Span) -> tuple[State, Text] | None:
    """A log that was not read is not a log without errors."""
    (row,) = engine.ask("unread", span.parameters())
    if not row["parts"]:
        return None
    return State.UNKNOWN, text(
        "Reports and logs of CI's runs that could not be read: {n}. One of them: {reason}",
        n=row["parts"], reason=row["reason"],
    )  # fmt: skip


def _not_whole(engine: Engine, span: Span) -> tuple[State, Text] | None:
    """From a part of CI's runs no rate can be told: those that are missing may be the ones that failed."""
    for row in engine.ask("collection", span.parameters()):
        if row["status"] != ReadStatus.READ.value:
            return State.UNKNOWN, text(
                "Not all that GitHub knows could be read: {reason}", reason=row["reason"]
            )
    return None


def judge_rate(successes: int, rate: Estimate, limits: Thresholds) -> tuple[State, Text]:
    """The state of a rate of successes, and why."""
    target, floor = limits.pass_rate, _floor(limits)
    if rate.value is None or rate.low is None or rate.high is None:
        return State.UNKNOWN, text("No job has been decided, so nothing is known of the rate.")
    if rate.low >= target:
        low, wanted = shares(rate.low, target)
        return State.PROVEN, text(
            "Even the lower end of the interval, {low}, reaches the threshold, {target}.",
            low=low,
            target=wanted,
        )
    if rate.high < target:
        high, wanted = shares(rate.high, target)
        return State.FAIL, text(
            "Even the upper end of the interval, {high}, is below the threshold, {target}.",
            high=high,
            target=wanted,
        )
    if rate.value >= target and rate.low >= floor:
        value, low, wanted, least = shares(rate.value, rate.low, target, floor)
        return State.MEETS, text(
            "The rate, {rate}, reaches the threshold, {target}, and the lower end of the interval, {low}, reaches "
            "{floor}.",
            rate=value, target=wanted, low=low, floor=least,
        )  # fmt: skip
    return State.INCONCLUSIVE, _not_proven(successes, rate.n, rate.value, rate.low, rate.high, limits)


def _not_proven(successes: int, n: int, rate: float, low: float, high: float, limits: Thresholds) -> Text:
    value, low_said, high_said, target, floor = shares(rate, low, high, limits.pass_rate, _floor(limits))
    needed = _clean_jobs_needed(successes, n, limits)
    would_do = (
        text("No number of further jobs can change that.")
        if needed is None
        else text("Clean jobs still needed to meet it: {k}.", k=needed)
    )
    if rate >= limits.pass_rate:
        return text(
            "Above the threshold, not proven: the rate, {rate}, reaches {target}, but the lower end of the interval, "
            "{low}, is below {floor}. {would_do}",
            rate=value, target=target, low=low_said, floor=floor, would_do=would_do,
        )  # fmt: skip
    return text(
        "Below the threshold, not proven: the rate, {rate}, is below {target}, but the upper end of the interval, "
        "{high}, is not. {would_do}",
        rate=value, target=target, high=high_said, would_do=would_do,
    )  # fmt: skip


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
        succeeded=row["succeeded"], decided=row["decided"], rate=value, low=low, high=high,
        first_succeeded=row["first_succeeded"], first_decided=row["first_decided"],
        rescued=row["rescued"], failed_first=row["failed_first"], apart=apart,
    )  # fmt: skip


def _rates_beside(row: Row) -> dict[str, Any]:
    """The rates that stand beside the eventual one: a re-run hides what the first attempt showed."""
    beside: dict[str, Any] = {}
    for name, part, whole in (
        ("first_attempt_rate", "first_succeeded", "first_decided"),
        ("rescue_rate", "rescued", "failed_first"),
        ("run_rate", "runs_succeeded", "runs"),
    ):
        rate = wilson(row[part], row[whole])
        beside |= {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
    return beside


# ── flaky tests ──────────────────────────────────────────────────────────────


def flaky_tests(engine: Engine, span: Span) -> Metric:
    """The tests that passed and failed while nothing changed."""
    rows = engine.ask("flaky_tests", span.parameters())
    limits = span.settings.thresholds
    critical = [row["test"] for row in rows if row["mixed_keys"] and row["critical"]]
    other = [row["test"] for row in rows if row["mixed_keys"] and not row["critical"]]
    keys = sum(row["repeated_keys"] for row in rows)
    state, reason = _judge_flaky(len(critical), len(other), keys, limits)
    return Metric(
        id="flaky-tests",
        value=float(len(critical) + len(other)) if keys else None,
        low=None,
        high=None,
        n=keys,
        unit="tests",
        exposure=text("tests run again with nothing changed"),
        source=text("Test reports of CI with their re-runs, and each run of Atalaya's own checks and smoke"),
        state=state,
        threshold=text(
            "at most {critical} critical and {other} other tests",
            critical=limits.flaky_critical,
            other=limits.flaky_other,
        ),
        method=text(
            "A test is flaky where the same commit and variant gave at least one pass and at least one failure. Only "
            "what was run twice or more can show it. A count, without an interval."
        ),
        text=(
            text(
                "Flaky: {critical} critical and {other} other tests, of {tests} tests that were run again with nothing "
                "changed.",
                critical=len(critical), other=len(other), tests=len(rows),
            )
            if keys
            else text("No test was run twice with nothing changed.")
        ),
        reason=reason,
        critical=False,
        inputs={
            "repeated_keys": keys,
            "repeated_tests": len(rows),
            "attempts": sum(row["attempts"] for row in rows),
            "failures": sum(row["failures"] for row in rows),
            "flaky_critical": critical,
            "flaky_other": other,
            "acts_at_once": True,
        },
    )  # fmt: skip


def _judge_flaky(critical: int, other: int, keys: int, limits: Thresholds) -> tuple[State, Text]:
    if keys == 0:
        return State.UNKNOWN, text(
            "No test was run twice with nothing changed, so none can have shown that it is flaky."
        )
    if critical > limits.flaky_critical:
        return State.FAIL, text(
            "Flaky critical tests: {n}. Allowed: {allowed}.", n=critical, allowed=limits.flaky_critical
        )
    if other > limits.flaky_other:
        return State.FAIL, text(
            "Flaky tests that are not critical: {n}. Allowed: {allowed}.", n=other, allowed=limits.flaky_other
        )
    return State.MEETS, text(
        "Flaky tests, critical and other: {critical} and {other}. Allowed: {allowed_critical} and {allowed_other}.",
        critical=critical, other=other, allowed_critical=limits.flaky_critical, allowed_other=limits.flaky_other,
    )  # fmt: skip


# ── network errors ───────────────────────────────────────────────────────────


class Errors(NamedTuple):
    """Network errors and the requests among which they happened, for each 24 hours."""

    counts: tuple[int, ...]
    requests: tuple[int, ...]
    blocking: int

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def exposure(self) -> int:
        return sum(self.requests)

    @property
    def have_exposure(self) -> bool:
        """Whether each error happened in a time for which requests were counted."""
        return all(sent > 0 or seen == 0 for seen, sent in zip(self.counts, self.requests, strict=True))


def network_errors(engine: Engine, span: Span) -> Metric:
    """The unexpected network errors, and whether they become fewer for each request."""
    by_bin = {row["bin"]: row for row in engine.ask("network_errors", span.parameters())}

    def column(name: str) -> tuple[int, ...]:
        return tuple(by_bin[number][name] if number in by_bin else 0 for number in range(span.bins))

    errors = Errors(column("errors"), column("requests"), sum(column("blocking")))
    tested = trend(errors.counts, errors.requests) if errors.exposure and errors.have_exposure else None
    limits = span.settings.thresholds
    state, reason, at_once = judge_errors(errors, tested, limits)
    known = errors.exposure > 0 or errors.total > 0
    low, high = _count_interval(errors.total, errors.exposure) if known else (None, None)
    return Metric(
        id="network-errors",
        value=float(errors.total) if known else None,
        low=low,
        high=high,
        n=errors.exposure,
        unit="events",
        exposure=text("requests"),
        source=text("Atalaya's own smoke, and the logs of CI"),
        state=state,
        threshold=text("a falling rate, or no error, and at most {n} blocking", n=limits.network_blocking),
        method=text(
            "Errors for each request in bins of 24 hours. A fall or a rise is shown where the exact multinomial score "
            "test (the normal approximation beyond 60 errors) gives 5 % or less. Garwood's interval of the count; "
            "with no error, the one-sided 95 % bound for a detector that misses none."
        ),
        text=_errors_in_words(errors),
        reason=reason,
        critical=False,
        inputs={
            "errors_by_24h": list(errors.counts),
            "requests_by_24h": list(errors.requests),
            "blocking": errors.blocking,
            "expected": sum(column("expected")),
            "jobs_without_count": sum(column("jobs_without_count")),
            "p_decreasing": tested.p_decreasing if tested else None,
            "p_increasing": tested.p_increasing if tested else None,
            "upper_per_request": zero_event_upper(errors.exposure) if errors.total == 0 else None,
            "acts_at_once": at_once,
        },
    )


def judge_errors(errors: Errors, tested: Trend | None, limits: Thresholds) -> tuple[State, Text, bool]:
    """The state of the network errors, why, and whether it acts at once."""
    if errors.blocking > limits.network_blocking:
        return State.FAIL, text(
            "Network errors that stopped a run: {n}. Allowed: {allowed}.",
            n=errors.blocking,
            allowed=limits.network_blocking,
        ), True  # fmt: skip
    if errors.exposure == 0:
        return (
            State.UNKNOWN,
            text("No request was counted, so errors have nothing to be compared with."),
            True,
        )
    if tested is None:
        return State.INCONCLUSIVE, text("Errors were seen in a time for which no request was counted."), False
    if tested.p_decreasing is None or tested.p_increasing is None:
        state, reason = _judge_zero(errors.exposure, limits.network_proven_upper)
        return state, reason, True
    if tested.events < TOO_FEW:
        return State.INCONCLUSIVE, text(
            "Too few errors for a trend: {n}, and it takes {least} to show one.", n=tested.events, least=TOO_FEW
        ), False  # fmt: skip
    if sum(sent > 0 for sent in errors.requests) < 2:
        return (
            State.INCONCLUSIVE,
            text("All requests were sent in one span of 24 hours: no trend can show yet."),
            False,
        )
    return _judge_trend(tested.p_decreasing, tested.p_increasing)


def _judge_trend(p_decreasing: float, p_increasing: float) -> tuple[State, Text, bool]:
    if p_increasing <= ALPHA:
        p, limit = rates(p_increasing, ALPHA)
        return State.FAIL, text(
            "The errors for each request are increasing: p = {p}, at or below {limit}.", p=p, limit=limit
        ), False  # fmt: skip
    p, limit = rates(p_decreasing, ALPHA)
    if p_decreasing <= ALPHA:
        return State.MEETS, text(
            "The errors for each request are decreasing: p = {p}, at or below {limit}.", p=p, limit=limit
        ), False  # fmt: skip
    return State.INCONCLUSIVE, text(
        "No trend is shown: p = {p} for a fall, above {limit}. Fewer errors among fewer requests are no fall.",
        p=p, limit=limit,
    ), False  # fmt: skip


def _errors_in_words(errors: Errors) -> Text:
    if errors.exposure == 0:
        return text("Errors: {n}. Requests: not counted.", n=errors.total)
    if errors.total == 0:
        (upper,) = rates(zero_event_upper(errors.exposure) or 0.0)
        return text(
            "0 errors in {n} requests; at most {upper} for each request, at 95 %.",
            n=errors.exposure,
            upper=upper,
        )
    (rate,) = rates(errors.total / errors.exposure)
    return text(
        "{events} errors in {n} requests, {rate} for each request. Blocking: {blocking}.",
        events=errors.total, n=errors.exposure, rate=rate, blocking=errors.blocking,
    )  # fmt: skip


# ── zeros: polling timeouts and stale reads ──────────────────────────────────


def polling_timeouts(engine: Engine, span: Span) -> Metric:
    """The unexpected ``TimeoutError`` of waits for an export."""
    (row,) = engine.ask("polling_timeouts", span.parameters())
    limits = span.settings.thresholds
    return _zero_metric(
        row,
        id="polling-timeouts",
        exposure=text("waits"),
        source=text("Atalaya's own smoke, and the export tests of CI"),
        threshold=text("at most {n} unexpected", n=limits.polling_timeouts),
        allowed=limits.polling_timeouts,
        proven_upper=limits.polling_proven_upper,
    )


def stale_cache(engine: Engine, span: Span) -> Metric:
    """The cases in which a poll read an outdated status from the cache."""
    (row,) = engine.ask("stale_cache", span.parameters())
    limits = span.settings.thresholds
    return _zero_metric(
        row,
        id="stale-cache",
        exposure=text("waits beside a cached status"),
        source=text("Atalaya's own checks and smoke, and the cache tests of CI"),
        threshold=text("at most {n}", n=limits.stale_reads),
        allowed=limits.stale_reads,
        proven_upper=limits.stale_proven_upper,
    )


def _zero_metric(
    row: Row, *, id: str, exposure: Text, source: Text, threshold: Text, allowed: int, proven_upper: float
) -> Metric:
    events, trials = row["events"], row["trials"]
    state, reason = judge_events(events, trials, allowed, proven_upper)
    known = trials > 0 or events > 0
    low, high = _count_interval(events, trials) if known else (None, None)
    return Metric(
        id=id,
        value=float(events) if known else None,
        low=low,
        high=high,
        n=trials,
        unit="events",
        exposure=exposure,
        source=source,
        state=state,
        threshold=threshold,
        method=text(
            "Unexpected events against the number allowed. A zero is proven where its one-sided 95 % bound, "
            "1 - 0.05^(1/n) for each trial and for a detector that misses none, is at most {proven_upper}. "
            "Garwood's interval of a count above zero.",
            proven_upper=rates(proven_upper)[0],
        ),
        text=_events_in_words(events, trials),
        reason=reason,
        critical=True,
        inputs={
            **row,
            "upper_per_trial": zero_event_upper(trials) if events == 0 else None,
            "acts_at_once": True,
        },
    )


def judge_events(events: int, trials: int, allowed: int, proven_upper: float) -> tuple[State, Text]:
    """The state of a count that should be zero, or nearly, and why."""
    if events > allowed:
        return State.FAIL, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)
    if trials == 0:
        return State.UNKNOWN, text("No trial was counted, so seeing nothing says nothing.")
    if events == 0:
        return _judge_zero(trials, proven_upper)
    return State.MEETS, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)


def _judge_zero(trials: int, proven_upper: float) -> tuple[State, Text]:
    """No event, and at least one trial: it meets its threshold, and may be proven."""
    upper = zero_event_upper(trials)
    if upper is None:
        raise ValueError("no trials: nothing to judge")
    bound, limit = rates(upper, proven_upper)
    if upper <= proven_upper:
        return State.PROVEN, text(
            "None in {n} trials: at most {bound} for each, which is not above {limit}.",
            n=trials,
            bound=bound,
            limit=limit,
        )
    return State.MEETS, text(
        "None in {n} trials. It is not proven: they allow up to {bound} for each, and {limit} would prove it.",
        n=trials, bound=bound, limit=limit,
    )  # fmt: skip


def _events_in_words(events: int, trials: int) -> Text:
    if trials == 0:
        return text("Events: {n}. Trials: not counted.", n=events)
    if events:
        return text("{events} in {n} trials.", events=events, n=trials)
    (upper,) = rates(zero_event_upper(trials) or 0.0)
    return text("0 in {n} trials; at most {upper} for each, at 95 %.", n=trials, upper=upper)


def _count_interval(events: int, trials: int) -> tuple[float | None, float | None]:
    """How many events so many trials would bring in the long run; with none seen, a one-sided bound."""
    if events == 0:
        upper = zero_event_upper(trials)
        return 0.0, None if upper is None else upper * trials
    count = garwood(events)
    return count.low, count.high


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


MEASURES: dict[str, Callable[[Engine, Span], Metric]] = {
    "pass-rate": pass_rate,
    "flaky-tests": flaky_tests,
    "network-errors": network_errors,
    "polling-timeouts": polling_timeouts,
    "stale-cache": stale_cache,
}
