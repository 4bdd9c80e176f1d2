"""Tests that the guides for a team's own repository do what they say, each command as it is pasted, in such a one."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adopt.team import git, repository, tree
from tests.commands import ROOT
from tests.evidence.github.stand_in import REPO, TOKEN, serving
from tests.sync.clones import NOBODY

GUIDES = ROOT / "docs" / "guides"
QUICK = "--version"  # what runs instead of what takes minutes
MINUTES = ("watch", "check", "repeat")  # these install the SDK
WORDS = (1, 3)  # the exit codes that are a verdict, and no mistake


def sections(guide: str) -> dict[str, list[str]]:
    """The blocks of shell of a guide, by its headings."""
    text = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title: re.findall(r"```shell\n(.*?)```", body, re.DOTALL) for title, _, body in parts}


def blocks(guide: str = "in-your-repository") -> list[str]:
    return [block for of_section in sections(guide).values() for block in of_section]


class Shell:
    """A person's shell in a folder of the repository, with what the first block has installed."""

    def __init__(self, folder: Path, *, quick: bool, **variables: str) -> None:
        self.root, self.bin, self.variables = repository(folder), folder / "bin", variables
        self.bin.mkdir()
        git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
        git(self.root, "remote", "set-url", "origin", (folder / "remote.git").as_uri())
        git(self.root, "push", "-q", "origin", "main")
        git(self.root, "config", "user.name", "Ana")
        python = f"{shlex.quote(sys.executable)} -m atalaya"
        self._program("uv", "exit 0")
        instead = f'case "$1" in {"|".join(MINUTES)}) set -- {QUICK};; esac\n' if quick else ""
        self._program("atalaya", f'{instead}exec {python} "$@"')

    def _program(self, name: str, does: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def paste(self, block: str) -> str:
        """Paste each line of a block; a verdict may be bad news, a command may not be wrong."""
        return "".join(self._line(line) for line in block.splitlines())

    def _line(self, line: str) -> str:
        found = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", line],
            cwd=self.root / "app",
            env=os.environ | NOBODY | found | self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, *(WORDS if tells_a_word(line) else ())), f"{line}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def opened(self, hours: float) -> Shell:
        """As the guide before leaves it: set up, and a release that was opened so long ago."""
        self.paste("atalaya init --yes")
        self.paste("git add -A :/\ngit commit -qm 'Watch releases with Atalaya'")
        at = datetime.now(UTC) - timedelta(hours=hours)
        self.paste(f"atalaya release open 1.1.1 --commit HEAD --at {at:%Y-%m-%dT%H:%M:%SZ}\natalaya sync push")
        return self


def tells_a_word(line: str) -> bool:
    return line.startswith(tuple(f"atalaya {name}" for name in ("status", "judge", "watch", "check", "repeat")))


@pytest.fixture
def github() -> Iterator[dict[str, str]]:
    """A GitHub on which nothing has run, and how it is reached."""
    with serving() as it:
        for number, name in enumerate(("clients-python-sdk", "post-release-smoke"), start=71):
            path = f".github/workflows/{name}.yml"
            it.workflows.append({"id": number, "name": name, "path": path, "state": "active"})
        yield {"ATALAYA_CI_REPO": REPO, "GITHUB_API_URL": it.api, "GITHUB_TOKEN": TOKEN}


# ── in your repository ───────────────────────────────────────────────────────


def follow(shell: Shell) -> list[str]:
    return [shell.paste(block) for block in blocks()]


def test_each_block_does_what_the_guide_says_from_beginning_to_end(tmp_path: Path) -> None:
    shell = Shell(tmp_path, quick=True)
    before = tree(shell.root)
    _, looked, written, _, _, opened, stands, taken_back = follow(shell)
    assert ("watch.toml: write" in looked, "write     watch.toml" in written) == (True, True)
    assert ("open: " in opened, "files were added" in opened, "T+0 of 72 h" in stands) == (True, True, True)
    assert "taken back" in taken_back
    assert "docs/atalaya/releases/1.1.1/release.toml" in git(tmp_path / "remote.git", "ls-tree", "-r", "evidence")
    left = {name: content for name, content in tree(shell.root).items() if "/releases/1.1.1/" not in name}
    assert {name for name in left if not name.startswith(".atalaya/")} == before.keys()


