"""The site, really built, really served, and opened in a real browser: each once for all tests of this folder."""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import sync_playwright

from atalaya.records.judged import Judgement
from atalaya.site.build.fleet_pages import publish_fleet
from atalaya.site.build.site import publish_releases
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs.printable import report
from atalaya.watch.incidents.incidents import new_page
from tests.docs.building import Site
from tests.ours import PROMISES, pack_of
from tests.pages import strangers
from tests.pages.browsing import launched, opened
from tests.pages.kinds import HOSTILE, NO_FAULTS
from tests.site import example


@pytest.fixture(scope="session")
def judgements():
    """What two releases come to: one as it should be, and one in which strangers wrote every word that they can."""
    calm = strangers.everywhere(example.judgement(incidents=True), ("ana", "exports::test_ready"), "i1")
    calm = replace(calm, accepted=example.accepted(NO_FAULTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example, "HOSTILE", strangers.STRANGERS)
        hostile = replace(strangers.judgement(), accepted=example.accepted(NO_FAULTS, strangers=True))
    return {NO_FAULTS: calm, HOSTILE: hostile}


@pytest.fixture(scope="session")
def site(tmp_path_factory, judgements):
    """A site of both releases, each with the page of an incident, and each with its printable report.

    Where several processes run the tests, the first one builds it, and the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pages"
    # A page for a few of the promises only: all of them look the same, and most of a build is theirs.
    site, done = Site(folder, pack_of(PROMISES[::40])), folder / "done"
    try:
        folder.mkdir()
    except FileExistsError:
        _wait_for(done)
        return site
    try:
        _build(site, judgements)
    except BaseException:
        done.write_text("failed", encoding="utf-8")
        raise
    done.write_text("built", encoding="utf-8")
    return site


def _wait_for(done: Path) -> None:
    began_s = time.monotonic()
    while not done.is_file() or not done.read_text(encoding="utf-8"):
        if time.monotonic() - began_s > 600:
            pytest.fail("the process that builds the site has not come to an end in 10 minutes")
        time.sleep(0.2)
    if done.read_text(encoding="utf-8") != "built":
        pytest.fail("the site could not be built: the other process says why")


def _build(site: Site, judgements: dict[str, Judgement]) -> None:
    site.copy_docs()
    published = [site.add(version, judgement) for version, judgement in judgements.items()]
    publish_releases(site.docs, published)
    publish_fleet(site.docs, strangers.fleet(), b"{}\n")
    for version, judgement in judgements.items():
        _write_incidents(site, version, judgement)
    site.build()
    for version, judgement in judgements.items():
        for code in LANGUAGES:
            file = site.out / version / ("" if code == "en" else code) / "printable.html"
            file.write_text(report(judgement, Renderer(Language(code))), encoding="utf-8")


def _write_incidents(site: Site, version: str, judgement: Judgement) -> None:
    """Pages as the command writes them; a stranger's has all that one can bring into front matter."""
    front = "\n".join(("---", *(line for line in strangers.STRANGERS if "\n" not in line), "---", ""))
    for page in judgement.pages:
        file = site.docs / "releases" / version / "incidents" / page.name
        text = (front if version == HOSTILE else "") + new_page(page.incident)
        file.write_bytes(text.encode("utf-8", "replace"))  # a stranger's id may be no text at all


class Quiet(SimpleHTTPRequestHandler):
    """Files of one folder, and no line on the terminal for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: thousands of files are asked for."""


@pytest.fixture(scope="session")
def origin(site):
    """Where the site is served on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.out))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, origin):
    """A wide window on the served site."""
    with opened(browser, origin, viewport={"width": 1280, "height": 900}) as tab:
        yield tab
