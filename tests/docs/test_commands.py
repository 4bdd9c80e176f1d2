"""Tests that every command that the pages show works.

:data:`HOW` says of each of them where it is run and what it says there, or why not here. A command that is shown and
not in it fails, and so does one that is in it and not shown.
"""

from __future__ import annotations

import _thread
import argparse
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from atalaya.cli.main import parser
from atalaya.core import pack_loader
from tests.commands import ROOT, run
from tests.docs import places, shown
from tests.docs.places import Make
from tests.docs.shown import CHECKS
from tests.ours import PROMISES, pack_of
from tests.tables import each_row


class Run(NamedTuple):
    """Where a command is run, and what it says there; ``more`` is added to it, so that it is short."""

    place: Make
    says: str
    code: int = 0
    more: str = ""
    values: Mapping[str, str] = MappingProxyType({})


class ByTest(NamedTuple):
    """A test of this file runs the command, among others or in a way of its own."""

    name: str


class NotHere(NamedTuple):
    """Why a command is not run here, and the file that tests what is behind it."""

    why: str
    tested_by: str


ONE = "--promise config.error-is-a-value-error --no-self-test"
MINUTES = "it takes minutes: every check, and every page"
HOURS = "every defect is shown to every check"
WORKS = "it is for those who work on the project, and is what runs the tests"
TOLD = Run(places.watched, "derivation")
GUIDE = ByTest("test_the_promise_of_the_guide_is_seen_red_and_then_kept")
SERVED = ByTest("test_the_site_is_built_and_served")
MERGED = ByTest("test_a_change_of_the_main_branch_is_brought_over")

