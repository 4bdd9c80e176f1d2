"""Tests whether the evidence since a fix shows that the fix works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import counting
from atalaya.metrics.stats.flakiness import clean_runs_to_prove
from atalaya.records.judged import ArtefactFinding, BrokenTest, IncidentFollowUp, Metric, State
from atalaya.records.stored import Event, IncidentStep, Observation, Outcome
from atalaya.watch.incidents.fingerprint import cause_of, cause_of_event, cause_of_finding, cause_of_test
from atalaya.watch.states import FIXED, RESOLVED

DECIDED = (Outcome.KEPT, Outcome.BROKEN)


def landed_at(incident: str, transitions: Sequence[IncidentStep]) -> datetime | None:
    """When the fix of an incident landed; None while there is none, or where it came back."""
    at: datetime | None = None
    for one in transitions:
        if one.incident == incident:
            at = (at or one.occurred_at) if one.state in FIXED else None
    return at


def follow(
    transitions: Sequence[IncidentStep],
    *,
    observations: Sequence[Observation],
    events: Sequence[Event],
    metrics: Sequence[Metric],
    published: Sequence[ArtefactFinding] = (),
    broken_tests: Sequence[BrokenTest] = (),
) -> tuple[IncidentFollowUp, ...]:
    """How often each incident was seen, and whether what came since its fix shows that it holds.

    :param observations: those that count, oldest first.
    :param events: those that count, unexpected ones only.
    :param published: what is, or was, wrong with what is served.
    :param broken_tests: those that are broken now.
    """
    latest = {one.incident: one for one in transitions}
    by_id = {metric.id: metric for metric in metrics}
    return tuple(
        _followed(one, landed_at(one.incident, transitions), observations, events, by_id, published, broken_tests)
        for one in latest.values()
    )


def not_shown(transitions: Sequence[IncidentStep], observations: Sequence[Observation]) -> dict[str, Text]:
    """The incidents that somebody called resolved with too few clean runs, and what is missing.

    Neither what there was at that instant nor what there is now shows it. A metric's incidents are not here: where its
    fix is not shown, the metric itself says so.
    """
    found = {}
    for one in {one.incident: one for one in transitions}.values():
        broken = {
            seen.promise
            for seen in observations
            if seen.outcome is Outcome.BROKEN and cause_of(seen) in one.fingerprints
        }
        if one.state != RESOLVED or not broken:
            continue
        landed = landed_at(one.incident, transitions)
        then = [seen for seen in observations if seen.occurred_at <= one.occurred_at]
        shown, proof = _by_runs(sorted(broken), observations, landed)
        if not shown and not _by_runs(sorted(broken), then, landed)[0]:
            found[one.incident] = proof
    return found


def _followed(
    one: IncidentStep,
    landed: datetime | None,
    observations: Sequence[Observation],
    events: Sequence[Event],
    metrics: Mapping[str, Metric],
    published: Sequence[ArtefactFinding],
    broken_tests: Sequence[BrokenTest],
) -> IncidentFollowUp:
    broken = [seen for seen in observations if seen.outcome is Outcome.BROKEN and cause_of(seen) in one.fingerprints]
    hurt = [seen for seen in events if _is_of(seen, one)]
    times = sorted(seen.occurred_at for seen in (*broken, *hurt))
    promises = sorted({seen.promise for seen in broken})
    if one.metric in metrics:
        shown, proof = _by_metric(metrics[one.metric])
    elif promises:
        shown, proof = _by_runs(promises, [seen for seen in observations if seen.promise in promises], landed)
    elif one.rule.startswith("artefact-"):
        wrong = [found for found in published if found.gone_at is None and cause_of_finding(found) in one.fingerprints]
        shown = not wrong
        proof = wrong[0].says if wrong else text("What is served now is not wrong in this way any more.")
    elif one.rule == "test-broken":
        still = [test for test in broken_tests if cause_of_test(test) in one.fingerprints]
        shown = not still
        proof = still[0].reason if still else text("It passed since: its last attempts did not all fail.")
    else:
        shown, proof = True, text("Nothing that is measured can show it: it is a person's word.")
    return IncidentFollowUp(
        incident=one.incident,
        rule=one.rule,
        fingerprints=one.fingerprints,
        blocks=one.blocks,
        shows=one.shows,
        seen=len(times),
        first_at=times[0] if times else None,
        last_at=times[-1] if times else None,
        landed_at=landed,
        promises=tuple(promises),
        shown=shown and landed is not None,
        proof=proof,
    )


def _is_of(seen: Event, one: IncidentStep) -> bool:
    """Whether an event is of an incident's causes; of one that a person wrote, whether it spoils the same metric."""
    it, events = counting(seen.event)
    if one.fingerprints:
        return cause_of_event(seen, events.opens.id) in one.fingerprints
    return one.metric == it.id and seen.occurred_at >= one.opened_at


def _by_metric(metric: Metric) -> tuple[bool, Text]:
    """The metric itself counts what came since the fix."""
    shown = metric.state in (State.MEETS, State.PROVEN)
    return shown, text("{metric}, {state}: {reason}", metric=metric.id, state=metric.state, reason=metric.reason)


def _by_runs(
    promises: Sequence[str], observations: Sequence[Observation], landed: datetime | None
) -> tuple[bool, Text]:
    """Clean runs, for each promise that was broken, enough to reject that the rate from before the fix is there."""
    if landed is None:
        return False, text("No fix has landed yet.")
    worst: tuple[bool, Text] | None = None
    for promise in promises:
        runs = [seen for seen in observations if seen.promise == promise and seen.outcome in DECIDED]
        before = [seen.outcome for seen in runs if seen.occurred_at <= landed]
        since = [seen.outcome for seen in runs if seen.occurred_at > landed]
        bad = before.count(Outcome.BROKEN)
        needed = (bad and clean_runs_to_prove(bad / len(before))) or 1
        shown = Outcome.BROKEN not in since and len(since) >= needed
        proof = text(
            "{promise}, since the fix of {at}: {clean} clean runs of {needed} that are needed to reject at 95 % what "
            "was there before it, in {bad} of {n} runs; broken since: {broken}.",
            promise=promise,
            at=landed,
            clean=since.count(Outcome.KEPT),
            needed=needed,
            bad=bad,
            n=len(before),
            broken=since.count(Outcome.BROKEN),
        )
        if worst is None or (worst[0] and not shown):
            worst = shown, proof
    return worst or (False, text("No run has tested it since."))
