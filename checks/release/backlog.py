"""Where does the next version begin?

With what this one does not do yet, the most pressing first: broken promises and failing metrics, then what is
not known, then weaknesses that were seen. Each item names the check or the metric that will prove it done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.records import (
    BacklogItem,
    Finding,
    Metric,
    Outcome,
    PromiseStatus,
    Severity,
    State,
    Weakness,
    text,
)

# The lower, the more pressing.
CRITICAL_FAILS = 1
FAILS = 2
NOT_KNOWN = 3
WEAKNESS_SEEN = 4

SEVERITIES = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)


def backlog(
    promises: Sequence[PromiseStatus],
    metrics: Sequence[Metric],
    findings: Sequence[Finding] = (),
    weaknesses: Sequence[Weakness] = (),
) -> tuple[BacklogItem, ...]:
    """The items in their order: by priority; within one, promises before metrics, the more severe first.

    :param findings: what was seen, in any order; the newest of each weakness counts.
    :param weaknesses: the table that says what each finding means. One that it does not know is left out.
    """
    by_severity = sorted(
        promises, key=lambda status: (SEVERITIES.index(status.promise.severity), status.promise.id)
    )
    items = [*_promises(by_severity), *_metrics(metrics), *_weaknesses(findings, weaknesses)]
    return tuple(sorted(items, key=lambda item: item.priority))


def _promises(statuses: Sequence[PromiseStatus]) -> Iterator[BacklogItem]:
    for status in statuses:
        promise = status.promise
        if status.outcome is Outcome.BROKEN:
            says = text("Keep this promise again: {promise}", promise=promise.says)
            why = (
                text("Broken in its latest run: {reason}", reason=status.reason)
                if status.reason
                else text("Broken in its latest run.")
            )
            priority = CRITICAL_FAILS if promise.severity is Severity.CRITICAL else FAILS
        elif status.outcome is Outcome.UNKNOWN:
            says = text("Find out whether this promise is kept: {promise}", promise=promise.says)
            why = (
                text("No run has tested it.")
                if status.at is None
                else text("The check could not tell: {reason}", reason=status.reason)
            )
            priority = NOT_KNOWN
        else:
            continue
        yield BacklogItem(id=promise.id, says=says, why=why, proven_by=promise.id, priority=priority)


def _metrics(metrics: Sequence[Metric]) -> Iterator[BacklogItem]:
    for metric in metrics:
        match metric.state:
            case State.FAIL:
                says = text(
                    "Bring {metric} back to its threshold: {threshold}",
                    metric=metric.id,
                    threshold=metric.threshold,
                )
                priority = CRITICAL_FAILS if metric.critical else FAILS
            case State.UNKNOWN:
                says = text("Gather evidence for {metric}: nothing is known of it", metric=metric.id)
                priority = NOT_KNOWN
            case State.INCONCLUSIVE:
                says = text("Gather more evidence for {metric}: it is not conclusive", metric=metric.id)
                priority = NOT_KNOWN
            case _:
                continue
        yield BacklogItem(id=metric.id, says=says, why=metric.reason, proven_by=metric.id, priority=priority)


def _weaknesses(findings: Sequence[Finding], weaknesses: Sequence[Weakness]) -> Iterator[BacklogItem]:
    newest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda found: (found.occurred_at, found.recorded_at, found.run_id)):
        if finding.seen is not None:  # a probe that could not tell takes nothing back
            newest[finding.weakness] = finding
    for weakness in weaknesses:
        found = newest.get(weakness.id)
        if found is not None and found.seen:
            yield BacklogItem(
                id=weakness.id,
                says=text("{proposal}", proposal=weakness.proposal),
                why=text("Seen, and beyond the contract: {weakness}", weakness=weakness.says),
                proven_by=weakness.id,
                priority=WEAKNESS_SEEN,
            )
