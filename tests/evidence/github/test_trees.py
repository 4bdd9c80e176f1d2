"""Tests that runs of another commit are taken in where the SDK is the same, and shown apart elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.settings import SubjectSettings
from atalaya.evidence.commits import same_tree
from atalaya.evidence.github import fetch, trees
from atalaya.records.stored import CommitTree, Conclusion, Event, JobAttempt, Reading, ReadStatus, TestAttempt
from tests.evidence.github.stand_in import BEGAN, SHA, Answer, StandIn, job, missing
from tests.evidence.github.test_collect import knows_the_sdk
from tests.evidence.github.watching import Watch

SDK = "clients/python/aris3_client_sdk"
HEAD = "b" * 40  # a pull request's head, which was squashed into the released commit
OTHER = "c" * 40
SAME_TREE, OTHER_TREE = "1" * 40, "2" * 40
FAILS = b'<testsuite name="s"><testcase name="a" time="1"><failure message="x"/></testcase></testsuite>'


@pytest.fixture
def watch(github: StandIn, tmp_path: Path) -> Watch:
    """A release that was squash-merged: its own commit, and what it was made from, hold the same SDK."""
    github.add_commit(SHA, SDK, SAME_TREE)
    github.add_commit(HEAD, SDK, SAME_TREE)
    github.add_commit(OTHER, SDK, OTHER_TREE)
    return Watch(tmp_path, github, subject=SubjectSettings(path=SDK))


def kept_trees(watch: Watch) -> dict[str, tuple[str, str]]:
    return {record.commit: (record.tree, record.asked_of) for record in watch.kept(CommitTree)}


def asked_for(github: StandIn, part: str) -> int:
    return sum(part in asked.path for asked in github.asked)


def test_a_run_of_the_same_tree_is_taken_in_whole(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha=HEAD, event="workflow_dispatch")
    github.add_artifact(1, 7, "junit", report__xml=FAILS)
    github.add_run(2, [job(2)], head_sha=OTHER, event="workflow_dispatch")
    github.add_artifact(2, 8, "junit", report__xml=FAILS)
    assert watch.take().code == 0
    assert kept_trees(watch) == {SHA: (SAME_TREE, "github"), HEAD: (SAME_TREE, "github"), OTHER: (OTHER_TREE, "github")}
    assert same_tree(watch.release.commit, watch.kept(CommitTree)) == {SHA, HEAD}
    assert {(one.run_id, one.commit, one.event) for one in watch.kept(JobAttempt)} == {
        ("1", HEAD, "workflow_dispatch"),
        ("2", OTHER, "workflow_dispatch"),
    }
    # A report of a run that does not count is not opened.
    assert [(test.run_id, test.commit) for test in watch.kept(TestAttempt)] == [("1", HEAD)]


def test_a_commit_is_asked_about_once(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha=HEAD)
    github.add_run(2, [job(2)], head_sha=HEAD)
    watch.take()
    assert asked_for(github, "/git/") == 2 + 2  # two commits, and two folders that they share
    watch.cache.unlink()  # nothing rests on the cache
    github.counted()
    github.now += timedelta(hours=1)
    watch.take()
    assert asked_for(github, "/git/") == 0
    assert len(watch.kept(CommitTree)) == 2


def test_without_a_path_the_whole_commit_is_compared(github: StandIn, tmp_path: Path) -> None:
    watch = Watch(tmp_path, github)
    for commit, tree in ((SHA, SAME_TREE), (HEAD, SAME_TREE), (OTHER, OTHER_TREE)):
        github.add_commit(commit, tree=tree)
    for n, commit in enumerate((HEAD, OTHER), start=1):
        github.add_run(n, [job(n)], head_sha=commit)
    watch.take()
    assert same_tree(watch.release.commit, watch.kept(CommitTree)) == {SHA, HEAD}
    assert {record.path for record in watch.kept(CommitTree)} == {""}


def test_a_released_commit_that_is_cut_short_is_asked_about_by_that_name(github: StandIn, tmp_path: Path) -> None:
    watch = Watch(tmp_path, github, commit="abc1234", subject=SubjectSettings(path=SDK))
    github.add_commit("abc1234" + "d" * 33, SDK, SAME_TREE)
    github.add_commit(HEAD, SDK, SAME_TREE)
    github.add_run(1, [job(1)], head_sha=HEAD)
    watch.take()
    assert same_tree(watch.release.commit, watch.kept(CommitTree)) == {"abc1234" + "d" * 33, HEAD}


# ── git ──────────────────────────────────────────────────────────────────────


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def squashed(folder: Path) -> tuple[str, str, str]:
    """A repository with a commit that is released, one of a branch with the same SDK, and one with another."""
    (folder / SDK).mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commits = []
    for sdk, readme in (("other", "1"), ("same", "2"), ("same", "3")):
        (folder / SDK / "api.py").write_text(sdk)
        (folder / "README.md").write_text(readme)
        git(folder, "add", ".")
        git(folder, "commit", "-qm", readme)
        commits.append(git(folder, "rev-parse", "HEAD"))
    return commits[0], commits[1], commits[2]


def test_git_is_asked_where_the_repository_of_the_sdk_is_here(github: StandIn, tmp_path: Path) -> None:
    other, head, released = squashed(tmp_path)
    watch = Watch(tmp_path, github, commit=released, subject=SubjectSettings(path=SDK))
    for n, commit in enumerate((other, head), start=1):
        github.add_run(n, [job(n)], head_sha=commit)
    watch.take()
    assert same_tree(watch.release.commit, watch.kept(CommitTree)) == {released, head}
    assert {record.asked_of for record in watch.kept(CommitTree)} == {"git"}
    assert asked_for(github, "/git/") == 0


def test_github_is_asked_about_a_commit_that_git_has_not(github: StandIn, tmp_path: Path) -> None:
    _, head, released = squashed(tmp_path)
    watch = Watch(tmp_path, github, commit=released, subject=SubjectSettings(path=SDK))
    github.add_commit(OTHER, SDK, git(tmp_path, "rev-parse", f"{head}:{SDK}"))
    github.add_run(1, [job(1)], head_sha=OTHER)
    watch.take()
    assert same_tree(watch.release.commit, watch.kept(CommitTree)) == {released, OTHER}
    assert sorted(record.asked_of for record in watch.kept(CommitTree)) == ["git", "github"]


# ── what cannot be found out ─────────────────────────────────────────────────


def test_a_commit_that_is_not_there_has_no_tree_and_that_is_said(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha="d" * 40)
    taken = watch.take()
    assert (taken.code, set(kept_trees(watch))) == (0, {SHA})
    (line,) = [line for line in taken.lines if "dddddddddddd" in line]
    assert line.startswith("1 commits of which it is not known whether they hold the same SDK")
    github.counted()
    assert line in watch.take().lines
    assert asked_for(github, "/git/") == 0  # it will not be there the next time either


def test_a_folder_that_is_not_in_a_commit_is_no_tree(github: StandIn, watch: Watch) -> None:
    github.add_commit("d" * 40, "clients/go", SAME_TREE)
    github.add_run(1, [job(1)], head_sha="d" * 40)
    assert any(f"no folder '{SDK}'" in line for line in watch.take().lines)
    assert set(kept_trees(watch)) == {SHA}


@pytest.mark.parametrize(
    "answer", [Answer(502), Answer(403), Answer(200, b"<html>"), Answer(200, b'{"tree": [], "truncated": true}')]
)
def test_a_tree_that_cannot_be_had_now_is_asked_for_again(answer: Answer, tmp_path: Path, github: StandIn) -> None:
    for commit in (SHA, HEAD):
        github.add_commit(commit, SDK, SAME_TREE)
    watch = Watch(tmp_path, github, subject=SubjectSettings(path=SDK))
    github.add_run(1, [job(1)], head_sha=HEAD)
    github.interfere = lambda path: answer if f"trees/{HEAD}" in path else None
    assert watch.take().code == 3
    assert set(kept_trees(watch)) == {SHA}
    github.interfere = lambda path: None
    github.now += timedelta(hours=1)
    assert watch.take().code == 0
    assert set(kept_trees(watch)) == {SHA, HEAD}
    assert watch.reading("github/runs/1/artifacts.json").status is ReadStatus.READ  # it is read as a whole now


def test_where_the_released_tree_is_not_known_no_other_is_asked_for(github: StandIn, watch: Watch) -> None:
    github.interfere = lambda path: missing() if f"trees/{SHA}" in path else None
    for n in range(5):
        github.add_run(n, [job(n)], head_sha=f"{n:040x}")
    watch.take()
    assert asked_for(github, "/git/") == 1


def test_no_more_commits_are_asked_about_than_the_limit(
    github: StandIn, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "MOST_ASKED", 3)
    for n in range(1, 6):
        github.add_commit(f"{n:040x}", SDK, SAME_TREE)
        github.add_run(n, [job(n)], head_sha=f"{n:040x}")
    assert watch.take().code == 3
    assert len(watch.kept(CommitTree)) == 3
    github.now += timedelta(hours=1)
    watch.take()
    assert len(watch.kept(CommitTree)) == 6


@pytest.mark.parametrize("sha", ["../../x", "g" * 40, "", "abc"])
def test_what_is_no_commit_is_not_put_into_an_address(sha: str, github: StandIn, tmp_path: Path) -> None:
    github.add_commit(SHA, SDK, SAME_TREE)
    watch = Watch(tmp_path, github, subject=SubjectSettings(path=SDK))
    github.add_run(1, [job(1)], head_sha=sha)
    github.counted()
    watch.take()
    assert (asked_for(github, "/git/"), asked_for(github, "/commits/")) == (3, 0)  # the released commit's folders


# ── what is shown apart ──────────────────────────────────────────────────────


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "pull_request_target", "workflow_run"])
def test_a_run_that_tests_another_tree_is_shown_apart_whatever_its_commit(
    event: str, github: StandIn, tmp_path: Path
) -> None:
    github.add_commit(SHA, SDK, SAME_TREE)
    watch = Watch(tmp_path, github, subject=SubjectSettings(path=SDK))
    for n, commit in enumerate((SHA, HEAD), start=1):
        github.add_run(n, [job(n, conclusion="failure")], head_sha=commit, event=event)
        github.add_artifact(n, n, "junit", report__xml=FAILS)
        github.logs[n] = b"ConnectionResetError: [Errno 104] Connection reset by peer"
    taken = watch.take()
    assert {(one.commit, one.event) for one in watch.kept(JobAttempt)} == {(SHA, event), (HEAD, event)}
    assert (watch.kept(TestAttempt), watch.kept(Event), watch.kept(CommitTree)) == ([], [], [])
    assert "2 runs that do not count: their jobs are shown apart" in taken.lines
    assert f"started by {event}: shown apart, counts in nothing (1 job, 1 failed)" in taken.lines
    assert "of another commit: shown apart, counts in nothing (1 job, 1 failed)" in taken.lines


def test_a_pull_request_is_shown_apart_though_its_commit_holds_the_same_sdk(github: StandIn, watch: Watch) -> None:
    for n, event in ((1, "workflow_dispatch"), (2, "pull_request")):
        github.add_run(n, [job(n)], head_sha=HEAD, event=event)
        github.add_artifact(n, n, "junit", report__xml=FAILS)
    watch.take()
    assert {one.run_id for one in watch.kept(JobAttempt)} == {"1", "2"}
    assert {one.run_id for one in watch.kept(TestAttempt)} == {"1"}


def test_a_fork_is_shown_apart_whatever_started_its_run(github: StandIn, watch: Watch) -> None:
    fork: dict[str, Any] = {"repository": {"id": 1}, "head_repository": {"id": 2, "full_name": "ana-s/fork"}}
    github.add_run(1, [job(1)], event="push", **fork)
    github.add_run(2, [job(2)], event="pull_request", **fork)
    watch.take()
    assert sorted(one.event for one in watch.kept(JobAttempt)) == ["fork", "pull_request"]
    assert "ana-s" not in watch.everything()


def test_what_is_shown_apart_is_read_once(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha=HEAD, event="pull_request")
    watch.take()
    github.counted()
    lines = watch.take().lines
    assert (github.counted(), any("1 known before" in line for line in lines)) == ({304: 3}, True)


def test_what_is_shown_apart_and_missing_hides_nothing_that_counts(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha=OTHER, event="pull_request")
    github.add_run(2, [job(2)])
    github.interfere = lambda path: Answer(502) if "runs/1/attempts" in path else None
    taken = watch.take()
    assert (taken.code, watch.reading(fetch.PERIOD).status) == (0, ReadStatus.READ)
    assert any("1 not read this time" in line for line in taken.lines)
    github.interfere = lambda path: None
    watch.take()
    assert {one.run_id for one in watch.kept(JobAttempt)} == {"1", "2"}


def test_the_released_commit_comes_first_when_a_limit_holds(github: StandIn, watch: Watch) -> None:
    for n in range(1, 4):
        github.add_run(n, [job(n)], head_sha=OTHER, event="pull_request")
    github.add_run(9, [job(9)])
    spent = Answer(429, headers={"Retry-After": "99999"})
    github.interfere = lambda path: spent if "runs/1/attempts" in path else None
    taken = watch.take()
    assert (taken.code, {one.run_id for one in watch.kept(JobAttempt)}) == (0, {"9"})
    assert any("3 not read this time" in line for line in taken.lines)


def test_a_run_that_may_belong_and_was_not_reached_makes_the_period_unread(github: StandIn, watch: Watch) -> None:
    knows_the_sdk(watch)
    github.add_run(1, [job(1)], head_sha=OTHER, event="pull_request")
    github.add_run(2, [job(2)], head_sha=OTHER, event="schedule")
    spent = Answer(429, headers={"Retry-After": "99999"})
    github.interfere = lambda path: spent if "runs/1/attempts" in path else None
    assert (watch.take().code, watch.reading(fetch.PERIOD).status) == (3, ReadStatus.UNREADABLE)


def test_no_more_is_shown_apart_in_one_collection_than_the_limit(
    github: StandIn, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MOST_APART", 2)
    for n in range(1, 4):
        github.add_run(n, [job(n)], head_sha=OTHER, event="pull_request")
    watch.take()
    assert len(watch.kept(JobAttempt)) == 2
    watch.take()
    assert len(watch.kept(JobAttempt)) == 3


def test_what_was_before_the_release_is_said_with_its_failures(github: StandIn, watch: Watch) -> None:
    watch.release = watch.release.__class__(version="1.0.0", commit=SHA, opened_at=BEGAN + timedelta(days=2))
    github.now += timedelta(days=2)
    at = f"{BEGAN + timedelta(days=1, hours=1):%Y-%m-%dT%H:%M:%SZ}"
    github.add_run(1, [job(1), job(2, "lint", conclusion="failure")], created_at=at)
    assert "before T+0: counts in nothing (2 jobs, 1 failed)" in watch.take().lines


# ── which job ────────────────────────────────────────────────────────────────


def reported(watch: Watch) -> Sequence[tuple[str, str]]:
    return [(test.workflow, test.job) for test in watch.kept(TestAttempt)]


def test_a_report_is_of_the_only_job_of_its_run_and_of_none_where_there_are_more(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1, "unit")])
    github.add_artifact(1, 7, "junit", report__xml=FAILS)
    watch.take()
    assert reported(watch) == [("CI", "unit")]
    github.add_run(2, [job(2, "unit"), job(3, "lint")])
    github.add_artifact(2, 8, "junit", report__xml=FAILS)
    watch.take()
    assert sorted(reported(watch)) == [("CI", ""), ("CI", "unit")]


def test_equal_reports_of_two_jobs_and_of_two_runs_are_all_counted(github: StandIn, watch: Watch) -> None:
    for run in (1, 2):
        github.add_run(run, [job(2 * run), job(2 * run + 1, "test (3.13)")])
        for python in ("312", "313"):
            github.add_artifact(run, 100 * run + int(python), f"junit-{python}", report__xml=FAILS)
    watch.take()
    assert len(watch.kept(TestAttempt)) == 4
    watch.cache.unlink()
    github.now += timedelta(hours=1)
    watch.take()
    assert len(watch.kept(TestAttempt)) == 4


def test_a_report_is_taken_in_once_though_its_run_is_read_again(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1, "unit")])
    github.add_artifact(1, 7, "junit-attempt-1", report__xml=FAILS)
    watch.take()
    github.add_run(1, [job(1, "unit")], [job(2, "unit")])
    github.add_artifact(1, 8, "junit-attempt-2", report__xml=FAILS)
    github.now += timedelta(hours=1)
    watch.take()
    assert sorted(test.attempt for test in watch.kept(TestAttempt)) == [1, 2]


def test_an_event_of_a_log_is_of_its_job_and_attempt(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], [job(2, conclusion="failure")])
    github.logs[2] = b"ConnectionResetError: [Errno 104] Connection reset by peer"
    watch.take()
    (event,) = watch.kept(Event)
    assert (event.commit, event.workflow, event.job, event.attempt) == (SHA, "CI", "test (3.12)", 2)


def test_a_report_takes_the_place_of_one_event_of_a_log_and_not_of_all(github: StandIn, watch: Watch) -> None:
    line = "ConnectionResetError: [Errno 104] Connection reset by peer"
    jobs = [job(n, f"test ({n})", conclusion="failure") for n in range(1, 5)]
    github.add_run(1, jobs)
    for n in range(1, 5):
        github.logs[n] = line.encode()
    report = f'<testsuite><testcase name="a"><error type="ConnectionResetError" message="{line[22:]}"/></testcase>'
    github.add_artifact(1, 7, "junit", report__xml=f"{report}</testsuite>".encode())
    watch.take()
    assert len(watch.kept(Event)) == 4


# ── time limits ──────────────────────────────────────────────────────────────

EXCEEDED = "The job running on runner GitHub Actions 3 has exceeded the maximum execution time of 30 minutes."


def cancelled(github: StandIn) -> None:
    github.add_run(1, [job(1, "slow", conclusion="cancelled"), job(2, "stopped", conclusion="cancelled"), job(3)])
    github.logs[2] = b"2026-01-02T00:00:02Z ##[error]The operation was canceled."


def ends(watch: Watch) -> dict[str, str]:
    """The worst that is recorded of each job: a later collection may know more."""
    return {one.job: str(one.conclusion) for one in sorted(watch.kept(JobAttempt), key=lambda one: str(one.conclusion))}


def test_an_annotation_tells_a_job_that_was_cut_from_one_that_a_person_stopped(github: StandIn, watch: Watch) -> None:
    cancelled(github)
    github.annotations = {
        1: [{"annotation_level": "failure", "message": EXCEEDED}],
        2: [{"annotation_level": "failure", "message": "The operation was canceled."}],
    }
    github.logs[1] = b"ConnectionResetError: [Errno 104] Connection reset by peer"
    watch.take()
    assert ends(watch) == {"slow": "timed_out", "stopped": "cancelled", "test (3.12)": "success"}
    assert asked_for(github, "annotations") == 2  # of the cancelled ones only
    assert [event.job for event in watch.kept(Event)] == ["slow"]  # its log is read as a failed job's is


def test_a_log_tells_it_where_no_annotation_can_be_had(github: StandIn, watch: Watch) -> None:
    cancelled(github)
    github.interfere = lambda path: Answer(403) if "annotations" in path else None
    github.logs[1] = b"2026-01-02T00:00:02Z ##[error]The job has exceeded the maximum execution time of 30m0s"
    watch.take()
    assert ends(watch) == {"slow": "timed_out", "stopped": "cancelled", "test (3.12)": "success"}


def test_a_job_that_could_not_be_asked_about_is_asked_about_again(github: StandIn, watch: Watch) -> None:
    cancelled(github)
    github.annotations = {1: [{"message": EXCEEDED}]}
    github.interfere = lambda path: Answer(502) if "check-runs/1/" in path else None
    watch.take()
    assert ends(watch)["slow"] == "cancelled"
    github.interfere = lambda path: None
    github.now += timedelta(hours=1)
    watch.take()
    assert {one.conclusion for one in watch.kept(JobAttempt) if one.job == "slow"} == {
        Conclusion.CANCELLED,
        Conclusion.TIMED_OUT,
    }


def test_a_job_that_took_the_whole_limit_is_timed_out_and_nobody_is_asked(github: StandIn, watch: Watch) -> None:
    times = {"started_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T06:00:01Z"}
    github.add_run(1, [job(1, conclusion="cancelled", **times)])
    github.logs[1] = b"nothing"
    watch.take()
    assert [one.conclusion for one in watch.kept(JobAttempt)] == [Conclusion.TIMED_OUT]
    assert asked_for(github, "annotations") == 0


def test_every_reading_of_what_counts_is_of_a_run_that_counts(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)], head_sha=OTHER, event="pull_request")
    watch.take()
    assert sorted(one.file for one in watch.kept(Reading)) == [
        "github/runs.json",
        "github/runs/1/attempts/1/jobs.json",
        "github/runs/1/attempts/1/run.json",
    ]
