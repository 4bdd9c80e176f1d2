"""A release is opened with a commit that there is, under a name that can be built, for the SDK that is watched."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from atalaya.core.places import DISTRIBUTION
from atalaya.watch.folder import load
from tests.commands import run
from tests.ours import PACK
from tests.sdk.test_git_repository import commit, git, repository

PYPROJECT = f'[project]\nname = "{PACK.distribution}"\nversion = "1.1.0"\n'


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """The team's repository: its SDK, its settings, a commit and a tag."""
    root = repository(tmp_path / "team", {"sdk/pyproject.toml": PYPROJECT, "watch.toml": '[subject]\nsdk = "sdk"\n'})
    git(root, "tag", "-a", "v1.1.0", "-m", "The release")
    return root


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of Atalaya, which watches the bundled SDK."""
    return repository(tmp_path / "clone", {"pyproject.toml": f'[project]\nname = "{DISTRIBUTION}"\n', "watch.toml": ""})


def opening(root: Path, *more: str, version: str = "1.1.0", **environ: str) -> subprocess.CompletedProcess[str]:
    return run("release", "open", version, "--by", "Ana", *more, root=root, **environ)


def opened_with(root: Path, *more: str, version: str = "1.1.0", **environ: str) -> str:
    done = opening(root, *more, version=version, **environ)
    assert done.returncode == 0, done.stderr
    return load(root / "docs" / "releases" / version).commit


# ── the commit ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("named", ["HEAD~1", "v1.1.0", "short", "whole"])
def test_a_commit_is_resolved_in_the_sdks_own_repository(named: str, team: Path) -> None:
    released = git(team, "rev-parse", "HEAD")
    commit(team, {"README.md": "later\n"})
    ref = {"short": released[:8], "whole": released.upper()}.get(named, named)

    assert released == opened_with(team, "--commit", ref)


def test_without_a_commit_it_is_that_of_the_settings_and_that_is_said(team: Path) -> None:
    (team / "watch.toml").write_text('[subject]\nsdk = "sdk"\ncommit = "v1.1.0"\n')
    done = opening(team)

    assert "commit: v1.1.0, as [subject] of watch.toml says" in done.stderr
    assert git(team, "rev-parse", "HEAD") == load(team / "docs" / "releases" / "1.1.0").commit


def test_without_any_commit_it_is_refused(team: Path) -> None:
    done = opening(team)

    assert (done.returncode, "no commit is named" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("named", ["zzzz", "0123abc", "", "--help", "HEAD:sdk"])
def test_what_is_no_commit_is_refused_unless_told_so(named: str, team: Path) -> None:
    done = opening(team, f"--commit={named}")

    assert (done.returncode, "is no commit that can be found" in done.stderr) == (2, True), done.stderr
    assert not (team / "docs").exists()
    assert named.lower() == opened_with(team, f"--commit={named}", "--unverified")


def test_a_commit_of_our_clone_is_none_of_the_sdk(clone: Path) -> None:
    for named in ("HEAD", "main"):
        done = opening(clone, "--commit", named)

        assert (done.returncode, "is a clone of Atalaya, not of the SDK" in done.stderr) == (2, True), done.stderr


def test_where_nobody_can_be_asked_a_sha_is_taken_and_that_is_said(clone: Path) -> None:
    done = opening(clone, "--commit", "0123ABC")

    assert "commit: 0123abc, as it was given, for nobody can be asked" in done.stderr
    assert load(clone / "docs" / "releases" / "1.1.0").commit == "0123abc"


@contextmanager
def github(known: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A GitHub that knows these commits by their names; its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            sha = known.get(self.path.rsplit("/", 1)[-1])
            body = json.dumps({"sha": sha} if sha else {"message": "No commit found for SHA"}).encode()
            self.send_response_only(200 if sha else 422)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_where_the_sdks_repository_is_not_here_github_is_asked(clone: Path) -> None:
    (clone / "watch.toml").write_text('[ci]\nrepo = "acme/sdk"\n')
    with github({"v1.1.0": "ab" * 20, "a%2Fb": "cd" * 20}) as (url, asked):
        assert opened_with(clone, "--commit", "v1.1.0", GITHUB_API_URL=url) == "ab" * 20
        assert opened_with(clone, "--commit", "a/b", version="1.1.1", GITHUB_API_URL=url) == "cd" * 20
        unknown = opening(clone, "--commit", "0123abc", version="1.1.2", GITHUB_API_URL=url)
    assert asked[0] == "/repos/acme/sdk/commits/v1.1.0"
    assert (unknown.returncode, "is no commit that can be found" in unknown.stderr) == (2, True), unknown.stderr
    assert not (clone / ".atalaya").exists()


# ── the name ─────────────────────────────────────────────────────────────────

TAKEN = ("es", "en", "ES", "guides", "Guides", "reference", "concepts", "index", "latest", "switcher.json", "releases")
ODD = ("_static", "_sources", "_generated", "", ".", "..", ".hidden", "a/b", "a\\b", "1.1.", "-x", "a b", "x" * 65)


def test_no_release_takes_a_name_that_the_site_has(team: Path) -> None:
    for name in (*TAKEN, "local-1.1.0", "site", "metrics.json"):
        done = opening(team, "--commit", "HEAD", "--other-version", version=name)
        assert (done.returncode, name in done.stderr) == (2, True), (name, done.stderr)
    for name in ODD:
        done = run("release", "open", "--commit", "HEAD", "--other-version", "--by", "Ana", "--", name, root=team)
        assert done.returncode == 2, (name, done.stderr)
    assert not (team / "docs").exists()


def test_a_page_of_the_teams_own_keeps_its_name(team: Path) -> None:
    (team / "docs" / "releases").mkdir(parents=True)
    (team / "docs" / "howto").mkdir()
    (team / "docs" / "faq.md").touch()
    for name in ("howto", "faq"):
        done = opening(team, "--commit", "HEAD", version=name)
        assert (done.returncode, "the site has a folder or a page of that name" in done.stderr) == (2, True), name


def test_two_releases_do_not_differ_by_case_alone(team: Path) -> None:
    opened_with(team, "--commit", "HEAD", "--other-version", version="1.1.0rc1")
    done = opening(team, "--commit", "HEAD", "--other-version", version="1.1.0RC1")

    assert (done.returncode, "there is such a release" in done.stderr) == (2, True), done.stderr


# ── the version ──────────────────────────────────────────────────────────────


def test_another_version_than_the_sdks_is_refused_unless_told_so(team: Path) -> None:
    done = opening(team, "--commit", "HEAD", version="1.1.1")

    assert (done.returncode, "the SDK under watch is 1.1.0" in done.stderr) == (2, True), done.stderr
    assert not (team / "docs").exists()
    assert opened_with(team, "--commit", "HEAD", "--other-version", version="1.1.1")


def test_the_version_is_read_from_whatever_the_settings_name(team: Path) -> None:
    wheel = "acme_sdk-1.1.1-py3-none-any.whl"
    (team / wheel).touch()
    for named in (wheel, f"acme-sdk @ file://{team / wheel}", "acme-sdk==1.1.1", "acme-sdk @ https://h.test/" + wheel):
        (team / "watch.toml").write_text(f'[subject]\nsdk = "{named}"\n')
        done = opening(team, "--commit", "HEAD", version="1.1.0")
        assert (done.returncode, "the SDK under watch is 1.1.1" in done.stderr) == (2, True), (named, done.stderr)


def test_names_of_one_version_are_one(team: Path) -> None:
    assert opened_with(team, "--commit", "HEAD", version="v1.1")


def test_a_name_that_is_no_version_is_compared_with_nothing_and_that_is_said(team: Path) -> None:
    done = opening(team, "--commit", "HEAD", version="spring")

    assert (done.returncode, "spring is no version to hold it against" in done.stderr) == (0, True), done.stderr


def test_the_first_steps_in_a_clone_work_with_the_bundled_sdk(clone: Path) -> None:
    done = opening(clone, "--commit", "0123abc", version="9.9.9")

    assert (done.returncode, "the bundled SDK is watched" in done.stderr) == (0, True), done.stderr


# ── taking it back ───────────────────────────────────────────────────────────


def files(root: Path) -> dict[str, bytes]:
    return {one.relative_to(root).as_posix(): one.read_bytes() for one in root.rglob("*") if one.is_file()}


def test_an_opening_is_taken_back_and_leaves_nothing(team: Path) -> None:
    before = files(team)
    opened_with(team, "--commit", "HEAD")
    done = run("release", "withdraw", "1.1.0", root=team)

    assert done.returncode == 0, done.stderr
    assert before == files(team)
    assert opened_with(team, "--commit", "HEAD")


def test_what_was_collected_is_not_taken_back(team: Path) -> None:
    opened_with(team, "--commit", "HEAD")
    (team / "x.log").write_text("2026-01-05T10:00:00Z ERROR timed out after 60 s waiting for job 17\n")
    run("collect", "--log", team / "x.log", root=team)
    before = files(team)
    done = run("release", "withdraw", "1.1.0", root=team)

    assert (done.returncode, "there is more than its opening: a record of" in done.stderr) == (2, True), done.stderr
    assert before == files(team)


@pytest.mark.parametrize("name", ["t00.md", "notes.md", "incidents/i.md"])
def test_what_somebody_wrote_is_not_taken_away(name: str, team: Path) -> None:
    opened_with(team, "--commit", "HEAD")
    with (team / "docs" / "releases" / "1.1.0" / name).open("a") as page:
        page.write("We saw it.\n")
    before = files(team)
    done = run("release", "withdraw", "1.1.0", root=team)

    assert (done.returncode, name in done.stderr) == (2, True), done.stderr
    assert before == files(team)


def test_a_release_that_another_began_from_is_not_taken_back_before_it(team: Path) -> None:
    opened_with(team, "--commit", "HEAD", "--at", "2026-01-05T09:00:00Z")
    opened_with(team, "--commit", "HEAD", "--other-version", version="1.1.1")
    refused = run("release", "withdraw", "1.1.0", root=team)

    assert (refused.returncode, "Withdraw that first" in refused.stderr) == (2, True), refused.stderr
    assert [run("release", "withdraw", name, root=team).returncode for name in ("1.1.1", "1.1.0")] == [0, 0]


# ── over what was sealed ─────────────────────────────────────────────────────


def test_no_release_is_opened_over_a_broken_seal(team: Path) -> None:
    opened_with(team, "--commit", "HEAD", "--at", "2026-01-05T09:00:00Z")
    closed = run("release", "close", "--release", "1.1.0", "--why", "over", "--by", "Ana", root=team)
    assert closed.returncode == 0, closed.stderr
    page = team / "docs" / "releases" / "1.1.0" / "t00.md"
    text = page.read_text()
    page.write_text(text + "One more line.\n")
    before = files(team)
    done = opening(team, "--commit", "HEAD", "--other-version", version="1.1.1")

    assert done.returncode == 2
    assert "cannot begin from 1.1.0, which is not what was sealed. Restore its folder: git checkout" in done.stderr
    assert "t00.md was changed" in done.stderr
    assert before == files(team)
    page.write_text(text)
    assert opened_with(team, "--commit", "HEAD", "--other-version", version="1.1.1")
