"""The rules by which an incident opens automatically, and opens again.

Pure functions of a judgement: :data:`OPENS` is the whole of the rules, and the docs print it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from atalaya.core.window import due_at
from atalaya.core.words import N_
from atalaya.evidence.apart import counts
from atalaya.metrics.definitions import METRICS, EventCount, MetricDefinition, counting_events
from atalaya.metrics.health.signs import SIGNS, about_of
from atalaya.metrics.window_query import may_be_ci
from atalaya.records.judged import Acts, BrokenTest, CellState, CiCell, Judgement, State, Trace
from atalaya.records.stored import (
    Artefact,
    Compatibility,
    Conclusion,
    Environment,
    Event,
    Health,
    IncidentStep,
    JobAttempt,
    Metadata,
    Observation,
    Outcome,
    Severity,
    TestAttempt,
    record_metadata,
)
from atalaya.watch import package_findings
from atalaya.watch.incidents.causes import Cause, Sighting, also, by_cause, in_words
from atalaya.watch.incidents.fingerprint import (
    cause_of,
    cause_of_cell,
    cause_of_event,
    cause_of_finding,
    cause_of_sign,
    cause_of_test,
    fingerprint,
    formerly_of_event,
    place_of,
)
from atalaya.watch.incidents.fix_verification import landed_at
from atalaya.watch.states import FIXED, MONITORING, OPEN, OVER, REOPENED, REOPENS_WITHIN_DAYS, RESOLVED

STORM = 5  # more new causes of one rule than this, at once, are one incident
BY = "atalaya"
TELLING = (Health.kind, Compatibility.kind, Artefact.kind)  # the records that signs of health are told by


class OpensWhen(NamedTuple):
    """One line of the table: which incident opens, and what stands in its way when it does."""

    id: str
    severity: str
    says: str
    see: Callable[[Judgement], Iterator[Sighting]]


# ── what the rules see ───────────────────────────────────────────────────────


def _promises(judgement: Judgement) -> Iterator[Sighting]:
    """Each promise whose latest outcome is broken, but for those that are minor."""
    broken: dict[str, list[tuple[Observation, str]]] = {}
    for trace in judgement.traces:
        if isinstance(trace.record, Observation):
            broken.setdefault(trace.record.promise, []).append((trace.record, trace.segment))
    for status in judgement.promises:
        promise = status.promise
        if status.outcome is not Outcome.BROKEN or promise.severity is Severity.MINOR:
            continue
        seen = sorted(broken[promise.id], key=lambda one: one[0].occurred_at)
        cause = cause_of(seen[-1][0])
        alike = [(one, segment) for one, segment in seen if cause_of(one) == cause]
        yield Sighting(
            rule="promise-broken",
            fingerprint=cause,
            severity=promise.severity,
            about=promise.contract,
            metric="",
            impact=f"The promise {promise.id} is broken: {promise.says}",
            first_at=alike[0][0].occurred_at,
            last_at=alike[-1][0].occurred_at,
            times=len(alike),
            shows=_few(segment for _, segment in alike),
            name=promise.id,
            began=alike[0][0].run_id,
        )


def _tests(judgement: Judgement) -> Iterator[Sighting]:
    """Each test whose last attempts all failed, whatever the variants are in which they did."""
    of_test: dict[str, list[BrokenTest]] = {}
    for one in judgement.broken_tests:
        of_test.setdefault(one.test, []).append(one)
    failed: dict[tuple[str, str], list[tuple[TestAttempt, str]]] = {}
    for trace in judgement.traces:
        if isinstance(trace.record, TestAttempt):
            failed.setdefault((trace.record.test, trace.record.variant), []).append((trace.record, trace.segment))
    for test, broken in sorted(of_test.items()):
        since = min(one.since for one in broken)
        critical = any(one.critical for one in broken)
        attempts = [
            (record, segment)
            for one in broken
            for record, segment in failed.get((test, one.variant), ())
            if record.occurred_at >= one.since
        ]
        attempts.sort(key=lambda attempt: attempt[0].occurred_at)
        yield Sighting(
            rule="test-broken",
            fingerprint=cause_of_test(broken[0]),
            severity=Severity.CRITICAL if critical else Severity.MAJOR,
            about="flaky-tests",
            # The metric leaves broken tests out, so that it may fail, or meet its threshold, beside one.
            metric="",
            impact=f"The test {test} is broken: all its attempts fail since {since:%Y-%m-%d %H:%M} UTC",
            first_at=since,
            last_at=max(one.last_at or one.since for one in broken),
            times=sum(one.failures for one in broken),
            shows=_few(segment for _, segment in attempts),
            name=test,
            began=attempts[0][0].run_id if attempts else "",
            runs=frozenset(record.run_id for record, _ in attempts),
        )


def _events(it: MetricDefinition, events: EventCount) -> OpensWhen:
    """Unexpected events that a metric counts, alike by the type of the error and the place."""
    rule = events.opens

    def see(judgement: Judgement) -> Iterator[Sighting]:
        alike: dict[str, list[tuple[Event, str]]] = {}
        of_another_tree = _runs_of_another_tree(judgement)
        for trace in judgement.traces:
            event = trace.record
            if not isinstance(event, Event) or event.event is not events.kind or event.expected:
                continue
            if event.run_id in of_another_tree:
                continue
            # A real service is shown beside and decides nothing; so it opens nothing either.
            if event.environment is not Environment.SERVICE and (event.blocking or not rule.blocking_only):
                alike.setdefault(cause_of_event(event, rule.id), []).append((event, trace.segment))
        for name, found in sorted(alike.items()):
            times = sorted(event.occurred_at for event, _ in found)
            yield Sighting(
                rule=rule.id,
                fingerprint=name,
                severity=rule.severity,
                about=it.id,
                metric=it.id,
                impact=f"{rule.says.removesuffix('.')}, in {place_of(found[0][0].place) or found[0][0].place}",
                first_at=times[0],
                last_at=times[-1],
                times=len(found),
                shows=_few(segment for _, segment in found),
                name=f"{it.id} in {place_of(found[0][0].place)}",
                formerly=frozenset(formerly_of_event(event, rule.id) for event, _ in found),
            )

    return OpensWhen(rule.id, str(rule.severity), rule.says, see)


def _metrics(judgement: Judgement) -> Iterator[Sighting]:
    """A metric that fails: at once where it is a count, else as it was at the last checkpoint.

    It comes back at a checkpoint, and not before: what it counted stays counted when a fix lands.
    """
    look = judgement.looks[-1] if judgement.looks else None
    failed_then = look.failing if look else ()
    for metric in judgement.metrics:
        fails_now = metric.state is State.FAIL and metric.acts is Acts.AT_ONCE
        if not METRICS[metric.id].opens_by_figure or not (fails_now or metric.id in failed_then):
            continue
        looked_at = due_at(judgement.release, look.hours) if look and metric.id in failed_then else None
        yield Sighting(
            rule="metric-failed",
            fingerprint=fingerprint("metric-failed", metric.id, "", ""),
            about=metric.id,
            severity=Severity.CRITICAL if metric.critical else Severity.MAJOR,
            metric=metric.id,
            impact=f"The metric {metric.id} fails its threshold: {metric.threshold}",
            first_at=looked_at or judgement.as_of,
            last_at=looked_at or judgement.release.opened_at,
            times=1,
            shows=(),
            name=metric.id,
            runs=_lost_runs(judgement) if metric.id == "pass-rate" else frozenset(),
        )


def _lost_runs(judgement: Judgement) -> frozenset[str]:
    """The runs of CI that lost a job: they are what a pass rate misses its threshold by."""
    return frozenset(trace.record.run_id for cell in judgement.cells for trace in _failures(cell, judgement))


def _variants(judgement: Judgement) -> Iterator[Sighting]:
    """Each variant of a job of CI that is broken, or that a test found worse than the others or than its own past.

    It was last seen when an attempt of it last failed, so it comes back by a new failure only.
    """
    for cell in judgement.cells:
        if cell.state not in (CellState.BROKEN, CellState.WORSE):
            continue
        failed = sorted(_failures(cell, judgement), key=lambda trace: trace.record.occurred_at)
        times = [trace.record.occurred_at for trace in failed] or [cell.since or cell.last_at]
        since = cell.since or times[0]
        yield Sighting(
            rule="variant-failing",
            fingerprint=cause_of_cell(cell),
            severity=Severity.MAJOR,
            about="pass-rate",
            metric="",  # it is one variant's: the rate of all fails, or holds, by itself
            impact=f"The job {cell.job} ({cell.variant}) of {cell.workflow} fails. {cell.reason}",
            first_at=since,
            last_at=times[-1],
            times=len(times),
            shows=_few(trace.segment for trace in failed),
            name=f"the job {cell.job} ({cell.variant})",
            began=next((trace.record.run_id for trace in failed if trace.record.occurred_at >= since), ""),
            runs=frozenset(trace.record.run_id for trace in failed),
        )


def _failures(cell: CiCell, judgement: Judgement) -> Iterator[Trace]:
    """The attempts of a cell that failed."""
    for trace in judgement.traces:
        job = trace.record
        if (
            isinstance(job, JobAttempt)
            and (job.workflow, job.job, job.variant) == (cell.workflow, cell.job, cell.variant)
            and job.conclusion in (Conclusion.FAILURE, Conclusion.TIMED_OUT)
            and may_be_ci(job)
        ):
            yield trace


def _runs_of_another_tree(judgement: Judgement) -> frozenset[str]:
    """The runs of pull requests and the like: what happened in them is not this release's."""
    jobs = (trace.record for trace in judgement.traces if isinstance(trace.record, JobAttempt))
    return frozenset(job.run_id for job in jobs if not counts(job.event))


