"""Tests of the workflows that other repositories call: their steps are run in a team's repository, with a bare remote.

Only what takes minutes is replaced: Atalaya is not installed but is this tree, a check writes its evidence without
running, and what `watch` builds is left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.adopt.actions import TOKEN, Job, Workflow, environ_of
from tests.adopt.team import SDK, git, repository
from tests.adopt.test_init import atalaya, init
from tests.commands import ROOT
from tests.sync.clones import NOBODY
from tests.sync.github import GitHub, serving

WORKFLOWS = ROOT / ".github" / "workflows"
# `python -m venv FOLDER` makes the stand-ins of what is installed into it.
STAND_IN = """#!/bin/bash
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  printf '#!/bin/bash\\nexit 0\\n' > "$3/bin/python"
  cat > "$3/bin/atalaya" <<'ATALAYA'
#!/bin/bash
export PYTHONPATH={tree}
echo "$@" >> "$RUNNER_TEMP/said"
for one in "$@"; do case "$one" in --report=*|--log=*) echo '{{}}' > "${{one#*=}}" ;; esac; done
case "$1" in
  check) exec {python} -m tests.sync.one_watch ;;
  smoke) exit 0 ;;
  watch) {python} -m atalaya judge --json > /dev/null; exit $? ;;
  *) exec {python} -m atalaya "$@" ;;
esac
ATALAYA
  chmod +x "$3/bin/python" "$3/bin/atalaya"
fi
"""


class Team:
    """A team's repository that was set up, its bare remote, and machines that clone it."""

    def __init__(self, folder: Path, github: GitHub) -> None:
        self.folder, self.github = folder, github
        self.root, self.bare = repository(folder), folder / "remote.git"
        init(self.root)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", "Watch releases with Atalaya")
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(self.root, "remote", "set-url", "origin", self.bare.as_uri())
        git(self.root, "push", "-q", "origin", "main")
        self.python = folder / "python"
        self.python.write_text(STAND_IN.format(tree=f"{ROOT / 'src'}:{ROOT}", python=sys.executable))
        self.python.chmod(0o755)

    def opens(self) -> None:
        at = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
        for words in (("release", "open", "1.1.1", "--commit", "HEAD", "--at", at, "--by", "Ana"), ("sync", "push")):
            done = atalaya(*words, cwd=self.root)
            assert done.returncode == 0, done.stderr

    def calls(self, name: str, **inputs: str) -> Workflow:
        artifacts = self.folder / "artifacts"
        artifacts.mkdir(exist_ok=True)
        return Workflow(WORKFLOWS / f"{name}.yml", inputs, artifacts)

    def job(self, of: Workflow, name: str, **matrix: str) -> Job:
        machine = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        machine.mkdir()
        git(machine, "clone", "-q", "--depth=1", self.bare.as_uri(), "work")
        environ = environ_of(machine, self.github.url, self.python) | NOBODY
        return Job(of, name, machine / "work", environ, machine / "temp").run(matrix)

    def on_the_branch(self) -> list[str]:
        return git(self.bare, "ls-tree", "-r", "--name-only", "evidence").splitlines()


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving() as it:
        yield it


