"""Tests that the watch starts the runs of CI that are missing, where they test the released SDK, and no others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.cli.dispatch import start_what_is_missing
from atalaya.cli.main import parser
from atalaya.cli.watch import dispatched
from atalaya.core.window import due_at
from atalaya.records.stored import Dispatch
from atalaya.site.fragments.ledger import evidence
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.evidence.github.stand_in import BEGAN, REPO, SHA, Answer, StandIn
from tests.evidence.github.team import GATE, GATE_JOBS, SDK, SMOKE, Team, at, stamp
from tests.evidence.github.test_collect import failing_at

OTHER, SAME = "b" * 40, "c" * 40
GATE_FILE = f"{GATE}.yml"


class Dispatching:
    """The team's watch, with dispatches: each makes a run that is queued until it is said to have ended."""

    def __init__(self, team: Team) -> None:
        self.team, self.github = team, team.github
        self.said: list[str] = []
        self.queued: list[tuple[int, str]] = []
        self.settle(dispatch=True)
        self.github.on_dispatch = self._begins
        self.hour(0.1)

    def settle(self, **settings: Any) -> None:
        place = self.team.watch.place
        changed = replace(place.loaded.settings, ci=replace(place.loaded.settings.ci, **settings))
        self.team.watch.place = place._replace(loaded=place.loaded._replace(settings=changed))

    def hour(self, hour: float) -> None:
        self.github.now = at(hour)

    def _begins(self, file: str, ref: str) -> Answer:
        commit = (self.github.tags | self.github.branches)[ref]
        number = next(one["id"] for one in self.github.workflows if one["path"].endswith(f"/{file}"))
        run = self.team.run(file.removesuffix(".yml"), number, 0, [], head_sha=commit, status="queued", conclusion=None)
        self.github.runs[run].update(created_at=stamp(self.github.now), updated_at=stamp(self.github.now))
        self.queued.append((run, file))
        return Answer(204)

    def ends(self, conclusion: str = "success") -> None:
        """What is queued has run by now."""
        hour = (self.github.now - BEGAN) / timedelta(hours=1)
        for run, file in self.queued:
            names = GATE_JOBS if file == GATE_FILE else ("smoke",)
            self.github.jobs[run, 1] = [self.team.job(name, hour, conclusion) for name in names]
            self.github.runs[run].update(status="completed", conclusion=conclusion, updated_at=stamp(self.github.now))
        self.queued.clear()
        self.team.take()

    def start(self, *, environ: dict[str, str] | None = None, sees: Callable[[], None] = lambda: None) -> list[str]:
        """The files of the workflows of which runs were started; ``said`` is what was said."""
        before = len(self.github.dispatched)
        plan = self.team.judgement.dispatch
        sees()
        self.said.clear()
        start_what_is_missing(
            self.team.watch.place,
            self.team.watch.release,
            plan,
            echo=self.said.append,
            environ=self.team.watch.environ if environ is None else environ,
            clock=lambda: self.github.now,
            sleep=lambda s: None,
        )
        return [file for file, _ in self.github.dispatched[before:]]

    @property
    def records(self) -> list[Dispatch]:
        return sorted(self.team.watch.kept(Dispatch), key=lambda one: one.recorded_at)

    def says(self, part: str) -> bool:
        return any(part in line for line in self.said)


@pytest.fixture
def it(tmp_path: Path, github: StandIn) -> Dispatching:
    made = Dispatching(Team(tmp_path, github, workflows=(GATE,)))
    github.branches.update(main=SHA)
    return made


def test_what_was_dispatched_is_shown_on_the_evidence_page(it: Dispatching) -> None:
    it.start()
    page = str(evidence(it.team.judgement, Renderer(Language("en")))).replace("\\", "")
    assert ("Runs of CI that the watch started, 1 in all" in page, "runs: 2, jobs in all: 8" in page) == (True, True)


def test_what_is_dispatched_already_is_not_asked_of_people(it: Dispatching) -> None:
    asks = f"gh workflow run {GATE}"
    assert any(asks in str(step) for step in it.team.judgement.verdict.next_steps)
    for hour in (0.2, 0.4):
        it.start()
        it.hour(hour)
        it.ends("cancelled")
    assert not any(asks in str(step) for step in it.team.judgement.verdict.next_steps)


