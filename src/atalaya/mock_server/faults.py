"""The faults of an HTTP answer, below and above the level of HTTP.

A fault is a function of the socket and of the exchange under way. It does to the client whatever
it does, and says whether the connection may be kept. Each is named in one table, :data:`FAULTS`,
so that a script can ask for it by name and the documentation can list it. All work over TLS as well: wrong
certificates are in :mod:`atalaya.mock_server.tls`, since they strike before there is a request.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from atalaya.core.words import N_
from atalaya.mock_server.http1 import Request, error_object, render, say_goodbye, to_json

SLOW_S = 1.0
DRIP_PIECES = 25
DRIP_EVERY_S = 0.01
HUGE_HEADER_BYTES = 200_000
# Not every system keeps what has arrived unread when a reset follows: let it be read first.
READ_FIRST_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request, and the ``answer`` that it would have had: whole, and ready to be sent."""

    request: Request
    answer: bytes

    @property
    def head(self) -> bytes:
        """The answer without its body, up to and with the empty line."""
        head, line, _ = self.answer.partition(b"\r\n\r\n")
        return head + line

    @property
    def first_half(self) -> bytes:
        """The answer without the last half of its body; where it has none, without its last byte."""
        body_bytes = len(self.answer) - len(self.head)
        return self.answer[: -max(1, body_bytes - body_bytes // 2)]

    def with_header(self, name: str, value: str) -> bytes:
        """The answer with one header in place of those of its name, before all others."""
        first, *lines = self.head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(f"{name}:".lower().encode())]
        head = b"\r\n".join([first, f"{name}: {value}".encode(), *kept, b"", b""])
        return head + self.answer[len(self.head) :]


Act = Callable[[socket.socket, Exchange], bool]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to go wrong.

    ``status`` is what the client sees as the status, None where it sees none. Where ``sends_answer``,
    the script's own answer is what gets sent, or a part of it: the status is then the answer's own.
    """

    act: Act
    says: str
    status: int | None = None
    sends_answer: bool = False


# ── nothing comes ──


def reset(sock: socket.socket, exchange: Exchange) -> bool:
    """Throw the connection away: with a linger of zero seconds, closing sends RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
    sock.close()
    return False


def close(sock: socket.socket, exchange: Exchange) -> bool:
    """Say goodbye in good order, and nothing else."""
    return False


def stall(sock: socket.socket, exchange: Exchange) -> bool:
    """Hold the line in silence until the client hangs up."""
    with contextlib.suppress(OSError):
        while sock.recv(65536):
            """What a client says meanwhile is not listened to."""
    return False


# ── a part comes ──


def reset_mid_headers(sock: socket.socket, exchange: Exchange) -> bool:
    """Send half of the head, and throw the connection away."""
    return _send_and_reset(sock, exchange, exchange.head[: len(exchange.head) // 2])


def reset_after_headers(sock: socket.socket, exchange: Exchange) -> bool:
    """Send the head, and throw the connection away where the body should begin."""
    return _send_and_reset(sock, exchange, exchange.head)


def reset_mid_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it, and throw the connection away."""
    return _send_and_reset(sock, exchange, exchange.first_half)


def truncated_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it, and hang up in good order."""
    sock.sendall(exchange.first_half)
    return False


def half_close(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it and a FIN, and read on: TCP can end one way and live on the other."""
    sock.sendall(exchange.first_half)
    say_goodbye(sock)
    return stall(sock, exchange)


def stall_mid_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it, and hold the line in silence until the client hangs up."""
    sock.sendall(exchange.first_half)
    return stall(sock, exchange)


# ── all of it comes, in an unusual way ──


def slow(sock: socket.socket, exchange: Exchange) -> bool:
    """Let the client wait, then answer as if nothing had been."""
    time.sleep(SLOW_S)
    sock.sendall(exchange.answer)
    return exchange.request.keep_alive


def drip(sock: socket.socket, exchange: Exchange) -> bool:
    """Send the answer in pieces so small that no read gets much, each soon after the last."""
    size = -(-len(exchange.answer) // DRIP_PIECES)
    for start in range(0, len(exchange.answer), size):
        sock.sendall(exchange.answer[start : start + size])
        time.sleep(DRIP_EVERY_S)
    return exchange.request.keep_alive


def close_after_answer(sock: socket.socket, exchange: Exchange) -> bool:
    """Answer, say that the connection is kept, and close it: a server whose patience with the idle is very short.

    A client that asks again on this connection before it has heard of the end has lost its request, whatever its
    pool does. So nobody may be quick enough for that: a cork holds the end of the answer back until the FIN goes
    with it, in one segment. Linux has that; elsewhere a few microseconds lie between the two.
    """
    if hasattr(socket, "TCP_CORK"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    kept = exchange.request.keep_alive
    sock.sendall(exchange.with_header("Connection", "keep-alive") if kept else exchange.answer)
    say_goodbye(sock)
    return False


# ── something else comes ──


def garbage_status_line(sock: socket.socket, exchange: Exchange) -> bool:
    """Speak another protocol."""
    sock.sendall(b"220 ready when you are\r\n\r\n")
    return False


def huge_header(sock: socket.socket, exchange: Exchange) -> bool:
    """Answer with a header that is longer than most clients care to read."""
    sock.sendall(exchange.with_header("X-Huge", "a" * HUGE_HEADER_BYTES))
    return exchange.request.keep_alive


def garbage_length(sock: socket.socket, exchange: Exchange) -> bool:
    """Give a length that is no number; then the answer's end can only be told by the connection's."""
    sock.sendall(exchange.with_header("Content-Length", "many"))
    return False


def garbage_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Succeed, with a body that is not what its type says: a proxy's login page, for example."""
    sock.sendall(render(200, b"<html>this is not JSON</html>"))
    return exchange.request.keep_alive


def error_500(sock: socket.socket, exchange: Exchange) -> bool:
    """Fail as a service fails: with the four-key error object."""
    body = to_json(error_object("INTERNAL_ERROR", "The service failed, as it was asked to."))
    sock.sendall(render(500, body))
    return exchange.request.keep_alive


def _send_and_reset(sock: socket.socket, exchange: Exchange, part: bytes) -> bool:
    sock.sendall(part)
    time.sleep(READ_FIRST_S)
    return reset(sock, exchange)


FAULTS: dict[str, Fault] = {
    "reset": Fault(act=reset, says=N_("The connection is reset (RST) and nothing is answered.")),
    "close": Fault(act=close, says=N_("The connection is closed (FIN) and nothing is answered.")),
    "stall": Fault(act=stall, says=N_("Nothing is answered, and the connection is held until the client leaves.")),
    "reset-mid-headers": Fault(act=reset_mid_headers, says=N_("The connection is reset in the middle of the headers.")),
    "reset-after-headers": Fault(
        act=reset_after_headers,
        says=N_("The connection is reset after the headers, before any of the body."),
        sends_answer=True,
    ),
    "reset-mid-body": Fault(
        act=reset_mid_body, says=N_("The connection is reset in the middle of the body."), sends_answer=True
    ),
    "truncated-body": Fault(
        act=truncated_body, says=N_("Content-Length is larger than the body that follows."), sends_answer=True
    ),
    "half-close": Fault(
        act=half_close,
        says=N_("The service stops sending (FIN) in the middle of the body, and reads on until the client leaves."),
        sends_answer=True,
    ),
    "stall-mid-body": Fault(
        act=stall_mid_body,
        says=N_("The headers and half of the body come, then nothing more until the client leaves."),
        sends_answer=True,
    ),
    "slow": Fault(act=slow, says=N_("The answer comes a second late, and is otherwise right."), sends_answer=True),
    "drip": Fault(
        act=drip,
        says=N_("The answer comes a few bytes at a time, and is whole within half a second."),
        sends_answer=True,
    ),
    "close-after-answer": Fault(
        act=close_after_answer,
        says=N_("The answer is right and promises to keep the connection, which is then closed (FIN)."),
        sends_answer=True,
    ),
    "garbage-status-line": Fault(act=garbage_status_line, says=N_("The first line of the answer is not HTTP.")),
    "huge-header": Fault(
        act=huge_header, says=N_("The answer is right but for one more header, of 200,000 bytes."), sends_answer=True
    ),
    "garbage-length": Fault(
        act=garbage_length,
        says=N_("Content-Length is not a number; the body is whole, and the connection is closed after it."),
        sends_answer=True,
    ),
    "garbage-body": Fault(act=garbage_body, says=N_("A success whose body is not JSON."), status=200),
    "error-500": Fault(act=error_500, says=N_("The service fails with 500 and its error object."), status=500),
}
