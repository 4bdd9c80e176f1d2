"""Tests of the help that each command gives, and of completion in a shell."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atalaya.cli.completion import SHELLS
from atalaya.cli.examples import EXAMPLES
from atalaya.cli.main import GROUPS, names_only, parser
from tests.commands import ROOT, run


def leaves(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    inner = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield of
    for action in inner:
        for one in {id(one): one for one in action.choices.values()}.values():
            yield from leaves(one)


def test_the_help_of_each_command_ends_with_examples_that_it_takes() -> None:
    whole = parser()
    found = {leaf.prog.removeprefix("atalaya "): leaf for leaf in leaves(whole)}
    assert found.keys() == EXAMPLES.keys()
    for words, leaf in found.items():
        shown = leaf.format_help().rpartition("examples:\n")[2].splitlines()
        assert shown == [f"  atalaya {one}" for one in EXAMPLES[words]]
        for example in EXAMPLES[words]:
            assert example.split(" ")[: words.count(" ") + 1] == words.split(" ")
            typed = example.partition(" > ")[0].partition(" >> ")[0]
            assert whole.parse_args(shlex.split(typed)).run is leaf.get_default("run"), example


def test_a_command_alone_is_the_same_as_among_all() -> None:
    whole = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)).choices
    assert {name for names, _ in GROUPS for name in names} | {"rehearse"} == whole.keys()
    for name, one in whole.items():
        alone = parser(command=name)
        choices = next(action for action in alone._actions if isinstance(action, argparse._SubParsersAction)).choices
        assert choices[name].format_help() == one.format_help()


def test_the_help_of_all_is_the_same_without_what_runs_them() -> None:
    assert names_only().format_help() == parser().format_help()


def test_what_is_no_command_is_refused_as_where_all_are_there(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given in ([], ["jugde"], ["--rooot"], ["jugde", "--help"]):
        done = run(*given, root=root)
        with pytest.raises(SystemExit) as left:
            parser().parse_args(["--root", str(root), *given])
        assert (done.returncode, done.stdout, done.stderr) == (left.value.code, *capsys.readouterr()), given


def test_the_version_is_told(root: Path) -> None:
    done = run("--version", root=root)
    assert (done.returncode, done.stdout.split()[0]) == (0, "atalaya")


def test_each_shell_is_told_how_to_complete(root: Path) -> None:
    for shell in SHELLS:
        done = run("completion", shell, root=root)
        assert (done.returncode, "argcomplete" in done.stdout.lower(), "atalaya" in done.stdout) == (0, True, True)
    assert run("completion", "tcsh", root=root).returncode == 2


def test_a_shell_that_asks_is_answered(tmp_path: Path) -> None:
    said = tmp_path / "said"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": "atalaya release wi", "COMP_POINT": "18", "_ARGCOMPLETE_SHELL": "bash"}
    subprocess.run(
        [sys.executable, "-m", "atalaya"],
        env=os.environ | asked | {"_ARGCOMPLETE_STDOUT_FILENAME": str(said), "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    assert said.read_text().split() == ["withdraw"]


def test_the_help_imports_no_part_that_it_does_not_need() -> None:
    code = "import sys; from atalaya.cli.main import parser; parser().format_help(); print(*sorted(sys.modules))"
    here = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    slow = {
        "babel",
        "concurrent.futures.process",
        "duckdb",
        "email.message",
        "http.client",
        "httpx",
        "importlib.metadata",
        "jinja2",
        "numpy",
        "scipy",
        "sphinx",
        "ssl",
        "urllib.request",
        "atalaya.evidence.readers.classifier",
        "atalaya.harness.runner",
        "atalaya.metrics.engine",
        "atalaya.watch.judgement",
    }
    assert ("atalaya.cli.main" in imported, slow & imported) == (True, set())
