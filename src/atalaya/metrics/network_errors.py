"""The network-errors metric: the level of errors for each request, their trend, and errors that stopped a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, LOOKS_H
from atalaya.core.words import N_, Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.event_counts import EventCounts, Fix, event_counts, fix_of
from atalaya.metrics.stats.intervals import ALPHA, TOO_FEW, Trend, garwood, joint_upper, trend
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower, MetricQuery
from atalaya.metrics.zero_events import (
    SAYS_NOTHING,
    SELF_TEST,
    after_a_fix,
    apart_in_words,
    blind_in_words,
    bound_in_words,
    count_interval,
    detector_in_words,
    exposure_of,
    fix_in_words,
    fix_settles,
    inputs_of,
    not_shown,
    shown,
    shows,
    trials_to_prove,
    with_apart,
)
from atalaya.records.judged import Acts, Metric, State, Tally

FAR = 10  # times the level: a zero that allows more was seen in too few requests


class Errors(NamedTuple):
    """Network errors and the requests among which they happened, for each 24 hours since the fix, if there is one.

    ``without_count`` are the errors of runs that do not say how many requests they sent: they are in no ``counts``.
    """

    counts: tuple[int, ...]
    requests: tuple[int, ...]
    blocking: int = 0
    without_count: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def exposure(self) -> int:
        return sum(self.requests)

    @property
    def trend(self) -> Trend | None:
        """The test for a fall or a rise; None where there are too few errors, or requests of one day only."""
        days = list(zip(self.counts, self.requests, strict=True))
        # An error just after midnight, in a run from before it, may lie in a day without requests.
        no_rate = any(seen and not sent for seen, sent in days)
        if self.total < TOO_FEW or no_rate or sum(sent > 0 for _, sent in days) < 2:
            return None
        return trend(self.counts, self.requests)


class Seen(NamedTuple):
    """What the rows of the table look at: the errors, the interval of their rate, and the direction."""

    errors: Errors
    limits: Thresholds
    detector: DetectorPower
    look: int
    low: float
    high: float
    p_decreasing: float | None
    p_increasing: float | None

    @property
    def level(self) -> float:
        """The level that the interval is held against; a zero may be asked for more."""
        least = min(self.limits.network_level, self.limits.network_proven_upper)
        return self.limits.network_level if self.errors.total else least

    @property
    def falling(self) -> bool:
        return self.p_decreasing is not None and self.p_decreasing <= limit(self.look)

    @property
    def rising(self) -> bool:
        return self.p_increasing is not None and self.p_increasing <= limit(self.look)

    @property
    def spans(self) -> bool:
        """Whether the level lies within the interval, of errors that were seen."""
        return self.errors.total > 0 and self.low <= self.limits.network_level < self.high

    @property
    def says_nothing(self) -> bool:
        return self.high > FAR * self.limits.network_level or self.high >= SAYS_NOTHING


class NetworkRule(NamedTuple):
    """One row of the table: the first that applies gives the state. ``critical`` says that a failure is a NO-GO."""

    id: str
    says: str
    state: State
    critical: bool
    acts: Acts
    applies: Callable[[Seen], bool]


# In order: the first that applies gives the state. The docs print it.
NETWORK_RULES: tuple[NetworkRule, ...] = (
    NetworkRule(
        "network-blocking",
        N_("More errors stopped a run than are allowed."),
        State.FAIL,
        True,
        Acts.AT_ONCE,
        lambda seen: seen.errors.blocking > seen.limits.network_blocking,
    ),
    NetworkRule(
        "network-no-requests",
        N_("No request was counted."),
        State.UNKNOWN,
        False,
        Acts.AT_ONCE,
        lambda seen: seen.errors.exposure == 0,
    ),
    NetworkRule(
        "network-above",
        N_("The whole interval of the rate lies above the level, whether the errors fall or not."),
        State.FAIL,
        True,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.low > seen.limits.network_level,
    ),
    NetworkRule(
        "network-below",
        N_("The whole interval of the rate lies at the level or below, and the errors do not rise."),
        State.PROVEN,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.high <= seen.level and not seen.rising,
    ),
    NetworkRule(
        "network-below-rising",
        N_("The whole interval of the rate lies at the level or below, and the errors rise."),
        State.MEETS,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.high <= seen.level,
    ),
    NetworkRule(
        "network-falling",
        N_("The level lies within the interval, and the errors fall, by the limit of the look."),
        State.MEETS,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.spans and seen.falling,
    ),
    NetworkRule(
        "network-rising",
        N_("The level lies within the interval, and the errors rise, by the limit of the look."),
        State.FAIL,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.spans and seen.rising,
    ),
    NetworkRule(
        "network-too-few",
        N_("No error, in too few requests: they allow more than ten times the level."),
        State.INCONCLUSIVE,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: seen.errors.total == 0 and seen.says_nothing,
    ),
    NetworkRule(
        "network-none", N_("No error."), State.MEETS, False, Acts.AT_CHECKPOINTS, lambda seen: seen.errors.total == 0
    ),
    NetworkRule(
        "network-open",
        N_("Anything else: the level lies within the interval, and neither a fall nor a rise is shown."),
        State.INCONCLUSIVE,
        False,
        Acts.AT_CHECKPOINTS,
        lambda seen: True,
    ),
)

# What leaves nothing met or proven, whichever row applies: the state is INCONCLUSIVE. The docs print it as well.
NETWORK_HOLDS: dict[str, str] = {
    "without-requests": N_(
        "An error stands in a run that does not say how many requests it sent, as the log of a job."
    ),
    "not-tested": N_("No seeded error was shown to the detectors, or they caught none: what they see is not known."),
    "fix-not-shown": N_("A fix has landed, and too little came since to show that it holds."),
}


def network_errors(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The unexpected network errors: for each request, as they go through the window, and those that stopped a run."""
    counts = event_counts(engine.ask(it.question, span.parameters(it.id)), span.bins)
    limits, detector = span.settings.thresholds, span.detector(it.id)
    fix = _fix(counts, limits, span.fixed_at.get(it.id))
    if fix is None:
        counts = counts.without_fix()
    errors, since = _errors(counts), counts.since
    rule = rule_of(errors, limits, look=span.look, detector=detector, fix=fix)
    state, reason, acts = judge_errors(errors, limits, look=span.look, detector=detector, fix=fix)
    low, high = count_interval(since.events, since.trials, detector)
    tested = errors.trend
    return Metric(
        id=it.id,
        value=float(since.events) if counts.known else None,
        low=low,
        high=high,
        n=since.trials,
        k=since.in_rate if counts.known else None,
        unit="events",
        exposure=exposure_of(text("requests"), since),
        source=Text(template=it.source),
        state=state,
        threshold=text(
            "at most {level} for each request, and at most {n} blocking",
            level=limits.network_level,
            n=limits.network_blocking,
        ),
        method=text(
            "Errors for each request, with Garwood's exact two-sided 95 % interval, against the level; with no error, "
            "the joint 95 % bound over the rate and over what the detectors may miss. Where the level lies within the "
            "interval, the trend decides: in bins of 24 hours the exact multinomial score test (the normal "
            "approximation beyond 60 errors) is held against the limit of its look, so that three looks together raise "
            "a false alarm in 5 % of watches (O'Brien and Fleming)."
        ),
        text=with_apart(after_a_fix(_errors_in_words(errors, detector), counts.before, fix), counts),
        reason=reason,
        critical=it.critical or rule.critical,
        acts=acts,
        inputs=inputs_of(counts, detector, fix)
        | _rate_inputs(errors)
        | {
            "rule": rule.id,
            "errors_by_24h": list(counts.all_by_day),
            "requests_by_24h": [day.trials for day in counts.by_day],
            "look": span.look,
            "p_decreasing": tested.p_decreasing if tested else None,
            "p_increasing": tested.p_increasing if tested else None,
            "p_limit": limit(span.look),
        },
        before_fix=Tally(events=counts.before.events, trials=counts.before.trials),
        by_day=counts.by_day,
        fix_runs_needed=fix.runs_needed if fix else None,
        settles=_settles(state, errors, limits, detector, fix),
        derivation=tuple(_derived(counts, errors, limits, span.look, detector, fix)),
    )


