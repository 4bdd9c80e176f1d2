"""Tests that the workflow's own commands run a watch from the first evidence to the pull request.

Each ``run:`` is taken from ``own-watch.yml`` and given to bash in a clone, with the environment that GitHub sets. Only
what takes minutes is replaced: a session's environment is this test's own, and ``-s watch`` writes its evidence without
running the checks.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import ROOT, run
from tests.sync.clones import NOBODY, Shared, git, opened
from tests.sync.github import GitHub, serving

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "own-watch.yml").read_text())
PYTHON3 = """#!/bin/bash
case "$*" in
  "noxfile.py -s watch -- --scheduled") exec {python} -m tests.sync.one_watch ;;
  "noxfile.py -s sync -- "*) exec {python} -m atalaya sync "${{@:5}}" ;;
  *) exec {python} -S "$@" ;;
esac
"""


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving() as it:
        yield it


class Runner:
    """A machine of GitHub's, with a clone as actions/checkout makes it."""

    def __init__(self, shared: Shared, github: GitHub, name: str) -> None:
        self.root = shared.clone(name, "--depth=1")
        self.bin = shared.folder / f"{name}-bin"
        self.bin.mkdir()
        (self.bin / "python3").write_text(PYTHON3.format(python=sys.executable))
        (self.bin / "python3").chmod(0o755)
        self.output = shared.folder / f"{name}-output"
        self.github = github

    def run(self, job: str) -> subprocess.CompletedProcess[str]:
        """Every step of a job, until one fails; what the last one said."""
        done = None
        for step in WORKFLOW["jobs"][job]["steps"]:
            if "run" in step:
                done = self.step(step)
                if done.returncode:
                    break
        assert done is not None
        return done

    def step(self, step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        values = {
            "${{ github.token }}": "ghs_0123456789abcdef0123",
            "${{ github.event.repository.default_branch || github.ref_name }}": "main",
        }
        asked = {name: values.get(value, value) for name, value in (WORKFLOW["env"] | step.get("env", {})).items()}
        assert [value for value in asked.values() if "${{" in value] == []
        env = {
            **NOBODY,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.root.parent),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_REPOSITORY": "acme/sdk",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.github.url,
            **asked,
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


@pytest.fixture
def watched(tmp_path: Path) -> Shared:
    """A project with a release that was opened an hour ago, on the branch."""
    made = Shared(tmp_path)
    root = made.clone("opener")
    opened(root, opened_at=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    made.push(root)
    return made


def test_with_no_release_open_it_looks_and_does_nothing_more(shared: Shared, github: GitHub) -> None:
    runner = Runner(shared, github, "one")
    done = runner.run("look")
    assert (done.returncode, runner.output.read_text()) == (0, "watch=false\npropose=false\n"), done.stderr


def test_two_runs_one_after_the_other_add_up_on_the_branch(watched: Shared, github: GitHub) -> None:
    for name in ("one", "two"):
        runner = Runner(watched, github, name)
        assert (runner.run("look").returncode, runner.output.read_text()) == (
            0,
            "watch=true\npropose=false\nrelease=1.1.1\nreleases=docs/releases\n",
        )
        done = runner.run("watch")
        assert done.returncode == 0, done.stderr
    assert len([path for path in watched.files() if "/evidence/job-" in path]) == 2
    assert "Atalaya-Visible: " in git(watched.bare, "log", "-1", "--format=%B", "evidence")


def test_two_runs_at_once_lose_nothing(watched: Shared, github: GitHub) -> None:
    one, other = Runner(watched, github, "one"), Runner(watched, github, "other")
    *first, push = [step for step in WORKFLOW["jobs"]["watch"]["steps"] if "run" in step]
    codes = [runner.step(step).returncode for step in first for runner in (one, other)]
    codes += [runner.step(push).returncode for runner in (one, other)]
    assert codes == [0] * 6
    assert len([path for path in watched.files() if "/evidence/job-" in path]) == 2


def test_what_a_failing_watch_saw_is_handed_over_all_the_same() -> None:
    push = next(step for step in WORKFLOW["jobs"]["watch"]["steps"] if "push" in step.get("run", ""))
    assert push["if"] == "${{ !cancelled() && steps.pull.outcome == 'success' }}"


def test_the_token_is_in_no_file_of_the_clone(watched: Shared, github: GitHub) -> None:
    runner = Runner(watched, github, "one")
    runner.run("watch")
    holding = subprocess.run(
        ["grep", "-rl", "ghs_0123456789", str(runner.root)], capture_output=True, text=True, check=False
    )
    assert holding.stdout == ""


def test_git_is_handed_the_token_where_github_asks_for_one(watched: Shared, github: GitHub) -> None:
    asked = {
        "run": "printf 'protocol=https\\nhost=github.com\\n\\n' > asked; git credential fill < asked",
        "env": {"GITHUB_TOKEN": "${{ github.token }}"},
    }
    done = Runner(watched, github, "one").step(asked)
    assert "password=ghs_0123456789abcdef0123" in done.stdout.splitlines()


def test_a_closed_release_is_proposed_once(watched: Shared, github: GitHub) -> None:
    watched.commit("1.1.1/seal.json", "{}\n")
    for name in ("one", "two"):
        runner = Runner(watched, github, name)
        assert (runner.run("look").returncode, runner.output.read_text()) == (0, "watch=false\npropose=true\n")
        done = runner.run("propose")
        assert done.returncode == 0, done.stderr
    assert [(one["head"], one["base"]) for one in github.pulls] == [("evidence", "main")]


def test_the_very_watch_ends_at_once_where_no_release_is_open(shared: Shared) -> None:
    root = shared.clone("one")
    shared.pull(root)  # its window is over
    done = subprocess.run(
        [sys.executable, "-m", "atalaya", "watch", "--scheduled"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        timeout=300,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "no release is open: there is nothing to watch")
    assert [path.name for path in (root / "docs/releases").iterdir()] == ["1.1.1"]


def test_a_release_that_was_really_closed_keeps_its_seal_on_the_way_to_the_main_branch(
    tmp_path: Path, github: GitHub
) -> None:
    made = Shared(tmp_path)
    person = made.clone("person")
    begun = (datetime.now(UTC) - timedelta(hours=80)).isoformat()
    spoken = [
        run("release", "open", "1.1.1", "--commit", "abc", "--unverified", "--at", begun, "--by", "ana", root=person),
        run("sync", "push", root=person),
        run("release", "close", "--release", "1.1.1", "--why", "it is over", "--by", "ana", root=person),
        run("sync", "push", "--edited", root=person),
    ]
    assert [done.returncode for done in (spoken[0], spoken[1], spoken[3])] == [0] * 3, spoken
    runner = Runner(made, github, "runner")
    assert (runner.run("look").returncode, runner.output.read_text()) == (0, "watch=false\npropose=true\n")
    assert runner.run("propose").returncode == 0
    git(person, "fetch", "-q")
    git(person, "push", "-q", "origin", "origin/evidence:main")  # the merge of the pull request
    assert run("release", "verify", "1.1.1", root=made.clone("reader")).returncode == 0
