"""Tests what `watch` looks at beside its checks: each environment once a day, what the SDK offers once a digest."""

from __future__ import annotations

import dataclasses
import io
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.cli import compat
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.core.settings import load
from atalaya.evidence.ledger import ledger
from atalaya.records.results import Host, Subject
from atalaya.records.stored import Compatibility, Evidence, Outcome, PublicApi, Release
from atalaya.sdk.adapter import Adapter
from atalaya.sdk.compat import Room, Started
from atalaya.sdk.prepare import Prepared
from atalaya.watch.folder import open_release
from tests.ours import PACK, PACKAGE

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RELEASE = Release(version="1.1.0", commit="", opened_at=NOW - timedelta(hours=1))
OLD_SOURCE, NEW_SOURCE = b"def f(a): ...\n", b"def f(): ...\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    (tmp_path / "watch.toml").write_text('[compat]\npythons = ["3.10", "3.14"]\ndependencies = true\n')
    monkeypatch.setattr("atalaya.cli.recording.utc_now", lambda: NOW)
    made = Context(tmp_path, load(tmp_path / "watch.toml", {}), Console(io.StringIO()))
    open_release(made.releases, RELEASE, {})
    return made


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Room]:
    """The environments that were asked for; 3.14 cannot be had, and all others are well."""
    asked: list[Room] = []

    def start(what: Sequence[str], rooms: Sequence[Room], **how: Any) -> list[Started]:
        asked.extend(rooms)
        outcomes = {"3.14": Outcome.UNKNOWN}
        return [Started(room=room, outcome=outcomes.get(room.python, Outcome.KEPT)) for room in rooms]

    monkeypatch.setattr("atalaya.sdk.compat.started", start)
    return asked


def prepared(folder: Path, digest: str = "d") -> Prepared:
    package = folder / "site" / PACKAGE
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_bytes(NEW_SOURCE)
    return Prepared(
        pack=PACK,
        python=Path("python"),
        paths=(),
        subject=Subject(name="acme", version="1.1.0", digest=digest, source="acme"),
        host=Host(python="3.12.1", implementation="CPython", os="linux", freeze=()),
        installs=("acme",),
        package_folder=package,
    )


def keep(place: Context, found: Sequence[Evidence]) -> None:
    ledger.write(place.releases / RELEASE.version / "evidence", found)


def test_a_watch_asks_each_environment_once_a_day_and_the_unknown_again(
    place: Context, tried: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = [Room("3.10"), Room("3.14"), Room("", "lowest"), Room("", "highest")]
    keep(place, compat.seen_beside(place, prepared(place.root), RELEASE))
    assert tried == everything

    def again(hours: float, digest: str = "d") -> list[Room]:
        tried.clear()
        monkeypatch.setattr("atalaya.cli.recording.utc_now", lambda: NOW + timedelta(hours=hours))
        compat.seen_beside(place, prepared(place.root, digest), RELEASE)
        return list(tried)

    assert again(1) == [Room("3.14")]
    assert again(1, digest="another") == everything
    assert again(24) == everything


def test_a_watch_that_names_nothing_starts_nothing_and_keeps_what_the_sdk_offers_once(
    place: Context, tried: list[Room]
) -> None:
    (place.root / "watch.toml").write_text("")
    quiet = place._replace(loaded=load(place.root / "watch.toml", {}))
    found = compat.seen_beside(quiet, prepared(place.root), RELEASE)
    assert tried == []
    (api,) = found
    assert isinstance(api, PublicApi)
    assert [one.source for one in api.modules] == ["def f():\n    ..."]
    keep(place, found)
    assert compat.seen_beside(quiet, prepared(place.root), RELEASE) == []
    assert len(compat.seen_beside(quiet, prepared(place.root, "another"), RELEASE)) == 1


def test_what_an_earlier_release_offered_is_read_from_its_commit(place: Context, tried: list[Room]) -> None:
    def git(*words: str) -> str:
        named = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *named, *words], cwd=place.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    source = place.root / "src" / PACKAGE
    source.mkdir(parents=True)
    (source / "__init__.py").write_bytes(OLD_SOURCE)
    git("init", "-q")
    git("add", "src")
    git("commit", "-qm", "one")
    old = Release(version="1.0.0", commit=git("rev-parse", "HEAD"), opened_at=NOW - timedelta(days=9))
    open_release(place.releases, old, {})
    open_release(place.releases, Release(version="0.9.0", commit="f" * 40, opened_at=NOW - timedelta(days=20)), {})

    found = [one for one in compat.seen_beside(place, prepared(place.root), RELEASE) if isinstance(one, PublicApi)]
    assert {(one.version, one.origin): one.modules[0].source for one in found} == {
        ("1.1.0", "installed"): "def f():\n    ...",
        ("1.0.0", old.commit): "def f(a):\n    ...",
    }
    keep(place, found)
    assert not [one for one in compat.seen_beside(place, prepared(place.root), RELEASE) if isinstance(one, PublicApi)]


def test_the_way_to_a_first_client_is_in_the_names_of_the_sdk(tmp_path: Path) -> None:
    steps = compat._steps(prepared(tmp_path))
    assert [(one.name, one.place) for one in steps] == [
        ("ClientConfig", f"{PACKAGE}:ClientConfig"),
        ("HttpClient", f"{PACKAGE}:HttpClient"),
    ]
    assert steps[1].uses == {"config": "ClientConfig"}
    theirs = {"ClientConfig": "acme:Settings", "HttpClient": "acme.http:Session"}
    renamed = Adapter(
        file="", package="acme", distribution="acme", names=theirs, fields={"ClientConfig": {"api_base_url": "url"}}
    )
    steps = compat._steps(replace(prepared(tmp_path), adapter=renamed))
    assert [one.place for one in steps] == list(theirs.values())
    assert steps[0].arguments == {"env_name": "check", "url": "http://127.0.0.1:9"}
    lacks = replace(renamed, names={"ClientConfig": "acme:Settings"})
    assert compat._steps(replace(prepared(tmp_path), adapter=lacks)) == []


def test_a_pack_that_tells_no_way_to_a_client_is_asked_for_no_names(tmp_path: Path) -> None:
    bare = dataclasses.replace(PACK, folder=tmp_path, first_client=())
    assert compat._steps(replace(prepared(tmp_path), pack=bare)) == []


def test_a_record_of_another_digest_is_not_this_ones(place: Context, tried: list[Room]) -> None:
    first = compat.seen_beside(place, prepared(place.root), RELEASE)
    keep(place, [replace(one, subject_digest="old") for one in first if isinstance(one, Compatibility)])
    tried.clear()
    compat.seen_beside(place, prepared(place.root), RELEASE)
    assert len(tried) == 4
