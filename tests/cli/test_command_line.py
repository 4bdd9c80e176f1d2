"""Tests of the commands: what they do, their exit codes, and their messages for mistakes."""

import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Event, JobAttempt, Observation, SegmentManifest, TestAttempt
from atalaya.selftest.seeded_faults import inject
from tests.commands import LONG_AGO, ROOT, command, opened, run
from tests.ours import DEFECT, PACK, PROMISES, REFERENCE

PASSING = '<testsuite name="s" timestamp="2026-01-05T10:00:00+00:00"><testcase classname="c" name="n"/></testsuite>'
SEVEN = {
    "config.no-fallback",
    "config.numbers-are-config-errors",
    "polling.created-to-ready",
    "polling.timeout-is-timeout-error",
    "polling.fresh-status",
    "polling.leaves-cache-flag-alone",
    "cache.bypass-per-request",
}


def test_the_promises_that_others_rely_on_are_there() -> None:
    assert {promise.id for promise in PROMISES} >= SEVEN


def test_help_says_what_the_exit_codes_mean(root: Path) -> None:
    assert "exit codes: 0 kept, GO" in run("--help", root=root).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("collect", "--junit", "/no/such/folder"), "/no/such/folder"),
        (("collect",), "no reports were named"),
        (("check", "--promise", "config.no-such"), "there is no such promise. Near it: config."),
        (("check", "--sdk", "./nowhere/"), "no such path"),
        (("prove", "--defect", "no-such"), "there is no such defect"),
        (("judge", "--release", "9.9.9"), "no such file"),
        (("judge", "--as-of", "yesterday"), "is no instant"),
        (("release", "open", "../x", "--commit", "a"), "cannot name a release"),
    ],
)
def test_a_mistake_ends_with_2_and_a_sentence(root: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments, root=root)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_in_watch_toml_ends_with_2(root: Path) -> None:
    (root / "watch.toml").write_text("[thresholds]\npass_rat = 1\n")
    done = run("judge", root=root)
    assert done.returncode == 2
    assert "watch.toml:2 unknown key 'pass_rat' in [thresholds]" in done.stderr


def test_observe_writes_the_report_that_others_read(root: Path) -> None:
    report = root / "report.json"
    done = run("check", "--report", report, "--promise", "config.no-fallback", root=root)
    assert done.returncode == 0, done.stderr
    table = json.loads(report.read_text())
    assert table["schema"] == "atalaya.report/1"
    assert {"name", "version", "digest"} <= set(table["subject"])
    assert {"python", "os", "freeze"} <= set(table["environment"])
    assert [(check["id"], check["contract"], check["severity"], check["outcome"]) for check in table["checks"]] == [
        ("config.no-fallback", "config", "critical", "kept")
    ]