@pytest.mark.long
def test_the_first_page_is_built(tmp_path: Path) -> None:
    shell = Shell(tmp_path, quick=False)
    said = follow(shell)[4]
    assert "read it: " in said
    assert len(said.partition("── the watch ──")[2].splitlines()) <= 24
    assert not (shell.root / "docs" / "_build").exists()


# ── a release, hour by hour ──────────────────────────────────────────────────

HOURS = {"T+0": 0.0, "T+24": 24.5, "T+48": 48.5, "T+72": 73.0}


def hour_of(title: str) -> float | None:
    """How old the release is when somebody reads a section; None where it holds no command."""
    return next((HOURS[name] for name in (title.split(":")[0].split()[0],) if name in HOURS), None)


@pytest.mark.long
@pytest.mark.parametrize("hour", HOURS)
def test_each_hour_of_the_guide_can_be_pasted(hour: str, tmp_path: Path, github: dict[str, str]) -> None:
    shell = Shell(tmp_path, quick=False, **github)
    if hour == "T+0":
        shell.paste("atalaya init --yes")
        shell.paste("git add -A :/\ngit commit -qm 'Watch releases with Atalaya'")
    else:
        shell.opened(HOURS[hour])
    pasted = [block for title, of in sections("release-hour-by-hour").items() if title.startswith(hour) for block in of]
    assert pasted
    for block in pasted:
        shell.paste(block)


def test_the_last_hour_of_the_guide_ends_with_a_sealed_release_and_what_to_publish(tmp_path: Path) -> None:
    shell = Shell(tmp_path, quick=True).opened(HOURS["T+72"])
    *_, written, closed = sections("release-hour-by-hour")["T+72: the end"]
    assert "go-no-go.md" in shell.paste(written)
    said = shell.paste(closed)
    assert ("the next release begins with" in said, "as they were sealed" in said) == (True, True)
    assert "handover/backlog.es.md" in git(tmp_path / "remote.git", "ls-tree", "-r", "evidence")


def test_every_section_with_a_command_has_its_hour() -> None:
    found = {title: hour_of(title) for title, of in sections("release-hour-by-hour").items() if of}
    assert None not in found.values()
    assert set(found.values()) == set(HOURS.values())


# ── when it is red ───────────────────────────────────────────────────────────


def at_night(shell: Shell, *titles: str) -> dict[str, str]:
    """What each section says, pasted in order."""
    wanted = {title: of for title, of in sections("when-it-is-red").items() if of and (not titles or title in titles)}
    assert set(titles) <= wanted.keys()
    return {title: "".join(map(shell.paste, of)) for title, of in wanted.items()}


@pytest.mark.long
def test_a_person_at_night_writes_down_what_was_seen_and_decides(tmp_path: Path) -> None:
    said = at_night(Shell(tmp_path, quick=True).opened(30), "Write it down", "Stop, or go on")
    assert ("acknowledged" in said["Write it down"], "stop: Ana read" in said["Stop, or go on"]) == (True, True)


@pytest.mark.long
def test_the_guide_for_the_night_can_be_pasted_from_beginning_to_end(tmp_path: Path, github: dict[str, str]) -> None:
    shell = Shell(tmp_path, quick=False, **github).opened(30)
    said = at_night(shell)
    assert "T+30 of 72 h" in said["What does it say"]
    assert ("monitoring" in said["The fix is out"], "resolved" in said["The fix is out"]) == (True, True)
    assert "1.1.1 is closed and sealed" in said["Going back"]
