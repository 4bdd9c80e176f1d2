"""Says what of some evidence will count in nothing: what lies outside the window, or is of something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from atalaya.core.window import ends_at
from atalaya.core.words import Text, text
from atalaya.evidence.commits import same_commit
from atalaya.records.stored import CaseOutcome, Conclusion, Event, Evidence, JobAttempt, Release, TestAttempt

# What starts a run that tests the commit that it names; empty where nothing tells. A pull request's run tests a merge
# with another commit.
CI_EVENTS = ("push", "schedule", "workflow_dispatch", "release", "")
FAILED = (Conclusion.FAILURE, Conclusion.TIMED_OUT)
LOST = (CaseOutcome.FAILED, CaseOutcome.ERRORED)

Told = JobAttempt | TestAttempt | Event


def counts(event: str) -> bool:
    """Whether the jobs of runs that this event starts count."""
    return event in CI_EVENTS


def is_of(commit: str, release: Release, same_tree: Collection[str]) -> bool:
    """Whether a commit holds the released SDK, or nothing is known to the contrary. Either may be cut short."""
    if not commit or not release.commit or commit.lower() in same_tree:
        return True
    return same_commit(commit, release.commit)


def lines(evidence: Iterable[Evidence], *, release: Release, same_tree: Collection[str]) -> tuple[Text, ...]:
    """What of these records counts in nothing, a line for each reason.

    :param same_tree: the commits that hold the same SDK as the released one, in lower case.
    """
    apart = Apart(release, same_tree)
    for record in evidence:
        apart.count(record)
    return apart.lines()


class Apart:
    """Counts what of some records counts in nothing, as they pass.

    :param same_tree: the commits that hold the same SDK as the released one, in lower case.
    """

    def __init__(self, release: Release, same_tree: Collection[str]) -> None:
        self._release, self._same_tree = release, same_tree
        self._groups: dict[str, tuple[Text, Counter[tuple[str, bool]]]] = {}

    def count(self, record: Evidence) -> None:
        if isinstance(record, Told):
            event = record.event if isinstance(record, JobAttempt) else ""
            self.add(record.kind, record.occurred_at, record.commit, event, failed=_failed(record))

    def add(self, kind: str, at: datetime, commit: str, event: str = "", *, failed: bool, records: int = 1) -> None:
        """Count some records of one kind that happened at one time, or on one side of the window.

        :param event: what started the run, of a job.
        """
        if (reason := _reason(at, commit, event, self._release, self._same_tree)) is not None:
            self._groups.setdefault(str(reason), (reason, Counter()))[1][kind, failed] += records

    def lines(self) -> tuple[Text, ...]:
        """A line for each reason."""
        return tuple(
            Text(template="{reason} ({amounts})", values={"reason": reason, "amounts": _joined(list(_amounts(found)))})
            for _, (reason, found) in sorted(self._groups.items())
        )


def _reason(at: datetime, commit: str, event: str, release: Release, same_tree: Collection[str]) -> Text | None:
    if at < release.opened_at:
        return text("before T+0: counts in nothing")
    if at > ends_at(release):
        return text("after the end of the window: counts in nothing")
    if not is_of(commit, release, same_tree):
        return text("of another commit: shown apart, counts in nothing")
    if not counts(event):
        return text("started by {event}: shown apart, counts in nothing", event=event)
    return None


def _failed(record: Told) -> bool:
    if isinstance(record, JobAttempt):
        return record.conclusion in FAILED
    return isinstance(record, TestAttempt) and record.outcome in LOST


def _amounts(found: Counter[tuple[str, bool]]) -> Iterator[Text]:
    kinds = (JobAttempt.kind, TestAttempt.kind, Event.kind)
    jobs, tests, events = (found[kind, False] + found[kind, True] for kind in kinds)
    if jobs:
        failed = found[JobAttempt.kind, True]
        yield (
            text("1 job, {failed} failed", failed=failed)
            if jobs == 1
            else text("{n} jobs, {failed} failed", n=jobs, failed=failed)
        )
    if tests:
        failed = found[TestAttempt.kind, True]
        yield (
            text("1 test, {failed} failed", failed=failed)
            if tests == 1
            else text("{n} tests, {failed} failed", n=tests, failed=failed)
        )
    if events:
        yield text("1 event") if events == 1 else text("{n} events", n=events)


def _joined(amounts: Sequence[Text]) -> Text:
    names = [f"amount_{number}" for number in range(len(amounts))]
    return Text(template="; ".join(f"{{{name}}}" for name in names), values=dict(zip(names, amounts, strict=True)))
