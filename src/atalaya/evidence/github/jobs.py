"""Lists the jobs of a workflow run as CI reported them, attempt by attempt.

GitHub shows a run as its latest attempt left it, and there the first failures are gone. So each attempt's jobs are
taken from that attempt, and a job that was only copied over from the one before is no new attempt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from atalaya.core.scrub import scrub
from atalaya.evidence.github.payloads import Job, Run
from atalaya.evidence.github.workflows import file_of
from atalaya.evidence.readers.model import cut_name, timestamp_of
from atalaya.records.stored import Conclusion, FileVerdict, JobAttempt, Metadata, happened_at

CONCLUSIONS: dict[str, Conclusion] = {
    str(conclusion): conclusion
    for conclusion in (
        Conclusion.SUCCESS,
        Conclusion.FAILURE,
        Conclusion.TIMED_OUT,  # these decide
        Conclusion.CANCELLED,
        Conclusion.SKIPPED,
        Conclusion.NEUTRAL,
        Conclusion.STALE,
        Conclusion.ACTION_REQUIRED,  # these are counted, and are in no rate
        Conclusion.STARTUP_FAILURE,  # the machinery's, not the product's
    )
}
FAILED = (Conclusion.FAILURE, Conclusion.TIMED_OUT)
# GitHub reports a job that it cut at `timeout-minutes` as cancelled, as it does one that a person stopped. What tells
# them apart are its words and its duration: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
TIMED_OUT = re.compile(r"has exceeded the maximum execution time")
LIMIT_MIN = 360.0  # of a job whose workflow says nothing else
SLACK_S = 5.0
# What the runner does by itself before a job's own steps, and after them: none of it runs the job's own code.
SET_UP = re.compile(r"Set up (?:job|runner)|Initialize containers|Pull \S*[/:]\S*|Build \S+/\S+@\S+")
CLEAN_UP = re.compile(r"Post .+|Stop containers|Complete (?:job|runner)")
RAN = ("success", "failure", "cancelled", "timed_out")
NO_JOB = "(no job began)"
FORK = "fork"


def conclusion_of(told: Run | Job) -> Conclusion:
    """How it ended, by the table. Without a conclusion it has not, and a word that is not known is not guessed at."""
    if told.conclusion is None or told.status not in (None, "completed"):
        return Conclusion.PENDING
    return CONCLUSIONS.get(told.conclusion, Conclusion.UNKNOWN)


def ended_as(job: Job, limit_min: float = LIMIT_MIN) -> Conclusion:
    """How a job ended; one that failed before its own first step is the machinery's failure.

    One that was cancelled when its time was up is timed out.

    :param limit_min: the job's ``timeout-minutes``.
    """
    conclusion = conclusion_of(job)
    if conclusion in FAILED and _never_began(job):
        return Conclusion.STARTUP_FAILURE
    duration_s = took_s(job)
    if (
        conclusion is Conclusion.CANCELLED
        and duration_s is not None
        and duration_s >= limit_min * 60 - SLACK_S
        and not _never_began(job)
    ):
        return Conclusion.TIMED_OUT
    return conclusion


def took_s(job: Job) -> float | None:
    """How long a job took, in seconds; None where it does not tell, or tells of an end before its beginning."""
    began, ended = _instant(job.started_at), _ended(job)
    return (ended - began).total_seconds() if ended and began and ended >= began else None


def event_of(run: Run) -> str:
    """What started a run, in GitHub's words; a fork's run is a fork's, whatever started it there."""
    event = run.event or ""
    ours, theirs = run.repository, run.head_repository
    is_a_fork = ours and theirs and None not in (ours.id, theirs.id) and ours.id != theirs.id
    if is_a_fork and not event.startswith("pull_request"):
        return FORK
    return scrub(cut_name(event))


def _never_began(job: Job) -> bool:
    """Whether no step of a job's own ran; where its steps are not told, whether there was no runner to run them."""
    if not isinstance(job.steps, tuple):
        return job.steps is None or job.runner_name in (None, "")
    own = [step.conclusion for step in job.steps if not _is_the_runners(step.name or "")]
    broke = any(SET_UP.fullmatch(step.name or "") and step.conclusion not in (None, "success") for step in job.steps)
    # A step that was cut off has no conclusion, and neither has one that never had its turn.
    ran = RAN if broke or job.runner_name in (None, "") else (*RAN, None)
    return not any(conclusion in ran for conclusion in own)


def _is_the_runners(step: str) -> bool:
    return bool(SET_UP.fullmatch(step) or CLEAN_UP.fullmatch(step))


def variant_of(name: str) -> str:
    """The values of the matrices in a job's name: its own, and that of the job which calls it.

    >>> variant_of("build / test (3.12, windows-latest)"), variant_of("gate (3.11) / unit (a (b))"), variant_of("unit")
    ('3.12, windows-latest', '3.11, a (b)', '')
    """
    values: list[str] = []
    depth = begins = 0
    for at, character in enumerate(name):
        if character == "(":
            begins = at + 1 if depth == 0 else begins
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if depth == 0 and re.match(r"\s*(?:/|$)", name[at + 1 :]):
                values.append(name[begins:at])
    return ", ".join(values)


