"""Tests that what cannot be done as asked is one line that says what to do, before anything is installed."""

from __future__ import annotations

import argparse
import os
import subprocess
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import check
from atalaya.cli.console import Console
from atalaya.cli.context import Context, prepared_sdk
from atalaya.core.settings import load
from atalaya.records.stored import Release
from tests.commands import opened, run

NO_ADDRESSES = (
    "notaurl",
    "localhost:8000",
    "ftp://api.example.com",
    "https://",
    "https:///path",
    "https://api example.com",
    "https://ana:secret@api.example.com",
    "https://api.example.com/?token=1",
    "https:\\\\api.example.com",
)


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(*_: object, **__: object) -> None:
        raise AssertionError("an SDK was to be installed")

    monkeypatch.setattr(check, "prepared_sdk", prepare)


def refused(*arguments: str, root: Path, **environ: str) -> str:
    done = run(*arguments, root=root, cwd=root, **environ)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    return done.stderr


def listened_to() -> tuple[Console, list[str]]:
    """A console, and the lines that it is given."""
    console, said = Console(), list[str]()
    console.line = lambda text="": said.append(text)  # type: ignore[method-assign]
    return console, said


def test_what_is_no_address_of_a_service_is_refused_wherever_it_is_named(root: Path) -> None:
    for address in NO_ADDRESSES:
        assert "is no address of a service. Give one such as" in refused("smoke", f"--base-url={address}", root=root)
        (root / "watch.toml").write_text(f"[smoke]\nbase_url = '{address}'\n", encoding="utf-8")
        said = refused("smoke", root=root)
        assert "watch.toml:2 smoke.base_url: that is none. It takes this: A real service" in said
        (root / "watch.toml").unlink()
        assert "secret" not in said
    for address in ("https://api.example.com", "http://127.0.0.1:8000/v1/"):
        (root / "watch.toml").write_text(f"[smoke]\nbase_url = '{address}'\n", encoding="utf-8")
        assert load(root / "watch.toml", {}).settings.smoke.base_url == address


def test_a_release_is_not_watched_by_the_bundled_sdk_because_nobody_named_theirs(root: Path) -> None:
    opened(root, at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    (root / "watch.toml").write_text("[ci]\nrepo = 'acme/shop'\n", encoding="utf-8")
    for words in (
        ("watch",),
        ("watch", "--scheduled"),
        ("check", "--release", "1.1.1"),
        ("smoke", "--release", "1.1.1"),
    ):
        said = refused(*words, root=root)
        assert "nothing names its SDK" in said
        assert "Name it as `sdk` in [subject] of watch.toml, or with --sdk." in said
    assert sorted(one.name for one in (root / "docs" / "releases").iterdir()) == ["1.1.1"]


def test_an_sdk_of_another_version_than_the_release_is_said(root: Path) -> None:
    console, said = listened_to()
    place = Context(root, load(root / "watch.toml", {}), console)
    release = Release(version="1.1.1", commit="", opened_at=datetime.now(UTC))
    for version in ("1.1.0", "1.1.1", "v1.1.1", None):
        check.say_if_of_another_version(place, release, version)
    assert [line.strip()[:36] for line in said] == ["the SDK says that it is 1.1.0, and t"]


def test_where_nothing_names_an_sdk_it_is_said_that_ours_is_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    console, said = listened_to()
    monkeypatch.setattr("atalaya.sdk.prepare.prepare", lambda *_, **__: nullcontext())

    def prepared(sdk: str | None) -> None:
        prepared_sdk(Context(root, load(root / "watch.toml", {}), console), argparse.Namespace(sdk=sdk, adapter=None))

    prepared(None)
    assert ["nothing names your SDK here" in line for line in said] == [True]
    prepared("aris3-client-sdk==1.1.1")
    (root / "watch.toml").write_text('[subject]\nsdk = "sdk"\n', encoding="utf-8")
    prepared(None)
    assert len(said) == 1


def test_an_sdk_that_is_not_as_in_the_released_commit_is_said(root: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()

    console, said = listened_to()
    (root / "watch.toml").write_text('[subject]\nsdk = "sdk"\n', encoding="utf-8")
    package = root / "sdk" / "src" / "aris3_client_sdk"
    package.mkdir(parents=True)
    (package / "config.py").write_text("A = 1\n", encoding="utf-8")
    git("init", "-q")
    git("add", "sdk")
    git("-c", "user.name=ana", "-c", "user.email=a@b", "commit", "-qm", "The release")
    place = Context(root, load(root / "watch.toml", {}), console)
    release = Release(version="1.1.1", commit=git("rev-parse", "HEAD"), opened_at=datetime.now(UTC))

    def tell(sdk: str | None = None) -> None:
        check.say_if_of_another_commit(place, argparse.Namespace(sdk=sdk), release)

    (root / "sdk" / "notes.py").write_text("what is no part of the package", encoding="utf-8")
    git("add", "sdk/notes.py")
    tell()
    assert said == []
    (package / "config.py").write_text("A = 2\n", encoding="utf-8")
    tell()
    tell("aris3-client-sdk==1.1.1")
    assert [line.split(": ")[1].partition(".py")[0] for line in said] == ["src/aris3_client_sdk/config"]
    git("-c", "user.name=ana", "-c", "user.email=a@b", "commit", "-qam", "Moved on")
    tell()
    assert said == [said[0]] * 2
    assert f"not that of {release.commit[:12]}, which 1.1.1 was released from" in said[0]


def test_a_path_with_the_slashes_of_windows_is_told_how_to_be_written(root: Path) -> None:
    (root / "watch.toml").write_text("[subject]\npath = 'clients\\python'\n", encoding="utf-8")
    said = refused("judge", root=root)
    assert "watch.toml:2 subject.path: that is none. It takes this: The SDK's folder" in said
    assert "clients/python" in said


def test_a_watch_without_checks_runs_no_sdk_and_needs_a_release(root: Path) -> None:
    assert "Leave one of them out" in refused("watch", "--no-checks", "--sdk", "x", root=root)
    assert "no release is open" in refused("watch", "--no-checks", root=root)


def test_without_git_each_command_that_needs_it_says_so(root: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    without = {"PATH": str(tmp_path / "bin")}
    assert "git: no such program. Install git" in refused("sync", "pull", root=root, **without)
    assert "Install git" in refused("sync", "push", root=root, **without)
    said = refused("release", "open", "1.1.1", "--commit", "HEAD", "--by", "Ana", root=root, **without)
    assert "git is not installed" in said


def test_the_root_of_a_repository_is_found_without_git_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from atalaya.adopt.find import github_repository, top_of

    monkeypatch.setenv("PATH", os.devnull)
    (tmp_path / ".git").mkdir()
    (tmp_path / "clients" / "python").mkdir(parents=True)
    assert (top_of(tmp_path / "clients" / "python"), github_repository(tmp_path)) == (tmp_path, "")
