"""Collects every CI run of a release from GitHub, and records what could not be read.

Each run that belongs to the release is read as a whole, every attempt of it, and written down at once, its readings
last: a collection that is cut off goes on where it stopped. Whatever could not be read is named: a run that is
missing makes the period unread, and a part of one, a log or a report, lets no zero count as proven.

A run belongs when its commit is the released one or holds the same SDK, by the git tree of the SDK's folder or by a
report that names it, and when what started it tests that commit. Of all other runs of the listed workflows, pull
requests' among them, the jobs are kept, to be shown apart.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from atalaya.core.errors import NetworkError
from atalaya.core.scrub import scrub
from atalaya.core.words import Record
from atalaya.evidence.apart import counts
from atalaya.evidence.from_runs import PERIOD
from atalaya.evidence.github import jobs, listing
from atalaya.evidence.github.artifact_evidence import ArtifactEvidence, FromArtifacts
from atalaya.evidence.github.artifacts import Unpacked, Unread, names_one_of, unpack
from atalaya.evidence.github.client import Absent, Client, Garbled, Refused, Spent
from atalaya.evidence.github.listing import Gathered
from atalaya.evidence.github.payloads import Artifact, Artifacts, Job, Jobs, Run, Workflow, WorkflowsListed
from atalaya.evidence.github.time_outs import ZIP, TimeOuts, log_of
from atalaya.evidence.github.trees import SHA, Trees
from atalaya.evidence.github.workflows import Workflows
from atalaya.evidence.readers import collector as reports
from atalaya.evidence.readers import logs
from atalaya.evidence.readers.archives import Member, files_in
from atalaya.evidence.readers.model import MESSAGE_CHARS
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Event,
    Evidence,
    FileVerdict,
    JobAttempt,
    Metadata,
    Reading,
    ReadStatus,
    Release,
    happened_at,
    record_metadata,
)

BEFORE = timedelta(days=1)  # what was released was built before
MOST_COMMITS = 20  # that hold the released SDK and are asked about by name, in one collection
OUTAGES = 3  # runs in a row that cannot be read: then it is not the runs
SAYS_EVERY = 25
MOST_ATTEMPTS = 200  # GitHub runs one again 50 times at most
UNREAD = (
    ReadStatus.UNREADABLE,
    ReadStatus.DECLINED,
)  # as unread.sql has it: another dialect hides no part of CI's runs
MOST_APART = 100  # runs that cannot count, in one collection: the next goes on from there

OTHER_WORKFLOW = "of other workflows"
NO_COMMIT = "of some commit, and the release names none: give `commit` in [subject] of watch.toml"


class CollectedIds:
    """What the ledger knows already."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._by_file: dict[str, list[Reading]] = {}
        for reading in readings:
            self._by_file.setdefault(reading.file, []).append(reading)

    def find(self, file: str, sha256: str) -> Reading | None:
        """What was said of the same bytes under the same name, which holds the run's number."""
        return next((before for before in self._by_file.get(file, ()) if before.sha256 == sha256), None)

    def has(self, reading: Reading) -> bool:
        """Whether the same was said of the same file before."""
        return any(_said(before) == _said(reading) for before in self._by_file.get(reading.file, ()))

    def said_last(self, reading: Reading) -> bool:
        """Whether that is the last that was said of a file: for one that is read anew each time."""
        before = max(self._by_file.get(reading.file, ()), key=lambda reading: reading.recorded_at, default=None)
        return before is not None and _said(before) == _said(reading)

    def settled(self, file: str) -> bool:
        """Whether a document was read and will not change any more."""
        return any(
            before.status is ReadStatus.READ and before.verdict is not FileVerdict.UNKNOWN
            for before in self._by_file.get(file, ())
        )


def _said(reading: Reading) -> tuple[Any, ...]:
    return reading.sha256, reading.status, reading.verdict, reading.reason


