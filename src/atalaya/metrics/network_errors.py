"""The network-errors metric: the trend of errors per request, and errors that stopped a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, LOOKS_H
from atalaya.core.words import Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine import Engine, Row
from atalaya.metrics.stats.intervals import TOO_FEW, Trend, garwood, trend
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower, MetricQuery
from atalaya.metrics.zero_events import (
    Fix,
    count_interval,
    detector_in_words,
    fix_of,
    judge_fix,
    judge_zero,
    trials_to_prove,
    upper_of,
)
from atalaya.records.judged import Acts, Metric, State, Tally

Column = Callable[[str], tuple[int, ...]]


class Errors(NamedTuple):
    """Network errors and the requests among which they happened, for each 24 hours."""

    counts: tuple[int, ...]
    requests: tuple[int, ...]
    blocking: int
    blocking_before_fix: int = 0
    without_count: int = 0  # errors of runs that do not say how many requests they sent

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def exposure(self) -> int:
        return sum(self.requests)

    @property
    def have_exposure(self) -> bool:
        """Whether each error happened in a time for which requests were counted."""
        return self.without_count == 0 and all(
            sent > 0 or seen == 0 for seen, sent in zip(self.counts, self.requests, strict=True)
        )


def network_errors(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The unexpected network errors, and whether they become fewer for each request."""
    column = _columns(engine.ask(it.question, span.parameters(it.id)), span.bins)
    errors = _errors(column)
    tested = trend(errors.counts, errors.requests) if errors.exposure and errors.have_exposure else None
    limits, detector = span.settings.thresholds, span.detector(it.id)
    fixed_at = span.fixed_at.get(it.id)
    fix = _fix_of_blocking(errors, column, fixed_at)
    state, reason, acts = judge_errors(errors, tested, limits, look=span.look, detector=detector, fix=fix)
    before_fix = Tally(events=sum(column("events_before_fix")), trials=sum(column("trials_before_fix")))
    known = errors.exposure > 0 or errors.total > 0
    low, high = count_interval(errors.total, errors.exposure, detector) if known else (None, None)
    return Metric(
        id=it.id,
        value=float(errors.total) if known else None,
        low=low,
        high=high,
        n=errors.exposure,
        k=errors.total if known else None,
        unit="events",
        exposure=text("requests"),
        source=Text(template=it.source),
        state=state,
        threshold=text("a falling rate, or no error, and at most {n} blocking", n=limits.network_blocking),
        method=text(
            "Errors for each request in bins of 24 hours. A fall or a rise is shown where the exact multinomial score "
            "test (the normal approximation beyond 60 errors) gives no more than the limit of its look, so that three "
            "looks together raise a false alarm in 5 % of watches (O'Brien and Fleming). Garwood's interval of the "
            "count; with no error, the one-sided 95 % bound."
        ),
        text=_errors_in_words(errors, detector),
        reason=reason,
        critical=it.critical,
        acts=acts,
        inputs={
            "errors_by_24h": list(errors.counts),
            "requests_by_24h": list(errors.requests),
            "events": errors.total,
            "trials": errors.exposure,
            "events_before_fix": before_fix.events,
            "trials_before_fix": before_fix.trials,
            "blocking": errors.blocking,
            "blocking_before_fix": errors.blocking_before_fix,
            "expected": sum(column("expected")),
            "jobs_without_count": sum(column("jobs_without_count")),
            "look": span.look,
            "p_decreasing": tested.p_decreasing if tested else None,
            "p_increasing": tested.p_increasing if tested else None,
            "p_limit": limit(span.look),
            "upper_per_request": upper_of(errors.exposure, detector) if errors.total == 0 else None,
            "sensitivity": detector.low,
            "fixed_at": fixed_at.isoformat() if fixed_at else None,
        },
        before_fix=before_fix,
        by_day=tuple(
            Tally(events=seen, trials=sent) for seen, sent in zip(errors.counts, errors.requests, strict=True)
        ),
        settles=_settles(state, errors, limits, detector),
        derivation=tuple(_derived(errors, tested, span.look, detector)),
    )


def _columns(rows: Iterable[Row], bins: int) -> Column:
    """What gives a column by its name: a number for each bin, 0 where the bin has no row."""
    by_bin = {row["bin"]: row for row in rows}

    def column(name: str) -> tuple[int, ...]:
        return tuple(by_bin[number][name] if number in by_bin else 0 for number in range(bins))

    return column


def _errors(column: Column) -> Errors:
    return Errors(
        column("errors"),
        column("requests"),
        sum(column("blocking")),
        sum(column("blocking_before_fix")),
        sum(column("errors_without_count")),
    )


def _fix_of_blocking(errors: Errors, column: Column, fixed_at: datetime | None) -> Fix | None:
    """The fix, if one has landed, with the errors that stopped a run as its events."""
    return fix_of(
        {
            "events": errors.blocking,
            "trials": errors.exposure,
            "runs": sum(column("runs")),
            "events_before_fix": errors.blocking_before_fix,
            "trials_before_fix": sum(column("trials_before_fix")),
            "bad_runs_before_fix": sum(column("bad_runs_before_fix")),
            "runs_before_fix": sum(column("runs_before_fix")),
        },
        fixed_at,
    )


