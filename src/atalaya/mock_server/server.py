"""The service process: how it starts, is controlled and ends.

A process of its own, in real time, outside the one that runs the SDK. It prints one line of JSON when it
is ready, ``{"control_port": N}``, or ``{"port_taken": "why"}`` where it cannot be; it ends when its standard
input closes, and so never outlives whoever started it.

The control port speaks JSON, one value a line, one answer for each. A connection that says
``{"do": "witness"}`` turns round: from then on the service asks, and the other end answers.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from atalaya.mock_server.listener import HOST, NO_NAMES, Entry, Scope
from atalaya.mock_server.scenario import Lives, Step
from atalaya.sdk.wire_names import WireNames

WITNESS_PATIENCE_S = 10.0
Order = dict[str, Any]


class WitnessLine:
    """The persistent connection over which a check's process is asked, one request at a time."""

    def __init__(self, sock: socket.socket, lines: BinaryIO) -> None:
        # A check that hangs must not take its SDK's answers with it.
        sock.settimeout(WITNESS_PATIENCE_S)
        self._sock = sock
        self._lines = lines
        self._lock = threading.Lock()
        self._lost = ""

    def __call__(self, entry: Entry) -> tuple[Any, str]:
        """What the witness says of a request that is in flight, and a note where it says nothing."""
        with self._lock:
            if self._lost:
                return None, self._lost
            try:
                self._sock.sendall(json.dumps(entry).encode() + b"\n")
                line = self._lines.readline()
                if not line:
                    raise ConnectionError("its connection ended")
                said = json.loads(line)
            except TimeoutError:
                self._lost = f"the witness was lost: it said nothing for {WITNESS_PATIENCE_S:g} s"
                return None, self._lost
            except (OSError, ValueError) as why:
                self._lost = f"the witness was lost: {why}"
                return None, self._lost
        return said.get("value"), said.get("note", "")


class Service:
    """The scopes that are open, and what can be done to them."""

    def __init__(self, lives: type[Lives] = Lives, names: WireNames = NO_NAMES) -> None:
        self._lives = lives
        self._names = names
        self._scopes: dict[int, Scope] = {}
        self._ids = itertools.count(1)
        self.orders: dict[str, Callable[[Order], Any]] = {
            "open": self.open,
            "script": self.script,
            "default-life": self.default_life,
            "answer": self.answer,
            "log": self.log,
            "handshakes": self.handshakes,
            "vanish": self.vanish,
            "close": self.close,
        }

    def scope(self, order: Order) -> Scope:
        """The scope that an order is about."""
        try:
            return self._scopes[order["scope"]]
        except KeyError:
            raise ValueError("this scope is closed, or was never opened") from None

    def open(self, order: Order) -> Order:
        """Open a scope."""
        scope, number = Scope(order.get("prefix", ""), order.get("tls", ""), self._lives, self._names), next(self._ids)
        self._scopes[number] = scope
        return {"scope": number, "base_url": scope.base_url}

    def script(self, order: Order) -> None:
        """Give a resource its life."""
        scope, steps = self.scope(order), _steps(order)
        with scope.lock:
            scope.lives.script(order["id"], steps)

    def default_life(self, order: Order) -> None:
        """Give all other resources theirs."""
        scope, steps = self.scope(order), _steps(order)
        with scope.lock:
            scope.lives.default_life(steps)

    def answer(self, order: Order) -> None:
        """Give a path its answers."""
        scope, steps = self.scope(order), _steps(order)
        with scope.lock:
            scope.lives.answer(order["method"], order["path"], steps)

    def log(self, order: Order) -> list[Entry]:
        """What a scope has seen."""
        return self.scope(order).log(order.get("after", 0))

    def handshakes(self, order: Order) -> list[Entry]:
        """How a scope's TLS handshakes ended."""
        return self.scope(order).handshakes()

    def vanish(self, order: Order) -> None:
        """Let a scope's port refuse."""
        self.scope(order).vanish()

    def close(self, order: Order) -> Order:
        """End a scope. What it has seen is the answer."""
        scope = self.scope(order)
        scope.end()
        del self._scopes[order["scope"]]
        return {"log": scope.log(0), "handshakes": scope.handshakes()}

    def attend(self, sock: socket.socket) -> None:
        """Follow the orders of one control connection until it ends, or becomes a witness's.

        The scopes that it opened end with it: a check that is killed leaves nothing behind.
        """
        opened: list[int] = []
        try:
            with sock, sock.makefile("rb") as lines:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for line in lines:
                    order = json.loads(line)
                    if order["do"] == "witness":
                        self._become_witness(sock, lines, order)
                        return
                    reply = self._reply(order)
                    if order["do"] == "open" and "ok" in reply:
                        opened.append(reply["ok"]["scope"])
                    sock.sendall(json.dumps(reply).encode() + b"\n")
        finally:
            for number in opened:
                if (scope := self._scopes.pop(number, None)) is not None:
                    scope.end()

    def _reply(self, order: Order) -> Order:
        try:
            return {"ok": self.orders[order["do"]](order)}
        except (ValueError, TypeError, KeyError, OSError) as why:
            return {"error": str(why)}

    def _become_witness(self, sock: socket.socket, lines: BinaryIO, order: Order) -> None:
        """From here on the scope's own threads talk over this connection; it ends with the scope."""
        scope = self.scope(order)
        # Before the answer: who has it sends the first request, and that one has a witness too.
        scope.witness = WitnessLine(sock, lines)
        sock.sendall(b'{"ok": null}\n')
        scope.ended.wait()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)  # whoever still reads from it holds a lock that closing would wait for


def _steps(order: Order) -> tuple[Step, ...]:
    return tuple(Step.from_wire(step) for step in order["steps"])


def _lives(pack: str) -> type[Lives]:
    """What a check pack's service answers; without one, only what is scripted."""
    if not pack:
        return Lives
    from atalaya.core.pack_loader import load

    found: type[Lives] = load(Path(pack)).load("service").Service
    return found


def _accept(listener: socket.socket, service: Service) -> None:
    def attend(sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # a caller that left, or is not one of ours
            service.attend(sock)

    while True:
        sock, _ = listener.accept()
        threading.Thread(target=attend, args=(sock,), daemon=True).start()


def _say(line: Order) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Serve until standard input closes."""
    parser = argparse.ArgumentParser(prog="atalaya.mock_server.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the control port; 0 takes any that is free")
    parser.add_argument("--pack", default="", help="the folder of the check pack whose routes are served")
    parser.add_argument("--names", default="{}", help="what the client calls what crosses the wire, as JSON")
    asked = parser.parse_args(arguments)
    port, names = asked.port, msgspec.json.decode(asked.names, type=WireNames)
    # Ctrl-C reaches the whole terminal; whoever started us may still need answers on its way out.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        listener = socket.create_server((HOST, port), backlog=128)
    except OSError as why:
        _say({"port_taken": os.strerror(why.errno) if why.errno else str(why)})
        return 2
    threading.Thread(target=_accept, args=(listener, Service(_lives(asked.pack), names)), daemon=True).start()
    _say({"control_port": listener.getsockname()[1]})
    while sys.stdin.buffer.read(65536):
        """Nothing is expected there but its end."""
    os._exit(0)  # no thread of a scope is worth waiting for
