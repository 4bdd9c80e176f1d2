"""Did what must never happen never happen, and how often may it still, with so many trials?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from checks.metrics.digits import rates
from checks.metrics.engine import Engine, Row
from checks.metrics.flakiness import clean_runs_to_prove
from checks.metrics.span import NEVER_SHOWN, Detector, Span
from checks.metrics.statistics import ALPHA, garwood, zero_event_upper
from checks.records import Metric, State, Text, text


def polling_timeouts(engine: Engine, span: Span) -> Metric:
    """The unexpected ``TimeoutError`` of waits for an export."""
    (row,) = engine.ask("polling_timeouts", span.parameters("polling-timeouts"))
    limits = span.settings.thresholds
    return _zero_metric(
        row,
        span,
        id="polling-timeouts",
        exposure=text("waits"),
        source=text("Atalaya's own smoke, and the export tests of CI"),
        threshold=text("at most {n} unexpected", n=limits.polling_timeouts),
        allowed=limits.polling_timeouts,
        proven_upper=limits.polling_proven_upper,
    )


def stale_cache(engine: Engine, span: Span) -> Metric:
    """The cases in which a poll read an outdated status from the cache."""
    (row,) = engine.ask("stale_cache", span.parameters("stale-cache"))
    limits = span.settings.thresholds
    return _zero_metric(
        row,
        span,
        id="stale-cache",
        exposure=text("waits beside a cached status"),
        source=text("Atalaya's own checks and smoke, and the cache tests of CI"),
        threshold=text("at most {n}", n=limits.stale_reads),
        allowed=limits.stale_reads,
        proven_upper=limits.stale_proven_upper,
    )


def _zero_metric(
    row: Row,
    span: Span,
    *,
    id: str,
    exposure: Text,
    source: Text,
    threshold: Text,
    allowed: int,
    proven_upper: float,
) -> Metric:
    events, trials = row["events"], row["trials"]
    detector, fix = span.detector(id), fix_of(row, span.fixed_at.get(id))
    state, reason = judge_events(events, trials, allowed, proven_upper, detector=detector, fix=fix)
    known = trials > 0 or events > 0
    low, high = count_interval(events, trials, detector) if known else (None, None)
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
            "Unexpected events against the number allowed. A zero is proven where its one-sided 95 % bound for each "
            "trial, {bound}, is at most {proven_upper}; s is the share of seeded defects that the checks see at the "
            "least. Garwood's interval of a count above zero. After a fix, what comes after it has to reject the rate "
            "from before it.",
            bound="-ln 0.05 / n / s",
            proven_upper=rates(proven_upper)[0],
        ),
        text=_events_in_words(events, trials, detector),
        reason=reason,
        critical=True,
        inputs={
            **row,
            "upper_per_trial": upper_of(trials, detector) if events == 0 else None,
            "defects_shown": detector.shown,
            "defects_caught": detector.caught,
            "sensitivity": detector.low,
            "fixed_at": fix.at.isoformat() if fix else None,
            "acts_at_once": True,
        },
        settles=_settles(state, events, trials, proven_upper, detector, fix),
        derivation=tuple(_derived(row, allowed, proven_upper, detector, fix)),
    )


class Fix(NamedTuple):
    """When a fix landed, and what was counted before it and since."""

    at: datetime
    events_before: int
    trials_before: int
    events_since: int
    trials_since: int

    @property
    def needed(self) -> int:
        """The clean trials that reject, at 95 %, that the rate from before the fix is still there."""
        if not self.trials_before or not self.events_before:
            return 0
        return clean_runs_to_prove(min(1.0, self.events_before / self.trials_before)) or 0


def fix_of(row: Row, at: datetime | None) -> Fix | None:
    """The fix of a metric that an incident spoiled, if one has landed."""
    if at is None:
        return None
    before, tried = row["events_before_fix"], row["trials_before_fix"]
    return Fix(at, before, tried, row["events"] - before, row["trials"] - tried)


def judge_events(
    events: int, trials: int, allowed: int, proven_upper: float, *, detector: Detector = NEVER_SHOWN,
    fix: Fix | None = None,
) -> tuple[State, Text]:  # fmt: skip
    """The state of a count that should be zero, or nearly, and why."""
    if fix is not None and events > allowed:
        return _judge_fix(fix, allowed)
    if events > allowed:
        return State.FAIL, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)
    if trials == 0:
        return State.UNKNOWN, text("No trial was counted, so seeing nothing says nothing.")
    if events == 0:
        return judge_zero(trials, proven_upper, detector)
    return State.MEETS, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)


def _judge_fix(fix: Fix, allowed: int) -> tuple[State, Text]:
    """What failed before a fix meets its threshold again when enough came after the fix, and none of it failed."""
    if fix.events_since > allowed:
        return State.FAIL, text(
            "The fix of {at} failed: {n} unexpected events since. Allowed: {allowed}.",
            at=fix.at, n=fix.events_since, allowed=allowed,
        )  # fmt: skip
    if fix.trials_since < fix.needed or not fix.trials_since:
        return State.INCONCLUSIVE, text(
            "The fix of {at} is not proven: {n} clean trials since, and it takes {needed} to reject the rate from "
            "before it, {events} in {trials}.",
            at=fix.at, n=fix.trials_since, needed=fix.needed, events=fix.events_before, trials=fix.trials_before,
        )  # fmt: skip
    return State.MEETS, text(
        "Since the fix of {at}: {events_since} in {n} trials, which rejects the rate from before it, {events} in "
        "{trials}, at 95 %.",
        at=fix.at, events_since=fix.events_since, n=fix.trials_since, events=fix.events_before,
        trials=fix.trials_before,
    )  # fmt: skip


def judge_zero(trials: int, proven_upper: float, detector: Detector) -> tuple[State, Text]:
    """No event, and at least one trial: it meets its threshold, and may be proven by checks that are known to see."""
    bound, limit = rates(upper_of(trials, detector) or 0.0, proven_upper)
    if detector.low is None:
        return State.MEETS, text(
            "None in {n} trials, by checks that were shown no seeded defect of this kind: at most {bound} for each "
            "if they miss none, and that is not known.",
            n=trials, bound=bound,
        )  # fmt: skip
    if (upper_of(trials, detector) or 1.0) <= proven_upper:
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


def upper_of(trials: int, detector: Detector) -> float | None:
    """The bound on the rate of what was never seen, by checks that see at least so much of it."""
    return zero_event_upper(trials, 1.0 if detector.low is None else detector.low)


def trials_to_prove(proven_upper: float, detector: Detector) -> int | None:
    """The fewest clean trials that prove a zero; None where it is not known what the checks see.

    >>> trials_to_prove(0.01, Detector(shown=20, caught=20, low=0.8609))
    348
    """
    if not detector.low or proven_upper <= 0:
        return None
    needed = max(1, math.ceil(-math.log(ALPHA) / proven_upper / detector.low))
    while needed > 1 and (upper_of(needed - 1, detector) or 1.0) <= proven_upper:
        needed -= 1
    while (upper_of(needed, detector) or 1.0) > proven_upper:
        needed += 1
    return needed


def _settles(
    state: State, events: int, trials: int, proven_upper: float, detector: Detector, fix: Fix | None
) -> Text | None:  # fmt: skip
    if state is State.INCONCLUSIVE and fix is not None:
        return text("{k} more clean trials would prove the fix.", k=max(1, fix.needed - fix.trials_since))
    needed = trials_to_prove(proven_upper, detector) if state is State.MEETS and events == 0 else None
    return (
        None if needed is None else text("{k} more clean trials would prove it.", k=max(1, needed - trials))
    )


def _events_in_words(events: int, trials: int, detector: Detector) -> Text:
    if trials == 0:
        return text("Events: {n}. Trials: not counted.", n=events)
    if events:
        return text("{events} in {n} trials.", events=events, n=trials)
    (upper,) = rates(upper_of(trials, detector) or 0.0)
    return text("0 in {n} trials; at most {upper} for each, at 95 %.", n=trials, upper=upper)


def count_interval(events: int, trials: int, detector: Detector) -> tuple[float | None, float | None]:
    """How many events so many trials would bring in the long run; with none seen, a one-sided bound."""
    if events == 0:
        upper = upper_of(trials, detector)
        return 0.0, None if upper is None else upper * trials
    count = garwood(events)
    return count.low, count.high


def detector_in_words(detector: Detector) -> Text:
    """What is known of how well the checks see."""
    if detector.low is None:
        return text("Sensitivity: not known, since no seeded defect of this kind was shown to the checks.")
    return text(
        "Sensitivity: of {shown} seeded defects of this kind the checks caught {caught}, so they see at least s = "
        "{low:.4f} of them, at 95 % (Clopper and Pearson, one-sided).",
        shown=detector.shown, caught=detector.caught, low=detector.low,
    )  # fmt: skip


def _derived(
    row: Row, allowed: int, proven_upper: float, detector: Detector, fix: Fix | None
) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    events, trials = row["events"], row["trials"]
    yield text(
        "Counted: {events} unexpected events in {n} trials; allowed are {allowed}. Beside them, {expected} that a test "
        "provoked, and {silent} jobs that do not say how often they tried.",
        events=events, n=trials, allowed=allowed, expected=row["expected"], silent=row["jobs_without_count"],
    )  # fmt: skip
    yield detector_in_words(detector)
    upper = upper_of(trials, detector)
    if events == 0 and upper is not None:
        formula = (
            text("1 - 0.05^(1/{n})", n=trials)
            if detector.low in (None, 1.0)
            else text("-ln 0.05 / {n} / {s:.4f}", n=trials, s=detector.low)
        )
        yield text("Bound for each trial: {formula} = {upper:.6f}.", formula=formula, upper=upper)
        yield text("It proves the zero if it is at most {proven_upper}.", proven_upper=proven_upper)
    elif events:
        count = garwood(events)
        yield text(
            "Garwood's interval of {events} events: χ²(0.025, {low_df})/2 = {low:.4f} to χ²(0.975, {high_df})/2 = "
            "{high:.4f}.",
            events=events, low_df=2 * events, low=count.low, high_df=2 * events + 2, high=count.high,
        )  # fmt: skip
    if fix is not None:
        yield text(
            "Fix of {at}: before it {before} in {tried}, since {since} in {trials}. To reject the rate from before it "
            "at 95 %, ⌈ln 0.05 / ln(1 - {before}/{tried})⌉ = {needed} clean trials are needed.",
            at=fix.at, before=fix.events_before, tried=fix.trials_before, since=fix.events_since,
            trials=fix.trials_since, needed=fix.needed,
        )  # fmt: skip
