"""Tests that `repeat` runs a team's own tests many times, keeps each attempt, and takes nothing for what it is not."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from atalaya.cli import repeat
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.core.settings import Loaded, Settings, SubjectSettings
from atalaya.evidence.ledger import ledger
from atalaya.harness.team_tests import Interpreter, shuffle
from atalaya.records.stored import CaseOutcome, JobAttempt, Reading, RunContext, TestAttempt
from atalaya.sdk.interpreter_probe import InterpreterFacts
from tests.commands import ROOT, command, run

HANGS_S = 300.0

FLAKY = """
def test_steady(): pass
def test_by_seed(): assert hash("x") % 2 == 0
def test_dead(): assert False, "dead"
"""
SLOW = """
import time
def test_quick(): pass
def test_slow(): time.sleep(600)
"""


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A project with a release that is open now."""
    (tmp_path / "tests").mkdir()
    done = run("release", "open", "1.1.1", "--commit", "abc", "--unverified", "--by", "ana", root=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def repeated(root: Path, *options: str, tests: Sequence[str] = ("tests",)) -> subprocess.CompletedProcess[str]:
    words = ("repeat", "--python", sys.executable, "--in-order", "--json", *options, "--", "-pno:cacheprovider", *tests)
    return run(*words, root=root)


def kept(root: Path, kind: type[Any]) -> list[Any]:
    return ledger.read(root / "docs" / "releases" / "1.1.1" / "evidence", kind)


def attempts_of(root: Path, name: str) -> list[tuple[int, CaseOutcome]]:
    return sorted((one.attempt, one.outcome) for one in kept(root, TestAttempt) if one.test.endswith(name))


def test_what_passes_and_fails_by_its_seed_ends_as_flaky_and_is_no_job_of_ci(team: Path) -> None:
    (team / "tests" / "test_it.py").write_text(FLAKY)
    done = repeated(team, "-n", "6", "--seed", "5")
    said = json.loads(done.stdout)
    assert (done.returncode, said["flaky"], said["failing"]) == (
        1,
        ["tests.test_it > test_by_seed"],
        ["tests.test_it > test_dead"],
    ), done.stderr
    (again,) = re.findall(r"^  again: (.*)$", done.stderr, re.MULTILINE)
    assert subprocess.run(again, shell=True, cwd=team, capture_output=True, check=False).returncode == 1
    assert [(one["number"], one["seed"]) for one in said["repeats"]] == [(n, n + 4) for n in range(1, 7)]
    assert [number for number, _ in attempts_of(team, "test_by_seed")] == [1, 2, 3, 4, 5, 6]
    assert {CaseOutcome.PASSED, CaseOutcome.FAILED} == {outcome for _, outcome in attempts_of(team, "test_by_seed")}
    judged = json.loads(run("judge", "--release", "1.1.1", "--json", root=team).stdout)["metrics"]
    assert judged["flaky-tests"]["counts"]["median_attempts"] == 6
    assert judged["flaky-tests"]["k"] == 1
    assert judged["pass-rate"]["k"] is None
    assert kept(team, JobAttempt) == []
    (context,) = kept(team, RunContext)
    assert (context.producer, any(line.startswith("pytest==") for line in context.freeze)) == ("repeat", True)
    assert all("seed " in one.reason for one in kept(team, Reading))
    assert {"abc"} == {one.commit for one in kept(team, TestAttempt)}


def test_the_same_seed_gives_the_same_again(team: Path) -> None:
    (team / "tests" / "test_it.py").write_text(FLAKY)
    for _ in range(2):
        repeated(team, "-n", "3", "--seed", "11", "--new")
    outcomes: dict[str, list[CaseOutcome]] = {}
    for one in sorted(kept(team, TestAttempt), key=lambda one: one.attempt):
        if one.test.endswith("by_seed"):
            outcomes.setdefault(one.run_id, []).append(one.outcome)
    first, second = outcomes.values()
    assert first == second


@pytest.mark.long
def test_a_repeat_that_the_limit_cuts_short_is_no_failure_and_the_series_goes_on(team: Path) -> None:
    path = team / "tests" / "test_it.py"
    path.write_text(SLOW)
    done = repeated(team, "-n", "2", "--minutes", "0.1")
    said = json.loads(done.stdout)
    assert (done.returncode, "the limit of 0.1 minutes was reached" in said["reason"]) == (3, True), done.stderr
    (reading,) = kept(team, Reading)
    assert ("Cut short after" in reading.reason, str(reading.verdict), reading.failed) == (True, "unknown", 0)
    # What was running is no attempt: its report alone would have called it passed.
    assert [outcome for _, outcome in attempts_of(team, "test_slow")] == [CaseOutcome.SKIPPED]
    assert [outcome for _, outcome in attempts_of(team, "test_quick")] == [CaseOutcome.PASSED]
    path.write_text("def test_quick(): pass\n")
    again = json.loads(repeated(team, "-n", "2").stdout)
    assert again["series"] == said["series"]
    assert [(one["number"], one["exit_code"]) for one in again["repeats"]] == [(1, None), (2, 0), (3, 0)]
    whole = repeated(team, "-n", "2")  # nothing is left to do
    assert (whole.returncode, len(kept(team, Reading))) == (0, 3)
    assert json.loads(repeated(team, "-n", "1", "--new").stdout)["series"] != said["series"]


def test_no_test_is_unknown_and_what_is_no_argument_is_said(team: Path) -> None:
    (team / "tests" / "test_it.py").write_text("def test_it(): pass\n")
    nothing = repeated(team, tests=("tests", "-k", "nowhere"))
    assert (nothing.returncode, len(json.loads(nothing.stdout)["repeats"])) == (3, 1)
    assert "no test was collected" in nothing.stderr
    assert repeated(team, "-n", "1").returncode == 0
    wrong = repeated(team, tests=("--no-such-option",))
    assert (wrong.returncode, "unrecognized arguments: --no-such-option" in wrong.stderr) == (2, True)


def test_only_skipped_tests_and_a_red_end_without_a_red_test_are_never_green(team: Path) -> None:
    path = team / "tests" / "test_it.py"
    path.write_text("import pytest\ndef test_it(): pytest.skip('not here')\n")
    assert repeated(team, "-n", "1").returncode == 3
    path.write_text("def test_it(): pass\n")
    (team / "tests" / "conftest.py").write_text("def pytest_sessionfinish(session): session.exitstatus = 1\n")
    done = repeated(team, "-n", "1", "--new")
    assert (done.returncode, "no test of its report did" in done.stderr) == (1, True)


def test_a_python_without_pytest_and_one_that_is_not_there_are_said_with_what_to_do(team: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", team / ".venv"], check=True)
    for options, says in (
        ((), "has no pytest. Install it there: "),
        (("--python", str(team / "tests")), "no Python there. Give its path"),
        (("--python", "/no/such/python"), "no Python there. Give its path"),
    ):
        done = run("repeat", *options, "--", "tests", root=team, VIRTUAL_ENV="")
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert not (team / ".atalaya").exists()


def test_ctrl_c_ends_with_130_and_keeps_what_had_ended(team: Path) -> None:
    (team / "tests" / "test_it.py").write_text(
        "import pathlib, time\n"
        "def test_it():\n"
        "    if pathlib.Path('begun').exists(): pathlib.Path('again').touch(); time.sleep(600)\n"
        "    pathlib.Path('begun').touch()\n"
    )
    words = command("repeat", "--python", sys.executable, "--in-order", "--", "-pno:cacheprovider", "tests", root=team)
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(words, cwd=team, env=environ, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + HANGS_S
    while not (team / "again").exists() and time.monotonic() < until:
        time.sleep(0.05)
    beside = run(*words[5:], root=team)
    assert (beside.returncode, "another call goes on with this series" in beside.stderr) == (2, True), beside.stderr
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANGS_S)
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert [number for number, _ in attempts_of(team, "test_it")] == [1]
    (folder,) = (team / ".atalaya" / "repeats").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["attempt-1", "series.json"]


def interpreter(*freeze: str) -> Interpreter:
    facts = InterpreterFacts(
        executable="python", python="3.12.1", implementation="CPython", os="Linux", freeze=("pytest==8.0", *freeze)
    )
    return Interpreter(python=Path("python"), facts=facts)


def test_tests_are_shuffled_by_what_is_installed_unless_the_arguments_settle_it() -> None:
    both = ("pytest_randomly==3.15", "pytest-xdist==3.6")
    for freeze, arguments, expected in (
        (both, ("tests",), ("--randomly-seed=7",)),
        (both, ("-p", "no:randomly"), ()),
        (both, ("--randomly-seed=1",), ()),
        (both[1:], ("tests",), ("--numprocesses=2",)),
        (both[1:], ("-n4",), ()),
        ((), ("tests",), ()),
    ):
        assert shuffle(interpreter(*freeze), arguments, 7) == expected, (freeze, arguments)


def environment_in(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def test_the_python_is_that_of_the_settings_then_the_active_one_then_the_project_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(sdk: str = "", named: str | None = None) -> Path:
        settings = Settings(subject=SubjectSettings(sdk=sdk))
        place = Context(tmp_path, Loaded(settings, {}, tmp_path / "watch.toml"), Console(io.StringIO()))
        return repeat._python(place, named)

    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert asked() == Path(sys.executable)
    own = environment_in(tmp_path / ".venv")
    assert asked() == own
    active = environment_in(tmp_path / "active")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert asked() == active
    of_sdk = environment_in(tmp_path / "sdk-env")
    assert asked("sdk-env") == of_sdk
    assert asked("clients/python") == active  # a project is no environment
    assert asked("sdk-env", str(tmp_path / ".venv")) == own
    # A session of nox is an environment of Atalaya's own, in which no SDK lies.
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    monkeypatch.setenv("ATALAYA_DOOR", "nox")
    assert asked() == own


def test_a_checkout_of_another_sdk_is_shown_apart(team: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=team, check=True, capture_output=True, text=True).stdout.strip()

    (team / "tests" / "test_it.py").write_text("def test_it(): pass\n")
    (team / "sdk").mkdir()
    (team / "watch.toml").write_text('[subject]\npath = "sdk"\n')
    git("init", "-q")
    git("config", "user.email", "a@b")
    git("config", "user.name", "ana")
    commits = []
    for content in ("1", "1", "2"):
        (team / "sdk" / "a.py").write_text(content)
        (team / "README").write_text(str(len(commits)))
        git("add", "sdk", "README", "tests", "watch.toml")
        git("commit", "-qm", "x")
        commits.append(git("rev-parse", "HEAD"))
    done = run("release", "open", "1.2.0", "--commit", commits[0], "--by", "ana", "--other-version", root=team)
    assert done.returncode == 0, done.stderr
    for at, expected in ((commits[1], commits[0]), (commits[2], commits[2])):
        git("checkout", "-q", at)
        done = repeated(team, "-n", "1", "--release", "1.2.0", "--new")
        assert done.returncode == 0, done.stderr
        assert ("is checked out, which holds another SDK" in done.stderr) == (at != commits[1])
        found = ledger.read(team / "docs" / "releases" / "1.2.0" / "evidence", TestAttempt)
        assert max(found, key=lambda one: one.recorded_at).commit == expected
