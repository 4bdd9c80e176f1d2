"""Tallies what the records of a release tell beside its verdict: its flaky tests and its errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from atalaya.evidence.apart import counts, is_of
from atalaya.evidence.commits import same_tree
from atalaya.fleet.release_records import RecordsByNow
from atalaya.fleet.row import MOST
from atalaya.fleet.strangers import cut
from atalaya.metrics.definitions import counting
from atalaya.metrics.window_query import OUR_WORKFLOWS
from atalaya.records.fleet import FleetCause, FleetIncident, FleetTest, ReleaseRow
from atalaya.records.stored import CaseOutcome, CommitTree, Environment, Event, JobAttempt, TestAttempt
from atalaya.watch.incidents.fingerprint import cause_of_event, error_type, place_of

DECIDED = (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.ERRORED)


def tallied(row: ReleaseRow, known: RecordsByNow, until: datetime, incidents: Sequence[FleetIncident]) -> ReleaseRow:
    """The row of a release whose watch goes on until an instant, with its flaky tests and its causes.

    :param incidents: all of them, where the row has some.
    """
    does_count = counts_for(known, until)
    return replace(
        row,
        tests=tuple(flaky_tests(known, does_count))[:MOST],
        causes=tuple(causes_of(known, does_count, incidents))[:MOST],
    )


def counts_for(known: RecordsByNow, until: datetime) -> Callable[[TestAttempt | Event], bool]:
    """Says of a record whether it is of a release's window, of its commit or one of the same tree, and of no run that
    tests another tree: as its metrics ask it."""
    release = known.release
    elsewhere = {job.run_id for job in known.of(JobAttempt) if not counts(job.event)}
    trees = same_tree(release.commit, known.of(CommitTree))

    def does_count(one: TestAttempt | Event) -> bool:
        is_inside = release.opened_at <= one.occurred_at <= until
        return is_inside and one.run_id not in elsewhere and is_of(one.commit, release, trees)

    return does_count


def flaky_tests(known: RecordsByNow, does_count: Callable[[TestAttempt], bool]) -> Iterator[FleetTest]:
    """The tests of CI that passed and failed on one commit and variant; the smoke's own steps are none."""
    release = known.release
    wanted = Environment.REHEARSAL if release.rehearsal else Environment.CI
    keys: dict[tuple[str, str, str], set[bool]] = {}
    critical: dict[str, bool] = {}
    for one in known.of(TestAttempt):
        is_a_test = one.environment is wanted and one.outcome in DECIDED and one.workflow not in OUR_WORKFLOWS
        if is_a_test and does_count(one):
            # What is counted is of one version: its commits with the same tree are no others.
            version = one.run_id if not one.commit else release.commit or one.commit
            keys.setdefault((one.test, one.variant, version), set()).add(one.outcome is CaseOutcome.PASSED)
            critical[one.test] = critical.get(one.test, False) or one.critical
    mixed: dict[str, int] = {}
    for (test, _, _), ended in keys.items():
        if len(ended) == 2:
            mixed[test] = mixed.get(test, 0) + 1
    for test in sorted(mixed, key=lambda name: (-mixed[name], name)):
        # Names that are shown alike, cut short or without what is private, are still of two tests.
        id = hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        yield FleetTest(id=id, test=cut(test), critical=critical[test], keys=mixed[test])


def causes_of(
    known: RecordsByNow, does_count: Callable[[Event], bool], incidents: Iterable[FleetIncident]
) -> Iterator[FleetCause]:
    """The causes of its unexpected events and of its incidents, each once: an event is of the cause that an incident
    of it would have."""
    found: dict[str, FleetCause] = {}
    for one in known.of(Event):
        if one.expected or not does_count(one):
            continue
        _, counted = counting(one.event)
        cause = cause_of_event(one, counted.opens.id)
        before = found.get(cause)
        found[cause] = FleetCause(
            cause=cause,
            what=one.event.value,
            error=cut(error_type(one.message)),
            place=cut(place_of(one.place)),
            blocking=one.blocking or (before is not None and before.blocking),
        )
    yield from found.values()
    for opened in incidents:
        for cause in opened.causes:
            if cause not in found:
                found[cause] = FleetCause(cause=cause, what=opened.rule, incident=opened.impact or opened.id)
                yield found[cause]
