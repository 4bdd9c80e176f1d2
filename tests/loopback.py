"""Stand-ins on loopback for what lies between a machine and its packages: a private index, and a proxy."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

USER, PASSWORD = "ana", "hunter2-s3cret"


class PrivateIndex:
    """Serves the packages of a folder to whoever signs in; over TLS where it is given a certificate."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        self.asked: list[str] = []
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                if self.headers.get("Authorization") != wanted:
                    self.give(401, b"", ("WWW-Authenticate", 'Basic realm="private"'))
                    return
                file = folder / self.path.rpartition("/")[2]
                if self.path.startswith("/files/") and file.is_file():
                    self.give(200, file.read_bytes())
                    return
                name = self.path.strip("/").rpartition("/")[2].replace("-", "_")
                links = [f'<a href="/files/{one.name}">{one.name}</a>' for one in folder.glob(f"{name}-*")]
                self.give(200 if links else 404, "".join(links).encode(), ("Content-Type", "text/html"))

            def give(self, code: int, body: bytes, *headers: tuple[str, str]) -> None:
                self.send_response(code)
                for name, value in (*headers, ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if self.command == "GET" else b"")

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if certificate else "http"

    def url(self, password: str = PASSWORD, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{USER}:{password}@{host}:{self.server.server_port}/simple"


class Proxy:
    """Answers each request itself, and remembers what it was asked for: ``METHOD TARGET``."""

    def __init__(self, code: int = 200) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                proxy.asked.append(f"{self.command} {self.path}")
                self.send_response(code)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_CONNECT = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://{USER}:{PASSWORD}@127.0.0.1:{self.server.server_port}"


@contextmanager
def serving(one: PrivateIndex | Proxy) -> Iterator[None]:
    """While the block lasts, it answers."""
    thread = threading.Thread(target=one.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        one.server.shutdown()
        one.server.server_close()
        thread.join()