def _health(id: str) -> OpensWhen:
    """A sign of health that was over its limit at the last checkpoint.

    It was last seen in the last run that was not well, so it comes back by a new one only.
    """
    severity = SIGNS[id].severity
    assert severity is not None

    def see(judgement: Judgement) -> Iterator[Sighting]:
        unwell = judgement.looks[-1].unwell if judgement.looks else ()
        for sign in judgement.health:
            if sign.id != id or (sign.id, sign.about) not in unwell:
                continue
            times = [run.at for run in sign.runs if not run.well] or [
                due_at(judgement.release, judgement.looks[-1].hours)
            ]
            about = about_of(sign)
            yield Sighting(
                rule=id,
                fingerprint=cause_of_sign(sign),
                severity=severity,
                about="health",
                metric="",
                impact=f"{sign.title}{f' ({about})' if about else ''}: {sign.text}; the limit is {sign.limit}",
                first_at=times[0],
                last_at=times[-1],
                times=len(times),
                shows=_few(
                    segment.name
                    for segment in judgement.segments
                    if segment.kind in TELLING and any(segment.first_at <= at <= segment.last_at for at in times)
                ),
            )

    return OpensWhen(id, str(severity), SIGNS[id].says, see)


def _artefact(rule: package_findings.Rule) -> OpensWhen:
    """A rule about what is published opens an incident of its own severity."""

    def see(judgement: Judgement) -> Iterator[Sighting]:
        for found in judgement.published:
            if found.rule == rule.id:
                yield Sighting(
                    rule=rule.id,
                    fingerprint=cause_of_finding(found),
                    severity=found.severity,
                    about="artefact",
                    metric="",
                    impact=str(found.says),
                    first_at=found.at,
                    last_at=found.last_at or found.at,
                    times=1,
                    shows=(),
                )

    return OpensWhen(rule.id, str(rule.severity), rule.says, see)