def _errors(counts: EventCounts) -> Errors:
    return Errors(
        counts=tuple(day.events for day in counts.since_by_day),
        requests=tuple(day.trials for day in counts.since_by_day),
        blocking=counts.since.blocking,
        without_count=counts.since.without_trials,
    )


def _rate_inputs(errors: Errors) -> dict[str, float | None]:
    rate = garwood(errors.total, float(errors.exposure))
    return {"rate": rate.value, "rate_low": rate.low, "rate_high": rate.high}


def _fix(counts: EventCounts, limits: Thresholds, at: datetime | None) -> Fix | None:
    """The fix, where there was something to be mended: blocking errors, a level that was passed, errors of a log."""
    before = counts.before
    if before.blocking > limits.network_blocking:
        return fix_of(counts, at, blocking=True)
    low = garwood(before.in_rate, float(before.trials)).low
    failed = before.without_trials > 0 or (low is not None and low > limits.network_level)
    return fix_of(counts, at) if failed else None


# ── the state ────────────────────────────────────────────────────────────────


def rule_of(
    errors: Errors, limits: Thresholds, *, look: int = 3, detector: DetectorPower = NEVER_SHOWN, fix: Fix | None = None
) -> NetworkRule:
    """The first row of the table that applies: it says whether a failure is a NO-GO."""
    return _applied(_seen(errors, limits, look, detector), fix)[0]


