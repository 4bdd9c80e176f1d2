"""Tests that the configuration files for CI and Read the Docs are well formed and safe to run."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
ALL = [*WORKFLOWS, *ACTIONS]


def name(file: Path) -> str:
    return file.name if file in WORKFLOWS else file.parent.name


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A program of this environment."""
    found = Path(sysconfig.get_path("scripts")) / program
    argv = [str(found), *(str(argument) for argument in arguments)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)


def steps(workflow: Path) -> list[dict[str, Any]]:
    """Every step of every job, or of an action."""
    table = yaml.safe_load(workflow.read_text())
    return [step for job in table.get("jobs", {"": table.get("runs")}).values() for step in job["steps"]]


def test_there_are_the_seven_workflows() -> None:
    names = ["ci.yml", "dispatch.yml", "incidents.yml", "long.yml", "own-watch.yml", "release.yml", "watch.yml"]
    assert [path.name for path in WORKFLOWS] == names


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    done = run("zizmor", "--offline", "--no-progress", "--color=never", "--persona=auditor", ".github")
    assert (done.returncode, "No findings to report" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("workflow", ALL, ids=name)
def test_a_workflow_fits_its_schema(workflow: Path) -> None:
    schema = "vendor.github-workflows" if workflow in WORKFLOWS else "vendor.github-actions"
    done = run("check-jsonschema", "--builtin-schema", schema, workflow)
    assert done.returncode == 0, done.stdout


def test_the_build_on_read_the_docs_fits_its_schema() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.readthedocs", ROOT / ".readthedocs.yaml")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", ALL, ids=name)
def test_no_command_is_put_together_from_what_somebody_typed(workflow: Path) -> None:
    assert [step for step in steps(workflow) if "${{" in str(step.get("run", ""))] == []


@pytest.mark.parametrize("workflow", ALL, ids=name)
def test_no_pipe_swallows_an_exit_code(workflow: Path) -> None:
    commands = [str(step.get("run", "")).replace("||", "") for step in steps(workflow)]
    assert [command for command in commands if "|" in command] == []


def test_each_attempt_of_a_watch_keeps_its_own_artifact_whatever_happened() -> None:
    uploads = [step for step in steps(ROOT / ".github/workflows/own-watch.yml") if "upload" in str(step.get("uses"))]
    attempt = "${{ github.run_id }}-${{ github.run_attempt }}"
    assert [(upload["if"], upload["with"]["name"]) for upload in uploads] == [
        ("always()", f"watch-{attempt}"),
        ("always()", f"by-hand-{attempt}"),
    ]


def test_only_the_job_that_hands_evidence_over_may_write_and_only_one_may_propose() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/own-watch.yml").read_text())
    asked = {name: job.get("permissions", workflow["permissions"]) for name, job in workflow["jobs"].items()}
    assert asked == {
        "look": {"contents": "read"},
        "watch": {"contents": "write", "actions": "read", "checks": "read"},
        "by-hand": {"contents": "read"},
        "propose": {"contents": "read", "pull-requests": "write"},
    }


@pytest.mark.parametrize("workflow", ALL, ids=name)
def test_what_others_wrote_is_used_by_the_digest_of_its_commit(workflow: Path) -> None:
    used = [str(step["uses"]) for step in steps(workflow) if "uses" in step]
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}|\$/[\w./-]+", one)] == []


def test_every_session_that_a_workflow_asks_for_is_there() -> None:
    listed = subprocess.run(
        [sys.executable, str(ROOT / "noxfile.py"), "--list"], capture_output=True, text=True, check=True
    )
    asked = {
        word
        for workflow in WORKFLOWS
        for step in steps(workflow)
        for line in str(step.get("run", "")).splitlines()
        if "noxfile.py -s " in line
        for word in line.partition("noxfile.py -s ")[2].partition(" --")[0].partition(" >")[0].split()
    }
    assert {"tests", "long", "smoke", "watch", "check", "sync"} <= asked
    assert [name for name in sorted(asked) if f" {name} -> " not in listed.stdout] == []