OPENS: tuple[OpensWhen, ...] = (
    OpensWhen(
        "promise-broken",
        N_("the promise's"),
        N_("A critical or a major promise is broken in its latest run."),
        _promises,
    ),
    OpensWhen(
        "variant-failing",
        str(Severity.MAJOR),
        N_("A variant of a CI job failed in its last three runs, or fails more than the others by a test."),
        _variants,
    ),
    # What is more severe is said first.
    OpensWhen(
        "test-broken",
        N_("critical for a critical test, else major"),
        N_("The last three attempts of a test all failed, over two runs or more."),
        _tests,
    ),
    *(_events(it, events) for it, events in reversed(tuple(counting_events()))),
    OpensWhen(
        "metric-failed",
        N_("the metric's"),
        N_("A metric fails its threshold, and no event of its own opens an incident."),
        _metrics,
    ),
    *(_health(id) for id, it in SIGNS.items() if it.severity is not None),
    *map(_artefact, package_findings.RULES),
)


# ── what opens, and what comes back ──────────────────────────────────────────


def sightings(judgement: Judgement) -> tuple[Sighting, ...]:
    """All that the rules see. A metric that fails for what is seen already is not seen once more."""
    found = [sighting for rule in OPENS for sighting in rule.see(judgement)]
    told = {one.metric for one in found if one.rule != "metric-failed"}
    return tuple(one for one in found if one.rule != "metric-failed" or one.metric not in told)