def judge_errors(
    errors: Errors, limits: Thresholds, *, look: int = 3, detector: DetectorPower = NEVER_SHOWN, fix: Fix | None = None
) -> tuple[State, Text, Acts]:
    """The state of the network errors, why, and when it acts: the first row of the table that applies."""
    seen = _seen(errors, limits, look, detector)
    rule, hold = _applied(seen, fix)
    reason = _reason(rule, seen)
    if hold == "without-requests":
        reason = text("{reason} {hold}", reason=reason, hold=_without_in_words(errors))
    elif hold == "not-tested":
        reason = text("{reason} {hold}", reason=reason, hold=blind_in_words(errors.exposure, detector))
    elif hold == "fix-not-shown" and fix is not None:
        reason = not_shown(fix)
    elif fix is not None and rule.state is State.FAIL:
        reason = text("The fix of {at} failed: {failed}", at=fix.at, failed=reason)
    elif fix is not None and shows(fix):
        reason = text("{reason} {fix}", reason=reason, fix=shown(fix))
    return (State.INCONCLUSIVE if hold else rule.state), reason, rule.acts


def _seen(errors: Errors, limits: Thresholds, look: int, detector: DetectorPower) -> Seen:
    rate, tested = garwood(errors.total, float(errors.exposure)), errors.trend
    low, high = rate.low or 0.0, rate.high or 0.0
    if errors.total == 0 and errors.exposure:
        # Where the detectors were never tried, the trials alone say which row it would be.
        joint = joint_upper(errors.exposure, shown=detector.shown, caught=detector.caught)
        high = -math.log(ALPHA) / errors.exposure if joint is None else joint
    return Seen(
        errors=errors,
        limits=limits,
        detector=detector,
        look=look,
        low=low,
        high=high,
        p_decreasing=tested.p_decreasing if tested else None,
        p_increasing=tested.p_increasing if tested else None,
    )


def _applied(seen: Seen, fix: Fix | None) -> tuple[NetworkRule, str | None]:
    """The row that applies, and what holds a good state back, if something does."""
    rule = next(rule for rule in NETWORK_RULES if rule.applies(seen))
    if rule.state is State.FAIL:
        return rule, None
    if fix is not None and not _shows(fix, rule):
        return rule, "fix-not-shown"
    if rule.state is State.UNKNOWN:
        return rule, None
    if seen.errors.without_count:
        return rule, "without-requests"
    return rule, "not-tested" if seen.detector.caught == 0 else None


def _shows(fix: Fix, rule: NetworkRule) -> bool:
    """Whether a fix is shown: by clean runs, or by a level that is proven to be kept where it had been passed."""
    blocked = fix.events_before == 0
    return shows(fix) or (rule.state is State.PROVEN and not blocked and fix.runs_needed == 0)