# The command, as it is handed over, beside how it is run.
REPEATED = NotHere("it runs a team's own tests", "tests/cli/test_repeat.py")
HOW: dict[str, Run | ByTest | NotHere] = {
    # ── your own repository: a row below stands over what is pasted there ──
    **{
        command: NotHere("the page is run from beginning to end", "tests/adopt/test_guide.py")
        for guide in ("in-your-repository", "release-hour-by-hour", "when-it-is-red")
        for command in shown.in_blocks(f"docs/guides/{guide}.md")
    },
    "git config --global user.name NAME": NotHere("it changes the settings of an account", "tests/cli/test_who.py"),
    f"{CHECKS} init": NotHere("what it writes is looked at there", "tests/adopt/test_init.py"),
    f"{CHECKS} init --issues": NotHere("what it writes is looked at there", "tests/adopt/test_init.py"),
    f"{CHECKS} status": Run(places.watched, "T+30 of 72 h", code=3),
    f"{CHECKS} completion bash": Run(places.empty, "argcomplete"),
    # ── the watch ──
    f"{CHECKS} watch --no-checks": NotHere(MINUTES, "tests/adopt/test_reusable.py"),
    f"{CHECKS} watch": NotHere(MINUTES, "tests/harness/test_checks.py"),
    f"{CHECKS} watch --sdk path/to/your/sdk": NotHere(MINUTES, "tests/harness/test_checks.py"),
    f"{CHECKS} watch --summary summary.md": NotHere(MINUTES, "tests/site/test_notifications.py"),
    f"{CHECKS} watch --scheduled": Run(places.empty, "there is nothing to watch"),
    # ── the checks ──
    f"{CHECKS} check": NotHere("it takes a minute: every check", "tests/harness/test_checks.py"),
    f"{CHECKS} check --promise ID": GUIDE,
    f"{CHECKS} check --promise config.equal-loads": GUIDE,
    f"{CHECKS} check --report FILE": Run(
        places.with_sdk, "report: report.json", more=f"--sdk {places.SDK} {ONE}", values={"FILE": "report.json"}
    ),
    f"{CHECKS} check --sdk PATH_OR_REQUIREMENT --report FILE": Run(
        places.with_sdk, "report: report.json", more=ONE, values={"FILE": "report.json"}
    ),
    f"{CHECKS} check --sdk PATH_OR_REQUIREMENT --report report.json": Run(
        places.with_sdk, "report: report.json", more=ONE
    ),
    f"{CHECKS} check --sdk path/to/your/sdk --report report.json": Run(
        places.with_sdk, "report: report.json", more=ONE
    ),
    f"{CHECKS} check --sdk path/to/your/sdk --adapter adapter.toml": Run(places.renamed, "1 kept", more=ONE),
    f"{CHECKS} smoke": NotHere("it is run against a service below", "tests/harness/test_smoke.py"),
    f"{CHECKS} smoke --base-url URL --report smoke.json --log smoke.log": Run(places.served, "created-to-ready"),
    # ── what CI says ──
    f"{CHECKS} collect": Run(places.watched, "good.xml"),
    f"{CHECKS} collect --junit PATH --report FILE": Run(places.watched, "good.xml", values={"PATH": "path/to/reports"}),
    (
        f"{CHECKS} collect --junit path/to/reports --workflow clients-python-sdk --commit 0123abc "
        "--event push --run 4711 --exit-code 0"
    ): Run(places.watched, "good.xml"),
    f"{CHECKS} collect --log FILE": Run(places.watched, "smoke.log", values={"FILE": "smoke.log"}),
    f"{CHECKS} collect --log smoke.log": Run(places.watched, "smoke.log"),
    f"{CHECKS} repeat -n 10 --python .venv -- clients/python/tests": REPEATED,
    f"{CHECKS} repeat -n N --python PATH -- PYTEST_ARGS": REPEATED,
    f"{CHECKS} compat --python VERSION --report FILE": NotHere(
        "it makes an environment for each Python", "tests/sdk/test_compat.py"
    ),
    f"{CHECKS} artefact --dry-run": Run(places.published, "acme_sdk-1.1.0-py3-none-any.whl"),
    # ── the verdict ──
    f"{CHECKS} judge --explain pass-rate": TOLD,
    f"{CHECKS} judge --explain METRIC": TOLD._replace(values={"METRIC": "pass-rate"}),
    f"{CHECKS} judge --outlook": Run(places.watched, "true CI rate"),
    f"{CHECKS} judge --as-of INSTANT --json": Run(places.watched, "atalaya.judgement/1"),
    f"{CHECKS} judge --release VERSION --as-of TIME": Run(places.rehearsed, "rehearsal-2"),
    f"{CHECKS} judge --release rehearsal-2 --as-of TIME": Run(places.rehearsed, "rehearsal-2"),
    f"{CHECKS} notify --dry-run": Run(places.watched, "The watch is open"),
    f"{CHECKS} notify": ByTest("test_a_chat_is_told_by_the_block_of_the_guide"),
    'export ATALAYA_NOTIFY_WEBHOOK="$(cat ~/.atalaya-webhook)"': ByTest(
        "test_a_chat_is_told_by_the_block_of_the_guide"
    ),
    # ── the pages ──
    f"{CHECKS} publish": SERVED,
    f"{CHECKS} site": SERVED,
    f"{CHECKS} serve": SERVED,
    # ── what the checks can see ──
    f"{CHECKS} prove": NotHere(HOURS, "tests/selftest/test_defects.py"),
    f"{CHECKS} prove --report FILE": NotHere(HOURS, "tests/selftest/test_defects.py"),
    f"{CHECKS} prove --defect ID": GUIDE,
    f"{CHECKS} prove --defect never-equal": GUIDE,
    f"{CHECKS} prove --detectors": NotHere("it takes two minutes", "tests/selftest/test_detectors.py"),
    # ── a rehearsal ──
    f"{CHECKS} rehearse --help": Run(places.empty, "stale-cache"),
    f"{CHECKS} rehearse": NotHere("it takes minutes", "tests/selftest/test_rehearsal.py"),
    f"{CHECKS} rehearse --scenario stale-cache": NotHere("it takes minutes", "tests/selftest/test_rehearsal.py"),
    f"{CHECKS} rehearse --scenario NAME --seed N": NotHere("it takes minutes", "tests/selftest/test_rehearsal.py"),
    f"{CHECKS} rehearse --scenario stale-cache --seed 7 --name rehearsal-2": NotHere(
        "it takes minutes", "tests/selftest/test_rehearsal.py"
    ),
    # ── the life of a release ──
    f"{CHECKS} release open VERSION --commit REF": Run(places.empty, "open: "),
    f"{CHECKS} release open 1.1.0 --commit REF": Run(places.empty, "open: "),
    f"{CHECKS} release open 1.1.0 --commit 0123abc": Run(places.empty, "open: "),
    f"{CHECKS} release open 1.1.1 --commit 4f2c9ab": Run(places.sealed, "has a check"),
    f"{CHECKS} release withdraw VERSION": Run(places.just_opened, "was taken back"),
    f"{CHECKS} release withdraw 1.1.0": Run(places.just_opened, "was taken back"),
    f"{CHECKS} release record --why TEXT": Run(places.watched, "everything is recorded as it stands"),
    f"{CHECKS} release checkpoint": Run(places.watched, "T+24"),
    f"{CHECKS} release checkpoint --release 1.1.0": Run(places.over, "T+72"),
    f'{CHECKS} release checkpoint --release 1.1.0 --sign review-pass-rate --note "two lost jobs, both of the runner"': Run(  # noqa: E501 - a command as it is pasted
        places.over, "kept: 1 records"
    ),
    f"{CHECKS} release incident [ID]": Run(places.watched, "monitoring"),
    f"{CHECKS} release incident --release 1.1.0": Run(places.over, "no incidents"),
    f"{CHECKS} release incident ID --state resolved --why TEXT": Run(places.watched, "resolved"),
    f'{CHECKS} release incident ID --state acknowledged --why "on-call has it"': Run(places.hurt, "acknowledged"),
    f"{CHECKS} release incident ID --state monitoring --root-cause TEXT --fix TEXT --why TEXT": Run(
        places.hurt, "monitoring"
    ),
    f'{CHECKS} release incident new --severity major --impact "exports of two stores stayed at CREATED"': Run(
        places.watched, "open"
    ),
    **dict.fromkeys(
        (f"{CHECKS} release incident redact ID", f"{CHECKS} release incident redact ID --why TEXT"),
        NotHere("it asks for the text", "tests/cli/test_redact_command.py"),
    ),
    f"{CHECKS} release issues": Run(places.watched, "`github = true`"),
    f"{CHECKS} release migrate": Run(places.older, "free text"),
    f"{CHECKS} release decide ACTION --why TEXT": Run(places.watched, "stop", values={"ACTION": "stop"}),
    f"{CHECKS} release decide roll-back --why TEXT": Run(places.watched, "roll-back"),
    f'{CHECKS} release decide stop --why "polls read old states since T+30"': Run(places.watched, "stop"),
    f'{CHECKS} release decide go-on --release 1.1.0 --why "stale reads are mended, and shown to be"': Run(
        places.over, "go-on"
    ),
    f"{CHECKS} release extend --why TEXT": Run(places.watched, "1.1.0 is watched for 96 h"),
    f'{CHECKS} release extend --release 1.1.0 --why "a fix has landed, and has to be shown"': Run(
        places.over, "1.1.0 is watched for 96 h"
    ),
    f"{CHECKS} release close --why TEXT": Run(places.over, "the next release begins with"),
    f'{CHECKS} release close --why "the window is over"': Run(places.over, "the next release begins with"),
    f'{CHECKS} release close --why "decided with the team"': Run(places.over, "the next release begins with"),
    f"{CHECKS} release close --early --why TEXT": Run(places.taken_back, "the next release begins with"),
    f"{CHECKS} release backlog --release 1.1.0 --out handover": Run(places.over, "handover/go-no-go.md"),
    f"{CHECKS} release verify": Run(places.sealed, "as they were sealed"),
    f"{CHECKS} release verify [VERSION]": Run(places.sealed, "as they were sealed", values={"[VERSION]": "1.1.0"}),
    # ── the evidence ──
    f"{CHECKS} evidence verify": Run(places.watched, "1.1.0"),
    f"{CHECKS} evidence compact": Run(places.watched, "compacted"),
    f"{CHECKS} evidence export --ctrf FILE": Run(places.watched, "2 tests"),
    f"{CHECKS} evidence export --ctrf tests.ctrf.json": Run(places.watched, "2 tests"),
    f"{CHECKS} evidence schema": Run(places.empty, "$defs"),
    # ── many repositories ──
    f"{CHECKS} fleet": Run(places.many, "2 subjects, 1 release", code=3),
    f"{CHECKS} fleet --no-judge": Run(places.many, "not judged here", code=3),
    f"{CHECKS} fleet --fleet FILE --json": Run(places.many, "atalaya.fleet/1", code=3, values={"FILE": "fleet.toml"}),
    f"{CHECKS} fleet --json": Run(places.many, "atalaya.fleet/1", code=3),
    f"{CHECKS} fleet --json --report fleet.json": Run(places.many, "atalaya.fleet/1", code=3),
    # ── the shared branch ──
    f"{CHECKS} sync pull": Run(places.joining, "3 files were brought"),
    f"{CHECKS} sync push": Run(places.unshared, "3 files were added"),
    f"{CHECKS} sync push --edited": Run(places.edited, "1 edited"),
    f"{CHECKS} sync propose": Run(places.proposing, "proposed: https://github.test/acme/sdk/pull/1"),
    f"{CHECKS} sync changed": Run(places.joining, "builds are spared on evidence only"),
    "git fetch origin": MERGED,
    "git worktree add --detach ../evidence origin/evidence": MERGED,
    "git -C ../evidence merge origin/main": MERGED,
    "git -C ../evidence push origin HEAD:evidence": MERGED,
    "git worktree remove ../evidence": MERGED,
    # ── for those who work on it ──
    'pip install "atalaya-watch[embed] @ git+https://github.com/OWNER/REPO@TAG"': NotHere(
        "what it brings is tried with each Sphinx", "tests/site/test_sphinxext.py"
    ),
    'pip install "atalaya-watch[site,scale] @ git+https://github.com/OWNER/REPO@TAG"': NotHere(
        "what it brings is what that session installs", "tests/spark/test_judge.py"
    ),
    "export SPARK_REMOTE=sc://spark.example.com:15002": NotHere("it is nobody's", "tests/spark/test_judge.py"),
    'export PYSPARK_SUBMIT_ARGS="--driver-memory 6g pyspark-shell"': NotHere(
        "it takes Java", "tests/spark/test_database.py"
    ),
    "atalaya judge --engine spark": NotHere("it needs Java", "tests/spark/test_judge.py"),
    "atalaya fleet --engine spark": NotHere("it needs Java", "tests/spark/test_fleet.py"),
    "nox -s spark": NotHere("it needs Java", "tests/spark/test_judge.py"),
    "sphinx-build -W docs docs/_build": NotHere("the project has another name", "tests/site/test_sphinxext.py"),
    "nox --list": NotHere("a whole test of its own", "tests/test_noxfile.py"),
    "nox -s bench -- --quick --out FILE": NotHere("it takes minutes", "tests/test_noxfile.py"),
    "nox -s tests": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s lint": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s pages": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s types": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s mutate": NotHere(HOURS, "tests/mutation/test_mutants.py"),
    "nox -s mutate -- --sdk PATH --sample N": NotHere(HOURS, "tests/mutation/test_mutants.py"),
    "nox -s mutate -- --sdk PATH --sample N --seed N": NotHere(HOURS, "tests/mutation/test_mutants.py"),
    "nox -s mutate -- --file FILE": NotHere(HOURS, "tests/mutation/test_mutants.py"),
    "nox -s mutate -- --own": NotHere("it runs these tests", "tests/mutation/test_own.py"),
    "nox -s mutate -- --own --module NAME": NotHere("it runs these tests", "tests/mutation/test_own.py"),
    "nox -s calibrate": NotHere("it takes minutes", "tests/tools/calibration/test_calibrate.py"),
    "nox -s calibrate -- --watches N --seed N": NotHere(
        "it takes minutes", "tests/tools/calibration/test_calibrate.py"
    ),
    "nox -s tests -- tests/metrics": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s long": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s long -- tests/harness/test_other_sdks.py": NotHere(WORKS, "tests/test_noxfile.py"),
    "nox -s at_scale": NotHere("it takes minutes", "tests/spark/test_database.py"),
    "nox -s at_scale -- make DIR --attempts N": NotHere("it takes minutes", "tests/spark/test_database.py"),
    "nox -s catalogue": NotHere("it writes into the tree", "tests/site/test_language.py"),
    "nox -s lock -- --upgrade": NotHere("it writes the lock anew, from the index", "tests/test_noxfile.py"),
    ".ci/run": NotHere(WORKS, "tests/test_workflows.py"),
}

NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
# What a placeholder stands for, where the place or the row does not say it.
VALUES = {
    "VERSION": "1.1.0",
    "[VERSION]": "1.1.0",
    "REF": "0123abc",
    "TEXT": "a reason",
    "FILE": "written.json",
    "INSTANT": NOW,
    "TIME": "2026-11-03T09:00:00Z",
    "METRIC": "pass-rate",
    "PATH": "path/to/reports",
    "PATH_OR_REQUIREMENT": "path/to/your/sdk",
    "URL": "http://127.0.0.1:9",
    "ID": "INC-1",
    "[ID]": "INC-1",
    "NAME": "healthy",
    "N": "7",
    "ACTION": "go-on",
}

SHOWN = shown.shown()
BEHIND = {command for one in SHOWN for command in shown.comes_to(one.text)}
RUN = {command: how for command, how in HOW.items() if isinstance(how, Run)}


def words(command: str, values: Mapping[str, str]) -> list[str]:
    """The arguments of a command, with what its placeholders stand for; one that stands for nothing is left out."""
    meant = (values.get(word, word) for word in shlex.split(command.removeprefix(CHECKS)))
    return [word for word in meant if word]


def once() -> list[str]:
    """The commands that are run: of those that are one but for the order, or for the words of a reason, the first."""
    found: dict[tuple[Make, tuple[str, ...]], str] = {}
    for command, how in RUN.items():
        given = words(re.sub(r'--why "[^"]+"', "--why TEXT", f"{command} {how.more}"), VALUES | dict(how.values))
        found.setdefault((how.place, tuple(sorted(given))), command)
    return list(found.values())


