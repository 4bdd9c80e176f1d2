"""Of two commands that write the pages of one project, the second waits for the first."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.publish import build_site, write_pages
from atalaya.core.file_lock import alone
from atalaya.core.settings import load as load_settings
from atalaya.site.build import site

HANG_S = 60.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no lock on Windows")


@pytest.mark.parametrize("writes", [write_pages, lambda place: build_site(place, None)], ids=["publish", "build"])
def test_the_second_says_so_and_writes_once_the_first_is_done(
    writes: Callable[[Context], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watch.toml").write_text("", encoding="utf-8")
    said = io.StringIO()
    place = Context(tmp_path, load_settings(tmp_path / "watch.toml"), Console(said))
    front = place.docs / "_build" / "html" / "index.html"
    monkeypatch.setattr(site, "build", lambda *args, **how: front.parent.mkdir(parents=True))
    second = Thread(target=writes, args=(place,), daemon=True)
    with alone(tmp_path / ".atalaya" / "pages.lock", lambda: pytest.fail("nobody holds it")):
        second.start()
        until = time.monotonic() + HANG_S
        while "waiting until it is done" not in said.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
        assert "another command writes these pages now" in said.getvalue()
        assert not (place.docs / "_generated").exists()
        assert not front.parent.exists()
    second.join(HANG_S)
    assert (place.docs / "_generated").exists() or front.parent.exists()