def _reason(rule: NetworkRule, seen: Seen) -> Text:
    errors, limits = seen.errors, seen.limits
    if rule.id == "network-blocking":
        return text(
            "Network errors that stopped a run: {n}. Allowed: {allowed}.",
            n=errors.blocking,
            allowed=limits.network_blocking,
        )
    if rule.id == "network-no-requests":
        return text("No request was counted, so errors have nothing to be compared with.")
    if errors.total == 0:
        return _none_in_words(rule, seen)
    rate, low, high, level = rates(errors.total / errors.exposure, seen.low, seen.high, limits.network_level)
    figure = text("{rate} errors for each request ({low} to {high})", rate=rate, low=low, high=high)
    if rule.id == "network-above":
        return text(
            "{figure}: the whole interval is above the level, {level}. {trend}",
            figure=figure,
            level=level,
            trend=_trend_in_words(seen),
        )
    if rule.id in ("network-below", "network-below-rising"):
        return text(
            "{figure}: the interval does not pass the level, {level}. {trend}",
            figure=figure,
            level=level,
            trend=_trend_in_words(seen),
        )
    open_still = text(
        "{figure}: the level, {level}, lies within the interval. {trend}",
        figure=figure,
        level=level,
        trend=_trend_in_words(seen),
    )
    if rule.id != "network-open":
        return open_still
    return text(
        "{reason} {more} more requests without an error would settle it.",
        reason=open_still,
        more=_requests_needed(errors, limits),
    )


def _none_in_words(rule: NetworkRule, seen: Seen) -> Text:
    n = seen.errors.exposure
    if seen.high >= SAYS_NOTHING:
        return text("No error in {n} requests: so few say nothing of how often they fail.", n=n)
    bound, level, most = rates(seen.high, seen.level, FAR * seen.limits.network_level)
    if rule.id == "network-too-few":
        return text(
            "No error in {n} requests, too few: they allow up to {bound} for each, more than {most}, ten times the "
            "level. It takes {needed} requests.",
            n=n,
            bound=bound,
            most=most,
            needed=_zero_requests(seen) or n,
        )
    if rule.id == "network-below":
        return text(
            "No error in {n} requests: at most {bound} for each, which is not above the level, {level}.",
            n=n,
            bound=bound,
            level=level,
        )
    return text(
        "No error in {n} requests. It is not proven: they allow up to {bound} for each, and the level is {level}.",
        n=n,
        bound=bound,
        level=level,
    )


def _zero_requests(seen: Seen) -> int | None:
    """The requests without an error with which it meets."""
    most = min(FAR * seen.limits.network_level, math.nextafter(SAYS_NOTHING, 0.0))
    known = seen.detector if seen.detector.caught else DetectorPower(shown=3, caught=3)
    return trials_to_prove(most, known)


def _requests_needed(errors: Errors, limits: Thresholds) -> int:
    """The further requests, none of which fails, with which the interval does not pass the level any more.

    >>> _requests_needed(Errors((1, 0, 0), (200, 200, 200)), Thresholds())
    515
    """
    most = garwood(errors.total).high or 0.0
    return max(1, math.ceil(most / limits.network_level) - errors.exposure)


def _trend_in_words(seen: Seen) -> Text:
    """The runbook's word: whether they decrease, and by which limit."""
    if seen.p_decreasing is None or seen.p_increasing is None:
        return text("Too few errors, or days, for a trend.")
    if seen.falling or seen.rising:
        p, most = rates(seen.p_decreasing if seen.falling else seen.p_increasing, limit(seen.look))
        if seen.falling:
            return text(
                "The errors for each request are decreasing: p = {p}, at or below {limit}, the limit of look {look}.",
                p=p,
                limit=most,
                look=seen.look,
            )
        return text(
            "The errors for each request are increasing: p = {p}, at or below {limit}, the limit of look {look}.",
            p=p,
            limit=most,
            look=seen.look,
        )
    p, most = rates(seen.p_decreasing, limit(seen.look))
    return text(
        "No trend is shown: p = {p} for a fall, above {limit}, the limit of look {look}.",
        p=p,
        limit=most,
        look=seen.look,
    )


def _without_in_words(errors: Errors) -> Text:
    return text(
        "Errors in runs that do not say how many requests they sent, as the log of a job: {n}. They enter no rate, and "
        "while they stand nothing is met or proven.",
        n=errors.without_count,
    )


# ── words and numbers ────────────────────────────────────────────────────────