@pytest.fixture
def team(tmp_path: Path, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Team:
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    return Team(tmp_path, github)


def words(job: Job) -> str:
    return "\n".join(step.done.stdout + step.done.stderr for step in job.steps)


# ── the jobs, one after the other ────────────────────────────────────────────


def test_with_no_release_open_it_looks_and_does_nothing_more(team: Team) -> None:
    called = team.calls("watch", sdk=SDK)
    look = team.job(called, "look")
    assert (look.failed, called.needs["needs.look.outputs.watch"]) == (False, "false"), words(look)
    assert list(called.artifacts.iterdir()) == []
    assert len(look.steps) == 2  # nothing was installed


def test_what_one_job_sees_without_a_token_another_keeps_on_the_branch(team: Team) -> None:
    team.opens()
    before = set(team.on_the_branch())
    called = team.calls("watch", sdk=SDK, pythons="3.10 3.11 3.12")
    look = team.job(called, "look")
    assert (look.failed, called.needs["needs.look.outputs.release"]) == (False, "1.1.1"), words(look)
    assert "'3.10' stays unknown" in words(look)
    pythons = json.loads(called.needs["needs.look.outputs.pythons"])
    assert pythons == ["3.11", "3.12"]
    for python in pythons:
        observe = team.job(called, "observe", python=python)
        assert not observe.failed, words(observe)
        assert [step.script for step in observe.steps if TOKEN in step.environ.values()] == []
        assert "--release=1.1.1" in (observe.temp / "said").read_text()
    keep = team.job(called, "keep")
    assert not keep.failed, words(keep)
    added = set(team.on_the_branch()) - before
    assert len([path for path in added if "/evidence/job-" in path]) == len(pythons)
    assert [path for path in added if not path.startswith("docs/atalaya/releases/1.1.1/evidence/")] == []
    assert "Atalaya-Visible: " in git(team.bare, "log", "-1", "--format=%B", "evidence")
    kept = called.artifacts / "atalaya-seen-3.11-1" / "results"
    assert {"report.json", "smoke.json", "smoke.log", "atalaya.log"} <= {one.name for one in kept.iterdir()}
    holding = subprocess.run(["grep", "-rl", TOKEN, str(keep.root)], capture_output=True, text=True, check=False)
    assert holding.stdout == ""


def test_a_red_check_is_handed_over_all_the_same(team: Team) -> None:
    team.opens()
    team.python.write_text(team.python.read_text().replace("smoke) exit 0", "smoke) exit 1"))
    called = team.calls("watch", sdk=SDK)
    team.job(called, "look")
    observe = team.job(called, "observe", python="")
    assert observe.failed
    assert (called.artifacts / "atalaya-seen--1" / "releases" / "1.1.1").is_dir()


def test_the_service_and_the_sdk_are_those_that_were_asked_for(team: Team) -> None:
    team.opens()
    called = team.calls("watch", sdk=SDK, **{"base-url": "https://staging.example.com"})
    team.job(called, "look")
    said = (team.job(called, "observe", python="").temp / "said").read_text().splitlines()
    assert [f"--sdk={SDK}" in line for line in said] == [True, True]
    assert ["--base-url=https://staging.example.com" in line for line in said] == [False, True]


def test_a_closed_release_is_proposed_to_the_main_branch(team: Team, github: GitHub) -> None:
    team.opens()
    seal = team.folder / "closing" / "docs/atalaya/releases/1.1.1/seal.json"
    git(team.folder, "clone", "-q", "-b", "evidence", team.bare.as_uri(), "closing")
    seal.write_text("{}\n")
    for words_of_git in (("add", "-A"), ("commit", "-qm", "Close 1.1.1"), ("push", "-q", "origin", "evidence")):
        git(team.folder / "closing", *words_of_git)
    called = team.calls("watch")
    team.job(called, "look")
    assert (called.needs["needs.look.outputs.watch"], called.needs["needs.look.outputs.propose"]) == ("false", "true")
    propose = team.job(called, "propose")
    assert not propose.failed, words(propose)
    assert [(one["head"], one["base"]) for one in github.pulls] == [("evidence", "main")]


def test_runs_of_ci_are_started_by_a_job_of_its_own(team: Team) -> None:
    team.opens()
    dispatch = team.job(team.calls("dispatch"), "dispatch")
    assert not dispatch.failed, words(dispatch)
    said = (dispatch.temp / "said").read_text()
    assert ("watch --scheduled --no-checks --no-issues\n" in said, "--no-dispatch" in said) == (True, False)


def test_incidents_become_issues_in_a_job_of_its_own_that_may_write_nothing_else(team: Team, github: GitHub) -> None:
    team.opens()
    settings = team.root / "watch.toml"
    settings.write_text(settings.read_text().replace("# github = true", "github = true").replace("# notes", "notes"))
    said = ("--severity", "major", "--impact", "waits fail", "--by", "Ana")
    for words_of_cli in (("release", "incident", "new", *said), ("sync", "push")):
        done = atalaya(*words_of_cli, cwd=team.root)
        assert done.returncode == 0, done.stderr
    git(team.root, "commit", "-qam", "Keep incidents as issues")
    git(team.root, "push", "-q", "origin", "main")
    called = team.calls("incidents")
    issues = team.job(called, "issues")
    assert not issues.failed, words(issues)
    assert [one["title"].partition(": ")[2] for one in github.issues] == ["waits fail"]
    assert called.needs["needs.issues.outputs.notes"] == "true"
    github.comment("It is the proxy.")
    before = set(team.on_the_branch())
    notes = team.job(called, "notes")
    assert not notes.failed, words(notes)
    (added,) = set(team.on_the_branch()) - before - {one for one in team.on_the_branch() if "/roll-" in one}
    assert "/evidence/note-" in added
    assert len(github.issues) == 1


# ── what each may do ─────────────────────────────────────────────────────────


def granted(name: str) -> dict[str, dict[str, str]]:
    table = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    assert table["permissions"] == {}
    return {job: about["permissions"] for job, about in table["jobs"].items()}


def test_each_job_may_do_what_it_does_and_no_more() -> None:
    assert granted("watch") == {
        "look": {"contents": "read"},
        "observe": {"contents": "read"},
        "keep": {"contents": "write", "actions": "read", "checks": "read"},
        "propose": {"contents": "read", "pull-requests": "write"},
    }
    assert granted("incidents") == {
        "issues": {"contents": "read", "issues": "write"},
        "notes": {"contents": "write", "issues": "read"},
    }
    assert granted("dispatch") == {"dispatch": {"contents": "write", "actions": "write", "checks": "read"}}


def test_what_init_writes_grants_each_workflow_what_its_jobs_need_and_no_more(tmp_path: Path) -> None:
    root = repository(tmp_path)
    init(root, "--dispatch", "--issues", "--base-url", "https://staging.example.com")
    caller = yaml.safe_load((root / ".github/workflows/atalaya.yml").read_text())
    assert [*caller["jobs"]] == ["watch", "dispatch", "incidents"]
    for name, job in caller["jobs"].items():
        needed: dict[str, str] = {}
        for scopes in granted(name).values():
            needed |= {scope: max(access, needed.get(scope, "read")) for scope, access in scopes.items()}
        assert job["permissions"] == needed
        called = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())[True]["workflow_call"] or {}
        assert job.get("with", {}).keys() <= called.get("inputs", {}).keys()
