"""Counts how often the causes of an incident were seen, when, and among how many trials.

Whatever says how often an incident was seen says what is counted here. That includes what was seen of its cause before
a person opened it: a person writes down what has happened already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import METRICS, counting
from atalaya.metrics.window_query import may_be_ci
from atalaya.records.judged import ArtefactFinding, CauseCount, HealthSign, Metric
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Event,
    Evidence,
    IncidentStep,
    JobAttempt,
    Observation,
    Outcome,
    TestAttempt,
)
from atalaya.watch.incidents.fingerprint import (
    cause_of,
    cause_of_attempt,
    cause_of_event,
    cause_of_finding,
    cause_of_job,
    cause_of_sign,
    formerly_of_event,
)
from atalaya.watch.states import OVER

DECIDED = (Outcome.KEPT, Outcome.BROKEN)
LOST = (Conclusion.FAILURE, Conclusion.TIMED_OUT)
FAILED = (CaseOutcome.FAILED, CaseOutcome.ERRORED)


class Occurrences(NamedTuple):
    """When the causes of an incident were seen, oldest first, and among how many trials.

    ``counts`` are those of each kind of record. ``times`` are those of the first of these kinds: the job that fails
    with its test is seen once.
    """

    times: tuple[datetime, ...] = ()
    counts: tuple[CauseCount, ...] = ()


class Looked(NamedTuple):
    """What is looked through for causes: records that count, each once, and what is known of them."""

    observations: Sequence[Observation] = ()
    events: Sequence[Event] = ()
    tests: Sequence[TestAttempt] = ()
    jobs: Sequence[JobAttempt] = ()
    health: Sequence[HealthSign] = ()
    published: Sequence[ArtefactFinding] = ()
    metrics: Mapping[str, Metric] = {}
    ended: Mapping[str, int] = {}  # how many attempts passed or failed, by the test


def occurrences(causes: Causes, looked: Looked) -> Occurrences:
    """How often the causes of an incident were seen."""
    kinds = [[*kind(causes, looked)] for kind in KINDS]
    found = [of_kind for of_kind in kinds if any(times for times, _ in of_kind)]
    first = sorted(at for times, _ in found[0] for at in times) if found else ()
    return Occurrences(tuple(first), tuple(count for of_kind in found for _, count in of_kind))


Counted = tuple[list[datetime], CauseCount]


def _count(times: Iterable[datetime], what: Text, trials: int | None) -> Counted:
    found = list(times)
    return found, CauseCount(what=what, seen=len(found), trials=trials)


# ── what an incident's causes are ────────────────────────────────────────────


class Causes(NamedTuple):
    """What an incident was seen by: its fingerprints, and of one that a person wrote all that spoils its metric.

    Of several incidents of one metric, each has what was seen after the end of the one before it, which is ``after``,
    and up to its own end, which is ``until``. The last has no ``until``.
    """

    fingerprints: frozenset[str]
    metric: str = ""
    after: datetime | None = None
    until: datetime | None = None

    def has_event(self, seen: Event) -> bool:
        """Whether an event is of these causes."""
        it, events = counting(seen.event)
        names = {cause_of_event(seen, events.opens.id), formerly_of_event(seen, events.opens.id)}
        return self.are_spoiling(it.id, seen.occurred_at) or not names.isdisjoint(self.fingerprints)

    def has_broken(self, seen: Observation) -> bool:
        """Whether a check found a promise broken by these causes."""
        return seen.outcome is Outcome.BROKEN and cause_of(seen) in self.fingerprints

    def are_spoiling(self, metric: str, at: datetime) -> bool:
        """Whether what a metric counted then is of these causes, whatever it was."""
        is_later = self.after is None or at > self.after
        is_before = self.until is None or at <= self.until
        return bool(self.metric) and self.metric == metric and is_later and is_before

    def show_in(self, record: Evidence) -> bool:
        """Whether one record, of those that count, shows these causes."""
        match record:
            case Event():
                return not record.expected and self.has_event(record)
            case Observation():
                at, is_counted = record.occurred_at, record.promise in _counted_checks(self.metric)
                is_broken = record.outcome is Outcome.BROKEN
                return self.has_broken(record) or (is_broken and is_counted and self.are_spoiling(self.metric, at))
            case TestAttempt():
                return record.outcome in FAILED and cause_of_attempt(record.test) in self.fingerprints
            case JobAttempt():
                is_lost = record.conclusion in LOST and may_be_ci(record)
                return is_lost and cause_of_job(record) in self.fingerprints
            case _:
                return False


def _counted_checks(metric: str) -> tuple[str, ...]:
    it = METRICS.get(metric)
    return it.events.checks if it is not None and it.events is not None else ()


def causes_of(one: IncidentStep, steps: Sequence[IncidentStep]) -> Causes:
    """The causes of an incident.

    :param one: its last step.
    :param steps: those of all incidents.
    """
    names = frozenset(one.fingerprints)
    if one.rule or not one.metric:
        return Causes(names)
    latest = {step.incident: step for step in steps}
    others = [
        step
        for step in latest.values()
        if step.incident != one.incident and step.metric == one.metric and not step.rule
    ]
    ended = [step.occurred_at for step in others if step.state in OVER and step.occurred_at <= one.opened_at]
    followed = one.state in OVER and any(step.opened_at >= one.occurred_at for step in others)
    return Causes(names, one.metric, max(ended, default=None), one.occurred_at if followed else None)


# ── what each kind of record shows ───────────────────────────────────────────


def _measured(causes: Causes, looked: Looked) -> Iterator[Counted]:
    """What a metric counts, among all that it looked at, and the promises that were broken."""
    checks = [seen for seen in looked.observations if seen.outcome in DECIDED]
    by_metric: dict[str, list[datetime]] = {}
    for event in looked.events:
        if causes.has_event(event):
            by_metric.setdefault(counting(event.event)[0].id, []).append(event.occurred_at)
    counted = _counted_checks(causes.metric)
    for seen in checks:
        # A broken check that the metric counts is no other cause than its events.
        spoils = seen.promise in counted and causes.are_spoiling(causes.metric, seen.occurred_at)
        if seen.outcome is Outcome.BROKEN and spoils and not causes.has_broken(seen):
            by_metric.setdefault(causes.metric, []).append(seen.occurred_at)
    for id, times in by_metric.items():
        metric = looked.metrics.get(id)
        trials = None if metric is None else metric.n + metric.before_fix.trials
        yield _count(times, metric.exposure if metric else text("trials"), trials or None)
    broken: dict[str, list[datetime]] = {}
    for seen in checks:
        if causes.has_broken(seen):
            broken.setdefault(seen.promise, []).append(seen.occurred_at)
    for promise, times in broken.items():
        n = sum(seen.promise == promise for seen in checks)
        yield _count(times, text("runs of the check of {promise}", promise=promise), n)


def _tests(causes: Causes, looked: Looked) -> Iterator[Counted]:
    """The attempts of a test, each once, that failed."""
    names = {seen.test for seen in looked.tests} if causes.fingerprints else set()
    for name in sorted(name for name in names if cause_of_attempt(name) in causes.fingerprints):
        failed = {
            (seen.variant, seen.run_id, seen.attempt, seen.origin): seen.occurred_at
            for seen in looked.tests
            if seen.test == name and seen.outcome in FAILED
        }
        ended = looked.ended.get(name, len(failed))
        yield _count(failed.values(), text("attempts of the test {test}", test=name), ended)


def _jobs(causes: Causes, looked: Looked) -> Iterator[Counted]:
    """The attempts of a job of CI, each once, that failed."""
    ended: dict[str, dict[tuple[str, int], JobAttempt]] = {}
    for job in looked.jobs:
        if may_be_ci(job) and job.conclusion in (Conclusion.SUCCESS, *LOST):
            cause = cause_of_job(job)
            if cause in causes.fingerprints:
                ended.setdefault(cause, {})[job.run_id, job.attempt] = job
    for attempts in ended.values():
        job = next(iter(attempts.values()))
        times = [job.occurred_at for job in attempts.values() if job.conclusion in LOST]
        what = text("decided attempts of the job {job} ({variant})", job=job.job, variant=job.variant)
        yield _count(times, what, len(attempts))


def _signs(causes: Causes, looked: Looked) -> Iterator[Counted]:
    """The runs that a sign of health was not well in."""
    for sign in looked.health:
        if cause_of_sign(sign) in causes.fingerprints:
            times = [run.at for run in sign.runs if not run.well]
            yield _count(times, text("runs that could have shown it"), len(sign.runs) or None)


def _served(causes: Causes, looked: Looked) -> Iterator[Counted]:
    """What is wrong with a published file is seen once, by the look that saw it first."""
    for found in looked.published:
        if cause_of_finding(found) in causes.fingerprints:
            yield _count([found.at], text("looks at what is served"), None)


# What leads comes first, as in the table of causes.
KINDS: tuple[Callable[[Causes, Looked], Iterator[Counted]], ...] = (_measured, _tests, _jobs, _signs, _served)