def _settles(state: State, errors: Errors, limits: Thresholds, detector: DetectorPower, fix: Fix | None) -> Text | None:
    if state in (State.FAIL, State.PROVEN):
        return None
    if detector.caught == 0 and (errors.exposure or fix):
        return SELF_TEST
    if fix is not None and not shows(fix):
        return fix_settles(fix)
    if errors.exposure == 0 or errors.without_count:
        return None
    seen = _seen(errors, limits, 1, detector)
    if errors.total:
        more = _requests_needed(errors, limits)
        return text("{k} more requests without an error would settle it.", k=more) if state is not State.MEETS else None
    if state is State.INCONCLUSIVE:
        needed = _zero_requests(seen)
        return None if needed is None else text("{k} more clean requests would meet it.", k=needed - errors.exposure)
    needed = trials_to_prove(seen.level, detector)
    return None if needed is None else text("{k} more clean requests would prove it.", k=needed - errors.exposure)


def _errors_in_words(errors: Errors, detector: DetectorPower) -> Text:
    if errors.exposure == 0:
        return text("Errors: {n}. Requests: not counted.", n=errors.total + errors.without_count)
    said = _rate_in_words(errors, detector)
    if errors.without_count == 0:
        return said
    return text(
        "{said} Beside them, {more} in runs that do not say how many they sent.", said=said, more=errors.without_count
    )


def _rate_in_words(errors: Errors, detector: DetectorPower) -> Text:
    if errors.total:
        rate = garwood(errors.total, float(errors.exposure))
        value, low, high = rates(rate.value or 0.0, rate.low or 0.0, rate.high or 0.0)
        return text(
            "{events} errors in {n} requests, {rate} for each ({low} to {high}). Blocking: {blocking}.",
            events=errors.total,
            n=errors.exposure,
            rate=value,
            low=low,
            high=high,
            blocking=errors.blocking,
        )
    upper = joint_upper(errors.exposure, shown=detector.shown, caught=detector.caught)
    if upper is None or upper >= SAYS_NOTHING:
        return text("0 errors in {n} requests.", n=errors.exposure)
    return text(
        "0 errors in {n} requests; at most {upper} for each request, at 95 %.", n=errors.exposure, upper=rates(upper)[0]
    )


def _derived(
    counts: EventCounts, errors: Errors, limits: Thresholds, look: int, detector: DetectorPower, fix: Fix | None
) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    yield text(
        "Counted, for each 24 hours: errors {counts}, requests {requests}. {blocking} stopped a run.",
        counts=", ".join(map(str, counts.all_by_day)),
        requests=", ".join(str(day.trials) for day in counts.by_day),
        blocking=errors.blocking,
    )
    yield from apart_in_words(counts)
    for number, day in enumerate(counts.by_day):
        rate = garwood(day.events, float(day.trials))
        if rate.value is not None and rate.low is not None and rate.high is not None:
            yield text(
                "Hours {begins} to {ends}: {seen} / {sent} = {rate:.6f} for each request, Garwood {low:.6f} to "
                "{high:.6f}.",
                begins=DAY_H * number,
                ends=DAY_H * (number + 1),
                seen=day.events,
                sent=day.trials,
                rate=rate.value,
                low=rate.low,
                high=rate.high,
            )
    yield from _level_derived(errors, limits, detector)
    yield from _trend_derived(errors, look)
    yield text(
        "The runbook asks for errors that decrease, and none that blocks. Seen: {trend} Blocking: {blocking}.",
        trend=_trend_in_words(_seen(errors, limits, look, detector)),
        blocking=errors.blocking,
    )
    if fix is not None:
        yield from fix_in_words(fix)


def _level_derived(errors: Errors, limits: Thresholds, detector: DetectorPower) -> Iterator[Text]:
    yield detector_in_words(detector)
    if errors.total and errors.exposure:
        rate = garwood(errors.total, float(errors.exposure))
        yield text(
            "All of it: {seen} / {sent} = {rate:.6f} for each request, Garwood {low:.6f} to {high:.6f}, against the "
            "level of {level}.",
            seen=errors.total,
            sent=errors.exposure,
            rate=rate.value,
            low=rate.low,
            high=rate.high,
            level=limits.network_level,
        )
        return
    upper = joint_upper(errors.exposure, shown=detector.shown, caught=detector.caught)
    if upper is not None and upper < SAYS_NOTHING:
        yield from bound_in_words(errors.exposure, upper, detector)


def _trend_derived(errors: Errors, look: int) -> Iterator[Text]:
    tested = errors.trend
    if tested is None:
        return
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
