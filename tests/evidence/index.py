"""A package index on loopback: real wheels and sdists, real sockets, and every way in which an index can go wrong."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def wheel(name: str, version: str, requires: tuple[str, ...] = (), extra: str = "") -> bytes:
    """A wheel that installs: one module and its metadata."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name.replace('-', '_')}.py": f"version = '{version}'  # {extra}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return content.getvalue()


def sdist(name: str, version: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        member = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return content.getvalue()


LONG = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\nContent-Length: 100000\r\n"
DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "body": (LONG + b"\r\n", b" "),
    # A gzip whose name of a file has no end: not one byte comes out of it.
    "gzip": (LONG + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff", b"x"),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


class Index:
    """Projects and their files; ``form`` is json or html; ``answers`` are codes to give first."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.more: dict[str, dict[str, Any]] = {}  # what else is said of a file: yanked, claimed, url
        self.form = "json"
        self.answers: list[int] = []
        self.asked: list[str] = []
        self.page: Callable[[str], bytes] | None = None
        self.drips: dict[str, str] = {}  # how the answer to a path drips: as headers, body, gzip or hints
        self.drips_for_s = 120.0
        self.dripped_to_the_end = 0  # answers that were waited for until nothing more dripped
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                if self.path in index.drips:
                    with contextlib.suppress(OSError):
                        self.drip(*DRIPS[index.drips[self.path]])
                    self.close_connection = True
                    return
                code, kind, body, location = index.answer(self.path)
                self.send_response(code)
                self.send_header("Content-Type", kind)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def drip(self, first: bytes, then: bytes) -> None:
                """Something at each moment, so that no time-out of a read is ever met, and never all of it."""
                self.wfile.write(first)
                ends = time.monotonic() + index.drips_for_s
                while time.monotonic() < ends:
                    self.wfile.write(then)
                    time.sleep(0.05)
                index.dripped_to_the_end += 1

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/simple/"

    def publish(self, project: str, name: str, content: bytes, **more: Any) -> None:
        self.files.setdefault(project, {})[name] = content
        self.more.setdefault(name, {}).update(more)

    def answer(self, path: str) -> tuple[int, str, bytes, str]:
        if self.answers:
            code = self.answers.pop(0)
            return code, "text/plain", b"", "/simple/elsewhere/" if code in (301, 302) else ""
        parts = [part for part in path.split("/") if part]
        if parts[:1] == ["simple"] and len(parts) == 2:
            if self.page is not None:
                return 200, "application/vnd.pypi.simple.v1+json", self.page(parts[1]), ""
            if parts[1] not in self.files:
                return 404, "text/plain", b"", ""
            return (200, *self._listed(parts[1]), "")
        if parts[:1] == ["files"]:
            for files in self.files.values():
                if parts[-1] in files:
                    return 200, "application/octet-stream", files[parts[-1]], ""
        return 404, "text/plain", b"", ""

    def _listed(self, project: str) -> tuple[str, bytes]:
        files = self.files[project]
        digests = {
            name: self.more[name].get("claimed", hashlib.sha256(body).hexdigest()) for name, body in files.items()
        }
        if self.form == "json":
            listed = [
                {
                    "filename": name,
                    "url": self.more[name].get("url", f"/files/{name}"),
                    "hashes": {"sha256": digests[name]},
                    "yanked": self.more[name].get("yanked", False),
                    "requires-python": self.more[name].get("python"),
                }
                for name in files
            ]
            page = {"meta": {"api-version": "1.0"}, "name": project, "files": listed}
            return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()
        links = [
            f'<a href="/files/{name}#sha256={digests[name]}"'
            + (f' data-yanked="{self.more[name]["yanked"]}"' if self.more[name].get("yanked") else "")
            + f">{name}</a><br>"
            for name in files
        ]
        return "text/html", ("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>").encode()
