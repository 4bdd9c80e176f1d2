"""Tests that a rehearsal really runs, gives the same bytes again, and is kept whole or not at all."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from atalaya.cli.main import main
from atalaya.cli.rehearse import People
from atalaya.core.settings import Settings
from atalaya.core.window import EXTENSION_H, WINDOW_H
from atalaya.evidence.commits import same_tree
from atalaya.evidence.ledger import ledger
from atalaya.harness.runner import run_checks
from atalaya.harness.scenarios import (
    Build,
    Dispatch,
    Extend,
    Network,
    PullRequest,
    Repeat,
    Report,
    Scenario,
    Schedule,
    Sign,
    Squash,
    Visit,
)
from atalaya.metrics.definitions import METRICS
from atalaya.records.results import SmokeEvent, SmokeRun, Subject
from atalaya.records.stored import (
    CommitTree,
    Conclusion,
    Environment,
    Event,
    EventKind,
    Evidence,
    IncidentStep,
    JobAttempt,
    Observation,
    Proof,
    RunContext,
    SettingsSnapshot,
    Severity,
    Signature,
    TestAttempt,
    WatchTransition,
)
from atalaya.sdk.source_hash import package_digest
from atalaya.selftest import last_run
from atalaya.selftest.prove import Caught
from atalaya.watch.checkpoints import duties_of
from atalaya.watch.folder import load
from atalaya.watch.incidents.incidents import STATES, read_pages
from atalaya.watch.rehearsal import NOWHERE, Slot, settled, weather_of
from atalaya.watch.rehearsed_ci import WORKFLOW
from tests.ours import DEFECT, DEFECTS, PACK, PACKAGE, PROMISES, REFERENCE, SCENARIOS
from tests.tables import each_row

pytestmark = pytest.mark.begun_first

ROOT = Path(__file__).parents[2]
T0 = datetime(2026, 11, 2, 9, tzinfo=UTC)
SMALL = Scenario(
    "Three hours in which everything happens.",
    (
        Network(0, 1.0),
        Build(1, "polls-read-the-cache"),
        Build(2),
        Report(1.5, "INC-9", "open", "Seen.", severity=Severity.CRITICAL, metric="stale-cache", impact="Stale: once."),
        Report(2, "INC-9", "monitoring", "Mended.", root_cause="A build.", fix="Another build."),
        Report(2, "INC-9", "resolved", "Proven.", once_proven=True),
        Extend(2.5, 3, "To see it hold."),
        Sign(3.5, 72, "incidents-updated", "Done."),
        Squash(0.2, "release"),
        Dispatch(0.3, ("a / full", "b / full")),
        Dispatch(0.4, ("a / full",), commit="release"),
        PullRequest(0.6, ("a / full",), "refs/pull/1/merge", defect="polls-read-the-cache"),
        Dispatch(1.2, ("a / full",)),
        Repeat(2.4, 3),
        Dispatch(2.2, ("a / full",), again_of=1.2),
        Visit(2.6),
    ),
    window_h=2,
)


# ── what a scenario says ─────────────────────────────────────────────────────


def test_a_build_is_met_by_every_so_many_hours_from_its_own_on_until_the_next() -> None:
    scenario = Scenario("", (Build(30, "d", every=10), Build(55)))
    assert [hour for hour in range(73) if scenario.build(hour) == "d"] == [30, 40, 50]


def test_the_network_stays_as_it_was_last_told() -> None:
    scenario = Scenario("", (Network(8, 0.5), Network(10, 0.0)))
    assert [scenario.faults(hour) for hour in (7, 8, 9, 10, 99)] == [0.0, 0.5, 0.5, 0.0, 0.0]


def test_the_schedule_fires_unless_it_is_told_not_to() -> None:
    scenario = Scenario("", (Schedule(2, False), Schedule(4, True)))
    assert [scenario.fires(hour) for hour in range(6)] == [True, True, False, False, True, True]


def test_ci_runs_so_often_from_its_hour_on_where_the_schedule_fires() -> None:
    every = Dispatch(0.5, ("a",), event="schedule", every_h=2)
    scenario = Scenario("", (every, Dispatch(2.2, ("b",)), Schedule(2, False), Schedule(4, True)), window_h=6)
    assert [one.at_h for hour in range(7) for one in scenario.ci(hour)] == [0.5, 2.2, 4.5]


def test_somebody_comes_by_in_an_hour_of_their_own() -> None:
    scenario = Scenario("", (Schedule(0, False), Visit(0.5), Visit(2)))
    assert [[one.at_h for one in scenario.visits(hour)] for hour in range(4)] == [[0.5], [], [2], []]


def test_a_watch_that_is_extended_ends_later() -> None:
    assert [Scenario("").ends_h, Scenario("", (Extend(72.5, 96, ""),)).ends_h] == [72, 96]


def test_the_network_takes_as_many_requests_as_it_is_told_on_average() -> None:
    gusts = [len(weather_of(1.6, 5, random.Random(number)).gusts) for number in range(400)]
    assert set(gusts) == {1, 2}
    assert sum(gusts) / 400 == pytest.approx(1.6, abs=0.08)


def test_the_network_takes_no_request_twice() -> None:
    for number in range(50):
        gusts = weather_of(9.0, 4, random.Random(number)).gusts
        assert len({(gust.wait, gust.request) for gust in gusts}) == 9


def test_a_sentence_keeps_all_but_what_differs_from_run_to_run() -> None:
    said = "POST http://127.0.0.1:41234/aris3 of 40 kB, 2081 kB held: [503] trace_id=" + "0f" * 16
    assert settled(said) == "POST http://127.0.0.1:…/aris3 of 40 kB, … kB held: [503] trace_id=…"


@each_row("name", SCENARIOS)
def test_what_a_scenario_names_is_there(name: str) -> None:
    signed = {(duty.hours, duty.id) for duty in duties_of(PACK.duties)}
    for one in SCENARIOS[name].happenings:
        assert one.at_h == round(one.at_h, 1)  # a run's id tells no more of its hour
        match one:
            case Build() | PullRequest():
                assert not one.defect or one.defect in DEFECT
            case Dispatch(again_of=float(first)):
                assert Dispatch(first, one.jobs, one.event, one.commit) in SCENARIOS[name].happenings
            case Report():
                assert one.state in STATES
                assert one.metric in ("", *METRICS)
            case Sign():
                assert (one.checkpoint_h, one.duty) in signed
            case Extend():
                assert (one.window_h - WINDOW_H) % EXTENSION_H == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_help_tells_each_scenario_and_what_happens_in_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rehearse", "--help"])
    said = capsys.readouterr().out
    assert f"\n  {name}\n" in said
    for one in SCENARIOS[name].happenings:
        assert f"T+{one.at_h:g} " in said or isinstance(one, Sign)


# ── what people wait for ─────────────────────────────────────────────────────


def smoke(*, trials: int, stale: int = 0) -> SmokeRun:
    event = SmokeEvent(kind=EventKind.STALE_READ, place="p", message="m", blocking=True)
    return SmokeRun(
        run_id="r",
        subject=Subject(name="s", version=None, digest="d", source="bundled"),
        host=NOWHERE,
        base_url="",
        started_at=T0,
        duration_s=0.0,
        steps=(),
        events=(event,) * stale,
        requests=3 * trials,
        polls=2 * trials,
        waits=trials,
        trials=trials,
    )


def resolved_in_hour(*runs: SmokeRun, fixed: int) -> int | None:
    """The hour before whose runs an incident is resolved, when its fix lands before those of another."""
    script = (
        Report(0, "I", "open", "", metric="stale-cache", impact="i"),
        Report(fixed, "I", "monitoring", ""),
        Report(fixed, "I", "resolved", "", once_proven=True),
    )
    people = People(Scenario("", script), T0, run_id="r")
    for hour, run in enumerate(runs):
        done = list(people.before(hour))
        if any(isinstance(one, IncidentStep) and one.state == "resolved" for one in done):
            return hour
        people.see(Slot(hour=hour, at=T0, runs=(run,)))
    return None


def test_an_incident_is_resolved_when_enough_clean_trials_have_proven_its_fix() -> None:
    # One in four before it, so 11 clean ones since: two smokes of four are too few, three are enough.
    assert resolved_in_hour(smoke(trials=4, stale=1), *[smoke(trials=4)] * 6, fixed=1) == 4


def test_a_fix_that_failed_resolves_nothing() -> None:
    after = [smoke(trials=4), smoke(trials=4, stale=1), *[smoke(trials=4)] * 20]
    assert resolved_in_hour(smoke(trials=4, stale=1), *after, fixed=1) is None


# ── the whole of it, really run ──────────────────────────────────────────────


def with_self_test(patch: pytest.MonkeyPatch) -> None:
    """Have the pack hold a self-test of this SDK, which is quicker than making one."""
    caught = [Caught(id=one.id, expected=one.expected, caught_by=(*one.expected, "x.besides")) for one in DEFECTS]
    digest = package_digest(REFERENCE / PACKAGE)
    run = last_run.Run(made_at=T0, python="3", subject_digest=digest, to_all=True, defects=tuple(caught))
    patch.setattr(last_run, "read", lambda pack: last_run.SelfTest(pack=pack, runs=(run,)))


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], Path]:
    """The folder of one rehearsal, made by the same command in a project of its own each time.

    Its checks are those of some promises, or of all where none is named, which takes long.
    """

    def made(promises: Sequence[str]) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("atalaya.watch.rehearsal.run_checks", partial(run_checks, wanted=promises))
            patch.setitem(SCENARIOS, "small", SMALL)  # type: ignore[arg-type]
            with_self_test(patch)
            root = tmp_path_factory.mktemp("project")
            main(["--root", str(root), "rehearse", "--scenario", "small", "--name", "r", "--at", T0.isoformat()])
            return root / "docs" / "releases" / "r"

    return made


@pytest.fixture(scope="module")
def once(rehearsed: Callable[[Sequence[str]], Path]) -> Path:
    return rehearsed([one.id for one in PROMISES[::40]])


@pytest.fixture(scope="module")
def kept(once: Path) -> list[Evidence]:
    survey = ledger.survey(once / "evidence")
    assert not survey.problems
    return [record for segment in survey.segments for record in segment.records]


def of(kept: list[Evidence], kind: type[Evidence]) -> list:
    return sorted((one for one in kept if isinstance(one, kind)), key=lambda one: one.occurred_at)


@pytest.mark.long
def test_the_same_command_gives_the_same_bytes(rehearsed: Callable[[Sequence[str]], Path]) -> None:
    one, other = (
        {file.relative_to(made): file.read_bytes() for file in made.rglob("*") if file.is_file()}
        for made in (rehearsed(()), rehearsed(()))
    )
    assert len(one) > 15
    assert one == other


def test_a_seeded_defect_is_seen_in_its_hour_and_in_no_other(kept: list[Evidence]) -> None:
    smokes = [job for job in of(kept, JobAttempt) if job.job == "smoke"]
    assert [job.conclusion for job in smokes] == [
        Conclusion.SUCCESS,
        Conclusion.FAILURE,
        Conclusion.SUCCESS,
        Conclusion.SUCCESS,
        Conclusion.SUCCESS,
    ]


def test_a_sick_build_is_another_sdk_and_makes_no_test_flaky(kept: list[Evidence]) -> None:
    by_commit: dict[str, set[str]] = {}
    for one in of(kept, TestAttempt):
        if one.test == "smoke.created-to-ready":
            by_commit.setdefault(one.commit, set()).add(str(one.outcome))
    assert sorted(map(sorted, by_commit.values())) == [["failed"], ["passed"]]


def ci_jobs(kept: list[Evidence]) -> list[JobAttempt]:
    return [job for job in of(kept, JobAttempt) if job.workflow == WORKFLOW and job.origin.startswith(job.run_id)]


def test_a_job_of_ci_runs_the_sdk_s_own_tests_and_ends_as_they_do(kept: list[Evidence]) -> None:
    well, lost = Conclusion.SUCCESS, Conclusion.FAILURE
    assert [(job.job, job.event, job.attempt, job.conclusion) for job in ci_jobs(kept)] == [
        ("a / full", "workflow_dispatch", 1, well),
        ("b / full", "workflow_dispatch", 1, well),
        ("a / full", "workflow_dispatch", 1, well),
        ("a / full", "pull_request", 1, lost),  # its merge has a defect
        ("a / full", "workflow_dispatch", 1, lost),  # so has the build of that hour
        ("a / full", "workflow_dispatch", 2, well),
    ]
    red = {(test.job, test.run_id) for test in of(kept, TestAttempt) if test.workflow == WORKFLOW and test.message}
    assert red == {("a / full", job.run_id) for job in ci_jobs(kept) if job.conclusion is lost}


def test_a_second_attempt_is_one_of_the_same_run(kept: list[Evidence]) -> None:
    *_, first, again = ci_jobs(kept)
    assert (first.run_id, first.commit) == (again.run_id, again.commit)
    assert {test.attempt for test in of(kept, TestAttempt) if test.occurred_at == again.occurred_at} == {2}


def test_the_branch_that_was_squashed_holds_the_same_sdk_and_a_merge_of_a_pull_request_is_another_commit(
    once: Path, kept: list[Evidence]
) -> None:
    released, trees = load(once), of(kept, CommitTree)
    first, _, branch, merge, *_ = (job.commit for job in ci_jobs(kept))
    assert first == released.commit
    assert same_tree(released.commit, trees) == {released.commit, branch}
    assert merge not in {released.commit, branch}


def test_repeats_are_attempts_of_each_test_and_are_no_job_that_did_well(kept: list[Evidence]) -> None:
    (run_id,) = {test.run_id for test in of(kept, TestAttempt) if test.run_id.endswith("repeat")}
    attempts = Counter(test.test for test in of(kept, TestAttempt) if test.run_id == run_id)
    assert set(attempts.values()) == {3}
    assert [job.conclusion for job in of(kept, JobAttempt) if job.run_id == run_id] == [Conclusion.UNKNOWN]


def test_somebody_who_comes_by_runs_the_checks_and_a_whole_smoke(kept: list[Evidence]) -> None:
    at = T0 + timedelta(hours=2.6)
    jobs = {job.job: job for job in of(kept, JobAttempt) if job.occurred_at == at}
    assert set(jobs) == {"contracts", "smoke"}
    assert jobs["smoke"].waits == Settings().smoke.waits


def test_the_network_really_took_requests_and_stopped_no_run(kept: list[Evidence]) -> None:
    lost = [event for event in of(kept, Event) if event.event is EventKind.NETWORK_ERROR]
    assert len(lost) >= 3
    assert {event.blocking for event in lost} == {False}


def test_an_incident_is_recorded_and_its_page_tells_in_free_text_what_people_did(
    once: Path, kept: list[Evidence]
) -> None:
    assert [one.state for one in of(kept, IncidentStep)][:2] == ["open", "monitoring"]
    (page,) = (once / "incidents").iterdir()
    said = page.read_text(encoding="utf-8")
    assert (page.name, said.startswith("# INC-9: ")) == ("inc-9.md", True)
    assert [", open: " in said, ", monitoring: " in said] == [True, True]
    (read,) = read_pages(page.parent, of(kept, IncidentStep))
    assert (read.incident, read.not_recorded) == ("INC-9", ())


def test_the_window_is_extended_by_a_record_and_the_runs_go_on_to_its_end(once: Path, kept: list[Evidence]) -> None:
    assert (load(once).window_h, [one.window_h for one in of(kept, WatchTransition)]) == (2, [3])
    assert of(kept, JobAttempt)[-1].occurred_at == T0 + timedelta(hours=3)


def test_a_duty_is_signed_by_a_person(kept: list[Evidence]) -> None:
    assert [(one.checkpoint_h, one.duty) for one in of(kept, Signature)] == [(72, "incidents-updated")]


def test_the_settings_at_t0_are_recorded(kept: list[Evidence]) -> None:
    assert [one.occurred_at for one in of(kept, SettingsSnapshot)] == [T0]


def test_the_proof_is_the_tree_s_own_and_holds_what_each_defect_should_turn_red(kept: list[Evidence]) -> None:
    assert {one.id: one.expected for one in DEFECTS} == {one.defect: one.caught_by for one in of(kept, Proof)}


def test_nothing_of_this_machine_is_kept(kept: list[Evidence]) -> None:
    assert {(one.python, one.implementation, one.os, one.freeze) for one in of(kept, RunContext)} == {("", "", "", ())}
    durations = {one.duration_s for one in kept if isinstance(one, Observation | JobAttempt | TestAttempt)}
    assert durations == {0.0, None}  # of a report that is taken in by itself no job's duration is known


def test_everything_is_recorded_on_the_calendar_and_as_a_rehearsal(kept: list[Evidence]) -> None:
    assert {one.environment for one in kept} == {Environment.REHEARSAL}
    assert all(T0 <= one.occurred_at == one.recorded_at <= T0 + timedelta(hours=4) for one in kept)


def test_the_folder_holds_the_command_that_makes_it_again(once: Path) -> None:
    command = "atalaya rehearse --scenario small --seed 7 --at 2026-11-02T09:00:00+00:00 --name r"
    assert load(once).made_by == command


def test_a_name_that_is_taken_is_refused_and_left_as_it_is(once: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(file.name for file in once.iterdir())
    with pytest.raises(SystemExit):
        main(["--root", str(once.parents[2]), "rehearse", "--name", "r"])
    assert "there is such a release" in capsys.readouterr().err
    assert before == sorted(file.name for file in once.iterdir())


def test_whatever_ends_a_rehearsal_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Iterator[Slot]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("atalaya.watch.rehearsal.rehearse", interrupted)
    with_self_test(monkeypatch)
    with pytest.raises(SystemExit, match="130"):
        main(["--root", str(tmp_path), "rehearse", "--name", "r"])
    assert list((tmp_path / "docs" / "releases").iterdir()) == []


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process group")
def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    asked = ["--root", str(tmp_path), "rehearse", "--name", "r"]
    program = (
        "import pytest, sys; from tests.selftest.test_rehearsal import main, with_self_test; "
        f"with_self_test(pytest.MonkeyPatch()); sys.exit(main({asked}))"
    )
    argv = [sys.executable, "-c", program]
    releases = tmp_path / "docs" / "releases"
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True) as going:
        while not list(releases.glob(".rehearsing-*/r/release.toml")) and going.poll() is None:
            time.sleep(0.05)
        time.sleep(1)
        os.killpg(going.pid, signal.SIGINT)
        going.communicate(timeout=300)
    assert going.returncode == 130
    assert list(releases.iterdir()) == []
