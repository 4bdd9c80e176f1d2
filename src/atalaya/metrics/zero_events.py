"""The metrics of events that must never happen, with an upper bound on their rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine import Engine, Row
from atalaya.metrics.stats.flakiness import clean_runs_to_prove
from atalaya.metrics.stats.intervals import ALPHA, garwood, zero_event_upper
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower, MetricQuery
from atalaya.records.judged import Metric, State, Tally


def polling_timeouts(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The unexpected ``TimeoutError`` of waits for an export."""
    limits = span.settings.thresholds
    return _zero_metric(
        it,
        engine,
        span,
        exposure=text("waits"),
        threshold=text("at most {n} unexpected", n=limits.polling_timeouts),
        allowed=limits.polling_timeouts,
        proven_upper=limits.polling_proven_upper,
    )


def stale_cache(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The cases in which a poll read an outdated status from the cache."""
    limits = span.settings.thresholds
    return _zero_metric(
        it,
        engine,
        span,
        exposure=text("waits beside a cached status"),
        threshold=text("at most {n}", n=limits.stale_reads),
        allowed=limits.stale_reads,
        proven_upper=limits.stale_proven_upper,
    )


def _zero_metric(
    it: MetricDefinition,
    engine: Engine,
    span: MetricQuery,
    *,
    exposure: Text,
    threshold: Text,
    allowed: int,
    proven_upper: float,
) -> Metric:
    (row,) = engine.ask(it.question, span.parameters(it.id))
    events, trials = row["events"], row["trials"]
    detector, fix = span.detector(it.id), fix_of(row, span.fixed_at.get(it.id))
    state, reason = judge_events(events, trials, allowed, proven_upper, detector=detector, fix=fix)
    known = trials > 0 or events > 0
    low, high = count_interval(events, trials, detector) if known else (None, None)
    return Metric(
        id=it.id,
        value=float(events) if known else None,
        low=low,
        high=high,
        n=trials,
        k=events if known else None,
        unit="events",
        exposure=exposure,
        source=Text(template=it.source),
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
        critical=it.critical,
        acts=it.acts,
        inputs={
            **row,
            "upper_per_trial": upper_of(trials, detector) if events == 0 else None,
            "defects_shown": detector.shown,
            "defects_caught": detector.caught,
            "sensitivity": detector.low,
            "fixed_at": fix.at.isoformat() if fix else None,
        },
        before_fix=Tally(events=row["events_before_fix"], trials=row["trials_before_fix"]),
        settles=_settles(state, events, trials, proven_upper, detector, fix),
        derivation=tuple(_derived(row, allowed, proven_upper, detector, fix)),
    )


class Fix(NamedTuple):
    """When a fix landed, and what was counted before it and since: trials, and the runs that they were made in.

    The trials of one run share its fate, so a rate is rejected only where the runs reject it as well.
    """

    at: datetime
    events_before: int
    trials_before: int
    events_since: int
    trials_since: int
    bad_runs_before: int
    runs_before: int
    runs_since: int

    @property
    def trials_needed(self) -> int | None:
        """The clean trials that reject, at 95 %, that the rate from before the fix is still there.

        None where that cannot be told: what failed was not among what was counted.
        """
        return _needed(self.events_before, self.trials_before)

    @property
    def runs_needed(self) -> int | None:
        """The clean runs that do, in the same way."""
        return _needed(self.bad_runs_before, self.runs_before)

    @property
    def is_shown(self) -> bool:
        """Whether enough came after it. What came is not asked here."""
        trials, runs = self.trials_needed, self.runs_needed
        if trials is None or runs is None or not self.trials_since:
            return False
        return self.trials_since >= trials and self.runs_since >= runs


def _needed(bad: int, n: int) -> int | None:
    if bad > n:
        return None
    return clean_runs_to_prove(bad / n) if bad else 0


def fix_of(row: Row, at: datetime | None) -> Fix | None:
    """The fix of a metric that an incident spoiled, if one has landed."""
    if at is None:
        return None
    before, tried, runs = row["events_before_fix"], row["trials_before_fix"], row["runs_before_fix"]
    return Fix(
        at=at,
        events_before=before,
        trials_before=tried,
        events_since=row["events"] - before,
        trials_since=row["trials"] - tried,
        bad_runs_before=row["bad_runs_before_fix"],
        runs_before=runs,
        runs_since=row["runs"] - runs,
    )


def judge_events(
    events: int,
    trials: int,
    allowed: int,
    proven_upper: float,
    *,
    detector: DetectorPower = NEVER_SHOWN,
    fix: Fix | None = None,
) -> tuple[State, Text]:
    """The state of a count that should be zero, or nearly, and why."""
    if fix is not None and events > allowed:
        return judge_fix(fix, allowed)
    if events > allowed:
        return State.FAIL, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)
    if trials == 0:
        return State.UNKNOWN, text("No trial was counted, so seeing nothing says nothing.")
    if events == 0:
        return judge_zero(trials, proven_upper, detector)
    return State.MEETS, text("Unexpected events: {n}. Allowed: {allowed}.", n=events, allowed=allowed)


def judge_fix(fix: Fix, allowed: int) -> tuple[State, Text]:
    """What failed before a fix meets its threshold again when enough came after the fix, and none of it failed."""
    if fix.events_since > allowed:
        return State.FAIL, text(
            "The fix of {at} failed: {n} unexpected events since. Allowed: {allowed}.",
            at=fix.at,
            n=fix.events_since,
            allowed=allowed,
        )
    counts = {
        "at": fix.at,
        "runs": fix.runs_since,
        "n": fix.trials_since,
        "bad": fix.bad_runs_before,
        "before": fix.runs_before,
        "events": fix.events_before,
        "trials": fix.trials_before,
    }
    if fix.trials_needed is None or fix.runs_needed is None:
        return State.INCONCLUSIVE, text(
            "The fix of {at} cannot be shown: of what failed before it, {events} events in {bad} runs, not all was "
            "among the {trials} trials in {before} runs that were counted.",
            **{name: counts[name] for name in ("at", "events", "bad", "trials", "before")},
        )
    if fix.events_since or not fix.is_shown:
        return State.INCONCLUSIVE, text(
            "The fix of {at} is not proven: {runs} clean runs with {n} trials since, and it takes {runs_needed} runs "
            "and {needed} trials to reject what was there before it, in {bad} of {before} runs and {events} of "
            "{trials} trials.",
            runs_needed=fix.runs_needed,
            needed=fix.trials_needed,
            **counts,
        )
    return State.MEETS, text(
        "Since the fix of {at}: {since} unexpected events in {runs} runs with {n} trials, which rejects at 95 % what "
        "was there before it, in {bad} of {before} runs and {events} of {trials} trials.",
        since=fix.events_since,
        **counts,
    )


def judge_zero(trials: int, proven_upper: float, detector: DetectorPower) -> tuple[State, Text]:
    """No event, and at least one trial: it meets its threshold, and may be proven by checks that are known to see."""
    bound, limit = rates(upper_of(trials, detector) or 0.0, proven_upper)
    if detector.low is None:
        return State.MEETS, text(
            "None in {n} trials, by checks that were shown no seeded defect of this kind: at most {bound} for each "
            "if they miss none, and that is not known.",
            n=trials,
            bound=bound,
        )
    if (upper_of(trials, detector) or 1.0) <= proven_upper:
        return State.PROVEN, text(
            "None in {n} trials: at most {bound} for each, which is not above {limit}.",
            n=trials,
            bound=bound,
            limit=limit,
        )
    return State.MEETS, text(
        "None in {n} trials. It is not proven: they allow up to {bound} for each, and {limit} would prove it.",
        n=trials,
        bound=bound,
        limit=limit,
    )


def upper_of(trials: int, detector: DetectorPower) -> float | None:
    """The bound on the rate of what was never seen, by checks that see at least so much of it."""
    return zero_event_upper(trials, 1.0 if detector.low is None else detector.low)


def trials_to_prove(proven_upper: float, detector: DetectorPower) -> int | None:
    """The fewest clean trials that prove a zero; None where it is not known what the checks see.

    >>> trials_to_prove(0.01, DetectorPower(shown=20, caught=20, low=0.8609))
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
    state: State, events: int, trials: int, proven_upper: float, detector: DetectorPower, fix: Fix | None
) -> Text | None:
    if state is State.INCONCLUSIVE and fix is not None:
        if fix.trials_needed is None or fix.runs_needed is None or fix.events_since:
            return None
        return text(
            "{runs} more clean runs with {k} trials would prove the fix.",
            runs=max(1, fix.runs_needed - fix.runs_since),
            k=max(1, fix.trials_needed - fix.trials_since),
        )
    needed = trials_to_prove(proven_upper, detector) if state is State.MEETS and events == 0 else None
    return None if needed is None else text("{k} more clean trials would prove it.", k=max(1, needed - trials))


