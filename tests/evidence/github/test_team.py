"""Scenarios of the team's repository: what `collect` says, which figure comes of it, and which word."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from atalaya.evidence.github.artifact_evidence import BESIDE, NO_ATTEMPT
from atalaya.evidence.github.fetch import OTHER_WORKFLOW
from atalaya.records.stored import Conclusion, Event, EventKind, JobAttempt, Reading, ReadStatus, TestAttempt
from tests.evidence.github.stand_in import SHA, Answer, StandIn, zipped
from tests.evidence.github.team import CHECKS, GATE, GATE_JOBS, LINUX_311, SMOKE, Team, smoke_files, stamp
from tests.evidence.github.team import at as at_hour
from tests.evidence.github.test_collect import FAILS, PASSES, failing_at

OTHER = "b" * 40
SAME = "c" * 40  # another commit that holds the same SDK
RESET = b"2026-01-01T05:00:00Z ConnectionResetError: [Errno 104] Connection reset by peer\n"


@pytest.fixture
def team(tmp_path: Path, github: StandIn) -> Team:
    return Team(tmp_path, github)


def said(lines: tuple[str, ...], part: str) -> list[str]:
    return [line for line in lines if part in line]


# ── the smoke ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "missing", [(), ("json",), ("json", "result__log"), ("stdout__log",)], ids=["all", "no json", "stdout", "no stdout"]
)
def test_a_smoke_that_failed_behind_a_pipe_is_no_success_whichever_of_its_files_says_so(
    missing: tuple[str, ...], team: Team
) -> None:
    team.smoke(5, files=smoke_files(False, but=missing))
    lines = team.take()
    assert sorted(team.ends) == [("smoke", 1, "failure", "success"), ("smoke", 1, "success", "")]
    assert (team.rate, team.cells) == ((0, 1), {"smoke": "red now"})
    assert len(said(lines, "smoke, attempt 1: GitHub says success, and what the job left behind says failure")) == 1
    corrected = [one.reason for one in team.watch.kept(Reading) if "GitHub says success" in one.reason]
    assert len(corrected) == 1
    assert [(e.event, e.job, e.blocking) for e in team.watch.kept(Event)] == [
        (EventKind.POLLING_TIMEOUT, "smoke", True)
    ]
    assert str(team.metric("polling-timeouts").state) == "FAIL"


def test_a_smoke_that_passed_is_a_success_and_three_tests_of_its_job(team: Team) -> None:
    team.smoke(5)
    lines = team.take()
    assert (team.rate, team.ends, said(lines, "GitHub says")) == ((1, 1), [("smoke", 1, "success", "")], [])
    assert sorted(one.test.rpartition(" > ")[2] for one in team.watch.kept(TestAttempt)) == sorted(CHECKS)
    assert {(one.workflow, one.job) for one in team.watch.kept(TestAttempt)} == {(SMOKE, "smoke")}


def test_a_smoke_that_contradicts_itself_is_neither_a_success_nor_a_failure(team: Team) -> None:
    files = {name: content.replace(b'"ok": true', b'"ok": false') for name, content in smoke_files(True).items()}
    team.smoke(5, files={"post_release_smoke_result__json": files["post_release_smoke_result__json"]})
    team.take()
    assert ("smoke", 1, "unknown", "success") in team.ends
    assert (team.rate[1], team.metric("pass-rate").counts["not_told"]) == (0, 1)


def test_a_smoke_whose_artifact_has_expired_is_not_known_and_holds_zeros_back(team: Team) -> None:
    team.own_smoke(4)
    assert str(team.metric("polling-timeouts").state) == "PROVEN"
    team.smoke(5)
    team.github.artifacts[min(team.github.artifacts)][0]["expired"] = True
    assert team.watch.take().code == 3
    timeouts = team.metric("polling-timeouts")
    assert (str(timeouts.state), "expired" in str(timeouts.reason)) == ("UNKNOWN", True)


# ── artifacts ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>", "not a zip that can be read"),
        (zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.zip": b"PK\x03\x04"})})})}), "nested deeper"),
        (zipped({"a.7z": b"7z\xbc\xaf\x27\x1c"}), "packed with 7-Zip"),
        (zipped({"report.xml": b"<testsuite>"}), "no element found"),
        (zipped({}), "no file in it"),
    ],
)
def test_what_could_not_be_opened_is_unread_with_its_reason_and_holds_zeros_back(
    content: bytes, reason: str, team: Team
) -> None:
    team.own_smoke(4)
    run = team.gate(5)
    team.artifact(run, "anything", {})
    team.github.zips[max(team.github.zips)] = content
    assert team.watch.take().code == 3
    unread = [one for one in team.watch.kept(Reading) if one.status in (ReadStatus.UNREADABLE, ReadStatus.DECLINED)]
    assert [reason in one.reason for one in unread] == [True]
    assert str(team.metric("polling-timeouts").state) == "UNKNOWN"
    assert team.rate == (4, 4)


def test_an_artifact_that_is_too_large_is_not_asked_for_and_is_unread(team: Team) -> None:
    run = team.gate(5)
    team.artifact(run, "core-dumps", {"a__bin": b"..."}, size_in_bytes=2**30)
    assert team.watch.take().code == 3
    reading = team.watch.reading(f"github/runs/{run}/artifacts/core-dumps.zip")
    assert (reading.status, "1,073,741,824 bytes" in reading.reason) == (ReadStatus.DECLINED, True)
    assert team.github.downloads == []


def test_what_is_neither_a_report_nor_a_log_hides_nothing(team: Team) -> None:
    team.own_smoke(4)
    run = team.gate(5)
    wheel = zipped({"sdk/tests/red.xml": FAILS, "sdk-1.dist-info/WHEEL": b"Wheel-Version: 1.0"})
    pages = {f"page_{n}__html": b"<!doctype html><p>ConnectionResetError: reset<br>" for n in range(9)}
    team.artifact(
        run, "site", {**pages, "coverage__xml": b"<coverage/>", "guide__md": b"ConnectionResetError: reset\n"}
    )
    team.artifact(run, "dist", {"sdk__whl": wheel})
    assert team.watch.take().code == 0
    reading = team.watch.reading(f"github/runs/{run}/artifacts/site.zip")
    assert "neither reports nor logs: 10" in reading.reason
    assert (team.watch.kept(TestAttempt), team.watch.kept(Event), team.rate) == ([], [], (4, 4))
    assert str(team.metric("polling-timeouts").state) == "PROVEN"


@pytest.mark.parametrize(
    "files",
    [
        {"gate__log": RESET},
        {"gate__log__gz": gzip.compress(RESET)},
        {"logs__zip": zipped({"deep/gate.log": RESET})},
        {"output": RESET},
    ],
    ids=["log", "gz", "zip", "no suffix"],
)
def test_a_log_in_an_artifact_tells_of_its_errors_as_the_log_of_its_job(files: dict[str, bytes], team: Team) -> None:
    run = team.gate(5, {LINUX_311: "failure"})
    failed = next(one["id"] for one in team.github.jobs[run, 1] if one["name"] == LINUX_311)
    team.github.logs[failed] = RESET
    team.artifact(run, "sdk-release-gate-logs-Linux-py3.11-full", files)
    team.take()
    assert {(one.job, one.attempt) for one in team.watch.kept(Event)} == {(LINUX_311, 1)}
    assert team.metric("network-errors").counts["events"] == 1


# ── which runs ───────────────────────────────────────────────────────────────


def test_a_run_from_before_the_window_that_was_run_again_in_it_is_seen(team: Team) -> None:
    team.gate(-100, {LINUX_311: "failure"}, {LINUX_311: "success"}, updated_at=stamp(at_hour(5)))
    run = max(team.github.runs)
    again = team.github.jobs[run, 2][0]
    again.update(started_at=stamp(at_hour(4)), completed_at=stamp(at_hour(5)))
    lines = team.take()
    assert (team.rate, team.cells) == ((1, 1), {LINUX_311: "green"})
    assert said(lines, "before T+0: counts in nothing (4 jobs, 1 failed)") != []


def test_an_old_run_that_was_not_run_again_is_not_asked_about(team: Team) -> None:
    team.gate(-100)
    team.take()
    assert team.watch.kept(JobAttempt) == []


def test_an_old_run_of_a_commit_with_the_same_sdk_is_seen_when_it_is_run_again(team: Team) -> None:
    team.github.add_commit(SAME, "clients/python/aris3_client_sdk", "e" * 40)
    team.gate(3, head_sha=SAME)
    team.gate(-100, {LINUX_311: "failure"}, {LINUX_311: "failure"}, updated_at=stamp(at_hour(5)), head_sha=SAME)
    again = team.github.jobs[max(team.github.runs), 2][0]
    again.update(started_at=stamp(at_hour(4)), completed_at=stamp(at_hour(5)))
    team.take()
    assert (team.rate, team.cells[LINUX_311]) == ((4, 5), "red now")


def test_older_runs_that_cannot_be_listed_make_the_period_unread(team: Team) -> None:
    team.gate(5)
    team.github.interfere = failing_at("head_sha", Answer(502))
    lines = team.take()
    assert said(lines, "from before the window that were run again") != []
    assert str(team.metric("pass-rate").state) == "UNKNOWN"


def test_a_run_whose_name_is_another_workflows_counts_under_its_own(team: Team) -> None:
    team.gate(5, {}, name="SDK gate for 1.1.0 by ana")
    team.run("backend", 73, 6, [team.job("unit", 6, "failure")], name=GATE)
    lines = team.take()
    assert (team.rate, set(team.cells)) == ((4, 4), set(GATE_JOBS))
    assert said(lines, OTHER_WORKFLOW) == [f"left out: 1 runs {OTHER_WORKFLOW}"]


@pytest.mark.parametrize("listed", [True, False])
def test_a_workflow_that_is_renamed_in_mid_watch_stays_one(listed: bool, tmp_path: Path, github: StandIn) -> None:
    team = Team(tmp_path, github, workflows=("SDK gate",))
    team.github.workflows[0]["name"] = "SDK gate"
    team.gate(5, name="SDK gate")
    team.take()
    team.github.workflows[0]["name"] = "Client gate"
    if not listed:
        team.github.workflows.clear()
    for run in team.github.runs.values():
        run["name"] = "Client gate"
    team.gate(30, name="Client gate")
    team.take()
    assert (team.rate, {cell.workflow for cell in team.judgement.cells}) == ((8, 8), {"SDK gate"})


def test_a_pull_requests_run_counts_in_nothing_and_is_said(team: Team) -> None:
    team.gate(5, {LINUX_311: "failure"}, event="pull_request", head_sha=OTHER)
    lines = team.take()
    assert (team.rate[1], team.cells) == (0, {})
    assert said(lines, "of another commit: shown apart, counts in nothing (4 jobs, 1 failed)") != []
    assert team.metric("pass-rate").counts["of_other_events"] == 4


def test_a_job_that_was_cut_at_its_limit_is_timed_out_though_only_its_annotation_says_so(team: Team) -> None:
    run = team.gate(5, {LINUX_311: "cancelled"})
    cut = next(one["id"] for one in team.github.jobs[run, 1] if one["name"] == LINUX_311)
    message = "The job running on runner GitHub Actions 4 has exceeded the maximum execution time of 10 minutes."
    team.github.annotations[cut] = [{"message": message}]
    team.take()
    assert (team.rate, team.cells[LINUX_311]) == ((3, 4), "red now")
    assert (LINUX_311, 1, "timed_out", "") in team.ends


def test_jobs_that_another_workflow_calls_are_told_apart_by_caller_and_values(team: Team) -> None:
    names = ("linux / unit (3.11)", "linux / unit (3.12)", "windows / unit (3.11)")
    team.run(GATE, 71, 5, [team.job(name, 5, "failure" if name == names[2] else "success") for name in names])
    team.take()
    assert (team.rate, team.cells) == ((2, 3), {names[0]: "green", names[1]: "green", names[2]: "red now"})
    assert {cell.variant for cell in team.judgement.cells} == {"3.11", "3.12"}


def test_the_second_of_two_jobs_of_one_name_is_green_again_where_it_alone_ran_again(team: Team) -> None:
    first = [team.job("unit", 5), team.job("unit", 5, "failure")]
    team.run(GATE, 71, 5, first, [team.job("unit", 6)])
    team.take()
    assert (team.rate, team.cells) == ((2, 2), {"unit": "green", "unit #2": "green"})
    assert team.metric("pass-rate").counts["rescued"] == 1


def test_the_machinerys_failures_are_apart_and_a_job_without_a_runners_name_counts(team: Team) -> None:
    steps = [{"name": "Set up job", "conclusion": "success"}]
    stopped = [
        *steps,
        {"name": "Initialize containers", "conclusion": "failure"},
        {"name": "T", "conclusion": "skipped"},
    ]
    ran = [*steps, {"name": "T", "conclusion": "failure"}]
    jobs = [
        team.job("containers", 5, "failure", steps=stopped),
        team.job("nameless", 5, "failure", steps=ran, runner_name=""),
    ]
    team.run(GATE, 71, 5, jobs)
    team.take()
    assert (team.rate, team.cells) == ((0, 1), {"nameless": "red now"})
    assert team.metric("pass-rate").counts["not_started"] == 1


# ── reports and jobs ─────────────────────────────────────────────────────────


def test_a_red_report_beside_its_green_job_makes_that_job_red_and_no_second_one(team: Team) -> None:
    run = team.gate(5)
    team.artifact(run, "junit-Linux-py3.11-full", {"report__xml": FAILS})
    lines = team.take()
    assert (team.rate, team.cells[LINUX_311]) == ((3, 4), "red now")
    assert (LINUX_311, 1, "failure", "success") in team.ends
    assert len(said(lines, f"{LINUX_311}, attempt 1: GitHub says success")) == 1
    assert [one.job for one in team.watch.kept(TestAttempt)] == [LINUX_311]


def test_a_red_report_is_explained_by_the_red_job_of_its_name_only(team: Team) -> None:
    run = team.gate(5, {GATE_JOBS[0]: "failure"})
    team.artifact(run, "junit-Linux-py3.10-full", {"report__xml": FAILS})
    team.take()
    assert (team.rate, len(team.ends)) == ((3, 4), 4)
    other = team.gate(8, {GATE_JOBS[0]: "failure"})
    team.artifact(other, "junit-Windows-py3.11-smoke", {"report__xml": FAILS})
    team.take()
    assert (team.rate, team.cells[GATE_JOBS[3]]) == ((5, 8), "red now")


@pytest.mark.parametrize("told", [{"name": "junit-Linux-py3.11-full-attempt-2"}, {"hour": 5.95}, {}])
def test_a_red_report_of_the_second_attempt_is_not_explained_by_the_first(told: dict[str, Any], team: Team) -> None:
    run = team.gate(5, {LINUX_311: "failure"}, {LINUX_311: "success"})
    team.artifact(run, **{"name": "junit-Linux-py3.11-full", "files": {"report__xml": FAILS}, **told})
    team.take()
    reasons = [one.reason for one in team.watch.kept(Reading) if one.file.endswith("report.xml")]
    if told:
        assert (team.rate, (LINUX_311, 2, "failure", "success") in team.ends) == ((3, 4), True)
    else:  # which attempt wrote it is not known, and the first was red
        assert (team.rate, NO_ATTEMPT in reasons[0]) == ((4, 4), True)
    assert [one.attempt for one in team.watch.kept(TestAttempt)] == [2 if told else 1]


def test_a_red_report_that_no_job_can_be_named_for_counts_as_a_failed_job_of_its_own_and_is_said(team: Team) -> None:
    run = team.gate(5)
    team.artifact(run, "junit", {"report__xml": FAILS})
    lines = team.take()
    assert (team.rate, team.cells["junit/report.xml"]) == ((4, 5), "red now")
    assert len(said(lines, BESIDE)) == 1


def test_a_red_report_that_no_job_can_be_named_for_is_not_added_to_a_red_job(team: Team) -> None:
    run = team.gate(5, {LINUX_311: "failure"})
    team.artifact(run, "junit", {"report__xml": FAILS})
    team.take()
    assert (team.rate, len(team.ends)) == ((3, 4), 4)


def test_a_green_report_makes_no_job_and_hides_no_red_one(team: Team) -> None:
    run = team.gate(5, {LINUX_311: "failure"})
    team.artifact(run, "junit-Linux-py3.11-full", {"report__xml": PASSES})
    team.take()
    assert (team.rate, team.cells[LINUX_311], len(team.ends)) == ((3, 4), "red now", 4)


def test_a_cancelled_job_that_left_a_red_report_failed(team: Team) -> None:
    run = team.gate(5, {LINUX_311: "cancelled"})
    team.artifact(run, "junit-Linux-py3.11-full", {"report__xml": FAILS})
    team.take()
    assert ((LINUX_311, 1, "failure", "cancelled") in team.ends, team.rate) == (True, (3, 4))


def test_what_was_corrected_once_is_corrected_however_often_it_is_taken_in(team: Team) -> None:
    team.smoke(5, passes=False)
    team.take()
    before = len(team.watch.kept(JobAttempt))
    team.watch.cache.unlink()
    team.take()
    assert (len(team.watch.kept(JobAttempt)), team.rate) == (before, (0, 1))


def test_the_commit_may_be_named_by_its_beginning(tmp_path: Path, github: StandIn) -> None:
    team = Team(tmp_path, github)
    from msgspec.structs import replace

    team.watch.release = replace(team.watch.release, commit=SHA[:7])
    team.gate(-100, {LINUX_311: "failure"}, {LINUX_311: "success"}, updated_at=stamp(at_hour(5)))
    team.take()
    assert {one.conclusion for one in team.watch.kept(JobAttempt)} == {Conclusion.SUCCESS, Conclusion.FAILURE}