def attempts_of(
    run: Run, attempts: Sequence[tuple[Run, Sequence[Job]]], *, workflow: str, commit: str, metadata: Metadata
) -> Iterator[tuple[int, Job | None, JobAttempt]]:
    """Every execution of every job, with the number of the document that tells of it.

    An attempt without any job is one too, and its payload is None: a run that could not start must not look like
    one that never was.

    :param attempts: each attempt of the run that could be read, with its jobs, first to last.
    """
    names = _Names()
    for told, jobs in attempts:
        n = told.run_attempt
        if not jobs:
            yield n, None, _without_jobs(run, told, workflow=workflow, commit=commit, metadata=metadata)
        for name, job in names.of(jobs):
            began, ended = _instant(job.started_at), _ended(job)
            number = min(job.run_attempt or n, n)
            yield (
                n,
                job,
                JobAttempt(
                    **happened_at(metadata, ended or began or when(told, metadata["recorded_at"])),
                    workflow=workflow,
                    job=name,
                    variant=_safe(variant_of(job.name or "")),
                    attempt=number,
                    commit=commit,
                    conclusion=ended_as(job),
                    origin=f"github:runs/{run.id}/attempts/{number}/jobs/{job.id}",
                    duration_s=took_s(job),
                    event=event_of(run),
                    workflow_file=scrub(file_of(run)),
                ),
            )


def _without_jobs(run: Run, told: Run, *, workflow: str, commit: str, metadata: Metadata) -> JobAttempt:
    conclusion = conclusion_of(told)
    if conclusion in FAILED:
        conclusion = Conclusion.STARTUP_FAILURE
    if conclusion is Conclusion.SUCCESS:
        conclusion = Conclusion.NOTHING_RAN
    return JobAttempt(
        **happened_at(metadata, when(told, metadata["recorded_at"])),
        workflow=workflow,
        job=NO_JOB,
        variant="",
        attempt=told.run_attempt,
        commit=commit,
        conclusion=conclusion,
        origin=f"github:runs/{run.id}/attempts/{told.run_attempt}",
        event=event_of(run),
        workflow_file=scrub(file_of(run)),
    )


class _Place:
    """One of the jobs that share a name, and what is known of its executions so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.times: set[tuple[datetime | None, datetime]] = set()
        self.labels: tuple[str, ...] = ()
        self.failed = False

    def runs(self, job: Job) -> None:
        self.labels, self.failed = job.labels or (), conclusion_of(job) is not Conclusion.SUCCESS
        if (times := _times(job)) is not None:
            self.times.add(times)


class _Names:
    """Gives the jobs of a run names that tell them apart, the same in each attempt.

    Two jobs of one name in one attempt are two jobs. Which of them was run again GitHub does not say: it is one that
    runs on the same kind of runner, and one that had failed before one that had not.
    """

    def __init__(self) -> None:
        self._places: dict[str, list[_Place]] = {}

    def of(self, jobs: Iterable[Job]) -> Iterator[tuple[str, Job]]:
        """The jobs of one attempt that ran in it, with their names: one that was only copied over did not."""
        free = {name: list(places) for name, places in self._places.items()}
        by_id = sorted(jobs, key=lambda job: job.id)
        again = [job for job in by_id if not self._is_copied(job, free)]
        for job in again:
            name = _safe(job.name or "(no name)")
            labels = job.labels or ()
            left = sorted(free.get(name, ()), key=lambda place: (place.labels != labels, not place.failed))
            place = left[0] if left else self._new(name)
            if left:
                free[name].remove(place)
            place.runs(job)
            yield place.name, job

    def _is_copied(self, job: Job, free: dict[str, list[_Place]]) -> bool:
        name, times = _safe(job.name or "(no name)"), _times(job)
        place = next((place for place in free.get(name, ()) if times in place.times), None)
        if place is not None:
            free[name].remove(place)
        return place is not None

    def _new(self, name: str) -> _Place:
        places = self._places.setdefault(name, [])
        places.append(_Place(name if not places else f"{name} #{len(places) + 1}"))
        return places[-1]


def _times(job: Job) -> tuple[datetime | None, datetime] | None:
    """When a job that has ended began and ended; None of one that has not."""
    ended = _ended(job)
    return None if ended is None or conclusion_of(job) is Conclusion.PENDING else (_instant(job.started_at), ended)


def _safe(name: str) -> str:
    return scrub(cut_name(name))


def verdict_of(conclusions: Sequence[Conclusion]) -> FileVerdict:
    """What a document of jobs says as a whole. While one of them may still change, it is not known."""
    if any(conclusion in (Conclusion.PENDING, Conclusion.UNKNOWN) for conclusion in conclusions):
        return FileVerdict.UNKNOWN
    if any(conclusion in FAILED for conclusion in conclusions):
        return FileVerdict.FAILED
    if any(conclusion is Conclusion.SUCCESS for conclusion in conclusions):
        return FileVerdict.PASSED
    return FileVerdict.NOTHING_RAN if conclusions else FileVerdict.NO_EVIDENCE


def when(run: Run, recorded_at: datetime) -> datetime:
    """When an attempt ended, or the latest that is known of it; else the time of recording stands for it."""
    told = (run.updated_at, run.run_started_at, run.created_at)
    return next((at for at in map(_instant, told) if at is not None), recorded_at)


def _ended(job: Job) -> datetime | None:
    """When a job ended; where it does not say, its last step does. Steps may carry an offset where jobs do not."""
    ended = _instant(job.completed_at)
    if ended is None and isinstance(job.steps, tuple) and conclusion_of(job) is not Conclusion.PENDING:
        ended = max(filter(None, (_instant(step.completed_at) for step in job.steps)), default=None)
    return ended


def _instant(text: str | None) -> datetime | None:
    found = timestamp_of(text or "")
    return found.at if found else None
