"""Tests that the bytes of unreadable files are kept for their owner alone, in limited number."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from atalaya.evidence.ledger.quarantine import keep


def put(folder: Path, content: bytes, most_bytes: int = 1000, age_s: int = 0) -> Path | None:
    path = keep(folder, content, sha256(content).hexdigest(), most_bytes)
    if path is not None and age_s:
        os.utime(path, (1_000_000_000 - age_s,) * 2)
    return path


def test_bytes_are_kept_under_their_digest_and_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_bytes(b"<half")
    digest = sha256(b"<half").hexdigest()
    path = keep(tmp_path / "a" / "q", tmp_path / "bad.xml", digest, 1000)
    assert path == tmp_path / "a" / "q" / digest
    assert (b"<half", [digest]) == (path.read_bytes(), [each.name for each in path.parent.iterdir()])
    assert os.name == "nt" or tuple(stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)) == (0o600, 0o700)


def test_the_oldest_go_first_and_only_as_many_as_must(tmp_path: Path) -> None:
    old, older, young = (
        put(tmp_path, b"a" * 400, age_s=5),
        put(tmp_path, b"b" * 400, age_s=9),
        put(tmp_path, b"c" * 200),
    )
    new = put(tmp_path, b"d" * 300)
    assert {old, young, new} == set(tmp_path.iterdir())
    assert older not in set(tmp_path.iterdir())


def test_one_that_is_there_already_pushes_nothing_out(tmp_path: Path) -> None:
    kept = [put(tmp_path, b"a" * 600), put(tmp_path, b"b" * 400), put(tmp_path, b"a" * 600)]
    assert {kept[0], kept[1]} == set(tmp_path.iterdir())


def test_one_that_is_too_large_is_not_kept_and_pushes_nothing_out(tmp_path: Path) -> None:
    kept = put(tmp_path, b"a" * 900)
    assert (put(tmp_path, b"b" * 1001), keep(tmp_path, b"cc", sha256(b"cc").hexdigest(), 1000, 1)) == (None, None)
    assert [kept] == list(tmp_path.iterdir())


@pytest.mark.parametrize("digest", ["../../etc/x", "", "0" * 64, "A" * 64])
def test_what_is_not_the_digest_of_the_bytes_names_no_file(tmp_path: Path, digest: str) -> None:
    assert keep(tmp_path / "q", b"x", digest, 1000) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names there")
def test_a_pipe_a_folder_a_link_and_nothing_at_all_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    digest = sha256(b"x").hexdigest()
    for name in ("pipe", "folder", "link", "none"):
        assert keep(tmp_path / "q", tmp_path / name, digest, 1000) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "q").write_text("a file")
    assert put(tmp_path / "q", b"x") is None


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert (put(tmp_path, b"x"), list(tmp_path.iterdir())) == (None, [])
