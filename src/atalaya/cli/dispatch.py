"""The part of `watch` that starts runs of CI on GitHub, where `[ci] dispatch` asks for it."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from atalaya.cli.collect_github import asking, recorded_names, trees_of
from atalaya.cli.context import Context, github_repository
from atalaya.cli.instants import utc_now
from atalaya.cli.recording import append_evidence, new_metadata
from atalaya.core import environment
from atalaya.core.errors import NetworkError
from atalaya.records.judged import DispatchPlan
from atalaya.records.stored import CommitTree, Dispatch, JobAttempt, Release

if TYPE_CHECKING:
    from atalaya.evidence.github.client import Client
    from atalaya.evidence.github.dispatching import Target
    from atalaya.evidence.github.payloads import Run, Workflow
    from atalaya.evidence.github.workflows import Workflows

RUNS_THE_WATCH = re.compile(r"(?:\batalaya|-s)\s+watch\b")
SHOWS_UP = timedelta(minutes=5)  # so long a dispatched run may take to appear in GitHub's list
CLOCKS_DIFFER = timedelta(minutes=1)


def start_what_is_missing(
    place: Context,
    release: Release,
    plan: DispatchPlan | None,
    *,
    echo: Callable[[str], None],
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Dispatch, ...]:
    """Start the runs of CI that the checkpoint of now asks for, one of a workflow at a time.

    Whatever is in the way is said, and stops nothing else: a watch goes on without.

    :param plan: what is asked for; None outside of the window.
    :return: those that were started, which are recorded.
    :raises SettingsError: the repository, the token or the API's address cannot be.
    """
    environ = environment.everything() if environ is None else environ
    in_the_way = _in_the_way(place, release, plan, environ)
    if plan is None or in_the_way:
        echo(f"  not dispatched: {in_the_way}")
        return ()
    with asking(place, echo=echo, environ=environ, clock=clock, sleep=sleep) as client:
        try:
            return tuple(_Dispatching(place, release, plan, client, echo, clock, environ).start())
        except NetworkError as why:
            echo(f"  not dispatched: {why}")
            return ()


def _in_the_way(place: Context, release: Release, plan: DispatchPlan | None, environ: Mapping[str, str]) -> str:
    """Why nothing is dispatched, whatever GitHub would say; empty where nothing is in the way."""
    ci = place.loaded.settings.ci
    if release.rehearsal:
        return "a rehearsal starts no runs"
    if plan is None:
        return "the window is over, or has not begun"
    if not plan.runs_left:
        return f"T+{plan.hours} asks for no more runs: of {plan.runs}, all have run or were dispatched"
    if not github_repository(place):
        return "no `repo` in [ci] of watch.toml"
    if not ci.workflows:
        return "no `workflows` in [ci] of watch.toml"
    if not release.commit:
        return "the release names no commit: give `commit` in [subject] of watch.toml before it is opened"
    if not environment.github_token(environ):
        return "no token in GITHUB_TOKEN or GH_TOKEN. Give one that may write Actions (in a workflow: `actions: write`)"
    return ""


class _Wanted(NamedTuple):
    """A workflow of which a run is to be started; ``number`` counts those of the main pipeline at this checkpoint."""

    name: str
    workflow: Workflow
    number: int
    beside: bool


class _Dispatching:
    """One look at GitHub, and what is started after it."""

    def __init__(
        self,
        place: Context,
        release: Release,
        plan: DispatchPlan,
        client: Client,
        echo: Callable[[str], None],
        clock: Callable[[], datetime],
        environ: Mapping[str, str],
    ) -> None:
        from atalaya.evidence.ledger import ledger

        folder = place.releases / release.version / "evidence"
        self._records = ledger.of_kinds(folder, CommitTree, Dispatch, JobAttempt)
        self._done = [record for record in self._records if isinstance(record, Dispatch)]
        self._place, self._release, self._plan = place, release, plan
        self._client, self._echo, self._clock, self._environ = client, echo, clock, environ
        self._ci = place.loaded.settings.ci

    def start(self) -> Iterator[Dispatch]:
        """Start a run of each workflow that lacks one.

        :raises NetworkError: GitHub does not tell what there is.
        """
        from atalaya.evidence.github import dispatching

        wanted = list(self._wanted(self._look()[0]))
        if not wanted:
            return
        trees = trees_of(self._place, self._client, self._records, self._clock())
        before = len(trees.records)
        commit = self._release.commit
        on = dispatching.target(self._client, self._ci.repo, commit, trees, named=self._ci.ref)
        if trees.records[before:]:
            append_evidence(self._place, self._release, trees.records[before:])
        if on is None:
            self._echo(f"  not dispatched: {self._how_to_tag(trees.whole(commit.lower()) or commit)}")
            return
        for each in wanted:
            dispatch = self._started(each, on)
            if dispatch is not None:
                yield dispatch

    # ── which ────────────────────────────────────────────────────────────────

    def _look(self) -> tuple[Workflows, Sequence[Run]]:
        """What GitHub lists now: the workflows, and the runs of the window."""
        from atalaya.evidence.github import listing
        from atalaya.evidence.github.fetch import BEFORE
        from atalaya.evidence.github.payloads import WorkflowsListed
        from atalaya.evidence.github.workflows import Workflows

        path = f"repos/{self._ci.repo}/actions/workflows?per_page=100"
        listed: listing.Gathered[Workflow] = listing.gather(self._client, path, WorkflowsListed)
        # Its clock may be ahead of ours, and what another watch has just started must be seen.
        until = self._clock() + SHOWS_UP
        runs = listing.runs(self._client, self._ci.repo, since=self._release.opened_at - BEFORE, now=until).items
        return Workflows(self._ci.workflows, listed.items, runs, recorded_names(self._records)), runs

    def _wanted(self, workflows: Workflows) -> Iterator[_Wanted]:
        """The main pipeline, as often as the checkpoint asks for; each other workflow once."""
        beside = False
        for name in self._ci.workflows:
            workflow = workflows.of(name)
            if workflow is None:
                self._echo(f"  not dispatched: GitHub lists no workflow {name!r} in {self._ci.repo}")
            elif self._is_the_watchs_own(workflow):
                self._echo(f"  not dispatched: {name} runs the watch itself")
            else:
                done = sum(one.workflow == name and one.checkpoint_h == self._plan.hours for one in self._done)
                if not (beside and done):
                    yield _Wanted(name, workflow, done, beside)
                beside = True

    def _is_the_watchs_own(self, workflow: Workflow) -> bool:
        """Whether a workflow is the one that this runs in, or one of this project that runs the watch."""
        runs_in = environment.github_workflow(self._environ).lower()
        if runs_in == f"{self._ci.repo}/{workflow.path}".lower():
            return True
        file = self._place.root / Path(workflow.path)
        return ".." not in file.parts and file.is_file() and _runs_the_watch(file)

    def _how_to_tag(self, commit: str) -> str:
        tag = re.sub(r"[^A-Za-z0-9.+-]|\.\.|\.$", "-", f"atalaya-{self._release.version}")
        command = shlex.join(("git", "push", "origin", f"{commit}:refs/tags/{tag}"))
        named = f" `ref` in [ci] of watch.toml, {self._ci.ref}, does not either." if self._ci.ref else ""
        return (
            f"no branch and no tag points at the released SDK, and GitHub dispatches on nothing else.{named} Make a "
            f"tag, and run the watch again: {command}"
        )

    # ── one run ──────────────────────────────────────────────────────────────

    def _started(self, wanted: _Wanted, on: Target) -> Dispatch | None:
        """Start one run, if nothing holds it back by now."""
        from atalaya.evidence.github import dispatching

        held_back = self._held_back(wanted)
        if held_back:
            self._echo(f"  {wanted.name} was not dispatched: {held_back}")
            return None
        claim = f"dispatch {self._ci.repo} {self._release.version} T+{self._plan.hours} {wanted.name} {wanted.number}"
        if not self._client.cache.claim(claim):
            self._echo(f"  {wanted.name} was not dispatched: another watch on this machine does that now")
            return None
        refused = dispatching.start(self._client, self._ci.repo, wanted.workflow, on)
        if refused:
            self._client.cache.give_back(claim)
            self._echo(f"  {wanted.name} was not dispatched: {refused}")
            return None
        record = Dispatch(
            **new_metadata(self._release, self._clock()),
            checkpoint_h=self._plan.hours,
            workflow=wanted.name,
            workflow_file=wanted.workflow.path,
            ref=on.ref,
            commit=on.commit,
            runs=self._plan.runs,
            jobs=self._plan.jobs,
            beside=wanted.beside,
        )
        append_evidence(self._place, self._release, [record])
        self._done.append(record)
        number = "" if wanted.beside else f": run {wanted.number + 1} of {self._plan.runs} for T+{self._plan.hours}"
        self._echo(f"  dispatched {wanted.name} on {on.ref} ({on.commit[:12]}){number}")
        return record

    def _held_back(self, wanted: _Wanted) -> str:
        """Why no run is started now: asked of GitHub's list directly before."""
        from atalaya.evidence.github.dispatching import dispatched_on, unfinished

        workflows, runs = self._look()
        mine = [run for run in runs if workflows.name_of(run) == wanted.name]
        running = unfinished(mine)
        if running:
            return f"run {running[-1].id} of it is queued or running. The next watch looks again"
        if self._not_in_the_list_yet(wanted.name, mine):
            return "it was dispatched a moment ago. The next watch looks again"
        today = self._clock().date()
        listed = dispatched_on(f"{today}", runs, lambda run: workflows.name_of(run) is not None)
        number = max(listed, sum(one.recorded_at.date() == today for one in self._done))
        if number >= self._ci.dispatch_per_day:
            return (
                f"{number} runs were dispatched today (UTC), and `dispatch_per_day` in [ci] of watch.toml allows "
                f"{self._ci.dispatch_per_day}"
            )
        return ""

    def _not_in_the_list_yet(self, name: str, runs: Sequence[Run]) -> bool:
        from atalaya.evidence.readers.model import timestamp_of

        mine = [one.recorded_at for one in self._done if one.workflow == name]
        last = max(mine, default=None)
        if last is None or self._clock() - last > SHOWS_UP:
            return False
        made = filter(None, (timestamp_of(run.created_at or "") for run in runs))
        return not any(one.at >= last - CLOCKS_DIFFER for one in made)


def _runs_the_watch(file: Path) -> bool:
    try:
        return RUNS_THE_WATCH.search(file.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False
