"""Who says something is a name that git or the workflow knows; a signature that is replaced is kept, and shown."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Signature, WatchTransition
from tests.commands import opened, run
from tests.sdk.test_git_repository import git

DUTY = "review-pass-rate"


@pytest.fixture
def folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A watch at T+73, in a repository whose git knows nobody, on a machine of root's."""
    folder = opened(root, at=(datetime.now(UTC) - timedelta(hours=73)).isoformat())
    git(root, "init", "-q")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "root")
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    return folder


def sign(root: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run("release", "checkpoint", "--release", "1.1.1", "--sign", DUTY, *more, root=root, **environ)


def signers(folder: Path) -> list[str]:
    found = ledger.read(folder / "evidence", Signature)
    return [one.by for one in sorted(found, key=lambda one: one.occurred_at)]


def test_git_says_who_signs(folder: Path, root: Path) -> None:
    git(root, "config", "user.name", "Ana  García")
    git(root, "config", "user.email", "ana@example.org")
    done = sign(root)

    assert (done.returncode, signers(folder)) == (0, ["Ana García"]), done.stderr


def test_a_workflow_says_who_started_it(folder: Path, root: Path) -> None:
    git(root, "config", "user.name", "a machine")
    sign(root, GITHUB_ACTOR="ana")

    assert signers(folder) == ["ana"]


def test_who_is_named_is_asked_of_nobody(folder: Path, root: Path) -> None:
    sign(root, "--by", " Bob ", GITHUB_ACTOR="ana")

    assert signers(folder) == ["Bob"]


@pytest.mark.parametrize("name", ["nobody", "root", "Root", "", "unknown", "ana@example.org", "Ana <ana@example.org>"])
def test_nobody_signs_nothing(name: str, folder: Path, root: Path) -> None:
    git(root, "config", "user.name", name)
    done = sign(root, GITHUB_ACTOR=name)

    assert (done.returncode, "Give --by NAME" in done.stderr, signers(folder)) == (2, True, []), done.stderr


def test_an_address_is_no_name_though_it_is_given(folder: Path, root: Path) -> None:
    done = sign(root, "--by", "ana@example.org")

    assert (done.returncode, "the pages are public" in done.stderr, signers(folder)) == (2, True, []), done.stderr


def test_the_account_of_the_machine_is_never_taken_in_silence(folder: Path, root: Path) -> None:
    done = sign(root, LOGNAME="ana")

    assert (done.returncode, signers(folder)) == (0, ["ana"]), done.stderr
    assert "by ana, as this machine calls the account; another name: --by NAME" in done.stderr


def test_a_signature_that_is_replaced_is_kept_and_shown(folder: Path, root: Path) -> None:
    first = sign(root, "--by", "Ana", "--note", "two lost jobs")
    second = sign(root, "--by", "Bob", "--note", "three, in fact")

    assert ("replaced" in first.stderr, "replaced" in second.stderr) == (False, True)
    assert "UTC, Ana: two lost jobs" in second.stderr
    assert signers(folder) == ["Ana", "Bob"]


@pytest.mark.parametrize(
    "command",
    [
        ("extend", "--why", "x"),
        ("decide", "go-on", "--why", "x"),
        ("incident", "new", "--impact", "x", "--severity", "minor"),
    ],
    ids=" ".join,
)
def test_what_is_no_signature_is_done_by_the_account_where_nobody_is_known_and_that_is_said(
    command: tuple[str, ...], folder: Path, root: Path
) -> None:
    done = run("release", *command, "--release", "1.1.1", root=root)

    assert (done.returncode, "by root, as this machine calls the account" in done.stderr) == (0, True), done.stderr


def test_a_release_is_opened_by_whom_git_names(folder: Path, root: Path) -> None:
    git(root, "config", "user.name", "Ana")
    assert run("release", "open", "1.1.2", "--commit", "0123abc", "--unverified", root=root).returncode == 0
    (step,) = ledger.read(root / "docs" / "releases" / "1.1.2" / "evidence", WatchTransition)
    assert step.by == "Ana"