@pytest.mark.long
def test_observe_ends_with_1_and_says_how_to_see_it_again(root: Path, tmp_path: Path) -> None:
    sick = inject(PACK, DEFECT["fallback-address"], tmp_path / "sick")
    sdk = shutil.copytree(REFERENCE.parent, tmp_path / "sdk", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.rmtree(sdk / "src")
    sick.rename(sdk / "src")
    done = run("check", "--sdk", sdk, "--promise", "config.no-fallback", root=root)
    assert done.returncode == 1, done.stderr
    assert f"atalaya check --sdk {sdk} --promise config.no-fallback" in done.stderr


def test_a_port_that_is_taken_is_named(root: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (root / "watch.toml").write_text(f"[service]\nport = {port}\n")
        done = run("check", "--promise", "config.no-fallback", root=root)
    assert done.returncode == 2, done.stderr
    assert str(port) in done.stderr


def test_collect_reports_each_file_and_keeps_nothing_in_a_dry_run(root: Path) -> None:
    reports = root / "reports"
    reports.mkdir()
    (reports / "good.xml").write_text(PASSING)
    (reports / "bad.xml").write_text("<testsuite")
    out = root / "out.json"
    done = run("collect", "--junit", reports, "--report", out, "--dry-run", root=root)
    assert done.returncode == 3
    table = json.loads(out.read_text())
    assert table["good.xml"] == {
        "status": "read",
        "cases": 1,
        "passed": 1,
        "failed": 0,
        "errored": 0,
        "skipped": 0,
        "suite_failures": 0,
        "verdict": "passed",
        "reason": table["good.xml"]["reason"],
    }
    assert table["bad.xml"]["status"] == "unreadable"
    assert table["bad.xml"]["cases"] is None
    assert list((root / "docs" / "releases").iterdir()) == []


def test_what_was_collected_is_judged(root: Path) -> None:
    folder = opened(root, LONG_AGO)
    (root / "good.xml").write_text(PASSING)
    done = run("collect", "--junit", root / "good.xml", "--exit-code", "0", "--release", "1.1.1", root=root)
    assert done.returncode == 0, done.stderr
    judged = run("judge", "--release", "1.1.1", "--json", root=root)
    table = json.loads(judged.stdout)
    assert tuple(table["metrics"]["pass-rate"][key] for key in ("value", "n", "state")) == (1.0, 1, "INCONCLUSIVE")
    assert table["metrics"]["stale-cache"]["state"] == "UNKNOWN"
    assert run("evidence", "verify", "--release", "1.1.1", root=root).returncode == 0
    kinds = {file.name.partition("-")[0] for file in (folder / "evidence").glob("*.jsonl")}
    assert kinds == {"job", "reading", "roll", "settings", "test", "watch"}


def test_the_same_evidence_twice_is_kept_once(root: Path) -> None:
    folder = opened(root)
    (root / "good.xml").write_text(PASSING)
    for _ in range(2):
        assert run("collect", "--junit", root / "good.xml", "--release", "1.1.1", root=root).returncode == 0
    assert len(list((folder / "evidence").glob("job-*.jsonl"))) == 1


def jobs(folder: Path) -> list[JobAttempt]:
    """The jobs of a ledger, in the order in which they were recorded."""
    return sorted(ledger.read(folder / "evidence", JobAttempt), key=lambda one: one.recorded_at)


def test_a_report_makes_no_successful_job_until_its_exit_code_is_given(root: Path) -> None:
    folder = opened(root)
    (root / "good.xml").write_text(PASSING)
    first = run("collect", "--junit", root / "good.xml", "--release", "1.1.1", root=root)
    assert "1 report without an exit code: no job of theirs counts as successful; give --exit-code" in first.stderr
    second = run("collect", "--junit", root / "good.xml", "--exit-code", "0", "--release", "1.1.1", root=root)
    assert "without an exit code" not in second.stderr
    assert [(str(one.conclusion), one.run_id, one.job) for one in jobs(folder)] == [
        (word, jobs(folder)[0].run_id, "good.xml") for word in ("unknown", "success")
    ]
    assert len(ledger.read(folder / "evidence", TestAttempt)) == 1
    # A report that says more failures than it shows concludes nothing, and its exit code is known all the same.
    (root / "odd.xml").write_text(PASSING.replace("<testsuite ", '<testsuite failures="1" ', 1))
    reports = ("--junit", root / "good.xml", "--junit", root / "odd.xml", "--exit-code", "0", "--run", "7")
    third = run("collect", *reports, "--dry-run", "--release", "1.1.1", root=root)
    assert "without an exit code" not in third.stderr


def test_what_is_told_of_a_job_by_hand_is_recorded(root: Path) -> None:
    folder = opened(root)
    (root / "good.xml").write_text(PASSING)
    for told, run_id in ((("--exit-code", "2"), "7.1"), (("--conclusion", "timed_out"), "7.2")):
        options = ("--event", "workflow_dispatch", "--run", run_id, "--workflow", "unit", *told)
        done = run("collect", "--junit", root / "good.xml", *options, "--release", "1.1.1", root=root)
        assert done.returncode == 0, done.stderr
    assert [(one.run_id, str(one.conclusion), one.event, one.workflow) for one in jobs(folder)] == [
        ("7.1", "failure", "workflow_dispatch", "unit"),
        ("7.2", "timed_out", "workflow_dispatch", "unit"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("--log", "x.log", "--exit-code", "0"),
        ("--junit", "x.xml", "--exit-code", "0", "--conclusion", "success"),
        ("--junit", "x.xml", "--conclusion", "green"),
        ("--junit", "x.xml", "--event", "Push!"),
        ("--junit", "x.xml", "--run", "../x"),
    ],
)
def test_what_cannot_be_told_of_a_job_is_a_usage_error(root: Path, options: tuple[str, ...]) -> None:
    opened(root)
    assert run("collect", *options, "--release", "1.1.1", root=root).returncode == 2


def test_what_counts_in_nothing_is_said_with_its_failures(root: Path) -> None:
    opened(root, LONG_AGO)
    for name, at in (("before", "2026-01-05T08:00:00Z"), ("inside", "2026-01-05T10:00:00Z")):
        (root / f"{name}.xml").write_text(
            f'<testsuite name="s" timestamp="{at}"><testcase name="a"><failure message="x"/></testcase></testsuite>'
        )
    reports = ("--junit", root / "before.xml", root / "inside.xml", "--event", "pull_request")
    said = run("collect", *reports, "--release", "1.1.1", root=root).stderr
    assert "before T+0: counts in nothing (1 job, 1 failed; 1 test, 1 failed)" in said
    assert "started by pull_request: shown apart, counts in nothing (1 job, 1 failed)" in said
    judged = json.loads(run("judge", "--release", "1.1.1", "--json", root=root).stdout)
    assert [line.partition(": ")[0] for line in judged["apart"]] == ["before T+0", "started by pull_request"]


def test_with_no_evidence_the_verdict_waits_and_is_never_good(root: Path) -> None:
    opened(root, LONG_AGO)
    judged = run("judge", "--release", "1.1.1", "--json", "--as-of", "2026-01-05T10:00:00Z", "--strict", root=root)
    assert judged.returncode == 3
    assert json.loads(judged.stdout)["verdict"]["word"] == "WAITING"
    ended = run("judge", "--release", "1.1.1", "--json", "--as-of", "2026-01-08T09:00:00Z", root=root)
    assert ended.returncode == 3
    assert json.loads(ended.stdout)["verdict"]["word"] == "INCONCLUSIVE"


def test_an_edited_segment_makes_the_verdict_invalid(root: Path) -> None:
    folder = opened(root, LONG_AGO)
    (root / "good.xml").write_text(PASSING)
    run("collect", "--junit", root / "good.xml", "--exit-code", "0", "--release", "1.1.1", root=root)
    segment = next((folder / "evidence").glob("job-*.jsonl"))
    segment.write_text(segment.read_text().replace("success", "failure"))
    judged = run("judge", "--release", "1.1.1", "--json", "--as-of", "2026-01-08T09:00:00Z", root=root)
    assert judged.returncode == 1
    assert json.loads(judged.stdout)["verdict"]["word"] == "INVALID"
    assert run("evidence", "verify", "--release", "1.1.1", root=root).returncode == 1


def test_a_rehearsal_takes_no_evidence_of_others(root: Path) -> None:
    folder = opened(root)
    toml = folder / "release.toml"
    toml.write_text(toml.read_text().replace("rehearsal = false", "rehearsal = true"))
    (root / "good.xml").write_text(PASSING)
    done = run("collect", "--junit", root / "good.xml", "--release", "1.1.1", root=root)
    assert done.returncode == 2
    assert "takes no evidence but its own" in done.stderr


def test_checks_are_kept_as_evidence_of_a_release_that_is_named_and_what_lies_there_is_named(root: Path) -> None:
    folder = opened(root)
    words = ("check", "--promise", "config.no-fallback", "--no-self-test")
    assert run(*words, root=root).returncode == 0
    assert ledger.read(folder / "evidence", Observation) == []
    done = run(*words, "--sdk", "", "--release", "1.1.1", root=root)
    assert done.returncode == 0, done.stderr
    (seen,) = ledger.read(folder / "evidence", Observation)
    assert (seen.promise, str(seen.outcome)) == ("config.no-fallback", "kept")
    named = {name for call in ledger.read(folder / "evidence", SegmentManifest) for name in call.segments}
    kinds = {name.partition("-")[0] for name in named}
    assert {"context", "job", "observation"} <= kinds
    next((folder / "evidence").glob("observation-*")).unlink()
    verified = run("evidence", "verify", "--release", "1.1.1", root=root)
    assert (verified.returncode, "is gone. Restore it from git" in verified.stderr) == (1, True)


def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(root: Path) -> None:
    report = root / "report.json"
    process = subprocess.Popen(
        command("check", "--report", report, root=root), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert not report.exists()


def test_a_zip_is_opened_and_what_is_unsafe_in_it_is_listed(root: Path) -> None:
    opened(root)
    with zipfile.ZipFile(root / "junit-attempt-2.zip", "w") as archive:
        archive.writestr("good.xml", PASSING)
        archive.writestr("../out.xml", PASSING)
    done = run("collect", "--junit", root / "junit-attempt-2.zip", "--release", "1.1.1", "--json", root=root)
    table = json.loads(done.stdout)
    assert table["junit-attempt-2/good.xml"]["status"] == "read"
    assert [entry["status"] for name, entry in table.items() if "out.xml" in name] == ["declined"]
    assert done.returncode == 3
    assert not (root / "out.xml").exists()


def test_what_cannot_be_read_stays_on_this_machine(root: Path) -> None:
    opened(root)
    (root / "cut.xml").write_text("<testsuite>")
    run("collect", "--junit", root / "cut.xml", "--release", "1.1.1", root=root)
    (kept,) = (root / ".atalaya" / "quarantine").iterdir()
    assert kept.read_text() == "<testsuite>"


def test_a_log_is_taken_in_once_and_its_events_are_counted(root: Path) -> None:
    folder = opened(root, LONG_AGO)
    (root / "smoke.log").write_text("2026-01-05T10:00:00Z ERROR timed out after 60 s waiting for job 17\n")
    for _ in range(2):
        done = run("collect", "--log", root / "smoke.log", "--release", "1.1.1", root=root)
        assert done.returncode == 0, done.stderr
    assert len(list((folder / "evidence").glob("event-*.jsonl"))) == 1
    judged = json.loads(run("judge", "--release", "1.1.1", "--json", root=root).stdout)
    assert judged["metrics"]["polling-timeouts"]["value"] == 1


def test_a_log_and_a_report_of_one_call_are_of_one_job_and_tell_of_one_event(root: Path) -> None:
    folder = opened(root, LONG_AGO)
    said = "ConnectionError: connection refused"
    (root / "r.xml").write_text(
        '<testsuite name="s" timestamp="2026-01-05T10:00:00Z"><testcase classname="c" name="a">'
        f'<error type="ConnectionError" message="{said}"/></testcase></testsuite>'
    )
    (root / "run.log").write_text(f"2026-01-05T10:00:01Z ERROR {said}\n")
    run("collect", "--junit", root / "r.xml", "--log", root / "run.log", "--release", "1.1.1", root=root)
    events = ledger.read(folder / "evidence", Event)
    assert len(events) == 2
    assert len({(event.run_id, event.job, event.attempt) for event in events}) == 1
    judged = json.loads(run("judge", "--release", "1.1.1", "--json", root=root).stdout)
    assert judged["metrics"]["network-errors"]["counts"]["events"] == 1


def test_without_a_way_to_github_that_is_said_and_the_code_is_that_of_the_unknown(root: Path) -> None:
    opened(root)
    (root / "watch.toml").write_text('[ci]\nrepo = "acme/sdk"\n')
    done = run("collect", "--release", "1.1.1", root=root, GITHUB_API_URL="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "127.0.0.1" in done.stderr


def test_of_two_logs_none_is_lost_and_none_counts_twice(root: Path) -> None:
    folder = opened(root)
    for name in ("a", "b"):
        (root / name).mkdir()
    (root / "a" / "smoke.log").write_text("")
    (root / "b" / "smoke.log").write_text("ERROR timed out after 60 s waiting for job 17\n")
    shutil.copy(root / "b" / "smoke.log", root / "b" / "copy.log")
    logs = (root / "a" / "smoke.log", root / "b" / "smoke.log", root / "b" / "copy.log", root / "none.log")
    done = run("collect", "--log", *logs, "--release", "1.1.1", root=root)
    assert done.returncode == 3
    # A copy in another place is another log: few of them have times that tell one from the other.
    assert len(list((folder / "evidence").glob("event-*.jsonl"))) == 2
    assert len(list((folder / "evidence").glob("reading-*.jsonl"))) == 4


def test_a_path_that_is_no_file_is_refused_and_nothing_is_waited_for(root: Path) -> None:
    (root / "good.xml").write_text(PASSING)
    (root / "folder").mkdir()
    (root / "folder" / "good.xml").write_text(PASSING)
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to(root / "loop")
    for options, says in (
        (("--junit", ""), "--junit was given an empty path"),
        (("--log", " "), "--log was given an empty path"),
        (("--junit", "loop"), "loop: no such report: Too many levels of symbolic links"),
        (("--junit", "pipe"), "pipe: neither a file nor a folder"),
        (("--log", "pipe"), "--log pipe is no file"),
        (("--log", "folder"), "--log folder is no file"),
        (("--junit", "good.xml", "--report", "pipe"), "pipe: it cannot be written there"),
        (("--junit", "good.xml", "--report", "folder"), "folder: it cannot be written there"),
        (("--junit", "good.xml", "--report", ""), "a file to be written was given an empty path"),
        (("--junit", "good.xml", "--report", "good.xml"), "lies in what is to be read (good.xml)"),
        (("--junit", "folder", "--report", "folder/out.json"), "lies in what is to be read (folder)"),
        (("--junit", ".", "--report", "out.json"), "lies in what is to be read (.)"),
        (("--junit", "good.xml", "--each-file", "--job", "x"), "Leave one of them out"),
    ):
        done = run("collect", "--dry-run", *options, root=root, cwd=root)
        assert (done.returncode, says.lower() in done.stderr.lower()) == (2, True), (options, done.stderr)


def test_a_name_with_a_newline_in_it_is_a_name(root: Path) -> None:
    (root / "in").mkdir()
    (root / "in" / "a\nb.xml").write_text(PASSING)
    done = run("collect", "--dry-run", "--junit", "in", "--json", root=root, cwd=root)
    (entry,) = json.loads(done.stdout).values()
    assert (done.returncode, entry["status"]) == (0, "read")


def test_an_archive_with_nothing_in_it_is_listed(root: Path) -> None:
    zipfile.ZipFile(root / "empty.zip", "w").close()
    done = run("collect", "--junit", root / "empty.zip", "--dry-run", "--json", root=root)
    assert json.loads(done.stdout)["empty.zip"]["status"] == "unreadable"
    assert done.returncode == 3


# ── how a figure comes about ─────────────────────────────────────────────────


def test_a_metric_is_explained_step_by_step_with_its_evidence(root: Path) -> None:
    opened(root)
    told = run("judge", "--release", "1.1.1", "--explain", "pass-rate", root=root)
    assert [
        word for word in ("what is counted", "derivation", "threshold", "evidence") if word not in told.stdout
    ] == []
    assert (
        "There are: pass-rate, flaky-tests"
        in run("judge", "--release", "1.1.1", "--explain", "speed", root=root).stderr
    )
