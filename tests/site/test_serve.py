"""The site while it is served: what a change of a source does, and what Ctrl-C leaves."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from atalaya.core.errors import PortTaken
from atalaya.site.build.serve import free_port

T = TypeVar("T")

SERVE = """
import sys
from pathlib import Path
from atalaya.site.build.serve import serve
root = Path(sys.argv[1])
rebuild = [sys.executable, str(root / "build.py")]
serve(root / "html", port=0, docs=root / "docs", releases=root / "releases", rebuild=rebuild, echo=print)
"""
BUILD = """
from pathlib import Path
root = Path(__file__).parent
files = (root / "docs" / "page.md", root / "releases" / "t00.md")
text = "".join(file.read_text() for file in files if file.exists())
if text == "broken":
    raise SystemExit("page.md is broken")
(root / "html" / "index.html").write_text(f"<p>{text}</p>")
"""


class Served(NamedTuple):
    root: Path
    address: str
    process: subprocess.Popen[str]

    def write(self, text: str) -> None:
        (self.root / "docs" / "page.md").write_text(text)

    def read(self) -> str:
        with urllib.request.urlopen(self.address, timeout=5) as answer, suppress(http.client.IncompleteRead):
            return str(answer.read().decode())
        return ""  # it was written anew while it was sent

    def log(self) -> str:
        return (self.root / "log").read_text()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A site of one page, served by a process of its own as a terminal would start it."""
    for name in ("docs", "html", "releases", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "build.py").write_text(BUILD)
    (tmp_path / "html" / "index.html").write_text("<p>first</p>")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", SERVE, str(tmp_path)],
            text=True,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"TMPDIR": str(tmp_path / "scratch")},
        )
    try:
        yield Served(tmp_path, wait_for(lambda: address(tmp_path / "log"), process), process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def address(log: Path) -> str:
    """The address that the log names, once somebody answers there."""
    words = log.read_text().split()
    if "it:" not in words:
        return ""
    found = words[words.index("it:") + 1]
    try:
        urllib.request.urlopen(found, timeout=5).close()
    except OSError:
        return ""
    return found


def wait_for(found: Callable[[], T], process: subprocess.Popen[str]) -> T:
    """What ``found`` returns as soon as that is true, while the server runs."""
    until = time.monotonic() + 60
    while not (value := found()):
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < until, "it did not happen within a minute"
        time.sleep(0.1)
    return value


def test_a_change_is_built_and_served_and_a_build_that_fails_leaves_the_last_good_page(served: Served) -> None:
    assert "<p>first</p>" in served.read()
    served.write("second")
    wait_for(lambda: "<p>second</p>" in served.read(), served.process)
    served.write("broken")
    wait_for(lambda: "page.md is broken" in served.log(), served.process)
    assert "<p>second</p>" in served.read()
    served.write("mended")
    wait_for(lambda: "<p>mended</p>" in served.read(), served.process)
    (served.root / "releases" / "t00.md").write_text(", and signed")  # releases lie beside other people's docs too
    wait_for(lambda: "<p>mended, and signed</p>" in served.read(), served.process)


def test_ctrl_c_ends_it_and_leaves_no_process_and_no_file(served: Served) -> None:
    served.write("second")
    wait_for(lambda: "<p>second</p>" in served.read(), served.process)
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(timeout=30) == 0, served.log()
    with pytest.raises(ProcessLookupError):
        os.killpg(served.process.pid, 0)
    assert list((served.root / "scratch").iterdir()) == []


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTaken, match="--port"):
        free_port(taken.getsockname()[1])
