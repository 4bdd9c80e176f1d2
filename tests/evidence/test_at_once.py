"""Tests that real processes side by side, killed ones and merged branches leave each piece of evidence once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from atalaya.core.settings import CiSettings, Settings
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers.collector import Job, collect
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.repeats import parameters
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import Reading, Release, TestAttempt
from tests.commands import ROOT, command, run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL there")

OPENED = "2026-01-05T09:00:00Z"
HANGS_S = 300.0


def report(name: str, at: str = "", count: int = 1) -> str:
    """A report of one test that failed with a network error, and of others that passed."""
    stamp = f' timestamp="{at}"' if at else ""
    error = '<error type="ConnectionError" message="refused"/>'
    cases = "".join(f'<testcase classname="{name}" name="ok{number}"/>' for number in range(count))
    return f'<testsuite name="s"{stamp}><testcase classname="{name}" name="lost">{error}</testcase>{cases}</testsuite>'


TIMED = pytest.param("2026-01-05T10:00:00Z", id="timed", marks=pytest.mark.long)


@pytest.fixture(params=[TIMED, pytest.param("", id="untimed")])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project with a release and three reports, in which no time stands, or one does."""
    done = run(
        "release", "open", "1.1.1", "--commit", "abc", "--unverified", "--by", "ana", *at(request.param), root=tmp_path
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "reports" / "deep").mkdir(parents=True)
    for name in ("a", "b", "deep/c"):
        (tmp_path / "reports" / f"{name}.xml").write_text(report(name, request.param))
    return tmp_path


def at(time_of_reports: str) -> tuple[str, ...]:
    return ("--at", OPENED) if time_of_reports else ()


def started(root: Path, *paths: str) -> subprocess.Popen[bytes]:
    words = command("collect", "--junit", *paths, "--exit-code", "1", "--release", "1.1.1", root=root)
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(words, cwd=root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def figures(root: Path) -> dict[str, Any]:
    """What is counted of the three reports, in whatever ledger."""
    metrics = json.loads(run("judge", "--release", "1.1.1", "--json", root=root).stdout)["metrics"]
    flaky, events = metrics["flaky-tests"]["counts"], metrics["network-errors"]["counts"]
    return {"tests": flaky["tests"], "attempts": flaky["median_attempts"], "events": events["events"]}


ONCE = {"tests": 6, "attempts": 1, "events": 3}


def test_four_calls_at_once_over_the_same_files_leave_each_event_once(project: Path) -> None:
    files = ("reports/a.xml", "reports/b.xml", "reports/deep/c.xml")
    calls = [started(project, *paths) for paths in (("reports",), files, files[:2], files[1:])]
    assert [call.wait(HANGS_S) for call in calls] == [0, 0, 0, 0]
    assert figures(project) == ONCE
    verified = run("evidence", "verify", "--release", "1.1.1", root=project)
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("project", [""], indirect=True)
@pytest.mark.parametrize("kills", [4, pytest.param(12, marks=pytest.mark.long)])
def test_a_kill_at_any_point_leaves_each_event_once(project: Path, kills: int) -> None:
    draw = random.Random(4)
    folder = project / "docs" / "releases" / "1.1.1" / "evidence"
    before = len(list(folder.iterdir()))
    began = time.monotonic()
    assert started(project, "reports/a.xml").wait(HANGS_S) == 0
    took = time.monotonic() - began
    for kill in range(kills):
        # Each call has one file more than the one before: what that one left is no part of another job.
        (project / "reports" / f"more{kill}.xml").write_text(report(f"more{kill}"))
        call = started(project, "reports")
        with_care = draw.uniform(0.3, 1.1) * took
        until = time.monotonic() + with_care
        # Half of the kills come as soon as something is written, where most can be torn.
        while time.monotonic() < until and not (kill % 2 and len(list(folder.iterdir())) > before):
            time.sleep(0.002)
        call.send_signal(signal.SIGKILL)
        call.wait(HANGS_S)
        before = len(list(folder.iterdir()))
        assert ledger.verify(folder) == []
    assert started(project, "reports").wait(HANGS_S) == 0
    reports = 3 + kills
    assert figures(project) == {"tests": 2 * reports, "attempts": 1, "events": reports}
    assert run("evidence", "verify", "--release", "1.1.1", root=project).returncode == 0
    told = {(one.test, one.run_id) for one in ledger.read(folder, TestAttempt)}
    assert len({test for test, _ in told}) == 2 * reports


def test_what_a_killed_call_left_without_its_reading_is_told_by_the_call_that_finishes(tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    job, book = Job("unit", "abc", whole=True), tmp_path / "book"
    (tmp_path / "in").mkdir()
    for name, is_killed in (("a", True), ("b", False)):
        (tmp_path / "in" / f"{name}.xml").write_text(report(name))
        found = collect([tmp_path / "in"], job=job, recorded_at=at)
        ledger.write(book, [one for one in found.evidence if not (is_killed and isinstance(one, Reading))])
    release = Release(version="1", commit="abc", opened_at=at)
    span = MetricQuery(release=release, as_of=at, settings=Settings(ci=CiSettings(workflows=("unit",))))
    with opened(book) as engine:
        rows = engine.ask("flaky_tests", parameters(engine, span))
        (jobs,) = engine.ask("pass_rate", span.parameters())
    assert {row["most_attempts"] for row in rows} == {1}
    assert (len(rows), jobs["decided"]) == (4, 1)


def git(root: Path, *words: str) -> None:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def test_two_branches_that_took_in_the_same_report_are_merged_by_git_and_count_it_once(project: Path) -> None:
    git(project, "init", "-q", "-b", "main")
    git(project, "config", "user.email", "a@example.org")
    git(project, "config", "user.name", "ana")
    git(project, "add", "--all")
    git(project, "commit", "-qm", "the release")
    for branch, paths in (
        ("one", ("reports/a.xml", "reports/b.xml")),
        ("two", ("reports/b.xml", "reports/deep/c.xml")),
    ):
        git(project, "checkout", "-q", "-b", branch, "main")
        done = run("collect", "--junit", *paths, "--exit-code", "1", "--release", "1.1.1", root=project, cwd=project)
        assert done.returncode == 0, done.stderr
        done = run("collect", "--junit", "reports/a.xml", "--run", "7", "--release", "1.1.1", root=project, cwd=project)
        assert done.returncode == 0, done.stderr
        git(project, "add", "--all")
        git(project, "commit", "-qm", branch)
    git(project, "merge", "-q", "-m", "both", "one")
    # The report of run 7 is another piece of evidence than the same bytes of a run that nobody named.
    assert figures(project) == {"tests": 6, "attempts": 1, "events": 4}
    assert run("evidence", "verify", "--release", "1.1.1", root=project).returncode == 0
    for each in ("one", "two"):
        git(project, "checkout", "-q", each)
        assert run("evidence", "verify", "--release", "1.1.1", root=project).returncode == 0
