"""A file is written whole or not at all, by one writer for all of Atalaya."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from atalaya.core.whole_file import write_whole

SOURCE = Path(__file__).parents[2] / "src" / "atalaya"


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "deep" / "page.md"
    write_whole(file, b"before")

    def fails(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="no room"):
        write_whole(file, b"after", lasting=True)

    assert (file.read_bytes(), [one.name for one in file.parent.iterdir()]) == (b"before", ["page.md"])


def test_a_file_is_for_all_to_read_as_others_are(tmp_path: Path) -> None:
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "theirs").touch()

    assert (tmp_path / "theirs").stat().st_mode == (tmp_path / "ours").stat().st_mode


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"through")

    assert (os.read(reader, 100), pipe.is_fifo()) == (b"through", True)
    os.close(reader)


def test_there_is_one_atomic_writer_beside_the_ledgers() -> None:
    replaces = re.compile(r"\.replace\((file|path|[\w.]* / [\w.]*)\)|os\.replace\(")
    found = {file.name for file in SOURCE.rglob("*.py") if replaces.search(file.read_text(encoding="utf-8"))}

    # A segment is written under a name of its own, and the recorder has plain system calls alone.
    assert found == {"whole_file.py", "atomic_write.py", "recorder.py"}