def judge_errors(
    errors: Errors,
    tested: Trend | None,
    limits: Thresholds,
    *,
    look: int = 3,
    detector: DetectorPower = NEVER_SHOWN,
    fix: Fix | None = None,
) -> tuple[State, Text, Acts]:
    """The state of the network errors, why, and when it acts."""
    if errors.blocking > limits.network_blocking and fix is not None:
        state, reason = judge_fix(fix, limits.network_blocking)
        if state is not State.MEETS:
            return state, reason, Acts.AT_ONCE
    elif errors.blocking > limits.network_blocking:
        return (
            State.FAIL,
            text(
                "Network errors that stopped a run: {n}. Allowed: {allowed}.",
                n=errors.blocking,
                allowed=limits.network_blocking,
            ),
            Acts.AT_ONCE,
        )
    if errors.exposure == 0:
        return (
            State.UNKNOWN,
            text("No request was counted, so errors have nothing to be compared with."),
            Acts.AT_ONCE,
        )
    if tested is None:
        return (
            State.INCONCLUSIVE,
            text("Errors were seen in runs, or in a time, for which no request was counted."),
            Acts.AT_CHECKPOINTS,
        )
    if tested.p_decreasing is None or tested.p_increasing is None:
        state, reason = judge_zero(errors.exposure, limits.network_proven_upper, detector)
        return state, reason, Acts.AT_ONCE
    if tested.events < TOO_FEW:
        return (
            State.INCONCLUSIVE,
            text("Too few errors for a trend: {n}, and it takes {least} to show one.", n=tested.events, least=TOO_FEW),
            Acts.AT_CHECKPOINTS,
        )
    if sum(sent > 0 for sent in errors.requests) < 2:
        return (
            State.INCONCLUSIVE,
            text("All requests were sent in one span of 24 hours: no trend can show yet."),
            Acts.AT_CHECKPOINTS,
        )
    return _judge_trend(tested.p_decreasing, tested.p_increasing, look)


def _judge_trend(p_decreasing: float, p_increasing: float, look: int) -> tuple[State, Text, Acts]:
    most = limit(look)
    if p_increasing <= most:
        p, at_most = rates(p_increasing, most)
        return (
            State.FAIL,
            text(
                "The errors for each request are increasing: p = {p}, at or below {limit}, the limit of look {look}.",
                p=p,
                limit=at_most,
                look=look,
            ),
            Acts.AT_CHECKPOINTS,
        )
    p, at_most = rates(p_decreasing, most)
    if p_decreasing <= most:
        return (
            State.MEETS,
            text(
                "The errors for each request are decreasing: p = {p}, at or below {limit}, the limit of look {look}.",
                p=p,
                limit=at_most,
                look=look,
            ),
            Acts.AT_CHECKPOINTS,
        )
    return (
        State.INCONCLUSIVE,
        text(
            "No trend is shown: p = {p} for a fall, above {limit}, the limit of look {look}. Fewer errors among fewer "
            "requests are no fall.",
            p=p,
            limit=at_most,
            look=look,
        ),
        Acts.AT_CHECKPOINTS,
    )


def _settles(state: State, errors: Errors, limits: Thresholds, detector: DetectorPower) -> Text | None:
    if errors.total == 0 and state is State.MEETS:
        needed = trials_to_prove(limits.network_proven_upper, detector)
        more = None if needed is None else max(1, needed - errors.exposure)
        return None if more is None else text("{k} more clean requests would prove it.", k=more)
    return None


def _derived(errors: Errors, tested: Trend | None, look: int, detector: DetectorPower) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    yield text(
        "Counted, for each 24 hours: errors {counts}, requests {requests}. {blocking} stopped a run.",
        counts=", ".join(map(str, errors.counts)),
        requests=", ".join(map(str, errors.requests)),
        blocking=errors.blocking,
    )
    for number, (seen, sent) in enumerate(zip(errors.counts, errors.requests, strict=True)):
        rate = garwood(seen, float(sent))
        if rate.value is not None and rate.low is not None and rate.high is not None:
            yield text(
                "Hours {begins} to {ends}: {seen} / {sent} = {rate:.6f} for each request, Garwood {low:.6f} to "
                "{high:.6f}.",
                begins=DAY_H * number,
                ends=DAY_H * (number + 1),
                seen=seen,
                sent=sent,
                rate=rate.value,
                low=rate.low,
                high=rate.high,
            )
    if tested is not None and tested.p_decreasing is not None:
        yield text(
            "Score S = Σ i·x_i = {score} of {n} errors, over bins that hold shares of the requests: P(S or less) = "
            "{falls:.5f}, P(S or more) = {rises:.5f}, {how}.",
            score=sum(number * seen for number, seen in enumerate(errors.counts)),
            n=tested.events,
            falls=tested.p_decreasing,
            rises=tested.p_increasing,
            how=text("exact") if tested.exact else text("by the normal approximation"),
        )
        yield text(
            "Limit of look {look} of {looks}: {limit:.5f} (O'Brien and Fleming, 5 % over all looks together; a window "
            "that is extended once looks again, for 6.8 % in all, and one extended twice for 8.2 %).",
            look=look,
            looks=len(LOOKS_H),
            limit=limit(look),
        )
    yield detector_in_words(detector)
    upper = upper_of(errors.exposure, detector)
    if errors.total == 0 and upper is not None:
        yield text("Bound for each request: {upper:.6f}.", upper=upper)


def _errors_in_words(errors: Errors, detector: DetectorPower) -> Text:
    if errors.exposure == 0:
        return text("Errors: {n}. Requests: not counted.", n=errors.total)
    if errors.total == 0:
        (upper,) = rates(upper_of(errors.exposure, detector) or 0.0)
        return text(
            "0 errors in {n} requests; at most {upper} for each request, at 95 %.", n=errors.exposure, upper=upper
        )
    (rate,) = rates(errors.total / errors.exposure)
    return text(
        "{events} errors in {n} requests, {rate} for each request. Blocking: {blocking}.",
        events=errors.total,
        n=errors.exposure,
        rate=rate,
        blocking=errors.blocking,
    )
