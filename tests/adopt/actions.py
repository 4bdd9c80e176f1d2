"""Runs the steps of a workflow as GitHub does, without a container: bash for `run`, composite actions from this tree.

Artifacts are folders. What others wrote is left out: a checkout is a clone that is there already.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.commands import ROOT

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"[a-z][\w-]*(?:\.[\w-]+)+")
TOKEN = "ghs_0123456789abcdef0123"


class Step(NamedTuple):
    """A step of ``run`` that was run: its script, what it found in its environment, and how it ended."""

    script: str
    environ: Mapping[str, str]
    done: subprocess.CompletedProcess[str]


class Workflow:
    """One run of a workflow: what its jobs hand to each other."""

    def __init__(self, file: Path, inputs: Mapping[str, str], artifacts: Path) -> None:
        self.table = yaml.safe_load(file.read_text(encoding="utf-8"))
        declared = (self.table[True]["workflow_call"] or {}).get("inputs", {})
        self.inputs = {name: str(one.get("default", "")) for name, one in declared.items()} | dict(inputs)
        self.artifacts = artifacts
        self.needs: dict[str, str] = {}


class Job:
    """One job on a machine of its own: a clone, a folder for temporary files, an environment."""

    def __init__(self, of: Workflow, name: str, root: Path, environ: Mapping[str, str], temp: Path) -> None:
        self.of, self.job, self.root, self.temp = of, of.table["jobs"][name], root, temp
        temp.mkdir(parents=True, exist_ok=True)
        self.environ = {**environ, **of.table.get("env", {}), "RUNNER_TEMP": str(temp)}
        self.known = {
            "github.token": TOKEN,
            "github.run_id": "77",
            "github.run_attempt": "1",
            "github.ref_name": "main",
            "runner.temp": str(temp),
            **{f"inputs.{key}": value for key, value in of.inputs.items()},
            **{f"env.{key}": value for key, value in of.table.get("env", {}).items()},
            **of.needs,
        }
        self.steps: list[Step] = []
        self.failed = False
        self.name = name

    def run(self, matrix: Mapping[str, str] | None = None) -> Job:
        """Every step whose condition holds, to the end; what the job says is handed to those that need it."""
        self.known |= {f"matrix.{key}": value for key, value in (matrix or {}).items()}
        self._run_steps(self.job["steps"], self.known, self.root, {})
        for key, value in self.job.get("outputs", {}).items():
            self.of.needs[f"needs.{self.name}.outputs.{key}"] = self._filled(value, self.known)
        return self

    def _run_steps(
        self, steps: list[dict[str, Any]], known: dict[str, str], cwd: Path, environ: Mapping[str, str]
    ) -> None:
        for step in steps:
            if not self._holds(step.get("if"), known):
                continue
            given = {key: self._filled(str(value), known) for key, value in step.get("with", {}).items()}
            if "run" in step:
                outputs, code = self._shell(step, known, environ)
                self.failed = self.failed or code != 0
                known[f"steps.{step.get('id', '')}.outcome"] = "failure" if code else "success"
            else:
                outputs = self._used(str(step["uses"]), given)
                known[f"steps.{step.get('id', '')}.outcome"] = "failure" if self.failed else "success"
            known |= {f"steps.{step.get('id', '')}.outputs.{key}": value for key, value in outputs.items()}

    def _used(self, uses: str, given: dict[str, str]) -> dict[str, str]:
        if uses.startswith("$/"):
            return self._composite(ROOT / uses.removeprefix("$/"), given)
        if "upload-artifact" in uses:
            self._upload(given)
        elif "download-artifact" in uses:
            self._download(given)
        elif "setup-python" in uses and given.get("python-version") == "3.12":
            return {"python-path": str(self.environ["STAND_IN_PYTHON"])}
        return {}

    def _composite(self, folder: Path, given: dict[str, str]) -> dict[str, str]:
        table = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        inputs = {name: str(one.get("default", "")) for name, one in table["inputs"].items()} | given
        assert inputs.keys() == table["inputs"].keys()
        known = {"runner.temp": str(self.temp)} | {f"inputs.{key}": value for key, value in inputs.items()}
        self._run_steps(table["runs"]["steps"], known, self.root, {"GITHUB_ACTION_PATH": str(folder)})
        return {key: self._filled(one["value"], known) for key, one in table.get("outputs", {}).items()}

    def _shell(
        self, step: dict[str, Any], known: Mapping[str, str], environ: Mapping[str, str]
    ) -> tuple[dict[str, str], int]:
        output = self.temp / f"output-{len(self.steps)}"
        output.touch()
        asked = {key: self._filled(str(value), known) for key, value in step.get("env", {}).items()}
        env = {**self.environ, **environ, **asked, "GITHUB_OUTPUT": str(output)}
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
        argv = [sys.executable, "-c"] if step.get("shell") == "python" else bash
        done = subprocess.run(
            [*argv, step["run"]], cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=600
        )
        self.steps.append(Step(step["run"], env, done))
        told = (line.partition("=") for line in output.read_text().splitlines())
        return {key: value for key, _, value in told}, done.returncode

    # ── artifacts ────────────────────────────────────────────────────────────

    def _upload(self, given: dict[str, str]) -> None:
        paths = [self.root / one for one in given["path"].split()]
        there = [one for one in paths if one.exists()]
        assert there or given.get("if-no-files-found") != "error", given
        target = self.of.artifacts / given["name"]
        for one in there:
            alone = len(paths) == 1
            if one.is_dir():
                shutil.copytree(one, target if alone else target / one.name, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(one, target)

    def _download(self, given: dict[str, str]) -> None:
        into = self.root / given["path"]
        for one in sorted(self.of.artifacts.iterdir()):
            if one.name == given.get("name"):
                shutil.copytree(one, into, dirs_exist_ok=True)
            elif fnmatch.fnmatch(one.name, given.get("pattern", "")):
                shutil.copytree(one, into / one.name, dirs_exist_ok=True)

    # ── expressions ──────────────────────────────────────────────────────────

    def _filled(self, text: str, known: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: str(self._value(found[1], known) or ""), text)

    def _holds(self, condition: str | None, known: Mapping[str, str]) -> bool:
        if condition is None:
            return not self.failed
        inner = _EXPRESSION.sub(lambda found: found[1], str(condition))
        goes_on = "always()" in inner or "cancelled()" in inner
        return bool(self._value(inner, known)) and (goes_on or not self.failed)

    def _value(self, expression: str, known: Mapping[str, str]) -> Any:
        filled = _NAME.sub(lambda found: repr(known.get(found[0], "")), expression)
        python = filled.replace("&&", " and ").replace("||", " or ").replace("!=", "≠").replace("!", " not ")
        functions = {"always": lambda: True, "cancelled": lambda: False}
        return eval(python.replace("≠", "!=").strip(), {"__builtins__": {}}, functions)


def environ_of(folder: Path, api: str, python: Path) -> dict[str, str]:
    """What a machine of GitHub's sets, beside what a job adds."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/aris3",
        "GITHUB_API_URL": api,
        "STAND_IN_PYTHON": str(python),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
