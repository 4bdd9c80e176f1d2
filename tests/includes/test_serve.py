"""Is a changed source built again, and does a failed build leave the server standing?"""

from __future__ import annotations

import queue
import threading
import urllib.request

import pytest

from checks.errors import PortTaken, UsageError
from checks.includes.serve import listen, serve


@pytest.fixture
def served(tmp_path):
    """A served folder: what was said, what was built, and the file to change."""
    site, source = tmp_path / "html", tmp_path / "docs"
    site.mkdir()
    source.mkdir()
    (site / "index.html").write_text("first")
    said: queue.Queue[str] = queue.Queue()
    stop = threading.Event()

    def rebuild():
        text = (source / "page.md").read_text()
        if text == "broken":
            raise UsageError("page.md is broken")
        (site / "index.html").write_text(text)

    thread = threading.Thread(
        target=serve,
        args=(site,),
        kwargs={"port": 0, "watched": (source,), "echo": said.put, "rebuild": rebuild, "every_s": 0.05, "stop": stop},
    )
    thread.start()
    address = said.get(timeout=5).split()[2]
    yield address, source / "page.md", said
    stop.set()
    thread.join(timeout=5)


def read(address):
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode()


def heard(said, words):
    while words not in (line := said.get(timeout=5)):
        pass
    return line


def test_a_change_is_built_again_and_served(served):
    address, page, said = served
    assert read(address) == "first"
    page.write_text("second")
    heard(said, "built again")
    assert read(address) == "second"


def test_a_build_that_fails_says_why_and_the_last_good_page_stays(served):
    address, page, said = served
    page.write_text("broken")
    assert "page.md is broken" in heard(said, "broken")
    assert read(address) == "first"
    page.write_text("mended")
    heard(said, "built again")
    assert read(address) == "mended"


def test_a_port_that_is_taken_is_said_so(tmp_path):
    with listen(tmp_path, 0) as server, pytest.raises(PortTaken, match="--port"):
        listen(tmp_path, server.server_address[1])