class Summary(Record, frozen=True, kw_only=True):
    """What became of a collection. ``trouble`` is why the period is not wholly read; empty where it is.

    ``said`` are the jobs whose own files say otherwise than GitHub, a sentence each. ``apart`` are runs that cannot
    count whose jobs were taken in, and ``apart_left`` those that were not read this time. ``trees`` says by commit why
    it is not known yet whether it holds the same SDK, and ``no_tree`` why that will never be known.
    """

    runs: int
    taken: int
    before: int
    left_out: dict[str, int]
    attempts: int
    jobs: int
    files: int
    logs: int
    unread: int
    said: tuple[str, ...]
    apart: int
    apart_left: int
    trees: dict[str, str]
    no_tree: dict[str, str]
    trouble: str


class _Attempt(NamedTuple):
    """One attempt of a run, and the list of its jobs."""

    told: Run
    sha256: str
    size_bytes: int
    jobs: Gathered[Job]


class _Executed(NamedTuple):
    """One attempt of a job, the number of the attempt of the run that tells of it, and what is told."""

    told_in: int
    job: Job | None
    record: JobAttempt


class Collection:
    """One collection from one repository.

    :param workflows: those that count; none means all.
    :param recorded: the name under which jobs of a workflow were recorded before, by its file.
    :param digests: of the SDKs that the release's own runs were about.
    :param trees: what is known of the SDK's folder in other commits, and how more is found out.
    :param keep: writes evidence down; called once for each run.
    """

    def __init__(
        self,
        client: Client,
        repo: str,
        release: Release,
        *,
        workflows: Sequence[str],
        recorded: Mapping[str, str],
        digests: Iterable[str],
        trees: Trees,
        known: CollectedIds,
        recorded_at: datetime,
        keep: Callable[[Sequence[Evidence]], object],
        echo: Callable[[str], None],
    ) -> None:
        self._client, self._repo, self._release = client, repo, release
        self._names, self._recorded = workflows, recorded
        self._digests, self._known = sorted(filter(None, digests)), known
        self._workflows = Workflows(workflows, (), (), recorded)
        self._time_outs = TimeOuts(client, repo)
        self._trees, self._recorded_at, self._write, self._echo = trees, recorded_at, keep, echo
        self._n: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._gone: list[str] = []  # attempts of runs of which others could be read
        self._troubles: list[str] = []
        self._said: list[str] = []  # of jobs whose own files say otherwise than GitHub
        self._outages = 0  # runs in a row that could not be read
        self._stopped = ""  # why no more is asked

    def take(self) -> Summary:
        """Read what is new, run by run. Nothing that GitHub does raises: what is missing is said."""
        try:
            listed = listing.runs(
                self._client, self._repo, since=self._release.opened_at - BEFORE, now=self._recorded_at
            )
        except NetworkError as why:
            return self._end(None, str(why), why)
        again = self._run_again(filter(None, [self._whole_commit(listed.items)]))
        everything = [*again, *listed.items]
        self._workflows = Workflows(self._names, self._listed_workflows(), everything, self._recorded)
        mine: list[Run] = []
        others: list[Run] = []
        for run in self._of_our_workflows(everything):
            (mine if self._by_commit(run) and counts(jobs.event_of(run)) else others).append(run)
        self._read(mine)
        self._ask_for_trees(mine, others)
        same = self._trees.same_as(self._release.commit)
        known = {self._commit(run) for run in mine}
        others += self._of_our_workflows(self._run_again(sorted(same - known)))
        ours = [run for run in others if self._commit(run) in same and counts(jobs.event_of(run))]
        self._read(ours)
        self._read_others([run for run in others if run not in ours])
        if self._troubles or self._gone or self._n["missing"]:
            said = _once_each([*self._troubles, *self._gone, *filter(None, [self._stopped])])
            return self._end(listed, f"Runs not read: {self._n['missing']} of {len(listed.items)}. {said}")
        return self._end(listed, "")

    def _of_our_workflows(self, runs: Sequence[Run]) -> list[Run]:
        self._n["runs"] += len(runs)
        ours = [run for run in runs if self._workflow(run) is not None]
        if len(ours) < len(runs):
            self._left_out[OTHER_WORKFLOW] += len(runs) - len(ours)
        return ours

    def _listed_workflows(self) -> tuple[Workflow, ...]:
        """The workflows that GitHub lists; none where it does not tell, and the runs have to."""
        try:
            path = f"repos/{self._repo}/actions/workflows?per_page=100"
            listed: Gathered[Workflow] = listing.gather(self._client, path, WorkflowsListed)
        except NetworkError:
            return ()
        return listed.items

    def _run_again(self, commits: Iterable[str]) -> list[Run]:
        """The runs of some commits that are older than what is listed by time, and were run again since."""
        found: list[Run] = []
        for commit in list(commits)[:MOST_COMMITS]:
            if not SHA.fullmatch(commit):
                continue
            try:
                found += listing.run_again(self._client, self._repo, commit, since=self._release.opened_at - BEFORE)
            except NetworkError as why:
                self._troubles.append(f"Runs of {commit[:12]} from before the window that were run again: {why}")
        return found

    def _whole_commit(self, runs: Sequence[Run]) -> str:
        """The released commit's whole SHA, which may be named by its beginning; empty where it is not known."""
        commit = self._release.commit.lower()
        if not commit or SHA.fullmatch(commit):
            return commit
        known = (self._commit(run) for run in runs if self._by_commit(run))
        return next(known, "") or self._trees.whole(commit)

    def _read(self, runs: Sequence[Run]) -> None:
        """Read runs that belong to the release. One that is missing makes the period unread."""
        for run in runs:
            if self._stopped:
                self._n["missing"] += 1
            elif self._is_settled(run):
                self._n["before"] += 1
            else:
                with self._missing_if_not_read(run), tempfile.TemporaryDirectory(prefix="atalaya-") as folder:
                    self._take(run, self._commit(run), Path(folder))

    @contextmanager
    def _missing_if_not_read(self, run: Run) -> Iterator[None]:
        try:
            yield
            self._outages = 0
        except Spent as why:
            self._n["missing"] += 1
            self._troubles.append(str(why))
            self._stopped = str(why)
        except NetworkError as why:
            self._n["missing"] += 1
            self._troubles.append(str(why))
            self._keep([], [self._unread_run(run, why)])
            if self._is_an_outage(why):
                self._troubles.append(self._stopped)

    def _is_an_outage(self, why: NetworkError) -> bool:
        """Whether so many runs in a row could not be read that it is not the runs: then no other is tried."""
        self._outages += not isinstance(why, Refused)
        if self._outages < OUTAGES:
            return False
        self._stopped = f"{OUTAGES} runs in a row could not be read, so no other was tried."
        return True

    def _ask_for_trees(self, mine: Sequence[Run], others: Sequence[Run]) -> None:
        """Find out which of the other commits hold the released SDK, of those whose runs could count."""
        if not self._release.commit:
            return
        commits = dict.fromkeys(self._commit(run) for run in others if counts(jobs.event_of(run)))
        if not commits:
            return
        if self._stopped:
            self._trees.stop(self._stopped)
        released = next((self._commit(run) for run in mine), self._release.commit.lower())
        found = []
        try:
            found.append(self._trees.find(released))
            if self._trees.knows(released):  # else there is nothing to compare the others with
                found.extend(map(self._trees.find, commits))
        finally:
            if records := [record for record in found if record is not None]:
                self._write(records)

    def _read_others(self, runs: Sequence[Run]) -> None:
        """Read runs that count in nothing, but for those whose report names the SDK."""
        for run in runs:
            if self._is_settled(run):
                self._n["before"] += 1
            elif self._digests and counts(jobs.event_of(run)):
                if self._stopped:
                    self._n["missing"] += 1
                    continue
                with self._missing_if_not_read(run):
                    if not self._took_by_digest(run):
                        self._read_apart(run)
            else:
                self._read_apart(run)

    def _read_apart(self, run: Run) -> None:
        """Take in the jobs of a run that cannot count. One that is missing hides nothing that would."""
        if not self._release.commit:
            self._left_out[NO_COMMIT] += 1
        elif self._is_settled(run, whole=False):
            self._n["before"] += 1
        elif self._stopped or self._n["apart"] == MOST_APART:
            self._n["apart left"] += 1
        else:
            try:
                self._take_jobs(run)
                self._outages = 0
            except Spent as why:
                self._stopped = str(why)
                self._n["apart left"] += 1
            except NetworkError as why:
                self._is_an_outage(why)
                self._n["apart left"] += 1

    def _end(self, listed: Gathered[Run] | None, trouble: str, why: NetworkError | None = None) -> Summary:
        """Say of the period as a whole whether it was read: no rate is made from a part of it."""
        garbled = why if isinstance(why, Garbled) else None
        told = ", ".join(f"{n} {which}" for which, n in sorted(self._left_out.items()))
        period = Reading(
            **self._metadata(),
            file=PERIOD,
            sha256=listed.sha256 if listed else garbled.sha256 if garbled else "",
            size_bytes=listed.size_bytes if listed else garbled.size_bytes if garbled else 0,
            status=ReadStatus.UNREADABLE if trouble else ReadStatus.READ,
            verdict=FileVerdict.UNKNOWN if trouble else FileVerdict.NO_EVIDENCE,
            reason=trouble or f"Runs: {self._n['runs']}. " + (f"Left out: {told}." if told else "None was left out."),
        )
        if not self._known.said_last(period):
            self._write([period])
        n = self._n
        return Summary(
            runs=n["runs"],
            taken=n["taken"],
            before=n["before"],
            left_out=dict(self._left_out),
            attempts=n["attempts"],
            jobs=n["jobs"],
            files=n["files"],
            logs=n["logs"],
            unread=n["unread"],
            said=tuple(self._said),
            apart=n["apart"],
            apart_left=n["apart left"],
            trees=self._trees.troubles,
            no_tree=self._trees.absent,
            trouble=trouble,
        )

    # ── which runs ───────────────────────────────────────────────────────────

    def _workflow(self, run: Run) -> str | None:
        """The name under which a run's jobs count; None where they do not."""
        return self._workflows.name_of(run)

    def _commit(self, run: Run) -> str:
        return (run.head_sha or "").lower()

    def _is_settled(self, run: Run, *, whole: bool = True) -> bool:
        """Whether all of a run was read; with ``whole`` false, whether its jobs were."""
        files = [f"attempts/{n}/run.json" for n in range(1, run.run_attempt + 1)]
        if whole:
            files.append("artifacts.json")
        return all(self._known.settled(f"{_folder(run)}/{file}") for file in files)

    def _by_commit(self, run: Run) -> bool:
        commit = self._release.commit.lower()
        return bool(commit) and self._commit(run).startswith(commit)

    def _took_by_digest(self, run: Run) -> bool:
        """Take in a run of another commit, if a report that it left names the SDK under watch.

        Where a report says what was tested, that stands over where the workflow's own file stood.
        """
        artifacts = self._artifacts(run)
        note = f"other {self._repo} {run.id} {artifacts.sha256} {self._digests}"
        if not artifacts.items or self._client.cache.noted(note):
            return False
        with tempfile.TemporaryDirectory(prefix="atalaya-") as folder:
            unpacked = unpack(self._client, self._repo, artifacts.items, Path(folder))
            if names_one_of(unpacked.subjects.values(), self._digests):
                commit = self._release.commit or self._commit(run)
                self._take(run, commit, Path(folder), artifacts, unpacked)
                return True
        again = [unread.reason for unread in unpacked.unread if unread.again]
        if again and self._client.has_token:
            raise NetworkError(f"Run {run.id} may belong to this release: {again[0]}")
        if not again and run.status == "completed":
            self._client.cache.note(note)
        return False

    # ── one run ──────────────────────────────────────────────────────────────

    def _take(
        self,
        run: Run,
        commit: str,
        folder: Path,
        artifacts: Gathered[Artifact] | None = None,
        unpacked: Unpacked | None = None,
    ) -> None:
        """All that one run says, written down at once.

        :raises NetworkError: a document of it cannot be had; nothing was written.
        """
        attempts, readings = self._attempts(run)
        if attempts_gone := len(attempts) < run.run_attempt:
            numbers = {each.told.run_attempt for each in attempts}
            self._gone += [
                f"Attempt {n} of run {run.id} is gone, or not for this token to see."
                for n in range(1, run.run_attempt + 1)
                if n not in numbers
            ]
        artifacts = artifacts or self._artifacts(run)
        if unpacked is None:
            # Before its end, a red report cannot be told from the red job that wrote it.
            to_open = artifacts.items if run.status == "completed" else ()
            unpacked = unpack(self._client, self._repo, to_open, folder)
        executed = self._executed(run, attempts, commit)
        executed, to_ask = self._with_time_outs(executed)
        evidence, told = self._new_jobs(run, attempts, executed)
        log_events, log_readings, again = self._logs(run, executed)
        left = self._left_behind(run, unpacked, commit, executed, folder)
        log_events = _not_in_a_report(log_events, [event for event in left.records if isinstance(event, Event)])
        pending = again or to_ask or any(unread.again for unread in unpacked.unread) or attempts_gone
        readings += [
            *told,
            self._reading(
                run,
                "artifacts.json",
                artifacts.sha256,
                artifacts.size_bytes,
                FileVerdict.NO_EVIDENCE,
                f"Artifacts: {len(artifacts.items)}.",
            ),
            *log_readings,
            *left.readings,
            *(self._unread(run, f"artifacts/{unread.name}", unread) for unread in unpacked.unread),
            *(self._run_reading(run, each, pending) for each in attempts),
        ]
        self._n["taken"] += 1
        if self._n["taken"] % SAYS_EVERY == 0:
            self._echo(f"  GitHub: {self._n['taken']} runs taken in, {self._client.requests} requests")
        self._keep([*evidence, *log_events, *left.records], readings)

    def _take_jobs(self, run: Run) -> None:
        """The jobs of a run that cannot count, and nothing else of it.

        :raises NetworkError: a document of it cannot be had; nothing was written.
        """
        attempts, gone = self._attempts(run)
        evidence, told = self._new_jobs(run, attempts, self._executed(run, attempts, self._commit(run)))
        # What is gone of it is not said to be unread: no figure rests on it.
        self._n["apart"] += 1
        self._keep(evidence, [*told, *(self._run_reading(run, each, bool(gone)) for each in attempts)])

    def _executed(self, run: Run, attempts: Sequence[_Attempt], commit: str) -> list[_Executed]:
        payloads = [(each.told, each.jobs.items) for each in attempts]
        workflow = self._workflow(run) or ""
        metadata = self._metadata(run)
        return [
            _Executed(*each)
            for each in jobs.attempts_of(run, payloads, workflow=workflow, commit=commit, metadata=metadata)
        ]

    def _new_jobs(
        self, run: Run, attempts: Sequence[_Attempt], executed: Sequence[_Executed]
    ) -> tuple[list[Evidence], list[Reading]]:
        """The jobs of the attempts that were not read before, and a reading of each attempt's list."""
        told = {each.told.run_attempt: self._jobs_reading(run, each, executed) for each in attempts}
        new = {n for n, reading in told.items() if not self._known.has(reading)}
        evidence: list[Evidence] = [each.record for each in executed if each.told_in in new]
        self._n["jobs"] += len(evidence)
        self._n["attempts"] += len(new)
        return evidence, list(told.values())

    def _with_time_outs(self, executed: Sequence[_Executed]) -> tuple[list[_Executed], bool]:
        """The same, with those that were cancelled since their time was up as timed out.

        :return: and whether there are others that are still to be asked about.
        """
        result: list[_Executed] = []
        again = False
        for each in executed:
            record = each.record
            if each.job is not None and record.conclusion is Conclusion.CANCELLED and record.duration_s is not None:
                timed_out = self._time_outs.has_timed_out(each.job)
                again = again or timed_out is None
                if timed_out:
                    each = each._replace(record=replace(record, conclusion=Conclusion.TIMED_OUT))
            result.append(each)
        return result, again

    def _attempts(self, run: Run) -> tuple[list[_Attempt], list[Reading]]:
        """Each attempt that is there, and a reading for each that is not."""
        if not 1 <= run.run_attempt <= MOST_ATTEMPTS:
            raise Refused(f"Run {run.id} claims {run.run_attempt} attempts, which no run has.")
        attempts: list[_Attempt] = []
        gone: list[Reading] = []
        for n in range(1, run.run_attempt + 1):
            path = f"repos/{self._repo}/actions/runs/{run.id}/attempts/{n}"
            try:
                told = self._client.page(path, Run)
                listed: Gathered[Job] = listing.gather(self._client, f"{path}/jobs?per_page=100", Jobs)
            except Absent as why:
                gone.append(self._unread(run, f"attempts/{n}/run.json", Unread("", ReadStatus.UNREADABLE, str(why))))
                continue
            attempts.append(_Attempt(replace(told.value, run_attempt=n), told.sha256, told.size_bytes, listed))
        if not attempts:
            raise Absent(f"Run {run.id}: gone, or not for this token to see. What it said is not known.")
        return attempts, gone

    def _artifacts(self, run: Run) -> Gathered[Artifact]:
        path = f"repos/{self._repo}/actions/runs/{run.id}/artifacts?per_page=100"
        return listing.gather(self._client, path, Artifacts)

    def _logs(self, run: Run, executed: Iterable[_Executed]) -> tuple[list[Event], list[Reading], bool]:
        """The events in the logs of failed jobs. A log that is gone is no clean log, and is said to be unread."""
        events: list[Event] = []
        readings: list[Reading] = []
        again = False
        for _, job, record in executed:
            if job is None or record.conclusion not in jobs.FAILED:
                continue
            file = f"attempts/{record.attempt}/jobs/{job.id}/log.txt"
            if self._known.settled(f"{_folder(run)}/{file}"):
                continue
            content = log_of(self._client, self._repo, job)
            if isinstance(content, Unread):
                again = again or content.again
                readings.append(self._unread(run, file, content))
                continue
            self._n["logs"] += 1
            told, read = self._read_log(run, file, content, record)
            events += told
            readings += read
        return events, readings, again

    def _read_log(self, run: Run, file: str, content: bytes, record: JobAttempt) -> tuple[list[Event], list[Reading]]:
        """What a log tells of. GitHub gives a job's log as text, and some servers as a zip of such texts."""
        job = reports.Job(record.workflow, record.commit, name=record.job, attempt=record.attempt)
        events: list[Event] = []
        readings: list[Reading] = []
        texts: Iterable[Member] = [Member("", content)]
        if content.startswith(ZIP):
            texts = files_in(content)
            sha256 = hashlib.sha256(content).hexdigest()
            readings.append(self._reading(run, file, sha256, len(content), FileVerdict.NO_EVIDENCE, "A zip of logs."))
        for name, text, status, reason in texts:
            name = f"{file}/{name}" if name else file
            if text is None:
                readings.append(self._unread(run, name, Unread("", status, reason)))
                continue
            log = logs.read(text, scrub=scrub)
            read = log.status is ReadStatus.READ
            events += logs.events(log, file=f"{_folder(run)}/{name}", metadata=self._metadata(run), job=job)
            verdict = FileVerdict.NO_EVIDENCE if read else FileVerdict.UNKNOWN
            reason = " ".join(("The log of a failed job.", *log.notes))
            told = self._reading(run, name, log.sha256, log.size_bytes, verdict, reason, log.status)
            readings.append(replace(told, unclassified=log.unclassified or 0))
        return events, readings

    def _left_behind(
        self, run: Run, unpacked: Unpacked, commit: str, executed: Sequence[_Executed], folder: Path
    ) -> FromArtifacts:
        """What the artifacts of a run tell, under names that are the same in every run."""
        found = ArtifactEvidence(
            unpacked,
            folder,
            before=f"{_folder(run)}/artifacts/",
            run_id=str(run.id),
            job=reports.Job(self._workflow(run) or "", commit, jobs.event_of(run)),
            attempts=run.run_attempt,
            executed=[each.record for each in executed if each.job is not None],
            recorded_at=self._recorded_at,
            ended_at=min(jobs.when(run, self._recorded_at), self._recorded_at),
            known=self._known.find,
        ).read()
        self._n["files"] += len(found.readings)
        self._said += found.said
        return found

    # ── readings ─────────────────────────────────────────────────────────────

    def _keep(self, evidence: Sequence[Evidence], readings: Sequence[Reading]) -> None:
        new = [reading for reading in readings if not self._known.has(reading)]
        self._n["unread"] += sum(reading.status in UNREAD for reading in readings)
        self._write([*evidence, *new])

    def _metadata(self, run: Run | None = None) -> Metadata:
        run_id = f"github-{self._repo}" if run is None else str(run.id)
        return record_metadata(run_id, Environment.CI, self._recorded_at)

    def _reading(
        self,
        run: Run,
        file: str,
        sha256: str,
        size_bytes: int,
        verdict: FileVerdict,
        reason: str,
        status: ReadStatus = ReadStatus.READ,
    ) -> Reading:
        return Reading(
            **happened_at(self._metadata(run), jobs.when(run, self._recorded_at)),
            file=scrub(f"{_folder(run)}/{file}"),
            sha256=sha256,
            size_bytes=size_bytes,
            status=status,
            verdict=verdict,
            reason=scrub(reason),
        )

    def _jobs_reading(self, run: Run, attempt: _Attempt, executed: Sequence[_Executed]) -> Reading:
        n = attempt.told.run_attempt
        known = {each.job.id: each.record.conclusion for each in executed if each.job is not None and each.told_in == n}
        ended = [known.get(job.id, jobs.ended_as(job)) for job in attempt.jobs.items]
        pages = f" On {attempt.jobs.pages} pages." if attempt.jobs.pages > 1 else ""
        cut = sum(
            conclusion is Conclusion.TIMED_OUT and jobs.conclusion_of(job) is Conclusion.CANCELLED
            for conclusion, job in zip(ended, attempt.jobs.items, strict=True)
        )
        # Said here, so that another answer the next time makes another reading, and with it other jobs.
        notes = f" Cancelled when their time was up: {cut}." if cut else ""
        return self._reading(
            run,
            f"attempts/{attempt.told.run_attempt}/jobs.json",
            attempt.jobs.sha256,
            attempt.jobs.size_bytes,
            jobs.verdict_of(ended),
            f"Jobs: {len(ended)}.{pages}{notes}",
        )

    def _run_reading(self, run: Run, attempt: _Attempt, pending: bool) -> Reading:
        """What an attempt as a whole says. UNKNOWN while it, or what belongs to it, is still to be read again."""
        open_still = jobs.conclusion_of(attempt.told) is Conclusion.PENDING or any(
            jobs.conclusion_of(job) is Conclusion.PENDING for job in attempt.jobs.items
        )
        verdict = jobs.verdict_of([jobs.conclusion_of(attempt.told)])
        reason = "It has not ended." if open_still else "A part of it is still to be read." if pending else ""
        return self._reading(
            run,
            f"attempts/{attempt.told.run_attempt}/run.json",
            attempt.sha256,
            attempt.size_bytes,
            FileVerdict.UNKNOWN if reason else verdict,
            f"{reason} It is read again next time." if reason else "",
        )

    def _unread(self, run: Run, file: str, unread: Unread) -> Reading:
        return self._reading(run, file, "", 0, FileVerdict.UNKNOWN, unread.reason, unread.status)

    def _unread_run(self, run: Run, why: NetworkError) -> Reading:
        sha256, size_bytes = (why.sha256, why.size_bytes) if isinstance(why, Garbled) else ("", 0)
        return self._reading(run, "run.json", sha256, size_bytes, FileVerdict.UNKNOWN, str(why), ReadStatus.UNREADABLE)


def _folder(run: Run) -> str:
    return f"github/runs/{run.id}"


def _not_in_a_report(events: Sequence[Event], reported: Iterable[Event]) -> list[Event]:
    """The events of logs that no report tells of: a test that failed stands in its report and in the log of its job.

    That is one event, so each that is reported takes the place of one at the most.
    """
    left = list(events)
    for one in reported:
        twice = (event for event in left if event.event is one.event and event.message.startswith(one.message))
        if (found := next(twice, None)) is not None:
            left.remove(found)
    return left


def _once_each(sentences: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(sentences))[:MESSAGE_CHARS]