def due(judgement: Judgement, *, at: datetime) -> tuple[IncidentStep, ...]:
    """The steps that the rules take now: incidents that open, are joined by more of their cause, or come back."""
    latest = {one.incident: one for one in judgement.transitions}
    steps: list[IncidentStep] = []
    new: dict[str, list[Cause]] = {}
    for cause in by_cause(sightings(judgement), judgement.sees):
        known = {one.fingerprint: _stands_for(one, latest.values()) for one in cause}
        theirs = {one.incident: one for one in known.values() if one is not None}
        if not theirs:
            new.setdefault(cause[0].rule, []).append(cause)
        for number, one in enumerate(theirs.values()):
            # What has no incident yet is of the first that the cause has.
            of_it = [seen for seen in cause if (known[seen.fingerprint] or one).incident == one.incident]
            more = [seen for seen in of_it if known[seen.fingerprint] is None and number == 0]
            back = next((seen for seen in of_it if _came_back(seen, one, judgement.transitions)), None)
            if back is not None:
                steps.append(_reopened(one, back, judgement, at, more=more))
            elif more:
                why = f"It is of the same cause: {also(more)}."
                steps.append(_step(one, judgement, at, state=one.state, why=why, of=more))
    for rule, causes in new.items():
        steps += _opening(rule, causes, latest, judgement, at)
    return tuple(steps)


def _opening(
    rule: str, causes: Sequence[Cause], latest: Mapping[str, IncidentStep], judgement: Judgement, at: datetime
) -> list[IncidentStep]:
    """What becomes of new causes of one rule: an incident each, but in a storm."""
    together = [one for cause in causes for one in cause]
    storm = next((one for one in latest.values() if one.rule == rule and _is_storm(one)), None)
    if storm is not None:
        back = next((one for one in together if _came_back(one, storm, judgement.transitions)), None)
        if back is not None:
            return [_reopened(storm, back, judgement, at, more=together)]
        return [_joined(storm, together, judgement, at)]
    if sum(one.rule == rule for one in together) > STORM:
        return [_opened(causes, latest, judgement, at)]
    return [_opened([cause], latest, judgement, at) for cause in causes]


def _is_live(one: IncidentStep) -> bool:
    return one.state not in OVER


def _is_storm(one: IncidentStep) -> bool:
    return _is_live(one) and len(one.fingerprints) > STORM


def _stands_for(sighting: Sighting, latest: Iterable[IncidentStep]) -> IncidentStep | None:
    """The incident that a sighting belongs to. One that a person wrote stands for all that spoils its metric.

    A cause that comes back long after it was over is another incident.
    """
    found = None
    for one in latest:
        theirs = not one.rule and one.metric and one.metric == sighting.metric
        if {sighting.fingerprint, *sighting.formerly}.intersection(one.fingerprints) or theirs:
            too_late = one.state == RESOLVED and sighting.last_at > one.occurred_at + timedelta(
                days=REOPENS_WITHIN_DAYS
            )
            if not too_late and (found is None or _is_live(one)):
                found = one
    return found


def _came_back(sighting: Sighting, known: IncidentStep, transitions: Sequence[IncidentStep]) -> bool:
    landed = landed_at(known.incident, transitions)
    return known.state in FIXED and landed is not None and sighting.last_at > landed


