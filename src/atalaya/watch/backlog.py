"""The backlog for the next version, ordered by priority.

With what this one does not do yet, the most pressing first. How much an item presses is impact x frequency x cost, each
from 1 to 3 by the tables below, which the docs print: nobody ranks by feeling. Each item names the check or the metric
that will prove it done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from atalaya.core.words import N_, Text, sentence, text
from atalaya.records.judged import BacklogItem, Coverage, Incident, IncidentFollowUp, Metric, PromiseStatus, State
from atalaya.records.results import Limitation
from atalaya.records.stored import Finding, Outcome, Presence, Severity
from atalaya.watch.states import RESOLVED

# Whom it hurts.
IMPACT: dict[Severity, int] = {Severity.CRITICAL: 3, Severity.MAJOR: 2, Severity.MINOR: 1}
# How often it was met: the least share of the runs, and what it counts for.
FREQUENCY: tuple[tuple[float, int], ...] = ((0.5, 3), (0.1, 2), (0.0, 1))
# What it costs to leave it.
STOPS, HIDES, ANNOYS = 3, 2, 1
COST: dict[int, str] = {
    STOPS: N_("it stops a release"),
    HIDES: N_("it hides what happens, or makes a watch longer"),
    ANNOYS: N_("it annoys, or may hurt later"),
}
# What is broken and critical stops a release, what is major extends its watch.
COST_OF: dict[Severity, int] = {Severity.CRITICAL: STOPS, Severity.MAJOR: HIDES, Severity.MINOR: ANNOYS}
# The least product, and the priority that it gives.
PRIORITY: tuple[tuple[int, int], ...] = ((18, 1), (9, 2), (4, 3), (1, 4))

MOST_UNTESTED = 5  # more promises than this that no run has tested are one item

SEVERITIES = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)


class BacklogInputs(NamedTuple):
    """What of a release goes into its backlog."""

    promises: Sequence[PromiseStatus] = ()
    metrics: Sequence[Metric] = ()
    findings: Sequence[Finding] = ()
    limitations: Sequence[Limitation] = ()
    incidents: Sequence[Incident] = ()
    followed: Sequence[IncidentFollowUp] = ()
    coverage: Coverage | None = None


def backlog(known: BacklogInputs) -> tuple[BacklogItem, ...]:
    """The items in their order: by the product; where it is the same, promises first, and the more severe first."""
    by_severity = sorted(known.promises, key=lambda one: (SEVERITIES.index(one.promise.severity), one.promise.id))
    items = [
        *_promises(by_severity),
        *_metrics(known.metrics),
        *_incidents(known),
        *_watching(known.coverage),
        *_limitations(known.findings, known.limitations),
    ]
    return tuple(sorted(items, key=lambda item: -item.impact * item.frequency * item.cost))


def _item(id: str, says: Text, reason: Text, *, proven_by: str, impact: int, frequency: int, cost: int) -> BacklogItem:
    score = impact * frequency * cost
    why = text(
        "{reason} Impact {impact} x frequency {frequency} x cost {cost} = {score}.",
        reason=reason,
        impact=impact,
        frequency=frequency,
        cost=cost,
        score=score,
    )
    priority = next(priority for least, priority in PRIORITY if score >= least)
    return BacklogItem(
        id=id, says=says, why=why, proven_by=proven_by, priority=priority, impact=impact, frequency=frequency, cost=cost
    )


def frequency_of(met: int, n: int) -> int:
    """How often something was met, from 1 to 3; what was never looked at counts as met each time.

    >>> frequency_of(1, 72), frequency_of(8, 72), frequency_of(36, 72), frequency_of(0, 0)
    (1, 2, 3, 3)
    """
    share = met / n if n else 1.0
    return next(counts for least, counts in FREQUENCY if share >= least)


def _promises(statuses: Sequence[PromiseStatus]) -> Iterator[BacklogItem]:
    untested = [status for status in statuses if status.at is None and status.outcome is Outcome.UNKNOWN]
    if len(untested) > MOST_UNTESTED:
        first = untested[0].promise
        yield _item(
            "checks",
            text("Run the checks: {n} promises were never tested", n=len(untested)),
            text("No run has tested them."),
            proven_by=first.id,
            impact=IMPACT[first.severity],
            frequency=3,
            cost=HIDES,
        )
        statuses = [status for status in statuses if status not in untested]
    for status in statuses:
        promise = status.promise
        runs = status.kept + status.broken + status.unknown
        if status.outcome is Outcome.BROKEN:
            says = text("Keep this promise again: {promise}", promise=sentence(promise.says))
            reason = (
                text("Broken in its latest run: {reason}", reason=status.reason)
                if status.reason
                else text("Broken in its latest run.")
            )
            met, cost = status.broken, COST_OF[promise.severity]
        elif status.outcome is Outcome.UNKNOWN:
            says = text("Find out whether this promise is kept: {promise}", promise=sentence(promise.says))
            reason = (
                text("No run has tested it.")
                if status.at is None
                else text("The check could not tell: {reason}", reason=status.reason)
            )
            met, cost = status.unknown, HIDES
        else:
            continue
        yield _item(
            promise.id,
            says,
            reason,
            proven_by=promise.id,
            impact=IMPACT[promise.severity],
            frequency=frequency_of(met, runs),
            cost=cost,
        )


def _metrics(metrics: Sequence[Metric]) -> Iterator[BacklogItem]:
    for metric in metrics:
        match metric.state:
            case State.FAIL:
                says = text(
                    "Bring {metric} back to its threshold: {threshold}", metric=metric.id, threshold=metric.threshold
                )
                frequency, cost = 3, STOPS if metric.critical else HIDES
            case State.UNKNOWN:
                says = text("Gather evidence for {metric}: nothing is known of it", metric=metric.id)
                frequency, cost = 3, HIDES
            case State.INCONCLUSIVE:
                says = text("Gather more evidence for {metric}: it is not conclusive", metric=metric.id)
                frequency, cost = 2, HIDES
            case _:
                continue
        yield _item(
            metric.id,
            says,
            metric.reason,
            proven_by=metric.id,
            impact=IMPACT[Severity.CRITICAL if metric.critical else Severity.MAJOR],
            frequency=frequency,
            cost=cost,
        )


def _incidents(known: BacklogInputs) -> Iterator[BacklogItem]:
    told = {one.incident: one for one in known.followed}
    for incident in known.incidents:
        followed = told.get(incident.id)
        seen = followed.seen if followed else 0
        if incident.state == RESOLVED:
            says = text(
                "Have a check that sees {incident} before users do: {impact}",
                incident=incident.id,
                impact=incident.impact,
            )
            reason, cost = text("It was resolved in this watch, and may come back."), ANNOYS
        else:
            says = text("Mend {incident}: {impact}", incident=incident.id, impact=incident.impact)
            reason = text("It is {state}: seen {n} times.", state=incident.state, n=seen)
            cost = COST_OF[incident.severity]
        yield _item(
            incident.id,
            says,
            reason,
            proven_by=incident.metric or _promise_of(incident, followed),
            impact=IMPACT[incident.severity],
            frequency=3 if seen >= 10 else 2 if seen > 1 else 1,
            cost=cost,
        )


def _promise_of(incident: Incident, followed: IncidentFollowUp | None) -> str:
    """The promise that an incident broke; of one that nothing measures, the id that its check would have."""
    if followed is not None and followed.promises:
        return followed.promises[0]
    words = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in incident.id.lower()).strip("-")
    return f"incident.{words or 'unnamed'}"


def _watching(coverage: Coverage | None) -> Iterator[BacklogItem]:
    if coverage is None or coverage.enough:
        return
    missed, due = (len(coverage.missed) + len(coverage.ci_gaps), 2 * len(coverage.points))
    yield _item(
        "watch-slept",
        text("Observe each checkpoint, and run CI from one to the next"),
        text(
            "Checkpoints that nobody observed: {missed} of {points}. Stretches between two without CI: {gaps}. The "
            "longest without any observation lasted {hours:.1f} h.",
            missed=len(coverage.missed),
            points=len(coverage.points),
            gaps=len(coverage.ci_gaps),
            hours=coverage.largest.hours,
        ),
        proven_by="watch-slept",
        impact=2,
        frequency=frequency_of(missed + coverage.slots - coverage.seen, due + coverage.slots),
        cost=HIDES,
    )


def _limitations(findings: Sequence[Finding], limitations: Sequence[Limitation]) -> Iterator[BacklogItem]:
    newest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda found: (found.occurred_at, found.recorded_at, found.run_id)):
        if finding.seen is not Presence.UNKNOWN:  # a probe that could not tell takes nothing back
            newest[finding.weakness] = finding
    for limitation in limitations:
        found = newest.get(limitation.id)
        if found is not None and found.seen is Presence.SEEN:
            yield _item(
                limitation.id,
                sentence(limitation.proposal),
                text("Seen, and beyond the contract: {weakness}", weakness=sentence(limitation.says)),
                proven_by=limitation.id,
                impact=1,
                frequency=3,
                cost=ANNOYS,
            )
