"""The metrics of events that must never happen, with one joint bound over their rate and what their detectors miss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atalaya.core.words import N_, Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.event_counts import KINDS, EventCounts, Fix, Side, event_counts, fix_of, sick_in_words
from atalaya.metrics.stats.intervals import events_ruled_out, garwood, joint_upper, trials_for
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.window_query import NEVER_SHOWN, DetectorPower, MetricQuery
from atalaya.records.judged import Metric, State, Tally

MEETS_UPPER = 0.05  # for each trial: a zero that allows more was seen in too few trials
SAYS_NOTHING = 0.5  # for each trial: a bound from here on is no bound
NO_DISCOUNT = 3  # seeded events: with so many shown and all caught the joint bound lies at a sensitivity of 1

SELF_TEST = text("One self-test first, which says what the detectors see: `atalaya prove --detectors`.")

APART: Mapping[str, str] = {
    "expected": N_("provoked by a test"),
    "of another commit": N_("of another commit"),
    "of another workflow": N_("of a workflow that is not listed"),
    "outside the window": N_("outside the window"),
}


def polling_timeouts(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    """The waits that ended in an unexpected ``TimeoutError``."""
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
    counts = event_counts(engine.ask(it.question, span.parameters(it.id)), span.bins)
    fix = fix_of(counts, span.fixed_at.get(it.id)) if counts.before.events else None
    if fix is None:
        counts = counts.without_fix()
    since, detector = counts.since, span.detector(it.id)
    state, reason = judge_events(since, allowed, proven_upper, detector=detector, fix=fix)
    low, high = count_interval(since.events, since.trials, detector)
    return Metric(
        id=it.id,
        value=float(since.events) if counts.known else None,
        low=low,
        high=high,
        n=since.trials,
        k=since.in_rate if counts.known else None,
        unit="events",
        exposure=exposure_of(exposure, since),
        source=Text(template=it.source),
        state=state,
        threshold=threshold,
        method=text(
            "Unexpected events against the number allowed. A zero has one joint 95 % bound over the rate and over what "
            "the detectors may miss: the rate r at which the largest, over all sensitivities s, of P(so many of the "
            "seeded events are caught | s) × exp(-n r s) is 0.05. It meets its threshold at {meets} for each trial, "
            "and is proven at {proven_upper}. Garwood's interval of a count above zero. After a fix only what came "
            "since counts, and it has to reject the rate from before it.",
            meets=MEETS_UPPER,
            proven_upper=rates(proven_upper)[0],
        ),
        text=with_apart(after_a_fix(_events_in_words(since, detector), counts.before, fix), counts),
        reason=reason,
        critical=it.critical,
        acts=it.acts,
        inputs=inputs_of(counts, detector, fix),
        before_fix=Tally(events=counts.before.events, trials=counts.before.trials),
        by_day=counts.by_day,
        fix_runs_needed=fix.runs_needed if fix else None,
        settles=_settles(state, since, proven_upper, detector, fix),
        derivation=tuple(_derived(counts, allowed, proven_upper, detector, fix)),
    )


# ── the states ───────────────────────────────────────────────────────────────


def judge_events(
    since: Side, allowed: int, proven_upper: float, *, detector: DetectorPower = NEVER_SHOWN, fix: Fix | None = None
) -> tuple[State, Text]:
    """The state of a count that should be zero, or nearly, and why: of what came since the fix, where there is one."""
    if since.events > allowed:
        failed = text("Unexpected events: {n}. Allowed: {allowed}.", n=since.events, allowed=allowed)
        return State.FAIL, text("The fix of {at} failed: {failed}", at=fix.at, failed=failed) if fix else failed
    if fix is not None and not shows(fix):
        return State.INCONCLUSIVE, not_shown(fix)
    if since.trials == 0:
        return State.UNKNOWN, text("No trial was counted, so seeing nothing says nothing.")
    if since.without_trials:
        return State.INCONCLUSIVE, without_trials_in_words(since)
    if since.events == 0:
        return _beside(judge_zero(since.trials, proven_upper, detector), fix)
    if detector.caught == 0:
        return State.INCONCLUSIVE, blind_in_words(since.trials, detector)
    counted = text("Unexpected events: {n}. Allowed: {allowed}.", n=since.events, allowed=allowed)
    return _beside((State.MEETS, counted), fix)


def judge_zero(trials: int, proven_upper: float, detector: DetectorPower) -> tuple[State, Text]:
    """No event, and at least one trial: what so many trials, by detectors so tested, rule out."""
    upper = joint_upper(trials, shown=detector.shown, caught=detector.caught)
    if upper is None:
        return State.INCONCLUSIVE, blind_in_words(trials, detector)
    if upper >= SAYS_NOTHING:
        return State.INCONCLUSIVE, text("None in {n} trials: so few say nothing of how often it happens.", n=trials)
    if upper > MEETS_UPPER:
        bound, limit = rates(upper, MEETS_UPPER)
        return State.INCONCLUSIVE, text(
            "None in {n} trials, too few: they allow up to {bound} for each, and it takes {limit}: {more} more trials.",
            n=trials,
            bound=bound,
            limit=limit,
            more=(trials_to_prove(MEETS_UPPER, detector) or trials) - trials,
        )
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
        n=trials,
        bound=bound,
        limit=limit,
    )


def blind_in_words(trials: int, detector: DetectorPower) -> Text:
    """Why nothing that detectors did not see is known not to be there."""
    if detector.shown:
        return text(
            "The detectors caught none of {shown} seeded events of this kind, so what they see in {n} trials says "
            "nothing.",
            shown=detector.shown,
            n=trials,
        )
    return text(
        "{n} trials were counted, and it is not known what the detectors see: no seeded event of this kind was shown "
        "to them.",
        n=trials,
    )


def without_trials_in_words(since: Side) -> Text:
    """Why events that enter no rate leave no good word."""
    return text(
        "Events in runs that do not say how often they tried, as the log of a job: {n}. They enter no rate, and while "
        "they stand nothing is met or proven.",
        n=since.without_trials,
    )


def _beside(judged: tuple[State, Text], fix: Fix | None) -> tuple[State, Text]:
    return judged if fix is None else (judged[0], text("{reason} {fix}", reason=judged[1], fix=shown(fix)))


# ── fixes ────────────────────────────────────────────────────────────────────


def shows(fix: Fix) -> bool:
    """Whether what came since a fix shows that it holds: enough, and none of what was to be fixed."""
    return fix.events_since == 0 and fix.is_shown


def shown(fix: Fix) -> Text:
    """What shows a fix."""
    return text("The fix of {at} is shown: {kinds}.", at=fix.at, kinds=_joined(fix))


def not_shown(fix: Fix) -> Text:
    """What a fix still lacks."""
    return text(
        "The fix of {at} is not proven: {kinds}; {trials} trials since, of {needed}. Since the fix: {events} "
        "unexpected events.",
        at=fix.at,
        kinds=_joined(fix),
        trials=fix.trials_since,
        needed=fix.trials_needed,
        events=fix.events_since,
    )


def _joined(fix: Fix) -> Text:
    first, *others = sick_in_words(fix)
    for other in others:
        first = text("{first}; {other}", first=first, other=other)
    return first


def fix_settles(fix: Fix) -> Text | None:
    """How many more clean runs and trials would prove a fix; None where clean ones do not any more."""
    if fix.events_since:
        return None
    runs, trials = fix.runs_needed, fix.further_trials
    if runs and trials:
        return text("{runs} more clean runs with {k} trials would prove the fix.", runs=runs, k=trials)
    if runs:
        return text("{runs} more clean runs would prove the fix.", runs=runs)
    return text("{k} more clean trials would prove the fix.", k=trials)


def after_a_fix(said: Text, before: Side, fix: Fix | None) -> Text:
    """The figure since a fix, with that from before it beside."""
    if fix is None:
        return said
    if before.without_trials == 0:
        return text(
            "Since the fix of {at}: {said} Before it: {events} in {trials} trials.",
            at=fix.at,
            said=said,
            events=before.events,
            trials=before.trials,
        )
    return text(
        "Since the fix of {at}: {said} Before it: {k} in {trials} trials, and {more} in runs that do not say how often "
        "they tried.",
        at=fix.at,
        said=said,
        k=before.in_rate,
        trials=before.trials,
        more=before.without_trials,
    )


# ── words and numbers ────────────────────────────────────────────────────────


def trials_to_prove(upper: float, detector: DetectorPower) -> int | None:
    """The fewest clean trials whose bound is ``upper``; None where it is not known what the detectors see.

    >>> trials_to_prove(0.01, DetectorPower(shown=20, caught=20)), trials_to_prove(0.01, NEVER_SHOWN)
    (300, None)
    """
    return trials_for(upper, shown=detector.shown, caught=detector.caught)


def _settles(state: State, since: Side, proven_upper: float, detector: DetectorPower, fix: Fix | None) -> Text | None:
    if state in (State.FAIL, State.PROVEN) or (since.events and not (fix and not shows(fix))):
        return None
    if detector.caught == 0 and (since.trials or fix):
        return SELF_TEST
    if fix is not None and not shows(fix):
        return fix_settles(fix)
    upper = joint_upper(since.trials, shown=detector.shown, caught=detector.caught)
    if upper is None:
        return None
    wanted = proven_upper if upper <= MEETS_UPPER else MEETS_UPPER
    needed = trials_to_prove(wanted, detector)
    if needed is None:
        return None
    more = max(1, needed - since.trials)
    if upper > MEETS_UPPER:
        return text("{k} more clean trials would meet it.", k=more)
    return text("{k} more clean trials would prove it.", k=more)


def _events_in_words(since: Side, detector: DetectorPower) -> Text:
    if since.trials == 0:
        return text("Events: {n}. Trials: not counted.", n=since.events)
    if since.without_trials:
        return text(
            "{k} in {n} trials, and {more} in runs that do not say how often they tried.",
            k=since.in_rate,
            n=since.trials,
            more=since.without_trials,
        )
    if since.events:
        return text("{events} in {n} trials.", events=since.events, n=since.trials)
    upper = joint_upper(since.trials, shown=detector.shown, caught=detector.caught)
    if upper is None or upper >= SAYS_NOTHING:
        return text("0 in {n} trials.", n=since.trials)
    return text("0 in {n} trials; at most {upper} for each, at 95 %.", n=since.trials, upper=rates(upper)[0])


def exposure_of(exposure: Text, since: Side) -> Text:
    """What the trials are, and how many of the events are among them, where not all are."""
    if not since.without_trials or not since.trials:
        return exposure
    return text("{trials}, with {k} of the {n} among them", trials=exposure, k=since.in_rate, n=since.events)


def count_interval(events: int, trials: int, detector: DetectorPower) -> tuple[float | None, float | None]:
    """How many events so many trials would bring in the long run; with none seen, a one-sided bound, or none."""
    if events:
        count = garwood(events)
        return count.low, count.high
    upper = joint_upper(trials, shown=detector.shown, caught=detector.caught)
    return (None, None) if upper is None or upper >= SAYS_NOTHING else (0.0, upper * trials)


def inputs_of(counts: EventCounts, detector: DetectorPower, fix: Fix | None) -> dict[str, Any]:
    """What a reader needs to compute the figure again: what was counted, and what the detectors are known to see."""
    since, before = counts.since, counts.before
    upper = joint_upper(since.trials, shown=detector.shown, caught=detector.caught) if not since.events else None
    return {
        "events": since.events,
        "events_among_trials": since.in_rate,
        "events_without_trials": since.without_trials,
        "trials": since.trials,
        "runs": since.n_runs,
        "blocking": since.blocking,
        "events_before_fix": before.events,
        "trials_before_fix": before.trials,
        "runs_before_fix": before.n_runs,
        "blocking_before_fix": before.blocking,
        "expected": counts.apart["expected"],
        "events_of_other_commits": counts.apart["of another commit"],
        "events_of_other_workflows": counts.apart["of another workflow"],
        "events_outside_the_window": counts.apart["outside the window"],
        "jobs_without_count": counts.silent_jobs,
        "upper_per_trial": upper,
        "defects_shown": detector.shown,
        "defects_caught": detector.caught,
        "fixed_at": fix.at.isoformat() if fix else None,
        "fix_needs_runs": fix.runs_needed if fix else None,
        "fix_needs_trials": fix.further_trials if fix else None,
    }


def detector_in_words(detector: DetectorPower) -> Text:
    """What is known of how well the detectors see, and what it does to the bound."""
    shown, caught = detector.shown, detector.caught
    events = events_ruled_out(shown, caught)
    if shown == 0:
        return text("Sensitivity: not known. No seeded event of this kind was shown to the detectors.")
    if events is None:
        return text(
            "Sensitivity: of {shown} seeded events of this kind the detectors caught none, so nothing bounds the rate.",
            shown=shown,
        )
    if caught == shown and shown >= NO_DISCOUNT:
        return text(
            "Sensitivity: the detectors caught all {shown} seeded events of this kind. From {least} on, all of them "
            "caught, the joint bound lies at a sensitivity of 1: no discount.",
            shown=shown,
            least=NO_DISCOUNT,
        )
    return text(
        "Sensitivity: of {shown} seeded events of this kind the detectors caught {caught}. {missed} missed, or fewer "
        "than {least} shown, widen the joint bound: it takes {events:.4f} expected events where it took {best:.4f}.",
        shown=shown,
        caught=caught,
        missed=shown - caught,
        least=NO_DISCOUNT,
        events=events,
        best=events_ruled_out(NO_DISCOUNT, NO_DISCOUNT),
    )


def apart_in_words(counts: EventCounts) -> Iterator[Text]:
    """What was seen and does not count, and why."""
    for why, n in counts.apart.items():
        if n:
            yield text("Seen, and not counted: {n} {why}.", n=n, why=Text(template=APART[why]))


def with_apart(said: Text, counts: EventCounts) -> Text:
    """The figure, and beside it what a reader may have seen elsewhere and misses in it."""
    for why, n in counts.apart.items():
        if n and why != "expected":
            said = text("{said} Not counted: {n} {why}.", said=said, n=n, why=Text(template=APART[why]))
    return said


def _derived(
    counts: EventCounts, allowed: int, proven_upper: float, detector: DetectorPower, fix: Fix | None
) -> Iterator[Text]:
    """The figure, a step at a time, with the numbers in it."""
    since = counts.since
    yield text(
        "Counted: {events} unexpected events, {k} of them in {n} trials; allowed are {allowed}. {silent} jobs do not "
        "say how often they tried.",
        events=since.events,
        k=since.in_rate,
        n=since.trials,
        allowed=allowed,
        silent=counts.silent_jobs,
    )
    yield from apart_in_words(counts)
    yield detector_in_words(detector)
    upper = joint_upper(since.trials, shown=detector.shown, caught=detector.caught)
    if since.events:
        yield _garwood_in_words(since.events)
    elif upper is not None and upper < SAYS_NOTHING:
        yield from bound_in_words(since.trials, upper, detector)
        yield text(
            "It meets the threshold if it is at most {meets}, and proves the zero if it is at most {proven_upper}.",
            meets=MEETS_UPPER,
            proven_upper=proven_upper,
        )
        by_run = joint_upper(since.n_runs, shown=detector.shown, caught=detector.caught)
        if by_run is not None and by_run < SAYS_NOTHING:
            yield text(
                "The trials of one run share its fate. By runs: none in {n}, so at most {upper:.4f} for each run.",
                n=since.n_runs,
                upper=by_run,
            )
    if fix is not None:
        yield from fix_in_words(fix)


def bound_in_words(trials: int, upper: float, detector: DetectorPower) -> Iterator[Text]:
    """The joint bound, computed."""
    yield text(
        "Joint bound for each trial: {events:.4f} / {n} = {upper:.6f}.",
        events=events_ruled_out(detector.shown, detector.caught),
        n=trials,
        upper=upper,
    )


def _garwood_in_words(events: int) -> Text:
    count = garwood(events)
    return text(
        "Garwood's interval of {events} events: χ²(0.025, {low_df})/2 = {low:.4f} to χ²(0.975, {high_df})/2 = "
        "{high:.4f}.",
        events=events,
        low_df=2 * events,
        low=count.low,
        high_df=2 * events + 2,
        high=count.high,
    )


def fix_in_words(fix: Fix) -> Iterator[Text]:
    """What shows a fix, computed: of each kind of runs that was sick, and of the trials."""
    for one in fix.sick:
        yield text(
            "Fix of {at}, {kind}: {bad} of {n} were sick before it, {bad_since} of {since} since. To reject at 95 % "
            "that they still are it takes ⌈ln 0.05 / ln(1 - {bad}/{n})⌉ clean ones, and three at the least: {needed}.",
            at=fix.at,
            kind=Text(template=KINDS[one.kind]),
            bad=one.bad,
            n=one.n,
            bad_since=one.bad_since,
            since=one.since,
            needed=one.needed,
        )
    if fix.events_before:
        yield text(
            "Fix of {at}, trials: {events} in {trials} before it, so ⌈ln 0.05 / ln(1 - {events}/{trials})⌉ = {needed} "
            "clean ones; {since} came since.",
            at=fix.at,
            events=fix.events_before,
            trials=fix.trials_before,
            needed=fix.trials_needed,
            since=fix.trials_since,
        )
