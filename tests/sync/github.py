"""A GitHub that keeps pull requests and issues, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class GitHub:
    """What is open, what was asked, and the status to refuse with, if any."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.refuse = 0
        self.url = ""

    def comment(self, words: str) -> None:
        """A member comments the first issue."""
        writer = {"author_association": "MEMBER", "user": {"id": 7, "type": "User"}}
        self.comments.append({"id": len(self.comments) + 1, "body": words} | writer)

    def told(self, path: str) -> Any:
        """What is told of issues."""
        if path.endswith("/issues"):
            return self.issues
        return self.comments if path.endswith("/issues/1/comments") else {"private": False}

    def takes(self, body: dict[str, Any]) -> dict[str, Any]:
        """An issue is opened."""
        number, labels = len(self.issues) + 1, [{"name": name} for name in body["labels"]]
        bot = {"author_association": "NONE", "user": {"id": 1, "type": "Bot"}}
        self.issues.append(body | bot | {"id": number, "number": number, "state": "open", "labels": labels})
        return self.issues[-1]


@contextmanager
def serving() -> Iterator[GitHub]:
    github = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not urlsplit(self.path).path.endswith("/pulls"):
                self.give(200, github.told(urlsplit(self.path).path))
                return
            asked = parse_qs(urlsplit(self.path).query)
            found = [
                one
                for one in github.pulls
                if asked["head"] == [f"acme:{one['head']}"] and asked["base"] == [one["base"]]
            ]
            self.give(200, found)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if github.refuse:
                self.give(github.refuse, {"message": "no"})
                return
            if self.path.endswith("/issues"):
                self.give(201, github.takes(body))
                return
            number = len(github.pulls) + 1
            github.pulls.append(body | {"html_url": f"https://github.test/acme/sdk/pull/{number}"})
            self.give(201, github.pulls[-1])

        def give(self, status: int, content: object) -> None:
            github.asked.append((self.command, self.path, self.headers["Authorization"]))
            body = json.dumps(content).encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    github.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield github
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
