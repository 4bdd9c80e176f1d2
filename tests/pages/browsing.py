"""Opens a page in a browser, and records what it does besides being read.

A browser that can reach nothing but loopback, and for each page a list of everything that it did.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright

COLOURS = ("light", "dark")
NAMES = ("chromium", "chromium-browser", "google-chrome")
# As root there is no sandbox; and nothing that a page asks for may leave the machine, whatever the tests say.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


def launched(playwright: Playwright) -> Browser:
    """The Chromium of this machine: none is downloaded."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(f"none of {', '.join(NAMES)} is installed: the pages cannot be tested without one")
    return playwright.chromium.launch(executable_path=found, args=list(FLAGS))


class Opened:
    """A page, and what it did: each dialog, complaint, window, download, and request that left ``origin``."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.did: list[str] = []
        self.asked: list[str] = []
        self.origin = origin
        self.page: Page = context.new_page()
        context.on("page", lambda page: self._note("window", page.url))
        context.on("request", lambda request: self._request(request.url))
        context.on("requestfailed", lambda request: self._note("failed", request.url))
        context.on("response", lambda response: self._answered(response.status, response.url))
        context.on("weberror", lambda error: self._note("error", str(error.error)))
        context.on("console", self._said)
        self.page.on("dialog", self._dialog)
        self.page.on("download", lambda download: self._note("download", download.url))
        self.page.on("websocket", lambda socket: self._note("socket", socket.url))
        self.page.on("worker", lambda worker: self._note("worker", worker.url))
        self.page.on("framenavigated", lambda frame: self._request(frame.url))

    def go(self, path: str) -> Page:
        """Open a page of the site, and wait until it has nothing left to do."""
        self.page.goto(f"{self.origin}{path}", wait_until="load")
        # What an event handler of a broken image or a frame does, it does within two frames after that.
        self.page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => done()), 50))")
        return self.page

    def show_in(self, colours: str) -> None:
        """Switch to light or dark, as a reader's system does at dusk, and wait until the theme has followed."""
        self.page.emulate_media(color_scheme=colours)
        if self.page.locator("html[data-mode]").count():
            self.page.wait_for_selector(f"html[data-theme={colours}]")

    def _note(self, what: str, where: str) -> None:
        self.did.append(f"{what}: {where[:200]}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self._note(str(status), url)

    def _said(self, message: ConsoleMessage) -> None:
        # The theme tells which of its two modes it is in; and a feed or a JSON can name no icon of its own.
        if not message.text.startswith("[PST]") and not message.location["url"].endswith("/favicon.ico"):
            self._note(f"console {message.type}", message.text)

    def _dialog(self, dialog: Dialog) -> None:
        self._note("dialog", dialog.message)
        dialog.dismiss()

    def _request(self, url: str) -> None:
        self.asked.append(url)
        if not url.startswith((self.origin, "about:blank")):
            self._note("request", url)


@contextmanager
def opened(browser: Browser, origin: str, **options) -> Iterator[Opened]:
    """A new window, without anything that another test left behind."""
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    try:
        yield Opened(context, origin)
    finally:
        context.close()