@pytest.mark.parametrize(("dispatch", "no_dispatch", "started"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_the_watch_starts_runs_where_the_settings_say_so_and_the_command_does_not_forbid_it(
    dispatch: bool, no_dispatch: bool, started: int, it: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in it.team.watch.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_WORKFLOW_REF", raising=False)
    it.settle(dispatch=dispatch)
    parsed = parser().parse_args(["watch", *(["--no-dispatch"] if no_dispatch else [])])
    after = dispatched(it.team.watch.place, it.team.watch.release, it.team.judgement, parsed)
    assert (len(it.github.dispatched), len(it.records)) == (started, started)
    assert after.release.version == "1.0.0"


# ── where ────────────────────────────────────────────────────────────────────


def test_a_run_is_started_on_the_branch_that_points_at_the_released_commit_and_is_recorded(it: Dispatching) -> None:
    assert it.start() == [GATE_FILE]
    assert it.github.dispatched == [(GATE_FILE, {"ref": "main"})]
    (record,) = it.records
    assert (record.checkpoint_h, record.workflow, record.ref, record.commit) == (0, GATE, "main", SHA)
    assert (record.runs, record.jobs, record.beside) == (2, 8, False)
    assert it.says(f"dispatched {GATE} on main ({SHA[:12]}): run 1 of 2 for T+0")
    assert it.team.judgement.dispatches == (record,)


@pytest.mark.parametrize(
    ("branches", "tags", "ref", "expected"),
    [
        ({"main": SHA}, {"v1.1.0": SHA}, "", "v1.1.0"),  # a tag stays where it is
        ({"main": SHA}, {"v1.1.0": SHA}, "main", "main"),
        ({"main": SAME}, {"v1.1.0": SHA}, "main", "main"),  # as the settings say: it holds the same SDK
        ({"main": OTHER}, {"v1.0.0": OTHER, "v1.1.0": SHA}, "", "v1.1.0"),
        ({"main": SAME, "other": OTHER}, {}, "", "main"),
        ({"a": SAME, "main": SAME}, {}, "", "main"),  # the default branch before others
        ({"main": OTHER}, {"v1.1.0": SHA}, "main", "v1.1.0"),
        ({"main": SHA}, {}, "gone", "main"),
    ],
)
def test_the_ref_is_one_whose_commit_counts(
    branches: dict[str, str], tags: dict[str, str], ref: str, expected: str, it: Dispatching
) -> None:
    it.github.add_commit(SAME, SDK, "e" * 40)
    it.github.add_commit(OTHER, SDK, "d" * 40)
    it.github.branches.clear()
    it.github.branches.update(branches)
    it.github.tags.update(tags)
    it.settle(ref=ref)
    it.start()
    assert it.github.dispatched == [(GATE_FILE, {"ref": expected})]


def test_where_no_ref_points_at_the_sdk_the_one_push_that_makes_a_tag_is_said_and_nothing_is_dispatched(
    it: Dispatching,
) -> None:
    it.github.add_commit(OTHER, SDK, "d" * 40)
    it.github.branches.update(main=OTHER)
    assert (it.start(), it.records) == ([], [])
    assert it.says(f"git push origin {SHA}:refs/tags/atalaya-1.0.0")
    it.github.tags["atalaya-1.0.0"] = SHA
    assert it.start() == [GATE_FILE]


# ── how many ─────────────────────────────────────────────────────────────────


def test_no_run_is_started_while_one_is_queued_or_running(it: Dispatching) -> None:
    assert it.start() == [GATE_FILE]
    it.hour(0.5)
    assert (it.start(), it.says("is queued or running")) == ([], True)
    it.ends()
    assert it.start() == [GATE_FILE]
    it.hour(0.8)
    it.ends()
    assert (it.start(), it.says("T+0 asks for no more runs: of 2")) == ([], True)
    assert it.team.rate == (8, 8)


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "pending", "requested"])
def test_a_run_that_somebody_else_began_is_waited_for(status: str, it: Dispatching) -> None:
    run = it.team.gate(0.05, event="pull_request", head_sha=OTHER)
    it.github.runs[run].update(status=status, conclusion=None)
    assert (it.start(), it.says(f"run {run} of it is queued or running")) == ([], True)


def test_what_was_dispatched_is_not_asked_for_again_however_it_ended(it: Dispatching) -> None:
    for hour in (0.2, 0.4):
        it.start()
        it.hour(hour)
        it.ends("cancelled")
    it.hour(1)
    assert (it.start(), len(it.records), it.team.rate[1]) == ([], 2, 0)


def test_the_number_of_a_checkpoint_is_fixed_at_its_first_dispatch(it: Dispatching) -> None:
    for hour in (0.2, 0.4):
        it.start()
        it.hour(hour)
        it.ends()
    it.hour(24)
    it.start()
    plan = it.team.judgement.dispatch
    assert plan is not None
    fixed = (plan.hours, plan.runs, plan.jobs)
    it.hour(24.5)
    it.ends("failure")
    # Runs from before the checkpoint come to light, and would have changed the number.
    it.team.gate(3, *[dict.fromkeys(GATE_JOBS, "failure")])
    it.team.take()
    again = it.team.judgement.dispatch
    assert again is not None
    assert ((again.hours, again.runs, again.jobs), again.runs_started) == (fixed, 1)


def test_runs_that_people_dispatch_are_taken_off_the_number(it: Dispatching) -> None:
    it.hour(0.5)
    it.team.gate(0.3)
    it.team.gate(0.4)
    it.team.take()
    assert (it.start(), it.says("asks for no more runs")) == ([], True)


def test_other_workflows_are_started_once_a_checkpoint_beside_the_main_pipeline(
    tmp_path: Path, github: StandIn
) -> None:
    it = Dispatching(Team(tmp_path, github))
    github.branches.update(main=SHA)
    assert it.start() == [GATE_FILE, f"{SMOKE}.yml"]
    it.hour(0.5)
    it.ends()
    assert it.start() == [GATE_FILE]
    plan = it.team.judgement.dispatch
    assert plan is not None
    assert (plan.runs_started, sorted(one.workflow for one in it.records)) == (2, [GATE, GATE, SMOKE])


@pytest.mark.parametrize("cap", [1, 3])
def test_the_cap_of_a_day_counts_what_github_lists_whoever_dispatched_it(cap: int, it: Dispatching) -> None:
    it.hour(3)
    for n in range(cap):
        it.team.gate(0.5 + n / 10, head_sha=OTHER, actor={"login": f"somebody-{n}"})
    it.settle(dispatch_per_day=cap + 1)
    assert it.start() == [GATE_FILE]
    it.hour(3.5)
    it.ends()
    assert (it.start(), it.says(f"{cap + 1} runs were dispatched today (UTC)")) == ([], True)


def test_what_was_dispatched_yesterday_or_of_another_workflow_is_not_of_the_cap(it: Dispatching) -> None:
    it.settle(dispatch_per_day=1)
    it.team.gate(-2, head_sha=OTHER)
    it.team.run("backend", 73, 0.05, [it.team.job("unit", 0.05)])
    it.team.gate(0.05, event="push", head_sha=OTHER)
    assert it.start() == [GATE_FILE]


def test_after_the_end_of_the_window_none_is_started(it: Dispatching) -> None:
    it.hour(71.5)
    assert it.start() == [GATE_FILE]
    it.github.now = due_at(it.team.watch.release, 72) + timedelta(minutes=1)
    assert (it.start(), it.says("the window is over")) == ([], True)


def test_two_watches_at_once_start_one_run(it: Dispatching) -> None:
    plan = it.team.judgement.dispatch
    together = threading.Barrier(2, timeout=60)
    made, lock = it.github.on_dispatch, threading.Lock()

    def slowly(file: str, ref: str) -> Answer:
        with lock:
            return made(file, ref)

    it.github.on_dispatch = slowly

    def watch() -> None:
        together.wait()
        start_what_is_missing(
            it.team.watch.place,
            it.team.watch.release,
            plan,
            echo=it.said.append,
            environ=it.team.watch.environ,
            clock=lambda: it.github.now,
            sleep=lambda s: None,
        )

    threads = [threading.Thread(target=watch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(it.github.dispatched), len(it.records)) == (1, 1)


def test_the_list_is_read_directly_before_so_that_another_machines_run_is_seen(it: Dispatching) -> None:
    """Another watch, which shares no file with this one, was faster by a moment."""

    def other() -> None:
        it.github.on_dispatch(GATE_FILE, "main")

    assert (it.start(sees=other), it.says("is queued or running")) == ([], True)


def test_a_run_that_is_not_in_the_list_yet_is_not_started_again(it: Dispatching) -> None:
    it.github.on_dispatch = lambda file, ref: Answer(204)  # the list lags behind
    assert it.start() == [GATE_FILE]
    it.github.now += timedelta(minutes=2)
    assert (it.start(), it.says("dispatched a moment ago")) == ([], True)
    it.github.now += timedelta(minutes=9)
    assert it.start() == [GATE_FILE]


# ── what is in the way ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(403, b'{"message": "Resource not accessible by integration"}'), "Give it `actions: write`"),
        (Answer(422, b'{"message": "Workflow does not have \'workflow_dispatch\' trigger"}'), "`workflow_dispatch:`"),
        (Answer(404, b'{"message": "Not Found"}'), "no such workflow"),
        (Answer(500, b"oh"), "GitHub answers 500"),
        (Answer(429, b'{"message": "slow down"}'), "GitHub answers 429"),
    ],
    ids=["403", "422", "404", "500", "429"],
)
def test_a_dispatch_that_is_refused_is_said_with_its_mend_and_fails_nothing(
    answer: Answer, says: str, it: Dispatching
) -> None:
    begins, it.github.on_dispatch = it.github.on_dispatch, lambda file, ref: answer
    assert (it.start(), it.says(says), it.records) == ([], True, [])
    asked = [one.status for one in it.github.asked if one.path.endswith("dispatches")]
    assert asked == [answer.status], "it is sent once"
    it.github.on_dispatch = begins
    assert it.start() == [GATE_FILE]


