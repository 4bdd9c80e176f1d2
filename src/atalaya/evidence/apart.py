"""Says what of some evidence will count in nothing: what lies outside the window, or is of something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from atalaya.core.window import ends_at
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


def lines(evidence: Iterable[Evidence], *, release: Release, same_tree: Collection[str]) -> tuple[str, ...]:
    """What of these records counts in nothing, a line for each reason.

    :param same_tree: the commits that hold the same SDK as the released one, in lower case.
    """
    groups: dict[str, list[Told]] = {}
    for record in evidence:
        if isinstance(record, Told):
            reason = _reason(record, release, same_tree)
            if reason:
                groups.setdefault(reason, []).append(record)
    return tuple(f"{reason} ({'; '.join(_amounts(groups[reason]))})" for reason in sorted(groups))


def _reason(record: Told, release: Release, same_tree: Collection[str]) -> str:
    if record.occurred_at < release.opened_at:
        return "before T+0: counts in nothing"
    if record.occurred_at > ends_at(release):
        return "after the end of the window: counts in nothing"
    if not is_of(record.commit, release, same_tree):
        return "of another commit: shown apart, counts in nothing"
    if isinstance(record, JobAttempt) and not counts(record.event):
        return f"started by {record.event}: shown apart, counts in nothing"
    return ""


def _amounts(records: Sequence[Told]) -> Iterator[str]:
    jobs = [record.conclusion in FAILED for record in records if isinstance(record, JobAttempt)]
    tests = [record.outcome in LOST for record in records if isinstance(record, TestAttempt)]
    events = sum(isinstance(record, Event) for record in records)
    for n, failed, what in ((len(jobs), sum(jobs), "jobs"), (len(tests), sum(tests), "tests")):
        if n:
            yield f"{n} {what if n > 1 else what[:-1]}, {failed} failed"
    if events:
        yield f"{events} events" if events > 1 else "1 event"
