"""Tests that a chat is notified once of each event, with a real receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from atalaya.site.outputs.webhook import LONGEST_WAIT_S, _is_worth_another, _Refused
from tests.commands import opened, run

SECRET = "T000-B000-XXXX"


class Receiver:
    """A webhook on loopback: it answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[dict[str, object]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = receiver.answers.pop(0) if receiver.answers else 200
                receiver.got.append({"code": code, "body": json.loads(body)})
                self.send_response(code)
                if code in (301, 302):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def notify(root: Path, url: str, *more: str):  # type: ignore[no-untyped-def]
    return run("notify", "--release", "1.1.1", *more, root=root, ATALAYA_NOTIFY_WEBHOOK=url)


def test_what_happened_is_told_once(root: Path, receiver: Receiver) -> None:
    opened(root)
    first, second = (notify(root, receiver.url) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert ["The watch is open" in str(one["body"]) for one in receiver.got] == [True]
    run("release", "decide", "go-on", "--why", "fine", "--release", "1.1.1", root=root)
    notify(root, receiver.url)
    assert (len(receiver.got), "go-on" in str(receiver.got[1]["body"]), "is open" in str(receiver.got[1]["body"])) == (
        2,
        True,
        False,
    )


def test_a_dry_run_prints_the_message_and_sends_nothing(root: Path, receiver: Receiver) -> None:
    opened(root)
    done = notify(root, receiver.url, "--dry-run")
    assert [block["type"] for block in json.loads(done.stdout)["blocks"]] == ["header", "section"]
    assert receiver.got == []
    assert run("notify", "--release", "1.1.1", "--dry-run", root=root).returncode == 0


@pytest.mark.parametrize(("answers", "code", "tries"), [([500, 429], 0, 3), ([404], 3, 1), ([302], 3, 1)])
def test_a_busy_receiver_is_asked_again_and_one_that_refuses_is_not(
    answers: list[int], code: int, tries: int, root: Path, receiver: Receiver
) -> None:
    opened(root)
    receiver.answers = list(answers)
    done = notify(root, receiver.url)
    assert (code, tries) == (done.returncode, len(receiver.got)), done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_a_receiver_that_is_not_there_is_told_without_its_secret_and_nothing_is_marked_as_told(
    root: Path, receiver: Receiver
) -> None:
    opened(root)
    receiver.answers = [400]
    assert notify(root, receiver.url).returncode == 3
    assert notify(root, receiver.url).returncode == 0
    assert len(receiver.got) == 2
    gone = notify(root, f"http://127.0.0.1:1/services/{SECRET}")
    assert gone.returncode == 0  # nothing is left to tell
    run("release", "decide", "go-on", "--why", "fine", "--release", "1.1.1", root=root)
    gone = notify(root, f"http://127.0.0.1:1/services/{SECRET}")
    assert (gone.returncode, SECRET in gone.stderr) == (3, False), gone.stderr


@pytest.mark.parametrize("url", ["http://hooks.example.com/x", "ftp://x", "not an address"])
def test_only_what_is_encrypted_is_sent_elsewhere(url: str, root: Path) -> None:
    opened(root)
    done = notify(root, url)
    assert (done.returncode, "has to begin with https://" in done.stderr, url in done.stderr) == (2, True, False)


@pytest.mark.parametrize("url", [f"https://[{SECRET}", f"https://x:99999/{SECRET}"])
def test_what_is_no_address_is_said_without_it(url: str, root: Path) -> None:
    opened(root)
    done = notify(root, url)
    assert (done.returncode, SECRET in done.stderr, "Traceback" in done.stderr) == (2, False, False), done.stderr


def test_a_retry_waits_as_long_as_it_is_told_to_and_names_no_address() -> None:
    busy = _Refused(httpx.Response(429, headers={"Retry-After": "7"}))
    assert [
        _is_worth_another(busy),
        _is_worth_another(_Refused(httpx.Response(503, headers={"Retry-After": "99999"}))),
        _is_worth_another(_Refused(httpx.Response(507, headers={"Retry-After": "soon"}))),
        _is_worth_another(_Refused(httpx.Response(404, headers={"Retry-After": "7"}))),
    ] == [7.0, LONGEST_WAIT_S, True, False]
    assert str(busy) == "it answered 429"


def test_without_a_webhook_nobody_is_told_and_that_is_said(root: Path) -> None:
    opened(root)
    done = run("notify", "--release", "1.1.1", root=root)
    assert (done.returncode, "ATALAYA_NOTIFY_WEBHOOK" in done.stderr) == (2, True)
