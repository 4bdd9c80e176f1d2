"""Tests that a sealed release reaches the main branch by one pull request, with a message for each refusal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import run
from tests.sync.clones import Shared, git
from tests.sync.github import GitHub, serving

TOKEN = "ghs_0123456789abcdef0123"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving() as it:
        yield it


@pytest.fixture
def sealed(shared: Shared) -> Path:
    """A clone, with a sealed release on the branch."""
    shared.commit("1.1.1/seal.json", "{}\n")
    return shared.clone("one")


def propose(root: Path, github: GitHub, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    return run(
        "sync",
        "propose",
        root=root,
        GITHUB_API_URL=github.url,
        GITHUB_TOKEN=token,
        GH_TOKEN="",
        GITHUB_REPOSITORY="acme/sdk",
    )


def test_a_sealed_release_is_proposed_once_however_often_it_is_asked(sealed: Path, github: GitHub) -> None:
    first, second = propose(sealed, github), propose(sealed, github)
    assert [(one["head"], one["base"], one["title"]) for one in github.pulls] == [
        ("evidence", "main", "Bring the sealed watch of 1.1.1 to main")
    ]
    assert "proposed: https://github.test/acme/sdk/pull/1" in first.stderr
    assert "proposed before: https://github.test/acme/sdk/pull/1" in second.stderr


def test_the_token_goes_to_github_and_is_told_to_nobody(sealed: Path, github: GitHub) -> None:
    github.refuse = 403
    done = propose(sealed, github)
    assert github.asked[-1][2] == f"Bearer {TOKEN}"
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (401, "Set GITHUB_TOKEN anew", 2),
        (403, "may not open pull requests", 2),
        (404, "no such repository", 2),
        (422, "cannot make one of these branches", 2),
        (500, "GitHub answered 500", 3),
    ],
)
def test_each_refusal_is_told_in_words(sealed: Path, github: GitHub, status: int, words: str, code: int) -> None:
    github.refuse = status
    done = propose(sealed, github)
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


def test_without_a_token_it_says_so(sealed: Path, github: GitHub) -> None:
    done = propose(sealed, github, token="")
    assert (done.returncode, "No token" in done.stderr, github.asked) == (2, True, [])


def test_what_the_main_branch_has_is_not_proposed(shared: Shared, sealed: Path, github: GitHub) -> None:
    git(sealed, "merge", "-q", "origin/evidence")
    git(sealed, "push", "-q", "origin", "HEAD:main")
    done = propose(sealed, github)
    assert (done.returncode, "nothing to propose" in done.stderr, github.asked) == (0, True, [])


@pytest.mark.parametrize(
    ("option", "mend"), [("--branch", "Push what is here: atalaya sync push"), ("--base", "Name the main branch")]
)
def test_a_branch_that_the_remote_has_not_is_told_with_what_to_do(
    option: str, mend: str, sealed: Path, github: GitHub
) -> None:
    done = run("sync", "propose", option, "nowhere", root=sealed, GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN)
    assert (done.returncode, github.asked) == (2, []), done.stderr
    assert f"origin has no branch nowhere, so nothing can be proposed. {mend}" in done.stderr
