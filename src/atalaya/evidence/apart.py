"""Says what of some evidence will count in nothing: what lies outside the window, or is of something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

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
    groups: dict[str, tuple[Text, list[Told]]] = {}
    for record in evidence:
        if isinstance(record, Told) and (reason := _reason(record, release, same_tree)) is not None:
            groups.setdefault(str(reason), (reason, []))[1].append(record)
    return tuple(
        Text(template="{reason} ({amounts})", values={"reason": reason, "amounts": _joined(list(_amounts(records)))})
        for _, (reason, records) in sorted(groups.items())
    )


def _reason(record: Told, release: Release, same_tree: Collection[str]) -> Text | None:
    if record.occurred_at < release.opened_at:
        return text("before T+0: counts in nothing")
    if record.occurred_at > ends_at(release):
        return text("after the end of the window: counts in nothing")
    if not is_of(record.commit, release, same_tree):
        return text("of another commit: shown apart, counts in nothing")
    if isinstance(record, JobAttempt) and not counts(record.event):
        return text("started by {event}: shown apart, counts in nothing", event=record.event)
    return None


def _amounts(records: Sequence[Told]) -> Iterator[Text]:
    jobs = [record.conclusion in FAILED for record in records if isinstance(record, JobAttempt)]
    tests = [record.outcome in LOST for record in records if isinstance(record, TestAttempt)]
    events = sum(isinstance(record, Event) for record in records)
    if jobs:
        failed = sum(jobs)
        yield (
            text("1 job, {failed} failed", failed=failed)
            if len(jobs) == 1
            else text("{n} jobs, {failed} failed", n=len(jobs), failed=failed)
        )
    if tests:
        failed = sum(tests)
        yield (
            text("1 test, {failed} failed", failed=failed)
            if len(tests) == 1
            else text("{n} tests, {failed} failed", n=len(tests), failed=failed)
        )
    if events:
        yield text("1 event") if events == 1 else text("{n} events", n=events)


def _joined(amounts: Sequence[Text]) -> Text:
    names = [f"amount_{number}" for number in range(len(amounts))]
    return Text(template="; ".join(f"{{{name}}}" for name in names), values=dict(zip(names, amounts, strict=True)))