def _events_in_words(events: int, trials: int, detector: DetectorPower) -> Text:
    if trials == 0:
        return text("Events: {n}. Trials: not counted.", n=events)
    if events:
        return text("{events} in {n} trials.", events=events, n=trials)
    (upper,) = rates(upper_of(trials, detector) or 0.0)
    return text("0 in {n} trials; at most {upper} for each, at 95 %.", n=trials, upper=upper)


def count_interval(events: int, trials: int, detector: DetectorPower) -> tuple[float | None, float | None]:
    """How many events so many trials would bring in the long run; with none seen, a one-sided bound."""
    if events == 0:
        upper = upper_of(trials, detector)
        return 0.0, None if upper is None else upper * trials
    count = garwood(events)
    return count.low, count.high


def detector_in_words(detector: DetectorPower) -> Text:
    """What is known of how well the checks see."""
    if detector.low is None:
        return text("Sensitivity: not known, since no seeded defect of this kind was shown to the checks.")
    return text(
        "Sensitivity: of {shown} seeded defects of this kind the checks caught {caught}, so they see at least s = "
        "{low:.4f} of them, at 95 % (Clopper and Pearson, one-sided).",
        shown=detector.shown,
        caught=detector.caught,
        low=detector.low,
    )


def _derived(row: Row, allowed: int, proven_upper: float, detector: DetectorPower, fix: Fix | None) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    events, trials = row["events"], row["trials"]
    yield text(
        "Counted: {events} unexpected events in {n} trials; allowed are {allowed}. Beside them, {expected} that a test "
        "provoked, and {silent} jobs that do not say how often they tried.",
        events=events,
        n=trials,
        allowed=allowed,
        expected=row["expected"],
        silent=row["jobs_without_count"],
    )
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
        by_run = upper_of(row["runs"], detector)
        if by_run is not None:
            yield text(
                "The trials of one run share its fate. By runs: none in {n}, so at most {upper:.4f} for each run.",
                n=row["runs"],
                upper=by_run,
            )
    elif events:
        count = garwood(events)
        yield text(
            "Garwood's interval of {events} events: χ²(0.025, {low_df})/2 = {low:.4f} to χ²(0.975, {high_df})/2 = "
            "{high:.4f}.",
            events=events,
            low_df=2 * events,
            low=count.low,
            high_df=2 * events + 2,
            high=count.high,
        )
    if fix is not None:
        yield text(
            "Fix of {at}: before it {events} in {trials} trials and {bad} in {runs} runs, since {since} in {since_n} "
            "trials and {since_runs} runs. To reject at 95 % that they are still there it takes ⌈ln 0.05 / ln(1 - "
            "{events}/{trials})⌉ = {needed} clean trials and ⌈ln 0.05 / ln(1 - {bad}/{runs})⌉ = {runs_needed} clean "
            "runs.",
            at=fix.at,
            events=fix.events_before,
            trials=fix.trials_before,
            bad=fix.bad_runs_before,
            runs=fix.runs_before,
            since=fix.events_since,
            since_n=fix.trials_since,
            since_runs=fix.runs_since,
            needed="?" if fix.trials_needed is None else fix.trials_needed,
            runs_needed="?" if fix.runs_needed is None else fix.runs_needed,
        )
