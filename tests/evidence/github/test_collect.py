"""Tests that all CI results of a release are kept, nothing else is, and gaps are reported."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.errors import SettingsError
from atalaya.evidence.github.artifact_evidence import NO_ATTEMPT
from atalaya.evidence.github.fetch import NO_COMMIT, OTHER_WORKFLOW, PERIOD
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers import archives
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    FileVerdict,
    JobAttempt,
    Reading,
    ReadStatus,
    RunContext,
    TestAttempt,
)
from tests.evidence.github.stand_in import BEGAN, REPO, SHA, TOKEN, Answer, StandIn, job, missing, zipped
from tests.evidence.github.watching import Watch

PASSES = b'<testsuite name="s"><testcase name="a" time="1"/></testsuite>'
FAILS = b'<testsuite name="s"><testcase name="a" time="1"><failure message="x"/></testcase></testsuite>'
OTHER_SHA = "b" * 40
DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def watch(github: StandIn, tmp_path: Path) -> Watch:
    return Watch(tmp_path, github)


def red_then_green(github: StandIn) -> None:
    github.add_run(1001, [job(1, "test (3.11)"), job(2, conclusion="failure")], [job(1, "test (3.11)"), job(5)])
    github.logs[2] = b"2026-01-02T00:00:02Z it broke"


def failing_at(pattern: str, answer: Answer) -> Any:
    return lambda path: answer if re.search(pattern, path) else None


def checks_report(digest: str) -> bytes:
    return json.dumps({"schema": "atalaya.report/1", "subject": {"name": "sdk", "digest": digest}}).encode()


def knows_the_sdk(watch: Watch) -> None:
    """The release's own checks ran once, so that the digest of what was released is known."""
    context = RunContext(
        run_id="checks-1",
        environment=Environment.LOOPBACK,
        occurred_at=BEGAN,
        recorded_at=BEGAN,
        producer="checks",
        subject_name="sdk",
        subject_version="1.0.0",
        subject_digest=DIGEST,
        subject_source="wheel",
        python="3.12",
        implementation="CPython",
        os="Linux",
    )
    ledger.write(watch.folder, [context])


# ── what it costs ────────────────────────────────────────────────────────────


def test_a_collection_asks_for_no_more_than_there_is_and_a_second_one_for_nothing_new(
    github: StandIn, watch: Watch
) -> None:
    for n in range(150):
        github.add_run(n, [job(2 * n)], [job(2 * n + 1)])
    watch.take()
    # Two pages of runs, older ones of the commit, the workflows; for each attempt, itself and its jobs; for each run,
    # its artifacts.
    assert github.counted() == {200: 2 + 1 + 1 + 300 * 2 + 150}
    watch.take()
    assert github.counted() == {304: 4}


def test_what_was_recorded_is_not_recorded_again(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.add_artifact(1001, 7, "junit", report__xml=FAILS)
    watch.take()
    before = sorted(path.name for path in watch.folder.iterdir())
    watch.cache.unlink()  # nothing rests on the cache
    github.now += timedelta(hours=1)
    watch.take()
    assert before == sorted(path.name for path in watch.folder.iterdir())


def test_a_run_that_is_run_again_is_read_again_and_only_what_is_new_is_recorded(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(2, conclusion="failure")])
    github.logs[2] = b"it broke"
    watch.take()
    github.add_run(1001, [job(2, conclusion="failure")], [job(5)])
    github.now += timedelta(hours=1)
    watch.take()
    assert sorted((record.attempt, str(record.conclusion)) for record in watch.kept(JobAttempt)) == [
        (1, "failure"),
        (2, "success"),
    ]
    assert [reading.file for reading in watch.kept(Reading) if reading.file.endswith("1/jobs.json")] == [
        "github/runs/1001/attempts/1/jobs.json"
    ]