def _reopened(
    known: IncidentStep, sighting: Sighting, judgement: Judgement, at: datetime, more: Sequence[Sighting] = ()
) -> IncidentStep:
    why = (
        "The fix failed: it was seen again while it was being monitored."
        if known.state == MONITORING
        else f"It came back within {REOPENS_WITHIN_DAYS} days."
    )
    return _step(known, judgement, at, state=REOPENED, why=why, of=[sighting, *more])


def _joined(storm: IncidentStep, of_rule: Sequence[Sighting], judgement: Judgement, at: datetime) -> IncidentStep:
    why = f"The storm goes on: {len(of_rule)} more of the same kind."
    return _step(storm, judgement, at, state=storm.state, why=why, of=of_rule)


def _step(
    known: IncidentStep, judgement: Judgement, at: datetime, *, state: str, why: str, of: Sequence[Sighting]
) -> IncidentStep:
    """A step that changes what a rule may change, and leaves what people wrote."""
    return IncidentStep(
        **_metadata(judgement, at),
        by=BY,
        incident=known.incident,
        opened_at=known.opened_at,
        state=state,
        severity=min((known.severity, *(one.severity for one in of)), key=list(Severity).index),
        impact=known.impact,
        root_cause=known.root_cause,
        fix=known.fix,
        metric=known.metric or next((one.metric for one in of if one.metric), ""),
        why=why,
        rule=known.rule,
        fingerprints=_once((*known.fingerprints, *(one.fingerprint for one in of))),
        blocks=_once((*known.blocks, *_blocks(of, judgement))),
        shows=_once((*known.shows, *(name for one in of for name in one.shows))),
        about=_once((*known.about, *(one.about for one in of))),
    )


def _opened(
    together: Sequence[Cause], latest: Mapping[str, IncidentStep], judgement: Judgement, at: datetime
) -> IncidentStep:
    """The incident of one cause; of a storm of them, which is one too."""
    found = [one for cause in together for one in cause]
    ranked = sorted(together, key=lambda cause: (_worst(cause), cause[0].first_at, cause[0].fingerprint))
    first = ranked[0][0]
    names = tuple(sorted(one.fingerprint for one in found))
    since = min(one.first_at for one in found).replace(microsecond=0)  # to the second, as people read it
    count = len([one for one in found if one.rule == first.rule])
    impact = in_words(ranked[0]) if len(together) == 1 else f"{count} at once, the first: {first.impact}"
    return IncidentStep(
        **_metadata(judgement, at),
        by=BY,
        incident=_name(names, latest),
        opened_at=since,
        state=OPEN,
        severity=list(Severity)[_worst(found)],
        impact=impact,
        root_cause="",
        fix="",
        metric=first.metric or next((one.metric for one in ranked[0] if one.metric), ""),
        why=f"The rule {first.rule} opened it.",
        rule=first.rule,
        fingerprints=names,
        blocks=_blocks(found, judgement),
        shows=_few(name for one in found for name in one.shows),
        about=_once(one.about for one in found),
    )


def _worst(found: Sequence[Sighting]) -> int:
    """Where the most severe stands in the order of severities."""
    return min(list(Severity).index(one.severity) for one in found)


def _metadata(judgement: Judgement, at: datetime) -> Metadata:
    return record_metadata(f"rules-{at:%Y%m%dT%H%M%S}", judgement.release.own_environment, at)


def _name(causes: Sequence[str], latest: Mapping[str, IncidentStep]) -> str:
    """A name that follows from the cause, so that two who open it at once open one incident."""
    digest = hashlib.sha256("\0".join(causes).encode()).hexdigest()[:6].upper()
    names = (f"INC-{digest}", *(f"INC-{digest}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in latest)


def _blocks(of_rule: Sequence[Sighting], judgement: Judgement) -> tuple[str, ...]:
    """The duties that an incident of these metrics, or families of promises, stands in the way of."""
    about = {one.about for one in of_rule}
    duties = (duty for point in judgement.checkpoints for duty in point.duties)
    return tuple(sorted(duty.id for duty in duties if about.intersection(duty.blocked_by)))


def _few(names: Iterable[str], most: int = 20) -> tuple[str, ...]:
    """Where the evidence is: enough to begin with, whatever a storm brought."""
    return _once(names)[:most]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
