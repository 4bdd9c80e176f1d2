"""Are the files that other people's machines obey well formed, and safe to run there?"""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A program of this environment."""
    found = Path(sysconfig.get_path("scripts")) / program
    argv = [str(found), *(str(argument) for argument in arguments)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)


def steps(workflow: Path) -> list[dict[str, object]]:
    """Every step of every job."""
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def test_there_are_the_two_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "watch.yml"]


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    done = run("zizmor", "--offline", "--no-progress", "--color=never", ".github/workflows")
    assert (done.returncode, "No findings to report" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_fits_its_schema(workflow: Path) -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
    assert done.returncode == 0, done.stdout


def test_the_build_on_read_the_docs_fits_its_schema() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.readthedocs", ROOT / ".readthedocs.yaml")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_command_is_put_together_from_what_somebody_typed(workflow: Path) -> None:
    assert [step for step in steps(workflow) if "${{" in str(step.get("run", ""))] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_pipe_swallows_an_exit_code(workflow: Path) -> None:
    commands = [str(step.get("run", "")).replace("||", "") for step in steps(workflow)]
    assert [command for command in commands if "|" in command] == []


def test_each_attempt_of_a_watch_keeps_its_own_artifact_whatever_happened() -> None:
    (upload,) = [
        step for step in steps(ROOT / ".github/workflows/watch.yml") if "upload" in str(step.get("uses"))
    ]
    named = upload["with"]
    assert isinstance(named, dict)
    assert (
        upload["if"],
        named["name"],
    ) == ("always()", "watch-${{ github.run_id }}-${{ github.run_attempt }}")


def test_every_session_that_a_workflow_asks_for_is_there() -> None:
    listed = subprocess.run(
        [sys.executable, str(ROOT / "noxfile.py"), "--list"],
        capture_output=True,
        text=True,
        check=True,
    )
    asked = {
        word
        for workflow in WORKFLOWS
        for step in steps(workflow)
        for line in str(step.get("run", "")).splitlines()
        if "noxfile.py -s " in line
        for word in line.partition("noxfile.py -s ")[2].partition(" --")[0].partition(" >")[0].split()
    }
    assert {"tests", "smoke", "watch", "checks"} <= asked
    assert [name for name in sorted(asked) if f" {name} -> " not in listed.stdout] == []
