"""A plain file is read to its bound, and nothing else is opened: no link, no pipe, no folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atalaya.core import plain_file


def test_a_file_of_as_many_bytes_as_it_may_have_is_read(tmp_path: Path) -> None:
    (tmp_path / "told").write_bytes(b"1234")
    assert plain_file.content(tmp_path / "told", most=4) == b"1234"


def test_a_file_of_one_byte_more_is_not(tmp_path: Path) -> None:
    (tmp_path / "told").write_bytes(b"12345")
    with pytest.raises(OSError, match="more than 4 bytes"):
        plain_file.content(tmp_path / "told", most=4)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"1")
    (tmp_path / "told").symlink_to("secret")
    with pytest.raises(OSError, match="links are not followed"):
        plain_file.content(tmp_path / "told", most=4)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "told")
    with pytest.raises(OSError, match="not a file"):
        plain_file.content(tmp_path / "told", most=4)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the opening."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "told").write_bytes(b"1")
    really = os.open

    def swapped(path: Path, flags: int) -> int:
        (tmp_path / "pipe").replace(tmp_path / "told")
        return really(path, flags)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="not a file"):
        plain_file.content(tmp_path / "told", most=4)


def test_a_link_is_known_and_what_is_not_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert [plain_file.is_link(tmp_path / name) for name in ("link", "gone", ".")] == [True, False, False]


def test_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a file"):
        plain_file.content(tmp_path, most=4)