def test_without_a_token_nothing_is_asked_and_that_is_said(it: Dispatching) -> None:
    it.github.asked.clear()
    assert it.start(environ={"GITHUB_API_URL": it.github.api}) == []
    assert (it.says("no token in GITHUB_TOKEN"), it.github.asked) == (True, [])


@pytest.mark.parametrize("pattern", ["actions/workflows", "actions/runs", "branches"])
def test_a_github_that_does_not_answer_is_said_and_nothing_is_started(pattern: str, it: Dispatching) -> None:
    it.github.interfere = failing_at(pattern, Answer(502))
    assert (it.start(), it.says("not dispatched")) == ([], True)


@pytest.mark.parametrize("told", ["by the runner", "by its file"])
def test_the_watch_never_starts_its_own_workflow(told: str, it: Dispatching, tmp_path: Path) -> None:
    it.team.workflow(74, "sdk-watch")
    it.settle(workflows=("sdk-watch", GATE))
    environ = dict(it.team.watch.environ)
    if told == "by the runner":
        environ["GITHUB_WORKFLOW_REF"] = f"{REPO}/.github/workflows/sdk-watch.yml@refs/heads/main"
    else:
        file = tmp_path / ".github/workflows/sdk-watch.yml"
        file.parent.mkdir(parents=True)
        file.write_text("jobs:\n  w:\n    steps:\n      - run: atalaya watch --scheduled\n", encoding="utf-8")
    assert it.start(environ=environ) == [GATE_FILE]
    assert (it.says("sdk-watch runs the watch itself"), [one.beside for one in it.records]) == (True, [False])


def test_a_workflow_that_github_does_not_list_is_said(it: Dispatching) -> None:
    it.settle(workflows=("nightly",))
    assert (it.start(), it.says("GitHub lists no workflow 'nightly'")) == ([], True)


def test_refs_on_many_pages_and_of_another_host_are_read_as_lists_are(it: Dispatching) -> None:
    it.github.branches.clear()
    elsewhere = Answer(200, b"[]", {"Link": '<http://example.test/branches?page=2>; rel="next"'})
    it.github.interfere = lambda path: elsewhere if "/branches" in path else None
    assert (it.start(), it.says("another host")) == ([], True)
