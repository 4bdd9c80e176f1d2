"""In which ways can an answer go wrong, below and above HTTP?

A fault is a function of the socket and of the exchange under way. It does to the client whatever
it does, and says whether the connection may be kept. Each is named in one table, :data:`FAULTS`,
so that a script can ask for it by name and the documentation can list it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from checks.service.wire import Request, error_object, render, to_json

SLOW_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request, and the ``answer`` that it would have had: whole, and ready to be sent.

    ``body_bytes`` is how many of the answer's last bytes are its body.
    """

    request: Request
    answer: bytes
    body_bytes: int


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


def reset(sock: socket.socket, exchange: Exchange) -> bool:
    """Throw the connection away: with a linger of zero seconds, closing sends RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
    return False


def close(sock: socket.socket, exchange: Exchange) -> bool:
    """Say goodbye in good order, and nothing else."""
    return False


def slow(sock: socket.socket, exchange: Exchange) -> bool:
    """Let the client wait, then answer as if nothing had been."""
    time.sleep(SLOW_S)
    sock.sendall(exchange.answer)
    return exchange.request.keep_alive


def stall(sock: socket.socket, exchange: Exchange) -> bool:
    """Hold the line in silence until the client hangs up."""
    with contextlib.suppress(OSError):
        while sock.recv(65536):
            """What a client says meanwhile is not listened to."""
    return False


def garbage_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Succeed, with a body that is not what its type says: a proxy's login page, for example."""
    sock.sendall(render(200, b"<html>this is not JSON</html>"))
    return exchange.request.keep_alive


def garbage_status_line(sock: socket.socket, exchange: Exchange) -> bool:
    """Speak another protocol."""
    sock.sendall(b"220 ready when you are\r\n\r\n")
    return False


def truncated_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it, and hang up in good order."""
    sock.sendall(_first_half(exchange))
    return False


def reset_mid_body(sock: socket.socket, exchange: Exchange) -> bool:
    """Promise a length, send half of it, and throw the connection away."""
    sock.sendall(_first_half(exchange))
    # Not every system keeps what has arrived unread when a reset follows: let the half be read first.
    time.sleep(0.05)
    return reset(sock, exchange)


def error_500(sock: socket.socket, exchange: Exchange) -> bool:
    """Fail as a service fails: with the four-key error object."""
    body = to_json(error_object("INTERNAL_ERROR", "The service failed, as it was asked to."))
    sock.sendall(render(500, body))
    return exchange.request.keep_alive


def _first_half(exchange: Exchange) -> bytes:
    missing = max(1, exchange.body_bytes - exchange.body_bytes // 2)
    return exchange.answer[:-missing]


FAULTS: dict[str, Fault] = {
    "reset": Fault(act=reset, says="The connection is reset (RST) and nothing is answered."),
    "close": Fault(act=close, says="The connection is closed (FIN) and nothing is answered."),
    "slow": Fault(
        act=slow, says=f"The answer comes {SLOW_S:g} s late, and is otherwise right.", sends_answer=True
    ),
    "stall": Fault(
        act=stall, says="Nothing is answered, and the connection is held until the client leaves."
    ),
    "garbage-body": Fault(act=garbage_body, says="A success whose body is not JSON.", status=200),
    "garbage-status-line": Fault(act=garbage_status_line, says="The first line of the answer is not HTTP."),
    "truncated-body": Fault(
        act=truncated_body, says="Content-Length is larger than the body that follows.", sends_answer=True
    ),
    "reset-mid-body": Fault(
        act=reset_mid_body, says="The connection is reset in the middle of the body.", sends_answer=True
    ),
    "error-500": Fault(act=error_500, says="The service fails with 500 and its error object.", status=500),
}
