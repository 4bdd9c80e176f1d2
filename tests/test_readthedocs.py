"""Tests that Read the Docs can build the site from the tree, without an SDK."""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from atalaya.cli import publish
from atalaya.cli.main import parser
from atalaya.sdk.installer import interpreter_in

ROOT = Path(__file__).resolve().parents[1]

# What git would not have, or would not hand over.
NOT_IN_THE_TREE = shutil.ignore_patterns(
    ".git", ".nox", ".venv", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "_build", "_generated", "local-*"
)


def test_its_commands_name_what_is_in_the_tree() -> None:
    jobs = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())["build"]["jobs"]
    [install], [build] = jobs["install"], jobs["build"]["html"]
    *install, extra = shlex.split(install)
    assert install == ["python", "-m", "pip", "install", "--constraint", "requirements/constraints.txt"]
    assert extra == ".[site]"
    assert (ROOT / "requirements" / "constraints.txt").is_file()
    assert "site" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    python, *module = shlex.split(build)
    assert (python, module[:2]) == ("python", ["-m", "atalaya"])
    assert parser().parse_args(module[2:]).run is publish.site


@pytest.mark.long
def test_its_own_commands_build_the_site_in_a_clean_environment(tmp_path: Path) -> None:
    tree, env, output = tmp_path / "tree", tmp_path / "env", tmp_path / "output"
    shutil.copytree(ROOT, tree, ignore=NOT_IN_THE_TREE)
    subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
    jobs = yaml.safe_load((tree / ".readthedocs.yaml").read_text())["build"]["jobs"]
    for command in (*jobs["install"], *jobs["build"]["html"]):
        done = subprocess.run(
            command,
            shell=True,
            cwd=tree,
            env=variables(env, output),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert (output / "html" / "index.html").is_file()
    python = str(interpreter_in(env))
    found = subprocess.run([python, "-c", "import aris3_client_sdk"], capture_output=True, check=False, cwd=env)
    assert b"No module named 'aris3_client_sdk'" in found.stderr


def variables(env: Path, output: Path) -> dict[str, str]:
    """What Read the Docs sets, over what any machine has."""
    ours = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **kept,
        "PATH": os.pathsep.join([str(interpreter_in(env).parent), kept["PATH"]]),
        "READTHEDOCS": "True",
        "READTHEDOCS_OUTPUT": f"{output}/",
        "READTHEDOCS_VERSION": "latest",
        "READTHEDOCS_LANGUAGE": "en",
        "READTHEDOCS_VIRTUALENV_PATH": str(env),
    }
