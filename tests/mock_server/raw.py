"""A client that knows only a socket, for what it sees of an answer."""

from __future__ import annotations

import socket
import ssl
from typing import Protocol

from atalaya.mock_server.tls import AUTHORITY

BODY = b"0123456789" * 4
ASK = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"


class Served(Protocol):
    """A scope, on either side of the control line."""

    base_url: str


def connect(scope: Served, context: ssl.SSLContext | None = None) -> socket.socket:
    """A bare connection to a scope; with a context, over TLS, where no end is taken for another."""
    sock = socket.create_connection(("127.0.0.1", port(scope)), timeout=10)
    if context is None:
        return sock
    return context.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


def port(scope: Served) -> int:
    """Where a scope without a prefix listens."""
    return int(scope.base_url.rpartition(":")[2])


def knowing() -> ssl.SSLContext:
    """A client that was told of our authority."""
    return ssl.create_default_context(cafile=str(AUTHORITY))


def read(scope: Served, *, patience_s: float, context: ssl.SSLContext | None = None) -> tuple[str, str]:
    """Ask for ``/x``, whose body is :data:`BODY`: how much of the answer comes, and what comes after it."""
    whole = b""
    with connect(scope, context) as sock:
        sock.settimeout(patience_s)
        sock.sendall(ASK)
        try:
            while piece := sock.recv(65536):
                whole += piece
            end = "FIN"
        except TimeoutError:
            end = "silence"
        except (ConnectionResetError, ssl.SSLEOFError):
            # Python's ssl reports a reset as an end that TLS did not announce, at least up to 3.11.
            end = "RST"
    return _part(whole), end


def _part(whole: bytes) -> str:
    head, line, body = whole.partition(b"\r\n\r\n")
    if not whole:
        return "nothing"
    if not head.startswith(b"HTTP/1.1 "):
        return "not HTTP"
    if not line:
        return "half of the head"
    return {b"": "the head", BODY[: len(BODY) // 2]: "half of the body", BODY: "all"}.get(body, "another body")
