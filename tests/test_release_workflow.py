"""Tests of the steps that publish a release of Atalaya, up to the upload."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import nox
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
VERSION = nox.project.load_toml(ROOT / "pyproject.toml")["project"]["version"]


def step(job: str, name: str) -> str:
    return next(one["run"] for one in JOBS[job]["steps"] if one.get("name") == name)


def bash(script: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environ}
    return subprocess.run(["bash", "-e", "-c", script], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("tag", "code"), [(f"v{VERSION}", 0), ("v99.0.0", 1), (VERSION, 1)])
def test_a_tag_that_is_not_the_version_publishes_nothing(tag: str, code: int) -> None:
    done = bash(step("build", "The tag is the version"), ROOT, GITHUB_REF_NAME=tag)
    assert (done.returncode, f"the tag is {tag}" in done.stdout) == (code, bool(code)), done.stderr


def test_what_is_published_was_built_and_tried_before() -> None:
    runs = [one.get("run", "") for job in ("build", "commands") for one in JOBS[job]["steps"]]
    assert {"python3 noxfile.py -s package", "python3 noxfile.py", "python3 noxfile.py -s tests"} <= set(runs)
    assert (set(JOBS["publish"]["needs"]), JOBS["move"]["needs"]) == ({"build", "commands"}, "publish")


def test_no_job_but_the_one_that_uploads_can_ask_for_an_identity() -> None:
    def granted(job: dict[str, Any]) -> set[str]:
        return {name for name, level in job["permissions"].items() if level == "write"}

    assert {name: granted(job) for name, job in JOBS.items()} == {
        "build": set(),
        "commands": set(),
        "publish": {"id-token"},
        "move": {"contents"},
    }


def test_the_tag_of_the_major_version_moves_to_the_release(tmp_path: Path) -> None:
    def git(*words: str, cwd: Path = tmp_path) -> str:
        told = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
        return subprocess.run(told, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "--bare", "remote")
    git("clone", "-q", "remote", "clone")
    clone = tmp_path / "clone"
    for number in (1, 2):
        git("commit", "-q", "--allow-empty", "-m", str(number), cwd=clone)
        sha = git("rev-parse", "HEAD", cwd=clone)
        address = {"GITHUB_SERVER_URL": f"file://{tmp_path}", "GITHUB_REPOSITORY": "remote"}
        done = bash(step("move", "Move v1"), clone, GITHUB_SHA=sha, GITHUB_TOKEN="t", **address)
        assert (done.returncode, git("rev-parse", "v1", cwd=tmp_path / "remote")) == (0, sha), done.stderr