# ── the table is of what is shown ────────────────────────────────────────────


def test_every_command_that_a_page_shows_has_its_row() -> None:
    missing = [f"{one.page}: {one.text}" for one in SHOWN if not set(shown.comes_to(one.text)) <= HOW.keys()]
    assert missing == []


def test_every_row_is_of_a_command_that_a_page_shows() -> None:
    assert [command for command in HOW if command not in BEHIND] == []


def test_every_command_of_the_command_line_is_shown() -> None:
    begun = {tuple(command.removeprefix(f"{CHECKS} ").split()[:2]) for command in BEHIND}
    assert [leaf for leaf in leaves(parser()) if not any(one[: len(leaf)] == leaf for one in begun)] == []


def leaves(of: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    inner = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield ()
    for action in inner:
        for name, one in {id(one): (name, one) for name, one in reversed(action.choices.items())}.values():
            yield from ((name, *rest) for rest in leaves(one))


def test_every_session_that_a_page_names_is_one_of_the_noxfile() -> None:
    there = set(re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE))
    named = {(one.page, name) for one in SHOWN for name in shown.sessions(one.text)}
    assert {("README.md", "prove"), ("docs/guides/get-started.md", "serve")} <= named
    assert sorted(one for one in named if one[1] not in there) == []


def test_every_option_that_stands_alone_on_a_page_is_one_of_the_command_line() -> None:
    there = {option for leaf in parsers(parser()) for option in leaf._option_string_actions}
    alone = shown.options()
    assert ("docs/guides/close-a-release.md", "--carry") in alone
    assert sorted(one for one in alone if one[1] not in there) == []


