"""Reads and writes the bytes of HTTP/1.1 messages.

A small reader and a small writer, on plain sockets, so that a fault can be anything that a socket
can do. An answer is one ``bytes`` and is sent with one call: a head and a body sent apart wait for
each other under Nagle's algorithm, forty milliseconds a request.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

JSON = "application/json"
STAMP_HEADER = "X-Atalaya-Stamp"
TRACE_HEADER = "X-Trace-ID"
HEAD_LIMIT_BYTES = 1 << 20


class BadRequest(Exception):
    """The client sent something that is not HTTP/1.1. It is told so, and the connection is closed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came: ``target`` is the raw path with its query, header names are lower-cased."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool


class Reader:
    """Reads the requests of one connection, one after another."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def request(self) -> Request | None:
        """The next request; None where the client has left between two."""
        head = self._head()
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        try:
            method, target, version = first.split(" ")
        except ValueError:
            raise BadRequest(f"request line {first[:80]!r} is not METHOD TARGET VERSION") from None
        headers = _headers(lines)
        last = "close" in headers.get("connection", "").lower() or version == "HTTP/1.0"
        return Request(method=method, target=target, headers=headers, body=self._body(headers), keep_alive=not last)

    def _head(self) -> bytes | None:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > HEAD_LIMIT_BYTES:
                raise BadRequest(f"the head is longer than {HEAD_LIMIT_BYTES} bytes")
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise BadRequest(f"Content-Length {length[:80]!r} is not a number")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = self._line().partition(b";")[0]
            try:
                count = int(size, 16)
            except ValueError:
                raise BadRequest(f"chunk size {size[:80]!r} is not a hexadecimal number") from None
            if count == 0:
                while self._line():
                    """Trailers are read and dropped."""
                return body
            body += self._exactly(count)
            self._exactly(2)  # the line end after the chunk

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if not self._more():
                raise ConnectionError("the client left in the middle of a chunk")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._more():
                raise ConnectionError("the client left in the middle of a body")
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _more(self) -> bool:
        data = self._sock.recv(65536)
        self._buffer += data
        return bool(data)


def _headers(lines: list[str]) -> dict[str, str]:
    """Lower-cased names; a name sent twice keeps both values, joined as RFC 9110 section 5.3 allows."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(f"header line {line[:80]!r} has no colon")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def render(
    status: int,
    body: bytes,
    *,
    content_type: str = JSON,
    headers: Mapping[str, str] | None = None,
    head_only: bool = False,
) -> bytes:
    """A whole answer, ready for one send. ``head_only`` is what HEAD gets: the length, and no body."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Scripted"
    lines = [f"HTTP/1.1 {status} {reason}"]
    if status >= 200 and status not in (204, 304):  # those have no body, and so no length (RFC 9110 8.6)
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    else:
        body = b""
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if head_only else head + body


def say_goodbye(sock: socket.socket) -> None:
    """Let the client know that nothing follows: with a FIN, and before it, where TLS is spoken, with its own notice.

    Whatever the client still says can be read afterwards.
    """
    with contextlib.suppress(OSError, ValueError):  # it may have left before
        if hasattr(sock, "unwrap"):
            sock.settimeout(0)  # the client's own notice is not waited for
            with contextlib.suppress(OSError):
                sock.unwrap()
            sock.settimeout(None)
        # TLS sockets forget their session in a shutdown of their own, and would read what is enciphered.
        socket.socket.shutdown(sock, socket.SHUT_WR)


def to_json(value: Any) -> bytes:
    """JSON as the service sends it."""
    return json.dumps(value, ensure_ascii=False).encode()


def error_object(code: str, message: str, *, trace_id: str | None = None, details: Any = None) -> dict[str, Any]:
    """The four-key object that every error of the service is."""
    return {"code": code, "message": message, "details": details, "trace_id": trace_id}
