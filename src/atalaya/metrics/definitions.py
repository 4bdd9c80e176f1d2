"""The metrics of the runbook, a row each: all that the rest of the code knows of one metric in particular."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya.core.words import N_, Record, StrictEnum
from atalaya.metrics.window_query import may_be_ci
from atalaya.records.judged import Acts, Metric, Trace
from atalaya.records.results import SmokeRun
from atalaya.records.stored import Event, EventKind, Evidence, JobAttempt, Observation, Severity, TestAttempt

if TYPE_CHECKING:
    from atalaya.metrics.engine.engine import Engine
    from atalaya.metrics.window_query import MetricQuery

    Measure = Callable[["MetricDefinition", Engine, MetricQuery], Metric]

HERE = Path(__file__).parent


class Comparison(StrictEnum):
    """How a metric is held against the last accepted release."""

    JOBS = "jobs"  # the jobs of both, variant by variant
    EVENTS = "events"  # events for each trial
    VALUE = "value"  # shown beside the other, and tested by nothing


class IncidentRule(Record, frozen=True, kw_only=True):
    """The incident that an event opens.

    Where ``blocking_only``, the other events open nothing, and the metric does when it fails.
    """

    id: str
    severity: Severity
    says: str
    blocking_only: bool = False


class EventCount(Record, frozen=True, kw_only=True):
    """What a metric that counts events rests on.

    ``trials`` says how often one smoke tried. Which checks would see such an event, the check pack says: see
    ``Pack.events``. A zero is worth as much as they are. ``checks`` are the promises that count as an event where they
    are broken, as ``event_tallies.sql`` has it.
    """

    kind: EventKind
    trials: Callable[[SmokeRun], int]
    opens: IncidentRule
    checks: tuple[str, ...] = ()


class MetricDefinition(Record, frozen=True, kw_only=True):
    """One metric.

    ``question`` is the file that counts it, and ``measured_by`` the ``module:function`` that turns its rows into a
    value; the module is named from this package on, and imported when it is measured, since pages and commands need
    this table without numpy and DuckDB. ``evidence`` are the records that it counts, the first of which stand behind
    the figure one by one, and ``nothing`` is said where there is none. ``blocks`` are the duties that it is the
    evidence of, and that its incidents stand in the way of. A critical metric that fails is a NO-GO.
    """

    id: str
    title: str
    definition: str
    source: str
    question: Path
    measured_by: str
    critical: bool
    acts: Acts
    compared: Comparison
    evidence: tuple[type[Evidence], ...]
    nothing: str
    blocks: tuple[str, ...] = ()
    events: EventCount | None = None

    @property
    def opens_by_figure(self) -> bool:
        """Whether an incident opens when it fails: not where each of its events opens one already."""
        return self.events is None or self.events.opens.blocking_only

    def measure(self, engine: Engine, span: MetricQuery) -> Metric:
        """The metric as the evidence shows it.

        :raises EvidenceError: a segment cannot be read.
        """
        module, _, function = self.measured_by.partition(":")
        measure: Measure = getattr(import_module(module, __package__), function)
        return measure(self, engine, span)

    def lists(self, trace: Trace) -> bool:
        """Whether a record stands behind the figure."""
        record = trace.record
        if not isinstance(record, self.evidence[0]) or (isinstance(record, JobAttempt) and not may_be_ci(record)):
            return False
        return self.events is None or (isinstance(record, Event) and record.event is self.events.kind)


# In the runbook's order.
METRICS: dict[str, MetricDefinition] = {
    row.id: row
    for row in (
        MetricDefinition(
            id="pass-rate",
            title=N_("CI pass rate"),
            definition=N_("Share of CI's jobs that end well at their last attempt"),
            source=N_("Jobs of {workflows}, of the released commit or one that holds the same SDK"),
            question=HERE / "pass_rate.sql",
            measured_by=".pass_rate:pass_rate",
            critical=True,
            acts=Acts.AT_CHECKPOINTS,
            compared=Comparison.JOBS,
            evidence=(JobAttempt,),
            nothing=N_("No attempt of a CI job was recorded."),
            blocks=("pipeline-green", "review-pass-rate"),
        ),
        MetricDefinition(
            id="flaky-tests",
            title=N_("Flaky tests"),
            definition=N_("Tests that pass and fail in turn while nothing changes"),
            source=N_("Test reports of CI, with their re-runs and repeats"),
            question=HERE / "flaky_tests.sql",
            measured_by=".flaky_tests:flaky_tests",
            critical=False,
            acts=Acts.AT_ONCE,
            compared=Comparison.VALUE,
            evidence=(TestAttempt,),
            nothing=N_("No test of CI has failed."),
            blocks=("flaky-trend",),
        ),
        MetricDefinition(
            id="network-errors",
            title=N_("Network errors"),
            definition=N_("Failures of the transport (`TransportError`) in a run"),
            source=N_("Atalaya's own smoke, and the logs of CI"),
            question=HERE / "network_errors.sql",
            measured_by=".network_errors:network_errors",
            critical=False,
            acts=Acts.AS_DECIDED,
            compared=Comparison.EVENTS,
            evidence=(Event, JobAttempt),
            nothing=N_("No network error was recorded."),
            blocks=("review-network",),
            events=EventCount(
                kind=EventKind.NETWORK_ERROR,
                trials=lambda smoke: smoke.requests,
                opens=IncidentRule(
                    id="network-blocking",
                    severity=Severity.CRITICAL,
                    says=N_("A network error blocked what was being done."),
                    blocking_only=True,
                ),
            ),
        ),
        MetricDefinition(
            id="polling-timeouts",
            title=N_("Polling timeouts"),
            definition=N_("Waits that ended in an unexpected `TimeoutError`"),
            source=N_("Atalaya's own smoke, and the tests of CI"),
            question=HERE / "polling_timeouts.sql",
            measured_by=".zero_events:polling_timeouts",
            critical=True,
            acts=Acts.AT_ONCE,
            compared=Comparison.EVENTS,
            evidence=(Event, JobAttempt),
            nothing=N_("No polling timeout was recorded."),
            blocks=("review-network",),
            events=EventCount(
                kind=EventKind.POLLING_TIMEOUT,
                trials=lambda smoke: smoke.waits,
                opens=IncidentRule(
                    id="polling-timeout", severity=Severity.CRITICAL, says=N_("A wait timed out unexpectedly.")
                ),
            ),
        ),
        MetricDefinition(
            id="stale-cache",
            title=N_("Stale-cache incidents"),
            definition=N_("Cases in which a poll reads an outdated state from the cache"),
            source=N_("Atalaya's own checks and smoke, and the cache tests of CI"),
            question=HERE / "stale_cache.sql",
            measured_by=".zero_events:stale_cache",
            critical=True,
            acts=Acts.AT_ONCE,
            compared=Comparison.EVENTS,
            evidence=(Event, JobAttempt, Observation),
            nothing=N_("No stale read was recorded."),
            events=EventCount(
                kind=EventKind.STALE_READ,
                trials=lambda smoke: smoke.trials,
                checks=("polling.fresh-status",),
                opens=IncidentRule(
                    id="stale-read",
                    severity=Severity.CRITICAL,
                    says=N_("A poll read an outdated status from the cache."),
                ),
            ),
        ),
    )
}


def counting_events() -> Iterator[tuple[MetricDefinition, EventCount]]:
    """The metrics that count events, with what they rest on."""
    return ((row, row.events) for row in METRICS.values() if row.events is not None)


def counting(kind: EventKind) -> tuple[MetricDefinition, EventCount]:
    """The metric that counts the events of one kind, with what it rests on."""
    return next((row, events) for row, events in counting_events() if events.kind is kind)


def evidence_of(duty: str) -> tuple[str, ...]:
    """The metrics that a duty is about."""
    return tuple(row.id for row in METRICS.values() if duty in row.blocks)