def parsers(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from parsers(one)


@each_row("command", [command for command in HOW if command.startswith(f"{CHECKS} ")])
def test_the_command_line_takes_every_command(command: str) -> None:
    if not command.endswith("--help"):
        how = HOW[command]
        assert parser().parse_args(words(command, VALUES | dict(getattr(how, "values", {}))))


def test_what_is_not_run_here_is_tested_where_it_says() -> None:
    others = [how.tested_by for how in HOW.values() if isinstance(how, NotHere)]
    assert [file for file in others if not (ROOT / file).is_file()] == []
    assert [how.name for how in HOW.values() if isinstance(how, ByTest) and how.name not in globals()] == []


# ── each is run ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", once())
def test_a_command_does_what_its_page_says(command: str, tmp_path: Path) -> None:
    how = RUN[command]
    with how.place(tmp_path) as place:
        given = words(f"{command} {how.more}", VALUES | dict(place.values) | dict(how.values))
        environ = {"GITHUB_ACTOR": "ana", **place.environ}  # somebody: not every machine has a name in its git
        done = run(*given, root=place.root, cwd=place.root, **environ)
    said = done.stdout + done.stderr
    assert (how.code, True) == (done.returncode, how.says in said), said


def block(page: str, having: str) -> str:
    """The block of shell of a page that holds a command."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return next(one for one in re.findall(r"```shell\n(.*?)```", text, re.DOTALL) if having in one)


def bash(script: str, cwd: Path, folder: Path, **environ: str) -> str:
    """Run a block as it stands, where ``nox -s COMMAND -- ARGUMENTS`` runs the command with the Python of the tests."""
    (folder / "bin").mkdir()
    nox = folder / "bin" / "nox"
    run_it = f'exec {shlex.quote(sys.executable)} -m atalaya "$name" "$@"'
    nox.write_text(f'#!/bin/sh\nshift; name="$1"; shift; [ "$1" = -- ] && shift\n{run_it}\n', encoding="utf-8")
    nox.chmod(0o755)
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"} | environ
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-c", script],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_chat_is_told_by_the_block_of_the_guide(tmp_path: Path) -> None:
    script = block("docs/guides/be-told.md", "export ATALAYA_NOTIFY_WEBHOOK")
    with places.listening(tmp_path) as place:
        assert "told by webhook: 1 happenings" in bash(script, place.root, tmp_path, **place.environ)


def test_a_change_of_the_main_branch_is_brought_over(tmp_path: Path) -> None:
    script = block("docs/guides/set-up-in-github.md", "merge origin/main")
    with places.moved(tmp_path) as place:
        bash(script, place.root, tmp_path, GIT_MERGE_AUTOEDIT="no", **place.environ)
        changed = places.git(tmp_path / "shared.git", "show", "evidence:README.md")
    assert changed == "the project, changed"


def test_the_site_is_built_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Most of a build are the pages of the promises, which others read.
    monkeypatch.setattr(pack_loader, "load", lambda folder: pack_of(PROMISES[::60]))
    pages: list[str] = []
    with places.site(tmp_path) as place:
        for command in ("publish", "site"):
            done = run(command, root=place.root, cwd=place.root)
            assert (done.returncode, "includes: 0 releases" in done.stderr) == (0, True), done.stderr
        port = str(free_port())
        reader = threading.Thread(target=read_and_interrupt, args=(port, pages))
        reader.start()
        done = run("serve", "--port", port, root=place.root, cwd=place.root)
        reader.join()
    assert (done.returncode, ["No release is being watched yet." in page for page in pages]) == (130, [True])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def read_and_interrupt(port: str, pages: list[str]) -> None:
    """Read the front page as soon as it is served, then press Ctrl-C."""
    until = time.monotonic() + 300
    while not pages and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                pages.append(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    _thread.interrupt_main()


# ── the promise of the guide ─────────────────────────────────────────────────

PROMISE = ROOT / "docs" / "guides" / "write-a-promise.md"
# Where the guide says that each of its pieces of a source goes: below which line, in their order.
INTO = (
    ("checks/config/promises.py", 'PROMISES = Promises("config")\n'),
    ("checks/config/promises.py", '    """Configuration.\n\n'),
    ("checks/config/check_config.py", "# ── the record "),
    ("checks/config/defects.py", 'DEFECTS = Defects("config")\n'),
)


def test_the_promise_of_the_guide_is_seen_red_and_then_kept(tmp_path: Path) -> None:
    for half in ("checks", "src"):
        shutil.copytree(ROOT / half, tmp_path / half, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    text = PROMISE.read_text(encoding="utf-8")
    pieces = re.findall(r"```(?:python|none)\n(.*?)```", text, re.DOTALL)
    for (file, head), piece in zip(INTO, pieces, strict=True):
        source = (tmp_path / file).read_text(encoding="utf-8")
        assert source.count(head) == 1, file
        below = source.index("\n", source.index(head) + len(head) - 1) + 1
        (tmp_path / file).write_text(source[:below] + piece + source[below:], encoding="utf-8")
    outputs = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    asked = ("prove --defect never-equal --expected-only", "check --promise config.equal-loads --no-self-test")
    for command, output in zip(asked, outputs, strict=True):
        done = subprocess.run(
            [sys.executable, "-m", "atalaya", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        )
        assert (done.returncode, output in done.stderr) == (0, True), done.stderr
    kept = (tmp_path / "checks" / "config" / "selftest.json").read_text(encoding="utf-8")
    assert ('"never-equal"' in kept, '"fallback-address"' in kept) == (True, True)