@pytest.mark.parametrize("status", ["in_progress", "completed"])
def test_a_job_that_has_not_ended_is_pending_and_is_read_again(status: str, github: StandIn, watch: Watch) -> None:
    ended = "success" if status == "completed" else None
    run = github.add_run(1001, [job(1, conclusion=None)], status=status, conclusion=ended)
    watch.take()
    github.jobs[1001, 1][:] = [job(1)]
    run |= {"status": "completed", "conclusion": "success"}
    github.now += timedelta(hours=1)
    watch.take()
    assert {Conclusion.PENDING, Conclusion.SUCCESS} == {record.conclusion for record in watch.kept(JobAttempt)}


# ── what is kept ─────────────────────────────────────────────────────────────


def test_every_attempt_of_a_job_is_kept(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    assert watch.take().code == 0
    assert sorted((record.job, record.attempt, str(record.conclusion)) for record in watch.kept(JobAttempt)) == [
        ("test (3.11)", 1, "success"),
        ("test (3.12)", 1, "failure"),
        ("test (3.12)", 2, "success"),
    ]


def test_every_document_has_a_reading_with_the_digest_of_what_came(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    watch.take()
    folder = "github/runs/1001/"
    assert {
        PERIOD,
        f"{folder}artifacts.json",
        f"{folder}attempts/1/jobs/2/log.txt",
        *(f"{folder}attempts/{n}/{name}.json" for n in (1, 2) for name in ("run", "jobs")),
    } == {reading.file for reading in watch.kept(Reading) if len(reading.sha256) == 64}


def test_nobody_is_named_in_what_is_written(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.add_artifact(1001, 7, "junit", report__xml=FAILS)
    watch.take()
    assert re.findall(f"(?i)ana[- @]|{TOKEN}|s1gned", watch.everything()) == []


def test_a_green_report_of_a_red_job_hides_nothing(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(2, conclusion="failure")])
    github.logs[2] = b"it broke"
    github.add_artifact(1001, 7, "junit", report__xml=PASSES)
    watch.take()
    report = watch.reading("github/runs/1001/artifacts/junit/report.xml")
    assert (
        [record.conclusion for record in watch.kept(JobAttempt)],
        report.verdict,
        [record.outcome for record in watch.kept(TestAttempt)],
    ) == ([Conclusion.FAILURE], FileVerdict.PASSED, [CaseOutcome.PASSED])


def test_a_red_report_of_a_green_run_stays_beside_it(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit", report__xml=FAILS)
    watch.take()
    assert sorted(str(record.conclusion) for record in watch.kept(JobAttempt)) == ["failure", "success"]


def test_a_red_report_that_a_red_job_explains_is_no_second_failure(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.add_artifact(1001, 7, "junit-attempt-1", report__xml=FAILS)
    watch.take()
    assert [r.job for r in watch.kept(JobAttempt) if r.conclusion is Conclusion.FAILURE] == ["test (3.12)"]


def test_the_attempt_of_a_report_is_in_the_name_of_its_artifact(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.add_artifact(1001, 7, "junit-attempt-1", report__xml=FAILS)
    github.add_artifact(1001, 8, "junit-attempt-2", report__xml=PASSES)
    watch.take()
    assert sorted((record.variant, record.attempt, str(record.outcome)) for record in watch.kept(TestAttempt)) == [
        ("junit/report.xml", 1, "failed"),
        ("junit/report.xml", 2, "passed"),
    ]


def test_a_report_without_an_attempt_says_so_where_there_are_two(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.add_artifact(1001, 7, "junit", report__xml=FAILS)
    watch.take()
    assert NO_ATTEMPT in watch.reading("github/runs/1001/artifacts/junit/report.xml").reason


def test_every_artifact_is_opened_whatever_its_name_and_what_is_no_evidence_is_said(
    github: StandIn, watch: Watch
) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "wheels", shot__png=b"\x89PNG\0", other__bin=PASSES)
    assert watch.take().code == 0
    assert [record.outcome for record in watch.kept(TestAttempt)] == [CaseOutcome.PASSED]
    assert "neither reports nor logs: 1, such as wheels/shot.png." in (
        watch.reading("github/runs/1001/artifacts/wheels.zip").reason
    )


@pytest.mark.parametrize("name", ["../../junit", "junit\\x", "test:1", "report\x1b[31m"])
def test_an_artifact_of_a_hostile_name_is_kept_under_its_number(name: str, github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, name, report__xml=PASSES)
    watch.take()
    assert FileVerdict.PASSED is watch.reading("github/runs/1001/artifacts/artifact-7/report.xml").verdict


def test_two_artifacts_of_one_name_are_both_read(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit", report__xml=PASSES)
    github.add_artifact(1001, 8, "junit", report__xml=FAILS)
    watch.take()
    assert sorted(str(record.outcome) for record in watch.kept(TestAttempt)) == ["failed", "passed"]


# ── which runs ───────────────────────────────────────────────────────────────


def test_runs_of_other_workflows_are_left_out_and_counted(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)])
    github.add_run(2, [job(2)], name="Docs", path=".github/workflows/docs.yml")
    lines = watch.take().lines
    assert ({"1"}, [f"left out: 1 runs {OTHER_WORKFLOW}"]) == (
        {record.run_id for record in watch.kept(JobAttempt)},
        [line for line in lines if "left out" in line],
    )


def test_a_workflow_can_be_named_by_its_file(github: StandIn, tmp_path: Path) -> None:
    watch = Watch(tmp_path, github, workflows=("ci",))
    github.add_run(1, [job(1)])
    watch.take()
    assert [record.workflow for record in watch.kept(JobAttempt)] == ["ci"]


def test_without_a_commit_no_run_is_taken_for_the_release(github: StandIn, tmp_path: Path) -> None:
    watch = Watch(tmp_path, github, commit="")
    github.add_run(1, [job(1)])
    assert any(NO_COMMIT in line for line in watch.take().lines)
    assert watch.kept(JobAttempt) == []


def test_a_scheduled_run_belongs_when_its_report_names_the_sdk(github: StandIn, watch: Watch) -> None:
    knows_the_sdk(watch)
    github.add_run(1, [job(1)], head_sha=OTHER_SHA, event="schedule")
    github.add_artifact(1, 7, "checks-report", report__json=checks_report(DIGEST))
    watch.take()
    report = watch.reading("github/runs/1/artifacts/checks-report/report.json")
    assert ([record.commit for record in watch.kept(JobAttempt)], report.status) == ([SHA], ReadStatus.READ)


def test_a_scheduled_run_whose_report_names_another_sdk_is_shown_apart_and_not_downloaded_twice(
    github: StandIn, watch: Watch
) -> None:
    knows_the_sdk(watch)
    github.add_run(1, [job(1)], head_sha=OTHER_SHA, event="schedule")
    github.add_artifact(1, 7, "checks-report", report__json=checks_report("sha256:" + "e" * 64))
    watch.take()
    watch.take()
    assert ([record.commit for record in watch.kept(JobAttempt)], len(github.downloads)) == ([OTHER_SHA], 1)


def test_a_run_that_may_belong_and_cannot_be_looked_into_makes_the_period_unread(github: StandIn, watch: Watch) -> None:
    knows_the_sdk(watch)
    github.add_run(1, [job(1)], head_sha=OTHER_SHA, event="schedule")
    github.add_artifact(1, 7, "checks-report", report__json=checks_report(DIGEST))
    github.interfere = failing_at("zip", Answer(502))
    watch.take()
    assert ReadStatus.UNREADABLE is watch.reading(PERIOD).status


# ── what is missing ──────────────────────────────────────────────────────────


def test_a_list_that_cannot_be_had_makes_the_period_unread(github: StandIn, watch: Watch) -> None:
    github.interfere = failing_at("runs", Answer(502))
    assert watch.take().code == 3
    assert (watch.reading(PERIOD).status, watch.reading(PERIOD).verdict) == (ReadStatus.UNREADABLE, FileVerdict.UNKNOWN)


def test_a_period_that_was_not_read_is_read_the_next_time(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.interfere = failing_at("attempts/2/jobs", Answer(502))
    watch.take()
    assert (watch.kept(JobAttempt), watch.reading(PERIOD).status) == ([], ReadStatus.UNREADABLE)
    github.interfere = lambda path: None
    github.now += timedelta(hours=1)
    watch.take()
    assert (len(watch.kept(JobAttempt)), watch.reading(PERIOD).status) == (3, ReadStatus.READ)


def test_a_run_that_was_deleted_is_said_to_be_gone(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.interfere = failing_at("attempts", missing())
    assert watch.take().code == 3
    assert (watch.kept(JobAttempt), "gone" in watch.reading("github/runs/1001/run.json").reason) == ([], True)


def test_an_attempt_that_is_gone_is_said_and_the_others_are_kept(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.interfere = failing_at(r"attempts/1\b", missing())
    watch.take()
    gone = watch.reading("github/runs/1001/attempts/1/run.json")
    assert ({2}, ReadStatus.UNREADABLE, ReadStatus.UNREADABLE) == (
        {record.attempt for record in watch.kept(JobAttempt) if record.job == "test (3.12)"},
        gone.status,
        watch.reading(PERIOD).status,
    )


@pytest.mark.parametrize("answer", [Answer(404), Answer(410)], ids=["404", "410"])
def test_a_log_that_is_gone_is_no_clean_log(answer: Answer, github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    github.interfere = failing_at("logs", answer)
    assert watch.take().code == 3
    assert ReadStatus.UNREADABLE is watch.reading("github/runs/1001/attempts/1/jobs/2/log.txt").status


def test_the_log_of_a_job_that_never_began_is_not_asked_for(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(2, conclusion="failure", runner_name="", steps=[])])
    assert watch.take().code == 0
    assert [asked for asked in github.asked if "logs" in asked.path] == []


@pytest.mark.parametrize("packed", [False, True], ids=["text", "zip"])
def test_the_log_of_a_failed_job_tells_of_its_network_errors(packed: bool, github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    line = b"2026-01-02T00:00:03.1234567Z ConnectionResetError: [Errno 104] Connection reset by peer\n"
    github.logs[2] = zipped({"1_test.txt": line}) if packed else line
    watch.take()
    (event,) = watch.kept(Event)
    place = "github/runs/1001/attempts/1/jobs/2/log.txt" + ("/1_test.txt" if packed else "")
    assert (event.event, event.line, event.origin == watch.reading(place).origin) == (EventKind.NETWORK_ERROR, 1, True)


def test_an_artifact_that_has_expired_is_said_and_not_asked_for(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit", report__xml=PASSES)["expired"] = True
    assert watch.take().code == 3
    assert (
        [asked for asked in github.asked if "zip" in asked.path],
        "expired" in watch.reading("github/runs/1001/artifacts/junit.zip").reason,
    ) == ([], True)


def test_an_artifact_that_could_not_be_had_is_asked_for_again(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit", report__xml=PASSES)
    github.interfere = failing_at("zip", Answer(503))
    watch.take()
    github.interfere = lambda path: None
    github.now += timedelta(hours=1)
    watch.take()
    assert [record.outcome for record in watch.kept(TestAttempt)] == [CaseOutcome.PASSED]


def test_an_artifact_that_is_no_zip_is_unreadable(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit")
    github.zips[7] = b"<html>"
    watch.take()
    assert ReadStatus.UNREADABLE is watch.reading("github/runs/1001/artifacts/junit.zip").status


def test_a_file_of_an_artifact_that_is_refused_has_a_reading(github: StandIn, watch: Watch) -> None:
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit")
    github.zips[7] = zipped({"../up.xml": FAILS, "report.xml": PASSES})
    watch.take()
    readings = {reading.file: str(reading.status) for reading in watch.kept(Reading) if "junit" in reading.file}
    folder = "github/runs/1001/artifacts/junit"
    assert {f"{folder}/../up.xml": "declined", f"{folder}/report.xml": "read"} == readings


def test_all_that_a_run_left_is_limited(github: StandIn, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TOTAL_BYTES", 100)
    github.add_run(1001, [job(1)])
    github.add_artifact(1001, 7, "junit", report__xml=FAILS.ljust(100))
    github.add_artifact(1001, 8, "junit-more", report__xml=PASSES)
    watch.take()
    assert watch.reading("github/runs/1001/artifacts/junit-more.zip").status is ReadStatus.DECLINED


def test_three_runs_in_a_row_that_cannot_be_read_end_the_collection(github: StandIn, watch: Watch) -> None:
    for n in range(9):
        github.add_run(n, [job(n)])
    github.interfere = failing_at("attempts", Answer(502))
    watch.take()
    assert ({"0", "1", "2"}, True) == (
        {asked.path.split("/")[6] for asked in github.asked if "attempts" in asked.path},
        "Runs not read: 9 of 9." in watch.reading(PERIOD).reason,
    )


def test_a_limit_that_holds_too_long_ends_the_collection_and_the_next_goes_on(github: StandIn, watch: Watch) -> None:
    for n in range(6):
        github.add_run(n, [job(n)])
    github.interfere = failing_at("runs/[3-5]/attempts", Answer(429, headers={"Retry-After": "99999"}))
    assert watch.take().code == 3
    assert {"0", "1", "2"} == {record.run_id for record in watch.kept(JobAttempt)}
    github.counted()
    github.interfere = lambda path: None
    github.now += timedelta(hours=1)
    watch.take()
    assert (github.counted(), len(watch.kept(JobAttempt))) == ({304: 3, 200: 9}, 6)


def test_an_interruption_leaves_whole_runs_and_the_next_goes_on(github: StandIn, watch: Watch) -> None:
    for n in range(4):
        github.add_run(n, [job(n)])
    github.interfere = failing_at("runs/2/attempts/1/jobs", Answer(429))

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch.take(sleep=interrupted)
    assert ({"0", "1"}, []) == ({record.run_id for record in watch.kept(JobAttempt)}, ledger.verify(watch.folder))
    github.interfere = lambda path: None
    assert watch.take().code == 0
    assert len(watch.kept(JobAttempt)) == 4


def test_a_run_that_claims_a_million_attempts_is_not_believed(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)])["run_attempt"] = 1_000_000
    watch.take()
    assert "claims 1000000 attempts" in watch.reading("github/runs/1/run.json").reason


# ── the command ──────────────────────────────────────────────────────────────


def test_without_a_repository_nobody_is_asked_and_that_is_said(github: StandIn, watch: Watch) -> None:
    from atalaya.core.settings import Settings

    watch.place = watch.place._replace(loaded=watch.place.loaded._replace(settings=Settings()))
    assert "unknown" in watch.take().lines[0]


def test_without_a_token_it_works_and_says_what_that_costs(github: StandIn, watch: Watch) -> None:
    red_then_green(github)
    watch.take(environ={"GITHUB_API_URL": github.api})
    assert ({False}, True, 3) == (
        {"authorization" in asked.headers for asked in github.asked},
        "60 requests an hour" in watch.said[0],
        len(watch.kept(JobAttempt)),
    )


def test_a_token_is_found_under_its_second_name(github: StandIn, watch: Watch) -> None:
    watch.take(environ={"GITHUB_TOKEN": "", "GH_TOKEN": TOKEN, "GITHUB_API_URL": github.api})
    assert {f"Bearer {TOKEN}"} == {asked.headers["authorization"] for asked in github.asked}


@pytest.mark.parametrize("repo", ["example", "a/b/c", "../x", "a/b?x=1", "a/..%2f", "a b/c"])
def test_a_repository_that_cannot_be_is_an_error_of_the_settings(repo: str, github: StandIn, watch: Watch) -> None:
    from msgspec.structs import replace

    settings = watch.place.loaded.settings
    changed = replace(settings, ci=replace(settings.ci, repo=repo))
    watch.place = watch.place._replace(loaded=watch.place.loaded._replace(settings=changed))
    with pytest.raises(SettingsError, match="owner/name"):
        watch.take()


def test_the_summary_says_what_was_taken_and_what_it_cost(github: StandIn, watch: Watch) -> None:
    github.add_run(1, [job(1)])
    first, second = watch.take().lines, watch.take().lines
    assert (f"{REPO}: 1 runs, 1 taken in, 0 known before", f"{REPO}: 1 runs, 0 taken in, 1 known before") == (
        first[0],
        second[0],
    )
    assert '3 requests, 3 of them answered "not changed", 4321 left of the hour\'s' in second
