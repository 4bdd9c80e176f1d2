"""Tests that a resource shared by test processes is made once, and kept until the last one releases it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tests.once

ROOT = Path(__file__).parents[1]
CHILD = """
import sys
from contextlib import contextmanager
from pathlib import Path
from tests.once import made_once

folder = Path(sys.argv[1])
thing = folder.parent / "thing"

@contextmanager
def make():
    with (folder.parent / "times").open("a") as times:
        times.write("made\\n")
    thing.touch()
    yield thing
    thing.unlink()

with made_once(folder, make) as shared:
    print("has it", flush=True)
    sys.stdin.readline()
    print(shared.exists(), flush=True)
"""


def child(folder: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CHILD, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def line(process: subprocess.Popen[str], *, go_on: bool = False) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    if go_on:
        process.stdin.write("\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.mark.skipif(tests.once.fcntl is None, reason="there, each process makes its own")
def test_a_thing_is_made_once_and_outlives_the_work_of_the_process_that_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    with child(folder) as first:
        assert line(first) == "has it"
        with child(folder) as second:
            assert line(second) == "has it"
            assert line(first, go_on=True) == "True"
            with pytest.raises(subprocess.TimeoutExpired):
                first.wait(0.3)  # it waits for the other
            assert line(second, go_on=True) == "True"
    assert (first.returncode, second.returncode) == (0, 0)
    assert ((tmp_path / "times").read_text(), (tmp_path / "thing").exists()) == ("made\n", False)


def test_what_could_not_be_made_is_made_by_the_next(tmp_path: Path) -> None:
    def fail() -> object:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"), tests.once.made_once(tmp_path, fail):  # type: ignore[arg-type, type-var]
        pass
    assert not (tmp_path / "made").exists()
