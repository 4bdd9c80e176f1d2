"""Runs the jobs of a rehearsed CI: the SDK's own tests, read by the reader of reports, on a made-up calendar.

The names of the jobs are a team's. Each of them runs all of the tests, with the Python that the rehearsal has. A job
ended as pytest's exit code says.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from atalaya.core.scrub import scrub
from atalaya.core.settings import Settings
from atalaya.core.words import Record
from atalaya.evidence.readers.collector import Collected, Job, collect
from atalaya.harness.own_tests import run_own_tests
from atalaya.harness.scenarios import CiHappening, Dispatch, PullRequest, Repeat, Squash
from atalaya.records.stored import CommitTree, Conclusion, Environment, Evidence, JobAttempt, Metadata, record_metadata
from atalaya.sdk.prepare import Prepared
from atalaya.watch.scenario_help import jobs_in_words

WORKFLOW = Settings().ci.workflows[0]  # as the settings of a rehearsal have it
FOLDER = "clients/python"  # of the SDKs in the made-up repository
SHA_CHARS = 40
WORD = re.compile(r"[\w.]+")

# What differs from run to run and from machine to machine: when, where and how fast, and the text of a failure, which
# shows the files of a private environment.
DURATION = re.compile(rb'(?<= time=")[^"]*(?=")')
TIMESTAMP = re.compile(rb'(?<= timestamp=")[^"]*(?=")')
HOSTNAME = re.compile(rb' hostname="[^"]*"')
TEXT = re.compile(rb"(<(?:failure|error|skipped|system-out|system-err)\b[^>]*>)[^<]*(?=</)")
ADDRESS = re.compile(rb"\b0x[0-9a-f]{6,}\b")


class CiRun(Record, frozen=True, kw_only=True):
    """What one happening of CI left. ``says`` is one line of it."""

    says: str
    evidence: tuple[Evidence, ...]


def happened(one: CiHappening, build: Prepared, *, released: str, watch: str, at: datetime) -> CiRun:
    """What CI did at an instant, and the evidence of it.

    :param build: the SDK that its jobs run.
    :param released: the released commit.
    :param watch: the rehearsal, a part of each run's id and of each commit that is made up.
    """
    of_h = one.again_of if isinstance(one, Dispatch) and one.again_of is not None else one.at_h
    run_id = f"{watch}-T{of_h:04.1f}-{type(one).__name__.lower()}"
    metadata = record_metadata(run_id, Environment.REHEARSAL, at)
    match one:
        case Dispatch():
            commit = commit_called(one.commit, watch) if one.commit else released
            attempt = 1 if one.again_of is None else 2
            return _jobs(build, one.jobs, one.event, commit, metadata, attempt)
        case PullRequest():
            return _jobs(build, one.jobs, "pull_request", commit_called(one.merge, watch), metadata)
        case Repeat():
            return _repeats(build, one.times, released, metadata)
        case Squash():
            path, tree = f"{FOLDER}/{build.pack.package}", commit_called(released, watch)
            trees = [
                CommitTree(**metadata, commit=commit, path=path, tree=tree, asked_of="git")
                for commit in (released, commit_called(one.branch, watch))
            ]
            return CiRun(says=f"git: {one.branch} and the released commit hold the same SDK", evidence=tuple(trees))


def commit_called(name: str, watch: str) -> str:
    """A commit of the made-up repository, by what people call it."""
    return hashlib.sha256(f"{watch} {name}".encode()).hexdigest()[:SHA_CHARS]


def _jobs(build: Prepared, jobs: Sequence[str], event: str, commit: str, metadata: Metadata, attempt: int = 1) -> CiRun:
    """A run of CI with these jobs."""
    evidence: list[Evidence] = []
    ended: list[Conclusion] = []
    for number, name in enumerate(jobs, 1):
        tested = run_own_tests(build)
        ended.append(Conclusion.FAILURE if tested.exit_code else Conclusion.SUCCESS)
        job = Job(WORKFLOW, commit, event, ended[-1], name=name)
        file = f"{f'attempt-{attempt}/' if attempt > 1 else ''}junit-{'-'.join(WORD.findall(name))}.xml"
        read = _read(tested.report, file, job, metadata)
        evidence.append(
            JobAttempt(
                **metadata,
                workflow=WORKFLOW,
                job=name,
                variant="",
                attempt=attempt,
                commit=commit,
                conclusion=ended[-1],
                origin=f"{metadata['run_id']}/attempts/{attempt}/jobs/{number}",
                duration_s=0.0,
                event=event,
            )
        )
        evidence += (*read.tests, *read.events, *read.readings)
    red = sum(one is not Conclusion.SUCCESS for one in ended)
    return CiRun(says=f"CI ({event}): {jobs_in_words(jobs)}, {red} red", evidence=tuple(evidence))


def _repeats(build: Prepared, times: int, commit: str, metadata: Metadata) -> CiRun:
    """The tests, each so many times: a report that is taken in by itself, as no job of CI."""
    tested = run_own_tests(build, times=times)
    read = _read(tested.report, "repeats.xml", Job(WORKFLOW, commit), metadata)
    return CiRun(says=f"the SDK's own tests, {times} times", evidence=read.evidence)


def _read(report: bytes, file: str, job: Job, metadata: Metadata) -> Collected:
    at = metadata["recorded_at"]
    with tempfile.TemporaryDirectory(prefix="atalaya-report-") as folder:
        path = Path(folder) / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(settled_report(report, at))
        return collect(
            [Path(folder)],
            job=job,
            run_id=metadata["run_id"],
            environment=metadata["environment"],
            recorded_at=at,
            scrub=scrub,
        )


def settled_report(report: bytes, at: datetime) -> bytes:
    """A JUnit report as if it had been written at this instant, in no time and nowhere.

    >>> from datetime import UTC
    >>> at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> settled_report(b'<testsuite time="1.2" timestamp="2026-11-28T15:00:00" hostname="me">', at)
    b'<testsuite time="0.000" timestamp="2026-03-02T09:00:00+00:00">'
    """
    report = DURATION.sub(b"0.000", TIMESTAMP.sub(at.isoformat().encode(), HOSTNAME.sub(b"", report)))
    return ADDRESS.sub("0x…".encode(), TEXT.sub(rb"\1", report))
